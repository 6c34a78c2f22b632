//! Windows that were drawn from many stores, put together store by store, so that each store is gone to once a batch.

const std = @import("std");

pub const Error = error{OutOfRange};

/// A store by its handle, and how many windows it has.
pub const Group = extern struct { store: f64, count: f64 };

/// Where windows lie, and what they are of: the number of their store, with some bits below that are the store's own matter.
pub const Windows = struct {
    sources: []const i32,
    anchors: [*]const f64,
    starts: [*]const f64,
    lengths: [*]const i32,
};

/// The same, those of one store after those of another, and which of the windows each was.
pub const Grouped = struct {
    sources: [*]i32,
    anchors: [*]f64,
    starts: [*]f64,
    lengths: [*]i32,
    slots: [*]i32,
    /// The stores, in the order in which the first window of each was drawn.
    stores: [*]i32,
    groups: [*]Group,
};

/// Returns how many of the stores have windows. handles: of all; places: a number for each, zeros before and afterwards.
pub fn group(windows: Windows, shift: u5, handles: []const u32, places: []u32, to: Grouped) Error!usize {
    var count: usize = 0;
    defer for (to.stores[0..count]) |store| {
        places[@intCast(store)] = 0;
    };
    for (windows.sources) |source| {
        if (source < 0 or source >> shift >= places.len) return error.OutOfRange;
        const place = &places[@intCast(source >> shift)];
        if (place.* == 0) {
            to.stores[count] = source >> shift;
            to.groups[count] = .{ .store = @floatFromInt(handles[@intCast(source >> shift)]), .count = 0 };
            count += 1;
            place.* = @intCast(count);
        }
        to.groups[place.* - 1].count += 1;
    }
    var first: u32 = 0;
    for (to.stores[0..count], to.groups[0..count]) |store, of_store| {
        places[@intCast(store)] = first;
        first += @intFromFloat(of_store.count);
    }
    const own: i32 = (@as(i32, 1) << shift) - 1;
    for (windows.sources, 0..) |source, window| {
        const place = &places[@intCast(source >> shift)];
        const at = place.*;
        place.* += 1;
        to.sources[at] = source & own;
        to.anchors[at] = windows.anchors[window];
        to.starts[at] = windows.starts[window];
        to.lengths[at] = windows.lengths[window];
        to.slots[at] = @intCast(window);
    }
    return count;
}

const testing = std.testing;

test "windows stand store by store, in the order of each store's first, and in a store as they were drawn" {
    const sources = [_]i32{ 3 << 4 | 9, 1 << 4, 3 << 4 | 2, 0 << 4 | 15, 1 << 4 | 1 };
    const numbers = [_]f64{ 10, 11, 12, 13, 14 };
    const lengths = [_]i32{ 20, 21, 22, 23, 24 };
    var places: [4]u32 = @splat(0);
    var own: [5]i32 = undefined;
    var anchors: [5]f64 = undefined;
    var starts: [5]f64 = undefined;
    var found: [5]i32 = undefined;
    var slots: [5]i32 = undefined;
    var stores: [5]i32 = undefined;
    var groups: [5]Group = undefined;
    const windows: Windows = .{ .sources = &sources, .anchors = &numbers, .starts = &numbers, .lengths = &lengths };
    const to: Grouped = .{ .sources = &own, .anchors = &anchors, .starts = &starts, .lengths = &found, .slots = &slots, .stores = &stores, .groups = &groups };
    try testing.expectEqual(3, try group(windows, 4, &.{ 70, 71, 72, 73 }, &places, to));
    try testing.expectEqualSlices(i32, &.{ 3, 1, 0 }, stores[0..3]);
    try testing.expectEqualSlices(Group, &.{ .{ .store = 73, .count = 2 }, .{ .store = 71, .count = 2 }, .{ .store = 70, .count = 1 } }, groups[0..3]);
    try testing.expectEqualSlices(i32, &.{ 0, 2, 1, 4, 3 }, &slots);
    try testing.expectEqualSlices(i32, &.{ 9, 2, 0, 1, 15 }, &own);
    try testing.expectEqualSlices(f64, &.{ 10, 12, 11, 14, 13 }, &anchors);
    try testing.expectEqualSlices(f64, &.{ 10, 12, 11, 14, 13 }, &starts);
    try testing.expectEqualSlices(i32, &.{ 20, 22, 21, 24, 23 }, &found);
    try testing.expectEqualSlices(u32, &.{ 0, 0, 0, 0 }, &places);
}

test "a source of no store is refused, and the places are as they were" {
    for ([_]i32{ -1, 2 << 18 }) |wrong| {
        var places: [2]u32 = @splat(0);
        var numbers: [2]f64 = @splat(0);
        var integers: [4][2]i32 = @splat(@splat(0));
        var groups: [2]Group = undefined;
        const windows: Windows = .{ .sources = &.{ 1 << 18, wrong }, .anchors = &numbers, .starts = &numbers, .lengths = &integers[0] };
        const to: Grouped = .{ .sources = &integers[1], .anchors = &numbers, .starts = &numbers, .lengths = &integers[0], .slots = &integers[2], .stores = &integers[3], .groups = &groups };
        try testing.expectError(error.OutOfRange, group(windows, 18, &.{ 7, 8 }, &places, to));
        try testing.expectEqualSlices(u32, &.{ 0, 0 }, &places);
    }
}
