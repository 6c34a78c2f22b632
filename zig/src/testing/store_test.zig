//! The store against a plain model: random walks, and every system call failing once.

const std = @import("std");
const format = @import("../format/format.zig");
const cells = @import("../format/cells.zig");
const batch_file = @import("../store/batch.zig");
const store_file = @import("../store/store.zig");
const system = @import("../system/system.zig");
const Faulty = @import("testing.zig").Faulty;
const Fault = @import("testing.zig").Fault;
const temporaryPath = @import("testing.zig").temporaryPath;
const Model = @import("model.zig").Model;
const Step = @import("model.zig").Step;

const testing = std.testing;
const Store = store_file.Store(Faulty);

/// Who held the lock of a store that could not be opened.
var holder: u64 = 0;

/// Small sizes, so that chunks, the tail and the reservation all overflow within a few steps.
const options: store_file.Options = .{ .capacity_tokens = 100, .tail_records_max = 16, .tail_values_max = 64, .reserved_elements = 700 };

test "a random walk of steps, flushes and reopenings equals the model" {
    for (0..20) |seed| {
        walk(seed) catch |err| {
            std.debug.print("seed {d}\n", .{seed});
            return err;
        };
    }
    try testing.expectEqual(0, Faulty.open_files);
    try testing.expectEqual(0, Faulty.mapped_bytes);
}

fn walk(seed: u64) !void {
    var folder = testing.tmpDir(.{});
    defer folder.cleanup();
    var buffer: [256]u8 = undefined;
    const path = temporaryPath(&folder, &buffer);
    var generator: std.Random.DefaultPrng = .init(seed);
    const random = generator.random();
    var model: Model = .{ .allocator = testing.allocator };
    defer model.deinit();
    var store = try Store.create(path, options);
    errdefer store.close(.release) catch {};
    var step: i64 = random.intRangeAtMost(i64, -1000, 1000);
    for (0..400) |_| {
        step += random.intRangeAtMost(i64, 0, 2);
        const drawn = Step.draw(random, step);
        try drawn.write(&store);
        try drawn.model(&model);
        switch (random.uintLessThan(u32, 30)) {
            0 => {
                try store.flush();
                try model.expectEqual(&store);
            },
            1 => {
                try store.close(.release);
                store = try Store.open(path, options.reserved_elements, &holder);
                try model.expectEqual(&store);
            },
            // The writer dies: nothing is flushed and nothing trimmed.
            2 => {
                abandon(&store);
                store = try Store.open(path, options.reserved_elements, &holder);
                try model.expectEqual(&store);
            },
            else => {},
        }
    }
    try store.flush();
    try model.expectEqual(&store);
    try store.close(.release);
}

/// Lets go of everything as the death of a process would.
fn abandon(store: *Store) void {
    store.files.close();
    store.files.releaseMaps();
    store.head.release();
    store.stage.release();
    store.batch.release();
}

test "when any one system call fails, the store holds what was appended before, and goes on" {
    const faults = [_]Fault{
        .{ .failure = error.StorageFull },
        .{ .failure = error.InputOutput },
        .{ .failure = error.Interrupted },
        .{ .failure = error.OutOfMemory },
        .short_write,
    };
    for (faults) |fault| {
        var fail_at: usize = 1;
        while (try runWithFault(fail_at, fault)) fail_at += 1;
        // The script is long enough to mean something.
        try testing.expect(fail_at > 60);
    }
    try testing.expectEqual(0, Faulty.open_files);
    try testing.expectEqual(0, Faulty.mapped_bytes);
}

/// Returns false once the script ends before the call that would fail.
fn runWithFault(fail_at: usize, fault: Fault) !bool {
    errdefer std.debug.print("call {d} meets {any}\n", .{ fail_at, fault });
    Faulty.disarm();
    defer Faulty.disarm();
    var model: Model = .{ .allocator = testing.allocator };
    defer model.deinit();
    var generator: std.Random.DefaultPrng = .init(7);
    const random = generator.random();
    Faulty.arm(fail_at, fault);
    var store = Store.createTemporary("/tmp", options) catch |err| {
        try testing.expectEqual(fault.failure, err);
        return true;
    };
    for (0..60) |step| {
        const drawn = Step.draw(random, @intCast(step));
        // A failed write has left no trace: the same step goes in the second time.
        drawn.write(&store) catch |err| {
            try testing.expectEqual(fault.failure, err);
            try drawn.write(&store);
        };
        try drawn.model(&model);
        if (step % 20 == 19) {
            store.flush() catch try store.flush();
            try model.expectEqual(&store);
        }
    }
    const calls_made = Faulty.call_count;
    store.close(.release) catch |err| try testing.expectEqual(fault.failure, err);
    return calls_made >= fail_at;
}

test "a tail that names an older commit is not replayed" {
    var store = try Store.createTemporary("/tmp", options);
    defer store.close(.release) catch {};
    const record: format.Record = .{ .step = 1, .type = 0, .count = 1 };
    try store.write(&.{record}, &.{42});
    // The process dies after the commit and before the tail is emptied.
    const tail = @as(*format.TailState, @ptrCast(@alignCast(store.head.bytes.ptr + format.tail_state_offset)));
    const before = tail.*;
    try store.flush();
    tail.* = before;
    try store.flush();
    try testing.expectEqual(1, store.commit.token_count);
}

test "records that no writer makes are refused" {
    var store = try Store.createTemporary("/tmp", options);
    defer store.close(.release) catch {};
    const value = [_]u64{0};
    try store.write(&.{.{ .step = 5, .type = 0, .count = 1 }}, &value);
    try store.flush();
    try testing.expectError(error.OutOfOrder, store.write(&.{.{ .step = 4, .type = 0, .count = 1 }}, &value));
    try testing.expectError(error.InvalidArgument, store.write(&.{.{ .step = 5, .type = 0, .count = 2 }}, &value));
    try testing.expectError(error.InvalidArgument, store.write(&.{.{ .step = 5, .type = 0, .count = -3 }}, &value));
    try testing.expectEqual(1, store.commit.token_count);
}

test "a stray write into a page is gone once the page is written through the file" {
    var store = try Store.createTemporary("/tmp", options);
    defer store.close(.release) catch {};
    try store.write(&.{.{ .step = 0, .type = 0, .count = 1 }}, &.{1});
    try store.flush();
    @as([*]u64, @ptrCast(store.files.data.address()))[0] = 99;
    try store.write(&.{.{ .step = 1, .type = 0, .count = 1 }}, &.{2});
    try store.flush();
    try testing.expectEqualSlices(u64, &.{ 1, 2 }, store.files.data.slice(u64, 2));
}

test "old addresses stay right when a column moves to a larger reservation" {
    var store = try Store.createTemporary("/tmp", options);
    defer store.close(.release) catch {};
    try store.write(&.{.{ .step = 0, .type = 3, .count = 2 }}, &.{ 11, 12 });
    try store.flush();
    const before = store.files.data.slice(u64, 2);
    const reservations = store.files.data.reservation_count;
    const values: [600]u64 = @splat(7);
    for (1..20) |step| try store.write(&.{.{ .step = @intCast(step), .type = 3, .count = 600 }}, &values);
    try testing.expect(store.files.data.reservation_count > reservations);
    try testing.expect(store.files.data.slice(u64, 2).ptr != before.ptr);
    try testing.expectEqualSlices(u64, &.{ 11, 12 }, before);
    try testing.expectEqual(2 + 19 * 600, store.commit.token_count);
    try testing.expectEqual(7, store.files.data.slice(u64, store.commit.token_count)[11_401]);
}

test "a store that is closed blank leaves zero pages at its addresses" {
    const before = Faulty.mapped_bytes;
    var store = try Store.createTemporary("/tmp", options);
    try store.write(&.{.{ .step = 0, .type = 3, .count = 2 }}, &.{ 11, 12 });
    try store.flush();
    const cells_seen = store.files.data.slice(u64, 2);
    try store.close(.blank);
    store.releaseMaps();
    try testing.expectEqualSlices(u64, &.{ 0, 0 }, cells_seen);
    // The test gives back what the library leaves for ever.
    Faulty.mapped_bytes = before;
}

test "missing, short and foreign files are errors" {
    var folder = testing.tmpDir(.{});
    defer folder.cleanup();
    var buffer: [256]u8 = undefined;
    const path = temporaryPath(&folder, &buffer);
    try testing.expectError(error.NotFound, Store.open(path, 100, &holder));
    var store = try Store.create(path, options);
    try store.write(&.{.{ .step = 0, .type = 0, .count = 3 }}, &.{ 1, 2, 3 });
    try store.close(.release);
    try testing.expectError(error.AlreadyExists, Store.create(path, options));

    var name_buffer: [300]u8 = undefined;
    const name = try std.fmt.bufPrintSentinel(&name_buffer, "{s}/data.b64", .{path}, 0);
    const file = try system.Real.open(name, .write);
    try system.Real.truncate(file, 16);
    try testing.expectError(error.Damaged, Store.open(path, 100, &holder));
    try system.Real.truncate(file, 24);
    system.Real.close(file);
    const head_name = try std.fmt.bufPrintSentinel(&name_buffer, "{s}/head", .{path}, 0);
    const head = try system.Real.open(head_name, .write);
    defer system.Real.close(head);
    var reopened = try Store.open(path, 100, &holder);
    try testing.expectEqual(3, reopened.commit.token_count);
    try reopened.close(.release);
    // Without the slots of the newest commits the synced one holds, which close has made the newest.
    for (format.commit_offsets) |offset| _ = try system.Real.write(head, "torn", offset + 8);
    var recovered = try Store.open(path, 100, &holder);
    try testing.expectEqual(3, recovered.commit.token_count);
    try recovered.close(.release);
    // Without any there is none to go by.
    for (format.commit_offsets ++ format.synced_offsets) |offset| _ = try system.Real.write(head, "torn", offset + 8);
    try testing.expectError(error.Damaged, Store.open(path, 100, &holder));
    _ = try system.Real.write(head, "foreign!", 0);
    try testing.expectError(error.Damaged, Store.open(path, 100, &holder));
    try system.Real.truncate(head, 10);
    try testing.expectError(error.Damaged, Store.open(path, 100, &holder));
    try testing.expectEqual(0, Faulty.open_files);
}

fn plainSource(type_id: i32, width: ?usize, values: []const f64, offsets: []const i32, present: ?[]const u8) batch_file.Source {
    return .{
        .type = type_id,
        .kind = .float64,
        .dtype = .float64,
        .width = width,
        .first_row = 0,
        .first_value = 0,
        .values = std.mem.sliceAsBytes(values),
        .offsets = if (width == null) .{ .small = offsets } else .none,
        .validity = if (present) |bytes| .{ .bytes = bytes, .first_bit = 0, .all = false } else .{},
        .value_validity = .{},
        .nan_for_null = false,
        .marks_list = false,
    };
}

fn bitsOf(comptime number: f64) u64 {
    return @bitCast(number);
}

test "a batch interleaves its columns, and marks empty lists and bare rows" {
    var store = try Store.createTemporary("/tmp", options);
    defer store.close(.release) catch {};
    const scalars = plainSource(4, 1, &.{ 1, 2, 3 }, &.{}, &.{0b001});
    const lists = plainSource(9, null, &.{ 5, 6, 7 }, &.{ 0, 2, 2, 3 }, &.{0b011});
    try store.batch.begin(&store, &.{ 10, 20, 30 });
    for ([_]batch_file.Source{ scalars, lists }) |source| try store.batch.measure(&source);
    for ([_]batch_file.Source{ scalars, lists }) |source| try store.batch.scatter(&source);
    try store.batch.write(&store);
    try testing.expectEqual(0, store.commit.row_count);
    try store.batch.end(&store, true);
    try testing.expectEqual(3, store.commit.row_count);
    try testing.expectEqualSlices(i64, &.{ 10, 10, 10 }, store.files.steps.slice(i64, 3));
    try testing.expectEqualSlices(i32, &.{ 4, 9, 9 }, store.files.types.slice(i32, 3));
    try testing.expectEqualSlices(u64, &.{ bitsOf(1), bitsOf(5), bitsOf(6) }, store.files.data.slice(u64, 3));
    try testing.expectEqualSlices(u64, &.{ 0, 3, 3 }, store.files.rows.slice(u64, 3));
    const marks = store.files.marks.slice(format.Mark, store.commit.mark_count);
    try testing.expectEqualSlices(format.Mark, &.{
        .{ .row = 1, .step = 20, .type = 9, .kind = .empty_list },
        .{ .row = 2, .step = 30, .type = 0, .kind = .bare_row },
    }, marks);
}

test "a batch that is refused or dropped leaves nothing" {
    var store = try Store.createTemporary("/tmp", options);
    defer store.close(.release) catch {};
    try store.write(&.{.{ .step = 5, .type = 4, .count = 1 }}, &.{8});
    try store.flush();
    try testing.expectError(error.OutOfOrder, store.batch.begin(&store, &.{5}));
    try store.batch.begin(&store, &.{ 6, 7 });
    const source = plainSource(4, 1, &.{ 1, 2 }, &.{}, null);
    const short = plainSource(4, 1, &.{1}, &.{}, null);
    const backwards = plainSource(4, null, &.{1}, &.{ 0, 1, 0 }, null);
    try testing.expectError(error.InvalidArgument, store.batch.measure(&backwards));
    try store.batch.measure(&source);
    try testing.expectError(error.InvalidArgument, store.batch.scatter(&short));
    // Measured, but not scattered.
    try testing.expectError(error.InvalidArgument, store.batch.write(&store));
    try testing.expectError(error.InvalidArgument, store.batch.end(&store, true));
    try store.batch.end(&store, false);
    try testing.expectEqual(1, store.commit.token_count);
    try store.write(&.{.{ .step = 6, .type = 4, .count = 1 }}, &.{9});
    try store.flush();
    try testing.expectEqualSlices(u64, &.{ 8, 9 }, store.files.data.slice(u64, 2));
}

test "a second writer is turned away with the number of the first; readers are not" {
    var folder = testing.tmpDir(.{});
    defer folder.cleanup();
    var buffer: [256]u8 = undefined;
    const path = temporaryPath(&folder, &buffer);
    var store = try Store.create(path, options);
    holder = 0;
    try testing.expectError(error.Locked, Store.open(path, 100, &holder));
    try testing.expectEqual(Faulty.processId(), holder);
    try store.write(&.{.{ .step = 3, .type = 0, .count = 2 }}, &.{ 8, 9 });
    var reader = try Store.openToRead(path, 100);
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
    try testing.expect(try reader.refresh());
    try testing.expectEqual(2 + 36 * 300, reader.commit.token_count);
    try testing.expectEqual(5, reader.files.data.slice(u64, reader.commit.token_count)[10_000]);
    try reader.close(.release);
    var next = try Store.open(path, 100, &holder);
    try next.close(.release);
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
        if (is_torn) _ = try Faulty.write(store.files.data.file, "lost", 8 * 300);
        abandon(&store);
        Faulty.boot_id = @splat(8);
        var reopened = try Store.open(path, options.reserved_elements, &holder);
        try testing.expectEqual(expected, reopened.commit.token_count);
        try testing.expectEqual(450 - expected, reopened.recovery.cut_tokens);
        try testing.expectEqual(1, reopened.recovery.cut_records);
        // It goes on from there, and what was cut does not come back.
        try reopened.write(&.{.{ .step = 100, .type = 0, .count = 1 }}, &.{77});
        abandon(&reopened);
        var again = try Store.open(path, options.reserved_elements, &holder);
        try testing.expectEqual(expected + 1, again.commit.token_count);
        try testing.expectEqual(1, again.recovery.tail_rows);
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
    _ = try Faulty.write(store.files.data.file, "!", 8 * 150 + 3);
    _ = try Faulty.write(store.files.rows.file, "!", store.commit.row_count * 8 - 1);
    try testing.expectEqual(2, try countBad(&store));
    try testing.expect(!try store.files.isChunkWhole(.data, 1, store.commit));
    try store.close(.release);
}

fn countBad(store: *Store) !usize {
    var bad: usize = 0;
    for (std.enums.values(@import("../store/files.zig").Which)) |which| {
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
    const data = store.files.data.file;
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

test "chunks before a row are dropped, and the rest stays where it was" {
    var folder = testing.tmpDir(.{});
    defer folder.cleanup();
    var buffer: [256]u8 = undefined;
    const path = temporaryPath(&folder, &buffer);
    // Chunks of whole pages, or no block would be free.
    var large = options;
    large.capacity_tokens = 4096;
    var store = try Store.create(path, large);
    const values: [60]u64 = @splat(3);
    for (0..1000) |step| try store.write(&.{.{ .step = @intCast(step), .type = 0, .count = 60 }}, &values);
    try store.flush();
    try store.dropBefore(500);
    // Token 30,000 lies in the chunk that begins with token 28,672; row 478 is the first that begins there.
    try testing.expectEqual(478, store.commit.first_row);
    try testing.expectEqual(28_680, store.commit.first_token);
    try testing.expectEqual(0, store.files.data.slice(u64, 60_000)[28_671]);
    try testing.expectEqualSlices(u64, &values, store.files.data.slice(u64, 60_000)[28_680..][0..60]);
    try testing.expectEqual(0, try countBad(&store));
    try store.dropBefore(100);
    try testing.expectEqual(478, store.commit.first_row);
    try testing.expectError(error.InvalidArgument, store.dropBefore(1000));
    abandon(&store);
    Faulty.boot_id = @splat(9);
    defer Faulty.boot_id = @splat(7);
    var reopened = try Store.open(path, 700, &holder);
    try testing.expectEqual(478, reopened.commit.first_row);
    try testing.expectEqual(0, try countBad(&reopened));
    try reopened.close(.release);
    var salvaged = try Store.openToSalvage(path, 700);
    try testing.expectEqual(1000, salvaged.commit.row_count);
    try salvaged.close(.release);
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

test "what a batch cannot convert is named" {
    var store = try Store.createTemporary("/tmp", options);
    defer store.close(.release) catch {};
    const integers = [_]i64{ 1, (1 << 53) + 1 };
    var source = plainSource(4, 1, &.{}, &.{}, null);
    source.dtype = .int64;
    source.values = std.mem.sliceAsBytes(&integers);
    try store.batch.begin(&store, &.{ 6, 7 });
    try store.batch.measure(&source);
    try testing.expectError(error.Inexact, store.batch.scatter(&source));
    try testing.expectEqual(batch_file.Culprit{ .row = 1, .value_index = 1 }, store.batch.culprit);
    try store.batch.end(&store, false);
}
