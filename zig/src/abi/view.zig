//! The viewer's part of the C ABI.

const handles = @import("handles.zig");
const layouts = @import("view_layouts.zig");
const series_file = @import("../view/series.zig");
const status = @import("status.zig");
const Source = @import("../sample/source.zig").Source;

/// out: summaries of all series for the first range, then for the second, and so on
export fn ss_series_reduce(
    store: u32,
    series: [*]align(1) const layouts.ViewSeries,
    series_count: u32,
    ranges: [*]align(1) const layouts.ViewRows,
    range_count: u32,
    out: [*]align(1) layouts.ViewSummary,
) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    var buffer: [layouts.view_series_max]series_file.Series = undefined;
    if (series_count > buffer.len) return status.of(error.InvalidArgument);
    const source: Source = .of(slot.store, .columns);
    for (buffer[0..series_count], series[0..series_count]) |*to, one| {
        to.* = series_file.Series.init(one.field, one.element, source.data.width) catch |err| return status.of(err);
    }
    const count = @as(usize, series_count) * range_count;
    return status.result(series_file.reduce(source.tokens(), source.table.first_row, buffer[0..series_count], ranges[0..range_count], out[0..count]));
}

/// How many rows a failure of the system leaves, the last of which may go on; 0 where that cannot be told.
export fn ss_rows_synced(store: u32, out_rows: *f64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const synced = slot.store.head.syncedCommit() catch null;
    out_rows.* = if (synced) |commit| @floatFromInt(commit.row_count) else 0;
    return status.ok;
}
