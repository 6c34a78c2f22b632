//! What is found when a store is opened, after damage, failures of the system and drops; and what keeps two writers apart.

const std = @import("std");
const format = @import("../format/format.zig");
const files_file = @import("../store/files.zig");
const store_file = @import("../store/store.zig");
const system = @import("../system/system.zig");
const Faulty = @import("testing.zig").Faulty;
const abandon = @import("testing.zig").abandon;
const openIn = @import("testing.zig").openIn;
const plainSource = @import("testing.zig").plainSource;
const small = @import("testing.zig").small;
const temporaryPath = @import("testing.zig").temporaryPath;
const Step = @import("model.zig").Step;

const testing = std.testing;
const Store = store_file.Store(Faulty);
const options = small;

/// Who held the lock of a store that could not be opened.
var holder: u64 = 0;

test "missing, short and foreign files are errors" {
    var folder = testing.tmpDir(.{});
    defer folder.cleanup();
    var buffer: [256]u8 = undefined;
    const path = temporaryPath(&folder, &buffer);
    try testing.expectError(error.NotFound, Store.open(path, 100, &.{}, &holder));
    var store = try Store.create(path, options);
    try store.write(&.{.{ .step = 0, .type = 0, .count = 3 }}, &.{ 1, 2, 3 });
    try store.close(.release);
    try testing.expectError(error.AlreadyExists, Store.create(path, options));

    const file = try openIn(path, "data.f64", .write);
    try system.Real.truncate(file, 16);
    try testing.expectError(error.Damaged, Store.open(path, 100, &.{}, &holder));
    try system.Real.truncate(file, 24);
    system.Real.close(file);
    const head = try openIn(path, "head", .write);
    defer system.Real.close(head);
    var reopened = try Store.open(path, 100, &.{}, &holder);
    try testing.expectEqual(3, reopened.commit.token_count);
    try reopened.close(.release);
    // Without the slots of the newest commits the synced one holds, which close has made the newest.
    for (format.commit_offsets) |offset| _ = try system.Real.write(head, "torn", offset + 8);
    var recovered = try Store.open(path, 100, &.{}, &holder);
    try testing.expectEqual(3, recovered.commit.token_count);
    try recovered.close(.release);
    // Without any there is none to go by.
    for (format.commit_offsets ++ format.synced_offsets) |offset| _ = try system.Real.write(head, "torn", offset + 8);
    try testing.expectError(error.Damaged, Store.open(path, 100, &.{}, &holder));
    // One of the version before, whatever else it holds.
    _ = try system.Real.write(head, std.mem.asBytes(&(format.version - 1)), @offsetOf(format.Header, "version"));
    try testing.expectError(error.OlderVersion, Store.open(path, 100, &.{}, &holder));
    _ = try system.Real.write(head, std.mem.asBytes(&(format.version + 1)), @offsetOf(format.Header, "version"));
    try testing.expectError(error.NewerVersion, Store.open(path, 100, &.{}, &holder));
    _ = try system.Real.write(head, "foreign!", 0);
    try testing.expectError(error.Damaged, Store.open(path, 100, &.{}, &holder));
    try system.Real.truncate(head, 10);
    try testing.expectError(error.Damaged, Store.open(path, 100, &.{}, &holder));
    try testing.expectEqual(0, Faulty.open_files);
}

test "a second writer is turned away with the number of the first; readers are not" {
    var folder = testing.tmpDir(.{});
    defer folder.cleanup();
    var buffer: [256]u8 = undefined;
    const path = temporaryPath(&folder, &buffer);
    var store = try Store.create(path, options);
    holder = 0;
    try testing.expectError(error.Locked, Store.open(path, 100, &.{}, &holder));
    try testing.expectEqual(Faulty.processId(), holder);
    try store.write(&.{.{ .step = 3, .type = 0, .count = 2 }}, &.{ 8, 9 });
    var reader = try Store.openToRead(path, 100);
    try testing.expectEqual(Faulty.processId(), reader.head.holder());
    try testing.expectEqual(0, reader.commit.token_count);
    try testing.expect(!try reader.refresh());
    try store.flush();
    try testing.expect(try reader.refresh());
    try testing.expectEqualSlices(u64, &.{ 8, 9 }, reader.files.data.slice(u64, reader.commit.token_count));
    try testing.expectError(error.ReadOnly, reader.write(&.{.{ .step = 4, .type = 0, .count = 1 }}, &.{1}));
    try testing.expectError(error.ReadOnly, reader.sync());
    // More than the reader's reservation holds, over many chunks.
    const values: [300]u64 = @splat(5);
    for (4..40) |step| try store.write(&.{.{ .step = @intCast(step), .type = 0, .count = 300 }}, &values);
    try store.close(.release);
    try testing.expectEqual(0, reader.head.holder());
    try testing.expect(try reader.refresh());
    try testing.expectEqual(2 + 36 * 300, reader.commit.token_count);
    try testing.expectEqual(5, reader.files.data.slice(u64, reader.commit.token_count)[10_000]);
    try reader.close(.release);
    var next = try Store.open(path, 100, &.{}, &holder);
    try next.close(.release);
}

test "after a failure of the system a commit does not hold whose files are too short, although what is missing was zero" {
    defer Faulty.boot_id = @splat(7);
    for ([_][:0]const u8{ "type.i32", "data.f64" }, [_]u64{ 4, 8 }) |name, length_bytes| {
        var folder = testing.tmpDir(.{});
        defer folder.cleanup();
        var buffer: [256]u8 = undefined;
        const path = temporaryPath(&folder, &buffer);
        Faulty.boot_id = @splat(7);
        var store = try Store.create(path, options);
        for (0..3) |step| {
            try store.write(&.{.{ .step = @intCast(step), .type = 0, .count = 1 }}, &.{0});
            if (step == 0) try store.sync();
        }
        try store.flush();
        abandon(&store);
        const file = try openIn(path, name, .write);
        defer system.Real.close(file);
        try system.Real.truncate(file, length_bytes);
        Faulty.boot_id = @splat(8);
        // The next to open it finds the files to be as long as what the first has made the newest says.
        for (0..2) |_| {
            store = try Store.open(path, 100, &.{}, &holder);
            try testing.expectEqual(1, store.commit.token_count);
            abandon(&store);
        }
        store = try Store.open(path, 100, &.{}, &holder);
        try store.close(.release);
    }
}

test "after a failure of the system a commit holds only with its checksums" {
    defer Faulty.boot_id = @splat(7);
    for ([_]bool{ false, true }, [_]u64{ 450, 250 }) |is_torn, expected| {
        var folder = testing.tmpDir(.{});
        defer folder.cleanup();
        var buffer: [256]u8 = undefined;
        const path = temporaryPath(&folder, &buffer);
        Faulty.boot_id = @splat(7);
        var store = try Store.create(path, options);
        for (0..50) |step| try store.write(&.{.{ .step = @intCast(step), .type = 0, .count = 5 }}, &.{ 1, 2, 3, 4, step });
        try store.sync();
        for (50..90) |step| try store.write(&.{.{ .step = @intCast(step), .type = 0, .count = 5 }}, &.{ 1, 2, 3, 4, step });
        try store.flush();
        try store.write(&.{.{ .step = 90, .type = 0, .count = 1 }}, &.{6});
        if (is_torn) _ = try Faulty.write(try store.files.data.files.write(0), "lost", 8 * 300);
        abandon(&store);
        Faulty.boot_id = @splat(8);
        var reopened = try Store.open(path, options.reserved_elements, &.{}, &holder);
        try testing.expectEqual(expected, reopened.commit.token_count);
        try testing.expectEqual(450 - expected, reopened.recovery.cut_tokens);
        try testing.expectEqual(1, reopened.recovery.cut_records);
        // It goes on from there, and what was cut does not come back.
        try reopened.write(&.{.{ .step = 100, .type = 0, .count = 1 }}, &.{77});
        abandon(&reopened);
        var again = try Store.open(path, options.reserved_elements, &.{}, &holder);
        try testing.expectEqual(expected + 1, again.commit.token_count);
        try testing.expectEqual(1, again.recovery.tail_rows);
        try again.close(.release);
    }
}

test "a commit that was cut does not come back, whatever stands where its rows stood" {
    defer Faulty.boot_id = @splat(7);
    var folder = testing.tmpDir(.{});
    defer folder.cleanup();
    var buffer: [256]u8 = undefined;
    const path = temporaryPath(&folder, &buffer);
    Faulty.boot_id = @splat(7);
    var store = try Store.create(path, options);
    for (0..10) |step| try store.write(&.{.{ .step = @intCast(step), .type = 0, .count = 1 }}, &.{step});
    try store.sync();
    for (10..20) |step| try store.write(&.{.{ .step = @intCast(step), .type = 0, .count = 1 }}, &.{step});
    try store.flush();
    _ = try Faulty.write(try store.files.data.files.write(0), "lost", 8 * 15);
    abandon(&store);
    Faulty.boot_id = @splat(8);
    var reopened = try Store.open(path, options.reserved_elements, &.{}, &holder);
    try testing.expectEqual(10, reopened.commit.row_count);
    // A later writer may come to write what stood there, and its own commits may be lost in another failure.
    _ = try Faulty.write(try reopened.files.data.files.write(0), std.mem.asBytes(&@as(u64, 15)), 8 * 15);
    const offset = format.commit_offsets[@intCast(reopened.commit.sequence % 2)];
    _ = try Faulty.write(reopened.head.file, "torn", offset + 8);
    abandon(&reopened);
    for ([_]u8{ 9, 10 }) |boot| {
        Faulty.boot_id = @splat(boot);
        var reader = try Store.openToRead(path, options.reserved_elements);
        try testing.expectEqual(10, reader.commit.row_count);
        try reader.close(.release);
        var again = try Store.open(path, options.reserved_elements, &.{}, &holder);
        try testing.expectEqual(10, again.commit.row_count);
        try again.close(.release);
    }
}

test "every chunk has its checksum, whatever wrote it, and a changed byte is found" {
    var folder = testing.tmpDir(.{});
    defer folder.cleanup();
    var buffer: [256]u8 = undefined;
    const path = temporaryPath(&folder, &buffer);
    var store = try Store.create(path, options);
    var generator: std.Random.DefaultPrng = .init(11);
    for (0..200) |step| {
        const drawn = Step.draw(generator.random(), @intCast(step));
        try drawn.write(&store);
    }
    try store.flush();
    var values: [1000]f64 = undefined;
    for (&values, 0..) |*value, i| value.* = @floatFromInt(i);
    const source = plainSource(2, 500, &values, &.{}, null);
    try store.batch.begin(&store, &.{ 1000, 1001 });
    try store.batch.measure(&source);
    try store.batch.scatter(&source);
    try store.batch.write(&store);
    try store.batch.end(&store, true);
    try testing.expectEqual(0, try countBad(&store));
    try testing.expect(store.files.chunkCount(.data, store.commit) > 20);
    _ = try Faulty.write(try store.files.data.files.write(0), "!", 8 * 150 + 3);
    _ = try Faulty.write(try store.files.rows.files.write(0), "!", store.commit.row_count * 8 - 1);
    try testing.expectEqual(2, try countBad(&store));
    try testing.expect(!try store.files.isChunkWhole(.data, 1, store.commit));
    try store.close(.release);
}

fn countBad(store: *Store) !usize {
    var bad: usize = 0;
    for (std.enums.values(files_file.Which)) |which| {
        for (0..store.files.chunkCount(which, store.commit)) |chunk| {
            if (!try store.isChunkWhole(which, chunk)) bad += 1;
        }
    }
    return bad;
}

test "salvage shows the rows before the first damaged chunk" {
    var folder = testing.tmpDir(.{});
    defer folder.cleanup();
    var buffer: [256]u8 = undefined;
    const path = temporaryPath(&folder, &buffer);
    var store = try Store.create(path, options);
    for (0..100) |step| try store.write(&.{.{ .step = @intCast(step), .type = 0, .count = 7 }}, &.{ step, 1, 2, 3, 4, 5, 6 });
    const data = try store.files.data.files.write(0);
    try store.flush();
    _ = try Faulty.write(data, "!", 8 * 450 + 3);
    try store.close(.release);
    var salvaged = try Store.openToSalvage(path, options.reserved_elements);
    defer salvaged.close(.release) catch {};
    // Tokens up to 400 are whole: 57 rows of 7.
    try testing.expectEqual(57, salvaged.commit.row_count);
    try testing.expectEqual(399, salvaged.commit.token_count);
    try testing.expectEqual(43, salvaged.recovery.cut_rows);
    try testing.expectEqual(56, salvaged.files.data.slice(u64, 399)[392]);
    try testing.expectEqual(0, try countBad(&salvaged));
}

test "a block of rows that no commit counts is gone before one can be counted in its place" {
    var folder = testing.tmpDir(.{});
    defer folder.cleanup();
    var buffer: [256]u8 = undefined;
    const path = temporaryPath(&folder, &buffer);
    var store = try Store.create(path, options);
    const rows = format.block_rows + 1;
    for (0..rows) |step| try store.write(&.{.{ .step = @intCast(step), .type = 0, .count = 2 }}, &.{ 1, 2 });
    try store.flush();
    // What a writer leaves that dies before it has committed.
    var left: format.Block = .{ .first_token = 2 * format.block_rows, .layout = 7, .row_tokens = 1, .index = 1 };
    left.seal(store.head.header().id);
    _ = try Faulty.write(try store.files.blocks.column.files.write(0), std.mem.asBytes(&left), @sizeOf(format.Block));
    abandon(&store);
    var reopened = try Store.open(path, options.reserved_elements, &.{}, &holder);
    defer reopened.close(.release) catch {};
    try testing.expectEqual(@sizeOf(format.Block), try Faulty.size(try reopened.files.blocks.column.files.write(0)));
    for (rows..2 * rows) |step| try reopened.write(&.{.{ .step = @intCast(step), .type = 0, .count = 2 }}, &.{ 1, 2 });
    try reopened.flush();
    try testing.expectEqual(2, reopened.blocks().ofRow(format.block_rows).?.row_tokens);
}

test "a sync that failed is not forgotten" {
    var folder = testing.tmpDir(.{});
    defer folder.cleanup();
    var buffer: [256]u8 = undefined;
    const path = temporaryPath(&folder, &buffer);
    var store = try Store.create(path, options);
    try store.write(&.{.{ .step = 3, .type = 0, .count = 1 }}, &.{8});
    try store.flush();
    Faulty.arm(2, .{ .failure = error.InputOutput });
    try testing.expectError(error.InputOutput, store.sync());
    Faulty.disarm();
    try testing.expectError(error.InputOutput, store.sync());
    try testing.expectEqual(0, (try store.head.syncedCommit()).token_count);
    try testing.expectError(error.InputOutput, store.close(.release));
}
