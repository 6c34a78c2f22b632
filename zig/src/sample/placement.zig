//! Windows, and the rows of a batch that they go to.

const std = @import("std");
const random = @import("random.zig");
const Output = @import("../read/outputs.zig").Output;

pub const Error = error{ InvalidArgument, OutOfRange };

pub const Side = enum(u1) { left, right };

/// What an error is about: a window or a row, and its tokens or values; or a value, by its row, the type ID of its field, and
/// its cell.
pub const Culprit = struct { index: usize = 0, count: usize = 0, type: i32 = 0, cell: u64 = 0 };

/// The numbers of a batch, with room for all of it.
pub const Values = struct {
    output: Output = .none,
    address: [*]u8 = undefined,

    pub fn of(output: Output, elements: anytype) Values {
        return .{ .output = output, .address = @ptrCast(elements) };
    }

    pub inline fn at(values: Values, place: usize) [*]u8 {
        return values.address + place * values.output.bytes();
    }
};

/// The steps of a batch, with room for all of it.
pub const Steps = union(enum) { none, int64: [*]i64, float64: [*]f64 };

pub const Placement = struct {
    starts: []const f64,
    lengths: []const i32,
    /// The row of each place, `width` of every window, where they are not those from its start on.
    rows: ?[]const f64 = null,
    /// The row of the batch for each window.
    slots: []const i32,
    batch_size: usize,
    /// The positions of a row of the batch, and the side on which a shorter window stands.
    width: usize,
    side: Side,

    pub fn of(starts: [*]const f64, lengths: [*]const i32, slots: [*]const i32, count: usize, batch_size: usize, width: usize, side: Side) Placement {
        return .{
            .starts = starts[0..count],
            .lengths = lengths[0..count],
            .slots = slots[0..count],
            .batch_size = batch_size,
            .width = width,
            .side = side,
        };
    }

    /// Every window must lie within `[first, end)`, have at most `length_max` positions, and a row in the batch.
    pub fn check(placement: Placement, first: usize, end: usize, length_max: usize, culprit: *Culprit) Error!void {
        const first_start = random.toFloat(first);
        for (placement.starts, placement.lengths, placement.slots, 0..) |start, length, slot, window| {
            culprit.index = window;
            if (slot < 0 or slot >= placement.batch_size) return error.InvalidArgument;
            if (length < 0 or length > length_max) return error.InvalidArgument;
            const spanned: usize = if (placement.rows == null) @intCast(length) else 0;
            if (spanned > end) return error.OutOfRange;
            const last_start = random.toFloat(end - spanned);
            if (!(start >= first_start and start <= last_start) or @trunc(start) != start) return error.OutOfRange;
            if (placement.rows) |rows| for (rows[window * placement.width ..][0..@intCast(length)]) |row| {
                if (!(row >= first_start and row < random.toFloat(end)) or @trunc(row) != row) return error.OutOfRange;
            };
        }
    }

    pub inline fn startOf(placement: Placement, window: usize) usize {
        return @intCast(random.fromFloat(placement.starts[window]));
    }

    /// The row at a place of a window.
    pub inline fn rowAt(placement: Placement, window: usize, at: usize) usize {
        const rows = placement.rows orelse return placement.startOf(window) + at;
        return @intCast(random.fromFloat(rows[window * placement.width + at]));
    }

    /// Rows of a window from a place on, each as far from the one before.
    pub inline fn runAt(placement: Placement, window: usize, at: usize, length: usize) Run {
        const rows = placement.rows orelse return .{ .stride = 1, .end = length };
        return runOf(rows[window * placement.width ..][0..length], at);
    }

    fn runOf(rows: []const f64, at: usize) Run {
        if (at + 1 == rows.len) return .{ .stride = 1, .end = at + 1 };
        const stride = rows[at + 1] - rows[at];
        if (stride < 1) return .{ .stride = 1, .end = at + 1 };
        var end = at + 2;
        while (end < rows.len and rows[end] - rows[end - 1] == stride) end += 1;
        return .{ .stride = @intCast(random.fromFloat(stride)), .end = end };
    }

    pub const Run = struct { stride: usize, end: usize };

    pub inline fn lengthOf(placement: Placement, window: usize) usize {
        return @intCast(placement.lengths[window]);
    }

    /// How many windows to go ahead by about so many positions.
    pub inline fn distance(placement: Placement, positions: usize) usize {
        return @max(1, positions / @max(1, placement.width));
    }

    /// Where a window of some length goes in the output, counted in positions.
    pub inline fn blockOf(placement: Placement, window: usize, length: usize) Block {
        const at = @as(usize, @intCast(placement.slots[window])) * placement.width;
        const padding = placement.width - length;
        return .{
            .at = at,
            .first = if (placement.side == .right) at + padding else at,
            .length = length,
            .width = placement.width,
        };
    }
};

/// A row of the batch, of which `length` positions from `first` on are those of a window.
pub const Block = struct {
    at: usize,
    first: usize,
    length: usize,
    width: usize,

    /// Zeros around the window; a position has `depth` elements.
    pub inline fn pad(block: Block, elements: anytype, depth: usize) void {
        if (block.length == block.width) return;
        const end = block.first + block.length;
        @memset(elements[block.at * depth .. block.first * depth], 0);
        @memset(elements[end * depth .. (block.at + block.width) * depth], 0);
    }
};

const testing = std.testing;

test "windows outside the store, or without a place in the batch, are refused by number" {
    const cases = [_]struct { f64, i32, i32, Error }{
        .{ 1, 2, 0, error.OutOfRange },
        .{ 7, 2, 0, error.OutOfRange },
        .{ 9, 0, 0, error.OutOfRange },
        .{ 2.5, 2, 0, error.OutOfRange },
        .{ std.math.nan(f64), 2, 0, error.OutOfRange },
        .{ 0x1p70, 2, 0, error.OutOfRange },
        .{ 2, -1, 0, error.InvalidArgument },
        .{ 2, 4, 0, error.InvalidArgument },
        .{ 2, 1, -1, error.InvalidArgument },
        .{ 2, 1, 2, error.InvalidArgument },
    };
    for (cases) |case| {
        const placement: Placement = .{ .starts = &.{ 2, case[0] }, .lengths = &.{ 3, case[1] }, .slots = &.{ 1, case[2] }, .batch_size = 2, .width = 3, .side = .left };
        var culprit: Culprit = .{ .index = 9 };
        try testing.expectError(case[3], placement.check(2, 8, 3, &culprit));
        try testing.expectEqual(1, culprit.index);
    }
    for ([_]f64{ 1, 10, 2.5, -1, 0x1p60, std.math.nan(f64) }) |row| {
        const placement: Placement = .{ .starts = &.{ 2, 2 }, .lengths = &.{ 1, 3 }, .rows = &.{ 9, 99, 99, 2, 9, row }, .slots = &.{ 1, 0 }, .batch_size = 2, .width = 3, .side = .left };
        var culprit: Culprit = .{};
        try testing.expectError(error.OutOfRange, placement.check(2, 10, 3, &culprit));
        try testing.expectEqual(1, culprit.index);
    }
    // Places beyond a window's length say nothing.
    const apart: Placement = .{ .starts = &.{ 8, 5 }, .lengths = &.{ 3, 0 }, .rows = &.{ 8, 2, 4, 99, 99, 99 }, .slots = &.{ 1, 0 }, .batch_size = 2, .width = 3, .side = .left };
    var none: Culprit = .{};
    try apart.check(2, 9, 3, &none);
    for ([_][3]usize{ .{ 0, 1, 1 }, .{ 1, 2, 3 }, .{ 2, 1, 3 } }) |run| {
        try testing.expectEqual(Placement.Run{ .stride = run[1], .end = run[2] }, apart.runAt(0, run[0], 3));
    }
    const fine: Placement = .{ .starts = &.{ 2, 6, 8 }, .lengths = &.{ 3, 2, 0 }, .slots = &.{ 1, 0, 0 }, .batch_size = 2, .width = 3, .side = .left };
    var culprit: Culprit = .{};
    try fine.check(2, 8, 3, &culprit);
}
