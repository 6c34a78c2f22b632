//! Random small stores for the tests of what samplers copy, and windows over them.

const std = @import("std");
const placing = @import("../sample/placement.zig");
const rows_file = @import("../read/rows.zig");
const Source = @import("../sample/source.zig").Source;
const extract = @import("../read/extract.zig");
const Data = @import("../read/data.zig").Data;
const Types = @import("../read/types.zig").Types;
const blocks_file = @import("../read/blocks.zig");

const row_max = 40;
const token_max = row_max * 9;

/// Field 1 holds float64, field 2 int64, field 3 uint64; rows lack some of them or all, and start with noise or not, or those
/// of a block are all of one layout, which is one of two with as many tokens.
pub const Sample = struct {
    token_steps: [token_max]i64 = undefined,
    types: [token_max]i32 = undefined,
    data: [token_max]u64 = undefined,
    rows: [row_max]u64 = undefined,
    row_steps: [row_max]i64 = undefined,
    token_count: usize = 0,
    row_count: usize,
    first_row: usize,
    blocks: [row_max / blocks_file.rows_max]blocks_file.Block = undefined,
    /// Of some samples nothing is known but what their blocks say.
    known: blocks_file.Known.Rows = .{},

    pub fn make(source: std.Random) Sample {
        const row_count = source.intRangeAtMost(usize, 1, row_max);
        var sample: Sample = .{ .row_count = row_count, .first_row = source.uintLessThan(usize, @min(row_count, 3)) };
        var step: i64 = -5;
        const alike = source.boolean();
        var noise: usize = 2;
        for (sample.rows[0..row_count], sample.row_steps[0..row_count], 0..) |*row, *row_step, index| {
            if (index % blocks_file.rows_max == 0) noise = source.intRangeAtMost(usize, 1, 2);
            row.* = sample.token_count;
            step += source.intRangeAtMost(i64, 1, 3);
            row_step.* = step;
            for ([_]i32{ 9, 1, 2, 3 }, [_]usize{ noise, 2, 2, 4 - noise }) |field, alike_count| {
                const count = if (alike) alike_count else source.uintLessThan(usize, 3);
                for (0..count) |_| sample.add(step, field, source);
            }
        }
        const rows = sample.rows[0..row_count];
        const types = sample.tokenTypes();
        for (sample.blocks[0..blocks_file.countClosed(row_count)], 0..) |*block, index| {
            block.* = blocks_file.describe(index, rows, types, sample.first_row, @splat(0));
        }
        var known: blocks_file.Known = .{};
        if (source.boolean()) sample.known = known.follow(sample.described(), rows, types, sample.first_row);
        return sample;
    }

    fn described(sample: *const Sample) blocks_file.Blocks {
        return .{ .all = sample.blocks[0..blocks_file.countClosed(sample.row_count)], .known = sample.known, .token_count = sample.token_count };
    }

    fn add(sample: *Sample, step: i64, field: i32, source: std.Random) void {
        const float: u64 = @bitCast(source.floatNorm(f64) * 100);
        const integer: u64 = @bitCast(source.intRangeAtMost(i64, -1000, 1000));
        sample.token_steps[sample.token_count] = step;
        sample.types[sample.token_count] = field;
        sample.data[sample.token_count] = switch (field) {
            2 => integer,
            3 => source.int(u32),
            else => float,
        };
        sample.token_count += 1;
    }

    pub fn rowEnd(sample: *const Sample, row: usize) usize {
        return if (row + 1 < sample.row_count) @intCast(sample.rows[row + 1]) else sample.token_count;
    }

    /// The number that a cell stands for.
    pub fn number(sample: *const Sample, token: usize) f64 {
        const cell = sample.data[token];
        return switch (sample.types[token]) {
            2 => @floatFromInt(@as(i64, @bitCast(cell))),
            3 => @floatFromInt(cell),
            else => @bitCast(cell),
        };
    }

    fn cells(sample: *const Sample) Data {
        return .init(@ptrCast(&sample.data), sample.token_count, .float64);
    }

    pub fn rowTable(sample: *const Sample) rows_file.Table {
        return .{
            .steps = sample.row_steps[0..sample.row_count],
            .rows = sample.rows[0..sample.row_count],
            .marks = &.{},
            .token_count = sample.token_count,
            .first_row = sample.first_row,
            .first_token = @intCast(sample.rows[sample.first_row]),
            .blocks = sample.described(),
        };
    }

    fn tokenTypes(sample: *const Sample) Types {
        return .{ .words = sample.types[0..sample.token_count] };
    }

    pub fn tokenTable(sample: *const Sample) extract.Table {
        return .{ .types = sample.tokenTypes(), .data = sample.cells(), .rows = sample.rows[0..sample.row_count], .first_token = @intCast(sample.rows[sample.first_row]), .blocks = sample.described() };
    }

    pub fn windowSource(sample: *const Sample) Source {
        return .{ .table = sample.rowTable(), .types = sample.tokenTypes(), .data = sample.cells() };
    }
};

pub const batch_size = 5;

/// Windows within `[first, end)` for some of the rows of a batch, in any order.
pub const Windows = struct {
    starts: [batch_size]f64 = undefined,
    lengths: [batch_size]i32 = undefined,
    slots: [batch_size]i32 = .{ 0, 1, 2, 3, 4 },
    count: usize,
    width: usize,
    side: placing.Side,

    pub fn make(source: std.Random, first: usize, end: usize, length_max: usize, width: usize) Windows {
        var windows: Windows = .{ .count = source.uintAtMost(usize, batch_size), .width = width, .side = source.enumValue(placing.Side) };
        source.shuffle(i32, &windows.slots);
        for (&windows.starts, &windows.lengths) |*start, *length| {
            const number = source.uintAtMost(usize, @min(length_max, end - first));
            length.* = @intCast(number);
            start.* = @floatFromInt(source.intRangeAtMost(usize, first, end - number));
        }
        return windows;
    }

    pub fn placement(windows: *const Windows) placing.Placement {
        return .{
            .starts = windows.starts[0..windows.count],
            .lengths = windows.lengths[0..windows.count],
            .slots = windows.slots[0..windows.count],
            .batch_size = batch_size,
            .width = windows.width,
            .side = windows.side,
        };
    }
};
