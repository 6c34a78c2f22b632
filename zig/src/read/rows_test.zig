//! Tests of rows.zig against plain loops.

const std = @import("std");
const blocks_file = @import("blocks.zig");
const rows_file = @import("rows.zig");
const Table = rows_file.Table;
const copyTokenSteps = rows_file.copyTokenSteps;
const stage_size = rows_file.stage_size;

const testing = std.testing;

fn tableOf(steps: []const i64, rows: []const u64, token_count: usize) Table {
    return .{ .steps = steps, .rows = rows, .marks = &.{}, .token_count = token_count };
}

test "rows are found by token and by step, also beside rows without tokens" {
    const table = tableOf(&.{ 3, 5, 8, 9 }, &.{ 0, 2, 2, 5 }, 5);
    for ([_]usize{ 0, 0, 2, 2, 2 }, 0..) |row, token| try testing.expectEqual(row, try table.rowOfToken(token));
    for ([_]i64{ 3, 5, 8, 9 }, 0..) |step, row| try testing.expectEqual(row, table.rowOfStep(step).?);
    for ([_]i64{ 2, 4, 6, 10 }, [_]usize{ 0, 1, 2, 4 }) |step, later| {
        try testing.expectEqual(null, table.rowOfStep(step));
        try testing.expectEqual(later, table.rowAtOrAfter(step));
    }
}

test "rows of any lengths are found from any guess, and their steps copied" {
    var generator: std.Random.DefaultPrng = .init(4);
    const random = generator.random();
    for (0..500) |_| {
        var rows: [50]u64 = undefined;
        var steps: [50]i64 = undefined;
        var token_steps: [3000]i64 = undefined;
        const first_row = random.uintLessThan(usize, 5);
        const row_count = random.intRangeAtMost(usize, first_row + 1, rows.len);
        const length_max = random.intRangeAtMost(usize, 1, 60);
        var token: usize = 0;
        for (0..row_count) |row| {
            rows[row] = token;
            steps[row] = @intCast(7 * row);
            // Some rows are empty, some much longer than the others, and the last has a token.
            const length = if (row + 1 == row_count) 1 else if (random.boolean()) random.uintLessThan(usize, 3) else random.uintLessThan(usize, length_max);
            @memset(token_steps[token..][0..length], steps[row]);
            token += length;
        }
        var table = tableOf(steps[0..row_count], rows[0..row_count], token);
        table.first_row = first_row;
        for (rows[first_row]..token) |each| {
            const row = try table.rowOfToken(each);
            try testing.expectEqual(token_steps[each], steps[row]);
            try testing.expectEqual(row, try table.rowNear(each, random.intRangeLessThan(usize, first_row, row_count)));
        }
        var tokens: [stage_size]u64 = undefined;
        for (&tokens) |*each| each.* = random.intRangeLessThan(u64, rows[first_row], token);
        var alone: [stage_size]i64 = undefined;
        try copyTokenSteps(table, i64, &tokens, &alone);
        for (tokens, alone) |each, found| try testing.expectEqual(token_steps[each], found);
        var copied: [3000]f64 = @splat(-1);
        const from = random.intRangeLessThan(usize, rows[first_row], token);
        const length = random.intRangeAtMost(usize, 1, token - from);
        try table.copySteps(f64, try table.rowOfToken(from), from, copied[0..length]);
        for (copied[0..length], token_steps[from..][0..length]) |found, step| try testing.expectEqual(@as(f64, @floatFromInt(step)), found);
        try testing.expectEqual(-1, copied[length]);
    }
}

test "where blocks tell, the starts of rows are not read, also of rows of two blocks" {
    const block_rows = blocks_file.rows_max;
    var rows: [2 * block_rows + 1]u64 = undefined;
    var steps: [rows.len]i64 = undefined;
    for (&rows, &steps, 0..) |*row, *step, index| {
        row.* = 2 * index;
        step.* = @intCast(3 * index);
    }
    var types: [2 * rows.len]u8 = @splat(1);
    for (0..rows.len) |row| types[2 * row + 1] = 2;
    const blocks = [_]blocks_file.Block{
        blocks_file.describe(0, &rows, .{ .bytes = &types }, 0, @splat(0)),
        blocks_file.describe(1, &rows, .{ .bytes = &types }, 0, @splat(0)),
    };
    @memset(rows[0 .. rows.len - 1], 0);
    var table = tableOf(&steps, &rows, types.len);
    table.blocks = .{ .all = &blocks, .token_count = types.len };
    for ([_][2]usize{ .{ 0, 1 }, .{ block_rows - 2, block_rows }, .{ block_rows - 2, block_rows + 2 }, .{ block_rows, 2 * block_rows } }) |range| {
        try testing.expectEqual([2]usize{ 2 * range[0], 2 * range[1] }, try table.tokensBetween(range[0], range[1]));
    }
    const within = try table.stretchOf(block_rows - 2, block_rows);
    try testing.expectEqual(2, within.row_tokens);
    try testing.expectEqual(0, (try table.stretchOf(block_rows - 2, block_rows + 2)).row_tokens);
    var copied: [4]i64 = undefined;
    table.copyStretchSteps(i64, block_rows - 2, within, &copied);
    const step: i64 = 3 * (block_rows - 2);
    try testing.expectEqual([4]i64{ step, step, step + 3, step + 3 }, copied);
}

test "row starts that no writer makes are damage" {
    const tables = [_]Table{ tableOf(&.{ 1, 2 }, &.{ 0, 9 }, 2), tableOf(&.{ 1, 2 }, &.{ 2, 0 }, 2) };
    for (tables) |table| try testing.expectError(error.Damaged, table.tokensOf(0));
    try testing.expectError(error.Damaged, tables[0].tokensOf(1));
    var alone: [1]i64 = undefined;
    try testing.expectError(error.Damaged, copyTokenSteps(tables[1], i64, &.{0}, &alone));
    try testing.expectError(error.Damaged, tables[1].rowNear(0, 0));
    try testing.expectError(error.Damaged, tableOf(&.{}, &.{}, 2).rowOfToken(0));
    var steps: [4]i64 = undefined;
    for ([_]Table{ tables[0], tableOf(&.{ 1, 2, 3 }, &.{ 0, 3, 1 }, 4), tableOf(&.{1}, &.{0}, 3) }) |table| {
        try testing.expectError(error.Damaged, table.copySteps(i64, 0, 0, &steps));
    }
}

test "a search through starts that are damaged ends" {
    var generator: std.Random.DefaultPrng = .init(5);
    const random = generator.random();
    for (0..2000) |_| {
        var rows: [20]u64 = undefined;
        for (&rows) |*row| row.* = if (random.boolean()) random.int(u64) else random.uintLessThan(u64, 40);
        var table = tableOf(&@as([20]i64, @splat(0)), &rows, random.uintLessThan(usize, 40));
        table.first_row = random.uintAtMost(usize, 20);
        const token = random.uintLessThan(u64, 40);
        const row = table.rowOfToken(token) catch continue;
        try testing.expect(rows[row] <= token);
    }
}
