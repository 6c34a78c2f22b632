//! The part of the C ABI for languages whose threads hand stores to each other, and for many stores at once.

const std = @import("std");
const following = @import("../store/follow.zig");
const grouping = @import("../sample/grouping.zig");
const handles = @import("handles.zig");
const layouts = @import("sample_layouts.zig");
const status = @import("status.zig");
const system = @import("../system/system.zig");
const touching = @import("../read/touch.zig");
const Error = status.Error;

/// From here on the store does not end with the thread that opened it, nor in a process that was forked off.
export fn ss_store_share(store: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    slot.owner.store(handles.nobody, .monotonic);
    return status.ok;
}

/// For readers: goes to the newest commit of each store. out_sequences: that of the commit which a store is at then, so that
/// the caller sees which has another. After an error those of the stores before the first that failed, whose place is
/// out_count.
export fn ss_stores_refresh(stores: [*]const u32, count: u32, out_sequences: [*]u64, out_count: *f64) i32 {
    var done: usize = 0;
    const outcome = while (done < count) {
        refreshSome(stores[done..count], out_sequences, &done) catch |err| break err;
    } else {};
    out_count.* = @floatFromInt(done);
    return status.result(outcome);
}

/// Several at a time: what the processor waits for is on its way for all of them.
fn refreshSome(stores: []const u32, sequences: [*]u64, done: *usize) Error!void {
    var taken: [touching.pieces]*handles.Slot = undefined;
    const near = stores[0..@min(taken.len, stores.len)];
    var ahead: touching.Ahead = .{};
    for (near) |store| ahead.add(handles.addressOf(store));
    ahead.read();
    var count: usize = 0;
    defer for (taken[0..count]) |slot| slot.put();
    for (near) |store| {
        // What is wrong with a later store is told when it is the first; one that comes twice is busy until then.
        taken[count] = handles.take(store) catch |err| if (count == 0) return err else break;
        count += 1;
    }
    for ([_]following.Part{ .store, .head }) |part| {
        for (taken[0..count]) |slot| following.note(system.Real, slot.store, part, &ahead);
        ahead.read();
    }
    for (taken[0..count]) |slot| {
        _ = try slot.store.refresh();
        sequences[done.*] = following.sequenceOf(slot.store);
        done.* += 1;
    }
}

/// Puts the windows of each store together. shift: so many bits of a source stand below the number of its store, and are what
/// out_sources has; stores: their handles; places: zeros, a number for each, which are zeros afterwards.
export fn ss_windows_group(
    sources: [*]const i32,
    count: u32,
    shift: u32,
    stores: [*]const u32,
    store_count: u32,
    places: [*]u32,
    anchors: [*]const f64,
    starts: [*]const f64,
    lengths: [*]const i32,
    out_sources: [*]i32,
    out_anchors: [*]f64,
    out_starts: [*]f64,
    out_lengths: [*]i32,
    out_slots: [*]i32,
    out_stores: [*]i32,
    out_groups: [*]layouts.WindowGroup,
    out_group_count: *f64,
) i32 {
    const drawn: grouping.Windows = .{ .sources = sources[0..count], .anchors = anchors, .starts = starts, .lengths = lengths };
    const grouped: grouping.Grouped = .{ .sources = out_sources, .anchors = out_anchors, .starts = out_starts, .lengths = out_lengths, .slots = out_slots, .stores = out_stores, .groups = out_groups };
    const bits = std.math.cast(u5, shift) orelse return status.of(error.InvalidArgument);
    const group_count = grouping.group(drawn, bits, stores[0..store_count], places[0..store_count], grouped) catch |err| return status.of(err);
    out_group_count.* = @floatFromInt(group_count);
    return status.ok;
}
