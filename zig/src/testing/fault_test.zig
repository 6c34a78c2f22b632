//! Every system call of a session with a store in a directory fails once, in each of the ways that calls fail.

const std = @import("std");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");
const store_file = @import("../store/store.zig");
const Faulty = @import("testing.zig").Faulty;
const Fault = @import("testing.zig").Fault;
const Scratch = @import("testing.zig").Scratch;
const openIn = @import("testing.zig").openIn;
const faults = @import("testing.zig").faults;
const plainSource = @import("testing.zig").plainSource;
const Model = @import("model.zig").Model;
const Step = @import("model.zig").Step;

const testing = std.testing;
const Store = store_file.Store(Faulty);

const options = @import("testing.zig").small;
const segmented = @import("testing.zig").segmented;
const segment_width = 30;

var holder: u64 = 0;

test "when any one system call fails, a store in a directory keeps all that it has acknowledged" {
    for (faults) |fault| {
        var fail_at: usize = 1;
        while (try runWithFault(options, fail_at, fault)) fail_at += 1;
        // The script is long enough to mean something.
        try testing.expect(fail_at > 200);
    }
}

test "when any one system call fails, a store that drops its oldest rows keeps all that it has not dropped" {
    for ([_]Fault{ .{ .failure = error.InputOutput }, .{ .failure = error.Interrupted } }) |fault| {
        var fail_at: usize = 1;
        while (try runWithFault(segmented, fail_at, fault)) fail_at += 1;
        try testing.expect(fail_at > 300);
    }
}

/// Returns false once the script ends before the call that would fail.
fn runWithFault(made_with: store_file.Options, fail_at: usize, fault: Fault) !bool {
    errdefer std.debug.print("call {d} meets {any}\n", .{ fail_at, fault });
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    var generator: std.Random.DefaultPrng = .init(3);
    var script: Script = .{
        .path = scratch.path,
        .options = made_with,
        .fault = fault,
        .random = generator.random(),
        .model = .{ .allocator = testing.allocator, .blocks_may_be_missing = true },
    };
    defer script.model.deinit();
    Faulty.arm(fail_at, fault);
    defer Faulty.disarm();
    script.run() catch |err| {
        if (script.is_open) script.store.close(.release) catch {};
        return err;
    };
    try testing.expectEqual(0, Faulty.open_files);
    try testing.expectEqual(0, Faulty.mapped_bytes);
    return Faulty.call_count >= fail_at;
}

const Script = struct {
    path: [:0]const u8,
    options: store_file.Options,
    fault: Fault,
    random: std.Random,
    model: Model,
    store: Store = undefined,
    is_open: bool = false,
    step: i64 = 0,

    fn run(self: *Script) !void {
        self.store = Store.create(self.path, self.options) catch |err| blk: {
            try self.expect(err);
            // Whoever creates a store clears away what a failure leaves (src/store/create.ts).
            try std.Io.Dir.cwd().deleteTree(testing.io, self.path);
            try std.Io.Dir.cwd().createDirPath(testing.io, self.path);
            break :blk try Store.create(self.path, self.options);
        };
        self.is_open = true;
        try self.appendSteps(12);
        try self.sync();
        try self.appendBatch();
        try self.appendSteps(12);
        try self.reopen();
        try self.appendSteps(6);
        try self.drop();
        try self.readAsAnother();
        try self.appendBatch();
        try self.drop();
        try self.sync();
        try self.appendSteps(3);
        try self.reopen();
        self.close() catch |err| try self.expect(err);
    }

    /// What fails is what was made to fail.
    fn expect(self: *const Script, err: anyerror) !void {
        try testing.expectEqual(self.fault.failure, err);
    }

    fn appendSteps(self: *Script, count: usize) !void {
        for (0..count) |_| {
            self.step += self.random.intRangeAtMost(i64, 0, 2);
            const drawn = Step.draw(self.random, self.step);
            // A failed write has left no trace: the same step goes in the second time.
            drawn.write(&self.store) catch |err| {
                try self.expect(err);
                try drawn.write(&self.store);
            };
            try drawn.model(&self.model);
        }
        self.store.flush() catch |err| {
            try self.expect(err);
            try self.store.flush();
        };
        try self.model.expectEqual(&self.store);
    }

    fn appendBatch(self: *Script) !void {
        self.writeBatch() catch |err| {
            try self.expect(err);
            try self.store.batch.end(&self.store, false);
            try self.model.expectEqual(&self.store);
            try self.writeBatch();
        };
        for (0..200) |row| {
            const width = self.batchWidth();
            const record: format.Record = .{ .step = self.step + 1 + @as(i64, @intCast(row)), .type = 2, .count = @intCast(width) };
            var values: [segment_width]u64 = undefined;
            for (values[0..width], 0..) |*value, i| value.* = @bitCast(@as(f64, @floatFromInt(width * row + i)));
            try self.model.append(&.{record}, values[0..width]);
        }
        self.step += 200;
        try self.model.expectEqual(&self.store);
    }

    fn writeBatch(self: *Script) !void {
        var steps: [200]i64 = undefined;
        var values: [200 * segment_width]f64 = undefined;
        for (&steps, 0..) |*step, row| step.* = self.step + 1 + @as(i64, @intCast(row));
        for (&values, 0..) |*value, i| value.* = @floatFromInt(i);
        const width = self.batchWidth();
        const source = plainSource(2, width, values[0 .. 200 * width], &.{}, null);
        try self.store.flush();
        try self.store.batch.begin(&self.store, &steps);
        try self.store.batch.measure(&source);
        try self.store.batch.scatter(&source);
        try self.store.batch.write(&self.store);
        try self.store.batch.end(&self.store, true);
    }

    /// Enough for a segment, where there are some.
    fn batchWidth(self: *const Script) usize {
        return if (self.options.is_segmented) segment_width else 1;
    }

    fn drop(self: *Script) !void {
        if (!self.options.is_segmented) return;
        const first_row = self.store.commit.first_row;
        const row = self.store.commit.row_count - 20;
        self.store.dropBefore(row) catch |err| {
            try self.expect(err);
            if (self.store.sync_failed) {
                try testing.expectError(error.InputOutput, self.store.dropBefore(row));
                self.close() catch {};
                try self.open();
            }
            try self.model.expectEqual(&self.store);
            try self.store.dropBefore(row);
        };
        try testing.expect(self.store.commit.first_row > first_row);
        try self.model.expectEqual(&self.store);
    }

    fn sync(self: *Script) !void {
        self.store.sync() catch |err| {
            try self.expect(err);
            if (!self.store.sync_failed) return self.store.sync();
            // What it could not make durable may be lost: no later sync may say otherwise, a new store may.
            try testing.expectError(error.InputOutput, self.store.sync());
            try testing.expectError(error.InputOutput, self.close());
            try self.open();
            return self.store.sync();
        };
    }

    fn reopen(self: *Script) !void {
        // Whatever a close could not do, the next open finds all that was appended.
        self.close() catch |err| try self.expect(err);
        try self.open();
        try self.model.expectEqual(&self.store);
    }

    fn close(self: *Script) !void {
        self.is_open = false;
        return self.store.close(.release);
    }

    fn open(self: *Script) !void {
        self.store = Store.open(self.path, self.options.reserved_elements, &.{}, &holder) catch |err| blk: {
            try self.expect(err);
            break :blk try Store.open(self.path, self.options.reserved_elements, &.{}, &holder);
        };
        self.is_open = true;
        self.model.beginSession();
    }

    fn readAsAnother(self: *Script) !void {
        var reader = Store.openToRead(self.path, self.options.reserved_elements) catch |err| blk: {
            try self.expect(err);
            break :blk try Store.openToRead(self.path, self.options.reserved_elements);
        };
        defer reader.close(.release) catch unreachable;
        try self.model.expectEqual(&reader);
        const before = try self.model.copyUpTo(self.model.end());
        defer @constCast(&before).deinit();
        try self.appendSteps(4);
        _ = reader.refresh() catch |err| blk: {
            try self.expect(err);
            try before.expectEqual(&reader);
            break :blk try reader.refresh();
        };
        try self.model.expectEqual(&reader);
    }
};

test "a tail that was left behind by a death between commit and tail takes no step with it" {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    const path = scratch.path;
    const one = [_]format.Record{.{ .step = 1, .type = 0, .count = 1 }};
    const two = [_]format.Record{.{ .step = 2, .type = 0, .count = 1 }};
    var store = try Store.create(path, options);
    try store.write(&one, &.{42});
    const tail: *format.TailState = @ptrCast(@alignCast(store.head.bytes.ptr + format.tail_state_offset));
    const before = tail.*;
    try store.flush();
    try store.close(.release);
    try setTail(path, before);

    var reopened = try Store.open(path, options.reserved_elements, &.{}, &holder);
    try reopened.write(&two, &.{43});
    try reopened.flush();
    try testing.expectEqualSlices(u64, &.{ 42, 43 }, reopened.files.data.slice(u64, reopened.commit.token_count));
    try reopened.close(.release);
}

fn setTail(path: [:0]const u8, state: format.TailState) !void {
    const file = try openIn(path, "head", .write);
    defer system.Real.close(file);
    _ = try system.Real.write(file, std.mem.asBytes(&state), format.tail_state_offset);
}

test "a header whose sizes were changed is damage, before a chunk of that size is reserved" {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    var store = try Store.create(scratch.path, options);
    store.head.header().capacity_tokens ^= 1 << 30;
    try store.close(.release);
    try testing.expectError(error.Damaged, Store.open(scratch.path, options.reserved_elements, &.{}, &holder));
}

test "a new writer names itself as soon as it holds the lock, but claims the run of the system only once it has recovered" {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    const boot_before = Faulty.boot_id;
    defer Faulty.boot_id = boot_before;
    var store = try Store.create(scratch.path, options);
    try store.write(&.{.{ .step = 1, .type = 0, .count = 1 }}, &.{42});
    try store.sync();
    store.head.header().process_id = 1;
    try store.close(.release);
    Faulty.boot_id = @splat(8);
    // Recovery fails, whichever call of it does.
    var fail_at: usize = 1;
    var named: usize = 0;
    while (true) : (fail_at += 1) {
        Faulty.arm(fail_at, .{ .failure = error.InputOutput });
        defer Faulty.disarm();
        store = Store.open(scratch.path, options.reserved_elements, &.{}, &holder) catch {
            const header = try readHeader(scratch.path);
            try testing.expectEqual(boot_before, header.boot_id);
            named += @intFromBool(header.process_id == Faulty.processId());
            continue;
        };
        break;
    }
    try testing.expectEqual(Faulty.boot_id, (try readHeader(scratch.path)).boot_id);
    try testing.expect(named > 5);
    try store.close(.release);
}

fn readHeader(path: [:0]const u8) !format.Header {
    const file = try openIn(path, "head", .read);
    defer system.Real.close(file);
    var header: format.Header = undefined;
    _ = try system.readAll(system.Real, file, std.mem.asBytes(&header), format.header_offset);
    return header;
}
