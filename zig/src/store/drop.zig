//! Where a stream starts once its oldest rows are dropped, and how they are.

const std = @import("std");
const format = @import("../format/format.zig");
const list = @import("list.zig");
const rows_file = @import("../read/rows.zig");
const store_file = @import("store.zig");

/// Drops the segments that hold nothing but rows before one, so far as they are not dropped.
pub fn dropBefore(comptime System: type, store: *store_file.Store(System), row: u64) store_file.Error!void {
    const header = store.head.header();
    if (store.access == .read) return error.ReadOnly;
    try store.flush();
    if (row >= store.commit.row_count or row < store.commit.first_row or !header.isSegmented()) return error.InvalidArgument;
    var next = try startFrom(store.rowTable(), store.commit, header.capacity_tokens, @intCast(row), @intCast(store.extras.startFrom(row)));
    if (next.first_row > store.commit.first_row) {
        store.extras.dropBefore(next.first_row);
        store.publish(&next);
        // A commit that still counts what is dropped must not come back.
        if (store.access == .write) try store.sync();
    }
    if (store.sync_failed) return error.InputOutput;
    try store.files.drop(store.commit);
    try store.extras.files.drop(store.extras.table());
}

/// The commit that `commit` becomes when no row before `row` has to be kept: every segment that holds nothing else is dropped,
/// and no row that costs no segment. Indices stay as they were. For the segments of extras it starts with `extras_row` or later.
pub fn startFrom(table: rows_file.Table, commit: format.Commit, capacity_tokens: u64, row: usize, extras_row: usize) error{Damaged}!format.Commit {
    var first = @max(table.first_row, extras_row, segmentStart(.rows, row, capacity_tokens));
    const token = segmentStart(.data, table.rows[row], capacity_tokens);
    if (token > commit.first_token) {
        const rows = table.rows[table.first_row .. row + 1];
        first = @max(first, table.first_row + std.sort.lowerBound(u64, rows, token, rows_file.compareNumbers));
    }
    const mark = segmentStart(.marks, table.markOfRow(row), capacity_tokens);
    if (mark > commit.first_mark) first = @max(first, @min(row, table.marks[mark - 1].row + 1));
    var next = commit;
    next.first_row = first;
    next.first_token = table.rows[first];
    next.first_mark = table.markOfRow(first);
    // Row starts come from a file, and by a wrong one more could be dropped than was asked for.
    if (next.first_token < commit.first_token or next.first_token > commit.token_count) return error.Damaged;
    return next;
}

/// The first element of the segment that an element of a file stands in.
fn segmentStart(which: list.Which, element: u64, capacity_tokens: u64) usize {
    return @intCast(element - element % list.chunkElements(which, capacity_tokens, true));
}

const testing = std.testing;

test "the stream starts with the first row that keeps no segment from being dropped" {
    const capacity = 64;
    var rows: [1000]u64 = undefined;
    for (&rows, 0..) |*token, row| token.* = 3 * row;
    const marks = [_]format.Mark{ .{ .row = 5, .type = 0, .kind = .empty_list }, .{ .row = 70, .type = 0, .kind = .empty_list } };
    var table: rows_file.Table = .{ .steps = &@as([1000]i64, @splat(0)), .rows = &rows, .marks = &marks, .token_count = 3000 };
    var commit: format.Commit = .{ .sequence = 1, .token_count = 3000, .row_count = 1000, .mark_count = 2, .last_step = 0 };
    // Row 21 has the last tokens of the first segment, and the first two of the second.
    try testing.expectEqual(0, (try startFrom(table, commit, capacity, 21, 0)).first_row);
    commit = try startFrom(table, commit, capacity, 40, 0);
    try testing.expectEqual(22, commit.first_row);
    try testing.expectEqual(66, commit.first_token);
    try testing.expectEqual(1, commit.first_mark);
    table.first_row = 22;
    table.first_mark = 1;
    try testing.expectEqual(commit, try startFrom(table, commit, capacity, 30, 0));
    // Rows without tokens fill segments of rows.
    @memset(&rows, 66);
    commit = try startFrom(table, commit, capacity, 900, 0);
    try testing.expectEqual(896, commit.first_row);
    try testing.expectEqual(2, commit.first_mark);
}

test "rows of nothing but marks are dropped with the segments of those" {
    const capacity = 64;
    const rows: [40]u64 = @splat(0);
    var marks: [40]format.Mark = undefined;
    for (&marks, 0..) |*mark, row| mark.* = .{ .row = row, .type = 0, .kind = .empty_list };
    const table: rows_file.Table = .{ .steps = &@as([40]i64, @splat(0)), .rows = &rows, .marks = &marks, .token_count = 0 };
    const commit: format.Commit = .{ .sequence = 1, .token_count = 0, .row_count = 40, .mark_count = 40, .last_step = 0 };
    // Four marks are a segment.
    try testing.expectEqual(36, (try startFrom(table, commit, capacity, 39, 0)).first_row);
    try testing.expectEqual(0, (try startFrom(table, commit, capacity, 3, 0)).first_row);
}

test "a row that starts where nothing can is damaged, and nothing is dropped by it" {
    var rows: [40]u64 = undefined;
    for (&rows, 0..) |*token, row| token.* = 100 + 10 * row;
    const table: rows_file.Table = .{ .steps = &@as([40]i64, @splat(0)), .rows = &rows, .marks = &.{}, .token_count = 500 };
    const commit: format.Commit = .{ .sequence = 1, .token_count = 500, .row_count = 40, .first_token = 100, .mark_count = 0, .last_step = 0 };
    // Token 300 is of the segment that begins with 256, which row 16 is the first to start in.
    try testing.expectEqual(16, (try startFrom(table, commit, 64, 20, 0)).first_row);
    for ([_]u64{ 501, std.math.maxInt(u64) }) |start| {
        rows[20] = start;
        try testing.expectError(error.Damaged, startFrom(table, commit, 64, 20, 0));
    }
    rows[20] = 0;
    try testing.expectEqual(commit, try startFrom(table, commit, 64, 20, 0));
}
