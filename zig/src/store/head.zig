//! The mapped `head` file: header, commit slots and tail. See format.zig for its layout and for why it is safe.
//!
//! Other processes read it while the writer writes it, and a processor that orders memory weakly (arm64) lets others see
//! plain stores in any order: a commit before the bytes that it counts. So whatever says that something else is there is
//! stored with release, after it, and loaded with acquire, before it:
//!
//!   a commit's checksum   says that columns, blocks, extras and their table hold what it counts; and, since it is stored
//!                         after the tail of the commit before was emptied, that the tail names that one or a later one
//!   the tail's state      says that the commit it names is in its slot, and that so many records are laid out
//!   the run of the system says that whoever wrote in it has recovered what an earlier run left
//!
//! `pwrite` orders nothing by itself: the kernel's copy into the page is stores of the same processor, which those of its
//! caller may overtake like any others. A loss of power is another matter: sectors reach the disk in any order, whatever the
//! processor does.
//!
//! JavaScript lays out the tail's records and publishes their number by `Atomics.store`, a release at least. Nobody but the
//! writer's own thread reads records while it lives. Who opens the store after its death has had the lock from the
//! system, which lets go of it after the last store that the dead have made.

const std = @import("std");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");
const segments_file = @import("segments.zig");
const lock_file = @import("lock.zig");
const extras_format = @import("../format/extras.zig");

pub const Error = system.Error || error{ Damaged, NewerVersion, OlderVersion, Sealed };

/// Larger tails and chunks than these no writer makes; a header that says so is damaged.
const tail_max = 1 << 24;
const capacity_max = 1 << 32;

/// How often a reader looks for a commit before it takes the head for damaged.
const looks_max = 1000;

const sealed_words = @offsetOf(format.Commit, "checksum") / @sizeOf(u64);

/// The words of a commit that its checksum is of: all the others.
fn sealed(commit: *const format.Commit) *[sealed_words]u64 {
    return @ptrCast(@constCast(commit));
}

comptime {
    std.debug.assert(@sizeOf(format.Commit) == (sealed_words + 1) * @sizeOf(u64));
    std.debug.assert(@offsetOf(format.Header, "boot_id") % @alignOf(u64) == 0);
}

pub fn Head(comptime System: type) type {
    return struct {
        file: system.File,
        bytes: []align(std.heap.page_size_min) u8,
        records: []format.Record,
        values: []u64,
        /// What stands for extras in the tail.
        extra_words: []u64,
        extra_tables: extras_format.Tables,

        const Self = @This();

        /// A new head in a directory, or one that has no name, of which this process is the writer.
        pub fn createIn(place: segments_file.Place, wanted: format.Header, first: format.Commit) Error!Self {
            const file = try segments_file.openFile(System, place, "head");
            errdefer System.close(file);
            if (place.opening == .create) try System.lock(file);
            var self = try create(file, wanted, first);
            self.nameHolder();
            self.claim();
            return self;
        }

        /// A directory's head to write, under its lock. Names the holder of the lock where there is one, and else is the
        /// one from here on.
        pub fn lockIn(directory: system.File, obstacle: *u64) Error!Self {
            const file = try System.open(directory, "head", .write);
            errdefer System.close(file);
            try lock_file.take(System, file, obstacle);
            // Whoever seals a store has the lock: here it is there, or does not come any more.
            if (try isSealed(directory)) return error.Sealed;
            var self = try open(file, true);
            self.nameHolder();
            return self;
        }

        fn isSealed(directory: system.File) Error!bool {
            System.close(System.open(directory, "seal", .read) catch |err| return if (err == error.NotFound) false else err);
            return true;
        }

        /// The process that has the lock, of a head that was opened to read; 0 where nobody has.
        pub fn holder(self: *const Self) system.Error!u32 {
            return if (try System.isLocked(self.file)) self.header().process_id else 0;
        }

        /// A directory's head to read.
        pub fn openIn(directory: system.File) Error!Self {
            const file = try System.open(directory, "head", .read);
            errdefer System.close(file);
            return open(file, false);
        }

        /// Lays out a new head in an empty file. All of it is allocated on disk, since it is written through the map,
        /// where a full disk would be a signal and not an error.
        noinline fn create(file: system.File, wanted: format.Header, first_in: format.Commit) Error!Self {
            const length_bytes = format.headBytes(wanted);
            try allocate(file, length_bytes);
            const self = try mapLaidOut(file, wanted, true);
            self.header().* = wanted;
            self.header().seal();
            var first = first_in;
            var buffer: [extras_format.count_max]extras_format.Counts = undefined;
            const table = extras_format.nothingIn(&buffer, wanted.extra_count);
            first.extras = self.extra_tables.write(.commit, table, 0);
            _ = self.extra_tables.write(.sync, table, 0);
            first.seal();
            put(self.commitSlot(first.sequence), &first);
            put(self.syncedSlot(first.sequence), &first);
            self.resetTail(first);
            return self;
        }

        /// Maps a head that exists, after checking that it is one.
        noinline fn open(file: system.File, writable: bool) Error!Self {
            var found: format.Header = undefined;
            const length_bytes = try system.readAll(System, file, std.mem.asBytes(&found), format.header_offset);
            if (length_bytes != @sizeOf(format.Header) or found.magic != format.magic) return error.Damaged;
            // Before its checksum, which another version may have put elsewhere.
            if (found.version > format.version) return error.NewerVersion;
            if (found.version == 0) return error.Damaged;
            if (found.version < format.version) return error.OlderVersion;
            if (!found.isValid()) return error.Damaged;
            if (found.tokenForm() == null) return error.Damaged;
            if (found.capacity_tokens == 0 or found.capacity_tokens > capacity_max) return error.Damaged;
            if (found.tail_records_max == 0 or found.tail_records_max > tail_max) return error.Damaged;
            if (found.tail_values_max == 0 or found.tail_values_max > tail_max) return error.Damaged;
            if (found.extra_count > extras_format.count_max or found.tail_extra_words_max > tail_max) return error.Damaged;
            if (try System.size(file) < format.headBytes(found)) return error.Damaged;
            return mapLaidOut(file, found, writable);
        }

        pub fn release(self: *Self) void {
            System.unmap(self.bytes.ptr, self.bytes.len);
            System.close(self.file);
        }

        pub fn header(self: *const Self) *format.Header {
            return @ptrCast(self.bytes.ptr + format.header_offset);
        }

        /// The newest commit that is whole. Readers come here while the writer writes: a slot that they see half written is
        /// not whole, and then the other one is the newest. A reader that was held up between the two can see both half
        /// written, so it looks again: a writer that commits every step made every millionth look such a one.
        pub noinline fn newestCommit(self: *const Self) error{Damaged}!format.Commit {
            for (0..looks_max) |_| {
                return self.newer(copyOf(self.commitSlot(0)), copyOf(self.commitSlot(1))) orelse continue;
            }
            // A loss of power can leave both torn, until the next writer comes.
            return self.newestOfAll();
        }

        /// Reads every word once: what is checked must be what is returned, while somebody else writes the slot. The checksum
        /// first, so that whoever finds the commit whole also sees what was written before it.
        noinline fn copyOf(slot: *format.Commit) format.Commit {
            var commit: format.Commit = undefined;
            commit.checksum = @atomicLoad(u64, &slot.checksum, .acquire);
            for (sealed(&commit), sealed(slot)) |*word, *from| word.* = @atomicLoad(u64, from, .monotonic);
            return commit;
        }

        /// Writes a commit into a slot, the checksum last.
        noinline fn put(slot: *format.Commit, commit: *const format.Commit) void {
            for (sealed(slot), sealed(commit)) |*word, value| @atomicStore(u64, word, value, .monotonic);
            @atomicStore(u64, &slot.checksum, commit.checksum, .release);
        }

        /// The newest commit of all slots. While a slot is damaged, the one that is synced may be the newest.
        pub noinline fn newestOfAll(self: *const Self) error{Damaged}!format.Commit {
            var newest: ?format.Commit = null;
            for ([_]*format.Commit{ self.commitSlot(0), self.commitSlot(1), self.syncedSlot(0), self.syncedSlot(1) }) |slot| {
                const commit = copyOf(slot);
                if (self.isWhole(commit) and (newest == null or commit.sequence > newest.?.sequence)) newest = commit;
            }
            return newest orelse error.Damaged;
        }

        /// The commit before the newest one, if it is still whole.
        pub noinline fn olderCommit(self: *const Self) ?format.Commit {
            const newest = self.newestCommit() catch return null;
            const other = copyOf(self.commitSlot(newest.sequence + 1));
            return if (self.isWhole(other) and other.sequence < newest.sequence) other else null;
        }

        pub noinline fn syncedCommit(self: *const Self) error{Damaged}!format.Commit {
            return self.newer(copyOf(self.syncedSlot(0)), copyOf(self.syncedSlot(1))) orelse error.Damaged;
        }

        /// Notes that `commit` is durable; the head has to be made durable after it.
        pub noinline fn publishSynced(self: *Self, commit: format.Commit, extras: []const extras_format.Counts) void {
            // The slot of the newest synced commit must survive, should the system fail now.
            const newest = self.syncedCommit() catch commit;
            _ = self.extra_tables.write(.sync, extras, newest.extras);
            const slot = if (std.meta.eql(self.syncedSlot(0).*, newest)) self.syncedSlot(1) else self.syncedSlot(0);
            put(slot, &commit);
        }

        pub fn sync(self: *Self) system.Error!void {
            try system.syncAll(System, self.file);
        }

        /// Names this process as the one that holds the lock.
        pub fn nameHolder(self: *Self) void {
            self.header().process_id = System.processId();
        }

        /// Says that what the head holds was written in this run of the system. A head that was left by an earlier one
        /// has to be recovered first, or the next to open it would trust all of it.
        pub fn claim(self: *Self) void {
            for (self.bootWords(), bootId()) |*word, value| @atomicStore(u64, word, value, .release);
        }

        /// The rows from here on are those of the writer that has opened the store now, or of one that they are copied from.
        pub fn beginSession(self: *Self, row_count: u64) void {
            self.header().session_row = row_count;
        }

        /// Whether the last writer wrote in this same run of the system.
        pub fn isOfThisBoot(self: *const Self) bool {
            var is_known = false;
            return for (self.bootWords(), bootId()) |*word, value| {
                if (@atomicLoad(u64, word, .acquire) != value) break false;
                is_known = is_known or value != 0;
            } else is_known;
        }

        fn bootWords(self: *const Self) *[2]u64 {
            return @ptrCast(&self.header().boot_id);
        }

        fn bootId() [2]u64 {
            return @bitCast(System.bootId());
        }

        /// Whether a commit is as it was sealed, and so is its table of extras.
        noinline fn isWhole(self: *const Self, commit: format.Commit) bool {
            return commit.isValid() and self.extra_tables.has(commit.extras);
        }

        noinline fn newer(self: *const Self, first: format.Commit, second: format.Commit) ?format.Commit {
            if (!self.isWhole(first)) return if (self.isWhole(second)) second else null;
            if (!self.isWhole(second)) return first;
            return if (first.sequence > second.sequence) first else second;
        }

        /// Makes `commit` the newest, in the slot of the one before the last, and then empties the tail.
        pub noinline fn publish(self: *Self, commit: *format.Commit) void {
            commit.sequence += 1;
            commit.seal();
            put(self.commitSlot(commit.sequence), commit);
            self.resetTail(commit.*);
        }

        /// The records of the tail that are published and not yet in the columns of `commit`.
        pub fn published(self: *const Self, commit: format.Commit) error{Damaged}![]const format.Record {
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

        pub fn resetTail(self: *const Self, commit: format.Commit) void {
            const state: format.TailState = .{ .published_count = 0, .sequence = low(commit.sequence) };
            @atomicStore(format.TailState, self.tailState(), state, .release);
        }

        /// Notes that the tail was emptied for good, so that no damage to the count brings old records back.
        pub fn closeTail(self: *const Self, commit: format.Commit) void {
            const state: format.TailState = .{ .published_count = 0, .sequence = ~low(commit.sequence) };
            @atomicStore(format.TailState, self.tailState(), state, .release);
        }

        /// Whether the tail is one that can stand beside `commit`: it continues it, or the one before where its writer died
        /// between the two, or it was closed. Beside any other a newer commit is missing.
        pub fn tailFits(self: *const Self, commit: format.Commit) bool {
            const named = @atomicLoad(format.TailState, self.tailState(), .acquire).sequence;
            return named == low(commit.sequence) or named == low(commit.sequence -% 1) or named == ~low(commit.sequence);
        }

        fn tailState(self: *const Self) *format.TailState {
            return @ptrCast(@alignCast(self.bytes.ptr + format.tail_state_offset));
        }

        pub fn commitSlot(self: *const Self, sequence: u64) *format.Commit {
            return @ptrCast(@alignCast(self.bytes.ptr + format.commit_offsets[sequence & 1]));
        }

        fn syncedSlot(self: *const Self, index: u64) *format.Commit {
            return @ptrCast(@alignCast(self.bytes.ptr + format.synced_offsets[index & 1]));
        }

        fn low(sequence: u64) u32 {
            return @truncate(sequence);
        }

        noinline fn mapLaidOut(file: system.File, header_read: format.Header, writable: bool) Error!Self {
            const length_bytes = format.headBytes(header_read);
            const address = try System.mapShared(length_bytes, file, writable);
            const records: [*]format.Record = @ptrCast(@alignCast(address + format.tail_records_offset));
            const values: [*]u64 = @ptrCast(@alignCast(address + format.tailValuesOffset(header_read.tail_records_max)));
            const words: [*]u64 = @ptrCast(@alignCast(address));
            const tables_offset = @min(format.extraTablesOffset(header_read), length_bytes);
            return .{
                .file = file,
                .bytes = address[0..length_bytes],
                .records = records[0..header_read.tail_records_max],
                .values = values[0..header_read.tail_values_max],
                .extra_words = words[format.tailExtrasOffset(header_read) / @sizeOf(u64) ..][0..header_read.tail_extra_words_max],
                .extra_tables = .{ .words = words[tables_offset / @sizeOf(u64) .. length_bytes / @sizeOf(u64)], .count = header_read.extra_count, .id = header_read.id },
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
