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
    /// The one after the last.
    end_row: usize,
    first_token: usize,
    row_tokens: usize,
    /// Rows of two blocks that have the same number here have the same types in the same places.
    hash: u64,

    /// The first token of a row of the block, or of the row after it.
    pub inline fn startOf(layout: Layout, row: usize) usize {
        return layout.first_token + (row - layout.first_row) * layout.row_tokens;
    }

    /// The row that holds a token, if it is one of the block.
    inline fn rowOf(layout: Layout, token: u64) ?usize {
        const rows = (token -| layout.first_token) / layout.row_tokens;
        return if (token < layout.first_token or rows >= layout.end_row - layout.first_row) null else layout.first_row + @as(usize, @intCast(rows));
    }
};

/// What is known of a store's blocks. It comes from a file: a description without its checksum counts as none.
pub const Blocks = struct {
    all: []const Block = &.{},
    /// Rows of which none of them need be looked at.
    known: Known.Rows = .{},
    id: format.Id = @splat(0),
    /// No token of a block lies behind.
    token_count: u64 = 0,

    /// The layout of a row's block, where its rows have one.
    pub inline fn ofRow(blocks: Blocks, row: usize) ?Layout {
        return if (blocks.known.has(row)) blocks.known.layout() else blocks.ofBlock(row);
    }

    /// The same of a row that is not among those known to be alike.
    pub inline fn ofBlock(blocks: Blocks, row: usize) ?Layout {
        return blocks.at(row / rows_max);
    }

    /// The row with which something else may begin than what is known of a row: its block ends, or what is known of it.
    pub inline fn endOf(blocks: Blocks, row: usize) usize {
        return if (blocks.known.has(row)) blocks.known.end_row else endOfBlock(row);
    }

    fn at(blocks: Blocks, index: usize) ?Layout {
        if (index >= blocks.all.len) return null;
        const block = blocks.all[index];
        if (block.layout == 0 or block.row_tokens == 0 or !block.isValid(index, blocks.id)) return null;
        if (block.first_token +| @as(u64, block.row_tokens) * rows_max > blocks.token_count) return null;
        return .{
            .first_row = index * rows_max,
            .end_row = (index + 1) * rows_max,
            .first_token = @intCast(block.first_token),
            .row_tokens = block.row_tokens,
            .hash = block.layout,
        };
    }

    /// Where a row probably starts and how many tokens it has, for who fetches ahead; nothing of it is checked.
    pub inline fn peek(blocks: Blocks, row: usize) ?[2]usize {
        if (blocks.known.has(row)) return .{ blocks.known.layout().startOf(row), blocks.known.row_tokens };
        const index = row / rows_max;
        if (index >= blocks.all.len) return null;
        const block = blocks.all[index];
        if (block.layout == 0) return null;
        return .{ @truncate(block.first_token +% (row % rows_max) *% @as(u64, block.row_tokens)), block.row_tokens };
    }

    /// Where the description of a row's block stands, if that is what tells of the row.
    pub inline fn addressOf(blocks: Blocks, row: usize) ?*const Block {
        if (blocks.known.has(row)) return null;
        const index = row / rows_max;
        return if (index < blocks.all.len) &blocks.all[index] else null;
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

/// The longest known stretch of rows that are alike and stand side by side, up to the newest where none differ: nothing is looked
/// up of them. Most streams are one such stretch. It is found block by block, each description being verified once, and goes on
/// with the rows behind the closed blocks, which are compared: a small store has no others. It is kept in memory only.
pub const Known = struct {
    rows: Rows = .{},
    /// Whether the next row is another, so that nothing of what follows is looked at.
    is_over: bool = false,

    /// Rows of one layout; none where it ends with its first row.
    pub const Rows = struct {
        first_row: usize = 0,
        end_row: usize = 0,
        first_token: usize = 0,
        row_tokens: usize = 0,
        hash: u64 = 0,

        pub inline fn has(rows: *const Rows, row: usize) bool {
            return row >= rows.first_row and row < rows.end_row;
        }

        /// The row of a token, if it is one of these.
        pub inline fn rowOf(rows: *const Rows, token: u64) ?usize {
            return if (rows.row_tokens == 0) null else rows.layout().rowOf(token);
        }

        pub inline fn layout(rows: *const Rows) Layout {
            return .{ .first_row = rows.first_row, .end_row = rows.end_row, .first_token = rows.first_token, .row_tokens = rows.row_tokens, .hash = rows.hash };
        }

        fn of(known: Layout) Rows {
            return .{ .first_row = known.first_row, .end_row = known.end_row, .first_token = known.first_token, .row_tokens = known.row_tokens, .hash = known.hash };
        }

        fn from(row: usize) Rows {
            return .{ .first_row = row, .end_row = row };
        }
    };

    /// Looks at what has been closed since. starts: those of all rows there are; first_row: the first that is held.
    pub inline fn follow(known: *Known, blocks: Blocks, starts: []const u64, types: Types, first_row: usize) Rows {
        // The last row may go on.
        const end = starts.len -| 1;
        const rows = &known.rows;
        const is_behind = rows.end_row < end and !known.is_over or known.is_over and rows.end_row / rows_max < countClosed(starts.len);
        if (is_behind or rows.end_row > end or rows.end_row <= first_row) known.goOn(blocks, starts, types, first_row);
        return known.rows;
    }

    noinline fn goOn(known: *Known, blocks: Blocks, starts: []const u64, types: Types, first_row: usize) void {
        const rows = &known.rows;
        const end = starts.len -| 1;
        // What was dropped is looked at no more.
        const held_from = first_row / rows_max * rows_max;
        if (rows.end_row > end or rows.end_row <= first_row and rows.end_row != held_from) known.* = .{ .rows = .from(held_from) };
        if (!known.takeBlocks(blocks, @min(blocks.all.len, countClosed(starts.len)))) return;
        const open_from = countClosed(starts.len) * rows_max;
        if (rows.end_row < open_from) known.* = .{ .rows = .from(open_from) };
        const is_held = if (rows.end_row > rows.first_row) rows.end_row > first_row else rows.first_row >= first_row;
        if (is_held and rows.end_row < end and !known.is_over) known.extend(starts, types, end);
    }

    /// Goes on by what descriptions say, and begins anew with what is not as the rows before. Of a large store that was just
    /// opened they are not all read by the first who asks for a row. Returns whether none is left.
    fn takeBlocks(known: *Known, blocks: Blocks, block_count: usize) bool {
        const rows = &known.rows;
        var left = @max(blocks_min, rows.end_row / rows_max);
        var index = rows.end_row / rows_max;
        while (index < block_count) : (index += 1) {
            if (left == 0) return false;
            left -= 1;
            known.is_over = false;
            const layout = blocks.at(index) orelse {
                rows.* = .from((index + 1) * rows_max);
                continue;
            };
            const is_alike = rows.end_row > rows.first_row and layout.hash == rows.hash and layout.row_tokens == rows.row_tokens;
            if (is_alike and layout.startOf(rows.end_row) == rows.layout().startOf(rows.end_row)) {
                rows.end_row = layout.end_row;
            } else rows.* = .of(layout);
        }
        return true;
    }

    /// As many descriptions are verified at once, and more where as many are known already.
    const blocks_min = 64;

    /// Goes on with rows of which there is no description yet.
    fn extend(known: *Known, starts: []const u64, types: Types, end: usize) void {
        const rows = &known.rows;
        // Until all of them are known to be alike.
        known.is_over = true;
        if (starts[end] > types.len()) return;
        if (rows.end_row == rows.first_row) {
            const start = starts[rows.first_row];
            const row_tokens = starts[rows.first_row + 1] -% start;
            if (row_tokens == 0 or row_tokens > std.math.maxInt(u32) or start > types.len() - row_tokens) return;
            rows.first_token = @intCast(start);
            rows.row_tokens = @intCast(row_tokens);
            rows.hash = types.slice(rows.first_token, rows.first_token + rows.row_tokens).hash();
            rows.end_row += 1;
        }
        const last = rows.layout().startOf(rows.end_row - 1);
        for (starts[rows.end_row .. end + 1], 1..) |start, row| if (start != last + row * rows.row_tokens) return;
        if (!types.slice(last, @intCast(starts[end])).repeat(rows.row_tokens)) return;
        rows.end_row = end;
        known.is_over = false;
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
