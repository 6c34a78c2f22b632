//! Tests of environment_lists.zig against lists that are kept one by one.

const std = @import("std");
const environments = @import("environments.zig");
const lists_file = @import("environment_lists.zig");
const Addition = lists_file.Addition;
const Begun = lists_file.Begun;
const Block = environments.Block;
const Lists = lists_file.Lists;
const Part = environments.Part;

const testing = std.testing;
const rows_max = 2000;
const environments_max = 5;
const block_rows = environments.block_rows;
const blocks_each = rows_max / block_rows + 1;

/// What is kept of one environment: its rows, the positions at which its episodes begin, and whether the last one is over.
const Plain = struct {
    rows: [rows_max]f64 = undefined,
    count: usize = 0,
    begun: [rows_max]f64 = undefined,
    begun_count: usize = 0,
    is_over: bool = true,

    fn add(plain: *Plain, row: usize, session_row: usize) void {
        const is_before = plain.count > 0 and plain.rows[plain.count - 1] < @as(f64, @floatFromInt(session_row));
        if (plain.is_over or is_before) {
            plain.begun[plain.begun_count] = @floatFromInt(plain.count);
            plain.begun_count += 1;
        }
        plain.rows[plain.count] = @floatFromInt(row);
        plain.count += 1;
        plain.is_over = false;
    }
};

test "rows are where they were added, in turn or as they come, however often room is asked for and the stream grows" {
    var generator: std.Random.DefaultPrng = .init(7);
    const random = generator.random();
    for (0..60) |round| {
        errdefer std.debug.print("round {}\n", .{round});
        const count = random.intRangeAtMost(usize, 1, environments_max);
        const row_count = random.intRangeAtMost(usize, count, rows_max);
        // In turn, but for some of the rounds or of the rows.
        const odd_rows = random.uintLessThan(u32, 3) * random.uintLessThan(u32, 3);
        var plain: [environments_max]Plain = @splat(.{});
        var found: [environments_max]Plain = @splat(.{});
        var words: [rows_max]u32 = undefined;
        for (words[0..row_count], 0..) |*word, row| {
            const is_odd = row >= count and random.uintLessThan(u32, 40) < odd_rows;
            const number = if (is_odd) random.uintLessThan(usize, count) else row % count;
            word.* = @intCast(2 * number + @intFromBool(random.uintLessThan(u32, 30) == 0));
        }
        const session_row = random.uintLessThan(usize, row_count + 1);
        for (words[0..row_count], 0..) |word, row| {
            plain[word / 2].add(row, if (row < session_row) 0 else session_row);
            plain[word / 2].is_over = word % 2 == 1;
        }
        var parts: [environments_max]Part = undefined;
        for (parts[0..count], 0..) |*part, number| part.* = .{ .block_first = @floatFromInt(number * blocks_each), .base = 0, .count = 0 };
        var blocks: [environments_max * blocks_each]Block = undefined;
        var listed: [2 * rows_max + environments_max * block_rows]f64 = undefined;
        const lists: Lists = .{ .parts = parts[0..count], .blocks = &blocks, .listed = &listed };
        var begun: [rows_max]Begun = undefined;
        var addition: Addition = .{ .row = 0, .listed_row = 0, .end_row = 0, .session_row = 0, .listed_next = 0, .listed_end = 0 };
        var done: usize = 0;
        while (done < row_count) {
            // The last row of all comes again, and is said to end an episode only then.
            addition.end_row = @min(row_count + 1, done + 1 + random.uintLessThan(usize, 300));
            addition.row = done;
            addition.session_row = if (done < session_row) 0 else @floatFromInt(session_row);
            const until: usize = @intCast(@min(addition.end_row, row_count, if (done < session_row) session_row else row_count));
            try lists.add(words[done..until], &addition, &begun);
            for (begun[0..addition.begun_count]) |each| {
                const of = &found[@intFromFloat(each.environment)];
                of.begun[of.begun_count] = each.position;
                of.begun_count += 1;
            }
            const reached = done + addition.row_count;
            done = @min(reached, @as(usize, @intCast(addition.end_row)) - 1);
            switch (addition.need) {
                .nothing => try testing.expectEqual(until, reached),
                .block => parts[words[reached] / 2].blocks_max += 1,
                .listed => addition.listed_end += block_rows * random.intRangeAtMost(u64, 1, 2),
            }
        }
        const index: environments.Index = .{ .parts = parts[0..count], .blocks = &blocks, .listed = &listed };
        for (plain[0..count], found[0..count], parts[0..count], 0..) |*wanted, *got, part, number| {
            try testing.expectEqual(@as(f64, @floatFromInt(wanted.count)), part.count);
            try testing.expectEqual(@as(f64, @floatFromInt(@intFromBool(wanted.is_over))), part.is_over);
            try testing.expectEqual(wanted.rows[wanted.count - 1], part.last_row);
            try testing.expectEqualSlices(f64, wanted.begun[0..wanted.begun_count], got.begun[0..got.begun_count]);
            for (wanted.rows[0..wanted.count], 0..) |row, position| {
                const at: f64 = @floatFromInt(position);
                var found_row: [1]f64 = undefined;
                try index.rowsOf(.{ .sources = &.{@intCast(number)}, .anchors = &.{at}, .starts = &.{at}, .lengths = &.{1} }, &.{0}, &found_row);
                try testing.expectEqual(row, found_row[0]);
            }
        }
    }
}

test "lists that do not hold together are refused, and nothing is written beyond them" {
    const good: Part = .{ .block_first = 0, .base = 0, .count = 2, .blocks_max = 1 };
    const nan = std.math.nan(f64);
    const cases = [_]struct { u32, f64, f64, f64, f64, u64 }{
        // Word, first block, base, count, step, and the end of what is listed.
        .{ 2, 0, 0, 2, 1, 64 },
        .{ 0, 1, 0, 2, 1, 64 },
        .{ 0, -1, 0, 2, 1, 64 },
        .{ 0, 0x1p60, 0, 2, 1, 64 },
        .{ 0, nan, 0, 2, 1, 64 },
        .{ 0, 0, 3, 2, 1, 64 },
        .{ 0, 0, nan, 2, 1, 64 },
        .{ 0, 0, 0, nan, 1, 64 },
        .{ 0, 0, 0, 0x1p60, 1, 64 },
        .{ 0, 0, 0, 2, -65, 64 },
        .{ 0, 0, 0, 2, -1.5, 64 },
        .{ 0, 0, 0, 2, -0x1p60, 64 },
        .{ 0, 0, 0, 2, 1, 128 },
    };
    for (cases, 0..) |case, number| {
        errdefer std.debug.print("case {}\n", .{number});
        var part = good;
        part.block_first = case[1];
        part.base = case[2];
        part.count = case[3];
        var blocks = [_]Block{.{ .row = 5, .step = case[4] }};
        var listed: [64]f64 = @splat(-7);
        var begun: [1]Begun = undefined;
        var addition: Addition = .{ .row = 9, .listed_row = 0, .end_row = 11, .session_row = 0, .listed_next = 0, .listed_end = case[5] };
        const lists: Lists = .{ .parts = (&part)[0..1], .blocks = &blocks, .listed = &listed };
        try testing.expectError(error.InvalidArgument, lists.add(&.{case[0]}, &addition, &begun));
        try testing.expectEqual(@as([64]f64, @splat(-7)), listed);
    }
}
