//! The part of the C ABI that takes columns into the files, a block of rows at a time: begin, measure and scatter each
//! field, write; and at the end commit all blocks, or abandon them.

const std = @import("std");
const handles = @import("handles.zig");
const status = @import("status.zig");
const layouts = @import("layouts.zig");
const numbers = @import("numbers.zig");
const Error = status.Error;
const growthResult = @import("store.zig").growthResult;

/// phase: a `layouts.BatchPhase`. A block begins with `row_count` steps, which are its values; a field is measured by its
/// offsets and validity, and scattered with all of it; the others take nothing. The detail: row and value of an error.
export fn ss_batch_advance(
    store: u32,
    phase: u32,
    row_count: u32,
    source: *const layouts.BatchSource,
    values: [*]const u8,
    offsets: [*]const u8,
    validity: [*]const u8,
    value_validity: [*]const u8,
) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const known = std.enums.fromInt(layouts.BatchPhase, phase) orelse return status.of(error.InvalidArgument);
    const steps = @as([*]align(1) const i64, @ptrCast(values))[0..row_count];
    const batch = &slot.store.batch;
    const outcome: Error!void = switch (known) {
        .begin => batch.begin(slot.store, steps),
        .measure => if (numbers.source(source, "", offsets, validity, "")) |field| batch.measure(&field) else |err| err,
        .scatter => if (numbers.source(source, values, offsets, validity, value_validity)) |field| batch.scatter(&field) else |err| err,
        .write => batch.write(slot.store),
        .commit => batch.end(slot.store, true),
        .abandon => batch.end(slot.store, false),
    };
    slot.detail = .{ .index = @floatFromInt(batch.culprit.row), .value_index = @floatFromInt(batch.culprit.value_index) };
    return growthResult(slot, outcome);
}
