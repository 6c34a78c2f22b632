//! Tests of offsets_fill.zig against a plain loop.

const std = @import("std");
const cells = @import("../format/cells.zig");
const extract = @import("../read/extract.zig");
const offsets_fill = @import("offsets_fill.zig");
const Culprit = @import("placement.zig").Culprit;
const Request = offsets_fill.Request;
const fillRows = offsets_fill.fillRows;

const testing = std.testing;
const samples = @import("../testing/sampler.zig");

const offsets_max = 7;
const width_max = 3;
const size_max = samples.batch_size * offsets_max * width_max;

test "rows around anchors are what a plain loop makes of them, at the edges of episodes too" {
    var generator: std.Random.DefaultPrng = .init(12);
    const source = generator.random();
    for (0..6000) |round| {
        errdefer std.debug.print("round {}\n", .{round});
        const sample = samples.Sample.make(source);
        var rows: [samples.batch_size]f64 = undefined;
        var windows: samples.Windows = .make(source, sample.first_row, sample.row_count, 9, 9);
        for (0..windows.count) |i| {
            if (windows.lengths[i] == 0) {
                windows.lengths[i] = 1;
                windows.starts[i] = @floatFromInt(sample.first_row);
            }
            rows[i] = windows.starts[i] + @as(f64, @floatFromInt(source.intRangeLessThan(i32, 0, windows.lengths[i])));
        }
        var offsets: [offsets_max]i32 = undefined;
        const is_range = source.boolean();
        for (&offsets, 0..) |*offset, i| offset.* = if (is_range and i > 0) offsets[i - 1] + 1 else source.intRangeAtMost(i32, -6, 6);
        const field = source.intRangeAtMost(i32, 1, 3);
        const offset_count = source.intRangeAtMost(usize, 1, offsets_max);
        var anchors: offsets_fill.Anchors = .of(&rows, &windows.starts, &windows.lengths, &windows.slots, windows.count, samples.batch_size);
        var listed: [samples.batch_size * offsets_max]f64 = undefined;
        for (listed[0 .. windows.count * offset_count]) |*number| {
            const row: f64 = @floatFromInt(source.intRangeLessThan(usize, sample.first_row, sample.row_count));
            number.* = if (source.boolean()) row else -1 - row;
        }
        if (source.boolean()) anchors.listed = listed[0 .. windows.count * offset_count];
        try expectFilled(&sample, .{
            .anchors = anchors,
            .offsets = offsets[0..offset_count],
            .repeats = source.boolean(),
            .type = field,
            .kind = ([_]cells.Kind{ .float64, .int64, .uint64 })[@intCast(field - 1)],
            .width = source.intRangeAtMost(usize, 1, width_max),
            .truncate = source.boolean(),
            .scale = if (source.boolean()) .{} else .{ .shift = 3, .factor = 0.25 },
        });
    }
}

fn expectFilled(sample: *const samples.Sample, request: Request) !void {
    var values: [size_max]f64 = @splat(77);
    var mask: [size_max]u8 = @splat(7);
    var offset_mask: [samples.batch_size * offsets_max]u8 = @splat(7);
    var wanted = .{ values, mask, offset_mask };
    var culprit: Culprit = .{};
    const filled = fillRows(sample.tokenTable(), sample.first_row, request, .{ .values = .of(.float64, &values), .mask = &mask, .offset_mask = &offset_mask }, &culprit);
    var too_wide = false;
    for (0..request.anchors.rows.len) |window| for (request.offsets, 0..) |offset, i| {
        const anchor = request.anchors.at(window);
        const place = @as(usize, @intCast(request.anchors.slots[window])) * request.offsets.len + i;
        const row = anchor.row + offset;
        const number = if (request.anchors.listed) |listed| listed[window * request.offsets.len + i] else 0;
        const inside = if (request.anchors.listed == null) row >= anchor.start and row < anchor.end else number >= 0;
        wanted[2][place] = @intFromBool(inside);
        for (place * request.width..(place + 1) * request.width) |at| {
            wanted[0][at] = 0;
            wanted[1][at] = 0;
        }
        if (!inside and !request.repeats) continue;
        const taken: usize = if (request.anchors.listed != null) @intFromFloat(if (inside) number else -1 - number) else @intCast(if (inside) row else if (row < anchor.start) anchor.start else anchor.end - 1);
        var count: usize = 0;
        for (@intCast(sample.rows[taken])..sample.rowEnd(taken)) |token| {
            if (sample.types[token] != request.type) continue;
            if (count < request.width) {
                wanted[0][place * request.width + count] = (sample.number(token) - request.scale.shift) * request.scale.factor;
                wanted[1][place * request.width + count] = @intFromBool(inside);
            }
            count += 1;
        }
        if (count > request.width and !request.truncate) too_wide = true;
    };
    if (too_wide) return testing.expectError(error.WidthMismatch, filled);
    try filled;
    try testing.expectEqual(wanted, .{ values, mask, offset_mask });
}

test "anchors that cannot be are refused before anything is written" {
    const table: extract.Table = .{ .types = .{ .words = &.{ 1, 1 } }, .data = .of(.float64, &.{ 0, 0 }), .rows = &.{ 0, 1, 1, 1 } };
    const nan = std.math.nan(f64);
    for ([_]struct { f64, f64, i32, i32 }{ .{ 1, 2, 1, 0 }, .{ 1.5, 1, 2, 0 }, .{ 3, 1, 2, 0 }, .{ nan, 1, 1, 0 }, .{ 1, 1, 4, 0 }, .{ 0, 0, 2, 0 }, .{ 1, 1, 0, 0 }, .{ 1, 1, 1, 1 }, .{ 1, 1, -1, 0 } }) |case| {
        var values: [1]f64 = .{-7};
        var masks: [2]u8 = @splat(7);
        var culprit: Culprit = .{};
        const request: Request = .{ .anchors = .of(&.{case[0]}, &.{case[1]}, &.{case[2]}, &.{case[3]}, 1, 1), .offsets = &.{0}, .repeats = true, .type = 1, .kind = .float64, .width = 1, .truncate = true, .scale = .{} };
        const filled = fillRows(table, 1, request, .{ .values = .of(.float64, &values), .mask = masks[0..1], .offset_mask = masks[1..] }, &culprit);
        try testing.expect(filled == error.OutOfRange or filled == error.InvalidArgument);
        try testing.expectEqual(.{ [1]f64{-7}, [2]u8{ 7, 7 } }, .{ values, masks });
    }
    for ([_]struct { f64, i32 }{ .{ 0, 0 }, .{ 4, 0 }, .{ 1.5, 0 }, .{ nan, 0 }, .{ -1, 0 }, .{ -5, 0 }, .{ -2.5, 0 }, .{ 2, 1 }, .{ 2, -1 } }) |case| {
        var values: [2]f64 = .{ -7, -7 };
        var masks: [4]u8 = @splat(7);
        var culprit: Culprit = .{};
        var anchors: offsets_fill.Anchors = .of(&.{2}, &.{0}, &.{0}, &.{case[1]}, 1, 1);
        anchors.listed = &.{ 2, case[0] };
        const request: Request = .{ .anchors = anchors, .offsets = &.{ 0, 1 }, .repeats = true, .type = 1, .kind = .float64, .width = 1, .truncate = true, .scale = .{} };
        const filled = fillRows(table, 1, request, .{ .values = .of(.float64, &values), .mask = masks[0..2], .offset_mask = masks[2..] }, &culprit);
        try testing.expect(filled == error.OutOfRange or filled == error.InvalidArgument);
        try testing.expectEqual(.{ [2]f64{ -7, -7 }, [4]u8{ 7, 7, 7, 7 } }, .{ values, masks });
    }
}
