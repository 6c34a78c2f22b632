//! Draws by their indices, a batch at a time, in the orders that samplers have.

const std = @import("std");
const random = @import("random.zig");
const Permutation = @import("permutation.zig").Permutation;

pub const Error = error{ InvalidArgument, OutOfRange };

pub const Order = enum(u32) {
    /// A whole number below the bound, each as likely.
    uniform,
    /// A float in [0, 1).
    unit,
    /// A whole number below the bound, each `decay` times as likely as the one before.
    geometric,
    /// The number that stands at a place of an order in which each number below the bound stands once.
    permuted,
    /// As `uniform` and `geometric`, each below a bound of its own, which stands where the number is to be written.
    uniform_each,
    geometric_each,
};

pub const Key = struct {
    seed: [2]u32,
    /// The number of the stream; of a permutation the epoch.
    stream: u64,
    bound: u64,
    decay: f64,

    fn random(key: Key) Error!RandomKey {
        return .{ .seed = key.seed, .stream = std.math.cast(u32, key.stream) orelse return error.InvalidArgument };
    }

    fn checkBound(key: Key) Error!void {
        if (key.bound == 0 or key.bound > indices_end) return error.InvalidArgument;
    }
};

const RandomKey = random.Key;

/// Indices of draws are whole numbers below this.
const indices_end = 1 << 53;

/// One number for each index. Nothing is written if one of them is none.
pub fn fill(order: Order, key: Key, indices: []const f64, out: [*]f64) Error!void {
    return switch (order) {
        .uniform => fillUniform(key, indices, out),
        .unit => fillUnits(key, indices, out),
        .geometric => fillGeometric(key, indices, out),
        .permuted => fillPermuted(key, indices, out[0..indices.len]),
        .uniform_each, .geometric_each => fillEach(order, key, indices, out[0..indices.len]),
    };
}

fn fillUniform(key: Key, indices: []const f64, out: [*]f64) Error!void {
    const generator = try key.random();
    try key.checkBound();
    if (!random.areIndices(indices, indices_end)) return error.InvalidArgument;
    const many = 8;
    var at: usize = 0;
    while (at + many <= indices.len) : (at += many) {
        var places: [many]u64 = undefined;
        for (&places, indices[at..][0..many]) |*place, index| place.* = random.fromFloat(index);
        for (out[at..], places, generator.manyBits(many, places)) |*to, place, bits| to.* = random.toFloat(generator.belowOf(bits, place, key.bound));
    }
    for (indices[at..], out[at..]) |index, *to| to.* = random.toFloat(generator.below(random.fromFloat(index), key.bound));
}

fn fillUnits(key: Key, indices: []const f64, out: [*]f64) Error!void {
    const generator = try key.random();
    if (!random.areIndices(indices, indices_end)) return error.InvalidArgument;
    for (indices, out) |index, *to| to.* = generator.unit(random.fromFloat(index));
}

fn fillGeometric(key: Key, indices: []const f64, out: [*]f64) Error!void {
    const generator = try key.random();
    try key.checkBound();
    if (!(key.decay > 0 and key.decay < 1)) return error.InvalidArgument;
    if (!random.areIndices(indices, indices_end)) return error.InvalidArgument;
    const geometric: random.Geometric = .init(key.bound, key.decay);
    for (indices, out) |index, *to| to.* = geometric.at(generator.unit(random.fromFloat(index)));
}

fn fillPermuted(key: Key, places: []const f64, out: []f64) Error!void {
    try key.checkBound();
    if (!random.areIndices(places, key.bound)) return error.OutOfRange;
    const permutation: Permutation = .init(key.seed, key.stream, key.bound);
    permutation.map(places, out);
}

fn fillEach(order: Order, key: Key, indices: []const f64, out: []f64) Error!void {
    const generator = try key.random();
    if (order == .geometric_each and !(key.decay > 0 and key.decay < 1)) return error.InvalidArgument;
    if (!random.areIndices(indices, indices_end)) return error.InvalidArgument;
    for (out) |bound| if (!(bound >= 1 and bound <= indices_end) or @trunc(bound) != bound) return error.InvalidArgument;
    for (indices, out) |index, *number| {
        const place = random.fromFloat(index);
        const bound = random.fromFloat(number.*);
        number.* = if (order == .uniform_each)
            random.toFloat(generator.below(place, bound))
        else
            random.Geometric.init(bound, key.decay).at(generator.unit(place));
    }
}

const testing = std.testing;

test "draws are those of the generators, index by index" {
    const key: Key = .{ .seed = .{ 3, 4 }, .stream = 5, .bound = 100, .decay = 0.9 };
    const generator: RandomKey = .{ .seed = key.seed, .stream = 5 };
    const geometric: random.Geometric = .init(key.bound, key.decay);
    const permutation: Permutation = .init(key.seed, key.stream, key.bound);
    const indices = [_]f64{ 0, 7, 99, 3 };
    for (std.enums.values(Order)) |order| {
        var out: [4]f64 = @splat(100);
        try fill(order, key, &indices, &out);
        for (indices, out) |index, number| {
            const place = random.fromFloat(index);
            try testing.expectEqual(switch (order) {
                .uniform, .uniform_each => random.toFloat(generator.below(place, key.bound)),
                .unit => generator.unit(place),
                .geometric, .geometric_each => geometric.at(generator.unit(place)),
                .permuted => random.toFloat(permutation.at(place)),
            }, number);
        }
    }
}

test "keys and indices that are none are refused, and nothing is written" {
    const good: Key = .{ .seed = .{ 3, 4 }, .stream = 5, .bound = 100, .decay = 0.9 };
    var out = [_]f64{ -7, -7 };
    for (std.enums.values(Order)) |order| {
        const wanted: Error = if (order == .permuted) error.OutOfRange else error.InvalidArgument;
        for ([_]f64{ -1, 0.5, 0x1p53, std.math.nan(f64) }) |index| {
            try testing.expectError(wanted, fill(order, good, &.{ 1, index }, &out));
        }
        var bad = good;
        bad.stream = 1 << 32;
        if (order != .permuted) try testing.expectError(error.InvalidArgument, fill(order, bad, &.{ 1, 2 }, &out));
        for ([_]u64{ 0, indices_end + 1 }) |bound| {
            bad = good;
            bad.bound = bound;
            if (order != .unit) try testing.expectError(error.InvalidArgument, fill(order, bad, &.{ 1, 2 }, &out));
        }
        bad = good;
        for ([_]f64{ 0, 1, std.math.nan(f64) }) |decay| {
            bad.decay = decay;
            if (order == .geometric or order == .geometric_each) try testing.expectError(error.InvalidArgument, fill(order, bad, &.{ 1, 2 }, &out));
        }
    }
    try testing.expectEqual([_]f64{ -7, -7 }, out);
    for ([_]f64{ 0, 0.5, 0x1.8p53, std.math.nan(f64) }) |bound| {
        out = .{ 1, bound };
        for ([_]Order{ .uniform_each, .geometric_each }) |order| {
            try testing.expectError(error.InvalidArgument, fill(order, good, &.{ 1, 2 }, &out));
        }
    }
}
