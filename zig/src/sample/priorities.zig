//! A sum tree over positions, to draw a position as often as its priority says (Schaul, Quan, Antonoglou and Silver,
//! "Prioritized Experience Replay", ICLR 2016, appendix B.2.1).
//!
//! All nodes stand in one array of the caller's: the leaves, then the sums of 16 leaves each, then the sums of 16 of
//! those, up to the root, which is the last. Each level is filled up with zeros to a multiple of 16. A sum is always
//! made anew from its children and never adjusted by a difference, so that nothing drifts.
//!
//! A leaf is `priority ^ alpha`. One that is +0 cannot be drawn and is no window; one that is -0 is a window whose
//! priority is 0, which can be given another.

const std = @import("std");

pub const Error = error{ InvalidArgument, OutOfRange, Damaged };

pub const fanout = 16;

/// The largest sum of all leaves. The float64 maximum is just below twice this, which leaves room for rounding.
const sum_max = 0x1p1023;

const levels_max = 13;

/// Where each level starts among the nodes, and where the root stands.
const Layout = struct {
    starts: [levels_max]usize = undefined,
    level_count: usize = 0,
    node_count: usize = 0,

    /// Null where the capacity is not one that a tree can have.
    fn of(capacity: usize) ?Layout {
        if (capacity == 0 or capacity % fanout != 0 or capacity > 1 << 44) return null;
        var layout: Layout = .{};
        var size = capacity;
        while (true) {
            layout.starts[layout.level_count] = layout.node_count;
            layout.level_count += 1;
            layout.node_count += size;
            if (size == 1) return layout;
            const parents = size / fanout;
            size = if (parents == 1) 1 else std.mem.alignForward(usize, parents, fanout);
        }
    }
};

/// What a change did, or what it was refused for.
pub const Report = extern struct {
    /// Leaves above zero that there are more than before.
    count_change: f64 = 0,
    /// The largest priority given, before alpha.
    priority_max: f64 = 0,
    culprit: f64 = 0,
    /// 0: the position is none that was filled, 1: the priority is no finite number from 0 up, 2: the sum is too large.
    reason: f64 = 0,
};

pub const Tree = struct {
    nodes: []f64,
    layout: Layout,
    capacity: usize,
    /// The position of the first leaf, and the position after the last.
    base: usize,
    end: usize,

    pub fn of(nodes: []f64, capacity: usize, base: usize, end: usize) Error!Tree {
        const layout = Layout.of(capacity) orelse return error.InvalidArgument;
        if (layout.node_count != nodes.len or end < base or end - base > capacity) return error.InvalidArgument;
        return .{ .nodes = nodes, .layout = layout, .capacity = capacity, .base = base, .end = end };
    }

    pub fn total(tree: Tree) f64 {
        return tree.nodes[tree.nodes.len - 1] + 0.0;
    }

    /// Gives every `stride`th position of a range, from the first on, the same priority.
    pub fn fill(tree: Tree, from: usize, to: usize, stride: usize, priority: f64, alpha: f64, report: *Report) Error!void {
        report.* = .{ .priority_max = priority };
        if (stride == 0) return error.InvalidArgument;
        if (!(priority >= 0 and priority < std.math.inf(f64) and alpha >= 0 and alpha < std.math.inf(f64))) return error.InvalidArgument;
        if (from < tree.base or from > to or to > tree.end) return error.OutOfRange;
        const leaf = leafValue(priority, alpha);
        const count = (to - from) / stride + @intFromBool((to - from) % stride > 0);
        if (!(tree.total() + leaf * @as(f64, @floatFromInt(count)) <= sum_max)) {
            report.reason = 2;
            return error.OutOfRange;
        }
        tree.overwrite(from, to, stride, leaf, report);
    }

    /// Takes a range of positions out: they are no windows.
    pub fn clear(tree: Tree, from: usize, to: usize, report: *Report) Error!void {
        report.* = .{};
        if (from < tree.base or from > to or to > tree.end) return error.OutOfRange;
        tree.overwrite(from, to, 1, 0, report);
    }

    fn overwrite(tree: Tree, from: usize, to: usize, stride: usize, leaf: f64, report: *Report) void {
        if (from == to) return;
        var change: isize = 0;
        var index = from - tree.base;
        while (index < to - tree.base) : (index +|= stride) {
            change += @as(isize, @intFromBool(leaf > 0)) - @intFromBool(tree.nodes[index] > 0);
            tree.nodes[index] = leaf;
        }
        report.count_change = @floatFromInt(change);
        tree.sumRange(from - tree.base, to - tree.base);
    }

    /// Gives positions new priorities; the last one counts where a position comes twice. Everything is checked before
    /// anything is written. `priorities` is overwritten with the leaves.
    pub fn update(tree: Tree, ids: []const f64, priorities: []f64, alpha: f64, report: *Report) Error!void {
        report.* = .{};
        if (!(alpha >= 0 and alpha < std.math.inf(f64))) return error.InvalidArgument;
        try tree.check(ids, priorities, alpha, report);
        var change: isize = 0;
        for (ids, priorities) |id, leaf| {
            const node = &tree.nodes[tree.leafOf(id)];
            change += @as(isize, @intFromBool(leaf > 0)) - @intFromBool(node.* > 0);
            node.* = leaf;
        }
        report.count_change = @floatFromInt(change);
        for (1..tree.layout.level_count) |level| {
            for (ids) |id| tree.sumNode(level, tree.leafOf(id) >> @intCast(4 * level));
        }
    }

    fn check(tree: Tree, ids: []const f64, priorities: []f64, alpha: f64, report: *Report) Error!void {
        const first: f64 = @floatFromInt(tree.base);
        const end: f64 = @floatFromInt(tree.end);
        var sum = tree.total();
        for (ids, 0..) |id, i| {
            report.culprit = @floatFromInt(i);
            if (!(id >= first and id < end and @trunc(id) == id)) return error.OutOfRange;
            tree.prefetchBlock(0, tree.leafOf(id) / fanout);
        }
        for (ids, priorities, 0..) |id, *priority, i| {
            report.culprit = @floatFromInt(i);
            report.reason = 0;
            if (@as(u64, @bitCast(tree.nodes[tree.leafOf(id)])) == 0) return error.OutOfRange;
            report.reason = 1;
            if (!(priority.* >= 0 and priority.* < std.math.inf(f64))) return error.OutOfRange;
            report.priority_max = @max(report.priority_max, priority.*);
            priority.* = leafValue(priority.*, alpha);
            sum += priority.*;
            report.reason = 2;
            if (!(sum <= sum_max)) return error.OutOfRange;
        }
    }

    /// Draws a position for each unit in [0, 1), with the probability of each. Units may stand where probabilities go.
    ///
    /// Level by level for the whole batch, so that the cache misses of its draws overlap. Meanwhile `ids` holds the node
    /// of each draw and `probabilities` what is left of its share.
    pub fn draw(tree: Tree, units: []const f64, ids: []f64, probabilities: []f64) Error!void {
        const sum = tree.total();
        if (!(sum > 0)) return error.OutOfRange;
        for (units) |unit| if (!(unit >= 0 and unit < 1)) return error.InvalidArgument;
        for (units, ids, probabilities) |unit, *id, *probability| {
            id.* = 0;
            probability.* = unit * sum;
        }
        var level = tree.layout.level_count - 1;
        while (level > 0) {
            level -= 1;
            for (ids, probabilities) |*id, *share| {
                const block: usize = @intFromFloat(id.*);
                const child = block * fanout + try chooseChild(tree.children(level, block), share);
                if (level > 0) tree.prefetchBlock(level - 1, child);
                id.* = @floatFromInt(child);
            }
        }
        for (ids, probabilities) |*id, *probability| {
            const leaf: usize = @intFromFloat(id.*);
            // Even where the quotient is too small for a float64: an importance weight must not be infinite.
            probability.* = @max(tree.nodes[leaf] / sum, std.math.floatMin(f64));
            id.* = @floatFromInt(tree.base + leaf);
        }
    }

    /// Sums all levels anew over leaves that came from elsewhere, and counts those above zero.
    pub fn build(tree: Tree, report: *Report) Error!void {
        report.* = .{};
        const used = tree.end - tree.base;
        var count: usize = 0;
        for (tree.nodes[0..used]) |leaf| {
            if (!(leaf >= 0 and leaf <= sum_max)) return error.Damaged;
            count += @intFromBool(leaf > 0);
        }
        @memset(tree.nodes[used..], 0);
        tree.sumRange(0, tree.capacity);
        if (!(tree.total() <= sum_max)) return error.Damaged;
        report.count_change = @floatFromInt(count);
    }

    fn leafOf(tree: Tree, id: f64) usize {
        return @as(usize, @intFromFloat(id)) - tree.base;
    }

    fn children(tree: Tree, level: usize, block: usize) *const [fanout]f64 {
        return tree.nodes[tree.layout.starts[level] + block * fanout ..][0..fanout];
    }

    inline fn prefetchBlock(tree: Tree, level: usize, block: usize) void {
        const start = tree.nodes.ptr + tree.layout.starts[level] + block * fanout;
        @prefetch(start, .{});
        @prefetch(start + fanout / 2, .{});
    }

    fn sumNode(tree: Tree, level: usize, index: usize) void {
        tree.nodes[tree.layout.starts[level] + index] = sumOf(tree.children(level - 1, index));
    }

    /// The sums above leaves `[from, to)`.
    fn sumRange(tree: Tree, from: usize, to: usize) void {
        var first = from;
        var last = to - 1;
        for (1..tree.layout.level_count) |level| {
            first /= fanout;
            last /= fanout;
            for (first..last + 1) |index| tree.sumNode(level, index);
        }
    }
};

/// A priority above 0 stays above it, however small the power is.
fn leafValue(priority: f64, alpha: f64) f64 {
    if (priority == 0) return -0.0;
    return @max(std.math.pow(f64, priority, alpha), std.math.floatTrueMin(f64));
}

/// Four sums side by side, which take a quarter of the time of one; always in this order.
fn sumOf(values: *const [fanout]f64) f64 {
    const Lanes = @Vector(4, f64);
    const lanes = @as(Lanes, values[0..4].*) + @as(Lanes, values[4..8].*) + @as(Lanes, values[8..12].*) + @as(Lanes, values[12..16].*);
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

/// The child into which a share of the parent falls; the share becomes that of the child. A child of zero is never it.
inline fn chooseChild(values: *const [fanout]f64, share: *f64) error{Damaged}!usize {
    var rest = share.*;
    for (values, 0..) |value, index| {
        if (rest < value) {
            share.* = rest;
            return index;
        }
        rest -= value;
    }
    // Rounding has left a rest beyond the last child. It goes to the end of the largest, to which it matters least.
    const largest = std.mem.findMax(f64, values);
    if (!(values[largest] > 0)) return error.Damaged;
    share.* = values[largest];
    return largest;
}

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
    var share: f64 = 0.7;
    try testing.expectEqual(1, try chooseChild(&values, &share));
    values = @splat(0);
    share = 0.5;
    try testing.expectError(error.Damaged, chooseChild(&values, &share));
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
    const Case = struct { id: f64, priority: f64, reason: f64 };
    for ([_]Case{
        .{ .id = 9, .priority = 1, .reason = 0 },                  .{ .id = 30, .priority = 1, .reason = 0 },
        .{ .id = 50, .priority = 1, .reason = 0 },                 .{ .id = 10.5, .priority = 1, .reason = 0 },
        .{ .id = std.math.nan(f64), .priority = 1, .reason = 0 },  .{ .id = 1e300, .priority = 1, .reason = 0 },
        .{ .id = 12, .priority = -1, .reason = 1 },                .{ .id = 12, .priority = std.math.nan(f64), .reason = 1 },
        .{ .id = 12, .priority = std.math.inf(f64), .reason = 1 }, .{ .id = 12, .priority = 1.7e308, .reason = 2 },
    }) |case| {
        var report: Report = .{};
        var priorities = [_]f64{ 2, case.priority };
        try testing.expectError(error.OutOfRange, sample.tree.update(&.{ 11, case.id }, &priorities, 1, &report));
        try testing.expectEqual(1, report.culprit);
        try testing.expectEqual(case.reason, report.reason);
        try testing.expectEqualSlices(u8, std.mem.sliceAsBytes(before), std.mem.sliceAsBytes(sample.tree.nodes));
    }
    try testing.expectError(error.OutOfRange, sample.tree.draw(&.{0.5}, before[0..1], before[1..2]));
    try testing.expectError(error.InvalidArgument, Tree.of(sample.tree.nodes, 32, 10, 40));
    try testing.expectError(error.InvalidArgument, Tree.of(sample.tree.nodes, 40, 10, 40));
    try testing.expectError(error.InvalidArgument, Tree.of(sample.tree.nodes, 48, 10, 59));
}

test "alpha is a power, and no priority above 0 becomes 0" {
    try testing.expectEqual(8, leafValue(4, 1.5));
    try testing.expectEqual(1, leafValue(3, 0));
    try testing.expectEqual(std.math.floatTrueMin(f64), leafValue(1e-300, 2));
    try testing.expect(std.math.signbit(leafValue(0, 0)));
    try testing.expectApproxEqRel(std.math.pow(f64, 5e-324, 0.6), leafValue(5e-324, 0.6), 1e-15);
    var last: f64 = 0;
    var priority: f64 = 5e-324;
    while (priority < 1e300) : (priority *= 7) {
        try testing.expect(leafValue(priority, 0.6) >= last);
        last = leafValue(priority, 0.6);
    }
}
