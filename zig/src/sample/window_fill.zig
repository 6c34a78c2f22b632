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
const random = @import("random.zig");
const row_ahead = @import("rows_ahead.zig");
const Placement = placing.Placement;
const Culprit = placing.Culprit;
const Source = @import("source.zig").Source;
const Stretch = rows_file.Stretch;

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
    /// Whether something of the windows was read already.
    is_reached: bool = false,
    unit: Unit,
    /// Whether of too many tokens those at the padded side are left out.
    truncate: bool,
    fields: []const Field,
};

/// Everything is checked before the first byte is written, but that the output holds every value: one that it does not hold is
/// found on the way. After an error `culprit` is the window, and its tokens; or the value.
pub fn fill(source: Source, request: Request, out: Out, culprit: *Culprit) Error!void {
    var kept: Kept = undefined;
    try check(source, request, &kept, culprit);
    for (request.fields) |field| {
        _ = try field.typeId();
        _ = try field.cellKind(source.data.width);
    }
    const placement = request.placement;
    const output = out.values.output;
    const plain: ?outputs.Conversion = if (output == .none) null else try .init(source.data.kind, output, .{});
    const are_long = placement.width *| source.data.width > touching.bytes_max;
    var first_rows: [rows_file.stage_size]usize = undefined;
    var stretches: [touching.pieces]Stretch = undefined;
    for (0..placement.starts.len) |window| {
        if (out.steps != .none and window % first_rows.len == 0) try findFirstRows(source, request, window, &first_rows);
        if (window % touching.pieces == 0) try readAhead(source, request, window, &kept, &first_rows, out, &stretches);
        const stretch = stretches[window % touching.pieces];
        const start, const end = .{ stretch.start, stretch.end };
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
                const Step = @typeInfo(@TypeOf(steps)).pointer.child;
                const row = first_rows[window % first_rows.len];
                const to = steps[block.first..][0..block.length];
                if (stretch.row_tokens > 0) source.table.copyStretchSteps(Step, row, stretch, to) else try source.table.copySteps(Step, row, start, to);
            },
        }
        const conversion = &(plain orelse continue);
        const data = source.data.slice(start, end);
        const to = out.values.at(block.first);
        block.pad(out.values.address, output.bytes());
        const later = window + touching.windows_ahead;
        if (are_long and later < placement.starts.len) {
            const next = try stretchOf(source, request, &kept, later);
            touching.prefetchRest(source.data.bytes(next.start, next.end));
        }
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

/// Of so many windows it is kept where they stand: what is known of a block has a checksum, which takes a while. Of further ones
/// it is found again.
const kept_max = 256;

/// Where windows of rows stand.
const Kept = [kept_max]Stretch;

fn check(source: Source, request: Request, kept: *Kept, culprit: *Culprit) Error!void {
    const placement = request.placement;
    switch (request.unit) {
        .tokens => try placement.check(source.table.first_token, source.data.len, placement.width, culprit),
        .steps => {
            try placement.check(source.table.first_row, source.table.rows.len, source.table.rows.len, culprit);
            readBlocks(source, placement);
            for (0..placement.starts.len) |window| {
                if (window + rows_ahead < placement.starts.len) prefetchRows(source, placement, window + rows_ahead);
                culprit.index = window;
                const stretch = try rowsOf(source, placement, window);
                culprit.count = stretch.end - stretch.start;
                if (culprit.count > placement.width and !request.truncate) return error.WidthMismatch;
                if (window < kept.len) kept[window] = stretch;
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
inline fn stretchOf(source: Source, request: Request, kept: *const Kept, window: usize) error{Damaged}!Stretch {
    const placement = request.placement;
    if (request.unit == .tokens) {
        const start = placement.startOf(window);
        return .{ .start = start, .end = start + placement.lengthOf(window) };
    }
    const rows = if (window < kept.len) kept[window] else try rowsOf(source, placement, window);
    if (rows.end - rows.start <= placement.width) return rows;
    return if (placement.side == .left) .{ .start = rows.start, .end = rows.start + placement.width } else .{ .start = rows.end - placement.width, .end = rows.end };
}

inline fn rowsOf(source: Source, placement: Placement, window: usize) error{Damaged}!Stretch {
    const first_row = placement.startOf(window);
    return source.table.stretchOf(first_row, first_row + placement.lengthOf(window));
}

const rows_ahead = 16;

/// Windows are random, so each misses the caches. first_rows: known where steps are wanted; stretches: those of each window.
noinline fn readAhead(source: Source, request: Request, first: usize, kept: *const Kept, first_rows: *const [rows_file.stage_size]usize, out: Out, stretches: *[touching.pieces]Stretch) error{Damaged}!void {
    var ahead: touching.Ahead = .{};
    for (first..@min(first + touching.pieces, request.placement.starts.len)) |window| {
        const stretch = try stretchOf(source, request, kept, window);
        const start, const end = .{ stretch.start, stretch.end };
        stretches[window - first] = stretch;
        if (request.is_reached) continue;
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

/// What is read of windows before they are copied.
pub const Reached = struct {
    unit: Unit,
    has_values: bool,
    has_types: bool,
    has_steps: bool,

    pub fn of(unit: Unit, out: Out) Reached {
        return .{ .unit = unit, .has_values = out.values.output != .none, .has_types = out.types != null, .has_steps = out.steps != .none };
    }
};

/// Notes some of each window, to be read. Where they stand is not believed yet: nothing is noted that lies before what is kept,
/// or after it.
pub noinline fn note(ahead: *touching.Ahead, part: row_ahead.Part, source: Source, reached: Reached, placement: Placement) void {
    if (!random.areIndices(placement.starts, 1 << 53)) return;
    const table = source.table;
    const guess: ?rows_file.Guess = if (reached.unit == .tokens and reached.has_steps) .init(table) else null;
    for (0..placement.starts.len) |window| {
        if (placement.lengths[window] <= 0) continue;
        const first = placement.startOf(window);
        const end = first + placement.lengthOf(window);
        const row = if (reached.unit == .steps) first else if (guess) |known| known.row(first) else 0;
        const end_row = if (reached.unit == .steps) end else row + 1;
        if (row < table.first_row or end_row > table.rows.len) continue;
        const is_looked_up = guess != null or reached.unit == .steps;
        if (part == .blocks) {
            if (is_looked_up) if (table.blocks.addressOf(row)) |block| ahead.add(block);
            continue;
        }
        const alike = if (is_looked_up) table.blocks.peek(row) else null;
        if (part == .places) {
            if (is_looked_up and alike == null) ahead.add(&table.rows[row]);
            continue;
        }
        const start, const until = if (reached.unit == .tokens) .{ first, end } else if (alike) |known| .{ known[0], known[0] +| (end_row - row) *| known[1] } else .{ table.rows[row], table.startOf(end_row) };
        if (start < table.first_token or start >= until or until > source.data.len) continue;
        if (reached.has_values) ahead.addBytes(source.data.bytes(@intCast(start), @intCast(until)));
        if (reached.has_types) ahead.addBytes(source.types.slice(@intCast(start), @intCast(until)).asBytes());
        if (reached.has_steps) ahead.addBytes(std.mem.sliceAsBytes(table.steps[row..end_row]));
    }
}

/// What is known of the rows stands all over a table of megabytes, where there are hundreds of millions.
noinline fn readBlocks(source: Source, placement: Placement) void {
    var ahead: touching.Ahead = .{};
    for (0..placement.starts.len) |window| if (source.table.blocks.addressOf(placement.startOf(window))) |block| ahead.add(block);
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
