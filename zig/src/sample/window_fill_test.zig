//! Tests of window_fill.zig against a plain loop.

const std = @import("std");
const narrow = @import("../read/narrow.zig");
const placing = @import("placement.zig");
const window_fill = @import("window_fill.zig");
const Culprit = placing.Culprit;
const Error = window_fill.Error;
const Field = window_fill.Field;
const Placement = placing.Placement;
const Request = window_fill.Request;
const Source = @import("source.zig").Source;
const Unit = window_fill.Unit;
const fill = window_fill.fill;

const testing = std.testing;
const samples = @import("../testing/sampler.zig");

const width_max = 12;
const size_max = samples.batch_size * width_max;

test "windows of tokens and of rows are what a plain loop makes of them, padded and cut on either side" {
    var generator: std.Random.DefaultPrng = .init(3);
    const random = generator.random();
    for (0..4000) |round| {
        errdefer std.debug.print("round {}\n", .{round});
        const sample = samples.Sample.make(random);
        const source = sample.windowSource();
        const unit = random.enumValue(Unit);
        const width = random.intRangeAtMost(usize, 1, width_max);
        const first, const end, const length_max = switch (unit) {
            .tokens => .{ source.table.first_token, sample.token_count, width },
            .steps => .{ sample.first_row, sample.row_count, 5 },
        };
        const windows: samples.Windows = .make(random, first, end, length_max, width);
        const scales = [_]Field{ fieldOf(2, 3, 7, 0.5), fieldOf(3, 4, 0, 1), fieldOf(1, 0, -1, 2) };
        const request: Request = .{ .placement = windows.placement(), .unit = unit, .truncate = random.boolean(), .fields = &scales };
        try expectFilled(&sample, source, request);
    }
}

test "many windows are what each of them is alone" {
    var generator: std.Random.DefaultPrng = .init(4);
    const random = generator.random();
    const count = 600;
    for (0..20) |_| {
        const sample = samples.Sample.make(random);
        const source = sample.windowSource();
        var starts: [count]f64 = undefined;
        var lengths: [count]i32 = undefined;
        var slots: [count]i32 = undefined;
        for (&starts, &lengths, &slots, 0..) |*start, *length, *slot, window| {
            const row = random.intRangeLessThan(usize, sample.first_row, sample.row_count);
            start.* = @floatFromInt(row);
            length.* = @intCast(random.uintAtMost(usize, @min(4, sample.row_count - row)));
            slot.* = @intCast(window);
        }
        var placement: Placement = .{ .starts = &starts, .lengths = &lengths, .slots = &slots, .batch_size = count, .width = 3, .side = random.enumValue(placing.Side) };
        var values: [count * 3]f64 = undefined;
        var steps: [count * 3]i64 = undefined;
        var mask: [count * 3]u8 = undefined;
        var filled: [count]i32 = undefined;
        var culprit: Culprit = .{};
        try fill(source, .{ .placement = placement, .unit = .steps, .truncate = true, .fields = &.{} }, .{ .values = .of(.float64, &values), .steps = .{ .int64 = &steps }, .mask = &mask, .lengths = &filled }, &culprit);
        placement.batch_size = 1;
        placement.slots = &.{0};
        for (0..count) |window| {
            placement.starts = starts[window..][0..1];
            placement.lengths = lengths[window..][0..1];
            var values_alone: [3]f64 = undefined;
            var steps_alone: [3]i64 = undefined;
            var mask_alone: [3]u8 = undefined;
            var filled_alone: [1]i32 = undefined;
            try fill(source, .{ .placement = placement, .unit = .steps, .truncate = true, .fields = &.{} }, .{ .values = .of(.float64, &values_alone), .steps = .{ .int64 = &steps_alone }, .mask = &mask_alone, .lengths = &filled_alone }, &culprit);
            try testing.expectEqual(std.mem.asBytes(&values_alone).*, std.mem.asBytes(values[3 * window ..][0..3]).*);
            try testing.expectEqual(steps_alone, steps[3 * window ..][0..3].*);
            try testing.expectEqual(mask_alone, mask[3 * window ..][0..3].*);
            try testing.expectEqual(filled_alone[0], filled[window]);
        }
    }
}

fn fieldOf(type_id: f64, kind: f64, shift: f64, factor: f64) Field {
    return .{ .type = type_id, .kind = kind, .shift = shift, .factor = factor };
}

fn expectFilled(sample: *const samples.Sample, source: Source, request: Request) !void {
    const placement = request.placement;
    var values: [size_max]f64 = @splat(-7);
    var narrowed: [size_max]u16 = @splat(7);
    var types: [size_max]i32 = @splat(-7);
    var steps: [size_max]i64 = @splat(-77);
    var mask: [size_max]u8 = @splat(7);
    var lengths: [samples.batch_size]i32 = @splat(-7);
    const before = .{ values, types, steps, mask, lengths };
    var culprit: Culprit = .{};
    const filled = fill(source, request, .{ .values = .of(.float64, &values), .types = &types, .steps = .{ .int64 = &steps }, .mask = &mask, .lengths = &lengths }, &culprit);
    var wanted = before;
    for (0..placement.starts.len) |window| {
        const slot: usize = @intCast(placement.slots[window]);
        const start, const end = switch (request.unit) {
            .tokens => .{ placement.startOf(window), placement.startOf(window) + placement.lengthOf(window) },
            .steps => .{ rowStart(sample, placement.startOf(window)), rowStart(sample, placement.startOf(window) + placement.lengthOf(window)) },
        };
        if (end - start > placement.width and !request.truncate) {
            try testing.expectError(error.WidthMismatch, filled);
            try testing.expectEqual(Culprit{ .index = window, .count = end - start }, culprit);
            try testing.expectEqual(before, .{ values, types, steps, mask, lengths });
            return;
        }
        const real = @min(end - start, placement.width);
        wanted[4][slot] = @intCast(real);
        for (0..placement.width) |position| {
            const at = slot * placement.width + position;
            const is_left = placement.side == .left;
            const is_real = if (is_left) position < real else position >= placement.width - real;
            const token = if (is_left) start + position else (end + position) -% placement.width;
            wanted[0][at] = if (is_real) scaled(sample, token) else 0;
            wanted[1][at] = if (is_real) sample.types[token] else 0;
            wanted[2][at] = if (is_real) sample.token_steps[token] else 0;
            wanted[3][at] = @intFromBool(is_real);
        }
    }
    try filled;
    try testing.expectEqual(wanted, .{ values, types, steps, mask, lengths });
    var float_steps: [size_max]f64 = @splat(-77);
    try fill(source, request, .{ .values = .of(.bfloat16, &narrowed), .steps = .{ .float64 = &float_steps }, .mask = &mask, .lengths = &lengths }, &culprit);
    for (narrowed, float_steps, wanted[0], wanted[2]) |bits, float_step, value, step| {
        try testing.expectEqual(if (step == -77) 7 else narrow.Float.bfloat16.from(value), bits);
        try testing.expectEqual(@as(f64, @floatFromInt(step)), float_step);
    }
}

fn rowStart(sample: *const samples.Sample, row: usize) usize {
    return if (row < sample.row_count) @intCast(sample.rows[row]) else sample.token_count;
}

fn scaled(sample: *const samples.Sample, token: usize) f64 {
    const number = sample.number(token);
    return switch (sample.types[token]) {
        1 => (number + 1) * 2,
        2 => (number - 7) * 0.5,
        else => number,
    };
}

test "what cannot be filled is refused before anything is written" {
    const rows = [_]u64{ 0, 9, 2 };
    const source: Source = .{ .table = .{ .steps = &.{ 1, 2, 3 }, .rows = &rows, .marks = &.{}, .token_count = 2 }, .types = .{ .words = &.{ 1, 1 } }, .data = .of(.float64, &.{ 0, 0 }) };
    const cases = [_]struct { Unit, f64, i32, Field, Error }{
        .{ .steps, 0, 1, fieldOf(1, 0, 0, 1), error.Damaged },
        .{ .steps, 1, 1, fieldOf(1, 0, 0, 1), error.Damaged },
        .{ .steps, 2, 2, fieldOf(1, 0, 0, 1), error.OutOfRange },
        .{ .tokens, 1, 2, fieldOf(1, 0, 0, 1), error.OutOfRange },
        .{ .tokens, 0, 3, fieldOf(1, 0, 0, 1), error.InvalidArgument },
        .{ .tokens, 0, 2, fieldOf(1, 1, 0, 1), error.InvalidArgument },
        .{ .tokens, 0, 2, fieldOf(0.5, 0, 0, 1), error.InvalidArgument },
        .{ .tokens, 0, 2, fieldOf(1, std.math.nan(f64), 0, 1), error.InvalidArgument },
    };
    for (cases) |case| {
        var values: [4]f64 = @splat(-7);
        var mask: [4]u8 = @splat(7);
        var lengths: [2]i32 = @splat(-7);
        var culprit: Culprit = .{};
        const request: Request = .{
            .placement = .{ .starts = &.{ 0, case[1] }, .lengths = &.{ 0, case[2] }, .slots = &.{ 0, 1 }, .batch_size = 2, .width = 2, .side = .left },
            .unit = case[0],
            .truncate = false,
            .fields = &.{case[3]},
        };
        try testing.expectError(case[4], fill(source, request, .{ .values = .of(.float64, &values), .mask = &mask, .lengths = &lengths }, &culprit));
        try testing.expectEqual(@as([4]f64, @splat(-7)), values);
        try testing.expectEqual(@as([4]u8, @splat(7)), mask);
        try testing.expectEqual(@as([2]i32, @splat(-7)), lengths);
    }
}
