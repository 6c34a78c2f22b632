//! The store against a plain model: random walks, every system call failing once, and what becomes of its addresses.

const std = @import("std");
const format = @import("../format/format.zig");
const store_file = @import("../store/store.zig");
const Fault = @import("testing.zig").Fault;
const Faulty = @import("testing.zig").Faulty;
const abandon = @import("testing.zig").abandon;
const faults = @import("testing.zig").faults;
const formOf = @import("testing.zig").formOf;
const small = @import("testing.zig").small;
const temporaryPath = @import("testing.zig").temporaryPath;
const Model = @import("model.zig").Model;
const Step = @import("model.zig").Step;

const testing = std.testing;
const Store = store_file.Store(Faulty);
const options = small;

/// Who held the lock of a store that could not be opened.
var holder: u64 = 0;

test "a random walk of steps, flushes and reopenings equals the model" {
    for (0..20) |seed| {
        walk(seed) catch |err| {
            std.debug.print("seed {d}\n", .{seed});
            return err;
        };
    }
    try testing.expect(Model.alike_count > 1000);
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
    var formed = options;
    formed.form = formOf(seed);
    var store = try Store.create(path, formed);
    errdefer store.close(.release) catch {};
    var step: i64 = random.intRangeAtMost(i64, -1000, 1000);
    for (0..400) |_| {
        step += random.intRangeAtMost(i64, 0, 2);
        const drawn = Step.drawFor(random, step, formed.form);
        try drawn.write(&store);
        try drawn.model(&model);
        switch (random.uintLessThan(u32, 30)) {
            0 => {
                try store.flush();
                try model.expectEqual(&store);
            },
            1 => {
                try store.close(.release);
                store = try Store.open(path, options.reserved_elements, &.{}, &holder);
                model.beginSession();
                try model.expectEqual(&store);
            },
            // The writer dies: nothing is flushed and nothing trimmed.
            2 => {
                abandon(&store);
                store = try Store.open(path, options.reserved_elements, &.{}, &holder);
                model.beginSession();
                try model.expectEqual(&store);
            },
            else => {},
        }
    }
    try store.flush();
    try model.expectEqual(&store);
    try store.close(.release);
}

test "when any one system call fails, the store holds what was appended before, and goes on" {
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
    var model: Model = .{ .allocator = testing.allocator, .blocks_may_be_missing = true };
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
