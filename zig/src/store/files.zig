//! The five flat files of a store: opened, grown, written, trimmed and closed together. With them come the descriptions of
//! blocks, and the checksum of each chunk from when it is full; a temporary store, which nobody opens again, has none.

const std = @import("std");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");
const blocks_file = @import("blocks.zig");
const column_file = @import("column.zig");
const list = @import("list.zig");
const Sum = @import("../format/sum.zig").Sum;
const Types = @import("../read/types.zig").Types;
const Data = @import("../read/data.zig").Data;

pub const Error = system.Error || error{Damaged};

pub const path_bytes_max = 4096;

/// How a file of a store is come by.
pub const Opening = enum { temporary, create, write, read };

pub const Sizes = struct {
    capacity_tokens: u64,
    /// Addresses to reserve, counted in tokens and in rows.
    reserved_elements: usize,
    form: format.TokenForm,
};

/// So many elements of the files, behind those that are committed.
pub const Ahead = struct { tokens: u64, rows: u64, marks: u64 };

/// Addresses are reserved as for elements of at least so many bytes.
const reserved_element_bytes = 4;

/// The file of checksums grows by so much.
const sums_step_bytes = 4096;

/// Which file, where they are counted.
pub const Which = list.Which;
pub const specs = list.specs;

/// The checksums of the k-th chunk of each file; those of chunks that are not full yet mean nothing.
pub const ChunkSums = format.ColumnSums;

pub fn openFile(comptime System: type, directory: [:0]const u8, name: []const u8, opening: Opening) system.Error!system.File {
    if (opening == .temporary) return System.createTemporary(directory);
    var buffer: [path_bytes_max]u8 = undefined;
    const path = std.fmt.bufPrintSentinel(&buffer, "{s}/{s}", .{ directory, name }, 0) catch return error.NotFound;
    return System.open(path, switch (opening) {
        .temporary, .create => .create,
        .write => .write,
        .read => .read,
    });
}

pub fn Files(comptime System: type) type {
    const Column = column_file.Column(System);

    return struct {
        steps: Column,
        types: Column,
        data: Column,
        rows: Column,
        marks: Column,
        form: format.TokenForm,
        blocks: blocks_file.Blocks(System),
        /// The file of checksums, or none for a temporary store.
        sums: ?system.File,
        sums_bytes: u64,
        /// Disk space that the last growth asked for, if it did not get it.
        wanted_bytes: u64,

        const Self = @This();

        /// Opens all of them. Existing ones must hold what `commit` says, but for the blocks.
        pub fn open(directory: [:0]const u8, opening: Opening, sizes: Sizes, commit: format.Commit) Error!Self {
            var self: Self = undefined;
            self.form = sizes.form;
            var opened: usize = 0;
            errdefer inline for (comptime std.enums.values(Which), 0..) |which, i| {
                if (i < opened and self.has(which)) releaseColumn(&@field(self, @tagName(which)));
            };
            inline for (comptime std.enums.values(Which), 0..) |which, i| {
                if (self.has(which)) @field(self, @tagName(which)) = try self.openColumn(directory, which, opening, sizes, commit);
                opened = i + 1;
            }
            self.blocks = try openBlocks(directory, opening, sizes);
            errdefer releaseColumn(&self.blocks.column);
            if (opening == .write or opening == .read) try self.blocks.adopt(commit.row_count);
            if (opening == .write) try self.blocks.cut();
            self.sums = if (opening == .temporary) null else try openFile(System, directory, "sums", opening);
            self.sums_bytes = 0;
            self.wanted_bytes = 0;
            return self;
        }

        /// Whether there is such a file. Others are not to be touched.
        inline fn has(self: *const Self, comptime which: Which) bool {
            return which != .types or self.form.width != .none;
        }

        inline fn elementBytes(self: *const Self, comptime which: Which) u64 {
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
                if (self.has(which)) System.close(@field(self, @tagName(which)).file);
            }
            System.close(self.blocks.column.file);
            if (self.sums) |file| System.close(file);
        }

        /// Writes behind what `commit` counts, which goes on to count it where the caller says so. The checksums in it go
        /// on at once: so `commit` must be dropped if this or a later write fails.
        pub fn append(self: *Self, comptime which: Which, commit: *format.Commit, bytes: []const u8, offset_bytes: u64) system.Error!void {
            if (!self.has(which)) return;
            const column = &@field(self, @tagName(which));
            try self.grow(which, offset_bytes + bytes.len);
            try column.write(bytes, offset_bytes);
            if (self.sums != null) try self.addSums(which, column.chunk_bytes, commit, bytes, offset_bytes);
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
        fn grow(self: *Self, comptime which: Which, length_bytes: u64) system.Error!void {
            const column = &@field(self, @tagName(which));
            const target_bytes = column.targetBytes(length_bytes);
            if (self.sums) |file| try self.growSums(file, target_bytes / column.chunk_bytes);
            self.wanted_bytes = target_bytes - column.allocated_bytes;
            try column.grow(target_bytes);
            self.wanted_bytes = 0;
        }

        fn growSums(self: *Self, file: system.File, chunk_count: u64) system.Error!void {
            const target_bytes = std.mem.alignForward(u64, chunk_count * @sizeOf(ChunkSums), sums_step_bytes);
            if (target_bytes <= self.sums_bytes) return;
            self.wanted_bytes = target_bytes - self.sums_bytes;
            try system.extend(System, file, self.sums_bytes, self.wanted_bytes);
            self.sums_bytes = target_bytes;
        }

        fn addSums(self: *Self, which: Which, chunk_bytes: u64, commit: *format.Commit, bytes: []const u8, offset_bytes: u64) system.Error!void {
            const sum = &commit.sums[@backingInt(which)];
            var left = bytes;
            var at = offset_bytes;
            while (left.len > 0) {
                const room: usize = @intCast(chunk_bytes - at % chunk_bytes);
                const piece = left[0..@min(left.len, room)];
                sum.update(piece, at % chunk_bytes);
                left = left[piece.len..];
                at += piece.len;
                if (at % chunk_bytes != 0) continue;
                try system.writeAll(System, self.sums.?, std.mem.asBytes(sum), sumOffset(which, at / chunk_bytes - 1));
                sum.* = .{};
            }
        }

        fn sumOffset(which: Which, chunk: u64) u64 {
            return chunk * @sizeOf(ChunkSums) + @backingInt(which) * @as(u64, @sizeOf(Sum));
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
            const file = self.sums orelse return true;
            switch (which) {
                inline else => |known| {
                    if (!self.has(known)) return true;
                    const column = &@field(self, @tagName(known));
                    const length_bytes = self.lengthBytes(known, commit);
                    const start = chunk *| column.chunk_bytes;
                    const end = @min(start +| column.chunk_bytes, length_bytes);
                    if (start >= end or end <= self.droppedBytes(known, commit)) return true;
                    var expected = commit.sums[@backingInt(known)];
                    if (end % column.chunk_bytes == 0) {
                        const read = try system.readAll(System, file, std.mem.asBytes(&expected), sumOffset(known, chunk));
                        if (read < @sizeOf(Sum)) return false;
                    }
                    return std.meta.eql(expected, Sum.of(column.slice(u8, end)[@intCast(start)..]));
                },
            }
        }

        /// Shows what there is of a file, and returns how many elements its leading whole chunks hold.
        pub fn adoptWhole(self: *Self, comptime which: Which, commit: format.Commit) Error!u64 {
            if (!self.has(which)) return @field(commit, specs[@backingInt(which)].count);
            const column = &@field(self, @tagName(which));
            const there_bytes = @min(try System.size(column.file), self.lengthBytes(which, commit));
            if (there_bytes > 0) try column.adopt(there_bytes);
            var whole_bytes: u64 = 0;
            for (0..self.chunkCount(which, commit)) |chunk| {
                const end_bytes = @min((chunk + 1) * column.chunk_bytes, self.lengthBytes(which, commit));
                if (end_bytes > there_bytes or !try self.isChunkWhole(which, chunk, commit)) break;
                whole_bytes = end_bytes;
            }
            return whole_bytes / self.elementBytes(which);
        }

        /// The bytes of the chunks that lie wholly before the stream's start. Marks are never dropped.
        fn droppedBytes(self: *const Self, comptime which: Which, commit: format.Commit) u64 {
            const chunk_bytes = @field(self, @tagName(which)).chunk_bytes;
            const first = switch (which) {
                .types, .data => commit.first_token,
                .steps, .rows => commit.first_row,
                .marks => 0,
            };
            const start_bytes = first * self.elementBytes(which);
            return start_bytes - start_bytes % chunk_bytes;
        }

        fn lengthBytes(self: *const Self, comptime which: Which, commit: format.Commit) u64 {
            return @field(commit, specs[@backingInt(which)].count) * self.elementBytes(which);
        }

        /// Makes everything written durable.
        pub fn sync(self: *Self) system.Error!void {
            inline for (comptime std.enums.values(Which)) |which| {
                if (self.has(which)) try system.syncAll(System, @field(self, @tagName(which)).file);
            }
            try system.syncAll(System, self.blocks.column.file);
            if (self.sums) |file| try system.syncAll(System, file);
        }

        /// Shows what `commit` counts, which somebody else has written.
        pub fn adopt(self: *Self, commit: format.Commit) Error!void {
            inline for (comptime std.enums.values(Which)) |which| {
                const column = &@field(self, @tagName(which));
                const length_bytes = self.lengthBytes(which, commit);
                if (self.has(which) and length_bytes > column.allocated_bytes) {
                    if (try System.size(column.file) < length_bytes) return error.Damaged;
                    try column.adopt(length_bytes);
                }
            }
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

        /// Leaves zero pages at every address, for ever.
        pub fn blank(self: *Self) void {
            inline for (comptime std.enums.values(Which)) |which| {
                if (self.has(which)) @field(self, @tagName(which)).blank();
            }
            self.blocks.column.blank();
        }

        /// Gives back the disk space of the chunks that lie wholly before what `commit` starts with. Where the file system
        /// cannot do that, they stay.
        pub fn drop(self: *Self, commit: format.Commit) system.Error!void {
            inline for (std.enums.values(Which)) |which| {
                if (self.has(which)) try @field(self, @tagName(which)).drop(self.droppedBytes(which, commit));
            }
        }

        /// Gives back the room beyond what `commit` counts.
        pub fn trim(self: *Self, commit: format.Commit) system.Error!void {
            inline for (comptime std.enums.values(Which)) |which| {
                if (self.has(which)) try @field(self, @tagName(which)).trim(self.lengthBytes(which, commit));
            }
            try self.blocks.trim();
            const file = self.sums orelse return;
            var chunk_count: u64 = 0;
            for (std.enums.values(Which)) |which| chunk_count = @max(chunk_count, self.chunkCount(which, commit));
            if (chunk_count * @sizeOf(ChunkSums) >= self.sums_bytes) return;
            self.sums_bytes = chunk_count * @sizeOf(ChunkSums);
            try System.truncate(file, self.sums_bytes);
        }

        fn openColumn(self: *const Self, directory: [:0]const u8, comptime which: Which, opening: Opening, sizes: Sizes, commit: format.Commit) Error!Column {
            const spec = specs[@backingInt(which)];
            const chunk = if (spec.chunk_elements > 0) spec.chunk_elements else sizes.capacity_tokens;
            const reserved = if (spec.chunk_elements > 0) spec.chunk_elements else sizes.reserved_elements;
            const file = try openFile(System, directory, list.nameOf(which, self.form), opening);
            errdefer System.close(file);
            const length_bytes = self.lengthBytes(which, commit);
            if (try System.size(file) < length_bytes) return error.Damaged;
            // An engine clones a buffer over little more easily than one over much.
            const reserved_bytes = reserved * @max(self.elementBytes(which), reserved_element_bytes);
            var column = try Column.init(file, chunk * self.elementBytes(which), @intCast(reserved_bytes));
            errdefer column.release();
            if (length_bytes > 0) try column.adopt(length_bytes);
            return column;
        }

        fn openBlocks(directory: [:0]const u8, opening: Opening, sizes: Sizes) Error!blocks_file.Blocks(System) {
            const file = try openFile(System, directory, "blocks", opening);
            errdefer System.close(file);
            return .init(file, sizes.reserved_elements);
        }

        fn releaseColumn(column: *Column) void {
            column.release();
            System.close(column.file);
        }
    };
}
