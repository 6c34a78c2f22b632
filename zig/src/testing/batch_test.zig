//! Batches of columns: what they write, and what they leave where they are refused.

const std = @import("std");
const format = @import("../format/format.zig");
const batch_file = @import("../store/batch.zig");
const store_file = @import("../store/store.zig");
const Source = @import("../store/source.zig").Source;
const Faulty = @import("testing.zig").Faulty;
const plainSource = @import("testing.zig").plainSource;
const small = @import("testing.zig").small;

const testing = std.testing;
const Store = store_file.Store(Faulty);
const options = small;

fn bitsOf(comptime number: f64) u64 {
    return @bitCast(number);
}

test "a batch interleaves its columns, and marks empty lists, whatever types take" {
    for ([_]format.TypeWidth{ .byte, .word }) |width| try interleave(width);
}

fn interleave(width: format.TypeWidth) !void {
    var formed = options;
    formed.form.width = width;
    var store = try Store.createTemporary("/tmp", formed);
    defer store.close(.release) catch {};
    const scalars = plainSource(4, 1, &.{ 1, 2, 3 }, &.{}, &.{0b001});
    const lists = plainSource(9, null, &.{ 5, 6, 7 }, &.{ 0, 2, 2, 3 }, &.{0b011});
    try store.batch.begin(&store, &.{ 10, 20, 30 });
    for ([_]Source{ scalars, lists }) |source| try store.batch.measure(&source);
    for ([_]Source{ scalars, lists }) |source| try store.batch.scatter(&source);
    try store.batch.write(&store);
    try testing.expectEqual(0, store.commit.row_count);
    try store.batch.end(&store, true);
    try testing.expectEqual(3, store.commit.row_count);
    try testing.expectEqualSlices(i64, &.{ 10, 20, 30 }, store.files.steps.slice(i64, 3));
    for ([_]i32{ 4, 9, 9 }, 0..) |type_id, token| try testing.expectEqual(type_id, store.types().at(token));
    try testing.expectEqualSlices(u64, &.{ bitsOf(1), bitsOf(5), bitsOf(6) }, store.files.data.slice(u64, 3));
    try testing.expectEqualSlices(u64, &.{ 0, 3, 3 }, store.files.rows.slice(u64, 3));
    const marks = store.files.marks.slice(format.Mark, store.commit.mark_count);
    try testing.expectEqualSlices(format.Mark, &.{ .ofSession(0), .{ .row = 1, .type = 9, .kind = .empty_list } }, marks);
}

test "a batch of many blocks marks a new list at its last row, once, and not where it is dropped" {
    var store = try Store.createTemporary("/tmp", options);
    defer store.close(.release) catch {};
    for ([_]bool{ false, true }) |keep| {
        for (0..3) |block| {
            var source = plainSource(9, null, &.{}, &.{ 0, 0, 0 }, null);
            source.marks_list = block == 0;
            const step: i64 = @intCast(2 * block);
            try store.batch.begin(&store, &.{ step, step + 1 });
            try store.batch.measure(&source);
            try store.batch.scatter(&source);
            try store.batch.write(&store);
        }
        try store.batch.end(&store, keep);
    }
    const marks = store.files.marks.slice(format.Mark, store.commit.mark_count);
    try testing.expectEqual(1 + 6 + 1, marks.len);
    try testing.expectEqual(format.Mark{ .row = 5, .type = 9, .kind = .list_field }, marks[marks.len - 1]);
    for (marks[1..7], 0..) |marked, row| try testing.expectEqual(format.Mark{ .row = row, .type = 9, .kind = .empty_list }, marked);
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

test "a batch takes no type that the store cannot have" {
    for ([_]format.TokenForm{ .{ .width = .byte }, .{ .width = .none, .only = 3 } }) |form| {
        var formed = options;
        formed.form = form;
        var store = try Store.createTemporary("/tmp", formed);
        defer store.close(.release) catch {};
        const source = plainSource(256, 1, &.{1}, &.{}, null);
        try store.batch.begin(&store, &.{1});
        try testing.expectError(error.InvalidArgument, store.batch.measure(&source));
        try store.batch.end(&store, false);
        try testing.expectError(error.InvalidArgument, store.write(&.{.{ .step = 1, .type = 256, .count = 1 }}, &.{1}));
        try store.write(&.{.{ .step = 1, .type = 3, .count = 1 }}, &.{1});
        try store.flush();
        try testing.expectEqual(3, store.types().at(0));
    }
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
