//! Stores by number: a slot and the generation of its use, so that a stale number is an error and never a wild pointer.
//!
//! A slot is taken for the length of each call. Threads may share the table, and a second thread that comes with the
//! same number is turned away. A closed store stays in its slot while windows over its maps are alive.
//!
//! A store ends with the thread that opened it: a Worker that is ended in the midst of its work closes nothing, and
//! nobody else has the number. `reap` then does as the death of a process would: what it had locked may be opened again.

const std = @import("std");
const system = @import("../system/system.zig");
const store_file = @import("../store/store.zig");

pub const Error = error{ StaleHandle, ClosedHandle, BusyHandle, TooManyStores };

const Store = store_file.Store(system.Real);

/// The owner of a store that is shared by all threads, and so does not end with any.
pub const nobody: system.Thread = 0;

const slot_bits = 12;
const slots_max = 1 << slot_bits;
const generation_mask = (1 << (32 - slot_bits)) - 1;

/// In one word with the generation, so that nobody takes a slot for the one that it was before.
const State = packed struct(u32) {
    tag: enum(u2) { free, busy, open, closed } = .free,
    generation: u30 = 0,
};

/// How many views of one use of a slot were collected.
const Released = packed struct(u64) { count: u32 = 0, generation: u32 = 0 };

/// What an error was about, as far as its status does not say.
pub const Detail = extern struct {
    /// Which of the rows, windows or starts that were handed over, or which row of the store.
    index: f64 = 0,
    /// How many tokens or values it has.
    count: f64 = 0,
    /// Which of the values that were handed over.
    value_index: f64 = 0,
    /// What a full disk has no room for.
    wanted_bytes: f64 = 0,
    /// The field of a value, by its type ID, and the bits of its cell.
    type: f64 = 0,
    cell_high: f64 = 0,
    cell_low: f64 = 0,
};

pub const Slot = struct {
    state: std.atomic.Value(State) = .init(.{}),
    /// The thread that opened the store.
    owner: std.atomic.Value(system.Thread) = .init(0),
    store: *Store = undefined,
    /// Views handed out over the columns, known once the store is closed, and views collected since it was opened.
    view_count: u32 = 0,
    released: std.atomic.Value(Released) = .init(.{}),
    /// What the last error was about.
    detail: Detail = .{},

    pub fn put(slot: *Slot) void {
        slot.leave(.open);
    }

    /// Ends what `begin`, `take` or another began that made the slot busy.
    fn leave(slot: *Slot, tag: @FieldType(State, "tag")) void {
        slot.state.store(.{ .tag = tag, .generation = slot.state.load(.monotonic).generation }, .release);
    }

    /// Makes the slot busy if it still is as it was found.
    fn enter(slot: *Slot, found: State, generation: u30) bool {
        return slot.state.cmpxchgStrong(found, .{ .tag = .busy, .generation = generation }, .acquire, .monotonic) == null;
    }
};

var slots: [slots_max]Slot = @splat(.{});
/// No slot from here on was ever used.
var slots_end: std.atomic.Value(usize) = .init(0);

/// Where all stores began with a page, the same part of each would have the same few places in a processor's caches.
const places = 64;
const place_bytes = 64;
const store_bytes = std.mem.alignForward(usize, places * place_bytes + @sizeOf(Store), std.heap.page_size_max);

/// Takes a free slot with memory for a store in it. `finish` or `abandon` follows.
pub fn begin() (Error || system.Error)!*Slot {
    for (&slots, 0..) |*slot, index| {
        const found = slot.state.load(.monotonic);
        if (found.tag != .free) continue;
        const generation = @max(1, (found.generation + 1) & generation_mask);
        if (!slot.enter(found, generation)) continue;
        errdefer slot.leave(.free);
        slot.store = @ptrCast(@alignCast(try system.Real.reserve(store_bytes) + index % places * place_bytes));
        slot.owner.store(system.Real.currentThread(), .monotonic);
        slot.view_count = 0;
        slot.released.store(.{ .generation = generation }, .monotonic);
        _ = slots_end.fetchMax(index + 1, .monotonic);
        return slot;
    }
    return error.TooManyStores;
}

pub fn finish(slot: *Slot) u32 {
    const index: u32 = @intCast((@intFromPtr(slot) - @intFromPtr(&slots)) / @sizeOf(Slot));
    const generation: u32 = slot.state.load(.monotonic).generation;
    slot.put();
    return generation << slot_bits | index;
}

pub fn abandon(slot: *Slot) void {
    system.Real.unmap(@ptrFromInt(std.mem.alignBackward(usize, @intFromPtr(slot.store), std.heap.page_size_min)), store_bytes);
    slot.leave(.free);
}

/// Takes an open store for one call. `put` gives it back.
pub fn take(handle: u32) Error!*Slot {
    const slot = slotOf(handle);
    const open: State = .{ .tag = .open, .generation = generationOf(handle) };
    if (slot.enter(open, open.generation)) return slot;
    const found = slot.state.load(.monotonic);
    if (found.generation != open.generation) return error.StaleHandle;
    return switch (found.tag) {
        .free => error.StaleHandle,
        // Open: it was given back just now.
        .busy, .open => error.BusyHandle,
        .closed => error.ClosedHandle,
    };
}

/// Where the slot of a store lies, for who reads ahead.
pub inline fn addressOf(handle: u32) *const Slot {
    return slotOf(handle);
}

/// Closes a store that was taken. Its maps stay until as many views were released as were handed out. With `blank` they
/// turn into zero pages, and the addresses are never used again.
pub fn close(slot: *Slot, view_count: u32, blank: bool) store_file.Error!void {
    slot.view_count = view_count;
    const result = slot.store.close(if (blank) .blank else .keep);
    // Who closes and who releases the last view each write one word and then look at the other's: without one order of all
    // four, both could see the other's old one, and nobody would let go of the maps.
    slot.state.store(.{ .tag = .closed, .generation = slot.state.load(.monotonic).generation }, .seq_cst);
    drain(slot);
    return result;
}

/// One view of a store, open or closed, was collected. May come from any thread, and after the store was reaped.
pub fn releaseView(handle: u32) void {
    const slot = slotOf(handle);
    var released = slot.released.load(.monotonic);
    while (released.generation == generationOf(handle)) {
        const more: Released = .{ .count = released.count +% 1, .generation = released.generation };
        released = slot.released.cmpxchgWeak(released, more, .seq_cst, .monotonic) orelse return drain(slot);
    }
}

/// Lets go of the stores of threads that have ended: their locks and files. Whether a view of theirs lives on with
/// somebody else is not known, so zero pages stay at their addresses.
///
/// A thread that lives is never taken for one that has ended; the other way round it may be, where the system gives its
/// number to another: then the store stays locked, as that of a living one.
pub fn reap() void {
    for (slots[0..slots_end.load(.monotonic)]) |*slot| {
        const found = slot.state.load(.acquire);
        // Nobody ends in the middle of a call.
        const owner = slot.owner.load(.monotonic);
        if (found.tag != .open or owner == nobody or !system.Real.hasEnded(owner)) continue;
        if (!slot.enter(found, found.generation)) continue;
        slot.store.abandon();
        abandon(slot);
    }
}

fn drain(slot: *Slot) void {
    const found = slot.state.load(.seq_cst);
    if (found.tag != .closed) return;
    if (slot.released.load(.seq_cst).count != slot.view_count) return;
    // Of two threads that get here only one goes on.
    if (!slot.enter(found, found.generation)) return;
    slot.store.releaseMaps();
    abandon(slot);
}

fn slotOf(handle: u32) *Slot {
    return &slots[handle & (slots_max - 1)];
}

fn generationOf(handle: u32) u30 {
    return @intCast(handle >> slot_bits);
}
