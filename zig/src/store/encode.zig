//! From values as they are appended, in cells of 64 bits, to the cells of the columns.

const std = @import("std");
const cells = @import("../format/cells.zig");
const format = @import("../format/format.zig");
const narrow = @import("../read/narrow.zig");
const system = @import("../system/system.zig");
const Buffer = @import("../system/buffer.zig").Buffer;
const Kind = cells.Kind;
const Field = cells.Field;

pub const Error = error{InvalidArgument};

/// What becomes of the values of a store's fields.
pub const Encoding = struct {
    /// What the cells of the store are.
    kind: Kind = .float64,
    /// What the values of all fields are made, and where fields differ only what those of unknown ones are: float64 for
    /// values that stay as they stand.
    common: Kind = .float64,
    /// The fields, where they differ.
    fields: []const Field = &.{},

    /// Without fields, values are float64, or stand in cells of 64 bits as they are. It has no copy of the fields.
    pub fn of(kind: Kind, fields: []const Field) Error!Encoding {
        const own: Kind = if (kind.bytes() == @sizeOf(u64)) .float64 else kind;
        const common = if (fields.len > 0) try conversionOf(fields[0], kind) else own;
        var are_alike = true;
        for (fields) |field| are_alike = try conversionOf(field, kind) == common and are_alike;
        return .{ .kind = kind, .common = common, .fields = if (are_alike) &.{} else fields };
    }

    /// Whether the values are the cells.
    pub fn isPlain(encoding: Encoding) bool {
        return encoding.common == .float64 and encoding.fields.len == 0;
    }

    /// Makes cells of values, in the order of tokens that have these types.
    pub fn encodeTypes(encoding: Encoding, to: []u8, types: []const i32, values: []const u64) Error!void {
        if (encoding.fields.len == 0) return convert(encoding.common, to.ptr, values);
        const width = encoding.kind.bytes();
        var hint: usize = 0;
        var at: usize = 0;
        while (at < types.len) {
            var end = at + 1;
            while (end < types.len and types[end] == types[at]) end += 1;
            try convert(encoding.find(types[at], &hint), to.ptr + at * width, values[at..end]);
            at = end;
        }
    }

    /// Fields come in field order, so the search goes on from the one before.
    inline fn find(encoding: Encoding, type_id: i32, hint: *usize) Kind {
        const fields = encoding.fields;
        for (0..fields.len) |_| {
            const field = fields[hint.*];
            if (field.type == type_id) return conversionOf(field, encoding.kind) catch unreachable;
            hint.* = if (hint.* + 1 < fields.len) hint.* + 1 else 0;
        }
        return encoding.common;
    }
};

/// The encoding of a store, whose fields are copied.
pub fn OwnEncoding(comptime System: type) type {
    return struct {
        encoding: Encoding = .{},
        fields: Buffer(System, Field) = .{},

        const Self = @This();

        pub fn init(kind: Kind, fields: []const Field) (Error || system.Error)!Self {
            var self: Self = .{ .encoding = try .of(kind, fields) };
            const count = self.encoding.fields.len;
            try self.fields.ensure(count);
            @memcpy(self.fields.elements[0..count], self.encoding.fields);
            self.encoding.fields = self.fields.elements[0..count];
            return self;
        }

        pub fn release(self: *Self) void {
            self.fields.release();
        }
    };
}

/// Only what fills the cells is not converted from float64.
fn conversionOf(field: Field, kind: Kind) Error!Kind {
    const known = try field.known(kind.bytes());
    if (field.wide == field.kind) return .float64;
    return if (field.wide == @backingInt(cells.Wide.float64) and known != .float64) known else error.InvalidArgument;
}

/// Makes cells of the values of records, piece by piece. Of records that count more values than there are the last pieces
/// are missing.
pub const Encoder = struct {
    encoding: Encoding,
    records: []const format.Record,
    values: []const u64,
    /// What is next: a record, which of its values, and which of all.
    record: usize = 0,
    offset: usize = 0,
    value: usize = 0,
    hint: usize = 0,

    /// Fills `to` with as many cells as it has room for and there are, and returns how many.
    pub fn next(encoder: *Encoder, to: []u8) Error!usize {
        const width = encoder.encoding.kind.bytes();
        const room = @min(to.len / width, encoder.values.len - encoder.value);
        if (encoder.encoding.fields.len == 0) {
            try convert(encoder.encoding.common, to.ptr, encoder.values[encoder.value..][0..room]);
            encoder.value += room;
            return room;
        }
        var at: usize = 0;
        while (at < room and encoder.record < encoder.records.len) {
            const record = encoder.records[encoder.record];
            const count = @min(record.tokenCount() - encoder.offset, room - at);
            if (count > 0) {
                const conversion = encoder.encoding.find(record.type, &encoder.hint);
                try convert(conversion, to.ptr + at * width, encoder.values[encoder.value..][0..count]);
            }
            at += count;
            encoder.value += count;
            encoder.offset += count;
            if (encoder.offset < record.tokenCount()) break;
            encoder.record += 1;
            encoder.offset = 0;
        }
        return at;
    }
};

const lanes = 8;

/// To numbers of a kind, which may take the place of the values. What is no number of the kind is an error: no writer has made it.
pub noinline fn convert(kind: Kind, to: [*]u8, values: []const u64) Error!void {
    switch (kind) {
        .float64 => if (to != @as([*]const u8, @ptrCast(values.ptr))) @memcpy(to, std.mem.sliceAsBytes(values)),
        inline .float32, .float16 => |known| convertFloats(known, @ptrCast(@alignCast(to)), values),
        inline else => |known| try convertIntegers(known, @ptrCast(@alignCast(to)), values),
    }
}

fn convertFloats(comptime kind: Kind, to: [*]kind.Type(), values: []const u64) void {
    var at: usize = 0;
    while (at + lanes <= values.len) : (at += lanes) convertFloatLanes(kind, lanes, to[at..], values[at..][0..lanes].*);
    while (at < values.len) : (at += 1) convertFloatLanes(kind, 1, to[at..], values[at..][0..1].*);
}

inline fn convertFloatLanes(comptime kind: Kind, comptime count: comptime_int, to: [*]kind.Type(), values: @Vector(count, u64)) void {
    const numbers: @Vector(count, f64) = @bitCast(values);
    if (@reduce(.Or, numbers != numbers)) {
        @branchHint(.unlikely);
        // Every bit of a NaN is kept that the narrower one has.
        for (0..count, @as([count]f64, numbers)) |i, number| to[i] = cells.narrow(kind.Type(), number);
        return;
    }
    const narrowed: @Vector(count, kind.Type()) = if (kind == .float32) @floatCast(numbers) else @bitCast(narrow.toFloat16(count, numbers));
    to[0..count].* = narrowed;
}

/// Numbers of at most 33 bits with their sign. Adding what makes the last bit of a float64 worth 1 leaves an integer in its
/// lower bits, whatever the number is: a conversion of one that does not fit would be undefined.
fn convertIntegers(comptime kind: Kind, to: [*]kind.Type(), values: []const u64) Error!void {
    var is_fine = true;
    var at: usize = 0;
    while (at + lanes <= values.len) : (at += lanes) is_fine = convertIntegerLanes(kind, lanes, to[at..], values[at..][0..lanes].*) and is_fine;
    while (at < values.len) : (at += 1) is_fine = convertIntegerLanes(kind, 1, to[at..], values[at..][0..1].*) and is_fine;
    if (!is_fine) return error.InvalidArgument;
}

inline fn convertIntegerLanes(comptime kind: Kind, comptime count: comptime_int, to: [*]kind.Type(), values: @Vector(count, u64)) bool {
    const Float = @Vector(count, f64);
    const Bits = @Vector(count, u64);
    const Integer = kind.Type();
    const least: Float = @splat(@max(std.math.minInt(Integer), std.math.minInt(i32)));
    const most: Float = @splat(@min(std.math.maxInt(Integer), std.math.maxInt(u32)));
    const raise: Float = @splat(0x1.8p52);
    const numbers: Float = @bitCast(values);
    const raised = numbers + raise;
    const integers = @as(Bits, @bitCast(raised)) -% @as(Bits, @bitCast(raise));
    const Unsigned = @Int(.unsigned, @bitSizeOf(Integer));
    to[0..count].* = @bitCast(@as(@Vector(count, Unsigned), @truncate(integers)));
    return @reduce(.And, numbers >= least) and @reduce(.And, numbers <= most) and @reduce(.And, raised - raise == numbers);
}

const testing = std.testing;

/// Numbers of a kind that its own type keeps, as float64.
fn drawNumber(comptime kind: Kind, random: std.Random) f64 {
    const Number = kind.Type();
    if (@typeInfo(Number) == .float) {
        const float: Number = @bitCast(random.int(@Int(.unsigned, @bitSizeOf(Number))));
        return cells.widen(Number, float);
    }
    const ends = [_]f64{ @floatFromInt(std.math.minInt(Number)), @floatFromInt(std.math.maxInt(Number)), 0 };
    return if (random.uintLessThan(u8, 4) == 0) ends[random.uintLessThan(usize, 3)] else @floatFromInt(random.int(Number));
}

test "values become the cells that a plain conversion makes of them, every bit of a NaN among them" {
    var generator: std.Random.DefaultPrng = .init(31);
    const random = generator.random();
    inline for ([_]Kind{ .float32, .float16, .int32, .uint32, .int16, .uint16, .int8, .uint8 }) |kind| {
        const Number = kind.Type();
        for (0..300) |_| {
            var values: [37]u64 = undefined;
            var wanted: [37]Number = undefined;
            const count = random.uintAtMost(usize, values.len);
            for (values[0..count], wanted[0..count]) |*value, *number| {
                const float = drawNumber(kind, random);
                value.* = @bitCast(float);
                number.* = if (@typeInfo(Number) == .float) cells.narrow(Number, float) else @intFromFloat(float);
            }
            var found: [37]Number = undefined;
            try convert(kind, std.mem.sliceAsBytes(&found).ptr, values[0..count]);
            try testing.expectEqualSlices(u8, std.mem.sliceAsBytes(wanted[0..count]), std.mem.sliceAsBytes(found[0..count]));
            // In the place of the values.
            try convert(kind, std.mem.sliceAsBytes(&values).ptr, values[0..count]);
            try testing.expectEqualSlices(u8, std.mem.sliceAsBytes(wanted[0..count]), std.mem.sliceAsBytes(&values)[0 .. count * kind.bytes()]);
        }
    }
}

test "what is no integer of its kind is refused, and harms nothing" {
    inline for ([_]Kind{ .int64, .int32, .uint32, .int16, .uint16, .int8, .uint8 }) |kind| {
        const most: f64 = @floatFromInt(@min(std.math.maxInt(kind.Type()), std.math.maxInt(u32)));
        const least: f64 = @floatFromInt(@max(std.math.minInt(kind.Type()), std.math.minInt(i32)));
        for ([_]f64{ most + 1, least - 1, 0.5, std.math.nan(f64), std.math.inf(f64), -std.math.inf(f64), 1e300, -1e300, 0x1p52, 5e-324 }) |number| {
            for (0..9) |place| {
                var values: [9]u64 = @splat(0);
                values[place] = @bitCast(number);
                var to: [9]kind.Type() = undefined;
                try testing.expectError(error.InvalidArgument, convert(kind, std.mem.sliceAsBytes(&to).ptr, &values));
            }
        }
        var found: [2]kind.Type() = undefined;
        try convert(kind, std.mem.sliceAsBytes(&found).ptr, &.{ @bitCast(most), @bitCast(least) });
        try testing.expectEqual(most, @as(f64, @floatFromInt(found[0])));
        try testing.expectEqual(least, @as(f64, @floatFromInt(found[1])));
    }
}

const mixed = [_]Field{
    .{ .type = 7, .kind = @backingInt(Kind.float32), .wide = 0 },
    .{ .type = 2, .kind = @backingInt(Kind.uint32), .wide = 0 },
    .{ .type = 9, .kind = @backingInt(Kind.int32), .wide = 0 },
};

test "fields that stand as their own bits are encoded by their type, in pieces of any length" {
    const encoding: Encoding = try .of(.float32, &mixed);
    try testing.expect(!encoding.isPlain());
    const records = [_]format.Record{
        .{ .step = 0, .type = 7, .count = 2 },
        .{ .step = 0, .type = 2, .count = 1 },
        .{ .step = 0, .type = 9, .count = format.Record.empty_list },
        .{ .step = 1, .type = 9, .count = 3 },
        .{ .step = 2, .type = 7, .count = 1 },
    };
    var values: [7]u64 = undefined;
    for (&values, [_]f64{ 0.5, -1, 4294967295, -1, 5, -2147483648, 2 }) |*value, number| value.* = @bitCast(number);
    const wanted = [_]u32{ 0x3f000000, 0xbf800000, 4294967295, 0xffffffff, 5, 0x80000000, 0x40000000 };
    for (1..9) |piece| {
        var encoder: Encoder = .{ .encoding = encoding, .records = &records, .values = &values };
        var found: [7]u32 = undefined;
        var at: usize = 0;
        while (true) {
            var stage: [8]u32 = undefined;
            const count = try encoder.next(std.mem.sliceAsBytes(stage[0..piece]));
            if (count == 0) break;
            @memcpy(found[at..][0..count], stage[0..count]);
            at += count;
        }
        try testing.expectEqual(wanted.len, at);
        try testing.expectEqual(wanted, found);
    }
    var found: [7]u32 = undefined;
    try encoding.encodeTypes(std.mem.sliceAsBytes(&found), &.{ 7, 7, 2, 9, 9, 9, 7 }, &values);
    try testing.expectEqual(wanted, found);
}

test "cells of 64 bits are what is appended, but for narrow integers among wide ones" {
    const float64 = @backingInt(Kind.float64);
    const int64 = @backingInt(Kind.int64);
    const wide = [_]Field{ .{ .type = 0, .kind = float64, .wide = float64 }, .{ .type = 1, .kind = int64, .wide = int64 } };
    try testing.expect((try Encoding.of(.float64, &wide)).isPlain());
    const integers = [_]Field{ .{ .type = 0, .kind = int64, .wide = float64 }, .{ .type = 1, .kind = int64, .wide = int64 } };
    const encoding: Encoding = try .of(.int64, &integers);
    var found: [3]i64 = undefined;
    try encoding.encodeTypes(std.mem.sliceAsBytes(&found), &.{ 0, 1, 0 }, &.{ @bitCast(@as(f64, -3)), 7, @bitCast(@as(f64, 4294967295)) });
    try testing.expectEqual([_]i64{ -3, 7, 4294967295 }, found);
}

test "fields that a store cannot have are refused" {
    const wrong = [_]struct { Kind, Field }{
        .{ .float32, .{ .type = 0, .kind = @backingInt(Kind.float64), .wide = 0 } },
        .{ .uint8, .{ .type = 0, .kind = 11, .wide = 0 } },
        .{ .uint8, .{ .type = 0, .kind = -1, .wide = 0 } },
        .{ .int64, .{ .type = 0, .kind = @backingInt(Kind.uint64), .wide = @backingInt(Kind.int64) } },
        .{ .float64, .{ .type = 0, .kind = @backingInt(Kind.float64), .wide = @backingInt(Kind.int64) } },
    };
    for (wrong) |case| try testing.expectError(error.InvalidArgument, Encoding.of(case[0], &.{case[1]}));
}
