//! Which row a token or a step belongs to, by binary search.

const std = @import("std");
const format = @import("../format/format.zig");

pub const Table = struct {
    steps: []const i64,
    /// The first token of every row.
    rows: []const u64,
    marks: []const format.Mark,
    /// The stream starts with this row; those before were dropped.
    first_row: usize = 0,

    /// The tokens of a row, from the first to the one after the last. The numbers come from a file, and are checked.
    pub fn tokensOf(table: Table, row: usize) error{Damaged}![2]usize {
        const start = table.rows[row];
        const end = if (row + 1 < table.rows.len) table.rows[row + 1] else table.steps.len;
        if (start > end or end > table.steps.len) return error.Damaged;
        return .{ @intCast(start), @intCast(end) };
    }

    /// The row that holds a token. Rows without tokens never do.
    pub fn rowOfToken(table: Table, token: u64) error{Damaged}!usize {
        const after = std.sort.upperBound(u64, table.rows[table.first_row..], token, compareNumbers);
        return if (after > 0) table.first_row + after - 1 else error.Damaged;
    }

    /// The row of a step, or null where the stream has none.
    pub fn rowOfStep(table: Table, step: i64) error{Damaged}!?usize {
        var low: usize = table.first_row;
        var high: usize = table.rows.len;
        while (low < high) {
            const middle = low + (high - low) / 2;
            if (try table.stepOfRow(middle) < step) low = middle + 1 else high = middle;
        }
        return if (low < table.rows.len and try table.stepOfRow(low) == step) low else null;
    }

    pub fn stepOfRow(table: Table, row: usize) error{Damaged}!i64 {
        const first, const end = try table.tokensOf(row);
        if (first < end) return table.steps[first];
        // A row without tokens has a mark that tells its step.
        const index = table.markOfRow(row);
        return if (index < table.marks.len and table.marks[index].row == row) table.marks[index].step else error.Damaged;
    }

    /// The index of the first mark at or after a row.
    pub fn markOfRow(table: Table, row: u64) usize {
        return std.sort.lowerBound(format.Mark, table.marks, row, compareMark);
    }
};

/// The order of two numbers, for searches.
pub fn compareNumbers(wanted: u64, element: u64) std.math.Order {
    return std.math.order(wanted, element);
}

fn compareMark(row: u64, mark: format.Mark) std.math.Order {
    return std.math.order(row, mark.row);
}

const testing = std.testing;

test "rows are found by token and by step, also beside rows without tokens" {
    const table: Table = .{
        .steps = &.{ 3, 3, 8, 8, 8 },
        .rows = &.{ 0, 2, 2, 5 },
        .marks = &.{
            .{ .row = 1, .step = 5, .type = 0, .kind = .bare_row },
            .{ .row = 3, .step = 9, .type = 0, .kind = .empty_list },
        },
    };
    for ([_]usize{ 0, 0, 2, 2, 2 }, 0..) |row, token| try testing.expectEqual(row, try table.rowOfToken(token));
    for ([_]i64{ 3, 5, 8, 9 }, 0..) |step, row| try testing.expectEqual(row, (try table.rowOfStep(step)).?);
    for ([_]i64{ 2, 4, 6, 10 }) |step| try testing.expectEqual(null, try table.rowOfStep(step));
}

test "row starts that no writer makes are damage" {
    const tables = [_]Table{
        .{ .steps = &.{ 1, 2 }, .rows = &.{ 0, 9 }, .marks = &.{} },
        .{ .steps = &.{ 1, 2 }, .rows = &.{ 2, 0 }, .marks = &.{} },
    };
    for (tables) |table| try testing.expectError(error.Damaged, table.stepOfRow(0));
    try testing.expectError(error.Damaged, tables[1].rowOfToken(0));
    // A row without tokens and without the mark that would tell its step.
    const bare: Table = .{ .steps = &.{1}, .rows = &.{ 0, 1 }, .marks = &.{} };
    try testing.expectError(error.Damaged, bare.stepOfRow(1));
}
