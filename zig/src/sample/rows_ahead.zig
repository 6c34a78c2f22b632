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

/// What is read: what is known of the block of each window's first row, where windows stand, or something of what stands there.
pub const Part = enum { blocks, places, windows };

/// Notes some of each of the windows `[from, to)`, to be read. Where they stand is not believed yet: nothing is noted that lies
/// before what is kept, or after it.
pub noinline fn note(ahead: *touching.Ahead, part: Part, table: extract.Table, first_row: usize, steps: ?[]const i64, placement: Placement, from: usize, to: usize) void {
    if (!random.areIndices(placement.starts[from..to], 1 << 53)) return;
    const noting: Noting = .{ .ahead = ahead, .table = table, .steps = steps };
    for (from..to) |window| {
        if (placement.lengths[window] <= 0) continue;
        const row = placement.startOf(window);
        const end_row = row + if (placement.rows == null) placement.lengthOf(window) else 1;
        if (row < first_row or end_row > table.rows.len) continue;
        if (part == .blocks) {
            noting.addBlock(row);
        } else if (part == .places) {
            noting.addPlace(row);
        } else if (placement.rows != null) {
            noting.addListed(placement, window, first_row);
        } else noting.addRows(row, end_row, table.blocks.peek(row));
    }
}

const Noting = struct {
    ahead: *touching.Ahead,
    table: extract.Table,
    steps: ?[]const i64,

    inline fn addBlock(self: *const Noting, row: usize) void {
        if (self.table.blocks.addressOf(row)) |block| self.ahead.add(block);
    }

    inline fn addPlace(self: *const Noting, row: usize) void {
        if (self.table.blocks.peek(row) == null) self.ahead.add(&self.table.rows[row]);
    }

    /// The rows of a window that are named one by one.
    fn addListed(self: *const Noting, placement: Placement, window: usize, first_row: usize) void {
        const count = @min(placement.lengthOf(window), touching.pieces);
        if (!random.areIndices(placement.rows.?[window * placement.width ..][0..count], 1 << 53)) return;
        for (0..count) |at| {
            const row = placement.rowAt(window, at);
            if (row >= first_row and row < self.table.rows.len) self.addRows(row, row + 1, self.table.blocks.peek(row));
        }
    }

    /// alike: where the first row starts, and how far the next one is, if blocks tell.
    inline fn addRows(self: *const Noting, row: usize, end_row: usize, alike: ?[2]usize) void {
        const table = self.table;
        // A step alone lies in one line.
        if (self.steps) |steps| if (end_row - row == 1) self.ahead.add(&steps[row]) else self.ahead.addBytes(std.mem.sliceAsBytes(steps[row..end_row]));
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

/// Reads something of each window `[from, to)`, which were checked: of rows that are known to be alike at once, so that nothing
/// waits for it.
pub noinline fn read(table: extract.Table, first_row: usize, steps: ?[]const i64, placement: Placement, from: usize, to: usize) void {
    const known = &table.blocks.known;
    var sum: u64 = 0;
    for (from..to) |window| {
        const row = placement.startOf(window);
        const end_row = row + placement.lengthOf(window);
        if (placement.rows != null or !known.has(row) or end_row > known.end_row) {
            var ahead: touching.Ahead = .{};
            note(&ahead, .windows, table, first_row, steps, placement, window, to);
            ahead.read();
            break;
        }
        const layout = known.layout();
        sum +%= touching.touch(table.data.bytes(layout.startOf(row), layout.startOf(end_row)));
        if (steps) |all| sum +%= touching.touch(std.mem.sliceAsBytes(all[row..end_row]));
    }
    std.mem.doNotOptimizeAway(sum);
}

/// The rows of a later window, for one that is copied.
pub const RowsAhead = struct {
    placement: *const Placement = undefined,
    window: usize = 0,
    count: usize = 0,
    first_row: usize = 0,
    /// Where the first row starts, and how far the next one is, if blocks tell.
    alike: ?[2]usize = null,

    pub inline fn of(table: extract.Table, placement: *const Placement, window: usize) RowsAhead {
        const distance = placement.distance(positions_ahead);
        const further = window + 2 * distance;
        if (further < placement.starts.len and table.blocks.peek(placement.startOf(further)) == null) prefetchStarts(table.rows, placement, further);
        const near = window + distance;
        if (near >= placement.starts.len) return .{};
        const first_row = placement.startOf(near);
        return .{
            .placement = placement,
            .window = near,
            .count = placement.lengthOf(near),
            .first_row = first_row,
            .alike = table.blocks.peek(first_row),
        };
    }

    inline fn prefetchStarts(rows: []const u64, placement: *const Placement, window: usize) void {
        const count = placement.lengthOf(window);
        if (placement.rows != null) {
            for (0..count) |at| @prefetch(rows.ptr + placement.rowAt(window, at), .{});
            return;
        }
        var row = placement.startOf(window);
        const last_row = @min(row + count, rows.len -| 1);
        while (row < last_row) : (row += 8) @prefetch(rows.ptr + row, .{});
        @prefetch(rows.ptr + last_row, .{});
    }

    /// Where a row of the later window probably starts.
    pub inline fn startOf(ahead: RowsAhead, table: extract.Table, at: usize) ?u64 {
        if (at >= ahead.count) return null;
        const row = ahead.placement.rowAt(ahead.window, at);
        return if (ahead.alike) |alike| alike[0] +% (row -% ahead.first_row) *% alike[1] else table.rows[row];
    }

    /// Rows of the later window as a whole, where they are alike, short and stand side by side: says whether it is so.
    pub inline fn prefetchRows(ahead: RowsAhead, table: extract.Table, first: usize, end: usize) bool {
        const alike = ahead.alike orelse return false;
        if (ahead.placement.rows != null or alike[1] *| table.data.width > touching.short_row_bytes_max) return false;
        if (first >= ahead.count) return true;
        const start = alike[0] +| first *| alike[1];
        const tokens = (@min(end, ahead.count) - first) *| alike[1];
        if (start +| tokens > table.data.len) return true;
        touching.prefetch(table.data.bytes(start, start + tokens));
        return true;
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
