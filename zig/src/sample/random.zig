//! Random numbers as a pure function of a seed and the index of a draw: what is drawn depends neither on the runtime
//! nor on how draws are batched.
//!
//! The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011).

const std = @import("std");

pub const Key = struct {
    seed: [2]u32,
    /// Draws for different purposes have different streams. The last one is that of permutation.zig.
    stream: u32,

    /// 64 random bits for a draw. A draw that needs more makes another attempt.
    pub inline fn bits(key: Key, index: u64, attempt: u32) u64 {
        const block = philox(.{ @truncate(index), @truncate(index >> 32), attempt, key.stream }, key.seed);
        return @as(u64, block[1]) << 32 | block[0];
    }

    /// The first attempts of several draws at once.
    pub inline fn manyBits(key: Key, comptime count: comptime_int, indices: [count]u64) [count]u64 {
        const Words = @Vector(count, u64);
        const places: Words = indices;
        const low: Words = @splat(std.math.maxInt(u32));
        const block = philoxMany(count, .{ places & low, places >> @splat(32), @splat(0), @splat(key.stream) }, key.seed);
        return block[1] << @splat(32) | block[0];
    }

    /// A float in [0, 1) with 53 random bits.
    pub inline fn unit(key: Key, index: u64) f64 {
        return toFloat(key.bits(index, 0) >> 11) * 0x1p-53;
    }

    /// A whole number below `bound`, which is at least 1; each has exactly the same probability (Lemire, "Fast random
    /// integer generation in an interval", 2019).
    pub inline fn below(key: Key, index: u64, bound: u64) u64 {
        return key.belowOf(key.bits(index, 0), index, bound);
    }

    /// The same where the bits of the first attempt are known.
    pub inline fn belowOf(key: Key, first_bits: u64, index: u64, bound: u64) u64 {
        var product = @as(u128, first_bits) * bound;
        if (@as(u64, @truncate(product)) < bound) {
            const threshold = (0 -% bound) % bound;
            var attempt: u32 = 1;
            while (@as(u64, @truncate(product)) < threshold) : (attempt +%= 1) {
                product = @as(u128, key.bits(index, attempt)) * bound;
            }
        }
        return @truncate(product >> 64);
    }
};

/// Whole numbers from 0 to `bound` - 1, of which k has a probability proportional to decay^k: the inverse of their
/// distribution. It is the same everywhere, because the functions are the standard library's own and not the system's.
pub const Geometric = struct {
    bound: f64,
    log_decay: f64,
    /// The sum that all k below the bound have of the probabilities without a bound: 1 - decay^bound.
    covered: f64,

    /// `decay` lies between 0 and 1, `bound` is at least 1.
    pub fn init(bound: u64, decay: f64) Geometric {
        // Both differences lose nothing where the logarithm is near to zero.
        const log_decay = if (decay >= 0.5) std.math.log1p(decay - 1) else -std.math.log1p(1 / decay - 1);
        return .{
            .bound = toFloat(bound),
            .log_decay = log_decay,
            .covered = -std.math.expm1(log_decay * toFloat(bound)),
        };
    }

    pub fn at(geometric: Geometric, unit: f64) f64 {
        const number = @floor(std.math.log1p(-unit * geometric.covered) / geometric.log_decay);
        // Rounding may lead just beyond the end; a decay that has no reciprocal gives 0 / -infinity, which is -0.
        return @max(0, @min(number, geometric.bound - 1));
    }
};

/// Numbers below 2^53 as floats and back: through signed integers, for which processors have an instruction.
pub inline fn toFloat(number: u64) f64 {
    return @floatFromInt(@as(i64, @bitCast(number)));
}

pub inline fn fromFloat(number: f64) u64 {
    return @bitCast(@as(i64, @intFromFloat(number)));
}

/// Whether all are whole numbers from 0 to `limit` - 1, where `limit` is at most 2^53.
pub fn areIndices(numbers: []const f64, limit: u64) bool {
    var are = true;
    for (numbers) |number| are = are and number >= 0 and number < toFloat(limit) and @trunc(number) == number;
    return are;
}

pub inline fn philox(counter: [4]u32, key: [2]u32) [4]u32 {
    var block = counter;
    var round_key = key;
    inline for (0..10) |_| {
        const even = @as(u64, block[0]) * 0xd2511f53;
        const odd = @as(u64, block[2]) * 0xcd9e8d57;
        block = .{
            @as(u32, @truncate(odd >> 32)) ^ block[1] ^ round_key[0],
            @truncate(odd),
            @as(u32, @truncate(even >> 32)) ^ block[3] ^ round_key[1],
            @truncate(even),
        };
        // The golden ratio and the square root of 3, less 1.
        round_key[0] +%= 0x9e3779b9;
        round_key[1] +%= 0xbb67ae85;
    }
    return block;
}

/// The same for several counters: a vector has 32 bits in each 64, since the products have as many.
inline fn philoxMany(comptime count: comptime_int, counter: [4]@Vector(count, u64), key: [2]u32) [4]@Vector(count, u64) {
    const Words = @Vector(count, u64);
    const low: Words = @splat(std.math.maxInt(u32));
    const half: @Vector(count, u6) = @splat(32);
    var block = counter;
    var round_key = key;
    inline for (0..10) |_| {
        const even = block[0] * @as(Words, @splat(0xd2511f53));
        const odd = block[2] * @as(Words, @splat(0xcd9e8d57));
        block = .{
            odd >> half ^ block[1] ^ @as(Words, @splat(round_key[0])),
            odd & low,
            even >> half ^ block[3] ^ @as(Words, @splat(round_key[1])),
            even & low,
        };
        round_key[0] +%= 0x9e3779b9;
        round_key[1] +%= 0xbb67ae85;
    }
    return block;
}

const testing = std.testing;

test "Philox gives the numbers that its authors publish" {
    const ones: u32 = 0xffffffff;
    try testing.expectEqual([_]u32{ 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 }, philox(@splat(0), @splat(0)));
    try testing.expectEqual([_]u32{ 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd }, philox(@splat(ones), @splat(ones)));
    try testing.expectEqual(
        [_]u32{ 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 },
        philox(.{ 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, .{ 0xa4093822, 0x299f31d0 }),
    );
}

test "several draws at once are those that are drawn one by one" {
    const key: Key = .{ .seed = .{ 7, 0xfedcba98 }, .stream = 0xffff_fff0 };
    const indices = [_]u64{ 0, 1, 1 << 32, (1 << 53) - 1, 0xffff_ffff, 77, 3, 1 << 40 };
    for (indices, key.manyBits(indices.len, indices)) |index, bits| try testing.expectEqual(key.bits(index, 0), bits);
}

/// Chi-square of counts against expectations. With d degrees of freedom it has the mean d and the variance 2 d.
fn isPlausible(counts: []const u32, expected: []const f64) bool {
    var sum: f64 = 0;
    for (counts, expected) |count, expectation| {
        const difference = @as(f64, @floatFromInt(count)) - expectation;
        sum += difference * difference / expectation;
    }
    const freedom: f64 = @floatFromInt(counts.len - 1);
    return @abs(sum - freedom) < 4 * @sqrt(2 * freedom);
}

test "uniform draws are uniform, for bounds that divide 2^64 and bounds that do not" {
    const draws = 100_000;
    for ([_]u64{ 1, 2, 7, 64, 100 }, 0..) |bound, stream| {
        const key: Key = .{ .seed = .{ 12, 34 }, .stream = @intCast(stream) };
        var counts: [100]u32 = @splat(0);
        for (0..draws) |index| counts[@intCast(key.below(index, bound))] += 1;
        const expected: [100]f64 = @splat(draws / @as(f64, @floatFromInt(bound)));
        if (bound > 1) try testing.expect(isPlausible(counts[0..@intCast(bound)], expected[0..@intCast(bound)]));
    }
    // Half of all attempts are rejected here, were they not there the lower half would come twice as often.
    const key: Key = .{ .seed = .{ 1, 2 }, .stream = 3 };
    const bound = (1 << 63) / 3 * 4 + 1;
    var counts: [4]u32 = @splat(0);
    for (0..draws) |index| counts[@intCast(key.below(index, bound) / (bound / 4 + 1))] += 1;
    try testing.expect(isPlausible(&counts, &@as([4]f64, @splat(draws / 4))));
}

test "units fill [0, 1) evenly and depend on nothing but seed, stream and index" {
    const key: Key = .{ .seed = .{ 5, 0 }, .stream = 9 };
    var counts: [50]u32 = @splat(0);
    for (0..100_000) |index| counts[@intFromFloat(key.unit(index) * 50)] += 1;
    try testing.expect(isPlausible(&counts, &@as([50]f64, @splat(2000))));
    try testing.expectEqual(key.unit(77), key.unit(77));
    const others = [_]Key{ .{ .seed = .{ 6, 0 }, .stream = 9 }, .{ .seed = .{ 5, 1 }, .stream = 9 }, .{ .seed = .{ 5, 0 }, .stream = 8 } };
    for (others) |other| try testing.expect(other.unit(77) != key.unit(77));
    try testing.expect(key.unit(77 + (1 << 32)) != key.unit(77));
}

test "geometric draws have the probabilities of their decay" {
    const key: Key = .{ .seed = .{ 8, 8 }, .stream = 1 };
    for ([_]f64{ 0.2, 0.5, 0.9, 0.999999, 1 - 0x1p-53 }) |decay| {
        const draws = 100_000;
        const bound = 8;
        const geometric = Geometric.init(bound, decay);
        var counts: [bound]u32 = @splat(0);
        for (0..draws) |index| counts[@intFromFloat(geometric.at(key.unit(index)))] += 1;
        var expected: [bound]f64 = undefined;
        var weights: f64 = 0;
        for (0..bound) |k| weights += std.math.pow(f64, decay, @floatFromInt(k));
        for (0..bound) |k| expected[k] = draws * std.math.pow(f64, decay, @floatFromInt(k)) / weights;
        try testing.expect(isPlausible(&counts, &expected));
    }
}

test "geometric draws stay below their bound, whatever decay and bound" {
    for ([_]f64{ 5e-324, 1e-300, 0.5, 1 - 0x1p-53 }) |decay| {
        for ([_]u64{ 1, 2, 1 << 20, 1 << 53 }) |bound| {
            const geometric = Geometric.init(bound, decay);
            for ([_]f64{ 0, 0x1p-53, 0.5, 1 - 0x1p-53 }) |unit| {
                const number = geometric.at(unit);
                try testing.expect(number >= 0 and number < toFloat(bound) and @trunc(number) == number);
            }
        }
    }
    // The mean of a long, slow decay is 1 / (1 - decay).
    const key: Key = .{ .seed = .{ 8, 8 }, .stream = 1 };
    const slow = Geometric.init(1 << 53, 1 - 1e-9);
    var sum: f64 = 0;
    for (0..100_000) |index| sum += slow.at(key.unit(index));
    try testing.expectApproxEqRel(1e9, sum / 100_000, 0.02);
}
