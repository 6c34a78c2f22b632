//! Stores by number: a slot and the generation of its use, so that a stale number is an error and never a wild pointer.
//!
//! A slot is taken for the length of each call. Threads may share the table, and a second thread that comes with the
//! same number is turned away. A closed store stays in its slot while windows over its maps are alive.

const std = @import("std");
const system = @import("system.zig");
const store_file = @import("store.zig");

pub const Error = error{ StaleHandle, ClosedHandle, BusyHandle, TooManyStores };

const Store = store_file.Store(system.Real);

const slot_bits = 12;
const slots_max = 1 << slot_bits;
const generation_mask = (1 << (32 - slot_bits)) - 1;

const State = enum(u32) { free, busy, open, closed };

pub const Slot = struct {
    state: std.atomic.Value(State) = .init(.free),
    generation: u32 = 0,
    store: *Store = undefined,
    /// Views handed out over the columns, known once the store is closed, and views collected since.
    view_count: u32 = 0,
    released_count: std.atomic.Value(u32) = .init(0),
    /// What the last error was about.
    detail: [2]f64 = @splat(0),

    pub fn put(slot: *Slot) void {
        slot.state.store(.open, .release);
    }
};

var slots: [slots_max]Slot = @splat(.{});

const store_bytes = std.mem.alignForward(usize, @sizeOf(Store), std.heap.page_size_max);

/// Takes a free slot with memory for a store in it. `finish` or `abandon` follows.
pub fn begin() (Error || system.Error)!*Slot {
    for (&slots) |*slot| {
        if (slot.state.load(.monotonic) != .free) continue;
        if (slot.state.cmpxchgStrong(.free, .busy, .acquire, .monotonic) != null) continue;
        errdefer slot.state.store(.free, .release);
        slot.store = @ptrCast(@alignCast(try system.Real.reserve(store_bytes)));
        slot.generation = @max(1, (slot.generation + 1) & generation_mask);
        slot.view_count = 0;
        slot.released_count.store(0, .monotonic);
        return slot;
    }
    return error.TooManyStores;
}

pub fn finish(slot: *Slot) u32 {
    const index: u32 = @intCast((@intFromPtr(slot) - @intFromPtr(&slots)) / @sizeOf(Slot));
    slot.put();
    return slot.generation << slot_bits | index;
}

pub fn abandon(slot: *Slot) void {
    system.Real.unmap(@ptrCast(slot.store), store_bytes);
    slot.state.store(.free, .release);
}

/// Takes an open store for one call. `put` gives it back.
pub fn take(handle: u32) Error!*Slot {
    const slot = &slots[handle & (slots_max - 1)];
    if (slot.state.cmpxchgStrong(.open, .busy, .acquire, .monotonic)) |state| {
        if (slot.generation != handle >> slot_bits) return error.StaleHandle;
        return switch (state) {
            .free => error.StaleHandle,
            .busy => error.BusyHandle,
            .closed => error.ClosedHandle,
            .open => unreachable,
        };
    }
    if (slot.generation == handle >> slot_bits) return slot;
    slot.put();
    return error.StaleHandle;
}

/// Closes a store that was taken. Its maps stay until as many views were released as were handed out. With `blank` they
/// turn into zero pages, and the addresses are never used again.
pub fn close(slot: *Slot, view_count: u32, blank: bool) store_file.Error!void {
    slot.view_count = view_count;
    const result = slot.store.close(if (blank) .blank else .keep);
    slot.state.store(.closed, .release);
    drain(slot);
    return result;
}

/// One view of a store, open or closed, was collected. May come from any thread.
pub fn releaseView(handle: u32) void {
    const slot = &slots[handle & (slots_max - 1)];
    if (slot.generation != handle >> slot_bits) return;
    _ = slot.released_count.fetchAdd(1, .acq_rel);
    drain(slot);
}

fn drain(slot: *Slot) void {
    if (slot.state.load(.acquire) != .closed) return;
    if (slot.released_count.load(.acquire) != slot.view_count) return;
    // Of two threads that get here only one goes on.
    if (slot.state.cmpxchgStrong(.closed, .busy, .acquire, .monotonic) != null) return;
    slot.store.releaseMaps();
    abandon(slot);
}
