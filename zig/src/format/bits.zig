//! Bitmaps as Arrow packs them: least significant bit first.

const std = @import("std");

pub inline fn get(bytes: []const u8, index: usize) bool {
    return bytes[index >> 3] >> @intCast(index & 7) & 1 != 0;
}

pub inline fn set(bytes: []u8, index: usize, value: bool) void {
    const mask = @as(u8, 1) << @intCast(index & 7);
    if (value) bytes[index >> 3] |= mask else bytes[index >> 3] &= ~mask;
}

/// Which of a column's entries are present. Without a bitmap all of them are.
pub const Validity = struct {
    bytes: []const u8 = &.{},
    first_bit: usize = 0,
    all: bool = true,

    pub fn isAll(validity: Validity) bool {
        return validity.all;
    }

    pub inline fn at(validity: Validity, index: usize) bool {
        return validity.all or get(validity.bytes, validity.first_bit + index);
    }

    pub fn covers(validity: Validity, count: usize) bool {
        return validity.all or validity.first_bit + count <= validity.bytes.len * 8;
    }
};

test "bits are counted from the least significant one" {
    var bytes = [_]u8{ 0, 0 };
    set(&bytes, 0, true);
    set(&bytes, 9, true);
    try std.testing.expectEqual([_]u8{ 1, 2 }, bytes);
    try std.testing.expect(get(&bytes, 9) and !get(&bytes, 8));
    set(&bytes, 9, false);
    try std.testing.expectEqual([_]u8{ 1, 0 }, bytes);
    const validity: Validity = .{ .bytes = &bytes, .first_bit = 7, .all = false };
    try std.testing.expect(validity.covers(9) and !validity.covers(10));
}
