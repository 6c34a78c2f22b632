//! Appending through the tail by a call: for who cannot map it, and for steps that are larger than it.

const expanding = @import("expand.zig");
const format = @import("../format/format.zig");
const store_file = @import("store.zig");
const Room = @import("room.zig").Room;

/// Through the tail where there is room in it, else straight to the files.
pub fn write(store: anytype, records: []const format.Record, values: []const u64, extra_words: []const u64) store_file.Error!void {
    if (store.access == .read) return error.ReadOnly;
    if (store.batch.isOpen()) return error.BatchOpen;
    var added: Room = .of(records);
    added.values = values.len;
    added.extra_words = extra_words.len;
    var pending = try store.head.published(store.commit);
    var held = countPending(store, pending);
    try store.extras.lookAt(store.tailOf(pending, store.head.extra_words));
    if (!store.room().holds(held.plus(added))) {
        try store.flushAndReserve();
        pending = pending[0..0];
        held = .{};
        if (!store.room().holds(added)) return store.appendRecords(records, values, extra_words);
    }
    const last: ?i64 = if (pending.len > 0) pending[pending.len - 1].step else if (store.commit.hasRows()) store.commit.last_step else null;
    added.values = try expanding.checkAll(records, store.files.form, last, values.len);
    @memcpy(store.head.records[pending.len..][0..records.len], records);
    @memcpy(store.head.values[held.values..][0..added.values], values[0..added.values]);
    @memcpy(store.head.extra_words[held.extra_words..][0..extra_words.len], extra_words);
    store.head.publishRecords(@intCast(pending.len + records.len));
    store.counted = held.plus(added);
}

/// What the published records take. Counted anew only where somebody else has published.
pub fn countPending(store: anytype, pending: []const format.Record) Room {
    if (pending.len == store.counted.records) return store.counted;
    var taken: Room = .of(pending);
    if (taken.extra_values > 0) taken.extra_words = store.head.extra_words.len;
    return taken;
}
