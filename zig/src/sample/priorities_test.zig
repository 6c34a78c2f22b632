//! Tests of priorities.zig: sums against exact ones, and draws against the shares that priorities ask for.

const std = @import("std");
const priorities_file = @import("priorities.zig");
const Layout = priorities_file.Layout;
const Refusal = priorities_file.Refusal;
const Report = priorities_file.Report;
const Tree = priorities_file.Tree;
const chooseChildren = priorities_file.chooseChildren;
const side_by_side = priorities_file.side_by_side;
const fanout = priorities_file.fanout;
const leafValue = priorities_file.leafValue;
const sumOf = priorities_file.sumOf;

const testing = std.testing;

const Sample = struct {
    tree: Tree,
    count: f64 = 0,

    fn make(leaf_count: usize, base: usize) !Sample {
        const capacity = std.mem.alignForward(usize, @max(1, leaf_count), fanout);
        const nodes = try testing.allocator.alloc(f64, Layout.of(capacity).?.node_count);
        @memset(nodes, 0);
        return .{ .tree = try .of(nodes, capacity, base, base + leaf_count) };
    }

    fn free(sample: *Sample) void {
        testing.allocator.free(sample.tree.nodes);
    }

    fn fill(sample: *Sample, from: usize, to: usize, priority: f64) !void {
        var report: Report = .{};
        try sample.tree.fill(from, to, 1, priority, 1, &report);
        sample.count += report.count_change;
    }

    fn update(sample: *Sample, ids: []const f64, priorities: []f64) !void {
        var report: Report = .{};
        try sample.tree.update(ids, priorities, 1, &report);
        sample.count += report.count_change;
    }

    fn expectWhole(sample: *const Sample) !void {
        const tree = sample.tree;
        for (1..tree.layout.level_count) |level| {
            const end = if (level + 1 < tree.layout.level_count) tree.layout.starts[level + 1] else tree.nodes.len;
            const below = (tree.layout.starts[level] - tree.layout.starts[level - 1]) / fanout;
            for (tree.nodes[tree.layout.starts[level]..end], 0..) |node, index| {
                const expected = if (index < below) sumOf(tree.children(level - 1, index)) else 0;
                try testing.expectEqual(@as(u64, @bitCast(expected)), @as(u64, @bitCast(node)));
            }
        }
        var count: f64 = 0;
        for (tree.nodes[0..tree.capacity]) |leaf| count += @floatFromInt(@intFromBool(leaf > 0));
        try testing.expectEqual(count, sample.count);
    }
};

test "after a million random updates the root is the exact sum, and each node that of its children" {
    var sample: Sample = try .make(100_003, 77);
    defer sample.free();
    try sample.fill(77, 77 + 100_003, 1);
    var generator: std.Random.DefaultPrng = .init(4);
    const random = generator.random();
    var ids: [1000]f64 = undefined;
    var priorities: [1000]f64 = undefined;
    for (0..1000) |_| {
        for (&ids, &priorities) |*id, *priority| {
            id.* = @floatFromInt(77 + random.uintLessThan(usize, 100_003));
            priority.* = if (random.uintLessThan(u32, 10) == 0) 0 else @exp(20 * random.float(f64) - 10);
        }
        try sample.update(&ids, &priorities);
    }
    try sample.expectWhole();
    // Leaves of up to e^10 with 53 bits each: their sum in 113 bits is exact enough to be called so.
    var exact: f128 = 0;
    for (sample.tree.nodes[0..100_003]) |leaf| exact += leaf;
    const distance = @abs(@as(f128, sample.tree.total()) - exact) / exact;
    try testing.expect(distance < 1e-12);
}

test "draws never leave the leaves above zero, whatever the unit, the size and the priorities" {
    const just_below_one = 1.0 - std.math.floatEps(f64) / 2.0;
    const extremes = [_]f64{ 1e300, 1e-300, 5e-324, 0, 1, 0.1, 1e-310, 3e307, 2.2250738585072014e-308 };
    var generator: std.Random.DefaultPrng = .init(5);
    const random = generator.random();
    for ([_]usize{ 1, 2, 15, 16, 17, 31, 255, 256, 257, 4097, 70_000 }) |leaf_count| {
        for (0..8) |round| {
            var sample: Sample = try .make(leaf_count, 9);
            defer sample.free();
            try sample.fill(9, 9 + leaf_count, if (round % 2 == 0) 0 else 0.1);
            for (0..@min(leaf_count, 50)) |_| {
                var id = [_]f64{@floatFromInt(9 + random.uintLessThan(usize, leaf_count))};
                var priority = [_]f64{extremes[random.uintLessThan(usize, extremes.len)]};
                sample.update(&id, &priority) catch {};
            }
            try sample.expectWhole();
            var units: [64]f64 = undefined;
            for (&units) |*unit| unit.* = random.float(f64);
            units[0..4].* = .{ 0, just_below_one, std.math.nextAfter(f64, just_below_one, 0), 0.5 };
            var ids: [64]f64 = undefined;
            var probabilities: [64]f64 = undefined;
            if (sample.tree.total() == 0) {
                try testing.expectError(error.OutOfRange, sample.tree.draw(&units, &ids, &probabilities));
                continue;
            }
            try sample.tree.draw(&units, &ids, &probabilities);
            for (ids, probabilities) |id, probability| {
                const leaf: usize = @intFromFloat(id - 9);
                try testing.expect(leaf < leaf_count);
                try testing.expect(sample.tree.nodes[leaf] > 0);
                try testing.expect(probability > 0 and probability <= 1);
            }
        }
    }
}

test "a rest that rounding has left goes to the largest child" {
    var values: [fanout]f64 = @splat(0);
    values[0..3].* = .{ 1e-300, 0.7, 0 };
    var shares: [side_by_side]f64 = @splat(0.7);
    shares[2] = 0.1;
    try testing.expectEqual([side_by_side]usize{ 1, 1, 1, 1 }, try chooseChildren(@splat(&values), &shares));
    try testing.expectEqual([side_by_side]f64{ 0.7, 0.7, 0.1, 0.7 }, shares);
    values = @splat(0);
    shares = @splat(0.5);
    try testing.expectError(error.Damaged, chooseChildren(@splat(&values), &shares));
}

test "of several draws each goes to the child to which it would go alone, to the last bit" {
    var generator: std.Random.DefaultPrng = .init(9);
    const random = generator.random();
    const extremes = [_]f64{ 0, -0.0, 5e-324, 1e-310, 1e-300, 0.1, 1, 1e300, 3e306 };
    for (0..20_000) |_| {
        var values: [side_by_side][fanout]f64 = undefined;
        var parents: [side_by_side]*const [fanout]f64 = undefined;
        var shares: [side_by_side]f64 = undefined;
        for (&values, &parents, &shares) |*own, *parent, *share| {
            const are_extreme = random.boolean();
            for (own) |*value| value.* = if (are_extreme) extremes[random.uintLessThan(usize, extremes.len)] else random.float(f64);
            own[random.uintLessThan(usize, fanout)] = 1;
            parent.* = own;
            share.* = random.float(f64) * sumOf(own);
            // Where a child begins, exactly.
            if (random.uintLessThan(u8, 4) == 0) share.* = own[0] + own[1];
        }
        var left = shares;
        const chosen = try chooseChildren(parents, &left);
        for (values, shares, left, chosen) |own, share, rest, child| {
            var expected = share;
            const plain = for (own, 0..) |value, index| {
                if (expected < value) break index;
                expected -= value;
            } else beyond: {
                const largest = std.mem.findMax(f64, &own);
                expected = own[largest];
                break :beyond largest;
            };
            try testing.expectEqual(plain, child);
            try testing.expectEqual(expected, rest);
        }
    }
}

test "draws follow priorities" {
    var sample: Sample = try .make(300, 0);
    defer sample.free();
    try sample.fill(0, 300, 0);
    var expected: [300]f64 = @splat(0);
    var sum: f64 = 0;
    for (&expected, 0..) |*weight, i| {
        weight.* = if (i % 7 == 0) 0 else @floatFromInt(i % 13 + 1);
        sum += weight.*;
        var priority = [_]f64{weight.*};
        try sample.update(&.{@floatFromInt(i)}, &priority);
    }
    var generator: std.Random.DefaultPrng = .init(6);
    var counts: [300]f64 = @splat(0);
    var units: [1000]f64 = undefined;
    var ids: [1000]f64 = undefined;
    var probabilities: [1000]f64 = undefined;
    for (0..400) |_| {
        for (&units) |*unit| unit.* = generator.random().float(f64);
        try sample.tree.draw(&units, &ids, &probabilities);
        for (ids, probabilities) |id, probability| {
            const leaf: usize = @intFromFloat(id);
            counts[leaf] += 1;
            try testing.expectApproxEqRel(expected[leaf] / sum, probability, 1e-14);
        }
    }
    var chi_square: f64 = 0;
    for (expected, counts) |weight, count| {
        const mean = 400_000 * weight / sum;
        if (weight == 0) try testing.expectEqual(0, count) else chi_square += (count - mean) * (count - mean) / mean;
    }
    // 257 leaves above zero: 256 degrees of freedom, of which 99.9 % of samples stay below 330.5.
    try testing.expect(chi_square < 330.5);
}

test "what is no filled position, no priority or too large a sum is refused before anything is written" {
    var sample: Sample = try .make(40, 10);
    defer sample.free();
    try sample.fill(10, 30, 0);
    const before = try testing.allocator.dupe(f64, sample.tree.nodes);
    defer testing.allocator.free(before);
    const Case = struct { id: f64, priority: f64, refusal: Refusal };
    for ([_]Case{
        .{ .id = 9, .priority = 1, .refusal = .position },                  .{ .id = 30, .priority = 1, .refusal = .position },
        .{ .id = 50, .priority = 1, .refusal = .position },                 .{ .id = 10.5, .priority = 1, .refusal = .position },
        .{ .id = std.math.nan(f64), .priority = 1, .refusal = .position },  .{ .id = 1e300, .priority = 1, .refusal = .position },
        .{ .id = 12, .priority = -1, .refusal = .priority },                .{ .id = 12, .priority = std.math.nan(f64), .refusal = .priority },
        .{ .id = 12, .priority = std.math.inf(f64), .refusal = .priority }, .{ .id = 12, .priority = 1.7e308, .refusal = .sum },
    }) |case| {
        var report: Report = .{};
        var priorities = [_]f64{ 2, case.priority };
        try testing.expectError(error.OutOfRange, sample.tree.update(&.{ 11, case.id }, &priorities, 1, &report));
        try testing.expectEqual(1, report.culprit);
        try testing.expectEqual(@as(f64, @floatFromInt(@backingInt(case.refusal))), report.refusal);
        try testing.expectEqualSlices(u8, std.mem.sliceAsBytes(before), std.mem.sliceAsBytes(sample.tree.nodes));
    }
    try testing.expectError(error.OutOfRange, sample.tree.draw(&.{0.5}, before[0..1], before[1..2]));
    try testing.expectError(error.InvalidArgument, Tree.of(sample.tree.nodes, 32, 10, 40));
    try testing.expectError(error.InvalidArgument, Tree.of(sample.tree.nodes, 40, 10, 40));
    try testing.expectError(error.InvalidArgument, Tree.of(sample.tree.nodes, 48, 10, 59));
}

test "alpha is a power, and no priority above 0 becomes 0" {
    try testing.expectApproxEqRel(8, leafValue(4, 1.5), 1e-14);
    try testing.expectEqual(0.1, leafValue(0.1, 1));
    try testing.expectEqual(1, leafValue(3, 0));
    try testing.expectEqual(std.math.floatTrueMin(f64), leafValue(1e-300, 2));
    try testing.expect(std.math.signbit(leafValue(0, 0)));
    try testing.expectApproxEqRel(std.math.pow(f64, 5e-324, 0.6), leafValue(5e-324, 0.6), 1e-13);
    var last: f64 = 0;
    var priority: f64 = 5e-324;
    while (priority < 1e300) : (priority *= 7) {
        try testing.expect(leafValue(priority, 0.6) >= last);
        last = leafValue(priority, 0.6);
    }
}
