//! Which row a token or a step belongs to, and the steps of tokens, which rows alone have.

const std = @import("std");
const blocks_file = @import("blocks.zig");
const format = @import("../format/format.zig");

/// Where rows stand that come one after another.
pub const Stretch = struct {
    start: usize,
    end: usize,
    /// Tokens of each row, where it is known that they have as many; else 0.
    row_tokens: usize = 0,
};

pub const Table = struct {
    /// The step and the first token of every row.
    steps: []const i64,
    rows: []const u64,
    marks: []const format.Mark,
    token_count: usize,
    /// The stream starts with this row, this token and this mark; those before were dropped, and may have no memory.
    first_row: usize = 0,
    first_token: usize = 0,
    first_mark: usize = 0,
    blocks: blocks_file.Blocks = .{},

    /// The tokens of a row, from the first to the one after the last. The numbers come from a file, and are checked.
    pub inline fn tokensOf(table: Table, row: usize) error{Damaged}![2]usize {
        return table.tokensBetween(row, row + 1);
    }

    /// The tokens of rows `[first_row, end_row)`.
    pub inline fn tokensBetween(table: Table, first_row: usize, end_row: usize) error{Damaged}![2]usize {
        const stretch = try table.stretchOf(first_row, end_row);
        return .{ stretch.start, stretch.end };
    }

    /// The same, and what the rows have in common.
    pub inline fn stretchOf(table: Table, first_row: usize, end_row: usize) error{Damaged}!Stretch {
        const layout = table.blocks.ofRow(first_row);
        const alike: ?blocks_file.Layout = if (layout) |known| if (end_row <= known.end_row) known else null else null;
        const start = if (layout) |known| @as(u64, known.startOf(first_row)) else table.startOf(first_row);
        // Where blocks tell, the starts of rows are read by nobody: their pages may be on the disk.
        const end = if (alike orelse table.blocks.ofRow(end_row)) |known| @as(u64, known.startOf(end_row)) else table.startOf(end_row);
        if (start < table.first_token or start > end or end > table.token_count) return error.Damaged;
        return .{ .start = @intCast(start), .end = @intCast(end), .row_tokens = if (alike) |known| known.row_tokens else 0 };
    }

    /// The first token of a row, or of none where the rows end. Not checked.
    pub inline fn startOf(table: Table, row: usize) u64 {
        return if (row < table.rows.len) table.rows[row] else table.token_count;
    }

    /// The row that holds a token. Rows without tokens never do.
    pub fn rowOfToken(table: Table, token: u64) error{Damaged}!usize {
        if (table.first_row >= table.rows.len) return error.Damaged;
        const guess: Guess = .init(table);
        const row, const is_found = guess.better(table, token, guess.row(token));
        return if (is_found) row else table.rowNear(token, row);
    }

    /// The same, where a row is known that is not far from it.
    pub fn rowNear(table: Table, token: u64, guess: usize) error{Damaged}!usize {
        const rows = table.rows;
        if (guess >= rows.len) return error.Damaged;
        // Row `low` does not start after the token; row `high` does, or is the end.
        var low = guess;
        var high = guess;
        var stride: usize = 1;
        if (rows[guess] <= token) {
            high = while (stride < rows.len - low) : (stride *= 2) {
                if (rows[low + stride] > token) break low + stride;
                low += stride;
            } else rows.len;
        } else while (true) : (stride *= 2) {
            if (high <= table.first_row) return error.Damaged;
            low = high - @min(stride, high - table.first_row);
            if (rows[low] <= token) break;
            high = low;
        }
        while (high - low > 1) {
            const middle = low + (high - low) / 2;
            if (rows[middle] <= token) low = middle else high = middle;
        }
        return low;
    }

    /// The row of a step, or null where the stream has none.
    pub fn rowOfStep(table: Table, step: i64) ?usize {
        const row = table.rowAtOrAfter(step);
        return if (row < table.steps.len and table.steps[row] == step) row else null;
    }

    /// The first row that is kept of a step or a later one; where there is none, the one after the last.
    pub fn rowAtOrAfter(table: Table, step: i64) usize {
        return table.first_row + std.sort.lowerBound(i64, table.steps[table.first_row..], step, compareSteps);
    }

    /// The steps of the tokens from `token` on. `row` holds the first, or comes before the one that does.
    pub fn copySteps(table: Table, comptime Step: type, row: usize, token: usize, to: []align(1) Step) error{Damaged}!void {
        if (to.len == 0) return;
        var start: u64 = 0;
        var next = row;
        var at: usize = 0;
        while (at < to.len) {
            // Row starts come from a file.
            if (next >= table.rows.len) return error.Damaged;
            if (table.blocks.ofRow(next)) |layout| {
                if (layout.startOf(next) < start or layout.startOf(next) > token + at) return error.Damaged;
                at = table.copyLayoutSteps(Step, layout, next, token, to, at);
                next = layout.end_row;
                start = layout.startOf(next);
                continue;
            }
            if (table.rows[next] < start or table.rows[next] > token + at) return error.Damaged;
            start = table.rows[next];
            const end_row = @min(table.rows.len, blocks_file.endOfBlock(next));
            while (at < to.len and next < end_row) : (next += 1) {
                const end = table.startOf(next + 1);
                if (end < start or end > table.token_count) return error.Damaged;
                start = end;
                at = fillRun(Step, to, at, @min(to.len, @as(usize, @intCast(end)) -| token), stepAs(Step, table.steps[next]));
            }
        }
    }

    /// The steps of all tokens of rows that have as many each, from a row on.
    pub inline fn copyStretchSteps(table: Table, comptime Step: type, row: usize, stretch: Stretch, to: []align(1) Step) void {
        const end_row = row + (stretch.end - stretch.start) / stretch.row_tokens;
        const layout: blocks_file.Layout = .{ .first_row = row, .end_row = end_row, .first_token = stretch.start, .row_tokens = stretch.row_tokens, .hash = 0 };
        _ = table.copyLayoutSteps(Step, layout, row, stretch.start, to, 0);
    }

    /// The same within a block of one layout, from a row on. Returns how far it got.
    inline fn copyLayoutSteps(table: Table, comptime Step: type, layout: blocks_file.Layout, row: usize, token: usize, to: []align(1) Step, from: usize) usize {
        var at = from;
        var end = layout.startOf(row + 1);
        for (table.steps[row..layout.end_row]) |step| {
            if (at == to.len) break;
            at = fillRun(Step, to, at, @min(to.len, end -| token), stepAs(Step, step));
            end += layout.row_tokens;
        }
        return at;
    }

    /// The index of the first mark at or after a row.
    pub fn markOfRow(table: Table, row: u64) usize {
        return table.first_mark + std.sort.lowerBound(format.Mark, table.marks[table.first_mark..], row, compareMark);
    }
};

/// So many rows are looked for at a time, so that the caches wait for all of them together.
pub const stage_size = 64;

/// Beyond two lines of the caches the hardware goes on by itself.
const rows_prefetched_max = 16;

/// The rows of as many tokens, none where there are no rows. Of each, the steps of `length` tokens are wanted.
pub fn findRows(table: Table, tokens: []const u64, length: usize, found: *[stage_size]usize) error{Damaged}!void {
    if (table.first_row >= table.rows.len) return @memset(found, 0);
    const guess: Guess = .init(table);
    var are_found: [stage_size]bool = undefined;
    for (tokens, found[0..tokens.len]) |token, *row| {
        row.* = guess.row(token);
        guess.prefetch(table, row.*);
    }
    const further: usize = @intFromFloat(@min(rows_prefetched_max, guess.rows_per_token * @as(f64, @floatFromInt(length))));
    for (tokens, found[0..tokens.len], are_found[0..tokens.len]) |token, *row, *is_found| {
        row.*, is_found.* = guess.better(table, token, row.*);
        if (is_found.*) prefetchSteps(table, row.*, further) else @prefetch(table.rows.ptr + row.*, .{});
    }
    for (tokens, found[0..tokens.len], are_found[0..tokens.len]) |token, *row, is_found| {
        if (is_found) continue;
        row.* = try table.rowNear(token, row.*);
        prefetchSteps(table, row.*, further);
        @prefetch(table.rows.ptr + row.* + further, .{});
    }
}

/// The steps of as many tokens, which stand anywhere. Of each the row is looked for, as `findRows` does, and nothing besides.
pub fn copyTokenSteps(table: Table, comptime Step: type, tokens: []const u64, to: []align(1) Step) error{Damaged}!void {
    if (table.first_row >= table.rows.len) return error.Damaged;
    const guess: Guess = .init(table);
    var rows: [stage_size]usize = undefined;
    var are_found: [stage_size]bool = undefined;
    for (tokens, rows[0..tokens.len]) |token, *row| {
        row.* = guess.row(token);
        guess.prefetch(table, row.*);
    }
    for (tokens, rows[0..tokens.len], are_found[0..tokens.len]) |token, *row, *is_found| {
        row.*, is_found.* = guess.better(table, token, row.*);
        @prefetch(if (is_found.*) @as([*]const u8, @ptrCast(table.steps.ptr + row.*)) else @as([*]const u8, @ptrCast(table.rows.ptr + row.*)), .{});
    }
    for (tokens, rows[0..tokens.len], are_found[0..tokens.len], to) |token, found, is_found, *step| {
        const row = if (is_found) found else try table.rowNear(token, found);
        // Row starts come from a file.
        if (!is_found and (table.rows[row] > token or table.startOf(row + 1) <= token)) return error.Damaged;
        step.* = stepAs(Step, table.steps[row]);
    }
}

inline fn prefetchSteps(table: Table, row: usize, further: usize) void {
    @prefetch(table.steps.ptr + row, .{});
    @prefetch(table.steps.ptr + row + further, .{});
}

/// Which row may hold a token, before anybody has looked: rows tend to be about as long as each other. Where they are not,
/// a guess is wrong and the search from there on longer, and no more.
pub const Guess = struct {
    first_row: f64,
    last_row: f64,
    first_token: f64,
    rows_per_token: f64,

    /// Of a table alone: of many stores, each has its rows in a page that nobody has looked at yet.
    pub fn init(table: Table) Guess {
        const first_token: f64 = @floatFromInt(table.first_token);
        const row_count: f64 = @floatFromInt(table.rows.len -| table.first_row);
        const first_row: f64 = @floatFromInt(table.first_row);
        return .{
            .first_row = first_row,
            .last_row = first_row + @max(1, row_count) - 1,
            .first_token = first_token,
            .rows_per_token = row_count / @max(1, @as(f64, @floatFromInt(table.token_count)) - first_token),
        };
    }

    pub inline fn row(guess: Guess, token: u64) usize {
        return guess.at(guess.first_row + (@as(f64, @floatFromInt(token)) - guess.first_token) * guess.rows_per_token);
    }

    /// What `better` looks at. To ask for what lies in a page that nobody has looked at takes as long as to read it.
    inline fn prefetch(_: Guess, table: Table, guessed: usize) void {
        if (table.blocks.known.has(guessed)) return;
        if (table.blocks.all.len > 0) table.blocks.prefetch(guessed) else @prefetch(table.rows.ptr + guessed, .{});
    }

    /// A better guess, by what the blocks say, or where there are none from a look at the row that was guessed: as far from
    /// there as its start is from the token. True where it is no guess.
    pub inline fn better(guess: Guess, table: Table, token: u64, guessed: usize) struct { usize, bool } {
        if (table.blocks.known.rowOf(token)) |row_known| return .{ row_known, true };
        if (table.blocks.all.len > 0) {
            const place, const is_found = table.blocks.approach(token, guessed, guess.rows_per_token);
            return .{ guess.at(place), is_found and place >= guess.first_row };
        }
        const distance = @as(f64, @floatFromInt(token)) - @as(f64, @floatFromInt(table.rows[guessed]));
        return .{ guess.at(@as(f64, @floatFromInt(guessed)) + distance * guess.rows_per_token), false };
    }

    inline fn at(guess: Guess, place: f64) usize {
        return @intFromFloat(std.math.clamp(place, guess.first_row, guess.last_row));
    }
};

inline fn stepAs(comptime Step: type, step: i64) Step {
    return if (Step == i64) step else @floatFromInt(step);
}

/// So many tokens are written at once; what it writes too much the next row writes over.
const run_tokens = 8;

/// Fills `[at, until)`, and returns where it ends.
inline fn fillRun(comptime Step: type, to: []align(1) Step, at: usize, until: usize, value: Step) usize {
    var place = at;
    while (place < until and place + run_tokens <= to.len) : (place += run_tokens) to[place..][0..run_tokens].* = @splat(value);
    while (place < until) : (place += 1) to[place] = value;
    return @max(at, until);
}

fn compareSteps(wanted: i64, element: i64) std.math.Order {
    return std.math.order(wanted, element);
}

/// The order of two numbers, for searches.
pub fn compareNumbers(wanted: u64, element: u64) std.math.Order {
    return std.math.order(wanted, element);
}

fn compareMark(row: u64, mark: format.Mark) std.math.Order {
    return std.math.order(row, mark.row);
}
