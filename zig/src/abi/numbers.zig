//! Arguments of the C ABI that come as arrays of float64, read into what they stand for and checked.

const std = @import("std");
const cells = @import("../format/cells.zig");
const bits = @import("../format/bits.zig");
const Source = @import("../store/source.zig").Source;
const extract = @import("../read/extract.zig");
const gather = @import("../read/gather.zig");
const layouts = @import("layouts.zig");

pub const Error = error{InvalidArgument};

pub fn to(comptime Integer: type, number: f64) Error!Integer {
    const limit: f64 = @floatFromInt(@as(u128, std.math.maxInt(Integer)) + 1);
    const least: f64 = if (@typeInfo(Integer).int.signedness == .signed) -limit else 0;
    if (!(number >= least and number < limit) or @trunc(number) != number) return error.InvalidArgument;
    return @intFromFloat(number);
}

pub fn length(number: f64) Error!usize {
    return try to(u48, number);
}

pub fn toEnum(comptime Enum: type, number: f64) Error!Enum {
    return std.enums.fromInt(Enum, try to(u8, number)) orelse error.InvalidArgument;
}

/// A negative number stands for none.
pub fn optional(number: f64) Error!?usize {
    return if (number < 0) null else try length(number);
}

pub fn source(from: *const layouts.BatchSource, values: [*]const u8, offsets: [*]const u8, validity: [*]const u8, value_validity: [*]const u8) Error!Source {
    const offset_count = try length(from.offset_count);
    return .{
        .type = try to(i32, from.type),
        .wide = try toEnum(cells.Wide, from.wide),
        .dtype = try toEnum(cells.Dtype, from.dtype),
        .width = try optional(from.width),
        .first_row = try length(from.first_row),
        .first_value = try length(from.first_value),
        .values = values[0..try length(from.values_bytes)],
        .offsets = switch (try to(u8, from.offset_bytes)) {
            0 => .none,
            4 => .{ .small = @as([*]align(1) const i32, @ptrCast(offsets))[0..offset_count] },
            8 => .{ .large = @as([*]align(1) const i64, @ptrCast(offsets))[0..offset_count] },
            else => return error.InvalidArgument,
        },
        .validity = try bitmap(validity, from.validity_first_bit, from.validity_bytes),
        .value_validity = try bitmap(value_validity, from.value_validity_first_bit, from.value_validity_bytes),
        .nan_for_null = from.nan_for_null != 0,
        .marks_list = from.marks_list != 0,
    };
}

fn bitmap(bytes: [*]const u8, first_bit: f64, byte_count: f64) Error!bits.Validity {
    const first = try optional(first_bit) orelse return .{};
    return .{ .bytes = bytes[0..try length(byte_count)], .first_bit = first, .all = false };
}

pub fn request(from: *const layouts.ExtractRequest, values: [*]u8, offsets: [*]u8, validity: [*]u8, out: *extract.Out) Error!extract.Request {
    const offset_count = try length(from.offset_count);
    out.* = .{
        .values = values[0..try length(from.values_bytes)],
        .offsets = switch (try to(u8, from.offset_bytes)) {
            0 => .none,
            4 => .{ .small = @as([*]align(1) i32, @ptrCast(offsets))[0..offset_count] },
            8 => .{ .large = @as([*]align(1) i64, @ptrCast(offsets))[0..offset_count] },
            else => return error.InvalidArgument,
        },
        .validity = validity[0..try length(from.validity_bytes)],
    };
    return .{
        .type = try to(i32, from.type),
        .kind = try toEnum(cells.Kind, from.kind),
        .dtype = try toEnum(cells.Dtype, from.dtype),
        .width = try optional(from.width),
        .first_row = try length(from.first_row),
        .next_row = try length(from.next_row),
        .end_row = try length(from.end_row),
        .value_count = try length(from.value_count),
        .is_exact = from.is_exact != 0,
    };
}

pub fn gatherOut(layout: u32, cell_bytes: usize, count: usize, values: [*]u8, types: [*]align(1) i32, steps: [*]u8) Error!gather.Out {
    const wanted: layouts.GatherLayout = @bitCast(layout);
    if (wanted.unused != 0) return error.InvalidArgument;
    return .{
        .values = switch (wanted.values) {
            .none => .none,
            .float64 => .{ .float64 = @as([*]f64, @ptrCast(@alignCast(values)))[0..count] },
            .float32 => .{ .float32 = @as([*]f32, @ptrCast(@alignCast(values)))[0..count] },
            .float16 => .{ .float16 = @as([*]u16, @ptrCast(@alignCast(values)))[0..count] },
            .cells => .{ .cells = values[0 .. count * cell_bytes] },
            _ => return error.InvalidArgument,
        },
        .types = if (wanted.types) types[0..count] else null,
        .steps = switch (wanted.steps) {
            .none => .none,
            .int64 => .{ .int64 = @as([*]align(1) i64, @ptrCast(steps))[0..count] },
            .float64 => .{ .float64 = @as([*]align(1) f64, @ptrCast(steps))[0..count] },
            _ => return error.InvalidArgument,
        },
    };
}

test "numbers that are no integer of the type are refused" {
    try std.testing.expectEqual(@as(i32, -7), try to(i32, -7));
    for ([_]f64{ 0.5, -1, 4294967296, std.math.nan(f64), std.math.inf(f64) }) |number| {
        try std.testing.expectError(error.InvalidArgument, to(u32, number));
    }
}
