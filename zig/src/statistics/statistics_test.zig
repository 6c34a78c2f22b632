//! Tests of statistics.zig: one pass over a sample, whole, halted wherever pages end, and growing.

const std = @import("std");
const rows_file = @import("../read/rows.zig");
const statistics = @import("statistics.zig");
const Error = statistics.Error;
const Field = statistics.Field;
const Progress = statistics.Progress;
const Summary = statistics.Summary;
const index_length = statistics.index_length;
const mantissa_shift = statistics.mantissa_shift;
const page_length = statistics.page_length;
const zero_page = statistics.zero_page;

const testing = std.testing;

const Sample = struct {
    summaries: [2]Summary = @splat(.{}),
    indexes: [2][index_length]u32 = @splat(@splat(0)),
    pages: [64 * page_length]f64 = @splat(0),
    progress: Progress = .{ .next_token = 0, .next_row = 0, .next_mark = 0, .row_count = 0, .page_count = 0, .is_done = 0 },

    fn add(sample: *Sample, table: rows_file.Table, types: []const i32, data: []const u64, page_room: usize) Error!void {
        const fields = [_]Field{
            .{ .type = 7, .kind = .float64, .summary = &sample.summaries[0], .index = &sample.indexes[0] },
            .{ .type = -2, .kind = .int64, .summary = &sample.summaries[1], .index = &sample.indexes[1] },
        };
        try statistics.add(table, .{ .words = types }, .of(.uint64, data), &fields, sample.pages[0 .. page_room * page_length], &sample.progress);
    }

    fn bucketCount(sample: *const Sample, field: usize, value: f64) f64 {
        const bits: u64 = @bitCast(value);
        const page = sample.indexes[field][if (value == 0) zero_page else bits >> 52];
        return if (page == 0) 0 else sample.pages[(page - 1) * page_length + (bits >> mantissa_shift & 127)];
    }
};

fn bitsOf(value: f64) u64 {
    return @bitCast(value);
}

const sample_types = [_]i32{ 7, 7, 3, -2, 7, 3, -2, 7, 7, 7, 3, 7 };
const sample_data = [_]u64{ bitsOf(1), bitsOf(-0.0), 99, 5, bitsOf(2), 99, @bitCast(@as(i64, -3)), bitsOf(std.math.nan(f64)), bitsOf(1.001), bitsOf(0), 99, bitsOf(std.math.inf(f64)) };
/// The fourth row has no tokens.
const sample_table: rows_file.Table = .{
    .steps = &.{ 0, 1, 2, 3, 4 },
    .rows = &.{ 0, 4, 7, 7, 11 },
    .marks = &.{ .{ .row = 2, .type = -2, .kind = .empty_list }, .{ .row = 3, .type = 0, .kind = .list_field } },
    .token_count = 12,
};

fn expectSample(sample: *const Sample) !void {
    const floats = sample.summaries[0];
    try testing.expectEqual(5, floats.moments.count + floats.moments.block_count);
    try testing.expectEqual(2, floats.non_finite);
    try testing.expectEqual(0, floats.min);
    try testing.expectEqual(2, floats.max);
    try testing.expectEqual(4, floats.row_count);
    try testing.expectEqual(2, sample.bucketCount(0, 0));
    try testing.expectEqual(2, sample.bucketCount(0, 1));
    try testing.expectEqual(1, sample.bucketCount(0, 2));
    const integers = sample.summaries[1];
    try testing.expectEqual(-3, integers.min);
    try testing.expectEqual(5, integers.max);
    try testing.expectEqual(3, integers.row_count);
    try testing.expectEqual(1, sample.bucketCount(1, -3));
    try testing.expectEqual(5, sample.progress.row_count);
}

test "values, rows, empty lists and what is not finite are counted, in one pass or in many" {
    var whole: Sample = .{};
    try whole.add(sample_table, &sample_types, &sample_data, 64);
    try testing.expectEqual(1, whole.progress.is_done);
    try expectSample(&whole);
    // Stopped wherever a page is missing.
    var halting: Sample = .{};
    for (0..64) |page_room| try halting.add(sample_table, &sample_types, &sample_data, page_room);
    try testing.expectEqual(1, halting.progress.is_done);
    try expectSample(&halting);
    try testing.expectEqual(whole.summaries, halting.summaries);
    // Growing field by field.
    var growing: Sample = .{};
    for ([_]usize{ 0, 2, 3, 4, 5, 7, 10, 11, 12 }) |length| {
        var table = sample_table;
        table.token_count = length;
        while (table.rows.len > 0 and table.rows[table.rows.len - 1] >= length) table.rows.len -= 1;
        while (table.marks.len > 0 and table.marks[table.marks.len - 1].row >= table.rows.len) table.marks.len -= 1;
        try growing.add(table, sample_types[0..length], sample_data[0..length], 64);
    }
    try expectSample(&growing);
    try testing.expectEqual(whole.summaries, growing.summaries);
}

test "rows that were dropped uncounted are none" {
    var sample: Sample = .{};
    var table = sample_table;
    table.first_row = 3;
    try sample.add(table, &sample_types, &sample_data, 64);
    try testing.expectEqual(2, sample.progress.row_count);
    try testing.expectEqual(0, sample.summaries[1].row_count);
    try testing.expectEqual(2, sample.summaries[0].row_count);
}

test "arguments and files that do not fit are refused" {
    for ([_]f64{ -1, 13, std.math.nan(f64), 1e300 }) |bad| {
        inline for (.{ "next_token", "next_row", "next_mark", "page_count" }) |name| {
            var sample: Sample = .{};
            @field(sample.progress, name) = if (bad == 13) 65 else bad;
            try testing.expectError(error.InvalidArgument, sample.add(sample_table, &sample_types, &sample_data, 64));
        }
    }
    var sample: Sample = .{ .indexes = @splat(@splat(9)) };
    try testing.expectError(error.InvalidArgument, sample.add(sample_table, &sample_types, &sample_data, 64));
    for ([_][]const u64{ &.{ 0, 4, 3 }, &.{ 0, 99 }, &.{ 99, 4 }, &.{} }) |rows| {
        var table = sample_table;
        table.rows = rows;
        table.marks = &.{};
        sample = .{};
        try testing.expectError(error.Damaged, sample.add(table, &sample_types, &sample_data, 64));
    }
}
