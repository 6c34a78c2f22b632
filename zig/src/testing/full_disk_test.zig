//! A disk that is full refuses steps before the tail takes them. So nothing that was appended ever waits for space.

const std = @import("std");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");
const store_file = @import("../store/store.zig");
const Faulty = @import("testing.zig").Faulty;
const formOf = @import("testing.zig").formOf;
const Scratch = @import("testing.zig").Scratch;
const abandon = @import("testing.zig").abandon;
const Model = @import("model.zig").Model;
const Step = @import("model.zig").Step;

const testing = std.testing;
const Store = store_file.Store(Faulty);

const reserved_elements = 700;

var obstacle: u64 = 0;

const Figures = struct { refused: usize = 0, appended_while_full: usize = 0, dropped: u64 = 0 };

test "on a full disk whatever was appended is flushed, synced and recovered" {
    var figures: Figures = .{};
    for ([_]u64{ 1, 16, 100, 4096 }) |capacity_tokens| {
        for (0..8) |seed| {
            walk(capacity_tokens, seed, &figures) catch |err| {
                std.debug.print("capacity {d}, seed {d}\n", .{ capacity_tokens, seed });
                return err;
            };
        }
    }
    // Both happen often enough to mean something.
    try testing.expect(figures.refused > 500);
    try testing.expect(figures.appended_while_full > 500);
    try testing.expect(figures.dropped > 0);
    try testing.expectEqual(0, Faulty.open_files);
    try testing.expectEqual(0, Faulty.mapped_bytes);
}

fn walk(capacity_tokens: u64, seed: u64, figures: *Figures) !void {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    var generator: std.Random.DefaultPrng = .init(seed);
    const random = generator.random();
    var model: Model = .{ .allocator = testing.allocator, .blocks_may_be_missing = true };
    defer model.deinit();
    defer Faulty.is_full = false;
    var store = try Store.create(scratch.path, .{
        .capacity_tokens = capacity_tokens,
        .tail_records_max = 16,
        .tail_values_max = 64,
        .reserved_elements = reserved_elements,
        .form = formOf(seed),
        // Segments are whole pages.
        .is_segmented = capacity_tokens == format.segment_page_bytes and seed % 2 == 0,
    });
    var is_open = true;
    defer if (is_open) abandon(&store);
    const is_segmented = store.head.header().isSegmented();
    for (0..if (is_segmented) 1600 else 400) |step| {
        if (random.uintLessThan(u32, 20) == 0) Faulty.is_full = !Faulty.is_full;
        const drawn = Step.drawFor(random, @intCast(step), formOf(seed));
        if (drawn.write(&store)) |_| {
            try drawn.model(&model);
            figures.appended_while_full += @intFromBool(Faulty.is_full);
        } else |err| {
            try testing.expectEqual(error.StorageFull, err);
            try testing.expect(Faulty.is_full and store.files.wanted_bytes > 0);
            figures.refused += 1;
        }
        const action = random.uintLessThan(u32, 12);
        switch (action) {
            0 => try store.flush(),
            1 => try store.sync(),
            // Dropping takes no space.
            4 => {
                try store.flush();
                if (!is_segmented or store.commit.row_count == 0) continue;
                try store.dropBefore(store.commit.row_count - 1);
                figures.dropped += store.commit.first_row;
            },
            2, 3 => {
                is_open = false;
                // The writer closes the store, or dies: then nothing is flushed and nothing trimmed.
                if (action == 2) try store.close(.release) else abandon(&store);
                store = try Store.open(scratch.path, reserved_elements, &.{}, &obstacle);
                is_open = true;
                model.beginSession();
            },
            else => continue,
        }
        try model.expectEqual(&store);
    }
}

test "what the tail may take grows with the stream, up to all of the tail" {
    var store = try Store.createTemporary("/tmp", .{
        .capacity_tokens = 16,
        .tail_records_max = 4096,
        .tail_values_max = 8192,
        .reserved_elements = reserved_elements,
    });
    defer store.close(.release) catch {};
    try testing.expectEqual(0, store.room().values);
    try store.reserve();
    const page_values = system.page_bytes_max / @sizeOf(u64);
    try testing.expectEqual(page_values, store.room().values);
    // Marks are few, or there would be as many of them as tokens.
    const values: [8192]u64 = @splat(3);
    try store.write(&.{.{ .step = 0, .type = 0, .count = 8192 }}, &values);
    try store.reserve();
    try testing.expectEqual(8192, store.room().values);
    try testing.expectEqual(page_values - 1, store.room().records);
    try testing.expect(store.room().marks < 2048);
}

test "empty lists are limited by the marks that disk space is reserved for" {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    defer Faulty.is_full = false;
    var store = try Store.create(scratch.path, .{
        .capacity_tokens = 20_000,
        .tail_records_max = 8192,
        .tail_values_max = 8192,
        .reserved_elements = reserved_elements,
    });
    defer store.close(.release) catch {};
    try store.reserve();
    Faulty.is_full = true;
    var step: i64 = 0;
    while (store.write(&.{.{ .step = step, .type = 0, .count = format.Record.empty_list }}, &.{})) |_| step += 1 else |err| {
        try testing.expectEqual(error.StorageFull, err);
    }
    try testing.expectEqual(@as(u64, @intCast(step)), store.commit.row_count);
    // One of them tells of the writer.
    try testing.expectEqual(store.commit.row_count + 1, store.commit.mark_count);
    try testing.expect(step >= 1023 and step < 8192);
}
