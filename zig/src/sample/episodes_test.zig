const std = @import("std");
const blocks_file = @import("../read/blocks.zig");
const episodes = @import("episodes.zig");
const extract = @import("../read/extract.zig");
const Types = @import("../read/types.zig").Types;
const Field = episodes.Field;
const Fields = episodes.Fields;
const Progress = episodes.Progress;
const testing = std.testing;

/// Rows of random layout; field 1 holds float64, field 2 int64, the others are noise.
const Sample = struct {
    types: [600]i32 = undefined,
    data: [600]u64 = undefined,
    rows: [60]u64 = undefined,
    token_count: usize = 0,
    row_count: usize,
    blocks: [60 / blocks_file.rows_max]blocks_file.Block = undefined,
    known: blocks_file.Known = .{},
    /// Where the row before it stands.
    row_start: usize = 0,

    fn make(source: std.Random) Sample {
        var sample: Sample = .{ .row_count = source.intRangeAtMost(usize, 1, 60) };
        // Rows that are like the one before, until one is not.
        const alike_parts: u32 = if (source.boolean()) 12 else 0;
        const floats = [_]f64{ 0, -0.0, std.math.nan(f64), 1, -2 };
        for (sample.rows[0..sample.row_count]) |*row| {
            row.* = sample.token_count;
            if (row.* > 0 and source.uintLessThan(u32, 13) < alike_parts) {
                for (sample.row_start..sample.token_count) |token| sample.add(sample.types[token], if (source.boolean()) sample.data[token] else 0);
                sample.row_start = @intCast(row.*);
                continue;
            }
            sample.row_start = sample.token_count;
            const has_noise = source.boolean();
            if (has_noise) sample.add(7, 1);
            for ([_]i32{ 1, 2 }) |field| {
                if (source.uintLessThan(u32, 3) == 0) continue;
                for (0..if (source.uintLessThan(u32, 4) == 0) 2 else 1) |_| {
                    const float: u64 = @bitCast(floats[source.uintLessThan(usize, floats.len)]);
                    const integer: u64 = @intFromBool(source.uintLessThan(u32, 4) == 0);
                    sample.add(field, if (field == 1) float else integer);
                }
            }
            if (source.boolean()) sample.add(8, 1);
        }
        const rows = sample.rows[0..sample.row_count];
        for (sample.blocks[0..blocks_file.countClosed(rows.len)], 0..) |*block, index| block.* = blocks_file.describe(index, rows, sample.tokenTypes(), 0, @splat(0));
        if (source.boolean()) _ = sample.known.follow(sample.described(), rows, sample.tokenTypes(), 0);
        return sample;
    }

    fn tokenTypes(sample: *const Sample) Types {
        return .{ .words = sample.types[0..sample.token_count] };
    }

    fn add(sample: *Sample, field: i32, cell: u64) void {
        sample.types[sample.token_count] = field;
        sample.data[sample.token_count] = cell;
        sample.token_count += 1;
    }

    fn described(sample: *const Sample) blocks_file.Blocks {
        return .{ .all = sample.blocks[0..blocks_file.countClosed(sample.row_count)], .token_count = sample.token_count };
    }

    fn table(sample: *const Sample) extract.Table {
        var blocks = sample.described();
        blocks.known = sample.known.rows;
        return .{ .types = sample.tokenTypes(), .data = .of(.uint64, sample.data[0..sample.token_count]), .rows = sample.rows[0..sample.row_count], .blocks = blocks };
    }
};

/// As the definitions say, for a stream that ends with `row_count` rows.
fn plainStarts(table: extract.Table, fields: []const Field, is_id: bool, out: []u64) []u64 {
    var found: usize = 0;
    var last: ?u64 = null;
    for (table.rows, 0..) |start, row| {
        var is_end = false;
        var first: ?u64 = null;
        const end = if (row + 1 < table.rows.len) table.rows[row + 1] else table.data.len;
        for (@intCast(start)..@intCast(end)) |token| for (fields) |field| {
            if (table.types.at(token) != field.type) continue;
            if (first == null) first = table.data.bitsAt(token);
            const number: f64 = @bitCast(table.data.bitsAt(token));
            is_end = is_end or if (field.kind == .float64) number > 0 or number < 0 else table.data.bitsAt(token) != 0;
        };
        if (!is_id and is_end and row + 1 < table.rows.len) {
            out[found] = row + 1;
            found += 1;
        }
        if (is_id and first != null) {
            if (last != null and last.? != first.?) {
                out[found] = row;
                found += 1;
            }
            last = first;
        }
    }
    return out[0..found];
}

test "scans find what a plain loop finds, however often they stop while the stream grows" {
    var generator: std.Random.DefaultPrng = .init(2);
    const source = generator.random();
    for (0..3000) |round| {
        errdefer std.debug.print("round {}\n", .{round});
        const sample = Sample.make(source);
        const is_id = source.boolean();
        var fields: Fields = .{ .rule = if (is_id) .id else .end, .count = if (is_id) 1 else source.intRangeAtMost(usize, 1, 2) };
        fields.all[0..2].* = .{ .{ .type = 2, .kind = .int64 }, .{ .type = 1, .kind = .float64 } };
        var starts: [60]u64 = undefined;
        var found: usize = 0;
        var progress: Progress = .{ .row = 0, .end_row = 0 };
        while (true) {
            const had_all = progress.end_row == sample.row_count;
            const row_before = progress.row;
            if (source.boolean()) progress.end_row = @min(sample.row_count, progress.end_row + source.uintLessThan(usize, 9));
            const room = starts[found..][0..@min(starts.len - found, source.uintLessThan(usize, 4))];
            // A store shows whole rows: those beyond the end that was seen do not count yet.
            try episodes.scan(sample.table(), 0, &fields, &progress, room);
            found += progress.start_count;
            if (had_all and room.len > 0 and progress.start_count == 0 and row_before == progress.row) break;
        }
        var wanted: [60]u64 = undefined;
        try testing.expectEqualSlices(u64, plainStarts(sample.table(), fields.all[0..fields.count], is_id, &wanted), starts[0..found]);
    }
}

test "rows outside the store are refused, rows that no writer makes are damage" {
    const table: extract.Table = .{ .types = .{ .words = &.{ 1, 1 } }, .data = .of(.float64, &.{ 0, 0 }), .rows = &.{ 0, 9, 1 } };
    var ends: Fields = .{ .rule = .end, .count = 1 };
    ends.all[0] = .{ .type = 1, .kind = .float64 };
    var ids = ends;
    ids.rule = .id;
    var starts: [4]u64 = undefined;
    for ([_][2]usize{ .{ 0, 3 }, .{ 2, 1 }, .{ 1, 4 } }) |range| {
        var progress: Progress = .{ .row = range[0], .end_row = range[1] };
        try testing.expectError(error.OutOfRange, episodes.scan(table, 1, &ends, &progress, &starts));
    }
    var progress: Progress = .{ .row = 0, .end_row = 3 };
    try testing.expectError(error.Damaged, episodes.scan(table, 0, &ends, &progress, &starts));
    progress = .{ .row = 1, .end_row = 3 };
    try testing.expectError(error.Damaged, episodes.scan(table, 0, &ids, &progress, &starts));
}
