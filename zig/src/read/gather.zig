//! Copies of windows: `[batch, length]` blocks of each column, taken at given starts.

const std = @import("std");
const cells = @import("../format/cells.zig");
const narrow = @import("narrow.zig");
const rows_file = @import("rows.zig");
const touching = @import("touch.zig");
const Data = @import("data.zig").Data;
const Types = @import("types.zig").Types;

pub const Columns = struct {
    table: rows_file.Table,
    types: Types,
    data: Data,
    /// The stream starts here; what comes before was dropped.
    first: usize = 0,
};

/// Where to put the copies; null where a column is not wanted. Each holds `starts.len * length` elements.
pub const Out = struct {
    values: union(enum) { none, float64: []f64, float32: []f32, float16: []u16, cells: []u8 } = .none,
    types: ?[]align(1) i32 = null,
    steps: union(enum) { none, int64: []align(1) i64, float64: []align(1) f64 } = .none,
};

/// The index of the first start that is not a whole number, or whose window does not lie within the columns.
pub fn findBadStart(columns: Columns, starts: []align(1) const f64, length: usize) ?usize {
    if (columns.first + length > columns.data.len) return if (starts.len > 0) 0 else null;
    const first: f64 = @floatFromInt(columns.first);
    const last: f64 = @floatFromInt(columns.data.len - length);
    for (starts, 0..) |start, index| {
        if (!(start >= first and start <= last and @trunc(start) == start)) return index;
    }
    return null;
}

/// Starts must have passed `findBadStart`. `others` are the fields that stand in the cells as their own bits. Only steps can meet damage: then what was written means nothing.
pub fn gather(columns: Columns, others: []const cells.Field, starts: []align(1) const f64, length: usize, out: Out) error{ Damaged, InvalidArgument }!void {
    if (length == 1) {
        if (cellsOf(columns.data.kind, others, out)) |values| return gatherTokens(columns, starts, values, out);
    }
    var rows: [rows_file.stage_size]usize = undefined;
    for (starts, 0..) |start_float, window| {
        if (out.steps != .none and window % rows.len == 0) try findRows(columns.table, starts[window..], length, &rows);
        if (window % touching.pieces == 0) readAhead(columns, starts[window..@min(window + touching.pieces, starts.len)], length, out);
        const start: usize = @intFromFloat(start_float);
        const at = window * length;
        if (out.values != .none and window + touching.windows_ahead < starts.len) {
            const later: usize = @intFromFloat(starts[window + touching.windows_ahead]);
            touching.prefetchRest(columns.data.bytes(later, later + length));
        }
        if (out.types) |types| columns.types.slice(start, start + length).copy(types[at..][0..length]);
        switch (out.steps) {
            .none => {},
            .int64 => |steps| try columns.table.copySteps(i64, rows[window % rows.len], start, steps[at..][0..length]),
            .float64 => |steps| try columns.table.copySteps(f64, rows[window % rows.len], start, steps[at..][0..length]),
        }
        switch (out.values) {
            .none => {},
            .cells => |values| {
                const width = columns.data.width;
                @memcpy(values[at * width ..][0 .. length * width], columns.data.bytes(start, start + length));
            },
            inline else => |values, tag| {
                const float = @field(narrow.Float, @tagName(tag));
                const data = columns.data.slice(start, start + length);
                narrow.copyNumbers(float, values[at..][0..length], data, data.kind);
                for (others) |field| try overwrite(float, field, columns.types.slice(start, start + length), data, values[at..][0..length]);
            },
        }
    }
}

/// Where values go if they are copied as they stand, none if none are wanted; null where they must be converted.
fn cellsOf(kind: cells.Kind, others: []const cells.Field, out: Out) ?[]u8 {
    return switch (out.values) {
        .none => &.{},
        .cells => |values| values,
        inline else => |values, tag| if (others.len == 0 and kind == @field(cells.Kind, @tagName(tag))) std.mem.sliceAsBytes(values) else null,
    };
}

/// Single tokens: of each column a load each, of which the processor has many under way.
fn gatherTokens(columns: Columns, starts: []align(1) const f64, values: []u8, out: Out) error{Damaged}!void {
    var tokens: [rows_file.stage_size]u64 = undefined;
    var done: usize = 0;
    while (done < starts.len) : (done += tokens.len) {
        const end = @min(done + tokens.len, starts.len);
        const wanted = tokens[0 .. end - done];
        for (wanted, starts[done..end]) |*token, start| token.* = @intFromFloat(start);
        if (values.len > 0) switch (columns.data.width) {
            inline 1, 2, 4, 8 => |width| copyCells(@Int(.unsigned, 8 * width), columns.data, wanted, values[done * width .. end * width]),
            else => unreachable,
        };
        if (out.types) |types| switch (columns.types) {
            .one => |one| @memset(types[done..end], one.id),
            inline else => |ids| for (types[done..end], wanted) |*each, token| {
                each.* = ids[token];
            },
        };
        switch (out.steps) {
            .none => {},
            inline else => |steps| try rows_file.copyTokenSteps(columns.table, @TypeOf(steps[0]), wanted, steps[done..end]),
        }
    }
}

fn copyCells(comptime Cell: type, data: Data, tokens: []const u64, to: []u8) void {
    for (@as([]align(1) Cell, @ptrCast(to)), tokens) |*each, token| each.* = data.as(Cell)[token];
}

fn findRows(table: rows_file.Table, starts: []align(1) const f64, length: usize, rows: *[rows_file.stage_size]usize) error{Damaged}!void {
    var tokens: [rows_file.stage_size]u64 = undefined;
    const count = @min(starts.len, tokens.len);
    for (tokens[0..count], starts[0..count]) |*token, start| token.* = @intFromFloat(start);
    return rows_file.findRows(table, tokens[0..count], length, rows);
}

/// Starts are random, so every window misses the caches.
noinline fn readAhead(columns: Columns, starts: []align(1) const f64, length: usize, out: Out) void {
    var sum: u64 = 0;
    for (starts) |start_float| {
        const start: usize = @intFromFloat(start_float);
        if (out.values != .none) sum +%= touching.touch(columns.data.bytes(start, start + length));
        if (out.types != null) sum +%= touching.touch(columns.types.slice(start, start + length).asBytes());
    }
    std.mem.doNotOptimizeAway(sum);
}

/// A second pass for the rare store with fields that stand as their own bits: a field's tokens stand together.
fn overwrite(comptime float: narrow.Float, field: cells.Field, types: Types, data: Data, values: []float.Element()) error{InvalidArgument}!void {
    const kind = try field.known(data.width);
    var at: usize = 0;
    while (at < values.len) {
        const end = types.endOfRun(at);
        if (types.at(at) == field.type) narrow.copyNumbers(float, values[at..end], data.slice(at, end), kind);
        at = end;
    }
}

const testing = std.testing;

const sample_table: rows_file.Table = .{ .steps = &.{ 1, 2, 3 }, .rows = &.{ 0, 2, 3 }, .marks = &.{}, .token_count = 4 };
const sample: Columns = .{ .table = sample_table, .types = .{ .words = &.{ 0, 7, 0, 7 } }, .data = .of(.float64, &.{ 1, @bitCast(@as(i64, 5)), 2, @bitCast(@as(i64, -6)) }) };

test "windows are copied in order, integer cells as numbers" {
    var values: [4]f32 = undefined;
    var types: [4]i32 = undefined;
    var steps: [4]f64 = undefined;
    try gather(sample, &.{.{ .type = 7, .kind = 3, .wide = 3 }}, &.{ 2, 0 }, 2, .{ .values = .{ .float32 = &values }, .types = &types, .steps = .{ .float64 = &steps } });
    try testing.expectEqual([_]f32{ 2, -6, 1, 5 }, values);
    try testing.expectEqual([_]i32{ 0, 7, 0, 7 }, types);
    try testing.expectEqual([_]f64{ 2, 3, 1, 1 }, steps);
    var cell_bits: [2]u64 = undefined;
    try gather(sample, &.{.{ .type = 7, .kind = 3, .wide = 3 }}, &.{1}, 2, .{ .values = .{ .cells = std.mem.sliceAsBytes(&cell_bits) } });
    try testing.expectEqual([_]u64{ 5, 0x4000000000000000 }, cell_bits);
}

test "the first bad start is named" {
    try testing.expectEqual(null, findBadStart(sample, &.{ 0, 2 }, 2));
    for ([_]f64{ 3, -1, 0.5, std.math.nan(f64), std.math.inf(f64) }) |start| {
        try testing.expectEqual(1, findBadStart(sample, &.{ 0, start }, 2));
    }
    try testing.expectEqual(0, findBadStart(sample, &.{0}, 5));
    try testing.expectEqual(null, findBadStart(sample, &.{}, 5));
    var dropped = sample;
    dropped.first = 1;
    try testing.expectEqual(1, findBadStart(dropped, &.{ 1, 0 }, 2));
}
