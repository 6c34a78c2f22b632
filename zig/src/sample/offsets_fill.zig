//! A field of the rows around anchors, as a dense block: `[batch, offsets, width]`, with a mask for values and one for offsets.
//! Rows that lie outside of an anchor's episode are the nearest of its rows, or zeros.

const std = @import("std");
const cells = @import("../format/cells.zig");
const extract = @import("../read/extract.zig");
const narrow = @import("../read/narrow.zig");
const outputs = @import("../read/outputs.zig");
const random = @import("random.zig");
const placing = @import("placement.zig");
const Culprit = placing.Culprit;
const Source = @import("source.zig").Source;

pub const Error = error{ InvalidArgument, OutOfRange, WidthMismatch, Inexact, Damaged };

/// Anchors, each among the rows of its episode that offsets reach, and its place in the batch.
pub const Anchors = struct {
    rows: []const f64,
    starts: []const f64,
    lengths: []const i32,
    slots: []const i32,
    batch_size: usize,
    /// The row of each offset, or where it lies outside of the episode -1 - the nearest one, where they are not those beside
    /// the anchor. Starts and lengths say nothing then.
    listed: ?[]const f64 = null,

    pub fn of(rows: [*]const f64, starts: [*]const f64, lengths: [*]const i32, slots: [*]const i32, count: usize, batch_size: usize) Anchors {
        return .{ .rows = rows[0..count], .starts = starts[0..count], .lengths = lengths[0..count], .slots = slots[0..count], .batch_size = batch_size };
    }

    fn check(anchors: Anchors, first_row: usize, end_row: usize, culprit: *Culprit) Error!void {
        if (anchors.listed) |listed| return anchors.checkListed(listed, first_row, end_row, culprit);
        const placement: placing.Placement = .of(anchors.starts.ptr, anchors.lengths.ptr, anchors.slots.ptr, anchors.starts.len, anchors.batch_size, 1, .left);
        try placement.check(first_row, end_row, end_row, culprit);
        for (anchors.rows, anchors.starts, anchors.lengths, 0..) |row, start, length, window| {
            culprit.index = window;
            if (!(row >= start and row < start + @as(f64, @floatFromInt(length))) or @trunc(row) != row) return error.OutOfRange;
        }
    }

    fn checkListed(anchors: Anchors, listed: []const f64, first_row: usize, end_row: usize, culprit: *Culprit) Error!void {
        const offset_count = listed.len / @max(1, anchors.rows.len);
        for (anchors.slots, 0..) |slot, window| {
            culprit.index = window;
            if (slot < 0 or slot >= anchors.batch_size) return error.InvalidArgument;
            for (listed[window * offset_count ..][0..offset_count]) |number| {
                const row = if (number < 0) -1 - number else number;
                if (!(row >= random.toFloat(first_row) and row < random.toFloat(end_row)) or @trunc(row) != row) return error.OutOfRange;
            }
        }
    }

    pub inline fn at(anchors: Anchors, window: usize) Anchor {
        const start: i64 = @intCast(random.fromFloat(anchors.starts[window]));
        return .{ .row = @intCast(random.fromFloat(anchors.rows[window])), .start = start, .end = start + anchors.lengths[window] };
    }
};

const Anchor = struct { row: i64, start: i64, end: i64 };

pub const Request = struct {
    anchors: Anchors,
    offsets: []const i32,
    /// Whether the nearest row stands for one outside of the episode; else zeros do.
    repeats: bool,
    type: i32,
    kind: cells.Kind,
    /// Values a row.
    width: usize,
    /// Whether of more values the first are taken; else they are an error.
    truncate: bool,
    scale: narrow.Scale,
};

pub const Out = struct { values: placing.Values, mask: [*]u8, offset_mask: [*]u8 };

/// Everything is checked before the first byte is written, but rows with too many values or with one that the output does not
/// hold: what stands before such is written then. After an error `culprit` is the window, or the row.
pub fn fill(source: Source, request: Request, out: Out, culprit: *Culprit) Error!void {
    if (request.width == 0 or request.offsets.len == 0 or request.kind.bytes() != source.data.width) return error.InvalidArgument;
    // Else the size of the output would overflow.
    const window_bytes = request.width *| @sizeOf(f64) *| request.offsets.len;
    if (window_bytes > std.math.maxInt(i64) / @max(1, request.anchors.batch_size)) return error.InvalidArgument;
    return fillRows(source.tokens(), source.table.first_row, request, out, culprit);
}

/// The same, of a table.
pub fn fillRows(table: extract.Table, first_row: usize, request: Request, out: Out, culprit: *Culprit) Error!void {
    if (request.anchors.listed) |listed| if (listed.len != request.anchors.rows.len * request.offsets.len) return error.InvalidArgument;
    try request.anchors.check(first_row, table.rows.len, culprit);
    const conversion: outputs.Conversion = try .init(request.kind, out.values.output, request.scale);
    var filling: Filling = .{
        .table = table,
        .request = &request,
        .out = out,
        .row_bytes = request.width * out.values.output.bytes(),
        .taker = conversion.taker(),
        .conversion = &conversion,
        .finder = .{ .type = request.type },
        .culprit = culprit,
        .is_whole = request.anchors.rows.len == request.anchors.batch_size,
    };
    filling.first_run = filling.findRun(0);
    // All of a mask at once is written in a fraction of the time.
    if (filling.is_whole) filling.maskInside(0, request.anchors.batch_size * request.offsets.len);
    const distance = @max(1, rows_ahead / request.offsets.len);
    if (request.anchors.listed) |listed| return filling.addListed(listed, distance);
    for (0..request.anchors.rows.len) |window| {
        if (window + distance < request.anchors.rows.len) filling.prefetch(request.anchors.at(window + distance));
        try filling.add(request.anchors.at(window), @as(usize, @intCast(request.anchors.slots[window])) * request.offsets.len);
    }
}

/// More would find the first windows of a batch fetched by nobody.
const rows_ahead = 32;

const rows_fetched_max = 4;

const Filling = struct {
    table: extract.Table,
    request: *const Request,
    out: Out,
    row_bytes: usize,
    taker: outputs.Taker,
    conversion: *const outputs.Conversion,
    finder: extract.Finder,
    culprit: *Culprit,
    /// Whether all places of the masks say already that there is something.
    is_whole: bool,
    /// How many offsets the first run has, which mostly is the only one.
    first_run: usize = 0,

    inline fn maskInside(self: *const Filling, place: usize, count: usize) void {
        @memset(self.out.offset_mask[place..][0..count], 1);
        @memset(self.out.mask[place * self.request.width ..][0 .. count * self.request.width], 1);
    }

    /// The rows of one anchor, a run of offsets at a time of which each is the next one's neighbour.
    fn add(self: *Filling, anchor: Anchor, first_place: usize) Error!void {
        var from: usize = 0;
        while (from < self.request.offsets.len) {
            const count = self.runAt(from);
            try self.addRun(anchor, anchor.row + self.request.offsets[from], first_place + from, count);
            from += count;
        }
    }

    fn addListed(self: *Filling, listed: []const f64, distance: usize) Error!void {
        const count = self.request.offsets.len;
        for (self.request.anchors.slots, 0..) |slot, window| {
            const place = @as(usize, @intCast(slot)) * count;
            if ((window + distance + 1) * count <= listed.len) for (listed[(window + distance) * count ..][0..count]) |number| self.prefetchRow(rowOf(number));
            for (listed[window * count ..][0..count], place..) |number, at| {
                if (number >= 0) {
                    if (!self.is_whole) self.maskInside(at, 1);
                    try self.addRows(rowOf(number), rowOf(number) + 1, at);
                } else try self.addOutside(@intCast(rowOf(number)), at, 1, null);
            }
        }
    }

    inline fn rowOf(number: f64) usize {
        return @intCast(random.fromFloat(if (number < 0) -1 - number else number));
    }

    inline fn runAt(self: *const Filling, from: usize) usize {
        return if (from == 0) self.first_run else self.findRun(from);
    }

    fn findRun(self: *const Filling, from: usize) usize {
        const offsets = self.request.offsets[from..];
        for (offsets[1..], offsets[0 .. offsets.len - 1], 1..) |offset, before, count| if (offset -% before != 1) return count;
        return offsets.len;
    }

    /// Rows from `row` on, of which some or all may lie outside of the episode.
    fn addRun(self: *Filling, anchor: Anchor, row: i64, place: usize, count: usize) Error!void {
        const first = @min(@max(row, anchor.start), anchor.end);
        const end = @min(@max(row + @as(i64, @intCast(count)), anchor.start), anchor.end);
        const before: usize = if (first < end) @intCast(first - row) else if (row < anchor.start) count else 0;
        const inside: usize = @intCast(end - first);
        if (!self.is_whole) self.maskInside(place + before, inside);
        if (inside > 0) try self.addRows(@intCast(first), @intCast(end), place + before);
        if (inside < count) {
            @branchHint(.unlikely);
            try self.addOutside(anchor.start, place, before, if (inside > 0) place + before else null);
            const after = place + before + inside;
            try self.addOutside(anchor.end - 1, after, place + count - after, if (inside > 0) after - 1 else null);
        }
    }

    /// Places that lie outside; the row that is nearest may stand in a place already.
    noinline fn addOutside(self: *Filling, nearest: i64, place: usize, count: usize, known: ?usize) Error!void {
        if (count == 0) return;
        const width = self.request.width;
        const values = self.out.values.address;
        if (!self.request.repeats) {
            @memset(values[place * self.row_bytes ..][0 .. count * self.row_bytes], 0);
        } else {
            if (known == null) try self.addRows(@intCast(nearest), @intCast(nearest + 1), place);
            const from = known orelse place;
            for (place..place + count) |to| {
                if (to != from) @memcpy(values[to * self.row_bytes ..][0..self.row_bytes], values[from * self.row_bytes ..]);
            }
        }
        @memset(self.out.mask[place * width ..][0 .. count * width], 0);
        @memset(self.out.offset_mask[place..][0..count], 0);
    }

    noinline fn addRows(self: *Filling, first_row: usize, end_row: usize, place: usize) Error!void {
        var row = first_row;
        while (row < end_row) {
            const at = place + row - first_row;
            if (self.finder.ofLayout(self.table, row)) |known| {
                const until = @min(end_row, self.table.blocks.endOf(row));
                try self.take(row, until - row, known.row_start + known.span.offset, known.row_tokens, known.span.count, at);
                row = until;
            } else {
                const start, const end = try self.table.tokensOf(row);
                const span = self.finder.find(self.table.types.slice(start, end));
                try self.take(row, 1, start + span.offset, 0, span.count, at);
                row += 1;
            }
        }
    }

    /// Rows that all have the field alike: `found` values from token `first` on, and in each next row so many tokens further.
    noinline fn take(self: *Filling, row: usize, row_count: usize, first: usize, row_tokens: usize, found: usize, place: usize) Error!void {
        const width = self.request.width;
        if (found > width and !self.request.truncate) {
            self.culprit.* = .{ .index = row, .count = found, .type = self.request.type };
            return error.WidthMismatch;
        }
        const count = @min(found, width);
        const data = self.table.data;
        var run: outputs.Rows = .{
            .from = data.slice(first, first + count),
            .from_row_bytes = row_tokens * data.width,
            .to = self.out.values.address + place * self.row_bytes,
            .to_row_bytes = self.row_bytes,
            .row_count = row_count,
        };
        self.taker(self.conversion, &run) catch |err| {
            self.culprit.* = .{ .index = row + run.misfit_row, .type = self.request.type, .cell = run.misfit.cell };
            return err;
        };
        if (count == width) return;
        const value_bytes = self.conversion.output.bytes();
        for (place..place + row_count) |each| {
            @memset(self.out.values.address[each * self.row_bytes + count * value_bytes .. (each + 1) * self.row_bytes], 0);
            @memset(self.out.mask[each * width + count .. (each + 1) * width], 0);
        }
    }

    /// While an anchor's rows are copied, the caches fetch the field in those of a later one.
    fn prefetch(self: *const Filling, anchor: Anchor) void {
        var from: usize = 0;
        while (from < self.request.offsets.len) {
            const count = self.runAt(from);
            const row = anchor.row + self.request.offsets[from];
            const first = @min(@max(row, anchor.start), anchor.end - 1);
            // The hardware goes on by itself where it sees that rows follow each other.
            const ahead = row + @as(i64, @intCast(@min(count, rows_fetched_max)));
            const end = @min(@max(ahead, first + 1), anchor.end);
            self.prefetchRows(@intCast(first), @intCast(end));
            from += count;
        }
    }

    inline fn prefetchRows(self: *const Filling, first_row: usize, end_row: usize) void {
        const table = self.table;
        if (table.blocks.peek(first_row)) |known| {
            var start = known[0];
            for (first_row..end_row) |_| {
                self.prefetchSpan(start, self.finder.span);
                start +%= known[1];
            }
        } else for (first_row..end_row) |row| self.prefetchSpan(@truncate(table.rows[row]), self.finder.hint);
    }

    inline fn prefetchRow(self: *const Filling, row: usize) void {
        const known = self.table.blocks.peek(row);
        self.prefetchSpan(if (known) |start| start[0] else @truncate(self.table.rows[row]), if (known == null) self.finder.hint else self.finder.span);
    }

    inline fn prefetchSpan(self: *const Filling, row_start: usize, span: extract.Span) void {
        const data = self.table.data;
        const first = row_start +| span.offset;
        const end = first +| @min(span.count, self.request.width);
        if (end > data.len or first == end) return;
        var token = first;
        while (token < end) : (token += line_bytes / data.width) @prefetch(data.address + token * data.width, .{});
        @prefetch(data.address + (end - 1) * data.width, .{});
    }
};

const line_bytes = 64;
