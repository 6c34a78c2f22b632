//! What the cells of a store can be, and the numbers that go in and out of those of 64 bits: in these values are appended,
//! and from these they are converted to what a reader asks for. encode.zig makes narrower cells of them, and data.zig has them
//! back.
//!
//! A wide cell of an int64 or uint64 field holds the integer's own bits, one of any other field those of a float64.
//! Every conversion here is exact or an error, and NaN payloads pass through the narrower floats in both directions.

const std = @import("std");

pub const Error = error{Inexact};

/// Number types of arrays that come in and go out. The codes are part of the ABI.
pub const Dtype = enum(u8) {
    float64 = 0,
    float32 = 1,
    float16 = 2,
    int64 = 3,
    uint64 = 4,
    int32 = 5,
    uint32 = 6,
    int16 = 7,
    uint16 = 8,
    int8 = 9,
    uint8 = 10,
    /// One bit a value, least significant first, as Arrow packs them.
    bool = 11,

    pub fn Type(comptime dtype: Dtype) type {
        return switch (dtype) {
            .float64 => f64,
            .float32 => f32,
            .float16 => f16,
            .int64 => i64,
            .uint64 => u64,
            .int32 => i32,
            .uint32 => u32,
            .int16 => i16,
            .uint16 => u16,
            .int8 => i8,
            .uint8 => u8,
            .bool => bool,
        };
    }

    pub fn bits(dtype: Dtype) usize {
        return switch (dtype) {
            inline else => |known| @bitSizeOf(known.Type()),
        };
    }
};

/// What the cells of a store are, and what a field's cells among them are read as: every dtype but bool, by the same codes.
pub const Kind = enum(u8) {
    float64 = 0,
    float32 = 1,
    float16 = 2,
    int64 = 3,
    uint64 = 4,
    int32 = 5,
    uint32 = 6,
    int16 = 7,
    uint16 = 8,
    int8 = 9,
    uint8 = 10,

    pub fn Type(comptime kind: Kind) type {
        return @field(Dtype, @tagName(kind)).Type();
    }

    pub fn bytes(kind: Kind) usize {
        return switch (kind) {
            inline else => |known| @sizeOf(known.Type()),
        };
    }

    /// What its numbers stand in where they are converted.
    pub fn wide(kind: Kind) Wide {
        return switch (kind) {
            .int64 => .int64,
            .uint64 => .uint64,
            else => .float64,
        };
    }
};

/// The three that fill 64 bits.
pub const Wide = enum(u8) {
    float64 = @backingInt(Kind.float64),
    int64 = @backingInt(Kind.int64),
    uint64 = @backingInt(Kind.uint64),
};

/// A field by its type ID, by the `Kind` that its cells are read as, and by the `Wide` in which its values are appended, as
/// it stands in a caller's array.
pub const Field = extern struct {
    type: i32,
    kind: i32,
    wide: i32,

    /// What it is read as in a store whose cells have so many bytes.
    pub fn known(field: Field, width_bytes: usize) error{InvalidArgument}!Kind {
        const kind = std.enums.fromInt(Kind, field.kind) orelse return error.InvalidArgument;
        return if (kind.bytes() == width_bytes) kind else error.InvalidArgument;
    }
};

comptime {
    for (std.enums.values(Kind)) |kind| std.debug.assert(@backingInt(kind) == @backingInt(@field(Dtype, @tagName(kind))));
}

pub inline fn encode(comptime wide: Wide, comptime Source: type, value: Source) Error!u64 {
    return switch (wide) {
        .float64 => @bitCast(try toFloat(Source, value)),
        .int64 => @bitCast(try toInteger(i64, Source, value)),
        .uint64 => try toInteger(u64, Source, value),
    };
}

pub inline fn decode(comptime wide: Wide, comptime Target: type, cell: u64) Error!Target {
    return switch (wide) {
        .float64 => fromNumber(Target, f64, @bitCast(cell)),
        .int64 => fromNumber(Target, i64, @bitCast(cell)),
        .uint64 => fromNumber(Target, u64, cell),
    };
}

/// The nearest float, for readers that want numbers whatever the field holds.
pub inline fn decodeNearest(comptime wide: Wide, comptime Target: type, cell: u64) Target {
    return switch (wide) {
        .float64 => narrow(Target, @bitCast(cell)),
        .int64 => @floatFromInt(@as(i64, @bitCast(cell))),
        .uint64 => @floatFromInt(cell),
    };
}

inline fn fromNumber(comptime Target: type, comptime Source: type, value: Source) Error!Target {
    return switch (Target) {
        // A field's reader chose the narrower float: rounding to it is what was asked for.
        f16, f32 => if (Source == f64) narrow(Target, value) else narrow(Target, try toFloat(Source, value)),
        f64 => toFloat(Source, value),
        bool => if (value == 0) false else if (value == 1) true else error.Inexact,
        else => toInteger(Target, Source, value),
    };
}

inline fn toFloat(comptime Source: type, value: Source) Error!f64 {
    return switch (Source) {
        f64 => value,
        f16, f32 => widen(Source, value),
        bool => @floatFromInt(@intFromBool(value)),
        i64, u64 => {
            const float: f64 = @floatFromInt(value);
            const limit: f64 = if (Source == i64) 0x1p63 else 0x1p64;
            if (float >= limit or @as(Source, @intFromFloat(float)) != value) return error.Inexact;
            return float;
        },
        else => @floatFromInt(value),
    };
}

inline fn toInteger(comptime Target: type, comptime Source: type, value: Source) Error!Target {
    return switch (Source) {
        f64 => {
            const info = @typeInfo(Target).int;
            const limit: f64 = @floatFromInt(@as(u128, std.math.maxInt(Target)) + 1);
            const least: f64 = if (info.signedness == .signed) -limit else 0;
            if (!(value >= least and value < limit) or @trunc(value) != value) return error.Inexact;
            return @intFromFloat(value);
        },
        f16, f32 => toInteger(Target, f64, widen(Source, value)),
        bool => @intFromBool(value),
        else => std.math.cast(Target, value) orelse error.Inexact,
    };
}

fn Bits(comptime Float: type) type {
    return @Int(.unsigned, @bitSizeOf(Float));
}

/// Hardware turns a signalling NaN into a quiet one; this keeps every bit.
pub inline fn widen(comptime Source: type, value: Source) f64 {
    if (value != value) return @bitCast(widenNan(Source, @bitCast(value)));
    return value;
}

pub inline fn narrow(comptime Target: type, value: f64) Target {
    if (Target == f64) return value;
    if (value != value) return @bitCast(narrowNan(Target, @bitCast(value)));
    return @floatCast(value);
}

fn widenNan(comptime Source: type, bits: Bits(Source)) u64 {
    const mantissa_bits = std.math.floatMantissaBits(Source);
    const sign: u64 = bits >> (@bitSizeOf(Source) - 1);
    const mantissa: u64 = bits & ((1 << mantissa_bits) - 1);
    return sign << 63 | @as(u64, 0x7ff) << 52 | mantissa << (52 - mantissa_bits);
}

fn narrowNan(comptime Target: type, bits: u64) Bits(Target) {
    const mantissa_bits = std.math.floatMantissaBits(Target);
    const exponent_bits = std.math.floatExponentBits(Target);
    const sign: Bits(Target) = @intCast(bits >> 63);
    const kept: Bits(Target) = @intCast((bits & ((1 << 52) - 1)) >> (52 - mantissa_bits));
    // A payload that stood only in the bits that are cut must not turn the NaN into an infinity.
    const mantissa = if (kept == 0) @as(Bits(Target), 1) << (mantissa_bits - 1) else kept;
    return sign << (@bitSizeOf(Target) - 1) | ((@as(Bits(Target), 1) << exponent_bits) - 1) << mantissa_bits | mantissa;
}

const testing = std.testing;

test "every float32 and float16 NaN keeps its bits through a float64 cell" {
    for ([_]u32{ 0x7fc00000, 0xffc00001, 0x7f800001, 0xff812345, 0x7fffffff }) |bits| {
        const cell = try encode(.float64, f32, @bitCast(bits));
        const float: f64 = @bitCast(cell);
        try testing.expect(float != float);
        try testing.expectEqual(bits, @as(u32, @bitCast(try decode(.float64, f32, cell))));
    }
    for (0..1 << 16) |bits| {
        const half: f16 = @bitCast(@as(u16, @intCast(bits)));
        const cell = try encode(.float64, f16, half);
        try testing.expectEqual(@as(u16, @intCast(bits)), @as(u16, @bitCast(try decode(.float64, f16, cell))));
    }
}

test "a float64 NaN whose payload does not fit stays a NaN in float32" {
    const narrowed = try decode(.float64, f32, 0x7ff0000000000001);
    try testing.expect(narrowed != narrowed);
}

test "integers that float64 cannot hold are refused" {
    try testing.expectEqual(@as(u64, @bitCast(@as(f64, 0x1p53))), try encode(.float64, i64, 1 << 53));
    try testing.expectError(error.Inexact, encode(.float64, i64, (1 << 53) + 1));
    try testing.expectError(error.Inexact, encode(.float64, i64, std.math.maxInt(i64)));
    try testing.expectError(error.Inexact, encode(.float64, u64, std.math.maxInt(u64)));
    try testing.expectEqual(@as(u64, @bitCast(@as(f64, -0x1p63))), try encode(.float64, i64, std.math.minInt(i64)));
    try testing.expectEqual(@as(u64, @bitCast(@as(f64, 0x1p63))), try encode(.float64, u64, 1 << 63));
}

test "integer cells hold their own bits and refuse what is no integer of theirs" {
    try testing.expectEqual(std.math.maxInt(i64), try decode(.int64, i64, try encode(.int64, i64, std.math.maxInt(i64))));
    try testing.expectEqual(std.math.maxInt(u64), try decode(.uint64, u64, try encode(.uint64, u64, std.math.maxInt(u64))));
    try testing.expectEqual(@as(u64, @bitCast(@as(i64, -3))), try encode(.int64, f32, -3));
    try testing.expectError(error.Inexact, encode(.uint64, i32, -1));
    try testing.expectError(error.Inexact, encode(.int64, u64, 1 << 63));
    try testing.expectError(error.Inexact, encode(.int64, f64, 0.5));
    try testing.expectError(error.Inexact, encode(.int64, f64, std.math.nan(f64)));
    try testing.expectError(error.Inexact, encode(.int64, f64, 0x1p63));
    try testing.expectError(error.Inexact, decode(.float64, u8, try encode(.float64, f64, 256)));
    try testing.expectError(error.Inexact, decode(.float64, bool, try encode(.float64, f64, 2)));
    try testing.expectEqual(@as(i8, -128), try decode(.float64, i8, try encode(.float64, f64, -128)));
}
