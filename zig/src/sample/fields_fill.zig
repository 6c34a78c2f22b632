//! One field of windows of rows, as a dense block: `[batch, rows, width]`, with a mask.

const std = @import("std");
const blocks_file = @import("../read/blocks.zig");
const cells = @import("../format/cells.zig");
const extract = @import("../read/extract.zig");
const rows_file = @import("../read/rows.zig");
const narrow = @import("../read/narrow.zig");
const outputs = @import("../read/outputs.zig");
const placing = @import("placement.zig");
const Placement = placing.Placement;
const Culprit = placing.Culprit;
const Source = @import("source.zig").Source;

pub const Error = error{ InvalidArgument, OutOfRange, WidthMismatch, Inexact, Damaged };

pub const Request = struct {
    placement: Placement,
    type: i32,
    kind: cells.Kind,
    /// Values a row.
    width: usize,
    /// Whether of more values the first are taken; else they are an error.
    truncate: bool,
    scale: narrow.Scale,
};

/// Fills `values` and `mask`. Windows and places are checked before the first byte is written; after an error `culprit` is
/// the window. A row with too many values, or with one that the output does not hold, is found on the way, and is the culprit
/// with their number, or with the cell: what stands before it is written then.
pub fn fill(source: Source, request: Request, out: placing.Values, mask: [*]u8, culprit: *Culprit) Error!void {
    if (request.width == 0 or request.kind.bytes() != source.data.width) return error.InvalidArgument;
    // Else the size of the output would overflow.
    const row_bytes = request.width *| @sizeOf(f64) *| request.placement.width;
    if (row_bytes > std.math.maxInt(i64) / @max(1, request.placement.batch_size)) return error.InvalidArgument;
    return fillRows(source.tokens(), source.table.first_row, request, out, mask, culprit);
}

fn fillRows(table: extract.Table, first_row: usize, request: Request, out: placing.Values, mask: [*]u8, culprit: *Culprit) Error!void {
    const conversion: outputs.Conversion = try .init(request.kind, out.output, request.scale);
    try request.placement.check(first_row, table.rows.len, request.placement.width, culprit);
    return switch (conversion.way()) {
        inline else => |way| fillAs(way, &conversion, table, request, out.address, mask, culprit),
    };
}

/// A function of its own, as that of the steps is: in one piece with what calls it, windows of two rows take a tenth longer.
noinline fn fillAs(comptime way: outputs.Way, conversion: *const outputs.Conversion, table: extract.Table, request: Request, values: [*]u8, mask: [*]u8, culprit: *Culprit) Error!void {
    const placement = request.placement;
    const row_bytes = request.width * conversion.output.bytes();
    var filling: Filling(way) = .{ .table = table, .request = request, .conversion = conversion, .row_bytes = row_bytes, .values = values, .mask = mask, .culprit = culprit };
    var finder: extract.Finder = .{ .type = request.type };
    // A window is a few bytes of the mask: all of them at once are written in a fraction of the time.
    const is_whole = placement.starts.len == placement.batch_size;
    if (is_whole) @memset(mask[0 .. placement.batch_size * placement.width * request.width], 1);
    const distance = placement.distance(rows_ahead);
    for (0..placement.starts.len) |window| {
        const length = placement.lengthOf(window);
        const block = placement.blockOf(window, length);
        block.pad(values, row_bytes);
        block.pad(mask, request.width);
        if (length == 0) continue;
        if (!is_whole) @memset(mask[block.first * request.width ..][0 .. length * request.width], 1);
        filling.ahead = .of(table, placement, window, distance);
        filling.first_row = placement.startOf(window);
        filling.first_place = block.first;
        const end_row = filling.first_row + length;
        var row = filling.first_row;
        while (row < end_row) {
            const until = @min(end_row, blocks_file.endOfBlock(row));
            if (finder.ofLayout(table, row)) |known| try filling.addAlike(row, until, known) else try filling.addEach(row, until, &finder);
            row = until;
        }
    }
}

fn Filling(comptime way: outputs.Way) type {
    return struct {
        table: extract.Table,
        request: Request,
        conversion: *const outputs.Conversion,
        row_bytes: usize,
        values: [*]u8,
        mask: [*]u8,
        culprit: *Culprit,
        ahead: Ahead = undefined,
        /// The first row of the window, and where it goes.
        first_row: usize = 0,
        first_place: usize = 0,

        const Self = @This();

        /// Rows of one layout: neither their starts nor their types are read.
        inline fn addAlike(self: *const Self, first_row: usize, end_row: usize, known: extract.Finder.Place) Error!void {
            var first = known.row_start + known.span.offset;
            for (first_row..end_row) |row| {
                self.ahead.prefetch(self.table, row - self.first_row, known.span);
                try self.add(row, first, known.span.count);
                first += known.row_tokens;
            }
        }

        inline fn addEach(self: *const Self, first_row: usize, end_row: usize, finder: *extract.Finder) Error!void {
            const table = self.table;
            var start: usize = try startOf(table, first_row);
            for (first_row..end_row) |row| {
                self.ahead.prefetch(table, row - self.first_row, finder.hint);
                const end: usize = if (row + 1 < table.rows.len) try startOf(table, row + 1) else table.data.len;
                if (start > end) return error.Damaged;
                const span = finder.find(table.types.slice(start, end));
                try self.add(row, start + span.offset, span.count);
                start = end;
            }
        }

        /// The values of a row, `found` from token `first` on.
        inline fn add(self: *const Self, row: usize, first: usize, found: usize) Error!void {
            const width = self.request.width;
            if (found > width and !self.request.truncate) {
                self.culprit.* = .{ .index = row, .count = found };
                return error.WidthMismatch;
            }
            const count = @min(found, width);
            const place = self.first_place + row - self.first_row;
            const from = self.table.data.slice(first, first + count);
            const to = self.values[place * self.row_bytes ..];
            var misfit: outputs.Misfit = .{};
            outputs.take(way, self.conversion, to, from, &misfit) catch |err| {
                self.culprit.* = .{ .index = row, .type = self.request.type, .cell = misfit.cell };
                return err;
            };
            if (count == width) return;
            @memset(to[count * self.conversion.output.bytes() .. self.row_bytes], 0);
            @memset(self.mask[place * width + count ..][0 .. width - count], 0);
        }
    };
}

/// Row starts come from a file.
inline fn startOf(table: extract.Table, row: usize) error{Damaged}!usize {
    const start = table.rows[row];
    return if (start <= table.data.len) @intCast(start) else error.Damaged;
}

/// While a window is copied, the caches fetch the same rows of a later one, and what tells where the rows of one later
/// still start.
const Ahead = struct {
    first_row: usize = 0,
    end_row: usize = 0,
    /// Where the first row starts, and how far the next one is, if blocks tell.
    alike: ?[2]usize = null,

    inline fn of(table: extract.Table, placement: Placement, window: usize, distance: usize) Ahead {
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

    /// The field's values in a row, and where rows are not known to be alike its types.
    inline fn prefetch(ahead: Ahead, table: extract.Table, offset: usize, span: extract.Span) void {
        if (ahead.first_row + offset >= ahead.end_row) return;
        const start = if (ahead.alike) |alike| alike[0] +% offset *% alike[1] else table.rows[ahead.first_row + offset];
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

/// More would find the first windows of a batch fetched by nobody.
const rows_ahead = 32;

/// The steps of windows of rows, `[batch, rows]`, or no more than their mask. Everything is checked before
/// the first byte is written.
pub fn fillSteps(table: rows_file.Table, placement: Placement, out: placing.Steps, mask: [*]u8, culprit: *Culprit) Error!void {
    return switch (out) {
        .none => fillStepsAs(void, table, placement, undefined, mask, culprit),
        .int64 => |steps| fillStepsAs(i64, table, placement, steps, mask, culprit),
        .float64 => |steps| fillStepsAs(f64, table, placement, steps, mask, culprit),
    };
}

noinline fn fillStepsAs(comptime Step: type, table: rows_file.Table, placement: Placement, steps: [*]Step, mask: [*]u8, culprit: *Culprit) Error!void {
    try placement.check(table.first_row, table.rows.len, placement.width, culprit);
    for (0..placement.starts.len) |window| {
        const length = placement.lengthOf(window);
        const block = placement.blockOf(window, length);
        block.pad(mask, 1);
        @memset(mask[block.first..][0..length], 1);
        if (Step == void) continue;
        block.pad(steps, 1);
        const first_row = placement.startOf(window);
        prefetchSteps(table, placement, window + placement.distance(rows_ahead));
        for (steps[block.first..][0..length], table.steps[first_row..][0..length]) |*to, step| {
            to.* = if (Step == f64) @floatFromInt(step) else step;
        }
    }
}

inline fn prefetchSteps(table: rows_file.Table, placement: Placement, window: usize) void {
    var row = if (window < placement.starts.len) placement.startOf(window) else return;
    const end_row = @min(row + placement.lengthOf(window), table.steps.len);
    while (row < end_row) : (row += 8) @prefetch(table.steps.ptr + row, .{ .locality = 0 });
}

const testing = std.testing;
const samples = @import("../testing/sampler.zig");

const rows_max = 6;
const width_max = 3;
const size_max = samples.batch_size * rows_max * width_max;

test "a field of windows of rows is what a plain loop makes of it" {
    var generator: std.Random.DefaultPrng = .init(9);
    const random = generator.random();
    for (0..6000) |round| {
        errdefer std.debug.print("round {}\n", .{round});
        const sample = samples.Sample.make(random);
        const width = random.intRangeAtMost(usize, 1, rows_max);
        const windows: samples.Windows = .make(random, sample.first_row, sample.row_count, width, width);
        const field = random.intRangeAtMost(i32, 1, 3);
        const request: Request = .{
            .placement = windows.placement(),
            .type = field,
            .kind = ([_]cells.Kind{ .float64, .int64, .uint64 })[@intCast(field - 1)],
            .width = random.intRangeAtMost(usize, 1, width_max),
            .truncate = random.boolean(),
            .scale = if (random.boolean()) .{} else .{ .shift = 3, .factor = 0.25 },
        };
        try switch (random.enumValue(narrow.Float)) {
            inline else => |float| expectFilled(float, &sample, request),
        };
    }
}

fn expectFilled(comptime float: narrow.Float, sample: *const samples.Sample, request: Request) !void {
    const placement = request.placement;
    var values: [size_max]float.Element() = @splat(77);
    var mask: [size_max]u8 = @splat(7);
    var wanted = .{ values, mask };
    var culprit: Culprit = .{};
    const filled = fillRows(sample.tokenTable(), sample.first_row, request, .of(@field(outputs.Output, @tagName(float)), &values), &mask, &culprit);
    for (0..placement.starts.len) |window| {
        const block = placement.blockOf(window, placement.lengthOf(window));
        for (0..placement.width) |position| {
            const place = block.at + position;
            const at = place * request.width;
            for (at..at + request.width) |i| {
                wanted[0][i] = 0;
                wanted[1][i] = 0;
            }
            if (place < block.first or place >= block.first + block.length) continue;
            const row = placement.startOf(window) + place - block.first;
            var count: usize = 0;
            for (@intCast(sample.rows[row])..sample.rowEnd(row)) |token| {
                if (sample.types[token] != request.type) continue;
                if (count < request.width) {
                    wanted[0][at + count] = float.from((sample.number(token) - request.scale.shift) * request.scale.factor);
                    wanted[1][at + count] = 1;
                }
                count += 1;
            }
            if (count <= request.width or request.truncate) continue;
            try testing.expectError(error.WidthMismatch, filled);
            return testing.expectEqual(Culprit{ .index = row, .count = count }, culprit);
        }
    }
    try filled;
    try testing.expectEqual(wanted, .{ values, mask });
}

test "steps of windows of rows, also of rows without tokens" {
    var generator: std.Random.DefaultPrng = .init(10);
    const random = generator.random();
    for (0..2000) |_| {
        const sample = samples.Sample.make(random);
        const width = random.intRangeAtMost(usize, 1, rows_max);
        const windows: samples.Windows = .make(random, sample.first_row, sample.row_count, width, width);
        const placement = windows.placement();
        var steps: [samples.batch_size * rows_max]i64 = @splat(-77);
        var floats: [samples.batch_size * rows_max]f64 = @splat(-77);
        var mask: [samples.batch_size * rows_max]u8 = @splat(7);
        var wanted = .{ steps, mask };
        var culprit: Culprit = .{};
        try fillSteps(sample.rowTable(), placement, .{ .int64 = &steps }, &mask, &culprit);
        try fillSteps(sample.rowTable(), placement, .{ .float64 = &floats }, &mask, &culprit);
        for (0..placement.starts.len) |window| {
            const block = placement.blockOf(window, placement.lengthOf(window));
            for (block.at..block.at + block.width) |at| {
                const is_real = at >= block.first and at < block.first + block.length;
                wanted[0][at] = if (is_real) sample.row_steps[placement.startOf(window) + at - block.first] else 0;
                wanted[1][at] = @intFromBool(is_real);
            }
        }
        try testing.expectEqual(wanted, .{ steps, mask });
        mask = @splat(7);
        try fillSteps(sample.rowTable(), placement, .none, &mask, &culprit);
        try testing.expectEqual(wanted[1], mask);
        for (steps, floats) |step, float| try testing.expectEqual(@as(f64, @floatFromInt(step)), float);
    }
}

test "windows of rows that cannot be are refused before anything is written, damage without a crash" {
    const table: extract.Table = .{ .types = .{ .words = &.{ 1, 1 } }, .data = .of(.float64, &.{ 0, 0 }), .rows = &.{ 0, 9, 1, 0 } };
    const cases = [_]struct { f64, i32, i32, Error }{
        .{ 0, 2, 0, error.OutOfRange },
        .{ 3, 2, 0, error.OutOfRange },
        .{ 1, 3, 0, error.InvalidArgument },
        .{ 1, 2, 2, error.InvalidArgument },
        .{ 1, 1, 0, error.Damaged },
        .{ 2, 2, 0, error.Damaged },
    };
    for (cases) |case| {
        var values: [4]f64 = @splat(-7);
        var mask: [4]u8 = @splat(7);
        var culprit: Culprit = .{};
        const placement: Placement = .{ .starts = &.{ 3, case[0] }, .lengths = &.{ 1, case[1] }, .slots = &.{ 1, case[2] }, .batch_size = 2, .width = 2, .side = .left };
        const request: Request = .{ .placement = placement, .type = 1, .kind = .float64, .width = 1, .truncate = true, .scale = .{} };
        try testing.expectError(case[3], fillRows(table, 1, request, .of(.float64, &values), &mask, &culprit));
        if (case[3] == error.Damaged) continue;
        try testing.expectEqual(@as([4]f64, @splat(-7)), values);
        try testing.expectEqual(@as([4]u8, @splat(7)), mask);
    }
}

test "an empty store has windows without rows" {
    const placement: Placement = .{ .starts = &@as([9]f64, @splat(0)), .lengths = &@as([9]i32, @splat(0)), .slots = &@as([9]i32, @splat(0)), .batch_size = 1, .width = 20, .side = .left };
    var steps: [20]i64 = @splat(7);
    var mask: [20]u8 = @splat(7);
    var culprit: Culprit = .{};
    try fillSteps(.{ .steps = &.{}, .rows = &.{}, .marks = &.{}, .token_count = 0 }, placement, .{ .int64 = &steps }, &mask, &culprit);
    try testing.expectEqual(@as([20]i64, @splat(0)), steps);
    try testing.expectEqual(@as([20]u8, @splat(0)), mask);
}
