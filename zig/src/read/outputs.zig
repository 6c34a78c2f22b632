//! Cells as the numbers of a batch, whose dtype is known only when it is asked for: as they are, as the nearest float, or as
//! integers where they are some.

const std = @import("std");
const cells = @import("../format/cells.zig");
const converters = @import("converters.zig");
const data_file = @import("data.zig");
const narrow = @import("narrow.zig");
const Data = data_file.Data;
const Kind = cells.Kind;

/// What the numbers of a batch are. The codes are part of the ABI.
pub const Output = enum(u4) {
    none,
    float64,
    float32,
    float16,
    bfloat16,
    uint8,
    uint16,
    int32,
    int64,
    _,

    pub fn bytes(output: Output) usize {
        return switch (output) {
            .none, _ => 0,
            .uint8 => 1,
            .float16, .bfloat16, .uint16 => 2,
            .float32, .int32 => 4,
            .float64, .int64 => 8,
        };
    }

    pub fn isInteger(output: Output) bool {
        return switch (output) {
            .uint8, .uint16, .int32, .int64 => true,
            else => false,
        };
    }

    /// The cells that are such numbers already.
    fn kind(output: Output) ?Kind {
        return switch (output) {
            .none, .bfloat16, _ => null,
            inline else => |known| @field(Kind, @tagName(known)),
        };
    }
};

/// The first of some cells that is no number of the output: its bits, and its place among them.
pub const Misfit = converters.Misfit;

/// How a field's cells become the numbers of a batch.
pub const Conversion = struct {
    kind: Kind,
    output: Output,
    scale: narrow.Scale,
    run: *const fn (conversion: *const Conversion, to: [*]u8, from: Data, misfit: *Misfit) error{Inexact}!void,
    integers: converters.Converter = undefined,

    /// Integers are none any more once they are scaled.
    pub fn init(kind: Kind, output: Output, scale: narrow.Scale) error{InvalidArgument}!Conversion {
        var conversion: Conversion = .{ .kind = kind, .output = output, .scale = scale, .run = undefined };
        switch (output) {
            .none, _ => return error.InvalidArgument,
            inline .float64, .float32, .float16, .bfloat16 => |known| conversion.run = Rounding(@field(narrow.Float, @tagName(known))).run,
            inline else => |known| {
                if (!scale.isNone()) return error.InvalidArgument;
                conversion.integers = converters.converterOf(kind.wide(), @field(cells.Dtype, @tagName(known)));
                conversion.run = runIntegers;
            },
        }
        return conversion;
    }

    pub fn way(conversion: *const Conversion) Way {
        if (!conversion.scale.isNone()) return .converted;
        if (conversion.kind == conversion.output.kind()) return .copied;
        return if (conversion.kind == .float64 and conversion.output == .float32) .float32 else .converted;
    }

    /// What copies the values of rows: the way of it is asked for once.
    pub fn taker(conversion: *const Conversion) Taker {
        return switch (conversion.way()) {
            inline else => |known| Taking(known).run,
        };
    }

    /// The cells of a window, of which there are many.
    pub fn copy(conversion: *const Conversion, to: [*]u8, from: Data, misfit: *Misfit) error{Inexact}!void {
        if (conversion.scale.isNone() and conversion.kind == conversion.output.kind()) {
            const bytes = from.bytes(0, from.len);
            @memcpy(to[0..bytes.len], bytes);
        } else try conversion.run(conversion, to, from, misfit);
    }

    fn runIntegers(conversion: *const Conversion, to: [*]u8, from: Data, misfit: *Misfit) error{Inexact}!void {
        const values = to[0 .. from.len * conversion.output.bytes()];
        return conversion.integers(conversion.kind, values, 0, from, misfit);
    }
};

fn Rounding(comptime float: narrow.Float) type {
    return struct {
        fn run(conversion: *const Conversion, to: [*]u8, from: Data, _: *Misfit) error{Inexact}!void {
            conversion.scale.convertAny(conversion.kind, float, elements(float.Element(), to, from.len), from);
        }
    };
}

/// What is known of a conversion before the loop over rows: that bytes are copied, or float64 rounded to float32, as trainers
/// mostly take it, so that neither is a call for each of them.
pub const Way = enum { copied, float32, converted };

/// The values of a row, of which there are few.
inline fn take(comptime way: Way, conversion: *const Conversion, to: [*]u8, from: Data, misfit: *Misfit) error{Inexact}!void {
    switch (way) {
        .copied => copyBytes(to, from.bytes(0, from.len)),
        .converted => try conversion.run(conversion, to, from, misfit),
        .float32 => toFloat32(to, from.address, from.len),
    }
}

/// So many float64 cells, each as the nearest float32.
pub inline fn toFloat32(to: [*]u8, from: [*]const u8, count: usize) void {
    const numbers: [*]const f64 = @ptrCast(@alignCast(from));
    narrow.Scale.narrow(.{}, .float32, false, elements(f32, to, count), numbers[0..count]);
}

/// The values of a field in rows that are alike, and where they go.
pub const Rows = struct {
    /// Those of the first row.
    from: Data,
    /// How far the values of a row are from those of the row before.
    from_row_bytes: usize,
    to: [*]u8,
    to_row_bytes: usize,
    row_count: usize,
    /// The first value that the output does not hold, and the place of its row.
    misfit: Misfit = .{},
    misfit_row: usize = 0,
};

pub const Taker = *const fn (conversion: *const Conversion, rows: *Rows) error{Inexact}!void;

fn Taking(comptime known: Way) type {
    return struct {
        fn run(conversion: *const Conversion, rows: *Rows) error{Inexact}!void {
            var from = rows.from;
            var to = rows.to;
            for (0..rows.row_count) |row| {
                rows.misfit_row = row;
                try take(known, conversion, to, from, &rows.misfit);
                from.address += rows.from_row_bytes;
                to += rows.to_row_bytes;
            }
        }
    };
}

/// Rows have few values, for which a call that copies bytes takes longer. What is left of lines is copied by pieces that
/// lie over each other.
pub inline fn copyBytes(to: [*]u8, from: []const u8) void {
    var at: usize = 0;
    while (at + 16 <= from.len) : (at += 16) copyPiece(16, to, from, at);
    if (at == from.len) return;
    if (from.len >= 16) return copyPiece(16, to, from, from.len - 16);
    inline for (.{ 8, 4, 2 }) |size| if (from.len >= size) {
        copyPiece(size, to, from, 0);
        return copyPiece(size, to, from, from.len - size);
    };
    to[0] = from[0];
}

inline fn copyPiece(comptime size: comptime_int, to: [*]u8, from: []const u8, at: usize) void {
    to[at..][0..size].* = @as(@Vector(size, u8), from[at..][0..size].*);
}

inline fn elements(comptime Element: type, bytes: [*]u8, count: usize) []Element {
    return @as([*]Element, @ptrCast(@alignCast(bytes)))[0..count];
}

const testing = std.testing;

test "cells of every kind become integers, or are named where they are none" {
    const cases = [_]struct { Data, Output, []const u8, ?Misfit }{
        .{ .of(.float64, &.{ @bitCast(@as(f64, 7)), @bitCast(@as(f64, -0.0)) }), .uint8, &.{ 7, 0 }, null },
        .{ .of(.float64, &.{ @bitCast(@as(f64, 7)), @bitCast(@as(f64, 256)) }), .uint8, &.{}, .{ .at = 1, .cell = @bitCast(@as(f64, 256)) } },
        .{ .of(.float64, &.{@bitCast(@as(f64, 0.5))}), .int64, &.{}, .{ .cell = @bitCast(@as(f64, 0.5)) } },
        .{ .of(.float32, &.{std.math.nan(f32)}), .int32, &.{}, .{ .cell = 0x7ff8000000000000 } },
        .{ .of(.uint16, &.{ 258, 65535 }), .uint16, &.{ 2, 1, 255, 255 }, null },
        .{ .of(.int16, &.{ 258, -1 }), .uint16, &.{}, .{ .at = 1, .cell = @bitCast(@as(f64, -1)) } },
        .{ .of(.int8, &.{-2}), .int32, &.{ 254, 255, 255, 255 }, null },
        .{ .of(.int64, &.{@bitCast(@as(i64, -2))}), .int64, &.{ 254, 255, 255, 255, 255, 255, 255, 255 }, null },
        .{ .of(.uint64, &.{1 << 63}), .int64, &.{}, .{ .cell = 1 << 63 } },
        .{ .of(.uint64, &.{(1 << 53) + 1}), .int64, &.{ 1, 0, 0, 0, 0, 0, 32, 0 }, null },
    };
    for (cases) |case| {
        const data, const output, const wanted, const wrong = case;
        const conversion: Conversion = try .init(data.kind, output, .{});
        var bytes: [16]u8 align(8) = undefined;
        var misfit: Misfit = .{};
        const copied = conversion.copy(&bytes, data, &misfit);
        const taken = switch (conversion.way()) {
            inline else => |way| take(way, &conversion, &bytes, data, &misfit),
        };
        for ([_]error{Inexact}!void{ copied, taken }) |result| {
            if (wrong == null) try result else try testing.expectError(error.Inexact, result);
        }
        if (wrong) |known| try testing.expectEqual(known, misfit) else try testing.expectEqualSlices(u8, wanted, bytes[0..wanted.len]);
    }
    try testing.expectError(error.InvalidArgument, Conversion.init(.float64, .int32, .{ .shift = 1 }));
}
