//! The part of the C ABI for languages whose threads hand stores to each other, and for many stores at once.

const following = @import("../store/follow.zig");
const handles = @import("handles.zig");
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
        sequences[done.*] = slot.store.commit.sequence;
        done.* += 1;
    }
}
