//! The file that says of blocks of rows whether they are alike (read/blocks.zig). It is derived from the columns.

const std = @import("std");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");
const reading = @import("../read/blocks.zig");
const column_file = @import("column.zig");
const segments_file = @import("segments.zig");
const Types = @import("../read/types.zig").Types;

/// The file grows by a page, for half a million rows, and is verified by as much.
pub const blocks_per_chunk = 4096 / @sizeOf(format.Block);

/// What blocks are described from.
pub const Columns = struct { rows: []const u64, types: Types, first_row: usize, id: format.Id };

pub const Error = column_file.Error;

pub fn Blocks(comptime System: type) type {
    const Column = column_file.Column(System);
    const Segments = segments_file.Segments(System);

    return struct {
        /// One file in every store: so little that it is never dropped.
        column: Column,
        /// How many blocks of those that the last commit closes are there.
        count: u64 = 0,
        known: reading.Known = .{},

        const Self = @This();

        pub fn open(place: segments_file.Place, reserved_rows: usize) Error!Self {
            var files: Segments = try .one(place, "blocks");
            errdefer files.close();
            const reserved_bytes = reserved_rows / reading.rows_max * @sizeOf(format.Block);
            return .{ .column = try .init(files, blocks_per_chunk * @sizeOf(format.Block), 0, reserved_bytes) };
        }

        pub fn all(self: *const Self) []const format.Block {
            return self.column.slice(format.Block, self.count);
        }

        /// Shows the blocks that a commit of so many rows closes, as far as the file has them: after a failure of the system
        /// it may be short.
        pub fn adopt(self: *Self, row_count: u64) Error!void {
            const wanted = reading.countClosed(row_count);
            if (wanted <= self.count) return;
            const there = @min(wanted, try self.column.files.endThere(0, wanted * @sizeOf(format.Block)) / @sizeOf(format.Block));
            if (there <= self.count) return;
            try self.column.adopt(0, there * @sizeOf(format.Block));
            self.count = there;
        }

        /// Cuts what is of rows that no commit has counted.
        pub fn cut(self: *Self) Error!void {
            try self.column.files.cut(self.count * @sizeOf(format.Block));
        }

        /// Reserves disk space for the blocks that so many rows close.
        pub fn reserve(self: *Self, row_count: u64) Error!void {
            try self.column.grow(self.column.targetBytes((row_count / reading.rows_max + 1) * @sizeOf(format.Block)));
        }

        /// Gives back the room beyond them.
        pub fn trim(self: *Self) Error!void {
            try self.column.trim(self.count * @sizeOf(format.Block));
        }

        /// Describes all closed blocks, from a number on. A description that cannot be written is missed by nobody: its rows
        /// are read like those of which there is none yet.
        pub fn describe(self: *Self, from: u64, columns: Columns) void {
            for (from..reading.countClosed(columns.rows.len)) |index| {
                const block = reading.describe(index, columns.rows, columns.types, columns.first_row, columns.id);
                const offset_bytes = index * @sizeOf(format.Block);
                self.column.grow(self.column.targetBytes(offset_bytes + @sizeOf(format.Block))) catch return;
                self.column.write(std.mem.asBytes(&block), offset_bytes) catch continue;
                self.count = index + 1;
            }
        }

        /// Whether a chunk of them says what the columns hold. One that nobody has described does: nothing.
        pub fn isChunkWhole(self: *const Self, chunk: u64, columns: Columns) bool {
            const blocks = self.all();
            const nothing: [@sizeOf(format.Block)]u8 = @splat(0);
            const first = @min(chunk *| blocks_per_chunk, blocks.len);
            for (blocks[first..@min(first + blocks_per_chunk, blocks.len)], first..) |block, index| {
                if (std.mem.eql(u8, std.mem.asBytes(&block), &nothing)) continue;
                if (!block.isValid(index, columns.id)) return false;
                // Of rows that were dropped since nothing can be compared.
                if (index * reading.rows_max < columns.first_row) continue;
                if (!std.meta.eql(block, reading.describe(index, columns.rows, columns.types, 0, columns.id))) return false;
            }
            return true;
        }
    };
}
