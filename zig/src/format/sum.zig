//! The checksum of a chunk: Fletcher's, with sums of 64 bits over words of 32 (as ZFS has it, its first two sums).
//! It grows with the chunk, however the chunk is cut into writes, and its state is 16 bytes, which fit the commit.
//! Any two flipped bits are found, and any other damage but for one in 2^64.

const std = @import("std");

pub const Sum = extern struct {
    first: u64 = 0,
    second: u64 = 0,

    /// Takes further words in. The length must be a multiple of 4.
    pub fn update(sum: *Sum, bytes: []const u8) void {
        const words: []align(1) const u32 = std.mem.bytesAsSlice(u32, bytes);
        const blocks = words.len / lanes;
        // Each lane sums every eighth word; their sums make up the whole's.
        var lane_first: Lanes = @splat(0);
        var lane_second: Lanes = @splat(0);
        for (0..blocks) |block| {
            const eight: @Vector(lanes, u32) = words[block * lanes ..][0..lanes].*;
            lane_first +%= eight;
            lane_second +%= lane_first;
        }
        const offsets = std.simd.iota(u64, lanes);
        const count = blocks * lanes;
        sum.second +%= count *% sum.first +% @as(u64, lanes) *% @reduce(.Add, lane_second) -% @reduce(.Add, offsets *% lane_first);
        sum.first +%= @reduce(.Add, lane_first);
        for (words[count..]) |word| {
            sum.first +%= word;
            sum.second +%= sum.first;
        }
    }

    pub fn of(bytes: []const u8) Sum {
        var sum: Sum = .{};
        sum.update(bytes);
        return sum;
    }

    const lanes = 8;
    const Lanes = @Vector(lanes, u64);
};

const testing = std.testing;

fn plain(bytes: []const u8) Sum {
    var sum: Sum = .{};
    for (std.mem.bytesAsSlice(u32, bytes)) |word| {
        sum.first +%= word;
        sum.second +%= sum.first;
    }
    return sum;
}

test "the sum is that of the plain definition, however the bytes are cut" {
    var bytes: [4 * 203]u8 = undefined;
    var generator: std.Random.DefaultPrng = .init(1);
    generator.random().bytes(&bytes);
    const expected = plain(&bytes);
    try testing.expectEqual(expected, Sum.of(&bytes));
    for ([_]usize{ 0, 4, 32, 36, 400, 4 * 203 }) |cut| {
        var sum = Sum.of(bytes[0..cut]);
        sum.update(bytes[cut..]);
        try testing.expectEqual(expected, sum);
    }
}

test "one flipped bit, and two, change the sum" {
    var bytes: [256]u8 = @splat(0xa5);
    const expected = Sum.of(&bytes);
    for (0..bytes.len * 8) |bit| {
        bytes[bit / 8] ^= @as(u8, 1) << @intCast(bit % 8);
        try testing.expect(!std.meta.eql(expected, Sum.of(&bytes)));
        const other = (bit * 7 + 13) % (bytes.len * 8);
        if (other != bit) {
            bytes[other / 8] ^= @as(u8, 1) << @intCast(other % 8);
            try testing.expect(!std.meta.eql(expected, Sum.of(&bytes)));
            bytes[other / 8] ^= @as(u8, 1) << @intCast(other % 8);
        }
        bytes[bit / 8] ^= @as(u8, 1) << @intCast(bit % 8);
    }
}
