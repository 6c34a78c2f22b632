//! Values become the cells that a plain conversion makes of them, in whatever pieces they come.

const std = @import("std");
const cells = @import("../format/cells.zig");
const encode = @import("encode.zig");
const format = @import("../format/format.zig");
const system = @import("../system/system.zig");
const Encoder = encode.Encoder;
const Field = cells.Field;
const Kind = cells.Kind;
const OwnEncoding = encode.OwnEncoding(system.Real);
const convert = encode.convert;

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
    var own: OwnEncoding = try .init(.float32, &mixed);
    defer own.release();
    const encoding = own.encoding;
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

/// Of a record's numbers, by the type of its field as in `mixed`: float32, uint32, int32.
fn drawMixed(type_id: i32, random: std.Random) f64 {
    return switch (type_id) {
        7 => drawNumber(.float32, random),
        2 => drawNumber(.uint32, random),
        else => drawNumber(.int32, random),
    };
}

test "records of any lengths are encoded one by one as all together" {
    var generator: std.Random.DefaultPrng = .init(32);
    const random = generator.random();
    var own: OwnEncoding = try .init(.float32, &mixed);
    defer own.release();
    for (0..300) |_| {
        var records: [60]format.Record = undefined;
        var values: [60 * 20]u64 = undefined;
        var wanted: [60 * 20]u32 = undefined;
        var count: usize = 0;
        for (&records, 0..) |*record, step| {
            const type_id = mixed[random.uintLessThan(usize, 3)].type;
            const length = if (random.uintLessThan(u8, 5) == 0) random.uintAtMost(usize, 20) else random.uintAtMost(usize, 3);
            record.* = .{ .step = @intCast(step), .type = type_id, .count = @intCast(length) };
            for (count..count + length) |at| {
                const number = drawMixed(type_id, random);
                values[at] = @bitCast(number);
                wanted[at] = switch (type_id) {
                    7 => @bitCast(cells.narrow(f32, number)),
                    2 => @intFromFloat(number),
                    else => @bitCast(@as(i32, @intFromFloat(number))),
                };
            }
            count += length;
        }
        var encoder: Encoder = .{ .encoding = own.encoding, .records = &records, .values = values[0..count] };
        var found: [60 * 20]u32 = undefined;
        var at: usize = 0;
        while (at < count) {
            const piece = @min(count - at, random.intRangeAtMost(usize, 1, 200));
            at += try encoder.next(std.mem.sliceAsBytes(found[at..][0..piece]));
        }
        try testing.expectEqualSlices(u32, wanted[0..count], found[0..count]);
        if (count < 30) continue;
        // A number of another field says nothing of the one before.
        const bad = random.uintLessThan(usize, count);
        values[bad] = @bitCast(@as(f64, 0x1p40));
        const is_float = wantsFloat(&records, bad);
        encoder = .{ .encoding = own.encoding, .records = &records, .values = values[0..count] };
        if (is_float) _ = try encoder.next(std.mem.sliceAsBytes(found[0..count])) else try testing.expectError(error.InvalidArgument, encoder.next(std.mem.sliceAsBytes(found[0..count])));
    }
}

fn wantsFloat(records: []const format.Record, value: usize) bool {
    var end: usize = 0;
    for (records) |record| {
        end += record.tokenCount();
        if (value < end) return record.type == 7;
    }
    unreachable;
}

test "cells of 64 bits are what is appended, but for narrow integers among wide ones" {
    const float64 = @backingInt(Kind.float64);
    const int64 = @backingInt(Kind.int64);
    const wide = [_]Field{ .{ .type = 0, .kind = float64, .wide = float64 }, .{ .type = 1, .kind = int64, .wide = int64 } };
    try testing.expect((try OwnEncoding.init(.float64, &wide)).encoding.isPlain());
    const integers = [_]Field{ .{ .type = 0, .kind = int64, .wide = float64 }, .{ .type = 1, .kind = int64, .wide = int64 } };
    var own: OwnEncoding = try .init(.int64, &integers);
    defer own.release();
    var found: [3]i64 = undefined;
    try own.encoding.encodeTypes(std.mem.sliceAsBytes(&found), &.{ 0, 1, 0 }, &.{ @bitCast(@as(f64, -3)), 7, @bitCast(@as(f64, 4294967295)) });
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
    for (wrong) |case| try testing.expectError(error.InvalidArgument, OwnEncoding.init(case[0], &.{case[1]}));
}
