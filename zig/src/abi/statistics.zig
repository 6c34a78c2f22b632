//! The statistics' part of the C ABI.

const handles = @import("handles.zig");
const layouts = @import("statistics_layouts.zig");
const statistics = @import("../statistics/statistics.zig");
const status = @import("status.zig");
const FieldCells = @import("layouts.zig").FieldCells;
const Source = @import("../sample/source.zig").Source;

/// fields: in field order, with a summary and an index each
export fn ss_statistics_add(
    store: u32,
    fields: [*]const FieldCells,
    field_count: u32,
    summaries: [*]layouts.FieldSummary,
    indexes: [*][layouts.statistics_index_length]u32,
    pages: [*]f64,
    pages_max: u32,
    progress: *layouts.StatisticsProgress,
) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    var buffer: [layouts.statistics_fields_max]statistics.Field = undefined;
    if (field_count > buffer.len) return status.of(error.InvalidArgument);
    const source: Source = .of(slot.store, .columns);
    for (buffer[0..field_count], fields[0..field_count], summaries, indexes) |*to, field, *summary, *index| {
        const kind = field.known(source.data.width) catch |err| return status.of(err);
        to.* = .{ .type = field.type, .kind = kind, .summary = summary, .index = index };
    }
    const all_pages = pages[0 .. @as(usize, pages_max) * statistics.page_length];
    return status.result(statistics.add(source.table, source.types, source.data, buffer[0..field_count], all_pages, progress));
}

/// Joins the moments of other values to those of some.
export fn ss_moments_merge(moments: *layouts.Moments, other: *const layouts.Moments) i32 {
    moments.merge(other.*);
    return status.ok;
}
