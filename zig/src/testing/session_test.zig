//! Where writers begin: the mark of it is in the same commit as the row, whoever moves that row into the columns.

const std = @import("std");
const format = @import("../format/format.zig");
const store_file = @import("../store/store.zig");
const Faulty = @import("testing.zig").Faulty;
const Scratch = @import("testing.zig").Scratch;
const abandon = @import("testing.zig").abandon;
const small = @import("testing.zig").small;

const testing = std.testing;
const Store = store_file.Store(Faulty);

var holder: u64 = 0;

/// No row has this number.
const never = std.math.maxInt(u53);

fn append(store: *Store, steps: []const i64) !void {
    for (steps) |step| try store.write(&.{.{ .step = step, .type = 0, .count = 1 }}, &.{7});
}

fn expectSessions(store: *Store, rows: []const u64) !void {
    const marks = store.files.marks.slice(format.Mark, store.commit.mark_count);
    try testing.expectEqual(rows.len, marks.len);
    for (rows, marks) |row, mark| try testing.expectEqual(format.Mark.ofSession(row), mark);
}

/// Two rows of a writer that has closed the store.
fn begin(scratch: *Scratch, options: store_file.Options) !void {
    try scratch.make();
    var store = try Store.create(scratch.path, options);
    try append(&store, &.{ 1, 2 });
    try store.close(.release);
}

test "a writer that dies between its commit and the emptying of its tail began once" {
    var scratch: Scratch = .{};
    try begin(&scratch, small);
    defer scratch.remove();
    var store = try Store.open(scratch.path, small.reserved_elements, &.{}, &holder);
    try append(&store, &.{ 3, 4 });
    const tail: *format.TailState = @ptrCast(@alignCast(store.head.bytes.ptr + format.tail_state_offset));
    const before = tail.*;
    try store.flush();
    tail.* = before;
    abandon(&store);
    store = try Store.open(scratch.path, small.reserved_elements, &.{}, &holder);
    try expectSessions(&store, &.{ 0, 2 });
    try append(&store, &.{5});
    try store.close(.release);
    store = try Store.open(scratch.path, small.reserved_elements, &.{}, &holder);
    try expectSessions(&store, &.{ 0, 2, 4 });
    try store.close(.release);
}

test "a next writer that dies while it recovers leaves the one before its beginning" {
    var fail_at: usize = 1;
    while (try recoverWithFault(fail_at)) fail_at += 1;
    try testing.expect(fail_at > 10);
}

/// Returns false once opening ends before the call that would fail.
fn recoverWithFault(fail_at: usize) !bool {
    var scratch: Scratch = .{};
    try begin(&scratch, small);
    defer scratch.remove();
    var store = try Store.open(scratch.path, small.reserved_elements, &.{}, &holder);
    try append(&store, &.{ 2, 3 });
    abandon(&store);
    Faulty.arm(fail_at, .{ .failure = error.InputOutput });
    const recovered = Store.open(scratch.path, small.reserved_elements, &.{}, &holder);
    Faulty.disarm();
    const has_failed = if (recovered) |_| false else |_| true;
    store = recovered catch try Store.open(scratch.path, small.reserved_elements, &.{}, &holder);
    try expectSessions(&store, &.{ 0, 2 });
    try store.close(.release);
    return has_failed;
}

test "after a failure of the system the rows that are cut take their beginning with them" {
    var scratch: Scratch = .{};
    try begin(&scratch, small);
    defer scratch.remove();
    defer Faulty.boot_id = @splat(7);
    Faulty.boot_id = @splat(7);
    var store = try Store.open(scratch.path, small.reserved_elements, &.{}, &holder);
    try append(&store, &.{ 3, 4 });
    abandon(&store);
    Faulty.boot_id = @splat(8);
    store = try Store.open(scratch.path, small.reserved_elements, &.{}, &holder);
    try testing.expectEqual(2, store.commit.row_count);
    try expectSessions(&store, &.{0});
    try append(&store, &.{ 5, 6, 7 });
    try store.flush();
    try expectSessions(&store, &.{ 0, 2 });
    try store.close(.release);
}

test "the mark of a beginning has its place in a tail on a full disk, or no row is taken" {
    // Of the marks that disk space is reserved for all are taken but one, and then that one too.
    for ([_]usize{ 1, 0 }) |left| {
        var scratch: Scratch = .{};
        try scratch.make();
        defer scratch.remove();
        defer Faulty.is_full = false;
        var options = small;
        options.capacity_tokens = 20_000;
        var store = try Store.create(scratch.path, options);
        try store.reserve();
        const reserved = store.files.countReserved(.marks, store.commit);
        var step: i64 = 0;
        while (store.commit.mark_count < reserved - left) : (step += 1) {
            try store.write(&.{.{ .step = step, .type = 0, .count = format.Record.empty_list }}, &.{});
            try store.flush();
        }
        abandon(&store);
        store = try Store.open(scratch.path, options.reserved_elements, &.{}, &holder);
        defer store.close(.release) catch {};
        // As if it had asked for as much as there is of the file.
        try store.files.marks.adopt(0, try Faulty.size(try store.files.marks.files.write(0)));
        try store.files.reserve(store.commit, .{ .tokens = 1, .rows = 1, .marks = 0 });
        Faulty.is_full = true;
        if (left == 0) {
            try testing.expectEqual(0, store.room().records);
            try testing.expectError(error.StorageFull, append(&store, &.{step}));
            Faulty.is_full = false;
        }
        try append(&store, &.{step});
        try store.flush();
        try testing.expectEqual(reserved - left + 1, store.commit.mark_count);
    }
}

test "a writer that copies rows says where theirs began, also what is in the tail when it dies" {
    var scratch: Scratch = .{};
    try begin(&scratch, small);
    defer scratch.remove();
    var store = try Store.open(scratch.path, small.reserved_elements, &.{}, &holder);
    try testing.expectError(error.InvalidArgument, store.beginSession(1));
    try store.beginSession(never);
    try append(&store, &.{ 3, 4 });
    try store.beginSession(4);
    try append(&store, &.{ 5, 6 });
    try store.beginSession(7);
    try append(&store, &.{ 7, 8, 9 });
    abandon(&store);
    store = try Store.open(scratch.path, small.reserved_elements, &.{}, &holder);
    try expectSessions(&store, &.{ 0, 4, 7 });
    try store.beginSession(never);
    try append(&store, &.{10});
    try store.close(.release);
    store = try Store.open(scratch.path, small.reserved_elements, &.{}, &holder);
    try expectSessions(&store, &.{ 0, 4, 7 });
    try store.close(.release);
    var reader = try Store.openToRead(scratch.path, small.reserved_elements);
    defer reader.close(.release) catch {};
    try testing.expectError(error.ReadOnly, reader.beginSession(never));
}
