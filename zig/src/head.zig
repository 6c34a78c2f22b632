//! The mapped `head` file: header, commit slots and tail. See format.zig for its layout and for why it is safe.

const std = @import("std");
const system = @import("system.zig");
const format = @import("format.zig");

pub const Error = system.Error || error{Damaged};

pub fn Head(comptime System: type) type {
    return struct {
        file: system.File,
        bytes: []align(std.heap.page_size_min) u8,
        records: []format.Record,
        values: []u64,

        const Self = @This();

        /// Lays out a new head in an empty file. All of it is allocated on disk, since it is written through the map,
        /// where a full disk would be a signal and not an error.
        pub fn create(file: system.File, wanted: format.Header) Error!Self {
            const length_bytes = format.headBytes(wanted.tail_records_max, wanted.tail_values_max);
            try allocate(file, length_bytes);
            const self = try mapLaidOut(file, wanted, true);
            self.header().* = wanted;
            var first: format.Commit = .{ .sequence = 1, .token_count = 0, .row_count = 0, .mark_count = 0, .last_step = 0 };
            first.seal();
            self.commitSlot(first.sequence).* = first;
            self.resetTail(first);
            return self;
        }

        /// Maps a head that exists, after checking that it is one.
        pub fn open(file: system.File, writable: bool) Error!Self {
            var found: format.Header = undefined;
            const length_bytes = try System.read(file, std.mem.asBytes(&found), format.header_offset);
            if (length_bytes != @sizeOf(format.Header) or found.magic != format.magic) return error.Damaged;
            if (found.version != format.version or found.capacity_tokens == 0) return error.Damaged;
            if (try System.size(file) < format.headBytes(found.tail_records_max, found.tail_values_max)) return error.Damaged;
            return mapLaidOut(file, found, writable);
        }

        pub fn release(self: *Self) void {
            System.unmap(self.bytes.ptr, self.bytes.len);
            System.close(self.file);
        }

        pub fn header(self: *const Self) *format.Header {
            return @ptrCast(self.bytes.ptr + format.header_offset);
        }

        /// The newest commit that is whole.
        pub fn newestCommit(self: *const Self) Error!format.Commit {
            const first = self.commitSlot(0).*;
            const second = self.commitSlot(1).*;
            if (!first.isValid() and !second.isValid()) return error.Damaged;
            if (!second.isValid()) return first;
            if (!first.isValid()) return second;
            return if (first.sequence > second.sequence) first else second;
        }

        /// Makes `commit` the newest, in the slot of the one before the last, and then empties the tail.
        pub fn publish(self: *Self, commit: *format.Commit) void {
            commit.sequence += 1;
            commit.seal();
            self.commitSlot(commit.sequence).* = commit.*;
            self.resetTail(commit.*);
        }

        /// The records of the tail that are published and not yet in the columns of `commit`.
        pub fn published(self: *const Self, commit: format.Commit) Error![]const format.Record {
            const state = @atomicLoad(format.TailState, self.tailState(), .acquire);
            if (state.sequence != low(commit.sequence)) return self.records[0..0];
            if (state.published_count > self.records.len) return error.Damaged;
            return self.records[0..state.published_count];
        }

        pub fn publishRecords(self: *Self, record_count: u32) void {
            var state = self.tailState().*;
            state.published_count = record_count;
            @atomicStore(format.TailState, self.tailState(), state, .release);
        }

        fn resetTail(self: *const Self, commit: format.Commit) void {
            const state: format.TailState = .{ .published_count = 0, .sequence = low(commit.sequence) };
            @atomicStore(format.TailState, self.tailState(), state, .release);
        }

        fn tailState(self: *const Self) *format.TailState {
            return @ptrCast(@alignCast(self.bytes.ptr + format.tail_state_offset));
        }

        fn commitSlot(self: *const Self, sequence: u64) *format.Commit {
            return @ptrCast(@alignCast(self.bytes.ptr + format.commit_offsets[sequence & 1]));
        }

        fn low(sequence: u64) u32 {
            return @truncate(sequence);
        }

        fn mapLaidOut(file: system.File, header_read: format.Header, writable: bool) Error!Self {
            const length_bytes = format.headBytes(header_read.tail_records_max, header_read.tail_values_max);
            const address = try System.mapShared(length_bytes, file, writable);
            const records: [*]format.Record = @ptrCast(@alignCast(address + format.tail_records_offset));
            const values: [*]u64 = @ptrCast(@alignCast(address + format.tailValuesOffset(header_read.tail_records_max)));
            return .{
                .file = file,
                .bytes = address[0..length_bytes],
                .records = records[0..header_read.tail_records_max],
                .values = values[0..header_read.tail_values_max],
            };
        }

        fn allocate(file: system.File, length_bytes: usize) Error!void {
            while (true) {
                return System.allocate(file, 0, length_bytes) catch |err| switch (err) {
                    error.Interrupted => continue,
                    error.Unsupported => writeZeros(file, length_bytes),
                    else => err,
                };
            }
        }

        fn writeZeros(file: system.File, length_bytes: usize) Error!void {
            const zeros: [4096]u8 = @splat(0);
            var at: usize = 0;
            while (at < length_bytes) : (at += zeros.len) {
                try system.writeAll(System, file, zeros[0..@min(zeros.len, length_bytes - at)], at);
            }
        }
    };
}
