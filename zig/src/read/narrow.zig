//! Cells as the floats that a trainer takes, several at a time.

const std = @import("std");
const data_file = @import("data.zig");
const Data = data_file.Data;
const Kind = @import("../format/cells.zig").Kind;
const Wide = @import("../format/cells.zig").Wide;

pub const Float = enum(u8) {
    float64 = @backingInt(Kind.float64),
    float32 = @backingInt(Kind.float32),
    float16 = @backingInt(Kind.float16),
    /// Cells are none.
    bfloat16 = std.math.maxInt(u8),

    /// The narrow two are bit patterns: not every runtime has a type for them.
    pub fn Element(comptime float: Float) type {
        return switch (float) {
            .float64 => f64,
            .float32 => f32,
            .float16, .bfloat16 => u16,
        };
    }

    /// The nearest one, of two that are as near the even one. NaN stays NaN, what is too large becomes infinite.
    pub inline fn from(comptime float: Float, value: f64) float.Element() {
        return float.fromMany(1, @splat(value))[0];
    }

    inline fn fromMany(comptime float: Float, comptime count: comptime_int, values: @Vector(count, f64)) @Vector(count, float.Element()) {
        return switch (float) {
            .float64 => values,
            .float32 => @floatCast(values),
            .float16 => toFloat16(count, values),
            .bfloat16 => @truncate(round(-126, 7, count, values) >> @splat(16)),
        };
    }
};

/// What is done to the numbers of a field: (number - shift) * factor.
pub const Scale = struct {
    shift: f64 = 0,
    factor: f64 = 1,

    pub fn isNone(scale: Scale) bool {
        return scale.shift == 0 and scale.factor == 1;
    }

    /// A field's cells as floats, with everything but the output's type known only now: one piece of code for whatever is not
    /// copied as it is. Both have the same length.
    pub noinline fn convertAny(scale: Scale, kind: Kind, comptime float: Float, to: []float.Element(), from: Data) void {
        const is_rounded_once = scale.isNone() and float != .float64;
        var widening: data_file.Widening = .of(from, kind);
        var stage: [data_file.stage_cells]f64 = undefined;
        var at: usize = 0;
        while (true) {
            const piece = widening.next();
            if (piece.len == 0) return;
            var done: usize = 0;
            while (done < piece.len) {
                const count = @min(stage.len, piece.len - done);
                const numbers = toNumbers(kind.wide(), is_rounded_once, stage[0..count], piece[done..][0..count]);
                if (scale.isNone()) scale.narrow(float, false, to[at..][0..count], numbers) else scale.narrow(float, true, to[at..][0..count], numbers);
                at += count;
                done += count;
            }
        }
    }

    /// Both slices have the same length.
    pub inline fn narrow(scale: Scale, comptime float: Float, comptime is_scaled: bool, to: []float.Element(), from: []const f64) void {
        const lanes = 4;
        var at: usize = 0;
        while (at + lanes <= from.len) : (at += lanes) to[at..][0..lanes].* = scale.narrowMany(float, is_scaled, lanes, from[at..][0..lanes].*);
        while (at < from.len) : (at += 1) to[at..][0..1].* = scale.narrowMany(float, is_scaled, 1, from[at..][0..1].*);
    }

    inline fn narrowMany(scale: Scale, comptime float: Float, comptime is_scaled: bool, comptime count: comptime_int, numbers: @Vector(count, f64)) @Vector(count, float.Element()) {
        const Float64 = @Vector(count, f64);
        return float.fromMany(count, if (is_scaled) (numbers - @as(Float64, @splat(scale.shift))) * @as(Float64, @splat(scale.factor)) else numbers);
    }
};

/// The numbers of a field's cells as they are. Both have the same length.
pub inline fn copyNumbers(comptime float: Float, to: []float.Element(), from: Data, kind: Kind) void {
    if (@backingInt(kind) != @backingInt(float)) return (Scale{}).convertAny(kind, float, to, from);
    if (float == .bfloat16) unreachable else @memcpy(to, from.as(float.Element()));
}

/// The numbers of cells, in `stage` where they are not float64. Those that are to be rounded once more are not rounded to
/// the nearest here.
noinline fn toNumbers(wide: Wide, is_rounded_once: bool, stage: []f64, from: []const u64) []const f64 {
    switch (wide) {
        .float64 => return @ptrCast(from),
        inline else => |known| if (is_rounded_once) {
            for (stage, from) |*to, cell| to.* = toOdd(known, cell);
        } else {
            for (stage, from) |*to, cell| to.* = if (known == .int64) @floatFromInt(@as(i64, @bitCast(cell))) else @floatFromInt(cell);
        },
    }
    return stage;
}

/// Of the two floats that an integer beyond 2^53 lies between, the one whose last bit is odd: from it a narrower float is
/// rounded as from the integer itself (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
fn toOdd(comptime wide: Wide, cell: u64) f64 {
    const is_negative = wide == .int64 and @as(i64, @bitCast(cell)) < 0;
    const magnitude = if (is_negative) 0 -% cell else cell;
    const excess: u6 = @intCast(11 -| @as(u32, @clz(magnitude)));
    const kept = magnitude >> excess;
    const rest = @intFromBool(kept << excess != magnitude);
    const float = @as(f64, @floatFromInt(kept | rest)) * @as(f64, @floatFromInt(@as(u64, 1) << excess));
    return if (is_negative) -float else float;
}

/// Rounds in float64: adding a number so much larger that its last bit is the last one to keep, and taking it away
/// again, is exact otherwise. What is left fits into the narrow type, and so into float32, which has fewer bits to move.
inline fn round(comptime exponent_min: comptime_int, comptime mantissa_bits: comptime_int, comptime count: comptime_int, values: @Vector(count, f64)) @Vector(count, u32) {
    const Float64 = @Vector(count, f64);
    const Bits64 = @Vector(count, u64);
    const Bits32 = @Vector(count, u32);
    const larger = 52 - mantissa_bits;
    const bits: Bits64 = @bitCast(values);
    const exponents = bits & @as(Bits64, @splat(0x7ff << 52));
    const half: Bits64 = @splat(1 << 51);
    const large: Float64 = @bitCast((exponents +% @as(Bits64, @splat(larger << 52))) | half);
    // Subnormals all end with the same bit. What is far too large needs no rounding, and the sum of exponents may have
    // gone beyond all that there are.
    const least: Float64 = @splat(comptime std.math.ldexp(@as(f64, 1.5), exponent_min + larger));
    const most: Float64 = @splat(0x1p1000);
    const raised = @select(f64, large > least, large, least);
    const bounded = @select(f64, raised < most, raised, most);
    const rounded: @Vector(count, f32) = @floatCast((values + bounded) - bounded);
    // Zero has lost its sign.
    const signs = @as(Bits32, @truncate(bits >> @splat(32))) & @as(Bits32, @splat(0x80000000));
    return signs | (@as(Bits32, @bitCast(rounded)) & @as(Bits32, @splat(0x7fffffff)));
}

pub inline fn toFloat16(comptime count: comptime_int, values: @Vector(count, f64)) @Vector(count, u16) {
    const Bits = @Vector(count, u32);
    const bits = round(-14, 10, count, values);
    const magnitude = bits & @as(Bits, @splat(0x7fffffff));
    const moved = magnitude >> @splat(13);
    // The exponents' biases are 127 and 15.
    const normal = moved -% @as(Bits, @splat(112 << 10));
    // The last bit of 0.5 is worth as much as the smallest subnormal.
    const lifted = @as(@Vector(count, f32), @bitCast(magnitude)) + @as(@Vector(count, f32), @splat(0.5));
    const subnormal = @as(Bits, @bitCast(lifted)) -% @as(Bits, @splat(0x3f000000));
    const infinity: Bits = @splat(0x7c00);
    const nan = (moved & @as(Bits, @splat(0x1ff))) | @as(Bits, @splat(0x7e00));
    var result = @select(u32, magnitude < @as(Bits, @splat(113 << 23)), subnormal, normal);
    result = @select(u32, magnitude < @as(Bits, @splat(143 << 23)), result, infinity);
    result = @select(u32, magnitude > @as(Bits, @splat(0x7f800000)), nan, result);
    return @truncate(result | (bits >> @splat(16) & @as(Bits, @splat(0x8000))));
}

const testing = std.testing;

fn widen(comptime float: Float, bits: u16) f64 {
    return switch (float) {
        .float16 => @as(f16, @bitCast(bits)),
        .bfloat16 => @as(f32, @bitCast(@as(u32, bits) << 16)),
        else => unreachable,
    };
}

test "every float16 and bfloat16 comes back, and what lies between two of them goes to the nearer or the even one" {
    inline for (.{ Float.float16, Float.bfloat16 }) |float| {
        const infinity: u16 = if (float == .float16) 0x7c00 else 0x7f80;
        for (0..infinity) |number| {
            const bits: u16 = @intCast(number);
            const value = widen(float, bits);
            try testing.expectEqual(bits, float.from(value));
            try testing.expectEqual(bits | 0x8000, float.from(-value));
            // Infinity stands where the next power of two would.
            const next = if (bits + 1 < infinity) widen(float, bits + 1) else value + (value - widen(float, bits - 1));
            const middle = value + (next - value) / 2;
            try testing.expectEqual(bits + bits % 2, float.from(middle));
            try testing.expectEqual(bits, float.from(std.math.nextAfter(f64, middle, 0)));
            try testing.expectEqual(bits + 1, float.from(std.math.nextAfter(f64, middle, next)));
        }
        try testing.expectEqual(infinity, float.from(std.math.inf(f64)));
        try testing.expectEqual(infinity | 0x8000, float.from(-std.math.floatMax(f64)));
        try testing.expectEqual(0, float.from(5e-324));
        for ([_]u64{ 0x7ff8000000000000, 0x7ff0000000000001, 0xffffffffffffffff }) |nan| {
            const narrowed = widen(float, float.from(@bitCast(nan)));
            try testing.expect(narrowed != narrowed);
        }
    }
}

test "float16 is what the compiler makes of a float64" {
    var generator: std.Random.DefaultPrng = .init(1);
    for (0..200_000) |_| {
        const exponent = generator.random().intRangeAtMost(u64, 1023 - 27, 1023 + 17);
        const value: f64 = @bitCast(exponent << 52 | generator.random().int(u52));
        try testing.expectEqual(@as(u16, @bitCast(@as(f16, @floatCast(value)))), Float.float16.from(value));
    }
}

test "cells are converted by their kind and scaled in float64" {
    const scale: Scale = .{ .shift = 10, .factor = 0.5 };
    // Five: a group of four, and one alone.
    var singles: [5]f32 = undefined;
    scale.convertAny(.int64, .float32, &singles, .of(.int64, &@as([5]i64, @splat(-3))));
    try testing.expectEqual(@as([5]f32, @splat(-6.5)), singles);
    var doubles: [5]f64 = undefined;
    scale.convertAny(.float64, .float64, &doubles, .of(.float64, &@as([5]f64, @splat(0))));
    try testing.expectEqual(@as([5]f64, @splat(-5)), doubles);
    var halves: [5]u16 = undefined;
    scale.convertAny(.uint64, .bfloat16, &halves, .of(.uint64, &@as([5]u64, @splat(12))));
    try testing.expectEqual(@as([5]u16, @splat(0x3f80)), halves);
    // By way of float64 it would be rounded twice, and down.
    (Scale{}).convertAny(.int64, .float32, &singles, .of(.int64, &@as([5]i64, @splat((1 << 60) + (1 << 36) + 1))));
    try testing.expectEqual(@as([5]f32, @splat(0x1p60 + 0x1p37)), singles);
}

test "more cells than are converted at a time" {
    var integers: [150]i64 = undefined;
    var bytes: [150]u8 = undefined;
    for (&integers, &bytes, 0..) |*integer, *byte, i| {
        integer.* = @as(i64, @intCast(i)) - 70;
        byte.* = @intCast(i);
    }
    var singles: [150]f32 = undefined;
    (Scale{ .shift = 1, .factor = 2 }).convertAny(.int64, .float32, &singles, .of(.int64, &integers));
    for (singles, 0..) |single, i| try testing.expectEqual((@as(f32, @floatFromInt(i)) - 71) * 2, single);
    (Scale{}).convertAny(.uint8, .float32, &singles, .of(.uint8, &bytes));
    for (singles, 0..) |single, i| try testing.expectEqual(@as(f32, @floatFromInt(i)), single);
}

test "integers beyond 2^53 are rounded once" {
    const above: i64 = (1 << 62) + (1 << 54) + 1;
    var out: [3]u16 = undefined;
    (Scale{}).convertAny(.int64, .bfloat16, &out, .of(.int64, &.{ above, -above, above - 1 }));
    try testing.expectEqual([_]u16{ 24193, 24193 | 0x8000, 24192 }, out);
    (Scale{}).convertAny(.uint64, .bfloat16, out[0..1], .of(.uint64, &.{std.math.maxInt(u64)}));
    try testing.expectEqual(0x5f80, out[0]);
}
