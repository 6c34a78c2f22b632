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

/// What the values of a field are made: float64 for those that stay as they stand.
const Rule = struct { type: i32, kind: Kind };

/// What becomes of the values of a store's fields.
pub const Encoding = struct {
    /// What the cells of the store are.
    kind: Kind = .float64,
    /// What the values of all fields are made, and where fields differ those of the first.
    common: Kind = .float64,
    /// In field order, where fields differ.
    rules: []const Rule = &.{},

    /// Whether the values are the cells.
    pub fn isPlain(encoding: Encoding) bool {
        return encoding.common == .float64 and encoding.rules.len == 0;
    }

    /// Makes cells of values, in the order of tokens that have these types.
    pub fn encodeTypes(encoding: Encoding, to: []u8, types: []const i32, values: []const u64) Error!void {
        // Of no values there may be no place either.
        if (values.len == 0) return;
        if (encoding.rules.len == 0) return convert(encoding.common, to.ptr, values);
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
        for (0..encoding.rules.len) |_| {
            const rule = encoding.rules[hint.*];
            hint.* = if (hint.* + 1 < encoding.rules.len) hint.* + 1 else 0;
            if (rule.type == type_id) return rule.kind;
        }
        return encoding.common;
    }
};

/// The encoding of a store, with what it knows of fields.
pub fn OwnEncoding(comptime System: type) type {
    return struct {
        encoding: Encoding = .{},
        rules: Buffer(System, Rule) = .{},

        const Self = @This();

        /// Without fields, values are float64, or stand in cells of 64 bits as they are.
        pub fn init(kind: Kind, fields: []const Field) (Error || system.Error)!Self {
            const own: Kind = if (kind.bytes() == @sizeOf(u64)) .float64 else kind;
            var self: Self = .{ .encoding = .{ .kind = kind, .common = if (fields.len > 0) try conversionOf(fields[0], kind) else own } };
            var are_alike = true;
            for (fields) |field| are_alike = try conversionOf(field, kind) == self.encoding.common and are_alike;
            if (are_alike) return self;
            try self.rules.ensure(fields.len);
            const rules = self.rules.elements[0..fields.len];
            for (rules, fields) |*rule, field| rule.* = .{ .type = field.type, .kind = conversionOf(field, kind) catch unreachable };
            self.encoding.rules = rules;
            return self;
        }

        pub fn release(self: *Self) void {
            self.rules.release();
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
        if (encoder.encoding.rules.len == 0) {
            try convert(encoder.encoding.common, to.ptr, encoder.values[encoder.value..][0..room]);
            encoder.value += room;
            return room;
        }
        var at: usize = 0;
        while (at < room and encoder.record < encoder.records.len) {
            at += try encoder.addShortRuns(to.ptr + at * width, room - at);
            if (at == room or encoder.record == encoder.records.len) break;
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

    /// The records of a few values each, while there is room for a whole vector of each: what it writes too much the next run
    /// writes over. Returns how many cells they have.
    fn addShortRuns(encoder: *Encoder, to: [*]u8, room: usize) Error!usize {
        if (encoder.offset > 0) return 0;
        const encoding = encoder.encoding;
        const width = encoding.kind.bytes();
        var hint = encoder.hint;
        var at: usize = 0;
        var is_fine = true;
        const taken = for (encoder.records[encoder.record..], 0..) |record, index| {
            if (record.count <= 0 or record.count > lanes or at + lanes > room) break index;
            const values: @Vector(lanes, u64) = encoder.values[encoder.value + at ..][0..lanes].*;
            const own = std.simd.iota(u8, lanes) < @as(@Vector(lanes, u8), @splat(@intCast(record.count)));
            switch (encoding.find(record.type, &hint)) {
                .float64 => @as([*]align(1) u64, @ptrCast(to + at * width))[0..lanes].* = values,
                inline .float32, .float16 => |kind| convertFloatLanes(kind, lanes, @ptrCast(@alignCast(to + at * width)), values),
                inline else => |kind| is_fine = convertIntegerLanes(kind, lanes, @ptrCast(@alignCast(to + at * width)), values, own) and is_fine,
            }
            at += @intCast(record.count);
        } else encoder.records.len - encoder.record;
        if (!is_fine) return error.InvalidArgument;
        encoder.hint = hint;
        encoder.record += taken;
        encoder.value += at;
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
    while (at + lanes <= values.len) : (at += lanes) is_fine = convertIntegerLanes(kind, lanes, to[at..], values[at..][0..lanes].*, @splat(true)) and is_fine;
    while (at < values.len) : (at += 1) is_fine = convertIntegerLanes(kind, 1, to[at..], values[at..][0..1].*, @splat(true)) and is_fine;
    if (!is_fine) return error.InvalidArgument;
}

/// Returns whether those that are `own` are numbers of the kind.
inline fn convertIntegerLanes(comptime kind: Kind, comptime count: comptime_int, to: [*]kind.Type(), values: @Vector(count, u64), own: @Vector(count, bool)) bool {
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
    const are_fine = (numbers >= least) & (numbers <= most) & (raised - raise == numbers);
    return @reduce(.And, are_fine | ~own);
}
