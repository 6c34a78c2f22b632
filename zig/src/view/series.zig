//! What a chart needs of many rows at once: of each of some ranges of rows, the first, last, least and greatest finite value
//! of one element of a field. Several series are taken in one pass over the rows, so that what one has brought into the
//! caches serves the others.

const std = @import("std");
const cells = @import("../format/cells.zig");
const data_file = @import("../read/data.zig");
const extract = @import("../read/extract.zig");
const Data = data_file.Data;
const Kind = cells.Kind;

pub const Error = error{ Damaged, OutOfRange, InvalidArgument };

/// An element of the lists of a field; of a field with one value a row, element 0.
pub const Series = struct {
    finder: extract.Finder,
    kind: Kind,
    element: usize,

    pub fn init(field: cells.Field, element: u32, width_bytes: usize) error{InvalidArgument}!Series {
        return .{ .finder = .{ .type = field.type }, .kind = try field.known(width_bytes), .element = element };
    }
};

/// Integers beyond 2^53 are the nearest float64.
pub const Summary = extern struct {
    first: f64 = std.math.nan(f64),
    last: f64 = std.math.nan(f64),
    min: f64 = std.math.nan(f64),
    max: f64 = std.math.nan(f64),
    /// Rows that have a finite value.
    count: f64 = 0,
};

pub const Rows = extern struct { first: f64, end: f64 };

/// Summaries of all series for the first range, then for the second, and so on.
pub fn reduce(table: extract.Table, first_row: u64, series: []Series, ranges: []align(1) const Rows, out: []align(1) Summary) Error!void {
    if (out.len != series.len * ranges.len) return error.InvalidArgument;
    for (ranges, 0..) |range, index| {
        if (!(range.first >= @as(f64, @floatFromInt(first_row)) and range.end <= @as(f64, @floatFromInt(table.rows.len)))) return error.OutOfRange;
        const end: usize = @intFromFloat(@trunc(@max(0, range.end)));
        const first = @min(end, @as(usize, @intFromFloat(@trunc(range.first))));
        for (series, out[index * series.len ..][0..series.len]) |*one, *summary| summary.* = try reduceOne(table, one, first, end);
    }
}

fn reduceOne(table: extract.Table, series: *Series, first_row: usize, end_row: usize) Error!Summary {
    var summary: Summary = .{};
    var row = first_row;
    while (row < end_row) {
        const until = @min(end_row, table.blocks.endOf(row));
        if (series.finder.ofLayout(table, row)) |place| {
            if (series.element < place.span.count) {
                const first = place.row_start + place.span.offset + series.element;
                addStrided(&summary, series.kind, table.data, first, place.row_tokens, until - row);
            }
        } else for (row..until) |each| {
            const start, const end = try table.tokensOf(each);
            const span = series.finder.find(table.types.slice(start, end));
            if (series.element < span.count) addStrided(&summary, series.kind, table.data, start + span.offset + series.element, 1, 1);
        }
        row = until;
    }
    return summary;
}

/// Every `stride`-th of the cells from `first` on.
fn addStrided(summary: *Summary, kind: Kind, data: Data, first: usize, stride: usize, count: usize) void {
    std.debug.assert(count > 0 and first + (count - 1) * stride < data.len);
    switch (kind) {
        inline else => |known| Strided(known).add(summary, .{ .address = data.address + first * data.width, .stride_bytes = stride * data.width, .count = count }),
    }
}

fn Strided(comptime kind: Kind) type {
    return struct {
        address: [*]const u8,
        stride_bytes: usize,
        count: usize,

        const Self = @This();
        const lanes = 4;
        const Values = @Vector(lanes, f64);
        const infinity = std.math.inf(f64);

        inline fn at(self: Self, index: usize) f64 {
            const cell: *const kind.Type() = @ptrCast(@alignCast(self.address + index * self.stride_bytes));
            return switch (@typeInfo(kind.Type())) {
                .int => @floatFromInt(cell.*),
                else => @floatCast(cell.*),
            };
        }

        /// Comparisons one after another wait for each other: four at a time do not.
        noinline fn add(summary: *Summary, self: Self) void {
            var min: Values = @splat(infinity);
            var max: Values = @splat(-infinity);
            var counts: @Vector(lanes, u64) = @splat(0);
            var index: usize = 0;
            while (index + lanes <= self.count) : (index += lanes) {
                var values: Values = undefined;
                inline for (0..lanes) |lane| values[lane] = self.at(index + lane);
                const are_finite = @abs(values) < @as(Values, @splat(infinity));
                const low = @select(f64, are_finite, values, @as(Values, @splat(infinity)));
                const high = @select(f64, are_finite, values, @as(Values, @splat(-infinity)));
                min = @select(f64, low < min, low, min);
                max = @select(f64, high > max, high, max);
                counts += @select(u64, are_finite, @as(@Vector(lanes, u64), @splat(1)), @as(@Vector(lanes, u64), @splat(0)));
            }
            var count: u64 = @reduce(.Add, counts);
            var least = @reduce(.Min, min);
            var greatest = @reduce(.Max, max);
            while (index < self.count) : (index += 1) {
                const value = self.at(index);
                if (!std.math.isFinite(value)) continue;
                count += 1;
                least = @min(least, value);
                greatest = @max(greatest, value);
            }
            if (count > 0) self.join(summary, count, least, greatest);
        }

        /// The rows come after all that are in the summary.
        inline fn join(self: Self, summary: *Summary, count: u64, min: f64, max: f64) void {
            if (summary.count == 0) {
                summary.* = .{ .first = self.firstFinite(), .min = min, .max = max };
            } else {
                summary.min = @min(summary.min, min);
                summary.max = @max(summary.max, max);
            }
            summary.last = self.lastFinite();
            summary.count += @floatFromInt(count);
        }

        fn firstFinite(self: Self) f64 {
            var index: usize = 0;
            while (!std.math.isFinite(self.at(index))) index += 1;
            return self.at(index);
        }

        fn lastFinite(self: Self) f64 {
            var index = self.count - 1;
            while (!std.math.isFinite(self.at(index))) index -= 1;
            return self.at(index);
        }
    };
}

comptime {
    std.debug.assert(@sizeOf(Summary) == 5 * @sizeOf(f64));
}

const testing = std.testing;

test "summaries of rows of one layout and of any are those of a plain loop" {
    var generator: std.Random.DefaultPrng = .init(31);
    const random = generator.random();
    inline for (comptime std.enums.values(Kind)) |kind| {
        for (0..40) |_| {
            var rows: [200]u64 = undefined;
            var types: [800]u8 = undefined;
            var cells_of: [800]kind.Type() = undefined;
            random.bytes(std.mem.sliceAsBytes(&cells_of));
            var token: usize = 0;
            for (&rows) |*row| {
                row.* = token;
                for (0..random.uintLessThan(usize, 5)) |place| {
                    types[token] = if (place < 2) 3 else 9;
                    token += 1;
                }
            }
            const table: extract.Table = .{ .types = .{ .bytes = types[0..token] }, .data = .of(kind, cells_of[0..token]), .rows = &rows };
            var series = [_]Series{
                .{ .finder = .{ .type = 3 }, .kind = kind, .element = random.uintLessThan(usize, 3) },
                .{ .finder = .{ .type = 9 }, .kind = kind, .element = 0 },
            };
            const first = random.uintLessThan(usize, rows.len);
            const end = random.intRangeAtMost(usize, first, rows.len);
            const ranges = [_]Rows{ .{ .first = @floatFromInt(first), .end = @floatFromInt(end) }, .{ .first = 7, .end = 7 } };
            var out: [4]Summary = undefined;
            try reduce(table, 0, &series, &ranges, &out);
            for (series, 0..) |one, i| {
                var expected: Summary = .{};
                for (first..end) |row| {
                    const until = if (row + 1 < rows.len) rows[row + 1] else token;
                    var place: usize = 0;
                    for (rows[row]..until) |each| {
                        if (types[each] != one.finder.type) continue;
                        defer place += 1;
                        if (place != one.element) continue;
                        const value: f64 = if (@typeInfo(kind.Type()) == .int) @floatFromInt(cells_of[each]) else cells_of[each];
                        if (!std.math.isFinite(value)) continue;
                        if (expected.count == 0) expected = .{ .first = value, .min = value, .max = value };
                        expected.last = value;
                        expected.min = @min(expected.min, value);
                        expected.max = @max(expected.max, value);
                        expected.count += 1;
                    }
                }
                try testing.expect(std.mem.eql(u8, std.mem.asBytes(&expected), std.mem.asBytes(&out[i])) or expected.count == 0);
                try testing.expectEqual(expected.count, out[i].count);
                try testing.expectEqual(0, out[2 + i].count);
            }
        }
    }
}

test "every fourth of some cells and what is left over are looked at, and none besides" {
    var cells_of: [64]f32 = @splat(std.math.nan(f32));
    for (0..3) |stride_less_one| {
        const stride = stride_less_one + 1;
        for (1..17) |count| {
            for (0..count) |at| {
                @memset(&cells_of, std.math.inf(f32));
                cells_of[at * stride] = -2;
                var summary: Summary = .{};
                addStrided(&summary, .float32, .of(.float32, &cells_of), 0, stride, count);
                try testing.expectEqual(Summary{ .first = -2, .last = -2, .min = -2, .max = -2, .count = 1 }, summary);
            }
        }
    }
}

test "rows that are not there are refused, and rows that no writer makes" {
    const table: extract.Table = .{ .types = .{ .bytes = &.{ 1, 1 } }, .data = .of(.uint8, &.{ 4, 5 }), .rows = &.{ 0, 9, 1 } };
    var series = [_]Series{.{ .finder = .{ .type = 1 }, .kind = .uint8, .element = 0 }};
    var out: [1]Summary = undefined;
    const nan = std.math.nan(f64);
    for ([_]Rows{ .{ .first = 0, .end = 4 }, .{ .first = -1, .end = 1 }, .{ .first = nan, .end = 1 }, .{ .first = 1, .end = nan }, .{ .first = 0, .end = std.math.inf(f64) } }) |range| {
        try testing.expectError(error.OutOfRange, reduce(table, 0, &series, &.{range}, &out));
    }
    try testing.expectError(error.OutOfRange, reduce(table, 2, &series, &.{.{ .first = 1, .end = 2 }}, &out));
    try testing.expectError(error.Damaged, reduce(table, 0, &series, &.{.{ .first = 0, .end = 2 }}, &out));
    try testing.expectError(error.InvalidArgument, reduce(table, 0, &series, &.{}, &out));
    try reduce(table, 0, &series, &.{.{ .first = 2, .end = 3 }}, &out);
    try testing.expectEqual(5, out[0].first);
}
