//! Arguments of the C ABI that come as arrays of float64, read into what they stand for and checked.

const std = @import("std");
const cells = @import("../format/cells.zig");
const bits = @import("../format/bits.zig");
const batch = @import("../store/batch.zig");
const extract = @import("../read/extract.zig");
const gather = @import("../read/gather.zig");

pub const Error = error{InvalidArgument};

pub fn to(comptime Integer: type, number: f64) Error!Integer {
    const limit: f64 = @floatFromInt(@as(u128, std.math.maxInt(Integer)) + 1);
    const least: f64 = if (@typeInfo(Integer).int.signedness == .signed) -limit else 0;
    if (!(number >= least and number < limit) or @trunc(number) != number) return error.InvalidArgument;
    return @intFromFloat(number);
}

fn length(number: f64) Error!usize {
    return try to(u48, number);
}

fn toEnum(comptime Enum: type, number: f64) Error!Enum {
    return std.enums.fromInt(Enum, try to(u8, number)) orelse error.InvalidArgument;
}

/// A negative number stands for none.
fn optional(number: f64) Error!?usize {
    return if (number < 0) null else try length(number);
}

pub const source_length = 15;

/// type, kind, dtype, width or -1, first row, first value, bytes of values, bytes of one offset (0, 4, 8), count of
/// offsets, first bit and bytes of validity (-1: all valid), first bit and bytes of value validity (-1: all valid),
/// 1 for NaN in the place of a null value, 1 to mark the field as a list
pub fn source(from: *const [source_length]f64, values: [*]const u8, offsets: [*]const u8, validity: [*]const u8, value_validity: [*]const u8) Error!batch.Source {
    const offset_count = try length(from[8]);
    return .{
        .type = try to(i32, from[0]),
        .kind = try toEnum(cells.Kind, from[1]),
        .dtype = try toEnum(cells.Dtype, from[2]),
        .width = try optional(from[3]),
        .first_row = try length(from[4]),
        .first_value = try length(from[5]),
        .values = values[0..try length(from[6])],
        .offsets = switch (try to(u8, from[7])) {
            0 => .none,
            4 => .{ .small = @as([*]align(1) const i32, @ptrCast(offsets))[0..offset_count] },
            8 => .{ .large = @as([*]align(1) const i64, @ptrCast(offsets))[0..offset_count] },
            else => return error.InvalidArgument,
        },
        .validity = try bitmap(validity, from[9], from[10]),
        .value_validity = try bitmap(value_validity, from[11], from[12]),
        .nan_for_null = from[13] != 0,
        .marks_list = from[14] != 0,
    };
}

fn bitmap(bytes: [*]const u8, first_bit: f64, byte_count: f64) Error!bits.Validity {
    const first = try optional(first_bit) orelse return .{};
    return .{ .bytes = bytes[0..try length(byte_count)], .first_bit = first, .all = false };
}

pub const request_length = 13;

/// type, kind, dtype, width or -1, first row, next row, end row, values so far, bytes of values, bytes of one offset
/// (0, 4, 8), count of offsets, bytes of validity, 1 to refuse what would be rounded
pub fn request(from: *const [request_length]f64, values: [*]u8, offsets: [*]u8, validity: [*]u8, out: *extract.Out) Error!extract.Request {
    const offset_count = try length(from[10]);
    out.* = .{
        .values = values[0..try length(from[8])],
        .offsets = switch (try to(u8, from[9])) {
            0 => .none,
            4 => .{ .small = @as([*]align(1) i32, @ptrCast(offsets))[0..offset_count] },
            8 => .{ .large = @as([*]align(1) i64, @ptrCast(offsets))[0..offset_count] },
            else => return error.InvalidArgument,
        },
        .validity = validity[0..try length(from[11])],
    };
    return .{
        .type = try to(i32, from[0]),
        .kind = try toEnum(cells.Kind, from[1]),
        .dtype = try toEnum(cells.Dtype, from[2]),
        .width = try optional(from[3]),
        .first_row = try length(from[4]),
        .next_row = try length(from[5]),
        .end_row = try length(from[6]),
        .value_count = try length(from[7]),
        .is_exact = from[12] != 0,
    };
}

pub fn gatherOut(layout: u32, count: usize, values: [*]u8, types: [*]align(1) i32, steps: [*]u8) Error!gather.Out {
    if (layout >= 24) return error.InvalidArgument;
    const wide: [*]align(1) u64 = @ptrCast(values);
    return .{
        .values = switch (layout & 3) {
            0 => .none,
            1 => .{ .float64 = wide[0..count] },
            2 => .{ .float32 = @as([*]align(1) f32, @ptrCast(values))[0..count] },
            else => .{ .cells = wide[0..count] },
        },
        .types = if (layout & 4 != 0) types[0..count] else null,
        .steps = switch (layout >> 3) {
            0 => .none,
            1 => .{ .int64 = @as([*]align(1) i64, @ptrCast(steps))[0..count] },
            else => .{ .float64 = @as([*]align(1) f64, @ptrCast(steps))[0..count] },
        },
    };
}

test "numbers that are no integer of the type are refused" {
    try std.testing.expectEqual(@as(i32, -7), try to(i32, -7));
    for ([_]f64{ 0.5, -1, 4294967296, std.math.nan(f64), std.math.inf(f64) }) |number| {
        try std.testing.expectError(error.InvalidArgument, to(u32, number));
    }
}
