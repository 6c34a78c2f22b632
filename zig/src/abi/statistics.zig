//! The statistics' part of the C ABI.

const cells = @import("../format/cells.zig");
const format = @import("../format/format.zig");
const handles = @import("handles.zig");
const numbers = @import("numbers.zig");
const statistics = @import("../statistics/statistics.zig");
const status = @import("status.zig");
const std = @import("std");
const Moments = @import("../statistics/moments.zig").Moments;

const fields_max = 256;

/// fields: type and kind of each, in field order; summaries: a `statistics.Summary` each; indexes: `index_length` each;
/// progress: as `statistics.Progress`
export fn ss_statistics_add(
    store: u32,
    fields: [*]const [2]f64,
    field_count: u32,
    summaries: [*]statistics.Summary,
    indexes: [*][statistics.index_length]u32,
    pages: [*]f64,
    pages_max: u32,
    progress: *statistics.Progress,
) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    var buffer: [fields_max]statistics.Field = undefined;
    if (field_count > fields_max) return status.of(error.InvalidArgument);
    for (buffer[0..field_count], 0..) |*field, i| {
        const kind = numbers.to(u8, fields[i][1]) catch |err| return status.of(err);
        field.* = .{
            .type = numbers.to(i32, fields[i][0]) catch |err| return status.of(err),
            .kind = std.enums.fromInt(cells.Kind, kind) orelse return status.of(error.InvalidArgument),
            .summary = &summaries[i],
            .index = &indexes[i],
        };
    }
    const files = &slot.store.files;
    const commit = slot.store.commit;
    statistics.add(
        .{
            .steps = files.steps.slice(i64, commit.token_count),
            .rows = files.rows.slice(u64, commit.row_count),
            .marks = files.marks.slice(format.Mark, commit.mark_count),
            .first_row = @intCast(commit.first_row),
        },
        files.types.slice(i32, commit.token_count),
        files.data.slice(u64, commit.token_count),
        buffer[0..field_count],
        pages[0 .. @as(usize, pages_max) * statistics.page_length],
        progress,
    ) catch |err| return status.of(err);
    return status.ok;
}

/// Joins the moments of other values to those of some.
export fn ss_moments_merge(moments: *Moments, other: *const Moments) i32 {
    moments.merge(other.*);
    return status.ok;
}
