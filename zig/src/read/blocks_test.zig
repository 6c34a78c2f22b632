//! Tests of blocks.zig: what is known of rows, against the rows.

const std = @import("std");
const blocks_file = @import("blocks.zig");
const format = @import("../format/format.zig");
const Types = @import("types.zig").Types;
const Block = blocks_file.Block;
const Blocks = blocks_file.Blocks;
const Known = blocks_file.Known;
const countClosed = blocks_file.countClosed;
const describe = blocks_file.describe;
const endOfBlock = blocks_file.endOfBlock;
const rows_max = blocks_file.rows_max;

const testing = std.testing;

test "rows that are not a block yet are known to be alike as far as they are, however they come" {
    var generator: std.Random.DefaultPrng = .init(8);
    const random = generator.random();
    var known: usize = 0;
    for (0..2000) |round| {
        errdefer std.debug.print("round {}\n", .{round});
        const row_tokens = random.intRangeAtMost(usize, 1, 3);
        const row_count = random.intRangeAtMost(usize, 1, 40);
        var starts: [40]u64 = undefined;
        var ids: [40 * 4]u8 = undefined;
        var token: usize = 0;
        // From one row on rows are longer, or have other types.
        const other_row = random.uintLessThan(usize, 60);
        const is_longer = random.boolean();
        for (starts[0..row_count], 0..) |*start, row| {
            start.* = token;
            const is_other = row == other_row;
            for (0..row_tokens + @intFromBool(is_other and is_longer)) |place| {
                ids[token] = @intCast(place + @as(usize, if (is_other) 5 else 0));
                token += 1;
            }
        }
        const types: Types = .{ .bytes = ids[0..token] };
        var known_rows: Known = .{};
        var held: usize = 1;
        while (held <= row_count) : (held += random.intRangeAtMost(usize, 1, 9)) {
            const token_count: usize = if (held < row_count) @intCast(starts[held]) else token;
            const rows = known_rows.follow(.{}, starts[0..held], types.slice(0, token_count), 0);
            const all: Blocks = .{ .known = rows };
            try testing.expect(rows.end_row < held);
            const is_among = other_row >= countClosed(held) * rows_max and other_row < held - 1;
            if (!is_among) try testing.expectEqual(held - 1, rows.end_row);
            for (0..held) |row| {
                const layout = all.ofRow(row) orelse continue;
                known += 1;
                try testing.expectEqual(starts[row], layout.startOf(row));
                try testing.expectEqual(starts[row + 1], layout.startOf(row + 1));
                try testing.expectEqual(layout.hash, types.slice(@intCast(starts[row]), @intCast(starts[row + 1])).hash());
                try testing.expectEqual(rows.end_row, all.endOf(row));
            }
            try testing.expectEqual(endOfBlock(rows.end_row), all.endOf(rows.end_row));
        }
        // Those of which the first was dropped are unknown.
        known_rows = .{};
        const dropped = known_rows.follow(.{}, starts[0..row_count], types, countClosed(row_count) * rows_max + 1);
        try testing.expectEqual(dropped.first_row, dropped.end_row);
    }
    try testing.expect(known > 2000);
}

test "open rows whose starts no writer makes are known to be nothing" {
    const types: Types = .{ .bytes = &.{ 1, 1, 1, 1 } };
    for ([_][3]u64{ .{ 0, 9, 18 }, .{ 3, 1, 2 }, .{ 2, 2, 2 }, .{ 4, 8, 4 }, .{ std.math.maxInt(u64), 0, 1 } }) |starts| {
        var known: Known = .{};
        const rows = known.follow(.{}, &starts, types, 0);
        try testing.expectEqual(rows.first_row, rows.end_row);
    }
}

/// Rows of several blocks, as a writer would have described them.
const Sample = struct {
    starts: []u64,
    ids: []u8,
    blocks: []Block,
    id: format.Id = @splat(7),

    /// In a block in which rows are others, they are so from one on.
    fn init(random: std.Random, starts: []u64, ids: []u8, blocks: []Block) Sample {
        var token: usize = 0;
        var row_tokens: usize = random.intRangeAtMost(usize, 1, 3);
        var first_type: u8 = 0;
        for (starts, 0..) |*start, row| {
            const may_change = if (row % rows_max == 0) random.uintLessThan(u8, 3) == 0 else random.uintLessThan(usize, 4 * rows_max) == 0;
            if (may_change) {
                row_tokens = random.intRangeAtMost(usize, 1, 3);
                first_type = random.uintLessThan(u8, 2);
            }
            start.* = token;
            for (0..row_tokens) |place| {
                ids[token] = first_type + @as(u8, @intCast(place));
                token += 1;
            }
        }
        return .{ .starts = starts, .ids = ids[0..token], .blocks = blocks };
    }

    fn tokenCount(sample: Sample, row_count: usize) usize {
        return if (row_count < sample.starts.len) @intCast(sample.starts[row_count]) else sample.ids.len;
    }
};

test "rows of described blocks and those behind are known to be alike as far as they are, whatever was dropped or damaged" {
    var generator: std.Random.DefaultPrng = .init(12);
    const random = generator.random();
    const allocator = testing.allocator;
    const rows_all = 9 * rows_max + 77;
    const starts = try allocator.alloc(u64, rows_all);
    defer allocator.free(starts);
    const ids = try allocator.alloc(u8, 3 * rows_all);
    defer allocator.free(ids);
    var looked: usize = 0;
    for (0..60) |round| {
        errdefer std.debug.print("round {}\n", .{round});
        var described: [rows_all / rows_max]Block = undefined;
        const sample: Sample = .init(random, starts, ids, &described);
        const all_types: Types = .{ .bytes = sample.ids };
        for (&described, 0..) |*block, index| {
            block.* = describe(index, starts, all_types, 0, sample.id);
            // One that is damaged, or of another place, counts as none.
            if (random.uintLessThan(u8, 8) == 0) std.mem.asBytes(block)[random.uintLessThan(usize, @sizeOf(Block))] ^= 4;
        }
        var known: Known = .{};
        var row_count: usize = 1;
        var first_row: usize = 0;
        while (row_count <= rows_all) : (row_count += random.uintLessThan(usize, rows_max * 3 / 2)) {
            if (random.uintLessThan(u8, 4) == 0) first_row = random.intRangeAtMost(usize, first_row, row_count);
            // Nothing of what was dropped may be looked at.
            const held_token: usize = if (first_row < row_count) @intCast(starts[first_row]) else sample.tokenCount(row_count);
            const kept = try allocator.dupe(u64, starts[0..row_count]);
            defer allocator.free(kept);
            @memset(kept[0..first_row], 0xdead);
            const kept_ids = try allocator.dupe(u8, sample.ids[0..sample.tokenCount(row_count)]);
            defer allocator.free(kept_ids);
            @memset(kept_ids[0..held_token], 0xdd);
            const there = if (random.uintLessThan(u8, 8) == 0) random.uintAtMost(usize, countClosed(row_count)) else countClosed(row_count);
            var blocks: Blocks = .{ .all = described[0..there], .id = sample.id, .token_count = kept_ids.len };
            blocks.known = known.follow(blocks, kept, .{ .bytes = kept_ids }, first_row);
            try testing.expect(blocks.known.end_row <= @max(row_count - 1, first_row));
            for (0..200) |_| {
                if (first_row == row_count) break;
                const row = random.intRangeLessThan(usize, first_row, row_count);
                if (!blocks.known.has(row)) continue;
                looked += 1;
                const layout = blocks.ofRow(row).?;
                try testing.expectEqual(starts[row], layout.startOf(row));
                try testing.expectEqual(starts[row + 1], layout.startOf(row + 1));
                try testing.expectEqual(layout.hash, all_types.slice(@intCast(starts[row]), @intCast(starts[row + 1])).hash());
                const token = random.intRangeLessThan(u64, starts[row], starts[row + 1]);
                try testing.expectEqual(row, blocks.known.rowOf(token).?);
            }
        }
    }
    try testing.expect(looked > 10_000);
}

test "a large store's descriptions are verified by and by, and a store that is one stretch is known as one" {
    const allocator = testing.allocator;
    const block_count = 1000;
    const id: format.Id = @splat(3);
    const described = try allocator.alloc(Block, block_count);
    defer allocator.free(described);
    const types: Types = .{ .one = .{ .id = 5, .len = block_count * rows_max + 1 } };
    for (described, 0..) |*block, index| {
        block.* = .{ .first_token = index * rows_max, .layout = types.slice(0, 1).hash(), .row_tokens = 1, .index = @intCast(index) };
        block.seal(id);
    }
    const starts = try allocator.alloc(u64, block_count * rows_max + 1);
    defer allocator.free(starts);
    for (starts, 0..) |*start, row| start.* = row;
    var known: Known = .{};
    const blocks: Blocks = .{ .all = described, .id = id, .token_count = starts.len };
    try testing.expectEqual(64 * rows_max, known.follow(blocks, starts, types, 0).end_row);
    try testing.expectEqual(128 * rows_max, known.follow(blocks, starts, types, 0).end_row);
    for (0..3) |_| _ = known.follow(blocks, starts, types, 0);
    const rows = known.follow(blocks, starts, types, 0);
    try testing.expectEqual(Known.Rows{ .first_row = 0, .end_row = block_count * rows_max, .first_token = 0, .row_tokens = 1, .hash = types.slice(0, 1).hash() }, rows);
    // What is known stays so when a description is damaged later: nobody asks it again.
    described[3].checksum ^= 1;
    try testing.expectEqual(rows, known.follow(blocks, starts, types, 0));
}
