//! The part of the C ABI for languages whose threads hand stores to each other, and draw from many at once.

const handles = @import("handles.zig");
const status = @import("status.zig");
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
    for (stores[0..count], out_sequences, 0..) |store, *sequence, place| {
        sequence.* = refreshed(store) catch |err| {
            out_count.* = @floatFromInt(place);
            return status.of(err);
        };
    }
    out_count.* = @floatFromInt(count);
    return status.ok;
}

fn refreshed(store: u32) Error!u64 {
    const slot = try handles.take(store);
    defer slot.put();
    _ = try slot.store.refresh();
    return slot.store.commit.sequence;
}
