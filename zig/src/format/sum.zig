//! The checksum of a chunk: Fletcher's, with sums of 64 bits over words of 32 (as ZFS has it, its first two sums).
//! It grows with the chunk, however the chunk is cut into writes, and its state is 16 bytes, which fit the commit.
//! Any two flipped bits are found, and any other damage but for one in 2^64. The first sum starts at 1, so that zeros, which
//! are what a disk gives for what it never got, do not have the sum that they say where the sum itself was lost too.

const std = @import("std");

pub const Sum = extern struct {
    first: u64 = 1,
    second: u64 = 0,

    /// Takes further bytes in, of which the first stands at `offset` in the chunk. A word counts for `second` once it is
    /// whole; its bytes before that count for `first`.
    pub noinline fn update(sum: *Sum, bytes: []const u8, offset: u64) void {
        const head = @min(bytes.len, @as(usize, @intCast((0 -% offset) % word_bytes)));
        sum.updateBytes(bytes[0..head], offset);
        const body = bytes[head..][0 .. (bytes.len - head) / word_bytes * word_bytes];
        sum.updateWords(body);
        sum.updateBytes(bytes[head + body.len ..], 0);
    }

    fn updateBytes(sum: *Sum, bytes: []const u8, offset: u64) void {
        for (bytes, 0..) |byte, i| {
            const place = (offset + i) % word_bytes;
            sum.first +%= @as(u64, byte) << @intCast(8 * place);
            if (place == word_bytes - 1) sum.second +%= sum.first;
        }
    }

    fn updateWords(sum: *Sum, bytes: []const u8) void {
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
        sum.update(bytes, 0);
        return sum;
    }

    /// That of so many zeros.
    pub fn ofZeros(length_bytes: u64) Sum {
        return .{ .second = length_bytes / word_bytes };
    }

    const word_bytes = 4;
    const lanes = 8;
    const Lanes = @Vector(lanes, u64);
};

const testing = std.testing;

fn plain(bytes: []const u8) Sum {
    var sum: Sum = .{};
    const whole = bytes.len / 4 * 4;
    for (std.mem.bytesAsSlice(u32, bytes[0..whole])) |word| {
        sum.first +%= word;
        sum.second +%= sum.first;
    }
    var last: [4]u8 = @splat(0);
    @memcpy(last[0 .. bytes.len - whole], bytes[whole..]);
    sum.first +%= std.mem.bytesToValue(u32, &last);
    return sum;
}

test "the sum is that of the plain definition, however the bytes are cut" {
    var bytes: [4 * 203]u8 = undefined;
    var generator: std.Random.DefaultPrng = .init(1);
    generator.random().bytes(&bytes);
    for ([_]usize{ 4 * 203, 4 * 203 - 1, 4 * 203 - 2, 4 * 203 - 3, 31, 3, 0 }) |length| {
        const expected = plain(bytes[0..length]);
        try testing.expectEqual(expected, Sum.of(bytes[0..length]));
        for ([_]usize{ 0, 1, 2, 3, 4, 5, 32, 36, 39, 400, 401, 4 * 203 }) |cut| {
            const first = @min(cut, length);
            const second = @min(first + cut % 7, length);
            var sum = Sum.of(bytes[0..first]);
            sum.update(bytes[first..second], first);
            sum.update(bytes[second..length], second);
            try testing.expectEqual(expected, sum);
        }
    }
}

test "lost bytes do not have a lost sum, nor those of more or fewer" {
    const zeros: [64]u8 = @splat(0);
    for (1..zeros.len + 1) |length| {
        const sum = Sum.of(zeros[0..length]);
        try testing.expect(!std.meta.eql(sum, std.mem.zeroes(Sum)));
        if (length % 4 == 0) try testing.expect(!std.meta.eql(sum, Sum.of(zeros[0 .. length - 4])));
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
