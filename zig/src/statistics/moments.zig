//! Count, mean and sum of squared deviations of a stream of values, in blocks: each value is taken relative to the mean
//! of those before its block, and a block is then joined to them by the formula of Chan, Golub and LeVeque ("Updating
//! formulae and a pairwise algorithm for computing sample variances", Stanford, STAN-CS-79-773, 1979). So neither a
//! large mean nor a long stream costs digits, and no value costs a division, as it does in Welford's method.
//!
//! A block goes on from one call to the next, so that the result does not depend on how a stream is cut into calls.

const std = @import("std");

const block_length = 256;

/// Values are multiplied by a power of two, so that no square leaves the range of a float64: by 2^600 as long as none
/// is larger than 2^-400, by 1 as long as none is larger than 2^400, and then by 2^-600.
pub const scales = [_]f64{ 0x1p600, 1, 0x1p-600 };
const exponents_max = [_]u64{ 1023 - 400, 1023 + 400, 1023 + 1023 };

/// As it stands in the caller's array. All but the counts are multiplied by `scale`, squares twice.
pub const Moments = extern struct {
    count: f64 = 0,
    /// The mean, and what a float64 cannot hold of it.
    mean: f64 = 0,
    mean_rest: f64 = 0,
    squares: f64 = 0,
    scale: f64 = scales[0],
    /// Of the block that is not full yet: how many values, and the sums of their distances from `mean` and of the squares
    /// of those.
    block_count: f64 = 0,
    block_sum: f64 = 0,
    block_squares: f64 = 0,

    /// The biased exponent up to which the scale serves.
    pub fn exponentMax(moments: Moments) u64 {
        for (scales, exponents_max) |scale, exponent| if (moments.scale == scale) return exponent;
        return 0;
    }

    /// Takes the scale that serves values of an exponent.
    pub fn widen(moments: *Moments, exponent: u64) void {
        for (scales, exponents_max) |scale, exponent_max| if (exponent <= exponent_max) return moments.rescale(scale);
    }

    /// Before the first value of all: distances are taken from it until there is a mean.
    pub fn begin(moments: *Moments, value: f64) void {
        if (moments.count == 0 and moments.block_count == 0) moments.mean = value * moments.scale;
    }

    /// How many values the block has room for.
    pub fn blockRoom(moments: Moments) usize {
        return if (moments.block_count >= 0 and moments.block_count < block_length) block_length - @as(usize, @intFromFloat(moments.block_count)) else 1;
    }

    /// Takes in values, no more than there is room for: the caller has added their scaled distances from `mean` to the
    /// block's sum, and the squares of those to the block's squares.
    pub fn setSums(moments: *Moments, count: usize, sum: f64, squares: f64) void {
        moments.block_sum = sum;
        moments.block_squares = squares;
        moments.block_count += @floatFromInt(count);
        if (moments.block_count == block_length) moments.fold();
    }

    /// Joins the block to what was before it.
    pub fn fold(moments: *Moments) void {
        if (moments.block_count == 0) return;
        const block_mean = moments.block_sum / moments.block_count;
        const squares = @max(0, moments.block_squares - moments.block_sum * block_mean);
        moments.join(moments.block_count, block_mean - moments.mean_rest, squares);
        moments.block_count = 0;
        moments.block_sum = 0;
        moments.block_squares = 0;
    }

    /// Joins values whose mean lies `distance` from the mean.
    fn join(moments: *Moments, count: f64, distance: f64, squares: f64) void {
        const total = moments.count + count;
        const share = count / total;
        moments.squares += squares + distance * distance * moments.count * share;
        const step = distance * share + moments.mean_rest;
        const mean = moments.mean + step;
        // What the addition rounded away (Knuth's two-sum).
        const added = mean - moments.mean;
        moments.mean_rest = (moments.mean - (mean - added)) + (step - added);
        moments.mean = mean;
        moments.count = total;
    }

    /// Joins what was gathered elsewhere.
    pub fn merge(moments: *Moments, from: Moments) void {
        var other = from;
        other.fold();
        moments.fold();
        if (other.count == 0) return;
        if (moments.count == 0) {
            moments.* = other;
            return;
        }
        const scale = @min(moments.scale, other.scale);
        moments.rescale(scale);
        other.rescale(scale);
        moments.join(other.count, (other.mean - moments.mean) + (other.mean_rest - moments.mean_rest), other.squares);
    }

    fn rescale(moments: *Moments, scale: f64) void {
        const factor = scale / moments.scale;
        for ([_]*f64{ &moments.mean, &moments.mean_rest, &moments.block_sum }) |number| number.* *= factor;
        for ([_]*f64{ &moments.squares, &moments.block_squares }) |number| number.* = number.* * factor * factor;
        moments.scale = scale;
    }
};

const testing = std.testing;

fn add(moments: *Moments, value: f64) void {
    const exponent = @as(u64, @bitCast(value)) >> 52 & 0x7ff;
    if (exponent > moments.exponentMax()) moments.widen(exponent);
    moments.begin(value);
    const distance = value * moments.scale - moments.mean;
    moments.setSums(1, moments.block_sum + distance, moments.block_squares + distance * distance);
}

fn expectMoments(values: []const f64, mean: f64, deviation: f64, tolerance: f64) !void {
    var moments: Moments = .{};
    for (values) |value| add(&moments, value);
    moments.fold();
    try testing.expectEqual(@as(f64, @floatFromInt(values.len)), moments.count);
    try testing.expectApproxEqRel(mean, (moments.mean + moments.mean_rest) / moments.scale, tolerance);
    try testing.expectApproxEqRel(deviation, @sqrt(moments.squares / moments.count) / moments.scale, tolerance);
}

test "a large mean costs no digits" {
    var generator: std.Random.DefaultPrng = .init(3);
    var values: [100_000]f64 = undefined;
    for ([_]f64{ 0, 1e9, -1e12 }) |offset| {
        var sum: f128 = 0;
        for (&values) |*value| {
            value.* = offset + generator.random().float(f64);
            sum += value.*;
        }
        const mean = sum / values.len;
        var squares: f128 = 0;
        for (values) |value| squares += (value - mean) * (value - mean);
        const deviation: f64 = @floatCast(@sqrt(squares / values.len));
        try expectMoments(&values, @floatCast(mean), deviation, 1e-13);
    }
}

test "a first value far from the others, and values at both ends of the range" {
    var values: [1001]f64 = @splat(1e9);
    values[0] = -1e9;
    try expectMoments(&values, 1e9 - 2e9 / 1001.0, 2e9 * @sqrt(1000.0) / 1001.0, 1e-13);
    const max = std.math.floatMax(f64);
    try expectMoments(&.{ max, -max }, 0, max, 1e-13);
    try expectMoments(&.{ 1e-300, 3e-300 }, 2e-300, 1e-300, 1e-13);
    try expectMoments(&.{ 1e-300, 2, 4 }, 2, @sqrt(8.0 / 3.0), 1e-13);
    try expectMoments(&.{ 0, 1e-200, 1e300 }, 1e300 / 3.0, 1e300 * @sqrt(2.0) / 3.0, 1e-13);
    // From one scale to the next, where the squares on both sides count.
    try expectMoments(&.{ 0x1p399, -0x1p399, 0x1p401 }, 0x1p401 / 3.0, 0x1p399 * @sqrt(38.0) / 3.0, 1e-13);
    try expectMoments(&.{ 0x1p-401, -0x1p-401, 0x1p-399 }, 0x1p-399 / 3.0, 0x1p-401 * @sqrt(38.0) / 3.0, 1e-13);
    try expectMoments(&.{ 5e-324, 5e-324 }, 5e-324, 0, 1e-15);
}

test "parts that are merged have the moments of the whole" {
    var generator: std.Random.DefaultPrng = .init(8);
    const random = generator.random();
    for (0..50) |_| {
        var parts: [3]Moments = @splat(.{});
        var whole: Moments = .{};
        for (&parts) |*part| {
            const scale = std.math.pow(f64, 10, random.float(f64) * 40 - 20);
            for (0..random.uintLessThan(usize, 700)) |_| {
                const value = scale * (random.float(f64) + 3);
                for ([_]*Moments{ part, &whole }) |moments| add(moments, value);
            }
        }
        var merged: Moments = .{};
        for (parts) |part| merged.merge(part);
        whole.fold();
        try testing.expectEqual(whole.count, merged.count);
        try testing.expectApproxEqRel(whole.mean, merged.mean, 1e-13);
        try testing.expectApproxEqRel(whole.squares, merged.squares, 1e-12);
    }
}
