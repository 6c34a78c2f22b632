//! The files of a store's extras: opened, grown, written, checked and closed together. With them comes the checksum of each
//! chunk from when it is full; a temporary store, which nobody opens again, has none.

const std = @import("std");
const system = @import("../system/system.zig");
const layout = @import("../format/extras.zig");
const column_file = @import("column.zig");
const segments_file = @import("segments.zig");
const Buffer = @import("../system/buffer.zig").Buffer;
const Sum = @import("../format/sum.zig").Sum;

pub const Error = system.Error || error{ Damaged, InvalidArgument };

const Counts = layout.Counts;
const End = layout.End;
const Part = layout.Part;

const sums_file = "extra.sums";

/// The file of checksums grows by so much.
const sums_step_bytes = 4096;

/// Addresses are reserved as for so many bytes an element. An engine clones a buffer over little more easily than one over
/// much, and those of values are looked at by engines.
fn reservedBytes(part: Part, reserved_elements: usize) usize {
    return switch (part) {
        .bytes => 4 * reserved_elements,
        .ends => reserved_elements,
    };
}

pub fn ExtraFiles(comptime System: type) type {
    const Column = column_file.Column(System);
    const Segments = segments_file.Segments(System);

    return struct {
        count: usize = 0,
        columns: Buffer(System, [layout.part_count]Column) = .{},
        /// What they were, for a refresh that fails.
        saved: Buffer(System, [layout.part_count]Column) = .{},
        /// The file of checksums, or none for a temporary store.
        sums: ?system.File = null,
        sums_bytes: u64 = 0,
        /// Disk space that the last growth asked for, if it did not get it.
        wanted_bytes: u64 = 0,

        const Self = @This();

        /// Opens all of them. Existing ones must hold what the table says.
        pub noinline fn open(place: segments_file.Place, reserved_elements: usize, segments: layout.Segments, table: []const Counts) Error!Self {
            var self: Self = .{};
            errdefer {
                self.close();
                self.releaseMaps();
            }
            try self.columns.ensure(table.len);
            for (table, 0..) |counts, index| {
                var bytes = try openColumn(place, index, .bytes, reserved_elements, segments, counts);
                errdefer releaseColumn(&bytes);
                self.columns.elements[index] = .{ bytes, try openColumn(place, index, .ends, reserved_elements, segments, counts) };
                self.count = index + 1;
            }
            if (table.len > 0 and place.opening != .temporary) self.sums = try segments_file.openFile(System, place, sums_file);
            return self;
        }

        noinline fn openColumn(place: segments_file.Place, index: usize, part: Part, reserved_elements: usize, segments: layout.Segments, counts: Counts) Error!Column {
            const name = names[index][@backingInt(part)];
            const segment_bytes = segments.bytesOf(part);
            const first_bytes = if (segments.isNone()) 0 else wholeSegments(firstOf(part, counts), segment_bytes);
            var files: Segments = if (segments.isNone()) try .one(place, name) else .many(place, name, segment_bytes, first_bytes);
            errdefer files.close();
            var column = try Column.init(files, chunkOf(part), first_bytes, reservedBytes(part, reserved_elements));
            errdefer column.release();
            try column.adopt(first_bytes, lengthOf(part, counts));
            return column;
        }

        fn releaseColumn(column: *Column) void {
            column.release();
            column.files.close();
        }

        pub fn of(self: *const Self, index: usize, part: Part) *Column {
            return &self.columns.elements[index][@backingInt(part)];
        }

        /// 0 where there are no segments.
        pub fn segmentBytes(self: *const Self, index: usize, part: Part) u64 {
            const files = &self.of(index, part).files;
            return if (files.isOne()) 0 else files.segment_bytes;
        }

        fn all(self: *const Self) []Column {
            return @as([*]Column, @ptrCast(self.columns.elements.ptr))[0 .. self.count * layout.part_count];
        }

        /// Closes the files. The maps stay until `releaseMaps` or `blank`.
        pub noinline fn close(self: *Self) void {
            for (self.all()) |*column| column.files.close();
            if (self.sums) |file| System.close(file);
            self.sums = null;
        }

        pub noinline fn releaseMaps(self: *Self) void {
            for (self.all()) |*column| column.release();
            self.empty();
        }

        /// Leaves zero pages at every address, for ever.
        pub noinline fn blank(self: *Self) void {
            for (self.all()) |*column| column.blank();
            self.empty();
        }

        fn empty(self: *Self) void {
            self.count = 0;
            self.columns.release();
            self.saved.release();
        }

        /// Gives back the room beyond what a table counts.
        pub noinline fn trim(self: *Self, table: []const Counts) Error!void {
            var chunk_count: u64 = 0;
            for (table, 0..) |counts, index| {
                for (std.enums.values(Part)) |part| {
                    try self.of(index, part).trim(lengthOf(part, counts));
                    chunk_count = @max(chunk_count, chunkCount(part, counts));
                }
            }
            const length_bytes = self.sumOffset(0, .bytes, chunk_count);
            if (length_bytes >= self.sums_bytes) return;
            try System.truncate(self.sums orelse return, length_bytes);
            self.sums_bytes = length_bytes;
        }

        /// Makes everything written durable, and the names of the segments that hold it.
        pub noinline fn sync(self: *Self, table: []const Counts) system.Error!void {
            var are_names_new = false;
            for (table, 0..) |counts, index| for (std.enums.values(Part)) |part| {
                const column = self.of(index, part);
                const segment_bytes = column.files.segment_bytes;
                try column.files.sync(column.first_bytes / segment_bytes, lengthOf(part, counts) / segment_bytes);
                are_names_new = are_names_new or column.files.are_names_new;
            };
            if (self.sums) |file| try system.syncAll(System, file);
            if (!are_names_new) return;
            try system.syncNames(System, self.of(0, .bytes).files.place.directory);
            for (self.all()) |*column| column.files.are_names_new = false;
        }

        /// Shows what a table counts, which somebody else has written, from where another one starts.
        pub noinline fn adopt(self: *Self, table: []const Counts, first: []const Counts) Error!void {
            for (table, first, 0..) |counts, first_counts, index| for (std.enums.values(Part)) |part| {
                const column = self.of(index, part);
                const first_bytes = @max(column.first_bytes, droppedBytes(column, part, first_counts));
                try column.adopt(first_bytes, lengthOf(part, counts));
            };
        }

        /// Notes what they are.
        pub noinline fn save(self: *Self) Error!void {
            try self.saved.ensure(self.count);
            @memcpy(self.saved.elements[0..self.count], self.columns.elements[0..self.count]);
        }

        /// Goes back to what they were when they were saved.
        pub noinline fn restore(self: *Self) void {
            for (self.columns.elements[0..self.count], self.saved.elements[0..self.count]) |*columns, *saved| {
                for (columns, saved) |*column, *before| column.restore(before);
            }
        }

        /// Takes the segments away that lie wholly before what a table starts with.
        pub noinline fn drop(self: *Self, table: []const Counts) Error!void {
            for (table, 0..) |counts, index| for (std.enums.values(Part)) |part| {
                const column = self.of(index, part);
                try column.drop(droppedBytes(column, part, counts));
            };
        }

        /// Lets go of those that somebody else has taken away.
        pub noinline fn forget(self: *Self, table: []const Counts) Error!void {
            for (table, 0..) |counts, index| for (std.enums.values(Part)) |part| {
                const column = self.of(index, part);
                try column.forget(droppedBytes(column, part, counts));
            };
        }

        /// Takes away what a writer has left that died before it had taken it away, or before it was counted.
        pub noinline fn removeLeft(self: *Self) system.Error!void {
            for (self.all()) |*column| {
                const segment_bytes = column.files.segment_bytes;
                const end = std.math.divCeil(u64, column.allocated_bytes, segment_bytes) catch unreachable;
                try column.files.removeLeft(column.first_bytes / segment_bytes, end);
            }
        }

        /// The bytes of the segments that lie wholly before what a table starts with.
        fn droppedBytes(column: *const Column, part: Part, counts: Counts) u64 {
            return wholeSegments(firstOf(part, counts), column.files.segment_bytes);
        }

        /// Writes behind what the counts say, which go on to count it.
        pub noinline fn put(self: *Self, index: usize, part: Part, counts: *Counts, bytes: []const u8) Error!void {
            if (bytes.len == 0) return;
            const offset_bytes = lengthOf(part, counts.*);
            try self.grow(index, part, offset_bytes + bytes.len);
            try self.of(index, part).write(bytes, offset_bytes);
            try self.note(index, part, counts, bytes);
        }

        /// Counts bytes that are in the file already.
        pub noinline fn take(self: *Self, index: usize, counts: *Counts, length_bytes: u64) Error!void {
            const end_bytes = counts.bytes + length_bytes;
            const column = self.of(index, .bytes);
            const there_bytes = try column.files.endThere(counts.bytes, std.math.maxInt(u62));
            if (there_bytes < end_bytes) return error.InvalidArgument;
            // All that a dead writer has left there: to grow by less could cut what comes next.
            try self.grow(index, .bytes, there_bytes);
            try self.note(index, .bytes, counts, column.slice(u8, end_bytes)[@intCast(counts.bytes)..]);
        }

        noinline fn note(self: *Self, index: usize, part: Part, counts: *Counts, bytes: []const u8) Error!void {
            try self.addSums(index, part, counts, bytes);
            switch (part) {
                .bytes => counts.bytes += bytes.len,
                .ends => counts.values += bytes.len / @sizeOf(End),
            }
        }

        noinline fn addSums(self: *Self, index: usize, part: Part, counts: *Counts, bytes: []const u8) Error!void {
            const file = self.sums orelse return;
            const sum = &counts.sums[@backingInt(part)];
            const chunk = chunkOf(part);
            var left = bytes;
            var at = lengthOf(part, counts.*);
            while (left.len > 0) {
                const piece = left[0..@min(left.len, @as(usize, @intCast(chunk - at % chunk)))];
                sum.update(piece, at % chunk);
                left = left[piece.len..];
                at += piece.len;
                if (at % chunk != 0) continue;
                try system.writeAll(System, file, std.mem.asBytes(sum), self.sumOffset(index, part, at / chunk - 1));
                sum.* = .{};
            }
        }

        /// Makes room for `length_bytes` in a file; before that for the checksums of the chunks that it then has.
        pub noinline fn grow(self: *Self, index: usize, part: Part, length_bytes: u64) Error!void {
            const grown = self.of(index, part);
            const target_bytes = grown.targetBytes(length_bytes);
            if (self.sums) |file| try self.growSums(file, target_bytes / grown.chunk_bytes);
            self.wanted_bytes = target_bytes - grown.allocated_bytes;
            try grown.grow(target_bytes);
            self.wanted_bytes = 0;
        }

        fn growSums(self: *Self, file: system.File, chunk_count: u64) Error!void {
            const target_bytes = std.mem.alignForward(u64, self.sumOffset(0, .bytes, chunk_count), sums_step_bytes);
            if (target_bytes <= self.sums_bytes) return;
            self.wanted_bytes = target_bytes - self.sums_bytes;
            try system.extend(System, file, self.sums_bytes, self.wanted_bytes);
            self.sums_bytes = target_bytes;
        }

        fn sumOffset(self: *const Self, index: usize, part: Part, chunk: u64) u64 {
            return ((chunk * self.count + index) * layout.part_count + @backingInt(part)) * @sizeOf(Sum);
        }

        /// Whether a chunk has the checksum that it had when it was written.
        pub noinline fn isChunkWhole(self: *const Self, index: usize, part: Part, chunk: u64, counts: Counts) system.Error!bool {
            const file = self.sums orelse return true;
            const start = chunk *| chunkOf(part);
            const end_bytes = @min(start +| chunkOf(part), lengthOf(part, counts));
            if (start >= end_bytes or end_bytes <= droppedBytes(self.of(index, part), part, counts)) return true;
            var expected = counts.sums[@backingInt(part)];
            if (end_bytes % chunkOf(part) == 0) {
                const read = try system.readAll(System, file, std.mem.asBytes(&expected), self.sumOffset(index, part, chunk));
                if (read < @sizeOf(Sum)) return false;
            }
            return std.meta.eql(expected, Sum.of(self.of(index, part).slice(u8, end_bytes)[@intCast(start)..]));
        }

        /// Shows what there is of a file, and returns where its leading whole chunks end. First segments that are missing were
        /// dropped.
        pub noinline fn adoptWhole(self: *Self, index: usize, part: Part, counts: Counts) Error!u64 {
            const shown = self.of(index, part);
            const length_bytes = lengthOf(part, counts);
            const segment_bytes = shown.files.segment_bytes;
            const end_segment = std.math.divCeil(u64, length_bytes, segment_bytes) catch unreachable;
            if (!shown.files.isOne()) shown.first_bytes = segment_bytes * try shown.files.firstThere(shown.first_bytes / segment_bytes, end_segment);
            const there_bytes = try shown.files.endThere(shown.first_bytes, length_bytes);
            try shown.adopt(shown.first_bytes, there_bytes);
            var whole_bytes = shown.first_bytes;
            for (@intCast(shown.first_bytes / chunkOf(part))..@intCast(chunkCount(part, counts))) |chunk| {
                const end_bytes = @min((chunk + 1) * chunkOf(part), length_bytes);
                if (end_bytes > there_bytes or !try self.isChunkWhole(index, part, chunk, counts)) break;
                whole_bytes = end_bytes;
            }
            return whole_bytes;
        }
    };
}

/// The names of the files, by extra and part.
const names = names: {
    @setEvalBranchQuota(100_000);
    var all: [layout.count_max][layout.part_count][]const u8 = undefined;
    for (&all, 0..) |*parts, index| {
        for (std.enums.values(Part), parts) |part, *name| name.* = std.fmt.comptimePrint("extra.{d}.{s}", .{ index, @tagName(part) });
    }
    break :names all;
};

pub fn chunkOf(part: Part) u64 {
    return switch (part) {
        .bytes => layout.chunk_bytes,
        .ends => layout.chunk_ends * @sizeOf(End),
    };
}

pub fn lengthOf(part: Part, counts: Counts) u64 {
    return switch (part) {
        .bytes => counts.bytes,
        .ends => counts.values * @sizeOf(End),
    };
}

/// With which byte of a file a table starts.
pub fn firstOf(part: Part, counts: Counts) u64 {
    return switch (part) {
        .bytes => counts.first_byte,
        .ends => counts.first_value * @sizeOf(End),
    };
}

fn wholeSegments(offset_bytes: u64, segment_bytes: u64) u64 {
    return offset_bytes - offset_bytes % segment_bytes;
}

/// How many chunks a table counts, the last one that is only partly filled included.
pub fn chunkCount(part: Part, counts: Counts) u64 {
    return std.math.divCeil(u64, lengthOf(part, counts), chunkOf(part)) catch unreachable;
}
