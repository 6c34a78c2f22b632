//! Tests of fields_fill.zig against a plain loop.

const std = @import("std");
const cells = @import("../format/cells.zig");
const extract = @import("../read/extract.zig");
const narrow = @import("../read/narrow.zig");
const outputs = @import("../read/outputs.zig");
const rows_file = @import("../read/rows.zig");
const fields_fill = @import("fields_fill.zig");
const rows_ahead = @import("rows_ahead.zig");
const touching = @import("../read/touch.zig");
const placing = @import("placement.zig");
const Culprit = placing.Culprit;
const Error = fields_fill.Error;
const Field = fields_fill.Field;
const Out = fields_fill.Out;
const Placement = placing.Placement;
const Request = fields_fill.Request;
const fields_max = fields_fill.fields_max;

const testing = std.testing;
const samples = @import("../testing/sampler.zig");

const rows_max = 6;
const width_max = 4;
const size_max = samples.batch_size * rows_max * width_max;

fn fillTables(table: extract.Table, row_table: rows_file.Table, request: Request, culprit: *Culprit) Error!void {
    var columns: fields_fill.Columns = try .of(request.fields);
    return fields_fill.fillTables(table, row_table, request, &columns, culprit);
}

/// What a batch is filled with, of one element type for each field.
const Filled = struct {
    values: [fields_max][size_max]u64 = @splat(@splat(0x7777_7777_7777_7777)),
    masks: [fields_max][size_max]u8 = @splat(@splat(7)),
    steps: [samples.batch_size * rows_max]i64 = @splat(-77),
    mask: [samples.batch_size * rows_max]u8 = @splat(7),

    fn out(filled: *Filled, field: usize, float: narrow.Float) Out {
        const output: outputs.Output = switch (float) {
            inline else => |known| @field(outputs.Output, @tagName(known)),
        };
        return .{ .values = .of(output, &filled.values[field]), .mask = &filled.masks[field] };
    }

    fn elements(filled: *Filled, field: usize, comptime float: narrow.Float) [*]float.Element() {
        return @ptrCast(&filled.values[field]);
    }
};

test "fields of windows of rows and their steps are what a plain loop makes of them" {
    var generator: std.Random.DefaultPrng = .init(9);
    const random = generator.random();
    for (0..6000) |round| {
        errdefer std.debug.print("round {}\n", .{round});
        const sample = samples.Sample.make(random);
        const width = random.intRangeAtMost(usize, 1, rows_max);
        const windows: samples.Windows = .make(random, sample.first_row, sample.row_count, width, width);
        var placement = windows.placement();
        // Rows anywhere, often as far from one another, and beyond a window's length ones that are none.
        var rows: [samples.batch_size * rows_max]f64 = undefined;
        const is_regular = random.boolean();
        for (0..windows.count) |window| {
            const length: usize = @intCast(windows.lengths[window]);
            var row = random.intRangeAtMost(usize, sample.first_row, sample.row_count -| 1);
            const step = random.intRangeAtMost(usize, 1, 4);
            for (rows[window * width ..][0..width], 0..) |*number, at| {
                if (at > 0 and (!is_regular or row + step >= sample.row_count)) {
                    row = random.intRangeAtMost(usize, sample.first_row, sample.row_count -| 1);
                } else if (at > 0) row += step;
                number.* = if (at < length) @floatFromInt(row) else -7.5;
            }
        }
        if (random.boolean() and sample.row_count > sample.first_row) placement.rows = rows[0 .. windows.count * width];
        var filled: Filled = .{};
        var fields: [fields_max]Field = undefined;
        // Often nothing is done to any but to copy or to round it.
        const plain: ?narrow.Float = if (random.boolean()) random.enumValue(narrow.Float) else null;
        for (&fields, 0..) |*field, i| {
            const id = if (plain == null) random.intRangeAtMost(i32, 1, 3) else 1;
            field.* = .{
                .type = id,
                .kind = ([_]cells.Kind{ .float64, .int64, .uint64 })[@intCast(id - 1)],
                .width = random.intRangeAtMost(usize, 1, width_max),
                .scale = if (plain != null or random.boolean()) .{} else .{ .shift = 3, .factor = 0.25 },
                .out = filled.out(i, plain orelse random.enumValue(narrow.Float)),
            };
        }
        try expectFilled(&filled, &sample, .{
            .placement = placement,
            .truncate = random.boolean(),
            .fields = fields[0..random.uintAtMost(usize, fields_max)],
            .steps = if (random.boolean()) .none else .{ .int64 = &filled.steps },
            .mask = &filled.mask,
        });
    }
}

fn expectFilled(filled: *Filled, sample: *const samples.Sample, request: Request) !void {
    const placement = request.placement;
    var wanted = filled.*;
    var culprit: Culprit = .{};
    const outcome = fillTables(sample.tokenTable(), sample.rowTable(), request, &culprit);
    for (0..placement.starts.len) |window| {
        const block = placement.blockOf(window, placement.lengthOf(window));
        for (block.at..block.at + block.width) |place| {
            const is_real = place >= block.first and place < block.first + block.length;
            const row = if (is_real) placement.rowAt(window, place - block.first) else null;
            wanted.mask[place] = @intFromBool(is_real);
            if (request.steps != .none) wanted.steps[place] = if (is_real) sample.row_steps[row.?] else 0;
            for (request.fields, 0..) |field, i| {
                const found = switch (field.out.values.output) {
                    inline .float64, .float32, .float16, .bfloat16 => |output| expectedOf(@field(narrow.Float, @tagName(output)), sample, field, row, wanted.elements(i, @field(narrow.Float, @tagName(output)))[place * field.width ..], wanted.masks[i][place * field.width ..].ptr),
                    else => unreachable,
                };
                if (found <= field.width or request.truncate) continue;
                try testing.expectError(error.WidthMismatch, outcome);
                return testing.expectEqual(Culprit{ .index = row.?, .count = found, .type = field.type }, culprit);
            }
        }
    }
    try outcome;
    try testing.expectEqual(wanted, filled.*);
}

/// Returns how many values the row has.
fn expectedOf(comptime float: narrow.Float, sample: *const samples.Sample, field: Field, row: ?usize, values: [*]float.Element(), mask: [*]u8) usize {
    for (values[0..field.width], mask[0..field.width]) |*value, *flag| {
        value.* = 0;
        flag.* = 0;
    }
    if (row == null) return 0;
    var count: usize = 0;
    for (@intCast(sample.rows[row.?])..sample.rowEnd(row.?)) |token| {
        if (sample.types[token] != field.type) continue;
        if (count < field.width) {
            values[count] = float.from((sample.number(token) - field.scale.shift) * field.scale.factor);
            mask[count] = 1;
        }
        count += 1;
    }
    return count;
}

test "steps also come as float64" {
    var generator: std.Random.DefaultPrng = .init(10);
    for (0..500) |_| {
        const sample = samples.Sample.make(generator.random());
        const windows: samples.Windows = .make(generator.random(), sample.first_row, sample.row_count, rows_max, rows_max);
        var steps: [samples.batch_size * rows_max]i64 = @splat(-77);
        var floats: [samples.batch_size * rows_max]f64 = @splat(-77);
        var mask: [samples.batch_size * rows_max]u8 = @splat(7);
        var request: Request = .{ .placement = windows.placement(), .truncate = false, .fields = &.{}, .steps = .{ .int64 = &steps }, .mask = &mask };
        var culprit: Culprit = .{};
        try fillTables(sample.tokenTable(), sample.rowTable(), request, &culprit);
        request.steps = .{ .float64 = &floats };
        try fillTables(sample.tokenTable(), sample.rowTable(), request, &culprit);
        for (steps, floats) |step, float| try testing.expectEqual(@as(f64, @floatFromInt(step)), float);
    }
}

test "windows of rows that cannot be are refused before anything is written, damage without a crash" {
    const table: extract.Table = .{ .types = .{ .words = &.{ 1, 1 } }, .data = .of(.float64, &.{ 0, 0 }), .rows = &.{ 0, 9, 1, 0 } };
    const row_table: rows_file.Table = .{ .steps = &.{ 0, 1, 2, 3 }, .rows = table.rows, .marks = &.{}, .token_count = 2, .first_row = 1 };
    const cases = [_]struct { f64, i32, i32, Error }{
        .{ 0, 2, 0, error.OutOfRange },
        .{ 3, 2, 0, error.OutOfRange },
        .{ 1, 3, 0, error.InvalidArgument },
        .{ 1, 2, 2, error.InvalidArgument },
        .{ 1, 1, 0, error.Damaged },
        .{ 2, 2, 0, error.Damaged },
    };
    for (cases) |case| {
        var filled: Filled = .{};
        var culprit: Culprit = .{};
        const placement: Placement = .{ .starts = &.{ 3, case[0] }, .lengths = &.{ 1, case[1] }, .slots = &.{ 1, case[2] }, .batch_size = 2, .width = 2, .side = .left };
        const field: Field = .{ .type = 1, .kind = .float64, .scale = .{}, .width = 1, .out = filled.out(0, .float64) };
        const request: Request = .{ .placement = placement, .truncate = true, .fields = &.{field}, .steps = .{ .int64 = &filled.steps }, .mask = &filled.mask };
        try testing.expectError(case[3], fillTables(table, row_table, request, &culprit));
        if (case[3] == error.Damaged) continue;
        try testing.expectEqual(Filled{}, filled);
    }
}

test "an empty store has windows without rows" {
    const placement: Placement = .{ .starts = &@as([9]f64, @splat(0)), .lengths = &@as([9]i32, @splat(0)), .slots = &@as([9]i32, @splat(0)), .batch_size = 1, .width = 20, .side = .left };
    var filled: Filled = .{};
    var culprit: Culprit = .{};
    const table: extract.Table = .{ .types = .{ .words = &.{} }, .data = .of(.float64, &.{}), .rows = &.{} };
    const request: Request = .{ .placement = placement, .truncate = false, .fields = &.{}, .steps = .{ .int64 = &filled.steps }, .mask = &filled.mask };
    try fillTables(table, .{ .steps = &.{}, .rows = &.{}, .marks = &.{}, .token_count = 0 }, request, &culprit);
    try testing.expectEqual(@as([20]i64, @splat(0)), filled.steps[0..20].*);
    try testing.expectEqual(@as([20]u8, @splat(0)), filled.mask[0..20].*);
}

test "what is read of windows ahead is not what damaged rows say of tokens before the first" {
    // There is no memory at all: to read any of it would end the tests.
    const nowhere: [*]const u8 = @ptrFromInt(std.heap.page_size_max);
    const table: extract.Table = .{ .types = .{ .words = &.{} }, .data = .init(nowhere, 100, .float64), .rows = &.{ 0, 5, 89, 200, 9 }, .first_token = 90 };
    const placement: Placement = .{ .starts = &.{ 0, 1, 2, 3, 4 }, .lengths = &.{ 5, 1, 1, 2, 1 }, .slots = &.{ 0, 1, 2, 3, 4 }, .batch_size = 5, .width = 5, .side = .left };
    var ahead: touching.Ahead = .{};
    rows_ahead.note(&ahead, .windows, table, 0, null, placement, 0, 5);
    ahead.read();
}

test "what is read of windows ahead is not what lies outside of the rows that are kept" {
    const nowhere: [*]const u64 = @ptrFromInt(std.heap.page_size_max);
    const table: extract.Table = .{ .types = .{ .words = &.{} }, .data = .init(@ptrCast(nowhere), 100, .float64), .rows = nowhere[0..100], .first_token = 90 };
    const steps: []const i64 = @ptrCast(nowhere[0..100]);
    const placement: Placement = .{
        .starts = &.{ 0, 89, 100, 99, 95, std.math.nan(f64), -1, 0x1p60 },
        .lengths = &.{ 100, 11, 1, 2, -3, 1, 1, 1 },
        .slots = &.{ 0, 1, 2, 3, 4, 5, 6, 7 },
        .batch_size = 8,
        .width = 100,
        .side = .left,
    };
    var ahead: touching.Ahead = .{};
    for ([_]rows_ahead.Part{ .places, .windows }) |part| {
        for ([_][2]usize{ .{ 0, 5 }, .{ 5, 6 }, .{ 6, 7 }, .{ 7, 8 } }) |range| {
            rows_ahead.note(&ahead, part, table, 90, steps, placement, range[0], range[1]);
        }
    }
    try testing.expectEqual(0, ahead.count);
}
