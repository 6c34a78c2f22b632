//! Stores that begin with a later row: copies of streams whose first rows are not to be had any more.

const std = @import("std");
const store_file = @import("../store/store.zig");
const system = @import("../system/system.zig");
const Faulty = @import("testing.zig").Faulty;
const Scratch = @import("testing.zig").Scratch;
const abandon = @import("testing.zig").abandon;
const rows = @import("segment_rows.zig");

const testing = std.testing;
const Store = store_file.Store(Faulty);

const appendRows = rows.appendRows;
const expectRows = rows.expectRows;
const isThere = rows.isThere;
const row_tokens = rows.row_tokens;
const segment = rows.segment;
const segment_rows = rows.segment_rows;

var holder: u64 = 0;

fn from(row: u64, options: store_file.Options) store_file.Options {
    var made = options;
    made.first_row = row;
    made.first_token = row * row_tokens;
    return made;
}

test "a store begins with its origin, wherever in its segments that stands" {
    const origins = [_]u64{ 1, segment_rows - 1, segment_rows, segment_rows + 1, segment - 1, segment, segment + 1, 100_000 };
    for (rows.kinds) |options| for (origins) |row| try begin(from(row, options), row);
    try testing.expectEqual(0, Faulty.open_files);
    try testing.expectEqual(0, Faulty.mapped_bytes);
}

fn begin(options: store_file.Options, row: u64) !void {
    errdefer std.debug.print("origin {d}\n", .{row});
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    const path = scratch.path;
    var store = try Store.create(path, options);
    try testing.expectEqual(row, store.commit.first_row);
    try expectRows(&store, row);
    try store.close(.release);
    // Without a row too.
    var again = try Store.open(path, options.reserved_elements, &.{}, &holder);
    try expectRows(&again, row);
    try again.sync();
    try appendRows(&again, 3);
    try expectRows(&again, row + 3);
    try testing.expectEqual(null, again.rowTable().rowOfStep(@as(i64, @intCast(row)) - 1));
    try testing.expectEqual(row + 1, again.rowTable().rowOfStep(@intCast(row + 1)));
    try testing.expectEqual(row + 2, try again.rowTable().rowOfToken((row + 2) * row_tokens + 5));
    abandon(&again);
    // What is not synced counts after a failure of the system by its checksums, for which the zeros before it count.
    Faulty.boot_id[0] +%= 1;
    var recovered = try Store.open(path, options.reserved_elements, &.{}, &holder);
    try expectRows(&recovered, row + 3);
    try testing.expectEqual(0, recovered.recovery.cut_rows);
    try appendRows(&recovered, 3 * segment_rows);
    try expectWhole(&recovered);
    try recovered.close(.release);
    var salvaged = try Store.openToSalvage(path, options.reserved_elements);
    try testing.expectEqual(row, salvaged.commit.first_row);
    try expectRows(&salvaged, row + 3 + 3 * segment_rows);
    try salvaged.close(.release);
    var dropping = try Store.open(path, options.reserved_elements, &.{}, &holder);
    try dropping.dropBefore(row + 2 * segment_rows);
    try testing.expect(dropping.commit.first_row > row);
    try expectRows(&dropping, row + 3 + 3 * segment_rows);
    try expectWhole(&dropping);
    try dropping.close(.release);
}

fn expectWhole(store: *Store) !void {
    inline for (comptime std.enums.values(@import("../store/files.zig").Which)) |which| {
        for (0..@intCast(store.files.chunkCount(which, store.commit))) |chunk| try testing.expect(try store.isChunkWhole(which, chunk));
    }
}

test "the first step may be any, those that a store without rows would have for its last too" {
    for ([_]i64{ 0, -1, std.math.minInt(i64), std.math.maxInt(i64) }) |step| {
        var scratch: Scratch = .{};
        try scratch.make();
        defer scratch.remove();
        const options = from(100, rows.kinds[0]);
        var store = try Store.create(scratch.path, options);
        try store.write(&.{.{ .step = step, .type = 2, .count = 1 }}, &.{7});
        abandon(&store);
        var found = try Store.open(scratch.path, options.reserved_elements, &.{}, &holder);
        defer found.close(.release) catch {};
        try testing.expectEqual(101, found.commit.row_count);
        try testing.expectEqual(step, found.rowTable().steps[100]);
        try testing.expectEqual(100 * row_tokens, found.rowTable().rows[100]);
    }
}

test "an origin that nothing can have is refused" {
    var plain = from(1, rows.kinds[0]);
    plain.is_segmented = false;
    try testing.expectError(error.InvalidArgument, Store.createTemporary("/tmp", plain));
    try testing.expectError(error.InvalidArgument, Store.createTemporary("/tmp", from(1 << 49, rows.kinds[0])));
}

test "when any one system call fails, a store with an origin is made whole, or nothing of it stays open" {
    const options = from(segment + 7, rows.kinds[1]);
    var fail_at: usize = 1;
    while (true) : (fail_at += 1) {
        var scratch: Scratch = .{};
        try scratch.make();
        defer scratch.remove();
        Faulty.arm(fail_at, .{ .failure = error.StorageFull });
        defer Faulty.disarm();
        var store = Store.create(scratch.path, options) catch |err| {
            try testing.expectEqual(error.StorageFull, err);
            try testing.expectEqual(0, Faulty.open_files);
            try testing.expectEqual(0, Faulty.mapped_bytes);
            continue;
        };
        const is_over = Faulty.call_count < fail_at;
        Faulty.disarm();
        try appendRows(&store, 5);
        try expectRows(&store, segment + 12);
        try store.close(.release);
        if (is_over) break;
    }
    try testing.expect(fail_at > 20);
}
