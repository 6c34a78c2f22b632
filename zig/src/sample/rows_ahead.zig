//! Windows of rows stand anywhere in the files: some of a few is read before they are copied (read/touch.zig). Of long ones,
//! the rest is fetched while the one before is copied.

const std = @import("std");
const extract = @import("../read/extract.zig");
const touching = @import("../read/touch.zig");
const random = @import("random.zig");
const Placement = @import("placement.zig").Placement;

/// More would find the first windows of a batch fetched by nobody.
const positions_ahead = 32;

/// Whether windows have more bytes than are reached for.
pub fn areLong(table: extract.Table, placement: Placement) bool {
    return table.data.len / @max(1, table.rows.len) *| placement.width *| table.data.width > touching.bytes_max;
}

/// What is read: where windows stand, or something of what stands there.
pub const Part = enum { places, windows };

/// Notes some of each of the windows `[from, to)`, to be read. Where they stand is not believed yet: nothing is noted that lies
/// before what is kept, or after it.
pub noinline fn note(ahead: *touching.Ahead, part: Part, table: extract.Table, first_row: usize, steps: ?[]const i64, placement: Placement, from: usize, to: usize) void {
    if (!random.areIndices(placement.starts[from..to], 1 << 53)) return;
    const noting: Noting = .{ .ahead = ahead, .table = table, .steps = steps };
    for (from..to) |window| {
        if (placement.lengths[window] <= 0) continue;
        const row = placement.startOf(window);
        const end_row = row + placement.lengthOf(window);
        if (row < first_row or end_row > table.rows.len) continue;
        if (part == .places) {
            noting.addPlace(row);
        } else if (placement.strideOf(window) > 1) {
            noting.addApart(placement, window);
        } else noting.addRows(row, end_row, table.blocks.peek(row));
    }
}

const Noting = struct {
    ahead: *touching.Ahead,
    table: extract.Table,
    steps: ?[]const i64,

    inline fn addPlace(self: *const Noting, row: usize) void {
        if (self.table.blocks.addressOf(row)) |block| self.ahead.add(block);
        self.ahead.add(&self.table.rows[row]);
    }

    /// The rows of a window that are apart from one another.
    fn addApart(self: *const Noting, placement: Placement, window: usize) void {
        const stride = placement.strideOf(window);
        var row = placement.startOf(window);
        var alike = self.table.blocks.peek(row);
        for (0..@min(placement.lengthOf(window), touching.pieces)) |_| {
            if (row >= self.table.rows.len) break;
            self.addRows(row, row + 1, alike);
            row +|= stride;
            if (alike) |*known| known[0] +%= stride *% known[1];
        }
    }

    /// alike: where the first row starts, and how far the next one is, if blocks tell.
    inline fn addRows(self: *const Noting, row: usize, end_row: usize, alike: ?[2]usize) void {
        const table = self.table;
        if (self.steps) |steps| self.ahead.addBytes(std.mem.sliceAsBytes(steps[row..end_row]));
        const start = if (alike) |known| known[0] else table.rows[row];
        const end = if (alike) |known| start +| (end_row - row) *| known[1] else if (end_row < table.rows.len) table.rows[end_row] else table.data.len;
        if (start < table.first_token or start >= end or end > table.data.len) return;
        self.ahead.addBytes(table.data.bytes(@intCast(start), @intCast(end)));
        if (alike != null) return;
        const types = table.types.slice(@intCast(start), @intCast(end)).asBytes();
        if (types.len == 0) return;
        self.ahead.add(&types[0]);
        self.ahead.add(&types[types.len - 1]);
    }
};

/// The rows of a later window, for one that is copied.
pub const RowsAhead = struct {
    first_row: usize = 0,
    count: usize = 0,
    stride: usize = 1,
    /// Where the first row starts, and how far the next one is, if blocks tell.
    alike: ?[2]usize = null,

    pub inline fn of(table: extract.Table, placement: Placement, window: usize) RowsAhead {
        const distance = placement.distance(positions_ahead);
        if (window + 2 * distance < placement.starts.len) {
            const row = placement.startOf(window + 2 * distance);
            if (table.blocks.peek(row) == null) prefetchStarts(table.rows, row, placement.lengthOf(window + 2 * distance) * placement.strideOf(window + 2 * distance));
        }
        if (window + distance >= placement.starts.len) return .{};
        const first_row = placement.startOf(window + distance);
        return .{
            .first_row = first_row,
            .count = placement.lengthOf(window + distance),
            .stride = placement.strideOf(window + distance),
            .alike = table.blocks.peek(first_row),
        };
    }

    inline fn prefetchStarts(rows: []const u64, first_row: usize, length: usize) void {
        var row = first_row;
        const last_row = @min(first_row + length, rows.len -| 1);
        while (row < last_row) : (row += 8) @prefetch(rows.ptr + row, .{});
        @prefetch(rows.ptr + last_row, .{});
    }

    /// Where a row of the later window probably starts.
    pub inline fn startOf(ahead: RowsAhead, table: extract.Table, offset: usize) ?u64 {
        if (offset >= ahead.count) return null;
        const rows = offset * ahead.stride;
        return if (ahead.alike) |alike| alike[0] +% rows *% alike[1] else table.rows[ahead.first_row + rows];
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
