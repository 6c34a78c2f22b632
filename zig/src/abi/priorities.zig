//! The sum tree's part of the C ABI. The tree is the caller's array, so that it needs no handle and no closing.

const numbers = @import("numbers.zig");
const status = @import("status.zig");
const priorities = @import("../sample/priorities.zig");
const Report = priorities.Report;
const Tree = priorities.Tree;

/// shape: count of nodes, capacity in leaves, position of the first leaf, position after the last
const Shape = [4]f64;

fn treeOf(nodes: [*]f64, shape: *const Shape) status.Error!Tree {
    const node_count = try numbers.to(u48, shape[0]);
    return .of(nodes[0..node_count], try numbers.to(u48, shape[1]), try numbers.to(u53, shape[2]), try numbers.to(u53, shape[3]));
}

/// request: first position, position after the last, stride, priority (negative: take the positions out), alpha; report:
/// as `priorities.Report`
export fn ss_priorities_fill(nodes: [*]f64, shape: *const Shape, request: *const [5]f64, report: *Report) i32 {
    return status.result(fill(nodes, shape, request, report));
}

fn fill(nodes: [*]f64, shape: *const Shape, request: *const [5]f64, report: *Report) status.Error!void {
    const tree = try treeOf(nodes, shape);
    const from = try numbers.to(u53, request[0]);
    const to = try numbers.to(u53, request[1]);
    if (request[3] < 0) return tree.clear(from, to, report);
    return tree.fill(from, to, try numbers.to(u53, request[2]), request[3], request[4], report);
}

/// ids: positions; values: their priorities, overwritten; report: as `priorities.Report`
export fn ss_priorities_update(nodes: [*]f64, shape: *const Shape, ids: [*]const f64, values: [*]f64, count: u32, alpha: f64, report: *Report) i32 {
    const tree = treeOf(nodes, shape) catch |err| return status.of(err);
    return status.result(tree.update(ids[0..count], values[0..count], alpha, report));
}

/// units: in [0, 1); out: positions and their probabilities
export fn ss_priorities_draw(nodes: [*]f64, shape: *const Shape, units: [*]const f64, count: u32, out_ids: [*]f64, out_probabilities: [*]f64) i32 {
    const tree = treeOf(nodes, shape) catch |err| return status.of(err);
    return status.result(tree.draw(units[0..count], out_ids[0..count], out_probabilities[0..count]));
}

/// Sums anew over leaves that were moved or read from a file; report: their count above zero
export fn ss_priorities_build(nodes: [*]f64, shape: *const Shape, report: *Report) i32 {
    const tree = treeOf(nodes, shape) catch |err| return status.of(err);
    return status.result(tree.build(report));
}
