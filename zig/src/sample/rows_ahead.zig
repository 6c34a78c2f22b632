//! While a window of rows is copied, the caches fetch the same rows of a later one, and what tells where the rows of one
//! later still start.

const extract = @import("../read/extract.zig");
const Placement = @import("placement.zig").Placement;

/// More would find the first windows of a batch fetched by nobody.
const positions_ahead = 32;

pub const RowsAhead = struct {
    first_row: usize = 0,
    end_row: usize = 0,
    /// Where the first row starts, and how far the next one is, if blocks tell.
    alike: ?[2]usize = null,

    pub inline fn of(table: extract.Table, placement: Placement, window: usize) RowsAhead {
        const distance = placement.distance(positions_ahead);
        if (window + 2 * distance < placement.starts.len) {
            const row = placement.startOf(window + 2 * distance);
            if (table.blocks.peek(row) == null) prefetchStarts(table.rows, row, placement.lengthOf(window + 2 * distance));
        }
        if (window + distance >= placement.starts.len) return .{};
        const first_row = placement.startOf(window + distance);
        return .{ .first_row = first_row, .end_row = first_row + placement.lengthOf(window + distance), .alike = table.blocks.peek(first_row) };
    }

    inline fn prefetchStarts(rows: []const u64, first_row: usize, length: usize) void {
        var row = first_row;
        const last_row = @min(first_row + length, rows.len -| 1);
        while (row < last_row) : (row += 8) @prefetch(rows.ptr + row, .{});
        @prefetch(rows.ptr + last_row, .{});
    }

    pub inline fn prefetchSteps(ahead: RowsAhead, steps: []const i64) void {
        var row = ahead.first_row;
        while (row < @min(ahead.end_row, steps.len)) : (row += 8) @prefetch(steps.ptr + row, .{ .locality = 0 });
    }

    /// Where a row of the later window probably starts.
    pub inline fn startOf(ahead: RowsAhead, table: extract.Table, offset: usize) ?u64 {
        if (ahead.first_row + offset >= ahead.end_row) return null;
        return if (ahead.alike) |alike| alike[0] +% offset *% alike[1] else table.rows[ahead.first_row + offset];
    }

    /// A field's values in a row, and where rows are not known to be alike its types.
    pub inline fn prefetch(ahead: RowsAhead, table: extract.Table, start: u64, span: extract.Span) void {
        if (start +| (span.offset + span.count) > table.data.len) return;
        const first = @as(usize, @intCast(start)) + span.offset;
        const last = first + span.count -| 1;
        table.data.prefetch(first);
        table.data.prefetch(last);
        if (ahead.alike != null) return;
        table.types.prefetch(first);
        table.types.prefetch(last);
    }
};
