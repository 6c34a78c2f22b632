//! Tests of environments.zig.

const std = @import("std");
const blocks_file = @import("../read/blocks.zig");
const environments = @import("environments.zig");
const episodes = @import("episodes.zig");
const extract = @import("../read/extract.zig");
const Fields = environments.Fields;
const Index = environments.Index;
const Names = environments.Names;
const Progress = environments.Progress;
const newest = environments.newest;
const numberOf = environments.numberOf;
const scan = environments.scan;

const testing = std.testing;

test "rows are found by their environments and positions, and these by the rows" {
    const index: Index = .{
        .parts = &.{ .{ .block_first = 1, .base = 64, .count = 129 }, .{ .block_first = 0, .base = 0, .count = 3 } },
        .blocks = &.{ .{ .row = 5, .step = -2 }, .{ .row = 100, .step = 3 }, .{ .row = 1000, .step = 0 } },
        .listed = &.{ 99, 5, 6, 40 },
    };
    const windows: Index.Windows = .{ .sources = &.{ 0, 1, 0 }, .anchors = &.{ 64, 1, 127 }, .starts = &.{ 64, 0, 126 }, .lengths = &.{ 2, 3, 3 } };
    var rows: [9]f64 = undefined;
    try index.rowsOf(windows, &.{ -1, 0, 1 }, &rows);
    try testing.expectEqualSlices(f64, &.{ -101, 100, 103, 5, 6, 40, 286, 289, 1000 }, &rows);
    for (rows, [_]i32{ 0, 0, 0, 1, 1, 1, 0, 0, 0 }, [_]f64{ -1, 64, 65, 0, 1, 2, 126, 127, 128 }) |row, source, position| {
        const found = try index.positionOf(source, row);
        if (position < 0) try testing.expectEqual(null, found) else try testing.expectEqual(position, found.?);
    }
    try testing.expectEqual(null, try index.positionOf(1, 7));
    const wrong = [_]struct { i32, f64, f64, i32 }{ .{ 2, 0, 0, 1 }, .{ -1, 0, 0, 1 }, .{ 0, 63, 63, 1 }, .{ 0, 131, 130, 2 }, .{ 1, 0, 0, 4 }, .{ 1, 0, 0, 0 }, .{ 1, 0.5, 0, 1 }, .{ 1, 0, std.math.nan(f64), 1 }, .{ 1, 0, 0x1p70, 1 } };
    for (wrong) |case| {
        const refused: Index.Windows = .{ .sources = &.{case[0]}, .anchors = &.{case[1]}, .starts = &.{case[2]}, .lengths = &.{case[3]} };
        try testing.expectError(error.OutOfRange, index.rowsOf(refused, &.{0}, &rows));
    }
}

test "an index that does not hold together is refused, and reads nothing beyond its arrays" {
    const one: Index.Windows = .{ .sources = &.{0}, .anchors = &.{1}, .starts = &.{1}, .lengths = &.{1} };
    var row: [1]f64 = undefined;
    for ([_]struct { f64, f64 }{ .{ 1, 1 }, .{ 0x1p60, 1 }, .{ 0, -4 }, .{ 0, -0x1p60 }, .{ 0, -1.5 }, .{ -1, 1 }, .{ 0, std.math.nan(f64) } }) |case| {
        const index: Index = .{ .parts = &.{.{ .block_first = case[0], .base = 0, .count = 9 }}, .blocks = &.{.{ .row = 0, .step = case[1] }}, .listed = &.{ 1, 2 } };
        try testing.expectError(error.InvalidArgument, index.rowsOf(one, &.{0}, &row));
    }
}

test "a scan tells environments apart by numbers, however often it stops, and grows" {
    var generator: std.Random.DefaultPrng = .init(5);
    const source = generator.random();
    for (0..400) |round| {
        errdefer std.debug.print("round {}\n", .{round});
        const row_count = source.intRangeAtMost(usize, 1, 60);
        // Of rows that are alike it is known where their fields stand.
        const are_alike = source.boolean();
        const has_noise = source.boolean();
        var types: [180]i32 = undefined;
        var data: [180]u64 = undefined;
        var rows: [60]u64 = undefined;
        var wanted: [60]u32 = undefined;
        var ids: [60]f64 = undefined;
        var id_count: usize = 0;
        var token: usize = 0;
        for (0..row_count) |row| {
            rows[row] = token;
            const id: f64 = if (source.uintLessThan(u32, 9) == 0) std.math.nan(f64) else @floatFromInt(source.uintLessThan(u32, 12));
            const is_end = source.boolean();
            const number = for (ids[0..id_count], 0..) |known, i| {
                if (known == id or (known != known and id != id)) break i;
            } else id_count;
            if (number == id_count) id_count += 1;
            ids[number] = id;
            wanted[row] = @intCast(2 * number + @intFromBool(is_end));
            if (if (are_alike) has_noise else source.boolean()) {
                types[token] = 1;
                data[token] = 77;
                token += 1;
            }
            types[token] = 2;
            data[token] = @bitCast(if (id == 0 and source.boolean()) -0.0 else id);
            token += 1;
            if (is_end or are_alike or source.boolean()) {
                types[token] = 3;
                data[token] = @bitCast(@as(f64, if (is_end) 1 else 0));
                token += 1;
            }
        }
        var table: extract.Table = .{ .types = .{ .words = types[0..token] }, .data = .of(.uint64, data[0..token]), .rows = rows[0..row_count] };
        var blocks: [60 / blocks_file.rows_max]blocks_file.Block = undefined;
        const closed = blocks[0..blocks_file.countClosed(row_count)];
        for (closed, 0..) |*block, index| block.* = blocks_file.describe(index, table.rows, table.types, 0, @splat(0));
        var known: blocks_file.Known = .{};
        table.blocks = .{ .all = closed, .token_count = token };
        table.blocks.known = known.follow(table.blocks, table.rows, table.types, 0);
        var ends = [_]episodes.Field{.{ .type = 3, .kind = .float64 }};
        const fields: Fields = .{ .environment = .{ .type = 2, .kind = .float64 }, .ends = &ends };
        var names: [64]u64 = undefined;
        var slots: [128]u32 = @splat(0);
        var room: usize = 1;
        var progress: Progress = .{ .row = 0, .end_row = row_count, .name_count = 0, .slot_count = 0 };
        var found: [60]u32 = undefined;
        var done: usize = 0;
        while (done < row_count) {
            const limit = @min(row_count - done, source.uintLessThan(usize, 9));
            try scan(table, 0, fields, names[0..room], slots[0 .. 2 * room], &progress, found[done..][0..limit]);
            done += progress.row_count;
            if (!progress.is_full) continue;
            room *= 2;
            slots = @splat(0);
            progress.slot_count = 0;
        }
        try testing.expectEqualSlices(u32, wanted[0..row_count], found[0..row_count]);
        var field = fields.environment;
        const all: Names = .{ .all = names[0..room], .count = progress.name_count, .slots = slots[0 .. 2 * room] };
        for (wanted[0..row_count], 0..) |number, row| try testing.expectEqual(number / 2, (try numberOf(table, all, &field, row)).?);
    }
}

test "the newest rows of the last row's environment are those of its episode" {
    // Environment and end of each row.
    const cells = [_]u64{ 5, 0, 6, 0, 5, 1, 5, 0, 6, 0, 6, 0, 5, 1 };
    const types: [14]i32 = [_]i32{ 2, 3 } ++ [_]i32{ 2, 3 } ++ [_]i32{ 2, 3 } ++ [_]i32{ 2, 3 } ++ [_]i32{ 2, 3 } ++ [_]i32{ 2, 3 } ++ [_]i32{ 2, 3 };
    const rows = [_]u64{ 0, 2, 4, 6, 8, 10, 12 };
    var ends = [_]episodes.Field{.{ .type = 3, .kind = .int64 }};
    const fields: Fields = .{ .environment = .{ .type = 2, .kind = .int64 }, .ends = &ends };
    const cases = [_]struct { usize, bool, usize, ?[]const f64 }{
        .{ 7, false, 4, &.{ 3, 6 } },
        .{ 7, false, 1, &.{6} },
        .{ 6, false, 9, null },
        .{ 6, true, 9, &.{ 1, 4, 5 } },
        .{ 6, false, 2, &.{ 4, 5 } },
        .{ 4, false, 9, &.{3} },
        .{ 3, false, 9, null },
        .{ 3, true, 9, &.{ 0, 2 } },
    };
    for (cases) |case| {
        const count = case[0];
        const table: extract.Table = .{ .types = .{ .words = types[0 .. 2 * count] }, .data = .of(.uint64, cells[0 .. 2 * count]), .rows = rows[0..count] };
        var out: [9]f64 = undefined;
        const found = try newest(table, case[1], fields, out[0..case[2]]);
        if (case[3]) |wanted| try testing.expectEqualSlices(f64, wanted, out[0..found.?]) else try testing.expectEqual(null, found);
    }
    const nameless: extract.Table = .{ .types = .{ .words = &.{ 2, 3 } }, .data = .of(.int64, &.{ 5, 0 }), .rows = &.{ 0, 1 } };
    var out: [2]f64 = undefined;
    try testing.expectEqual(0, (try newest(nameless, true, fields, &out)).?);
}

test "a row without an environment stops a scan, unless it is the last" {
    const table: extract.Table = .{ .types = .{ .words = &.{ 2, 1, 2, 1 } }, .data = .of(.int64, &.{ 5, 0, 6, 0 }), .rows = &.{ 0, 1, 2, 3 } };
    const fields: Fields = .{ .environment = .{ .type = 2, .kind = .int64 }, .ends = &.{} };
    var names: [8]u64 = undefined;
    var slots: [16]u32 = @splat(0);
    var out: [9]u32 = undefined;
    var progress: Progress = .{ .row = 0, .end_row = 2, .name_count = 0, .slot_count = 0 };
    try scan(table, 0, fields, &names, &slots, &progress, &out);
    try testing.expectEqual([4]usize{ 1, 1, 0, 0 }, [4]usize{ progress.row, progress.row_count, @intFromBool(progress.is_nameless), @intFromBool(progress.is_full) });
    progress.end_row = 4;
    try scan(table, 0, fields, &names, &slots, &progress, &out);
    try testing.expectEqual([3]usize{ 1, 0, 1 }, [3]usize{ progress.row, progress.row_count, @intFromBool(progress.is_nameless) });
    for ([_][4]usize{ .{ 0, 5, 0, 0 }, .{ 3, 2, 0, 0 }, .{ 0, 4, 9, 0 }, .{ 0, 4, 0, 1 } }, 0..) |case, i| {
        var refused: Progress = .{ .row = case[0], .end_row = case[1], .name_count = case[2], .slot_count = case[3] };
        try testing.expectError(if (i < 2) error.OutOfRange else error.InvalidArgument, scan(table, 0, fields, &names, &slots, &refused, &out));
    }
    var wild: [16]u32 = @splat(0xffff_ffff);
    progress = .{ .row = 0, .end_row = 4, .name_count = 0, .slot_count = 0 };
    try testing.expectError(error.InvalidArgument, scan(table, 0, fields, &names, &wild, &progress, &out));
}
