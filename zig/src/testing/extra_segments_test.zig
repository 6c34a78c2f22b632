//! Segments of extras that are missing, or left over.

const std = @import("std");
const store_file = @import("../store/store.zig");
const system = @import("../system/system.zig");
const rows = @import("segment_rows.zig");
const Faulty = @import("testing.zig").Faulty;
const Scratch = @import("testing.zig").Scratch;
const abandon = @import("testing.zig").abandon;
const openIn = @import("testing.zig").openIn;

const testing = std.testing;
const Store = store_file.Store(Faulty);

const options = rows.kinds[1];
const segment_rows = rows.segment_rows;

/// Rows whose values a segment of bytes has, and rows whose ends one has.
const bytes_rows = options.capacity_tokens / (8 * rows.text_words);
const ends_rows = options.capacity_tokens / 16;

var holder: u64 = 0;

test "segments of extras go with their rows, and a row of which one is left stays" {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    const path = scratch.path;
    var store = try Store.create(path, options);
    try rows.appendRows(&store, 8 * segment_rows);
    const held = store.extras.bytesOf(0)[5 * 4096 ..].ptr;
    // They drop rows also where no segment of tokens would go.
    try store.dropBefore(bytes_rows + 3);
    try testing.expectEqual(bytes_rows, store.commit.first_row);
    try testing.expect(rows.isThere(path, "data.f64.00000") and !rows.isThere(path, "extra.0.bytes.00000"));
    try store.dropBefore(ends_rows + 1);
    try testing.expectEqual(ends_rows, store.commit.first_row);
    for ([_][:0]const u8{ "extra.0.ends.00000", "extra.0.bytes.00007", "data.f64.00003" }) |name| try testing.expect(!rows.isThere(path, name));
    for ([_][:0]const u8{ "extra.0.ends.00001", "extra.0.bytes.00008", "data.f64.00004" }) |name| try testing.expect(rows.isThere(path, name));
    try rows.expectRows(&store, 8 * segment_rows);
    // Who has an address of what was dropped reads zeros.
    try testing.expectEqual(0, held[0]);
    try testing.expectEqual(null, try store.extras.find(0, ends_rows - 1));
    try store.close(.release);
    var reopened = try Store.open(path, options.reserved_elements, &.{}, &holder);
    try rows.appendRows(&reopened, 3);
    try rows.expectRows(&reopened, 8 * segment_rows + 3);
    try reopened.close(.release);
    try testing.expectEqual(0, Faulty.open_files);
}

test "a segment of extras that is missing is damage, and salvage shows what is beside it" {
    for ([_][:0]const u8{ "extra.0.bytes.00007", "extra.0.ends.00001" }, [_]u64{ 7 * bytes_rows, ends_rows }) |name, end_row| {
        var scratch: Scratch = .{};
        try scratch.make();
        defer scratch.remove();
        const path = scratch.path;
        const directory = try system.Real.openDirectory(path);
        defer system.Real.close(directory);
        var store = try Store.create(path, options);
        try rows.appendRows(&store, 10 * segment_rows);
        try store.dropBefore(2 * bytes_rows);
        try store.close(.release);
        try system.Real.unlink(directory, name);
        try testing.expectError(error.Damaged, Store.open(path, options.reserved_elements, &.{}, &holder));
        try testing.expectError(error.Damaged, Store.openToRead(path, options.reserved_elements));
        var salvaged = try Store.openToSalvage(path, options.reserved_elements);
        try testing.expectEqual(2 * bytes_rows, salvaged.commit.first_row);
        try rows.expectRows(&salvaged, end_row);
        try salvaged.close(.release);
        // Where the first ones are missing, the stream starts later.
        try system.Real.unlink(directory, "extra.0.bytes.00002");
        salvaged = try Store.openToSalvage(path, options.reserved_elements);
        try testing.expectEqual(3 * bytes_rows, salvaged.commit.first_row);
        try rows.expectRows(&salvaged, end_row);
        try salvaged.close(.release);
        try system.Real.unlink(directory, "extra.0.ends.00000");
        salvaged = try Store.openToSalvage(path, options.reserved_elements);
        // Without the ends before, it is not known where the next value begins. Or all before a later segment is missing.
        const is_empty = end_row < ends_rows;
        try testing.expectEqual(if (is_empty) salvaged.commit.row_count else 2 * ends_rows + 1, salvaged.commit.first_row);
        if (!is_empty) try rows.expectRows(&salvaged, 10 * segment_rows);
        try salvaged.close(.release);
    }
    try testing.expectEqual(0, Faulty.open_files);
}

test "what a writer has left of extras that died is taken away" {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    const path = scratch.path;
    var store = try Store.create(path, options);
    try rows.appendRows(&store, 4 * segment_rows + 1);
    try store.dropBefore(3 * segment_rows);
    abandon(&store);
    const left = [_][:0]const u8{ "extra.0.bytes.00004", "extra.0.bytes.00005", "extra.0.bytes.00011", "extra.0.ends.00003" };
    for (left) |name| system.Real.close(try openIn(path, name, .create));
    var reopened = try Store.open(path, options.reserved_elements, &.{}, &holder);
    for (left) |name| try testing.expect(!rows.isThere(path, name));
    try rows.appendRows(&reopened, 2 * segment_rows);
    try rows.expectRows(&reopened, 6 * segment_rows + 1);
    try reopened.close(.release);
    try testing.expectEqual(0, Faulty.open_files);
}
