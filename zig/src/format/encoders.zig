//! From a caller's array of numbers of some dtype to cells of 64 bits.

const std = @import("std");
const bits = @import("bits.zig");
const cells = @import("cells.zig");
const Dtype = cells.Dtype;
const Wide = cells.Wide;

/// Makes a cell of each number from place `first` on. Returns how many it made: fewer than there is room for where the next
/// one cannot be held.
pub const Encoder = *const fn (to: []u64, values: []const u8, first: usize) usize;

/// Each is a function of its own, and the loops over rows there are once: there are 36 of them.
pub fn encoderOf(wide: Wide, dtype: Dtype) Encoder {
    switch (wide) {
        inline else => |known_wide| switch (dtype) {
            inline else => |known| return Encoding(known_wide, known).run,
        },
    }
}

fn Encoding(comptime wide: Wide, comptime dtype: Dtype) type {
    return struct {
        fn run(to: []u64, values: []const u8, first: usize) usize {
            for (to, first..) |*cell, index| {
                cell.* = cells.encode(wide, dtype.Type(), load(dtype, values, index)) catch return index - first;
            }
            return to.len;
        }
    };
}

inline fn load(comptime dtype: Dtype, values: []const u8, index: usize) dtype.Type() {
    if (dtype == .bool) return bits.get(values, index);
    const elements: [*]align(1) const dtype.Type() = @ptrCast(values.ptr);
    return elements[index];
}

/// A field of integers has no cell for it.
pub fn nanOf(wide: Wide) cells.Error!u64 {
    return switch (wide) {
        .float64 => @bitCast(std.math.nan(f64)),
        .int64, .uint64 => error.Inexact,
    };
}
