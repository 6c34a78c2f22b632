//! The sum tree's part of the C ABI. The tree is the caller's array, so that it needs no handle and no closing.

const layouts = @import("sample_layouts.zig");
const numbers = @import("sample_numbers.zig");
const status = @import("status.zig");
const to = @import("numbers.zig").to;
const Report = @import("../sample/priorities.zig").Report;

export fn ss_priorities_fill(nodes: [*]f64, tree: *const layouts.PriorityTree, request: *const layouts.PriorityFill, report: *Report) i32 {
    return status.result(fill(nodes, tree, request, report));
}

fn fill(nodes: [*]f64, tree: *const layouts.PriorityTree, request: *const layouts.PriorityFill, report: *Report) status.Error!void {
    const known = try numbers.priorityTree(nodes, tree);
    const from = try to(u53, request.from);
    const end = try to(u53, request.to);
    if (request.priority < 0) return known.clear(from, end, report);
    return known.fill(from, end, try to(u53, request.stride), request.priority, request.alpha, report);
}

/// ids: positions; values: their priorities, overwritten
export fn ss_priorities_update(nodes: [*]f64, tree: *const layouts.PriorityTree, ids: [*]const f64, values: [*]f64, count: u32, alpha: f64, report: *Report) i32 {
    const known = numbers.priorityTree(nodes, tree) catch |err| return status.of(err);
    return status.result(known.update(ids[0..count], values[0..count], alpha, report));
}

/// units: in [0, 1); out: positions and their probabilities
export fn ss_priorities_draw(nodes: [*]f64, tree: *const layouts.PriorityTree, units: [*]const f64, count: u32, out_ids: [*]f64, out_probabilities: [*]f64) i32 {
    const known = numbers.priorityTree(nodes, tree) catch |err| return status.of(err);
    return status.result(known.draw(units[0..count], out_ids[0..count], out_probabilities[0..count]));
}

/// Sums anew over leaves that were moved or read from a file; report: their count above zero
export fn ss_priorities_build(nodes: [*]f64, tree: *const layouts.PriorityTree, report: *Report) i32 {
    const known = numbers.priorityTree(nodes, tree) catch |err| return status.of(err);
    return status.result(known.build(report));
}
