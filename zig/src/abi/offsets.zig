//! The part of the C ABI that copies the rows around anchors into batches.

const handles = @import("handles.zig");
const layouts = @import("sample_layouts.zig");
const numbers = @import("sample_numbers.zig");
const offsets_fill = @import("../sample/offsets_fill.zig");
const placing = @import("../sample/placement.zig");
const sampler = @import("sampler.zig");
const status = @import("status.zig");
const Source = @import("../sample/source.zig").Source;

/// Copies a field of the rows at offsets of anchors, with a mask of its values and one of the offsets. layout: a
/// `layouts.FillLayout`; starts, lengths: the rows of each anchor's episode that offsets reach. The detail of what is too wide:
/// row and values.
export fn ss_offsets_fill(
    store: u32,
    layout: u32,
    anchors: [*]const f64,
    starts: [*]const f64,
    lengths: [*]const i32,
    slots: [*]const i32,
    count: u32,
    batch_size: u32,
    offsets: [*]const i32,
    offset_count: u32,
    field: *const layouts.ScaledField,
    out_values: [*]u8,
    out_mask: [*]u8,
    out_offset_mask: [*]u8,
) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const wanted = numbers.fillLayout(layout) catch |err| return status.of(err);
    const source: Source = .of(slot.store, wanted.source);
    const known: offsets_fill.Anchors = .of(anchors, starts, lengths, slots, count, batch_size);
    const request = numbers.offsetsRequest(wanted, known, offsets[0..offset_count], field, source.data.width) catch |err| return status.of(err);
    var culprit: placing.Culprit = .{};
    const filled = offsets_fill.fill(source, request, .{ .values = .of(wanted.values, out_values), .mask = out_mask, .offset_mask = out_offset_mask }, &culprit);
    slot.detail = sampler.detailOf(culprit);
    return status.result(filled);
}
