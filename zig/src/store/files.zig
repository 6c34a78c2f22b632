//! The flat files of a store: opened, grown, written, trimmed, dropped and closed together. With them come the descriptions
//! of blocks, and the checksum of each chunk from when it is full.

const std = @import("std");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");
const extras = @import("../format/extras.zig");
const blocks_file = @import("blocks.zig");
const column_file = @import("column.zig");
const list = @import("list.zig");
const options_file = @import("options.zig");
const segments_file = @import("segments.zig");
const sums_file = @import("sums.zig");
const Sum = @import("../format/sum.zig").Sum;
const Types = @import("../read/types.zig").Types;
const Data = @import("../read/data.zig").Data;

pub const Error = system.Error || error{Damaged};

pub const Opening = options_file.Opening;
pub const Place = segments_file.Place;

pub const Sizes = struct {
    capacity_tokens: u64,
    /// Addresses to reserve, counted in tokens and in rows.
    reserved_elements: usize,
    form: format.TokenForm,
    is_segmented: bool,
    extra_segments: extras.Segments,

    pub fn of(header: format.Header, reserved_elements: usize) error{Damaged}!Sizes {
        return .{
            .capacity_tokens = header.capacity_tokens,
            .reserved_elements = reserved_elements,
            .form = header.tokenForm() orelse return error.Damaged,
            .is_segmented = header.isSegmented(),
            .extra_segments = if (header.isSegmented()) .{ .capacity_tokens = header.capacity_tokens, .chunks = header.segment_chunks } else .{},
        };
    }
};

/// So many elements of the files, behind those that are committed.
pub const Ahead = struct { tokens: u64, rows: u64, marks: u64 };

/// Addresses are reserved as for elements of at least so many bytes.
const reserved_element_bytes = 4;

/// Which file, where they are counted.
pub const Which = list.Which;
pub const specs = list.specs;

pub fn Files(comptime System: type) type {
    const Column = column_file.Column(System);
    const Segments = segments_file.Segments(System);

    return struct {
        steps: Column,
        types: Column,
        data: Column,
        rows: Column,
        marks: Column,
        form: format.TokenForm,
        blocks: blocks_file.Blocks(System),
        sums: sums_file.Sums(System),
        /// Where segments are made and dropped; none where there are none.
        directory: ?system.File,
        /// Disk space that the last growth asked for, if it did not get it.
        wanted_bytes: u64,

        const Self = @This();

        /// Opens all of them. Existing ones must hold what `commit` says, but for the blocks. The directory stays the caller's.
        pub fn open(outer: Place, sizes: Sizes, commit: format.Commit) Error!Self {
            var self: Self = undefined;
            self.form = sizes.form;
            self.wanted_bytes = 0;
            self.directory = if (sizes.is_segmented) try System.duplicate(outer.directory) else null;
            errdefer if (self.directory) |directory| System.close(directory);
            const place = self.placeOf(outer);
            var opened: usize = 0;
            errdefer inline for (comptime std.enums.values(Which), 0..) |which, i| {
                if (i < opened and self.has(which)) releaseColumn(&@field(self, @tagName(which)));
            };
            inline for (comptime std.enums.values(Which), 0..) |which, i| {
                if (self.has(which)) @field(self, @tagName(which)) = try self.openColumn(place, which, sizes, commit);
                opened = i + 1;
            }
            self.blocks = try .open(place, sizes.reserved_elements);
            errdefer releaseColumn(&self.blocks.column);
            if (place.opening == .write or place.opening == .read) try self.blocks.adopt(commit.row_count);
            if (place.opening == .write) try self.blocks.cut();
            self.sums = try .open(place);
            return self;
        }

        /// Where segments are made and dropped as long as the store is open.
        pub fn placeOf(self: *const Self, outer: Place) Place {
            return .{ .directory = self.directory orelse outer.directory, .opening = outer.opening };
        }

        fn openColumn(self: *const Self, place: Place, comptime which: Which, sizes: Sizes, commit: format.Commit) Error!Column {
            const element_bytes = self.elementBytes(which);
            const chunk = list.chunkElements(which, sizes.capacity_tokens, sizes.is_segmented);
            const name = list.nameOf(which, self.form);
            const first_bytes = if (sizes.is_segmented) wholeChunks(firstElement(which, commit), chunk) * element_bytes else 0;
            var files: Segments = if (sizes.is_segmented) .many(place, name, chunk * element_bytes, first_bytes) else try .one(place, name);
            // An engine clones a buffer over little more easily than one over much.
            const reserved = if (which == .marks) chunk else sizes.reserved_elements;
            const reserved_bytes = reserved * @max(element_bytes, reserved_element_bytes);
            var column = Column.init(files, chunk * element_bytes, first_bytes, @intCast(reserved_bytes)) catch |err| {
                files.close();
                return err;
            };
            errdefer releaseColumn(&column);
            const length_bytes = self.lengthBytes(which, commit);
            // A stream with an origin begins in the middle of a segment, behind zeros.
            if (place.opening.isNew()) try column.grow(column.targetBytes(length_bytes)) else try column.adopt(first_bytes, length_bytes);
            return column;
        }

        /// Whether there is such a file. Others are not to be touched.
        pub inline fn has(self: *const Self, comptime which: Which) bool {
            return which != .types or self.form.width != .none;
        }

        pub inline fn elementBytes(self: *const Self, comptime which: Which) u64 {
            return list.elementBytes(which, self.form);
        }

        /// The types of so many tokens.
        pub fn typesOf(self: *const Self, token_count: u64) Types {
            return switch (self.form.width) {
                .none => .{ .one = .{ .id = self.form.only, .len = @intCast(token_count) } },
                .byte => .{ .bytes = self.types.slice(u8, token_count) },
                .word => .{ .words = self.types.slice(i32, token_count) },
            };
        }

        /// The cells of so many tokens.
        pub fn dataOf(self: *const Self, token_count: u64) Data {
            return .init(self.data.address(), @intCast(token_count), self.form.kind);
        }

        /// Closes the files. The maps stay until `releaseMaps` or `blank`.
        pub fn close(self: *Self) void {
            inline for (comptime std.enums.values(Which)) |which| {
                if (self.has(which)) @field(self, @tagName(which)).files.close();
            }
            self.blocks.column.files.close();
            self.sums.close();
            if (self.directory) |directory| System.close(directory);
        }

        /// Writes behind what `commit` counts, which goes on to count it where the caller says so. The checksums in it go
        /// on at once: so `commit` must be dropped if this or a later write fails.
        pub fn append(self: *Self, comptime which: Which, commit: *format.Commit, bytes: []const u8, offset_bytes: u64) Error!void {
            if (!self.has(which)) return;
            const column = &@field(self, @tagName(which));
            try self.grow(which, offset_bytes + bytes.len);
            try column.write(bytes, offset_bytes);
            try self.sums.add(which, &commit.sums[@backingInt(which)], column.chunk_bytes, bytes, offset_bytes);
        }

        /// Reserves disk space for so many elements of each file behind those that `commit` counts. Where it fails, some of
        /// it may have been reserved.
        pub fn reserve(self: *Self, commit: format.Commit, ahead: Ahead) Error!void {
            try self.blocks.reserve(commit.row_count + ahead.rows);
            inline for (comptime std.enums.values(Which), .{ ahead.rows, ahead.tokens, ahead.tokens, ahead.rows, ahead.marks }) |which, count| {
                if (self.has(which)) try self.grow(which, self.lengthBytes(which, commit) + count * self.elementBytes(which));
            }
        }

        /// How many elements of a file disk space is reserved for behind those that `commit` counts.
        pub fn countReserved(self: *const Self, comptime which: Which, commit: format.Commit) usize {
            if (!self.has(which)) return std.math.maxInt(usize);
            const column = &@field(self, @tagName(which));
            return @intCast((column.wholeBytes() -| self.lengthBytes(which, commit)) / self.elementBytes(which));
        }

        /// Makes room for `length_bytes` in a file; before that for the checksums of the chunks that it then has.
        fn grow(self: *Self, comptime which: Which, length_bytes: u64) Error!void {
            const column = &@field(self, @tagName(which));
            const target_bytes = column.targetBytes(length_bytes);
            try self.sums.grow(target_bytes / column.chunk_bytes, &self.wanted_bytes);
            self.wanted_bytes = target_bytes - column.allocated_bytes;
            try column.grow(target_bytes);
            self.wanted_bytes = 0;
        }

        /// How many chunks of a file `commit` counts, the last one that is only partly filled included.
        pub fn chunkCount(self: *const Self, which: Which, commit: format.Commit) u64 {
            switch (which) {
                inline else => |known| {
                    if (!self.has(known)) return 0;
                    const column = &@field(self, @tagName(known));
                    return std.math.divCeil(u64, self.lengthBytes(known, commit), column.chunk_bytes) catch unreachable;
                },
            }
        }

        /// Whether a chunk has the checksum that it had when it was written.
        pub fn isChunkWhole(self: *const Self, which: Which, chunk: u64, commit: format.Commit) system.Error!bool {
            if (self.sums.file == null) return true;
            switch (which) {
                inline else => |known| {
                    if (!self.has(known)) return true;
                    const column = &@field(self, @tagName(known));
                    const length_bytes = self.lengthBytes(known, commit);
                    const start = chunk *| column.chunk_bytes;
                    const end = @min(start +| column.chunk_bytes, length_bytes);
                    if (start >= end or end <= self.droppedBytes(known, commit)) return true;
                    const is_full = end % column.chunk_bytes == 0;
                    const expected = if (is_full) try self.sums.read(known, chunk) orelse return false else commit.sums[@backingInt(known)];
                    return std.meta.eql(expected, Sum.of(column.slice(u8, end)[@intCast(start)..]));
                },
            }
        }

        /// The bytes of the chunks that lie wholly before the stream's start.
        fn droppedBytes(self: *const Self, comptime which: Which, commit: format.Commit) u64 {
            return wholeChunks(firstElement(which, commit) * self.elementBytes(which), @field(self, @tagName(which)).chunk_bytes);
        }

        fn firstElement(comptime which: Which, commit: format.Commit) u64 {
            return @field(commit, specs[@backingInt(which)].first);
        }

        fn wholeChunks(count: u64, chunk: u64) u64 {
            return count - count % chunk;
        }

        pub fn lengthBytes(self: *const Self, comptime which: Which, commit: format.Commit) u64 {
            return @field(commit, specs[@backingInt(which)].count) * self.elementBytes(which);
        }

        /// Makes everything written durable, and the names of the segments that hold it.
        pub fn sync(self: *Self, commit: format.Commit) system.Error!void {
            var are_names_new = false;
            inline for (comptime std.enums.values(Which)) |which| if (self.has(which)) {
                const column = &@field(self, @tagName(which));
                const segment_bytes = column.files.segment_bytes;
                try column.files.sync(column.first_bytes / segment_bytes, self.lengthBytes(which, commit) / segment_bytes);
                are_names_new = are_names_new or column.files.are_names_new;
            };
            try self.blocks.column.files.sync(0, 0);
            try self.sums.sync();
            if (!are_names_new) return;
            try system.syncNames(System, self.directory orelse return);
            inline for (comptime std.enums.values(Which)) |which| {
                if (self.has(which)) @field(self, @tagName(which)).files.are_names_new = false;
            }
        }

        /// Shows what `commit` counts, which somebody else has written, from where the stream starts by `first`.
        pub fn adopt(self: *Self, commit: format.Commit, first: format.Commit) Error!void {
            inline for (comptime std.enums.values(Which)) |which| if (self.has(which)) {
                const column = &@field(self, @tagName(which));
                const first_bytes = if (column.files.isOne()) 0 else @max(column.first_bytes, self.droppedBytes(which, first));
                try column.adopt(first_bytes, self.lengthBytes(which, commit));
            };
        }

        /// Whether all are as long as `commit` says.
        pub fn reach(self: *const Self, commit: format.Commit) Error!bool {
            inline for (comptime std.enums.values(Which)) |which| if (self.has(which)) {
                if (!try @field(self, @tagName(which)).reaches(self.lengthBytes(which, commit))) return false;
            };
            return true;
        }

        /// Goes back to what they were when `before` was copied from them.
        pub fn restore(self: *Self, before: *const Self) void {
            inline for (comptime std.enums.values(Which)) |which| {
                if (self.has(which)) @field(self, @tagName(which)).restore(&@field(before, @tagName(which)));
            }
            self.blocks.column.restore(&before.blocks.column);
            self.blocks.count = before.blocks.count;
        }

        /// What blocks are described from.
        pub fn blockColumns(self: *const Self, commit: format.Commit, id: format.Id) blocks_file.Columns {
            return .{
                .rows = self.rows.slice(u64, commit.row_count),
                .types = self.typesOf(commit.token_count),
                .first_row = @intCast(commit.first_row),
                .id = id,
            };
        }

        pub fn releaseMaps(self: *Self) void {
            inline for (comptime std.enums.values(Which)) |which| {
                if (self.has(which)) @field(self, @tagName(which)).release();
            }
            self.blocks.column.release();
        }

        pub fn release(self: *Self) void {
            self.close();
            self.releaseMaps();
        }

        /// Leaves zero pages at every address, for ever.
        pub fn blank(self: *Self) void {
            inline for (comptime std.enums.values(Which)) |which| {
                if (self.has(which)) @field(self, @tagName(which)).blank();
            }
            self.blocks.column.blank();
        }

        /// Takes the segments away that lie wholly before what `commit` starts with.
        pub fn drop(self: *Self, commit: format.Commit) Error!void {
            inline for (comptime std.enums.values(Which)) |which| {
                if (self.has(which)) try @field(self, @tagName(which)).drop(self.droppedBytes(which, commit));
            }
        }

        /// Lets go of those that somebody else has taken away.
        pub fn forget(self: *Self, commit: format.Commit) Error!void {
            inline for (comptime std.enums.values(Which)) |which| {
                if (self.has(which)) try @field(self, @tagName(which)).forget(self.droppedBytes(which, commit));
            }
        }

        /// Takes away what a writer has left that died before it had taken it away, or before it was counted.
        pub fn removeLeft(self: *Self) system.Error!void {
            inline for (comptime std.enums.values(Which)) |which| if (self.has(which)) {
                const column = &@field(self, @tagName(which));
                const segment_bytes = column.files.segment_bytes;
                const end = std.math.divCeil(u64, column.allocated_bytes, segment_bytes) catch unreachable;
                try column.files.removeLeft(column.first_bytes / segment_bytes, end);
            };
        }

        /// Gives back the room beyond what `commit` counts.
        pub fn trim(self: *Self, commit: format.Commit) Error!void {
            var chunk_count: u64 = 0;
            inline for (comptime std.enums.values(Which)) |which| {
                if (self.has(which)) try @field(self, @tagName(which)).trim(self.lengthBytes(which, commit));
                chunk_count = @max(chunk_count, self.chunkCount(which, commit));
            }
            try self.blocks.trim();
            try self.sums.trim(chunk_count);
        }

        fn releaseColumn(column: *Column) void {
            column.release();
            column.files.close();
        }
    };
}
