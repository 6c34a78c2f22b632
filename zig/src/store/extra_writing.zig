//! Values of one extra, laid out together and written behind what is counted.

const layout = @import("../format/extras.zig");
const extra_files = @import("extra_files.zig");
const std = @import("std");

const is_test = @import("builtin").is_test;

/// What is laid out before it is written. Tests have a small one.
pub const Stage = struct {
    bytes: [if (is_test) 600 else 256 * 1024]u8,
    ends: [if (is_test) 10 else 4096]layout.End,
};

/// Disk space is reserved for so many bytes of values that are too long for the tail.
const ahead_bytes_max = 8 * layout.chunk_bytes;

/// The same in a store that keeps little: no more than a segment, whose size is 0 where there are none.
pub fn aheadBytes(segment_bytes: u64) u64 {
    return if (segment_bytes == 0) ahead_bytes_max else @min(segment_bytes, ahead_bytes_max);
}

pub fn Writing(comptime System: type) type {
    return struct {
        files: *extra_files.ExtraFiles(System),
        stage: *Stage,
        index: usize,
        counts: *layout.Counts,
        staged_bytes: usize = 0,
        staged_ends: usize = 0,

        const Self = @This();
        const Error = extra_files.Error;

        pub noinline fn add(self: *Self, row: u64, bytes: []const u8) Error!void {
            if (bytes.len > self.stage.bytes.len - self.staged_bytes) try self.writeBytes();
            if (bytes.len > self.stage.bytes.len) {
                try self.files.put(self.index, .bytes, self.counts, bytes);
            } else {
                @memcpy(self.stage.bytes[self.staged_bytes..][0..bytes.len], bytes);
                self.staged_bytes += bytes.len;
            }
            try self.addEnd(row);
        }

        /// Its bytes are where they belong, behind what is laid out here.
        pub noinline fn addPlaced(self: *Self, value: layout.Walk.Value) Error!void {
            try self.writeBytes();
            if (value.place != self.counts.bytes) return error.InvalidArgument;
            try self.files.take(self.index, self.counts, value.length_bytes);
            try self.addEnd(value.row);
        }

        pub fn flush(self: *Self) Error!void {
            try self.writeBytes();
            try self.writeEnds();
        }

        noinline fn addEnd(self: *Self, row: u64) Error!void {
            if (self.lastRow()) |last| if (row <= last) return error.InvalidArgument;
            if (self.staged_ends == self.stage.ends.len) try self.writeEnds();
            self.stage.ends[self.staged_ends] = .{ .row = row, .end = self.counts.bytes + self.staged_bytes };
            self.staged_ends += 1;
        }

        fn lastRow(self: *const Self) ?u64 {
            if (self.staged_ends > 0) return self.stage.ends[self.staged_ends - 1].row;
            if (self.counts.values == self.counts.first_value) return null;
            const ends = self.files.of(self.index, .ends).slice(layout.End, self.counts.values);
            return ends[ends.len - 1].row;
        }

        noinline fn writeBytes(self: *Self) Error!void {
            try self.files.put(self.index, .bytes, self.counts, self.stage.bytes[0..self.staged_bytes]);
            self.staged_bytes = 0;
        }

        noinline fn writeEnds(self: *Self) Error!void {
            try self.files.put(self.index, .ends, self.counts, std.mem.sliceAsBytes(self.stage.ends[0..self.staged_ends]));
            self.staged_ends = 0;
        }
    };
}
