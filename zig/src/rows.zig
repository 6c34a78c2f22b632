//! Which row a token or a step belongs to, by binary search.

const std = @import("std");
const format = @import("format.zig");

pub const Table = struct {
    steps: []const i64,
    /// The first token of every row.
    rows: []const u64,
    marks: []const format.Mark,

    /// The row that holds a token. Rows without tokens never do.
    pub fn rowOfToken(table: Table, token: u64) usize {
        return std.sort.upperBound(u64, table.rows, token, compareNumbers) - 1;
    }

    /// The row of a step, or null where the stream has none.
    pub fn rowOfStep(table: Table, step: i64) ?usize {
        var low: usize = 0;
        var high: usize = table.rows.len;
        while (low < high) {
            const middle = low + (high - low) / 2;
            if (table.stepOfRow(middle) < step) low = middle + 1 else high = middle;
        }
        return if (low < table.rows.len and table.stepOfRow(low) == step) low else null;
    }

    pub fn stepOfRow(table: Table, row: usize) i64 {
        const first: usize = @intCast(table.rows[row]);
        const end = if (row + 1 < table.rows.len) table.rows[row + 1] else table.steps.len;
        if (first < end) return table.steps[first];
        // A row without tokens has a mark that tells its step.
        const index = table.markOfRow(row);
        return if (index < table.marks.len and table.marks[index].row == row) table.marks[index].step else std.math.maxInt(i64);
    }

    /// The index of the first mark at or after a row.
    pub fn markOfRow(table: Table, row: u64) usize {
        return std.sort.lowerBound(format.Mark, table.marks, row, compareMark);
    }
};

fn compareNumbers(wanted: u64, element: u64) std.math.Order {
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
    for ([_]usize{ 0, 0, 2, 2, 2 }, 0..) |row, token| try testing.expectEqual(row, table.rowOfToken(token));
    for ([_]i64{ 3, 5, 8, 9 }, 0..) |step, row| try testing.expectEqual(row, table.rowOfStep(step).?);
    for ([_]i64{ 2, 4, 6, 10 }) |step| try testing.expectEqual(null, table.rowOfStep(step));
}
