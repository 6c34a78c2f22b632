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
    /// What is known of rows behind all of them.
    open: Open.Rows = .{},
    id: format.Id = @splat(0),
    /// No token of a block lies behind.
    token_count: u64 = 0,

    /// The layout of a row's block, where its rows have one.
    pub inline fn ofRow(blocks: Blocks, row: usize) ?Layout {
        return if (blocks.open.has(row)) blocks.open.layout() else blocks.ofClosed(row);
    }

    /// The same of a row that is none of the open ones.
    pub inline fn ofClosed(blocks: Blocks, row: usize) ?Layout {
        return blocks.at(row / rows_max);
    }

    /// The row with which something else may begin than what is known of a row: its block ends, or what is known of it.
    pub inline fn endOf(blocks: Blocks, row: usize) usize {
        return if (blocks.open.has(row)) blocks.open.end_row else endOfBlock(row);
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
        if (blocks.open.has(row)) return .{ blocks.open.layout().startOf(row), blocks.open.row_tokens };
        const index = row / rows_max;
        if (index >= blocks.all.len) return null;
        const block = blocks.all[index];
        if (block.layout == 0) return null;
        return .{ @truncate(block.first_token +% (row % rows_max) *% @as(u64, block.row_tokens)), block.row_tokens };
    }

    /// Where the description of a row's block stands, if that is what tells of the row.
    pub inline fn addressOf(blocks: Blocks, row: usize) ?*const Block {
        if (blocks.open.has(row)) return null;
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

/// The rows behind the closed blocks: those that are closed themselves may be alike as well, and in a small store there are no
/// others. That is found when it is asked for, kept in memory only, and gone on with as rows are added.
pub const Open = struct {
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
    };

    /// Looks at the rows that have been closed since. starts: those of all rows there are; first_row: the first that is held.
    pub inline fn follow(open: *Open, starts: []const u64, types: Types, first_row: usize) Rows {
        const first = countClosed(starts.len) * rows_max;
        // The last row may go on.
        const end = starts.len -| 1;
        if (open.rows.first_row != first or open.rows.end_row > end) open.* = .{ .rows = .{ .first_row = first, .end_row = first } };
        if (first < first_row) return .{};
        if (open.rows.end_row < end and !open.is_over) open.extend(starts, types, end);
        return open.rows;
    }

    noinline fn extend(open: *Open, starts: []const u64, types: Types, end: usize) void {
        const rows = &open.rows;
        // Until all of them are known to be alike.
        open.is_over = true;
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
        open.is_over = false;
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

const testing = std.testing;

test "rows that are not a block yet are known to be alike as far as they are, however they come" {
    var generator: std.Random.DefaultPrng = .init(8);
    const random = generator.random();
    var known: usize = 0;
    for (0..2000) |round| {
        errdefer std.debug.print("round {}\n", .{round});
        const row_tokens = random.intRangeAtMost(usize, 1, 3);
        const row_count = random.intRangeAtMost(usize, 1, 40);
        var starts: [40]u64 = undefined;
        var ids: [40 * 4]u8 = undefined;
        var token: usize = 0;
        // From one row on rows are longer, or have other types.
        const other_row = random.uintLessThan(usize, 60);
        const is_longer = random.boolean();
        for (starts[0..row_count], 0..) |*start, row| {
            start.* = token;
            const is_other = row == other_row;
            for (0..row_tokens + @intFromBool(is_other and is_longer)) |place| {
                ids[token] = @intCast(place + @as(usize, if (is_other) 5 else 0));
                token += 1;
            }
        }
        const types: Types = .{ .bytes = ids[0..token] };
        var open: Open = .{};
        var held: usize = 1;
        while (held <= row_count) : (held += random.intRangeAtMost(usize, 1, 9)) {
            const token_count: usize = if (held < row_count) @intCast(starts[held]) else token;
            const rows = open.follow(starts[0..held], types.slice(0, token_count), 0);
            const all: Blocks = .{ .open = rows };
            try testing.expect(rows.end_row < held);
            const is_among = other_row >= countClosed(held) * rows_max and other_row < held - 1;
            if (!is_among) try testing.expectEqual(held - 1, rows.end_row);
            for (0..held) |row| {
                const layout = all.ofRow(row) orelse continue;
                known += 1;
                try testing.expectEqual(starts[row], layout.startOf(row));
                try testing.expectEqual(starts[row + 1], layout.startOf(row + 1));
                try testing.expectEqual(layout.hash, types.slice(@intCast(starts[row]), @intCast(starts[row + 1])).hash());
                try testing.expectEqual(rows.end_row, all.endOf(row));
            }
            try testing.expectEqual(endOfBlock(rows.end_row), all.endOf(rows.end_row));
        }
        // Those of which the first was dropped are unknown.
        try testing.expectEqual(Open.Rows{}, open.follow(starts[0..row_count], types, countClosed(row_count) * rows_max + 1));
    }
    try testing.expect(known > 2000);
}

test "open rows whose starts no writer makes are known to be nothing" {
    const types: Types = .{ .bytes = &.{ 1, 1, 1, 1 } };
    for ([_][3]u64{ .{ 0, 9, 18 }, .{ 3, 1, 2 }, .{ 2, 2, 2 }, .{ 4, 8, 4 }, .{ std.math.maxInt(u64), 0, 1 } }) |starts| {
        var open: Open = .{};
        const rows = open.follow(&starts, types, 0);
        try testing.expectEqual(rows.first_row, rows.end_row);
    }
}
