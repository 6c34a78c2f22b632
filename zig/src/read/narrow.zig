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

    /// Both slices have the same length.
    pub inline fn convert(scale: Scale, comptime wide: Wide, comptime float: Float, comptime is_scaled: bool, to: []float.Element(), from: []const u64) void {
        const lanes = 4;
        var at: usize = 0;
        while (at + lanes <= from.len) : (at += lanes) {
            to[at..][0..lanes].* = scale.convertMany(wide, float, is_scaled, lanes, from[at..][0..lanes].*);
        }
        while (at < from.len) : (at += 1) to[at..][0..1].* = scale.convertMany(wide, float, is_scaled, 1, from[at..][0..1].*);
    }

    /// The same of a field's cells, with everything but the output's type known only now: one piece of code for whatever is
    /// not copied as it is, since each of its 24 loops costs half a kilobyte wherever it is inlined.
    pub noinline fn convertAny(scale: Scale, kind: Kind, comptime float: Float, to: []float.Element(), from: Data) void {
        var widening: data_file.Widening = .of(from, kind);
        var at: usize = 0;
        while (true) {
            const piece = widening.next();
            if (piece.len == 0) return;
            switch (kind.wide()) {
                inline else => |wide| if (scale.isNone())
                    scale.convert(wide, float, false, to[at..][0..piece.len], piece)
                else
                    scale.convert(wide, float, true, to[at..][0..piece.len], piece),
            }
            at += piece.len;
        }
    }

    inline fn convertMany(scale: Scale, comptime wide: Wide, comptime float: Float, comptime is_scaled: bool, comptime count: comptime_int, from: @Vector(count, u64)) @Vector(count, float.Element()) {
        const numbers = toNumbers(wide, f64, count, from);
        if (is_scaled) return float.fromMany(count, (numbers - @as(@Vector(count, f64), @splat(scale.shift))) * @as(@Vector(count, f64), @splat(scale.factor)));
        // Like in `gather`, integers are rounded once, and not to float64 first.
        if (float == .float32) return toNumbers(wide, f32, count, from);
        if (wide == .float64 or float == .float64) return float.fromMany(count, numbers);
        var odd: [count]f64 = undefined;
        for (&odd, @as([count]u64, from)) |*to, cell| to.* = toOdd(wide, cell);
        return float.fromMany(count, odd);
    }
};

/// The numbers of a field's cells as they are. Both have the same length.
pub inline fn copyNumbers(comptime float: Float, to: []float.Element(), from: Data, kind: Kind) void {
    if (@backingInt(kind) != @backingInt(float)) return (Scale{}).convertAny(kind, float, to, from);
    if (float == .bfloat16) unreachable else @memcpy(to, from.as(float.Element()));
}

inline fn toNumbers(comptime wide: Wide, comptime Number: type, comptime count: comptime_int, from: @Vector(count, u64)) @Vector(count, Number) {
    return switch (wide) {
        .float64 => @floatCast(@as(@Vector(count, f64), @bitCast(from))),
        .int64 => @floatFromInt(@as(@Vector(count, i64), @bitCast(from))),
        .uint64 => @floatFromInt(from),
    };
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
    scale.convert(.int64, .float32, true, &singles, &@as([5]u64, @splat(@bitCast(@as(i64, -3)))));
    try testing.expectEqual(@as([5]f32, @splat(-6.5)), singles);
    var doubles: [5]f64 = undefined;
    scale.convert(.float64, .float64, true, &doubles, &@as([5]u64, @splat(0)));
    try testing.expectEqual(@as([5]f64, @splat(-5)), doubles);
    var halves: [5]u16 = undefined;
    scale.convert(.uint64, .bfloat16, true, &halves, &@as([5]u64, @splat(12)));
    try testing.expectEqual(@as([5]u16, @splat(0x3f80)), halves);
    // By way of float64 it would be rounded twice, and down.
    scale.convert(.int64, .float32, false, &singles, &@as([5]u64, @splat((1 << 60) + (1 << 36) + 1)));
    try testing.expectEqual(@as([5]f32, @splat(0x1p60 + 0x1p37)), singles);
}

test "integers beyond 2^53 are rounded once" {
    const above: i64 = (1 << 62) + (1 << 54) + 1;
    var out: [3]u16 = undefined;
    (Scale{}).convertAny(.int64, .bfloat16, &out, .of(.int64, &.{ above, -above, above - 1 }));
    try testing.expectEqual([_]u16{ 24193, 24193 | 0x8000, 24192 }, out);
    (Scale{}).convertAny(.uint64, .bfloat16, out[0..1], .of(.uint64, &.{std.math.maxInt(u64)}));
    try testing.expectEqual(0x5f80, out[0]);
}
