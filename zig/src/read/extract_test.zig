//! Tests of extract.zig.

const std = @import("std");
const cells = @import("../format/cells.zig");
const extract_file = @import("extract.zig");
const Data = @import("data.zig").Data;
const Progress = extract_file.Progress;
const Request = extract_file.Request;
const Table = extract_file.Table;
const extract = extract_file.extract;

const testing = std.testing;

test "rows that lack the field lose their bit, the others stand in order" {
    const table: Table = .{ .types = .{ .words = &.{ 0, 5, 5, 0, 0, 5 } }, .data = .of(.float64, &.{ 1, 1, 2, 1, 1, 2 }), .rows = &.{ 0, 3, 4 } };
    var values: [4]f32 = @splat(0);
    var offsets: [4]i32 = undefined;
    var validity = [_]u8{0xff};
    var progress: Progress = undefined;
    const request: Request = .{ .type = 5, .kind = .float64, .dtype = .float32, .width = null, .first_row = 0, .next_row = 0, .end_row = 3, .value_count = 0 };
    const out: extract_file.Out = .{ .values = std.mem.asBytes(&values), .offsets = .{ .small = &offsets }, .validity = &validity };
    try extract(table, request, out, &progress);
    try testing.expectEqual([_]i32{ 0, 2, 2, 3 }, offsets);
    try testing.expectEqual([_]f32{ 1, 2, 2, 0 }, values);
    try testing.expectEqual(0b11111101, validity[0]);
    try testing.expectEqual(1, progress.missing_count);
    try testing.expectEqual(2, progress.count_max);
}

test "extract stops where the room ends and goes on from there" {
    const table: Table = .{ .types = .{ .words = &.{ 1, 1, 1 } }, .data = .of(.float64, &.{ 7, 7, 7 }), .rows = &.{ 0, 1 } };
    var values: [3]f64 = @splat(0);
    var offsets: [3]i64 = undefined;
    var validity = [_]u8{0xff};
    var progress: Progress = undefined;
    var request: Request = .{ .type = 1, .kind = .float64, .dtype = .float64, .width = null, .first_row = 0, .next_row = 0, .end_row = 2, .value_count = 0 };
    try extract(table, request, .{ .values = std.mem.asBytes(values[0..1]), .offsets = .{ .large = &offsets }, .validity = &validity }, &progress);
    try testing.expectEqual(1, progress.next_row);
    request.next_row = progress.next_row;
    request.value_count = progress.value_count;
    try extract(table, request, .{ .values = std.mem.asBytes(&values), .offsets = .{ .large = &offsets }, .validity = &validity }, &progress);
    try testing.expectEqual(2, progress.next_row);
    try testing.expectEqual([_]i64{ 0, 1, 3 }, offsets);
}

test "a row of another width is refused with its number" {
    const table: Table = .{ .types = .{ .words = &.{ 1, 1, 1 } }, .data = .of(.float64, &.{ 0, 0, 0 }), .rows = &.{ 0, 2 } };
    var values: [4]f64 = undefined;
    var validity = [_]u8{0xff};
    var progress: Progress = undefined;
    const request: Request = .{ .type = 1, .kind = .float64, .dtype = .float64, .width = 2, .first_row = 0, .next_row = 0, .end_row = 2, .value_count = 0 };
    try testing.expectError(error.WidthMismatch, extract(table, request, .{ .values = std.mem.asBytes(&values), .validity = &validity }, &progress));
    try testing.expectEqual(1, progress.culprit_row);
}

/// Extracts cells as one row, each to be exact. Returns the first that is not.
fn firstInexact(comptime target: cells.Dtype, data: Data) !?u64 {
    const ones: [200]i32 = @splat(1);
    const table: Table = .{ .types = .{ .words = ones[0..data.len] }, .data = data, .rows = &.{0} };
    var values: [200 * 8]u8 = undefined;
    var validity = [_]u8{0xff};
    var progress: Progress = undefined;
    const request: Request = .{ .type = 1, .kind = data.kind, .dtype = target, .width = data.len, .first_row = 0, .next_row = 0, .end_row = 1, .value_count = 0, .is_exact = true };
    extract(table, request, .{ .values = &values, .validity = &validity }, &progress) catch |err| {
        try testing.expectEqual(error.Inexact, err);
        return progress.culprit_cell;
    };
    return null;
}

test "where values are to be exact, the first that does not give its cell again is refused" {
    const doubles = [_]f64{ 0, -0.0, 0.5, 65504, std.math.inf(f64), std.math.nan(f64), 1024 };
    try testing.expectEqual(null, try firstInexact(.float16, .of(.float64, &doubles)));
    try testing.expectEqual(null, try firstInexact(.float32, .of(.float64, &doubles)));
    try testing.expectEqual(null, try firstInexact(.float32, .of(.float16, &.{ 0.5, -0.0, 65504 })));
    try testing.expectEqual(null, try firstInexact(.float32, .of(.int64, &.{ 16777216, -3 })));
    for ([_]f64{ 0.1, 16777217, 1e300, @bitCast(@as(u64, 0x7ff8000000000001)) }) |double| {
        try testing.expectEqual(@as(u64, @bitCast(double)), try firstInexact(.float32, .of(.float64, &.{ 7, double })));
    }
    for ([_]f64{ 65520, 2049, 0.1 }) |double| {
        try testing.expectEqual(@as(u64, @bitCast(double)), try firstInexact(.float16, .of(.float64, &.{double})));
    }
    try testing.expectEqual(@as(u64, @bitCast(@as(f64, -0.0))), try firstInexact(.int32, .of(.float64, &.{ 1, -0.0, 0.5 })));
    try testing.expectEqual(@as(u64, @bitCast(@as(f64, -0.0))), try firstInexact(.bool, .of(.float64, &.{ 1, 0, 1, -0.0 })));
    try testing.expectEqual(16777217, try firstInexact(.float32, .of(.int64, &.{ 1, 16777217, 1 })));
    // One that is none at all, before and after one that is rounded.
    try testing.expectEqual(@as(u64, @bitCast(@as(f64, 0.5))), try firstInexact(.int8, .of(.float64, &.{ 3, 0.5, -0.0 })));
    try testing.expectEqual(@as(u64, @bitCast(@as(f64, -0.0))), try firstInexact(.int8, .of(.float64, &.{ 3, -0.0, 0.5 })));
}

test "the exact are found among more values than are looked at a time" {
    var singles: [150]f32 = @splat(3);
    try testing.expectEqual(null, try firstInexact(.uint8, .of(.float32, &singles)));
    var doubles: [150]f64 = @splat(3);
    for ([_]usize{ 0, 63, 64, 149 }) |place| {
        singles[place] = -0.0;
        doubles[place] = 0.1;
        try testing.expectEqual(@as(u64, @bitCast(@as(f64, -0.0))), try firstInexact(.uint8, .of(.float32, &singles)));
        try testing.expectEqual(@as(u64, @bitCast(@as(f64, 0.1))), try firstInexact(.float32, .of(.float64, &doubles)));
        singles[place] = 3;
        doubles[place] = 3;
    }
}

test "a damaged row cannot lead to tokens that were dropped" {
    // There is no memory at all: to read any of it would end the tests.
    const nowhere: [*]const u8 = @ptrFromInt(std.heap.page_size_max);
    const table: Table = .{ .types = .{ .bytes = nowhere[0..100] }, .data = .init(nowhere, 100, .float64), .rows = &.{ 5, 95, 5 }, .first_token = 90 };
    try testing.expectError(error.Damaged, table.startOf(0));
    try testing.expectEqual(95, try table.startOf(1));
    try testing.expectEqual(100, try table.startOf(3));
    try testing.expectError(error.Damaged, table.tokensOf(1));
    const request: Request = .{ .type = 5, .kind = .float64, .dtype = .float32, .width = null, .first_row = 0, .next_row = 0, .end_row = 1, .value_count = 0 };
    var values: [4]f32 = undefined;
    var offsets: [4]i32 = undefined;
    var validity = [_]u8{0xff};
    var progress: Progress = undefined;
    const out: extract_file.Out = .{ .values = std.mem.asBytes(&values), .offsets = .{ .small = &offsets }, .validity = &validity };
    try testing.expectError(error.Damaged, extract(table, request, out, &progress));
}

test "rows of any number of values are converted together, and the first bad one is found by its row" {
    var generator: std.Random.DefaultPrng = .init(21);
    const random = generator.random();
    for (0..200) |round| {
        // Type 1 is wanted; a token of type 0 stands before it in each row.
        var types: [4000]i32 = @splat(1);
        var cells_of: [4000]f64 = undefined;
        var rows: [40]u64 = undefined;
        var counts: [40]usize = undefined;
        var expected: [4000]u8 = undefined;
        var row_of: [4000]usize = undefined;
        var token: usize = 0;
        var total: usize = 0;
        const width: ?usize = if (round % 2 == 0) null else 3;
        for (&rows, &counts, 0..) |*start, *count, row| {
            start.* = token;
            types[token] = 0;
            cells_of[token] = 0.5;
            count.* = if (random.uintLessThan(u8, 4) == 0) 0 else if (width) |known| known else random.uintAtMost(usize, if (row % 17 == 0) 600 else 4);
            for (0..count.*) |i| {
                const value = random.int(u8);
                cells_of[token + 1 + i] = @floatFromInt(value);
                expected[if (width) |known| row * known + i else total + i] = value;
                row_of[total + i] = row;
            }
            total += count.*;
            token += 1 + count.*;
        }
        if (total == 0) continue;
        const table: Table = .{ .types = .{ .words = types[0..token] }, .data = .of(.float64, cells_of[0..token]), .rows = &rows };
        var values: [4000]u8 = undefined;
        var offsets: [41]i32 = undefined;
        var validity: [5]u8 = @splat(0xff);
        var progress: Progress = undefined;
        const request: Request = .{ .type = 1, .kind = .float64, .dtype = .uint8, .width = width, .first_row = 0, .next_row = 0, .end_row = 40, .value_count = 0, .is_exact = round % 3 == 0 };
        const out: extract_file.Out = .{ .values = &values, .offsets = if (width == null) .{ .small = &offsets } else .none, .validity = &validity };
        try extract(table, request, out, &progress);
        try testing.expectEqual(total, progress.value_count);
        for (counts, 0..) |count, row| {
            const first = if (width) |known| row * known else @as(usize, @intCast(offsets[row]));
            try testing.expectEqualSlices(u8, expected[first..][0..count], values[first..][0..count]);
        }
        // One that no byte holds, and behind it another, and a row of another width.
        const place = random.uintLessThan(usize, total);
        const bad_row = row_of[place];
        const in_row = place - (std.mem.findScalar(usize, row_of[0..total], bad_row) orelse unreachable);
        cells_of[rows[bad_row] + 1 + in_row] = 256;
        cells_of[token - 1] = 1000;
        if (width != null and bad_row < 39) types[rows[39]] = 1;
        try testing.expectError(error.Inexact, extract(table, request, out, &progress));
        try testing.expectEqual(bad_row, progress.culprit_row);
        try testing.expectEqual(@as(u64, @bitCast(@as(f64, if (place == total - 1 and counts[39] > 0) 1000 else 256))), progress.culprit_cell);
    }
}
