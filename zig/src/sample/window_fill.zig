//! Windows of tokens, each copied into its row of a padded batch.

const std = @import("std");
const cells = @import("../format/cells.zig");
const narrow = @import("../read/narrow.zig");
const outputs = @import("../read/outputs.zig");
const rows_file = @import("../read/rows.zig");
const touching = @import("../read/touch.zig");
const Data = @import("../read/data.zig").Data;
const Types = @import("../read/types.zig").Types;
const placing = @import("placement.zig");
const Placement = placing.Placement;
const Culprit = placing.Culprit;
const Source = @import("source.zig").Source;

pub const Error = error{ InvalidArgument, OutOfRange, WidthMismatch, Inexact, Damaged };

pub const Unit = enum { tokens, steps };

/// A field whose cells are not copied as they are, as it stands in the caller's array.
pub const Field = extern struct {
    type: f64,
    kind: f64,
    shift: f64,
    factor: f64,
    /// Where it is dense: values a row, and the `Output` that they become.
    width: f64 = 1,
    output: f64 = 0,

    pub fn typeId(field: Field) error{InvalidArgument}!i32 {
        if (!(field.type >= -0x1p31 and field.type < 0x1p31) or @trunc(field.type) != field.type) return error.InvalidArgument;
        return @intFromFloat(field.type);
    }

    /// What it is read as.
    pub fn kindOf(field: Field) error{InvalidArgument}!cells.Kind {
        for (std.enums.values(cells.Kind)) |kind| {
            if (field.kind == @as(f64, @floatFromInt(@backingInt(kind)))) return kind;
        }
        return error.InvalidArgument;
    }

    /// The same in a store whose cells have so many bytes.
    pub fn cellKind(field: Field, width_bytes: usize) error{InvalidArgument}!cells.Kind {
        const kind = try field.kindOf();
        return if (kind.bytes() == width_bytes) kind else error.InvalidArgument;
    }

    pub fn scale(field: Field) narrow.Scale {
        return .{ .shift = field.shift, .factor = field.factor };
    }
};

/// The arrays that are filled, each with room for the whole batch; null or none where one is not wanted.
pub const Out = struct {
    values: placing.Values = .{},
    types: ?[*]i32 = null,
    steps: placing.Steps = .none,
    mask: [*]u8,
    lengths: [*]i32,
};

pub const Request = struct {
    placement: Placement,
    unit: Unit,
    /// Whether of too many tokens those at the padded side are left out.
    truncate: bool,
    fields: []const Field,
};

/// Everything is checked before the first byte is written, but that the output holds every value: one that it does not hold is
/// found on the way. After an error `culprit` is the window, and its tokens; or the value.
pub fn fill(source: Source, request: Request, out: Out, culprit: *Culprit) Error!void {
    try check(source, request, culprit);
    for (request.fields) |field| {
        _ = try field.typeId();
        _ = try field.cellKind(source.data.width);
    }
    const placement = request.placement;
    const output = out.values.output;
    const plain: ?outputs.Conversion = if (output == .none) null else try .init(source.data.kind, output, .{});
    var first_rows: [rows_file.stage_size]usize = undefined;
    for (0..placement.starts.len) |window| {
        if (out.steps != .none and window % first_rows.len == 0) try findFirstRows(source, request, window, &first_rows);
        if (window % touching.pieces == 0) try readAhead(source, request, window, &first_rows, out);
        const start, const end = try tokensOf(source, request, window);
        const block = placement.blockOf(window, end - start);
        out.lengths[@intCast(placement.slots[window])] = @intCast(block.length);
        block.pad(out.mask, 1);
        @memset(out.mask[block.first..][0..block.length], 1);
        if (out.types) |types| {
            block.pad(types, 1);
            source.types.slice(start, end).copy(types[block.first..][0..block.length]);
        }
        switch (out.steps) {
            .none => {},
            inline else => |steps| {
                block.pad(steps, 1);
                try source.table.copySteps(@typeInfo(@TypeOf(steps)).pointer.child, first_rows[window % first_rows.len], start, steps[block.first..][0..block.length]);
            },
        }
        const conversion = &(plain orelse continue);
        const data = source.data.slice(start, end);
        const to = out.values.at(block.first);
        block.pad(out.values.address, output.bytes());
        var misfit: outputs.Misfit = .{};
        convert(conversion, request.fields, source.types.slice(start, end), data, to, &misfit) catch |err| {
            if (err == error.Inexact) {
                const token = start + misfit.at;
                culprit.* = .{ .index = try source.table.rowOfToken(token), .type = source.types.at(token), .cell = misfit.cell };
            }
            return err;
        };
    }
}

fn check(source: Source, request: Request, culprit: *Culprit) Error!void {
    const placement = request.placement;
    switch (request.unit) {
        .tokens => try placement.check(source.table.first_token, source.data.len, placement.width, culprit),
        .steps => {
            try placement.check(source.table.first_row, source.table.rows.len, source.table.rows.len, culprit);
            for (0..placement.starts.len) |window| {
                if (window + rows_ahead < placement.starts.len) prefetchRows(source, placement, window + rows_ahead);
                culprit.index = window;
                const start, const end = try rowTokens(source, placement, window);
                culprit.count = end - start;
                if (end - start > placement.width and !request.truncate) return error.WidthMismatch;
            }
        },
    }
}

/// The rows with which windows begin, from `first` on: their steps are those of rows.
fn findFirstRows(source: Source, request: Request, first: usize, rows: *[rows_file.stage_size]usize) error{Damaged}!void {
    const placement = request.placement;
    const count = @min(placement.starts.len - first, rows.len);
    if (request.unit == .steps) {
        for (rows[0..count], first..) |*row, window| row.* = placement.startOf(window);
        return;
    }
    var tokens: [rows_file.stage_size]u64 = undefined;
    for (tokens[0..count], first..) |*token, window| token.* = placement.startOf(window);
    return rows_file.findRows(source.table, tokens[0..count], placement.width, rows);
}

/// The tokens that are copied. Row starts come from a file, and are checked whenever they are read.
inline fn tokensOf(source: Source, request: Request, window: usize) error{Damaged}![2]usize {
    const placement = request.placement;
    if (request.unit == .tokens) {
        const start = placement.startOf(window);
        return .{ start, start + placement.lengthOf(window) };
    }
    const start, const end = try rowTokens(source, placement, window);
    if (end - start <= placement.width) return .{ start, end };
    return if (placement.side == .left) .{ start, start + placement.width } else .{ end - placement.width, end };
}

inline fn rowTokens(source: Source, placement: Placement, window: usize) error{Damaged}![2]usize {
    const first_row = placement.startOf(window);
    return source.table.tokensBetween(first_row, first_row + placement.lengthOf(window));
}

const rows_ahead = 16;

/// Windows are random, so each misses the caches. first_rows: known where steps are wanted.
noinline fn readAhead(source: Source, request: Request, first: usize, first_rows: *const [rows_file.stage_size]usize, out: Out) error{Damaged}!void {
    var ahead: touching.Ahead = .{};
    for (first..@min(first + touching.pieces, request.placement.starts.len)) |window| {
        const start, const end = try tokensOf(source, request, window);
        if (out.values.output != .none) ahead.addBytes(source.data.bytes(start, end));
        if (out.types != null) ahead.addBytes(source.types.slice(start, end).asBytes());
        if (out.steps == .none) continue;
        const steps = source.table.steps;
        const first_row = @min(first_rows[window % first_rows.len], steps.len);
        // Of tokens it is not known in how many rows they are.
        const row_count = if (request.unit == .steps) request.placement.lengthOf(window) else 1;
        ahead.addBytes(std.mem.sliceAsBytes(steps[first_row..@min(first_row + row_count, steps.len)]));
    }
    ahead.read();
}

inline fn prefetchRows(source: Source, placement: Placement, window: usize) void {
    const rows = source.table.rows;
    const first_row = placement.startOf(window);
    if (first_row >= rows.len or source.table.blocks.peek(first_row) != null) return;
    @prefetch(rows.ptr + first_row, .{});
    @prefetch(rows.ptr + @min(first_row + placement.lengthOf(window), rows.len - 1), .{});
}

fn convert(plain: *const outputs.Conversion, fields: []const Field, types: Types, from: Data, to: [*]u8, misfit: *outputs.Misfit) Error!void {
    // Of integers every cell must be read as what it is: others could be none.
    const all = fields.len > 0 and plain.output.isInteger();
    if (!all) try plain.copy(to, from, misfit);
    if (fields.len > 0) try convertFields(plain, all, fields, types, from, to, misfit);
}

/// Fields that are read otherwise than the store's own cells, or are scaled; or all of them. A field's tokens stand together,
/// and fields tend to come in the order in which the caller lists them.
fn convertFields(plain: *const outputs.Conversion, all: bool, fields: []const Field, types: Types, from: Data, to: [*]u8, misfit: *outputs.Misfit) Error!void {
    var at: usize = 0;
    var next: usize = 0;
    while (at < types.len()) {
        const type_id = types.at(at);
        const end = types.endOfRun(at);
        var conversion = plain.*;
        const found = find(fields, next, type_id);
        if (found) |index| {
            next = if (index + 1 < fields.len) index + 1 else 0;
            conversion = try .init(try fields[index].cellKind(from.width), plain.output, fields[index].scale());
        }
        if (found != null or all) conversion.copy(to + at * plain.output.bytes(), from.slice(at, end), misfit) catch |err| {
            misfit.at += at;
            return err;
        };
        at = end;
    }
}

inline fn find(fields: []const Field, first: usize, type_id: i32) ?usize {
    const wanted: f64 = @floatFromInt(type_id);
    if (fields[first].type == wanted) return first;
    for (fields, 0..) |field, index| if (field.type == wanted) return index;
    return null;
}

const testing = std.testing;
const samples = @import("../testing/sampler.zig");

const width_max = 12;
const size_max = samples.batch_size * width_max;

test "windows of tokens and of rows are what a plain loop makes of them, padded and cut on either side" {
    var generator: std.Random.DefaultPrng = .init(3);
    const random = generator.random();
    for (0..4000) |round| {
        errdefer std.debug.print("round {}\n", .{round});
        const sample = samples.Sample.make(random);
        const source = sample.windowSource();
        const unit = random.enumValue(Unit);
        const width = random.intRangeAtMost(usize, 1, width_max);
        const first, const end, const length_max = switch (unit) {
            .tokens => .{ source.table.first_token, sample.token_count, width },
            .steps => .{ sample.first_row, sample.row_count, 5 },
        };
        const windows: samples.Windows = .make(random, first, end, length_max, width);
        const scales = [_]Field{ fieldOf(2, 3, 7, 0.5), fieldOf(3, 4, 0, 1), fieldOf(1, 0, -1, 2) };
        const request: Request = .{ .placement = windows.placement(), .unit = unit, .truncate = random.boolean(), .fields = &scales };
        try expectFilled(&sample, source, request);
    }
}

fn fieldOf(type_id: f64, kind: f64, shift: f64, factor: f64) Field {
    return .{ .type = type_id, .kind = kind, .shift = shift, .factor = factor };
}

fn expectFilled(sample: *const samples.Sample, source: Source, request: Request) !void {
    const placement = request.placement;
    var values: [size_max]f64 = @splat(-7);
    var narrowed: [size_max]u16 = @splat(7);
    var types: [size_max]i32 = @splat(-7);
    var steps: [size_max]i64 = @splat(-77);
    var mask: [size_max]u8 = @splat(7);
    var lengths: [samples.batch_size]i32 = @splat(-7);
    const before = .{ values, types, steps, mask, lengths };
    var culprit: Culprit = .{};
    const filled = fill(source, request, .{ .values = .of(.float64, &values), .types = &types, .steps = .{ .int64 = &steps }, .mask = &mask, .lengths = &lengths }, &culprit);
    var wanted = before;
    for (0..placement.starts.len) |window| {
        const slot: usize = @intCast(placement.slots[window]);
        const start, const end = switch (request.unit) {
            .tokens => .{ placement.startOf(window), placement.startOf(window) + placement.lengthOf(window) },
            .steps => .{ rowStart(sample, placement.startOf(window)), rowStart(sample, placement.startOf(window) + placement.lengthOf(window)) },
        };
        if (end - start > placement.width and !request.truncate) {
            try testing.expectError(error.WidthMismatch, filled);
            try testing.expectEqual(Culprit{ .index = window, .count = end - start }, culprit);
            try testing.expectEqual(before, .{ values, types, steps, mask, lengths });
            return;
        }
        const real = @min(end - start, placement.width);
        wanted[4][slot] = @intCast(real);
        for (0..placement.width) |position| {
            const at = slot * placement.width + position;
            const is_left = placement.side == .left;
            const is_real = if (is_left) position < real else position >= placement.width - real;
            const token = if (is_left) start + position else (end + position) -% placement.width;
            wanted[0][at] = if (is_real) scaled(sample, token) else 0;
            wanted[1][at] = if (is_real) sample.types[token] else 0;
            wanted[2][at] = if (is_real) sample.token_steps[token] else 0;
            wanted[3][at] = @intFromBool(is_real);
        }
    }
    try filled;
    try testing.expectEqual(wanted, .{ values, types, steps, mask, lengths });
    var float_steps: [size_max]f64 = @splat(-77);
    try fill(source, request, .{ .values = .of(.bfloat16, &narrowed), .steps = .{ .float64 = &float_steps }, .mask = &mask, .lengths = &lengths }, &culprit);
    for (narrowed, float_steps, wanted[0], wanted[2]) |bits, float_step, value, step| {
        try testing.expectEqual(if (step == -77) 7 else narrow.Float.bfloat16.from(value), bits);
        try testing.expectEqual(@as(f64, @floatFromInt(step)), float_step);
    }
}

fn rowStart(sample: *const samples.Sample, row: usize) usize {
    return if (row < sample.row_count) @intCast(sample.rows[row]) else sample.token_count;
}

fn scaled(sample: *const samples.Sample, token: usize) f64 {
    const number = sample.number(token);
    return switch (sample.types[token]) {
        1 => (number + 1) * 2,
        2 => (number - 7) * 0.5,
        else => number,
    };
}

test "what cannot be filled is refused before anything is written" {
    const rows = [_]u64{ 0, 9, 2 };
    const source: Source = .{ .table = .{ .steps = &.{ 1, 2, 3 }, .rows = &rows, .marks = &.{}, .token_count = 2 }, .types = .{ .words = &.{ 1, 1 } }, .data = .of(.float64, &.{ 0, 0 }) };
    const cases = [_]struct { Unit, f64, i32, Field, Error }{
        .{ .steps, 0, 1, fieldOf(1, 0, 0, 1), error.Damaged },
        .{ .steps, 1, 1, fieldOf(1, 0, 0, 1), error.Damaged },
        .{ .steps, 2, 2, fieldOf(1, 0, 0, 1), error.OutOfRange },
        .{ .tokens, 1, 2, fieldOf(1, 0, 0, 1), error.OutOfRange },
        .{ .tokens, 0, 3, fieldOf(1, 0, 0, 1), error.InvalidArgument },
        .{ .tokens, 0, 2, fieldOf(1, 1, 0, 1), error.InvalidArgument },
        .{ .tokens, 0, 2, fieldOf(0.5, 0, 0, 1), error.InvalidArgument },
        .{ .tokens, 0, 2, fieldOf(1, std.math.nan(f64), 0, 1), error.InvalidArgument },
    };
    for (cases) |case| {
        var values: [4]f64 = @splat(-7);
        var mask: [4]u8 = @splat(7);
        var lengths: [2]i32 = @splat(-7);
        var culprit: Culprit = .{};
        const request: Request = .{
            .placement = .{ .starts = &.{ 0, case[1] }, .lengths = &.{ 0, case[2] }, .slots = &.{ 0, 1 }, .batch_size = 2, .width = 2, .side = .left },
            .unit = case[0],
            .truncate = false,
            .fields = &.{case[3]},
        };
        try testing.expectError(case[4], fill(source, request, .{ .values = .of(.float64, &values), .mask = &mask, .lengths = &lengths }, &culprit));
        try testing.expectEqual(@as([4]f64, @splat(-7)), values);
        try testing.expectEqual(@as([4]u8, @splat(7)), mask);
        try testing.expectEqual(@as([2]i32, @splat(-7)), lengths);
    }
}
