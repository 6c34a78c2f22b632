//! Blocks of rows of one layout: rows that all have the same types in the same places. In such a block the start of a
//! row, the row of a token and the place of a field are arithmetic, where else they are read from the columns.
//!
//! Streams of fixed shape are what most people record. A block has `rows_max` rows; it is described once its last row is
//! closed, which is when a later row exists, and never changes then.

const std = @import("std");
const format = @import("../format/format.zig");
const Types = @import("types.zig").Types;

pub const Block = format.Block;
pub const rows_max = format.block_rows;

/// How many blocks have all their rows closed: the last row of a stream may go on.
pub fn countClosed(row_count: u64) u64 {
    return (row_count -| 1) / rows_max;
}

/// The row with which the block after a row's begins.
pub inline fn endOfBlock(row: usize) usize {
    return (row / rows_max + 1) * rows_max;
}

/// Rows of one layout, and where they stand.
pub const Layout = struct {
    first_row: usize,
    first_token: usize,
    row_tokens: usize,
    /// Rows of two blocks that have the same number here have the same types in the same places.
    hash: u64,

    pub inline fn endRow(layout: Layout) usize {
        return layout.first_row + rows_max;
    }

    /// The first token of a row of the block, or of the row after it.
    pub inline fn startOf(layout: Layout, row: usize) usize {
        return layout.first_token + (row - layout.first_row) * layout.row_tokens;
    }

    /// The row that holds a token, if it is one of the block.
    inline fn rowOf(layout: Layout, token: u64) ?usize {
        const rows = (token -| layout.first_token) / layout.row_tokens;
        return if (token < layout.first_token or rows >= rows_max) null else layout.first_row + @as(usize, @intCast(rows));
    }
};

/// What is known of a store's blocks. It comes from a file: a description without its checksum counts as none.
pub const Blocks = struct {
    all: []const Block = &.{},
    id: format.Id = @splat(0),
    /// No token of a block lies behind.
    token_count: u64 = 0,

    /// The layout of a row's block, where its rows have one.
    pub inline fn ofRow(blocks: Blocks, row: usize) ?Layout {
        return blocks.at(row / rows_max);
    }

    fn at(blocks: Blocks, index: usize) ?Layout {
        if (index >= blocks.all.len) return null;
        const block = blocks.all[index];
        if (block.layout == 0 or block.row_tokens == 0 or !block.isValid(index, blocks.id)) return null;
        if (block.first_token +| @as(u64, block.row_tokens) * rows_max > blocks.token_count) return null;
        return .{
            .first_row = index * rows_max,
            .first_token = @intCast(block.first_token),
            .row_tokens = block.row_tokens,
            .hash = block.layout,
        };
    }

    /// Where a row probably starts and how many tokens it has, for who fetches ahead; nothing of it is checked.
    pub inline fn peek(blocks: Blocks, row: usize) ?[2]usize {
        const index = row / rows_max;
        if (index >= blocks.all.len) return null;
        const block = blocks.all[index];
        if (block.layout == 0) return null;
        return .{ @truncate(block.first_token +% (row % rows_max) *% @as(u64, block.row_tokens)), block.row_tokens };
    }

    pub inline fn addressOf(blocks: Blocks, row: usize) ?*const Block {
        return if (row / rows_max < blocks.all.len) &blocks.all[row / rows_max] else null;
    }

    pub inline fn prefetch(blocks: Blocks, row: usize) void {
        if (blocks.all.len > 0) @prefetch(blocks.all.ptr + @min(row / rows_max, blocks.all.len - 1), .{});
    }

    /// Goes from a row to one that is nearer to the one that holds a token, or says that it is this one.
    pub fn approach(blocks: Blocks, token: u64, from: usize, rows_per_token: f64) struct { f64, bool } {
        const index = blocks.find(token, @min(from / rows_max, blocks.all.len - 1));
        if (blocks.at(index)) |layout| {
            if (layout.rowOf(token)) |row| return .{ @floatFromInt(row), true };
        }
        const start: f64 = @floatFromInt(blocks.all[index].first_token);
        const first_row: f64 = @floatFromInt(index * rows_max);
        const rate = if (index + 1 < blocks.all.len)
            rows_max / @max(1, @as(f64, @floatFromInt(blocks.all[index + 1].first_token)) - start)
        else
            rows_per_token;
        return .{ first_row + (@as(f64, @floatFromInt(token)) - start) * rate, false };
    }

    /// The last block that does not begin after a token, where the descriptions are right; else any.
    fn find(blocks: Blocks, token: u64, guess: usize) usize {
        const all = blocks.all;
        var low = guess;
        var high = guess;
        var stride: usize = 1;
        if (all[guess].first_token <= token) {
            high = while (stride < all.len - low) : (stride *= 2) {
                if (all[low + stride].first_token > token) break low + stride;
                low += stride;
            } else all.len;
        } else while (true) : (stride *= 2) {
            low = high -| stride;
            if (low == 0 or all[low].first_token <= token) break;
            high = low;
        }
        while (high - low > 1) {
            const middle = low + (high - low) / 2;
            if (all[middle].first_token <= token) low = middle else high = middle;
        }
        return low;
    }
};

/// Describes a block all of whose rows are closed. Of rows that were dropped nothing is known any more: a block of some starts
/// with the first one that is held.
pub fn describe(index: usize, rows: []const u64, types: Types, first_row: usize, id: format.Id) Block {
    const first = index * rows_max;
    var block: Block = .{ .first_token = rows[@max(first, first_row)], .index = @truncate(index) };
    if (first >= first_row) {
        if (layoutOf(rows[first .. first + rows_max + 1], types)) |row| {
            block.row_tokens = @intCast(row.len());
            block.layout = row.hash();
        }
    }
    block.seal(id);
    return block;
}

/// The types of each of the rows, where they are the same in all.
fn layoutOf(starts: []const u64, types: Types) ?Types {
    const start = starts[0];
    const end = starts[rows_max];
    if (end <= start or end > types.len()) return null;
    const row_tokens = (end - start) / rows_max;
    if (row_tokens == 0 or row_tokens > std.math.maxInt(u32) or row_tokens * rows_max != end - start) return null;
    for (starts, 0..) |each, row| if (each != start + row * row_tokens) return null;
    const all = types.slice(@intCast(start), @intCast(end));
    return if (all.repeat(@intCast(row_tokens))) all.slice(0, @intCast(row_tokens)) else null;
}
