//! The newest rows of a store, those in the tail among them, copied together so that they read like a small store of
//! their own. A policy that acts while it collects looks at them after every step, and a commit would cost it more.

const std = @import("std");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");
const rows_file = @import("rows.zig");
const Kind = @import("../format/cells.zig").Kind;
const Data = @import("data.zig").Data;
const Types = @import("types.zig").Types;
const encode = @import("../store/encode.zig");
const Buffer = @import("../system/buffer.zig").Buffer;

pub const Error = system.Error || error{ Damaged, InvalidArgument };

/// What the rows are copied from.
pub const Source = struct {
    table: rows_file.Table,
    types: Types,
    data: Data,
    first_token: usize,
    /// The records of the tail that are not in the columns, and the values that stand for them.
    records: []const format.Record,
    values: []const u64,
    /// What makes cells of those values.
    encoding: encode.Encoding = .{},
};

pub fn Recent(comptime System: type) type {
    return struct {
        types: Buffer(System, i32) = .{},
        /// Cells as in the columns; with the kind of those.
        cells: Buffer(System, u8) = .{},
        kind: Kind = .float64,
        steps: Buffer(System, i64) = .{},
        rows: Buffer(System, u64) = .{},
        token_count: usize = 0,
        row_count: usize = 0,

        const Self = @This();

        /// As many of the newest rows as are wanted, or as have that many tokens, whichever is less.
        pub fn load(self: *Self, source: Source, rows_max: usize, tokens_max: usize) Error!void {
            const tail: Tail = try .find(source, rows_max, tokens_max);
            const first_row = if (tail.first_record > 0) source.table.rows.len else try firstRow(source, tail, rows_max, tokens_max);
            self.token_count = 0;
            self.row_count = 0;
            self.kind = source.data.kind;
            try self.copyColumns(source, first_row, tail.row_count);
            try self.copyTail(source, tail);
        }

        pub fn table(self: *const Self) rows_file.Table {
            return .{
                .steps = self.steps.elements[0..self.row_count],
                .rows = self.rows.elements[0..self.row_count],
                .marks = &.{},
                .token_count = self.token_count,
            };
        }

        pub fn data(self: *const Self) Data {
            return .init(self.cells.elements.ptr, self.token_count, self.kind);
        }

        pub fn release(self: *Self) void {
            self.steps.release();
            self.types.release();
            self.cells.release();
            self.rows.release();
        }

        fn copyColumns(self: *Self, source: Source, first_row: usize, tail_rows: usize) Error!void {
            const count = source.table.rows.len - first_row;
            try self.rows.ensure(count + tail_rows);
            try self.steps.ensure(count + tail_rows);
            if (count == 0) return self.ensureTokens(0);
            const first_token = source.table.rows[first_row];
            if (first_token > source.data.len) return error.Damaged;
            const tokens: usize = @intCast(first_token);
            self.token_count = source.data.len - tokens;
            try self.ensureTokens(0);
            source.types.slice(tokens, source.data.len).copy(self.types.elements[0..self.token_count]);
            const copied = source.data.bytes(tokens, source.data.len);
            @memcpy(self.cells.elements[0..copied.len], copied);
            for (source.table.rows[first_row..], self.rows.elements[0..count]) |start, *to| {
                if (start < first_token or start > source.data.len) return error.Damaged;
                to.* = start - first_token;
            }
            @memcpy(self.steps.elements[0..count], source.table.steps[first_row..]);
            self.row_count = count;
        }

        fn copyTail(self: *Self, source: Source, tail: Tail) Error!void {
            try self.ensureTokens(tail.token_count);
            const width = self.kind.bytes();
            var encoder: encode.Encoder = .{ .encoding = source.encoding, .records = source.records[tail.first_record..], .values = source.values[tail.first_value..] };
            const encoded = try encoder.next(self.cells.elements[self.token_count * width ..][0 .. tail.token_count * width]);
            std.debug.assert(encoded == tail.token_count);
            var last: ?i64 = if (self.row_count > 0) lastStep(source) else null;
            for (source.records[tail.first_record..]) |record| {
                if (record.step != last) {
                    self.steps.elements[self.row_count] = record.step;
                    self.rows.elements[self.row_count] = self.token_count;
                    self.row_count += 1;
                    last = record.step;
                }
                const count = record.tokenCount();
                @memset(self.types.elements[self.token_count..][0..count], record.type);
                self.token_count += count;
            }
        }

        fn ensureTokens(self: *Self, more: usize) Error!void {
            const count = self.token_count + more;
            try self.types.ensure(count);
            try self.cells.ensure(@max(1, count) * self.kind.bytes());
        }
    };
}

/// The part of the tail that is wanted: whole rows at its end.
const Tail = struct {
    first_record: usize,
    first_value: usize,
    row_count: usize,
    token_count: usize,

    fn find(source: Source, rows_max: usize, tokens_max: usize) Error!Tail {
        const records = source.records;
        var tail: Tail = .{ .first_record = records.len, .first_value = 0, .row_count = 0, .token_count = 0 };
        while (tail.first_record > 0) {
            const record = records[tail.first_record - 1];
            const begins = tail.first_record == records.len or record.step != records[tail.first_record].step;
            if (begins and (tail.row_count == rows_max or tail.token_count >= tokens_max)) break;
            if (begins) tail.row_count += 1;
            tail.token_count += record.tokenCount();
            tail.first_record -= 1;
        }
        if (tail.token_count > source.values.len) return error.Damaged;
        tail.first_value = source.values.len - tail.token_count;
        return tail;
    }
};

/// The first row of the columns that is wanted besides those of the tail.
fn firstRow(source: Source, tail: Tail, rows_max: usize, tokens_max: usize) Error!usize {
    const table = source.table;
    if (table.rows.len == table.first_row) return table.rows.len;
    // The tail may go on with the last row of the columns.
    const goes_on = source.records.len > 0 and source.records[0].step == lastStep(source);
    const rows_left = rows_max - tail.row_count + @intFromBool(goes_on);
    const tokens_left = tokens_max -| tail.token_count;
    if (tokens_left == 0 and !goes_on) return table.rows.len;
    const by_rows = @max(table.first_row, table.rows.len -| rows_left);
    const held = source.data.len -| source.first_token;
    // Rows before the first token have none, and are not found by it.
    if (tokens_left > held) return by_rows;
    const token = source.data.len - tokens_left;
    const by_tokens = if (token < source.data.len) try table.rowOfToken(token) else table.rows.len - 1;
    return @max(by_rows, @min(by_tokens, table.rows.len));
}

fn lastStep(source: Source) i64 {
    return source.table.steps[source.table.rows.len - 1];
}

const testing = std.testing;

const columns: Source = .{
    .table = .{
        .steps = &.{ 1, 3, 4 },
        .rows = &.{ 0, 2, 2 },
        .marks = &.{},
        .token_count = 4,
    },
    .types = .{ .words = &.{ 0, 7, 0, 7 } },
    .data = .of(.int64, &.{ 10, 11, 12, 13 }),
    .first_token = 0,
    .records = &.{},
    .values = &.{},
};

fn expectRecent(source: Source, rows_max: usize, tokens_max: usize, rows: []const u64, data: []const u64, steps: []const i64) !void {
    var recent: Recent(system.Real) = .{};
    defer recent.release();
    for (0..2) |_| {
        try recent.load(source, rows_max, tokens_max);
        try testing.expectEqualSlices(u64, rows, recent.table().rows);
        try testing.expectEqualSlices(u64, data, recent.data().as(u64));
        try testing.expectEqualSlices(i64, steps, recent.table().steps);
    }
}

test "the newest rows come out of the columns" {
    try expectRecent(columns, 1, 100, &.{0}, &.{ 12, 13 }, &.{4});
    try expectRecent(columns, 2, 100, &.{ 0, 0 }, &.{ 12, 13 }, &.{ 3, 4 });
    try expectRecent(columns, 9, 100, &.{ 0, 2, 2 }, &.{ 10, 11, 12, 13 }, &.{ 1, 3, 4 });
    try expectRecent(columns, 9, 1, &.{0}, &.{ 12, 13 }, &.{4});
    try expectRecent(columns, 9, 3, &.{ 0, 2, 2 }, &.{ 10, 11, 12, 13 }, &.{ 1, 3, 4 });
}

test "the tail goes on with the last row, or begins rows of its own" {
    var both = columns;
    both.records = &.{ .{ .step = 4, .type = 9, .count = 1 }, .{ .step = 6, .type = 0, .count = -1 }, .{ .step = 8, .type = 0, .count = 2 } };
    both.values = &.{ 14, 15, 16 };
    try expectRecent(both, 1, 100, &.{0}, &.{ 15, 16 }, &.{8});
    try expectRecent(both, 2, 100, &.{ 0, 0 }, &.{ 15, 16 }, &.{ 6, 8 });
    try expectRecent(both, 3, 100, &.{ 0, 3, 3 }, &.{ 12, 13, 14, 15, 16 }, &.{ 4, 6, 8 });
    try expectRecent(both, 4, 100, &.{ 0, 0, 3, 3 }, &.{ 12, 13, 14, 15, 16 }, &.{ 3, 4, 6, 8 });
    try expectRecent(both, 9, 2, &.{0}, &.{ 15, 16 }, &.{8});
    try expectRecent(both, 9, 3, &.{ 0, 3, 3 }, &.{ 12, 13, 14, 15, 16 }, &.{ 4, 6, 8 });
}

test "rows whose only token would be in an empty list keep their step, in the columns and in the tail" {
    const lists: Source = .{
        .table = .{
            .steps = &.{ 1, 3, 4 },
            .rows = &.{ 0, 1, 1 },
            .marks = &.{
                .{ .row = 0, .type = 0, .kind = .list_field },
                .{ .row = 1, .type = 7, .kind = .list_field },
                .{ .row = 1, .type = 7, .kind = .empty_list },
                .{ .row = 2, .type = 7, .kind = .empty_list },
            },
            .token_count = 1,
        },
        .types = .{ .words = &.{0} },
        .data = .of(.int64, &.{10}),
        .first_token = 0,
        // The tail goes on with the row of step 4 by one more empty list.
        .records = &.{
            .{ .step = 4, .type = 8, .count = format.Record.empty_list },
            .{ .step = 6, .type = 7, .count = format.Record.list_field },
            .{ .step = 6, .type = 7, .count = format.Record.empty_list },
            .{ .step = 6, .type = 8, .count = format.Record.empty_list },
            .{ .step = 8, .type = 7, .count = format.Record.empty_list },
        },
        .values = &.{},
    };
    try expectRecent(lists, 9, 100, &.{ 0, 1, 1, 1, 1 }, &.{10}, &.{ 1, 3, 4, 6, 8 });
    try expectRecent(lists, 3, 100, &.{ 0, 0, 0 }, &.{}, &.{ 4, 6, 8 });
    try expectRecent(lists, 1, 100, &.{0}, &.{}, &.{8});
}

test "rows before the first token are there, where as many are wanted" {
    var late = columns;
    late.table.rows = &.{ 0, 0, 3 };
    try expectRecent(late, 9, 100, &.{ 0, 0, 3 }, &.{ 10, 11, 12, 13 }, &.{ 1, 3, 4 });
    try expectRecent(late, 9, 4, &.{ 0, 3 }, &.{ 10, 11, 12, 13 }, &.{ 3, 4 });
    late.table.rows = &.{ 4, 4, 4 };
    late.table.token_count = 0;
    late.first_token = 4;
    try expectRecent(late, 2, 100, &.{ 0, 0 }, &.{}, &.{ 3, 4 });
}

test "values that do not fit the records are damage" {
    var short = columns;
    short.records = &.{.{ .step = 8, .type = 0, .count = 2 }};
    short.values = &.{1};
    var recent: Recent(system.Real) = .{};
    defer recent.release();
    try testing.expectError(error.Damaged, recent.load(short, 4, 100));
}
