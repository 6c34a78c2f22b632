//! The cells of tokens, all of one width, and the numbers that they stand for in cells of 64 bits.

const std = @import("std");
const cells = @import("../format/cells.zig");
const Kind = cells.Kind;

/// Some tokens' cells. Which width they have is asked once a row or a window, and not once a token.
pub const Data = struct {
    address: [*]const u8,
    len: usize,
    /// What the cells are. A field may have others of the same width, in bytes.
    kind: Kind,
    width: usize,

    pub fn init(address: [*]const u8, len: usize, kind: Kind) Data {
        return .{ .address = address, .len = len, .kind = kind, .width = kind.bytes() };
    }

    pub fn of(comptime kind: Kind, elements: []const kind.Type()) Data {
        return .init(@ptrCast(elements.ptr), elements.len, kind);
    }

    pub inline fn bytes(data: Data, start: usize, end: usize) []const u8 {
        return data.address[start * data.width .. end * data.width];
    }

    pub inline fn slice(data: Data, start: usize, end: usize) Data {
        std.debug.assert(start <= end and end <= data.len);
        return .{ .address = data.address + start * data.width, .len = end - start, .kind = data.kind, .width = data.width };
    }

    /// All of them as numbers of a type that has their width.
    pub inline fn as(data: Data, comptime Number: type) []const Number {
        std.debug.assert(@sizeOf(Number) == data.width);
        return @as([*]const Number, @ptrCast(@alignCast(data.address)))[0..data.len];
    }

    pub inline fn prefetch(data: Data, token: usize) void {
        @prefetch(data.address + token * data.width, .{ .locality = 0 });
    }

    /// The bits of a cell.
    pub inline fn bitsAt(data: Data, token: usize) u64 {
        return switch (data.width) {
            1 => data.as(u8)[token],
            2 => data.as(u16)[token],
            4 => data.as(u32)[token],
            else => data.as(u64)[token],
        };
    }
};

/// So many cells are widened at a time.
pub const stage_cells = 64;

/// Cells as those of 64 bits, a piece at a time: those that are wide are not copied.
pub const Widening = struct {
    data: Data,
    kind: Kind,
    at: usize = 0,
    stage: [stage_cells]u64 = undefined,

    /// A field's cells, or those of all fields that are of the store's own kind.
    pub inline fn of(data: Data, kind: Kind) Widening {
        return .{ .data = data, .kind = kind };
    }

    /// The next cells; none at the end. They are valid until the next call.
    pub inline fn next(widening: *Widening) []const u64 {
        const data = widening.data;
        const start = widening.at;
        if (data.width == @sizeOf(u64)) {
            widening.at = data.len;
            return data.as(u64)[start..];
        }
        const count = @min(stage_cells, data.len - start);
        widening.at = start + count;
        const to = widening.stage[0..count];
        widen(widening.kind, to, data.address + start * data.width);
        return to;
    }
};

/// Cells of 64 bits of as many of a narrower kind.
noinline fn widen(kind: Kind, to: []u64, from: [*]const u8) void {
    switch (kind) {
        .float64, .int64, .uint64 => unreachable,
        inline else => |known| widenAs(known, to, @ptrCast(@alignCast(from))),
    }
}

const lanes = 8;

fn widenAs(comptime kind: Kind, to: []u64, from: [*]const kind.Type()) void {
    var at: usize = 0;
    while (at + lanes <= to.len) : (at += lanes) to[at..][0..lanes].* = widenLanes(kind, lanes, from[at..][0..lanes].*);
    while (at < to.len) : (at += 1) to[at..][0..1].* = widenLanes(kind, 1, from[at..][0..1].*);
}

inline fn widenLanes(comptime kind: Kind, comptime count: comptime_int, from: @Vector(count, kind.Type())) @Vector(count, u64) {
    const Float = @Vector(count, f64);
    return switch (kind) {
        .float32 => widenFloats(kind, count, from, from),
        .float16 => widenFloats(kind, count, from, halvesToSingles(count, @bitCast(from))),
        else => @bitCast(@as(Float, @floatFromInt(from))),
    };
}

inline fn widenFloats(comptime kind: Kind, comptime count: comptime_int, from: @Vector(count, kind.Type()), singles: @Vector(count, f32)) @Vector(count, u64) {
    if (@reduce(.Or, singles != singles)) {
        @branchHint(.unlikely);
        return keptNans(kind, count, from);
    }
    return @bitCast(@as(@Vector(count, f64), @floatCast(singles)));
}

/// Every bit of a NaN is kept.
noinline fn keptNans(comptime kind: Kind, comptime count: comptime_int, from: [count]kind.Type()) [count]u64 {
    var kept: [count]u64 = undefined;
    for (&kept, from) |*to, float| to.* = @bitCast(cells.widen(kind.Type(), float));
    return kept;
}

/// Moved to where a float32 has them, exponent and mantissa are those of a number that is 2^112 times less.
inline fn halvesToSingles(comptime count: comptime_int, halves: @Vector(count, u16)) @Vector(count, f32) {
    const Bits = @Vector(count, u32);
    const wide: Bits = halves;
    const magnitude = (wide & @as(Bits, @splat(0x7fff))) << @splat(13);
    const scaled: Bits = @bitCast(@as(@Vector(count, f32), @bitCast(magnitude)) * @as(@Vector(count, f32), @splat(0x1p112)));
    const is_finite = magnitude < @as(Bits, @splat(0x7c00 << 13));
    const moved = @select(u32, is_finite, scaled, magnitude | @as(Bits, @splat(0x7f800000)));
    return @bitCast(moved | (wide & @as(Bits, @splat(0x8000))) << @splat(16));
}

const testing = std.testing;

test "every float16 is widened as the compiler does it, and keeps the bits of a NaN" {
    var halves: [1 << 16]f16 = undefined;
    for (&halves, 0..) |*half, bits| half.* = @bitCast(@as(u16, @intCast(bits)));
    var widened: [1 << 16]u64 = undefined;
    widen(.float16, &widened, std.mem.sliceAsBytes(&halves).ptr);
    for (halves, widened) |half, bits| try testing.expectEqual(@as(u64, @bitCast(cells.widen(f16, half))), bits);
}

test "numbers of every kind are widened, in pieces of any length" {
    var generator: std.Random.DefaultPrng = .init(8);
    const random = generator.random();
    inline for (comptime std.enums.values(Kind)) |kind| {
        for (0..40) |_| {
            var numbers: [200]kind.Type() = undefined;
            random.bytes(std.mem.sliceAsBytes(&numbers));
            const count = random.uintAtMost(usize, numbers.len);
            const data: Data = .of(kind, numbers[0..count]);
            var widening: Widening = .of(data, kind);
            var at: usize = 0;
            while (true) {
                const piece = widening.next();
                if (piece.len == 0) break;
                for (piece, numbers[at..][0..piece.len]) |cell, number| {
                    const wanted = switch (kind.wide()) {
                        .float64 => try cells.encode(.float64, kind.Type(), number),
                        inline else => |wide| try cells.encode(wide, kind.Type(), number),
                    };
                    try testing.expectEqual(wanted, cell);
                }
                at += piece.len;
            }
            try testing.expectEqual(count, at);
        }
    }
}
