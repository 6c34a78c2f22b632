//! The five flat files of a store: opened, grown, written, trimmed and closed together. With them come the descriptions of
//! blocks, and the checksum of each chunk from when it is full; a temporary store, which nobody opens again, has none.

const std = @import("std");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");
const blocks_file = @import("../read/blocks.zig");
const column_file = @import("column.zig");
const Sum = @import("../format/sum.zig").Sum;

pub const Error = system.Error || error{Damaged};

pub const path_bytes_max = 4096;

/// How a file of a store is come by.
pub const Opening = enum { temporary, create, write, read };

pub const Sizes = struct {
    capacity_tokens: u64,
    /// Addresses to reserve, counted in tokens and in rows.
    reserved_elements: usize,
};

/// So many elements of the files, behind those that are committed.
pub const Ahead = struct { tokens: u64, rows: u64, marks: u64 };

/// The file of blocks grows by a page, for half a million rows, and is verified by as much.
pub const blocks_per_chunk = 4096 / @sizeOf(format.Block);

/// The file of checksums grows by so much.
const sums_step_bytes = 4096;

/// Which file, where they are counted.
pub const Which = enum(u8) { steps, types, data, rows, marks };

pub const Spec = struct {
    field: []const u8,
    file: []const u8,
    element_bytes: usize,
    /// The count of a commit that says how many elements there are.
    count: []const u8,
    /// Elements of a chunk; 0 for as many as the store's capacity says.
    chunk_elements: usize = 0,
};

/// In the order of `Which`.
pub const specs = [_]Spec{
    .{ .field = "steps", .file = "step.i64", .element_bytes = @sizeOf(i64), .count = "row_count" },
    .{ .field = "types", .file = "type.i32", .element_bytes = @sizeOf(i32), .count = "token_count" },
    .{ .field = "data", .file = "data.b64", .element_bytes = @sizeOf(u64), .count = "token_count" },
    .{ .field = "rows", .file = "row.u64", .element_bytes = @sizeOf(u64), .count = "row_count" },
    .{ .field = "marks", .file = "marks", .element_bytes = @sizeOf(format.Mark), .count = "mark_count", .chunk_elements = 1024 },
};

comptime {
    for (specs, std.enums.values(Which)) |spec, which| std.debug.assert(std.mem.eql(u8, spec.field, @tagName(which)));
}

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
        blocks: Column,
        /// How many blocks of those that the last commit closes are there.
        block_count: u64,
        /// The file of checksums, or none for a temporary store.
        sums: ?system.File,
        sums_bytes: u64,
        /// Disk space that the last growth asked for, if it did not get it.
        wanted_bytes: u64,

        const Self = @This();

        /// Opens all of them. Existing ones must hold what `commit` says, but for the blocks.
        pub fn open(directory: [:0]const u8, opening: Opening, sizes: Sizes, commit: format.Commit) Error!Self {
            var self: Self = undefined;
            var opened: usize = 0;
            errdefer inline for (specs, 0..) |spec, i| {
                if (i < opened) releaseColumn(&@field(self, spec.field));
            };
            inline for (specs, 0..) |spec, i| {
                @field(self, spec.field) = try openColumn(directory, spec, opening, sizes, @field(commit, spec.count) * spec.element_bytes);
                opened = i + 1;
            }
            self.blocks = try openBlocks(directory, opening, sizes);
            errdefer releaseColumn(&self.blocks);
            self.block_count = 0;
            if (opening == .write or opening == .read) try self.adoptBlocks(commit);
            // What lies behind is of rows that no commit has counted.
            if (opening == .write) try self.cutBlocks();
            self.sums = if (opening == .temporary) null else try openFile(System, directory, "sums", opening);
            self.sums_bytes = 0;
            self.wanted_bytes = 0;
            return self;
        }

        /// Closes the files. The maps stay until `releaseMaps` or `blank`.
        pub fn close(self: *Self) void {
            inline for (specs) |spec| System.close(@field(self, spec.field).file);
            System.close(self.blocks.file);
            if (self.sums) |file| System.close(file);
        }

        /// Writes behind what `commit` counts, which goes on to count it where the caller says so. The checksums in it go
        /// on at once: so `commit` must be dropped if this or a later write fails.
        pub fn append(self: *Self, comptime which: Which, commit: *format.Commit, bytes: []const u8, offset_bytes: u64) system.Error!void {
            const column = &@field(self, @tagName(which));
            try self.grow(which, offset_bytes + bytes.len);
            try column.write(bytes, offset_bytes);
            if (self.sums != null) try self.addSums(which, column.chunk_bytes, commit, bytes, offset_bytes);
        }

        /// Reserves disk space for so many elements of each file behind those that `commit` counts. Where it fails, some of
        /// it may have been reserved.
        pub fn reserve(self: *Self, commit: format.Commit, ahead: Ahead) Error!void {
            try self.blocks.grow(self.blocks.targetBytes((blocks_file.countClosed(commit.row_count) + ahead.rows / blocks_file.rows_max + 1) * @sizeOf(format.Block)));
            inline for (comptime std.enums.values(Which), .{ ahead.rows, ahead.tokens, ahead.tokens, ahead.rows, ahead.marks }) |which, count| {
                try self.grow(which, lengthBytes(which, commit) + count * specs[@backingInt(which)].element_bytes);
            }
        }

        /// How many elements of a file disk space is reserved for behind those that `commit` counts.
        pub fn countReserved(self: *const Self, comptime which: Which, commit: format.Commit) usize {
            const column = &@field(self, @tagName(which));
            return @intCast((column.wholeBytes() -| lengthBytes(which, commit)) / specs[@backingInt(which)].element_bytes);
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
                sum.update(piece);
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
                    const column = &@field(self, @tagName(known));
                    return std.math.divCeil(u64, lengthBytes(known, commit), column.chunk_bytes) catch unreachable;
                },
            }
        }

        /// Whether a chunk has the checksum that it had when it was written.
        pub fn isChunkWhole(self: *const Self, which: Which, chunk: u64, commit: format.Commit) system.Error!bool {
            const file = self.sums orelse return true;
            switch (which) {
                inline else => |known| {
                    const column = &@field(self, @tagName(known));
                    const length_bytes = lengthBytes(known, commit);
                    const start = chunk * column.chunk_bytes;
                    const end = @min(start + column.chunk_bytes, length_bytes);
                    if (start >= end or end <= droppedBytes(known, column.chunk_bytes, commit)) return true;
                    var expected = commit.sums[@backingInt(known)];
                    if (end % column.chunk_bytes == 0) {
                        const read = try system.readAll(System, file, std.mem.asBytes(&expected), sumOffset(known, chunk));
                        if (read < @sizeOf(Sum)) return false;
                    }
                    return std.meta.eql(expected, Sum.of(column.slice(u8, end)[@intCast(start)..]));
                },
            }
        }

        /// Whether a chunk of the blocks says what the columns hold. One that nobody has described does: nothing.
        pub fn isBlocksChunkWhole(self: *const Self, chunk: u64, commit: format.Commit, id: format.Id) bool {
            const rows = self.rows.slice(u64, commit.row_count);
            const types = self.types.slice(i32, commit.token_count);
            const blocks = self.blocks.slice(format.Block, self.block_count);
            const nothing: [@sizeOf(format.Block)]u8 = @splat(0);
            const first = @min(chunk *| blocks_per_chunk, blocks.len);
            for (blocks[first..@min(first + blocks_per_chunk, blocks.len)], first..) |block, index| {
                if (std.mem.eql(u8, std.mem.asBytes(&block), &nothing)) continue;
                if (!block.isValid(index, id)) return false;
                // Of rows that were dropped since nothing can be compared.
                if (index * blocks_file.rows_max < commit.first_row) continue;
                if (!std.meta.eql(block, blocks_file.describe(index, rows, types, 0, id))) return false;
            }
            return true;
        }

        /// Shows what there is of a file, and returns how many elements its leading whole chunks hold.
        pub fn adoptWhole(self: *Self, comptime which: Which, commit: format.Commit) Error!u64 {
            const column = &@field(self, @tagName(which));
            const element_bytes = specs[@backingInt(which)].element_bytes;
            const there_bytes = @min(try System.size(column.file), lengthBytes(which, commit));
            if (there_bytes > 0) try column.adopt(there_bytes);
            var whole_bytes: u64 = 0;
            for (0..self.chunkCount(which, commit)) |chunk| {
                const end_bytes = @min((chunk + 1) * column.chunk_bytes, lengthBytes(which, commit));
                if (end_bytes > there_bytes or !try self.isChunkWhole(which, chunk, commit)) break;
                whole_bytes = end_bytes;
            }
            return whole_bytes / element_bytes;
        }

        /// The bytes of the chunks that lie wholly before the stream's start. Marks are never dropped.
        fn droppedBytes(comptime which: Which, chunk_bytes: u64, commit: format.Commit) u64 {
            const first = switch (which) {
                .types, .data => commit.first_token,
                .steps, .rows => commit.first_row,
                .marks => 0,
            };
            const start_bytes = first * specs[@backingInt(which)].element_bytes;
            return start_bytes - start_bytes % chunk_bytes;
        }

        fn lengthBytes(comptime which: Which, commit: format.Commit) u64 {
            const spec = specs[@backingInt(which)];
            return @field(commit, spec.count) * spec.element_bytes;
        }

        /// Makes everything written durable.
        pub fn sync(self: *Self) system.Error!void {
            inline for (specs) |spec| try system.syncAll(System, @field(self, spec.field).file);
            try system.syncAll(System, self.blocks.file);
            if (self.sums) |file| try system.syncAll(System, file);
        }

        /// Shows what `commit` counts, which somebody else has written.
        pub fn adopt(self: *Self, commit: format.Commit) Error!void {
            inline for (specs) |spec| {
                const column = &@field(self, spec.field);
                const length_bytes = @field(commit, spec.count) * spec.element_bytes;
                if (length_bytes > column.allocated_bytes) {
                    if (try System.size(column.file) < length_bytes) return error.Damaged;
                    try column.adopt(length_bytes);
                }
            }
        }

        /// Shows the blocks that `commit` closes, as far as the file has them: after a failure of the system it may be short.
        pub fn adoptBlocks(self: *Self, commit: format.Commit) Error!void {
            const wanted = blocks_file.countClosed(commit.row_count);
            if (wanted <= self.block_count) return;
            const there = @min(wanted, try System.size(self.blocks.file) / @sizeOf(format.Block));
            if (there <= self.block_count) return;
            try self.blocks.adopt(there * @sizeOf(format.Block));
            self.block_count = there;
        }

        fn cutBlocks(self: *Self) Error!void {
            const length_bytes = self.block_count * @sizeOf(format.Block);
            if (try System.size(self.blocks.file) > length_bytes) try System.truncate(self.blocks.file, length_bytes);
        }

        /// Describes the blocks that `commit` closes, from a number on, from what the columns hold. A description that
        /// cannot be written is missed by nobody: its rows are read like those of which there is none yet.
        pub fn describeBlocks(self: *Self, from: u64, commit: format.Commit, id: format.Id) void {
            const rows = self.rows.slice(u64, commit.row_count);
            const types = self.types.slice(i32, commit.token_count);
            for (from..blocks_file.countClosed(commit.row_count)) |index| {
                const block = blocks_file.describe(index, rows, types, @intCast(commit.first_row), id);
                const offset_bytes = index * @sizeOf(format.Block);
                self.blocks.grow(self.blocks.targetBytes(offset_bytes + @sizeOf(format.Block))) catch return;
                self.blocks.write(std.mem.asBytes(&block), offset_bytes) catch continue;
                self.block_count = index + 1;
            }
        }

        pub fn releaseMaps(self: *Self) void {
            inline for (specs) |spec| @field(self, spec.field).release();
            self.blocks.release();
        }

        /// Leaves zero pages at every address, for ever.
        pub fn blank(self: *Self) void {
            inline for (specs) |spec| @field(self, spec.field).blank();
            self.blocks.blank();
        }

        /// Gives back the disk space of the chunks that lie wholly before what `commit` starts with. Where the file system
        /// cannot do that, they stay.
        pub fn drop(self: *Self, commit: format.Commit) system.Error!void {
            inline for (std.enums.values(Which)) |which| {
                const column = &@field(self, @tagName(which));
                try column.drop(droppedBytes(which, column.chunk_bytes, commit));
            }
        }

        /// Gives back the room beyond what `commit` counts.
        pub fn trim(self: *Self, commit: format.Commit) system.Error!void {
            inline for (specs) |spec| try @field(self, spec.field).trim(@field(commit, spec.count) * spec.element_bytes);
            try self.blocks.trim(self.block_count * @sizeOf(format.Block));
            const file = self.sums orelse return;
            var chunk_count: u64 = 0;
            for (std.enums.values(Which)) |which| chunk_count = @max(chunk_count, self.chunkCount(which, commit));
            if (chunk_count * @sizeOf(ChunkSums) >= self.sums_bytes) return;
            self.sums_bytes = chunk_count * @sizeOf(ChunkSums);
            try System.truncate(file, self.sums_bytes);
        }

        fn openColumn(directory: [:0]const u8, comptime spec: Spec, opening: Opening, sizes: Sizes, length_bytes: u64) Error!Column {
            const chunk = if (spec.chunk_elements > 0) spec.chunk_elements else sizes.capacity_tokens;
            const reserved = if (spec.chunk_elements > 0) spec.chunk_elements else sizes.reserved_elements;
            const file = try openFile(System, directory, spec.file, opening);
            errdefer System.close(file);
            if (try System.size(file) < length_bytes) return error.Damaged;
            var column = try Column.init(file, chunk * spec.element_bytes, reserved * spec.element_bytes);
            errdefer column.release();
            if (length_bytes > 0) try column.adopt(length_bytes);
            return column;
        }

        fn openBlocks(directory: [:0]const u8, opening: Opening, sizes: Sizes) Error!Column {
            const file = try openFile(System, directory, "blocks", opening);
            errdefer System.close(file);
            const reserved = sizes.reserved_elements / blocks_file.rows_max;
            return Column.init(file, blocks_per_chunk * @sizeOf(format.Block), reserved * @sizeOf(format.Block));
        }

        fn releaseColumn(column: *Column) void {
            column.release();
            System.close(column.file);
        }
    };
}
