//! The extras of a store: what the newest commit says of their files, what is pending in the tail, and the ways in which they
//! grow and are read. See format/extras.zig for what the files hold, and extra_files.zig for the files.

const std = @import("std");
const format = @import("../format/format.zig");
const layout = @import("../format/extras.zig");
const segments_file = @import("segments.zig");
const extra_files = @import("extra_files.zig");
const writing_file = @import("extra_writing.zig");
const values_file = @import("extra_values.zig");
const Buffer = @import("../system/buffer.zig").Buffer;

pub const Error = extra_files.Error;

const Counts = layout.Counts;
const End = layout.End;
const Part = layout.Part;

/// What the tail may take of extras: so many values, and so many words that stand for them.
pub const Room = struct { values: usize, words: usize };

/// Where a value stands in its file.
pub const Place = struct { start: u64, length_bytes: u64 };

/// A tail, and the commit that it goes on from.
pub const Tail = struct { commit: format.Commit, records: []const format.Record, words: []const u64 };

pub fn Extras(comptime System: type) type {
    return struct {
        files: extra_files.ExtraFiles(System) = .{},
        /// What the newest commit says that they hold.
        committed: Buffer(System, Counts) = .{},
        /// What the next one will say, while it is being prepared.
        next: Buffer(System, Counts) = .{},
        stage: Buffer(System, writing_file.Stage) = .{},
        pending: Buffer(System, Pending) = .{},
        /// How far the tail of a commit has been looked at for what is pending.
        seen: layout.Walk = .{ .records = &.{}, .words = &.{}, .row_count = 0, .last_step = null },
        seen_sequence: u64 = 0,

        const Self = @This();

        /// Bytes of values in the tail, and of those among them that are in the file already.
        const Pending = struct { bytes: u64 = 0, placed_bytes: u64 = 0 };

        pub noinline fn create(place_in: segments_file.Place, reserved_elements: usize, segments: layout.Segments, extra_count: usize) Error!Self {
            var buffer: [layout.count_max]Counts = undefined;
            return open(place_in, reserved_elements, segments, layout.nothingIn(&buffer, extra_count));
        }

        /// Opens all of them. Existing ones must hold what the table says.
        pub noinline fn open(place_in: segments_file.Place, reserved_elements: usize, segments: layout.Segments, counts: []const Counts) Error!Self {
            var self: Self = .{};
            errdefer self.release();
            try self.committed.ensure(counts.len);
            @memcpy(self.committed.elements[0..counts.len], counts);
            if (counts.len > 0 and place_in.opening != .read) {
                try self.stage.ensure(1);
                try self.next.ensure(counts.len);
                try self.pending.ensure(counts.len);
            }
            self.files = try .open(place_in, reserved_elements, segments, counts);
            return self;
        }

        /// Closes the files. The maps stay until `releaseMaps` or `blank`.
        pub fn close(self: *Self) void {
            self.files.close();
            self.stage.release();
            self.next.release();
            self.pending.release();
        }

        pub fn releaseMaps(self: *Self) void {
            self.files.releaseMaps();
            self.committed.release();
        }

        pub fn release(self: *Self) void {
            self.close();
            self.releaseMaps();
        }

        /// Leaves zero pages at every address, for ever.
        pub fn blank(self: *Self) void {
            self.files.blank();
            self.committed.release();
        }

        pub fn count(self: *const Self) usize {
            return self.files.count;
        }

        /// What the newest commit says that each holds.
        pub fn table(self: *const Self) []const Counts {
            return self.committed.elements[0..self.files.count];
        }

        /// Shows what another commit counts, which somebody else has written.
        pub fn adopt(self: *Self, counts: []const Counts) Error!void {
            try self.files.adopt(counts, counts);
            @memcpy(self.committed.elements[0..counts.len], counts);
        }

        /// Shows what a newer commit counts. Returns false where its table is gone already, since two more have followed: the
        /// next refresh finds theirs.
        pub noinline fn refresh(self: *Self, tables: layout.Tables, wanted: u64) Error!bool {
            var buffer: [layout.count_max]Counts = undefined;
            const counts = buffer[0..self.count()];
            if (!tables.read(wanted, counts)) return false;
            try self.adopt(counts);
            return true;
        }

        /// Whether a chunk is as it was written: as the newest commit counts it, or the one that is salvaged.
        pub noinline fn isChunkWhole(self: *const Self, tables: layout.Tables, salvaged: ?format.Commit, index: usize, part: Part, chunk: u64) Error!bool {
            var buffer: [layout.count_max]Counts = undefined;
            const counts = buffer[0..self.count()];
            @memcpy(counts, self.table());
            if (salvaged) |commit| if (!tables.read(commit.extras, counts)) return error.Damaged;
            return self.files.isChunkWhole(index, part, chunk, counts[index]);
        }

        /// What the tail may take since the last commit, all told: no more than it is large, and no more than disk space is
        /// reserved for in every file.
        pub noinline fn room(self: *const Self, tail_words: usize) Room {
            var left: Room = .{ .values = std.math.maxInt(u32), .words = if (self.count() > 0) tail_words else 0 };
            for (self.table(), 0..) |counts, index| {
                const placed_bytes = if (self.pending.elements.len > 0) self.pending.elements[index].placed_bytes else 0;
                const bytes = self.files.of(index, .bytes).wholeBytes() -| (counts.bytes + placed_bytes);
                const ends = self.files.of(index, .ends).wholeBytes() / @sizeOf(End) -| counts.values;
                left.words = @min(left.words, @as(usize, @intCast(bytes / @sizeOf(u64))));
                left.values = @min(left.values, @as(usize, @intCast(ends)));
            }
            return left;
        }

        /// Reserves disk space for what the tail takes next, in every file as much again as it has, up to so many words and
        /// values.
        pub noinline fn reserve(self: *Self, words_max: usize, values_max: usize) Error!void {
            for (self.table(), 0..) |counts, index| {
                const from_bytes = counts.bytes + self.pending.elements[index].placed_bytes;
                try self.files.grow(index, .bytes, from_bytes + std.math.clamp(counts.bytes, 1, words_max * @sizeOf(u64)));
                try self.files.grow(index, .ends, (counts.values + std.math.clamp(counts.values, 1, values_max)) * @sizeOf(End));
            }
        }

        /// Writes a value that is too long for the tail behind all that is committed, all that is in the tail, and `ahead_bytes`
        /// that were laid out before it. Returns its place, for the record that is to be published.
        pub noinline fn place(self: *Self, index: usize, ahead_bytes: u64, bytes: []const u8, tail: Tail) Error!u64 {
            if (index >= self.count() or bytes.len > layout.value_bytes_max) return error.InvalidArgument;
            try self.lookAt(tail);
            const start = self.committed.elements[index].bytes + self.pending.elements[index].bytes + ahead_bytes;
            // What the tail may take stays reserved behind it.
            const least_bytes = start + bytes.len + self.room(tail.words.len).words * @sizeOf(u64);
            // A file that has much grows by several chunks, so that it does so seldom.
            const is_short = least_bytes > self.files.of(index, .bytes).wholeBytes();
            const ahead = if (is_short) @min(start, writing_file.aheadBytes(self.files.segmentBytes(index, .bytes))) else 0;
            self.files.grow(index, .bytes, least_bytes + ahead) catch try self.files.grow(index, .bytes, least_bytes);
            try self.files.of(index, .bytes).write(bytes, start);
            return start;
        }

        /// Goes on to count what is pending.
        pub noinline fn lookAt(self: *Self, tail: Tail) Error!void {
            if (self.count() == 0) return;
            if (self.seen_sequence != tail.commit.sequence) {
                self.forgetTail();
                self.seen = .init(tail.commit, tail.records, tail.words);
                self.seen_sequence = tail.commit.sequence;
            }
            self.seen.records = tail.records;
            while (try self.seen.next()) |value| {
                if (value.extra >= self.count()) return error.InvalidArgument;
                const pending = &self.pending.elements[value.extra];
                pending.bytes += value.length_bytes;
                if (value.bytes == null) pending.placed_bytes += value.length_bytes;
            }
        }

        fn forgetTail(self: *Self) void {
            self.seen_sequence = 0;
            @memset(self.pending.elements, .{});
        }

        /// Begins what the next commit will count.
        pub fn begin(self: *Self) void {
            @memcpy(self.next.elements[0..self.count()], self.table());
        }

        /// Counts what was written since `begin`. Returns what the commit says of it.
        pub fn publish(self: *Self, tables: layout.Tables, kept: u64) u64 {
            @memcpy(self.committed.elements[0..self.count()], self.next.elements[0..self.count()]);
            self.forgetTail();
            return tables.write(.commit, self.table(), kept);
        }

        /// Writes what stands in a tail behind what is committed.
        pub noinline fn appendTail(self: *Self, tail: Tail) Error!void {
            self.begin();
            for (0..self.count()) |index| {
                var writing = self.write(index);
                var walk: layout.Walk = .init(tail.commit, tail.records, tail.words);
                while (try walk.next()) |value| {
                    if (value.extra >= self.count()) return error.InvalidArgument;
                    if (value.extra != index) continue;
                    if (value.bytes) |bytes| try writing.add(value.row, bytes) else try writing.addPlaced(value);
                }
                try writing.flush();
            }
        }

        /// Writes values of rows from `first_row` on: a length for each, -1 for null, and their bytes.
        pub noinline fn appendRows(self: *Self, index: usize, first_row: u64, lengths: []align(1) const i32, bytes: []const u8) Error!void {
            if (index >= self.count()) return error.InvalidArgument;
            var writing = self.write(index);
            var left = bytes;
            for (lengths, first_row..) |length, row| {
                if (length < 0) continue;
                if (length > @min(left.len, layout.value_bytes_max)) return error.InvalidArgument;
                try writing.add(row, left[0..@intCast(length)]);
                left = left[@intCast(length)..];
            }
            try writing.flush();
        }

        fn write(self: *Self, index: usize) writing_file.Writing(System) {
            return .{ .files = &self.files, .stage = &self.stage.elements[0], .index = index, .counts = &self.next.elements[index] };
        }

        /// Where the value of a row stands, or null where it has none.
        pub noinline fn find(self: *const Self, index: usize, row: u64) error{Damaged}!?Place {
            const counts = self.table()[index];
            const ends = self.endsOf(index);
            const found = values_file.findRow(ends, row) orelse return null;
            const start = values_file.startOf(counts, ends, found);
            const end_bytes = ends[found].end;
            if (start < counts.first_byte or start > end_bytes or end_bytes > counts.bytes) return error.Damaged;
            return .{ .start = start, .length_bytes = end_bytes - start };
        }

        /// The values of rows from one on, which stand one behind another: a length for each, -1 for null, and as many bytes as
        /// there is room for. Returns where they stand.
        pub noinline fn readRows(self: *const Self, index: usize, first_row: u64, lengths: []align(1) i32, bytes: []u8) error{Damaged}!Place {
            @memset(lengths, -1);
            const counts = self.table()[index];
            const ends = self.endsOf(index);
            var at = std.sort.lowerBound(End, ends, first_row, End.compareRow);
            const start = values_file.startOf(counts, ends, at);
            var end_bytes = start;
            var row = first_row;
            while (at < ends.len and ends[at].row -| first_row < lengths.len) : (at += 1) {
                const found = ends[at];
                const length_bytes = found.end -% end_bytes;
                const is_whole = found.row >= row and found.end <= counts.bytes and length_bytes <= layout.value_bytes_max;
                if (!is_whole) return error.Damaged;
                lengths[@intCast(found.row - first_row)] = @intCast(length_bytes);
                end_bytes = found.end;
                row = found.row + 1;
            }
            if (start < counts.first_byte or start > counts.bytes) return error.Damaged;
            const held = self.bytesOf(index)[@intCast(start)..@intCast(end_bytes)];
            const copied = held[0..@min(held.len, bytes.len)];
            @memcpy(bytes[0..copied.len], copied);
            return .{ .start = start, .length_bytes = held.len };
        }

        /// All bytes of an extra that are committed. Those that were dropped are not to be looked at.
        pub fn bytesOf(self: *const Self, index: usize) []const u8 {
            return self.files.of(index, .bytes).slice(u8, self.table()[index].bytes);
        }

        /// Those of the values that are held.
        pub fn endsOf(self: *const Self, index: usize) []const End {
            const counts = self.table()[index];
            return self.files.of(index, .ends).slice(End, counts.values)[@intCast(counts.first_value)..];
        }

        /// Bytes that the values of rows from one on take in the files.
        pub noinline fn bytesFrom(self: *const Self, index: usize, row: u64) u64 {
            const counts = self.table()[index];
            const ends = self.endsOf(index);
            const value = std.sort.lowerBound(End, ends, row, End.compareRow);
            return (counts.bytes -| values_file.startOf(counts, ends, value)) + (ends.len - value) * @sizeOf(End);
        }

        /// The first row from which on nothing keeps a segment from being dropped that holds nothing but values of rows before
        /// `row`.
        pub noinline fn startFrom(self: *const Self, row: u64) u64 {
            var first: u64 = 0;
            for (self.table(), 0..) |counts, index| {
                const ends = self.endsOf(index);
                const value = std.sort.lowerBound(End, ends, row, End.compareRow);
                const ends_bytes = (counts.first_value + value) * @sizeOf(End);
                const held_end = (ends_bytes - ends_bytes % self.files.of(index, .ends).files.segment_bytes) / @sizeOf(End);
                if (held_end > counts.first_value) first = @max(first, ends[@intCast(held_end - counts.first_value - 1)].row + 1);
                const start = values_file.startOf(counts, ends, value);
                const held_start = start - start % self.files.of(index, .bytes).files.segment_bytes;
                // The last value that begins before it goes too.
                if (held_start > counts.first_byte) first = @max(first, ends[std.sort.lowerBound(End, ends, held_start, End.compare)].row + 1);
            }
            return first;
        }

        /// Has the next commit start with a row.
        pub noinline fn dropBefore(self: *Self, row: u64) void {
            self.begin();
            for (self.table(), self.next.elements[0..self.count()], 0..) |counts, *next, index| {
                const ends = self.endsOf(index);
                const value = std.sort.lowerBound(End, ends, row, End.compareRow);
                next.first_value = counts.first_value + value;
                next.first_byte = values_file.startOf(counts, ends, value);
            }
        }

        /// The rows whose values a chunk holds parts of, `[from, to)`.
        pub noinline fn rowsOfChunk(self: *const Self, index: usize, part: Part, chunk: u64) [2]u64 {
            const ends = self.endsOf(index);
            const dropped = self.table()[index].first_value;
            const start = chunk *| extra_files.chunkOf(part);
            const end = start +| extra_files.chunkOf(part);
            const first, const last = switch (part) {
                .bytes => .{ std.sort.upperBound(End, ends, start, End.compare), std.sort.lowerBound(End, ends, end, End.compare) },
                .ends => .{ start / @sizeOf(End) -| dropped, (end / @sizeOf(End) - 1) -| dropped },
            };
            if (first >= ends.len) return .{ 0, 0 };
            return .{ ends[@intCast(first)].row, ends[@intCast(@min(last, ends.len - 1))].row +| 1 };
        }

        /// Whether all that a table counts beyond another has its checksums. What it counts is shown from then on.
        pub noinline fn holds(self: *Self, before: []const Counts, counts: []const Counts) Error!bool {
            self.files.adopt(counts, before) catch |err| return if (err == error.Damaged or err == error.NotFound) false else err;
            for (before, counts, 0..) |old, new, index| {
                for (std.enums.values(Part)) |part| {
                    if (!try self.files.of(index, part).reaches(extra_files.lengthOf(part, new))) return false;
                    // The last chunk that was counted before may have grown since.
                    const first = extra_files.chunkCount(part, old) -| 1;
                    for (@intCast(first)..@intCast(extra_files.chunkCount(part, new))) |chunk| {
                        if (!try self.files.isChunkWhole(index, part, chunk, new)) return false;
                    }
                }
            }
            return true;
        }
    };
}
