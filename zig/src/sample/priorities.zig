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
pub const Layout = struct {
    starts: [levels_max]usize = undefined,
    level_count: usize = 0,
    node_count: usize = 0,

    /// Null where the capacity is not one that a tree can have.
    pub fn of(capacity: usize) ?Layout {
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

/// Why a change was refused.
pub const Refusal = enum(u32) {
    /// The position is none that was filled.
    position,
    /// The priority is no finite number from 0 up.
    priority,
    /// The sum would be too large.
    sum,

    fn number(refusal: Refusal) f64 {
        return @floatFromInt(@backingInt(refusal));
    }
};

/// What a change did, or what it was refused for.
pub const Report = extern struct {
    /// Leaves above zero that there are more than before.
    count_change: f64 = 0,
    /// The largest priority given, before alpha.
    priority_max: f64 = 0,
    /// The place among those given of what was refused, and the `Refusal`.
    culprit: f64 = 0,
    refusal: f64 = 0,
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
            report.refusal = Refusal.sum.number();
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
        if (ids.len == 0) return;
        for (1..tree.layout.level_count) |level| {
            const shift: u6 = @intCast(4 * level);
            const used = ((tree.end - tree.base - 1) >> shift) + 1;
            // Of few nodes each has many of the positions below it, and is summed once.
            if (used <= ids.len) {
                for (0..used) |index| tree.sumNode(level, index);
            } else for (ids) |id| tree.sumNode(level, tree.leafOf(id) >> shift);
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
            report.refusal = Refusal.position.number();
            if (@as(u64, @bitCast(tree.nodes[tree.leafOf(id)])) == 0) return error.OutOfRange;
            report.refusal = Refusal.priority.number();
            if (!(priority.* >= 0 and priority.* < std.math.inf(f64))) return error.OutOfRange;
            report.priority_max = @max(report.priority_max, priority.*);
            priority.* = leafValue(priority.*, alpha);
            sum += priority.*;
            report.refusal = Refusal.sum.number();
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

    pub fn children(tree: Tree, level: usize, block: usize) *const [fanout]f64 {
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

/// A priority above 0 stays above it, however small the power is. By a logarithm, which takes half of what an exact power
/// takes and is off by parts of 10^14; what is no power stays as it is.
pub fn leafValue(priority: f64, alpha: f64) f64 {
    if (priority == 0) return -0.0;
    if (alpha == 1) return priority;
    return @max(@exp(alpha * @log(priority)), std.math.floatTrueMin(f64));
}

/// Four sums side by side, which take a quarter of the time of one; always in this order.
pub fn sumOf(values: *const [fanout]f64) f64 {
    const Lanes = @Vector(4, f64);
    const lanes = @as(Lanes, values[0..4].*) + @as(Lanes, values[4..8].*) + @as(Lanes, values[8..12].*) + @as(Lanes, values[12..16].*);
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

/// The child into which a share of the parent falls; the share becomes that of the child. A child of zero is never it.
pub inline fn chooseChild(values: *const [fanout]f64, share: *f64) error{Damaged}!usize {
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
