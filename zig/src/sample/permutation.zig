//! A keyed order of the numbers below N, without memory: a Feistel network over pairs (left, right) with
//! left < a and right < b, where a × b is N or a little more (Black and Rogaway, "Ciphers with arbitrary finite domains",
//! 2002, method 3). What comes out at N or above goes in again until it does not: so it stays a bijection.

const std = @import("std");
const random = @import("random.zig");

/// The paper proves bounds for three rounds and more. Small N need some more until every order is about as likely.
const round_count = 12;

/// No draw of random.zig has this stream.
const stream = std.math.maxInt(u32);

pub const Permutation = struct {
    count: u64,
    left_size: u64,
    right_size: u64,
    round_keys: [round_count]u64,

    /// `count` lies between 1 and 2^53.
    pub fn init(seed: [2]u32, epoch: u64, count: u64) Permutation {
        var left_size: u64 = @intFromFloat(@ceil(@sqrt(random.toFloat(count))));
        while (left_size * left_size < count) left_size += 1;
        const key: random.Key = .{ .seed = seed, .stream = stream };
        var permutation: Permutation = .{
            .count = count,
            .left_size = left_size,
            .right_size = (count + left_size - 1) / left_size,
            .round_keys = undefined,
        };
        for (&permutation.round_keys, 0..) |*round_key, round| round_key.* = key.bits(epoch, @intCast(round));
        return permutation;
    }

    /// The number that stands at a place, both below `count`.
    pub fn at(permutation: *const Permutation, place: u64) u64 {
        return permutation.once(1, .{place})[0];
    }

    /// The numbers at many places, as floats that hold them.
    pub fn map(permutation: *const Permutation, places: []const f64, numbers: []f64) void {
        var done: usize = 0;
        while (done + lanes <= places.len) : (done += lanes) {
            var several: [lanes]u64 = undefined;
            for (&several, places[done..][0..lanes]) |*lane, place| lane.* = random.fromFloat(place);
            several = permutation.once(lanes, several);
            for (several, numbers[done..][0..lanes]) |lane, *number| number.* = random.toFloat(lane);
        }
        for (places[done..], numbers[done..places.len]) |place, *number| {
            number.* = random.toFloat(permutation.at(random.fromFloat(place)));
        }
    }

    /// Each round waits for the one before. Numbers that go side by side fill the time.
    const lanes = 4;

    inline fn once(permutation: *const Permutation, comptime count: usize, numbers: [count]u64) [count]u64 {
        var out = permutation.throughRounds(count, numbers);
        inline for (&out) |*number| {
            if (number.* >= permutation.count) number.* = permutation.again(number.*);
        }
        return out;
    }

    /// Of the numbers at N or above. There are few, so that the code for it is not wanted for each lane.
    noinline fn again(permutation: *const Permutation, first: u64) u64 {
        var number = first;
        while (number >= permutation.count) number = permutation.throughRounds(1, .{number})[0];
        return number;
    }

    inline fn throughRounds(permutation: *const Permutation, comptime count: usize, numbers: [count]u64) [count]u64 {
        var left: [count]u64 = undefined;
        var right: [count]u64 = undefined;
        inline for (numbers, 0..) |number, lane| {
            left[lane] = number % permutation.left_size;
            right[lane] = number / permutation.left_size;
        }
        comptime var round = 0;
        inline while (round < round_count) : (round += 2) {
            inline for (0..count) |lane| left[lane] = add(left[lane], right[lane], permutation.round_keys[round], permutation.left_size);
            inline for (0..count) |lane| right[lane] = add(right[lane], left[lane], permutation.round_keys[round + 1], permutation.right_size);
        }
        var out: [count]u64 = undefined;
        inline for (0..count) |lane| out[lane] = right[lane] * permutation.left_size + left[lane];
        return out;
    }
};

/// Adds to one half, modulo its size, what the round's key makes of the other half: an element of the sequence that
/// SplitMix64 makes from the key (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
inline fn add(half: u64, other: u64, round_key: u64, size: u64) u64 {
    var mixed = round_key +% other *% 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) *% 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) *% 0x94d049bb133111eb;
    mixed ^= mixed >> 31;
    const sum = half + @as(u64, @truncate(@as(u128, mixed) * size >> 64));
    return if (sum >= size) sum - size else sum;
}

const testing = std.testing;

test "every number below N comes once" {
    for (1..201) |count| {
        const permutation: Permutation = .init(.{ 7, @intCast(count) }, 3, count);
        var seen: [200]bool = @splat(false);
        for (0..count) |place| {
            const number: usize = @intCast(permutation.at(place));
            try testing.expect(number < count and !seen[number]);
            seen[number] = true;
        }
        var places: [200]f64 = undefined;
        for (places[0..count], 0..) |*place, number| place.* = @floatFromInt(number);
        var numbers: [200]f64 = undefined;
        permutation.map(places[0..count], &numbers);
        for (numbers[0..count], 0..) |number, place| try testing.expectEqual(permutation.at(place), random.fromFloat(number));
    }
}

test "large N: in range and without repetition" {
    for ([_]u64{ 65_537, 10_000_019, 1 << 32, (1 << 32) + 1, (1 << 53) - 111, 1 << 53 }) |count| {
        const permutation: Permutation = .init(.{ 1, 2 }, 0, count);
        var numbers: [64]u64 = undefined;
        for (&numbers, 0..) |*number, place| number.* = permutation.at(if (place % 2 == 0) place else count - place);
        std.mem.sort(u64, &numbers, {}, std.sort.asc(u64));
        try testing.expect(numbers[63] < count);
        for (numbers[0..63], numbers[1..]) |number, next| try testing.expect(number < next);
    }
}

test "over many epochs every order of four comes about equally often" {
    const epochs = 24_000;
    var counts: [256]u32 = @splat(0);
    for (0..epochs) |epoch| {
        const permutation: Permutation = .init(.{ 99, 1 }, epoch, 4);
        var order: u8 = 0;
        for (0..4) |place| order = order << 2 | @as(u8, @intCast(permutation.at(place)));
        counts[order] += 1;
    }
    var kinds: usize = 0;
    var sum: f64 = 0;
    for (counts) |count| {
        if (count == 0) continue;
        kinds += 1;
        const difference = @as(f64, @floatFromInt(count)) - epochs / 24;
        sum += difference * difference / (epochs / 24);
    }
    try testing.expectEqual(24, kinds);
    // Chi-square with 23 degrees of freedom: mean 23, deviation 6.8.
    try testing.expect(sum < 55);
}
