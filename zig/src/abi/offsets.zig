//! The part of the C ABI that copies the rows around anchors into batches.

const layouts = @import("sample_layouts.zig");
const numbers = @import("sample_numbers.zig");
const offsets_fill = @import("../sample/offsets_fill.zig");
const placing = @import("../sample/placement.zig");
const status = @import("status.zig");
const Error = status.Error;
const Walk = @import("groups.zig").Walk;

/// Copies a field of the rows at offsets of anchors, with a mask of its values and one of the offsets. groups: the stores that they are of; layout: a
/// `layouts.FillLayout`; starts, lengths: the rows of each anchor's episode that offsets reach. The detail of what is too wide:
/// row and values.
export fn ss_offsets_fill(
    groups: [*]const layouts.WindowGroup,
    group_count: u32,
    layout: u32,
    anchors: [*]const f64,
    starts: [*]const f64,
    lengths: [*]const i32,
    slots: [*]const i32,
    batch_size: u32,
    offsets: [*]const i32,
    offset_count: u32,
    field: *const layouts.ScaledField,
    out_values: [*]u8,
    out_mask: [*]u8,
    out_offset_mask: [*]u8,
) i32 {
    const wanted = numbers.fillLayout(layout) catch |err| return status.of(err);
    const out: offsets_fill.Out = .{ .values = .of(wanted.values, out_values), .mask = out_mask, .offset_mask = out_offset_mask };
    var walk: Walk = .{
        .groups = groups[0..group_count],
        .all = .{ .starts = starts, .lengths = lengths, .slots = slots, .batch_size = batch_size, .width = 1, .side = wanted.side },
        .which = wanted.source,
    };
    return walk.result(fillOffsets(&walk, wanted, anchors, offsets[0..offset_count], field, out));
}

fn fillOffsets(walk: *Walk, layout: layouts.FillLayout, anchors: [*]const f64, offsets: []const i32, field: *const layouts.ScaledField, out: offsets_fill.Out) Error!void {
    while (try walk.next()) |source| {
        const placed = walk.placement();
        var known: offsets_fill.Anchors = .of(anchors + walk.first, placed.starts.ptr, placed.lengths.ptr, placed.slots.ptr, walk.count, placed.batch_size);
        if (layout.listed) known.listed = (anchors + placed.batch_size + walk.first * offsets.len)[0 .. walk.count * offsets.len];
        const filled = if (numbers.offsetsRequest(layout, known, offsets, field, source.data.width)) |request|
            offsets_fill.fill(source.*, request, out, &walk.culprit)
        else |err|
            err;
        try walk.done(filled);
    }
}
