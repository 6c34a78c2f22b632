//! The type IDs of tokens: a byte each where all IDs of a store are from 0 to 255, and none at all where it has one field.

const std = @import("std");
const format = @import("../format/format.zig");

/// Some tokens' types. Which form they have is asked once a row or a window, and not once a token.
pub const Types = union(enum) {
    /// So many tokens of the one field.
    one: struct { id: i32, len: usize },
    bytes: []const u8,
    words: []const i32,

    pub inline fn len(types: Types) usize {
        return switch (types) {
            .one => |one| one.len,
            inline else => |ids| ids.len,
        };
    }

    pub inline fn at(types: Types, token: usize) i32 {
        return switch (types) {
            .one => |one| one.id,
            inline else => |ids| ids[token],
        };
    }

    pub inline fn slice(types: Types, start: usize, end: usize) Types {
        return switch (types) {
            .one => |one| .{ .one = .{ .id = one.id, .len = end - start } },
            .bytes => |ids| .{ .bytes = ids[start..end] },
            .words => |ids| .{ .words = ids[start..end] },
        };
    }

    /// Copies all of them; `to` has as many.
    pub inline fn copy(types: Types, to: []align(1) i32) void {
        switch (types) {
            .one => |one| @memset(to, one.id),
            .bytes => |ids| for (to, ids) |*each, id| {
                each.* = id;
            },
            .words => |ids| @memcpy(to, ids),
        }
    }

    /// As they stand in the file.
    pub inline fn asBytes(types: Types) []const u8 {
        return switch (types) {
            .one => &.{},
            inline else => |ids| std.mem.sliceAsBytes(ids),
        };
    }

    pub inline fn prefetch(types: Types, token: usize) void {
        switch (types) {
            .one => {},
            inline else => |ids| @prefetch(ids.ptr + token, .{ .locality = 0 }),
        }
    }

    /// The end of the tokens that have the same type as the one at `first`.
    pub fn endOfRun(types: Types, first: usize) usize {
        return switch (types) {
            .one => |one| one.len,
            inline else => |ids| endOf(ids, first),
        };
    }

    fn endOf(ids: anytype, first: usize) usize {
        var end = first + 1;
        while (end < ids.len and ids[end] == ids[first]) end += 1;
        return end;
    }

    pub fn eql(types: Types, other: Types) bool {
        if (types.len() != other.len()) return false;
        return switch (types) {
            .one => true,
            .bytes => |ids| other == .bytes and std.mem.eql(u8, ids, other.bytes),
            .words => |ids| other == .words and std.mem.eql(i32, ids, other.words),
        };
    }

    /// Whether they are the same `length` ones again and again.
    pub fn repeat(types: Types, length: usize) bool {
        return switch (types) {
            .one => true,
            inline else => |ids| std.mem.eql(@TypeOf(ids[0]), ids[length..], ids[0 .. ids.len - length]),
        };
    }

    /// The number that stands for them where blocks are described: of what stands in the file, so of nothing where there
    /// is none.
    pub fn hash(types: Types) u64 {
        return switch (types) {
            .one => 1,
            inline else => |ids| @max(1, std.hash.XxHash64.hash(format.magic, std.mem.sliceAsBytes(ids))),
        };
    }
};

/// Where a row has a field. Rows tend to be alike, so the last row's answer is tried first: four looks decide.
pub const Span = struct {
    offset: usize = 0,
    count: usize = 0,

    pub inline fn fits(span: Span, types: Types, type_id: i32) bool {
        return switch (types) {
            .one => |one| span.offset == 0 and span.count == one.len and one.len > 0 and one.id == type_id,
            .bytes => |ids| type_id >= 0 and type_id <= 255 and span.fitsIn(ids, @as(u8, @intCast(type_id))),
            .words => |ids| span.fitsIn(ids, type_id),
        };
    }

    inline fn fitsIn(span: Span, ids: anytype, id: @TypeOf(ids[0])) bool {
        const end = span.offset + span.count;
        if (span.count == 0 or end > ids.len) return false;
        if (ids[span.offset] != id or ids[end - 1] != id) return false;
        if (span.offset > 0 and ids[span.offset - 1] == id) return false;
        return end == ids.len or ids[end] != id;
    }

    pub fn find(types: Types, type_id: i32) Span {
        return switch (types) {
            .one => |one| .{ .count = if (one.id == type_id) one.len else 0 },
            .bytes => |ids| if (type_id >= 0 and type_id <= 255) findIn(u8, ids, @intCast(type_id)) else .{},
            .words => |ids| findIn(i32, ids, type_id),
        };
    }

    fn findIn(comptime Id: type, ids: []const Id, id: Id) Span {
        const offset = std.mem.findScalar(Id, ids, id) orelse return .{};
        return .{ .offset = offset, .count = Types.endOf(ids, offset) - offset };
    }
};

const testing = std.testing;

test "types in bytes, in words and of one field are the same types" {
    var generator: std.Random.DefaultPrng = .init(12);
    const random = generator.random();
    for (0..2000) |_| {
        var words: [24]i32 = undefined;
        var bytes: [24]u8 = undefined;
        const count = random.intRangeAtMost(usize, 1, words.len);
        const is_one = random.boolean();
        for (words[0..count], bytes[0..count], 0..) |*word, *byte, i| {
            byte.* = if (is_one) 7 else if (i > 0 and random.boolean()) bytes[i - 1] else random.uintAtMost(u8, 3) * 85;
            word.* = byte.*;
        }
        const wide: Types = .{ .words = words[0..count] };
        const narrow: Types = .{ .bytes = bytes[0..count] };
        const others = [_]Types{ narrow, .{ .one = .{ .id = 7, .len = count } } };
        for (others[0..if (is_one) 2 else 1]) |types| {
            for ([_]i32{ 0, 7, 85, 170, 255, 256, -1, 263 }) |id| {
                const span: Span = .find(wide, id);
                try testing.expectEqual(span, Span.find(types, id));
                try testing.expectEqual(span.count > 0, span.fits(types, id));
                const other: Span = .{ .offset = random.uintLessThan(usize, 4), .count = random.uintLessThan(usize, 4) };
                try testing.expectEqual(other.fits(wide, id), other.fits(types, id));
            }
            const first = random.uintLessThan(usize, count);
            try testing.expectEqual(wide.endOfRun(first), types.endOfRun(first));
            var copied: [24]i32 = undefined;
            types.slice(first, count).copy(copied[0 .. count - first]);
            try testing.expectEqualSlices(i32, words[first..count], copied[0 .. count - first]);
            for (1..count) |length| try testing.expectEqual(wide.repeat(length), types.repeat(length));
        }
    }
}
