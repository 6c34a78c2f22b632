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
const random = @import("random.zig");
const touching = @import("../read/touch.zig");

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
            const node = &tree.nodes[leafOf(id, tree.base)];
            change += @as(isize, @intFromBool(leaf > 0)) - @intFromBool(node.* > 0);
            node.* = leaf;
        }
        report.count_change = @floatFromInt(change);
        if (ids.len == 0) return;
        for (1..tree.layout.level_count) |level| {
            const shift: u6 = @intCast(4 * level);
            const used = ((tree.end - tree.base - 1) >> shift) + 1;
            const sums = tree.nodes[tree.layout.starts[level]..];
            const below = tree.nodes[tree.layout.starts[level - 1]..];
            // Of few nodes each has many of the positions below it, and is summed once.
            if (used <= ids.len) {
                for (sums[0..used], 0..) |*sum, index| sum.* = sumOf(below[index * fanout ..][0..fanout]);
            } else for (ids) |id| {
                const index = leafOf(id, tree.base) >> shift;
                sums[index] = sumOf(below[index * fanout ..][0..fanout]);
            }
        }
    }

    fn check(tree: Tree, ids: []const f64, priorities: []f64, alpha: f64, report: *Report) Error!void {
        const first: f64 = @floatFromInt(tree.base);
        const end: f64 = @floatFromInt(tree.end);
        const base = tree.base;
        // Where there is but one level above the leaves, to fetch the leaves again does no harm.
        const parents = tree.nodes[tree.layout.starts[@min(1, tree.layout.level_count - 1)]..];
        var ahead: touching.Ahead = .{};
        for (ids, 0..) |id, i| {
            if (!(id >= first and id < end and @trunc(id) == id)) return refuse(report, i, .position);
            const parent = leafOf(id, base) / fanout;
            const leaves = tree.nodes[parent * fanout ..][0..fanout];
            ahead.add(&leaves[0]);
            ahead.add(&leaves[fanout - 1]);
            @prefetch(parents.ptr + parent / fanout * fanout, .{});
            @prefetch(parents.ptr + parent / fanout * fanout + fanout / 2, .{});
        }
        ahead.read();
        var sum = tree.total();
        var largest: f64 = 0;
        for (ids, priorities, 0..) |id, *priority, i| {
            if (@as(u64, @bitCast(tree.nodes[leafOf(id, base)])) == 0) return refuse(report, i, .position);
            if (!(priority.* >= 0 and priority.* < std.math.inf(f64))) return refuse(report, i, .priority);
            largest = @max(largest, priority.*);
            priority.* = leafValue(priority.*, alpha);
            sum += priority.*;
            if (!(sum <= sum_max)) return refuse(report, i, .sum);
        }
        report.priority_max = largest;
    }

    noinline fn refuse(report: *Report, place: usize, refusal: Refusal) Error {
        report.culprit = @floatFromInt(place);
        report.refusal = refusal.number();
        return error.OutOfRange;
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
            if (level < far_levels) {
                var ahead: touching.Ahead = .{};
                for (ids) |id| tree.note(&ahead, level, @intFromFloat(id));
                ahead.read();
            }
            var done: usize = 0;
            while (done < ids.len) : (done += side_by_side) try tree.descend(level, ids[done..], probabilities[done..]);
        }
        for (ids, probabilities) |*id, *probability| {
            const leaf: usize = @intFromFloat(id.*);
            // Even where the quotient is too small for a float64: an importance weight must not be infinite.
            probability.* = @max(tree.nodes[leaf] / sum, std.math.floatMin(f64));
            id.* = @floatFromInt(tree.base + leaf);
        }
    }

    /// From nodes to those children into which their shares fall, several draws at a time.
    inline fn descend(tree: Tree, level: usize, ids: []f64, shares: []f64) Error!void {
        const count = @min(side_by_side, ids.len);
        var parents: [side_by_side]*const [fanout]f64 = undefined;
        var rests: [side_by_side]f64 = undefined;
        // Of fewer draws the last one is made again.
        for (&parents, &rests, 0..) |*parent, *rest, lane| {
            const at = @min(lane, count - 1);
            parent.* = tree.children(level, @intFromFloat(ids[at]));
            rest.* = shares[at];
        }
        const chosen = try chooseChildren(parents, &rests);
        for (ids[0..count], shares[0..count], chosen[0..count], rests[0..count]) |*id, *share, child, rest| {
            id.* = id.* * fanout + @as(f64, @floatFromInt(child));
            share.* = rest;
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

    inline fn leafOf(id: f64, base: usize) usize {
        return @as(usize, @intCast(random.fromFloat(id))) - base;
    }

    pub fn children(tree: Tree, level: usize, block: usize) *const [fanout]f64 {
        return tree.nodes[tree.layout.starts[level] + block * fanout ..][0..fanout];
    }

    /// To be read: both lines of the children of a node.
    inline fn note(tree: Tree, ahead: *touching.Ahead, level: usize, block: usize) void {
        const found = tree.children(level, block);
        ahead.add(&found[0]);
        ahead.add(&found[fanout - 1]);
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

/// So many levels, from the leaves up, are larger than what processors have at hand.
const far_levels = 2;

/// So many draws go down the tree side by side.
pub const side_by_side = 4;
const Shares = @Vector(side_by_side, f64);

/// The child of each parent into which the parent's share falls; the share becomes that of the child. A child of zero is never it.
/// Which it is cannot be foreseen, so nothing branches: beyond the child the rest is negative, and no child's any more.
pub inline fn chooseChildren(parents: [side_by_side]*const [fanout]f64, shares: *[side_by_side]f64) error{Damaged}![side_by_side]usize {
    var rest: Shares = shares.*;
    var kept = rest;
    var chosen: Shares = @splat(0);
    inline for (0..fanout) |index| {
        var values: [side_by_side]f64 = undefined;
        inline for (&values, parents) |*value, parent| value.* = parent[index];
        const is_beyond = rest >= @as(Shares, values);
        rest -= values;
        kept = @select(f64, is_beyond, rest, kept);
        chosen += @select(f64, is_beyond, @as(Shares, @splat(1)), @as(Shares, @splat(0)));
    }
    shares.* = kept;
    var children: [side_by_side]usize = undefined;
    inline for (&children, parents, 0..) |*child, parent, lane| {
        child.* = @intFromFloat(chosen[lane]);
        if (child.* == fanout) child.* = try largestOf(parent, &shares[lane]);
    }
    return children;
}

/// Rounding has left a rest beyond the last child. It goes to the end of the largest, to which it matters least.
noinline fn largestOf(values: *const [fanout]f64, share: *f64) error{Damaged}!usize {
    const largest = std.mem.findMax(f64, values);
    if (!(values[largest] > 0)) return error.Damaged;
    share.* = values[largest];
    return largest;
}
