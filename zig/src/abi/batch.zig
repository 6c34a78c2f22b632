//! The part of the C ABI that takes columns into the files, a block of rows at a time: begin, measure and scatter each
//! field, write, end.

const handles = @import("handles.zig");
const status = @import("status.zig");
const layouts = @import("layouts.zig");
const numbers = @import("numbers.zig");
const Error = status.Error;
const growthResult = @import("store.zig").growthResult;

export fn ss_batch_begin(store: u32, steps: [*]align(1) const i64, row_count: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return batchResult(slot, slot.store.batch.begin(slot.store, steps[0..row_count]));
}

export fn ss_batch_measure(store: u32, source: *const layouts.BatchSource, offsets: [*]const u8, validity: [*]const u8) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const field = numbers.source(source, "", offsets, validity, "") catch |err| return status.of(err);
    return batchResult(slot, slot.store.batch.measure(&field));
}

export fn ss_batch_scatter(
    store: u32,
    source: *const layouts.BatchSource,
    values: [*]const u8,
    offsets: [*]const u8,
    validity: [*]const u8,
    value_validity: [*]const u8,
) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const field = numbers.source(source, values, offsets, validity, value_validity) catch |err| return status.of(err);
    return batchResult(slot, slot.store.batch.scatter(&field));
}

export fn ss_batch_write(store: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return batchResult(slot, slot.store.batch.write(slot.store));
}

export fn ss_batch_end(store: u32, keep: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return batchResult(slot, slot.store.batch.end(slot.store, keep != 0));
}

fn batchResult(slot: *handles.Slot, outcome: Error!void) i32 {
    const culprit = slot.store.batch.culprit;
    slot.detail = .{ @floatFromInt(culprit.row), @floatFromInt(culprit.value_index) };
    return growthResult(slot, outcome);
}
