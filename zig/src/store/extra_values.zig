//! Which value of an extra is a row's, and where it stands: plain work on its ends.

const std = @import("std");
const layout = @import("../format/extras.zig");

const Counts = layout.Counts;
const End = layout.End;

/// Where a value begins, or the next one would.
pub fn startOf(counts: Counts, ends: []const End, value: usize) u64 {
    return if (value > 0) ends[value - 1].end else counts.first_byte;
}

/// Rows rise: so the value of a row stands as far behind the first as its number says, or before that where rows between them
/// have none.
pub fn findRow(ends: []const End, row: u64) ?usize {
    if (ends.len == 0 or row < ends[0].row) return null;
    var to: usize = @intCast(@min(row - ends[0].row +| 1, ends.len));
    if (ends[to - 1].row == row) return to - 1;
    var from: usize = 0;
    while (from < to) {
        const middle = from + (to - from) / 2;
        if (ends[middle].row < row) from = middle + 1 else to = middle;
    }
    return if (from < ends.len and ends[from].row == row) from else null;
}

test "the value of a row is found wherever rows have none" {
    const ends = [_]End{ .{ .row = 1, .end = 1 }, .{ .row = 2, .end = 2 }, .{ .row = 5, .end = 3 }, .{ .row = 90, .end = 4 } };
    for (0..100) |row| {
        const expected: ?usize = for (ends, 0..) |end, index| {
            if (end.row == row) break index;
        } else null;
        for (0..ends.len + 1) |count| {
            const wanted = if (expected) |index| if (index < count) expected else null else null;
            try std.testing.expectEqual(wanted, findRow(ends[0..count], row));
        }
    }
    try std.testing.expectEqual(null, findRow(&ends, std.math.maxInt(u64)));
}
