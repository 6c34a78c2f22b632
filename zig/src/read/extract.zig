//! One field of many rows: its cells picked out of the columns by type, converted, and laid out as Arrow wants them.

const std = @import("std");
const bits = @import("../format/bits.zig");
const blocks_file = @import("blocks.zig");
const cells = @import("../format/cells.zig");
const converters = @import("converters.zig");
const data_file = @import("data.zig");
const types_file = @import("types.zig");
const Data = data_file.Data;
const Types = types_file.Types;
pub const Span = types_file.Span;
pub const Dtype = cells.Dtype;
const Kind = cells.Kind;

pub const Error = error{ Inexact, WidthMismatch, InvalidArgument, Damaged };

pub const Table = struct {
    types: Types,
    data: Data,
    /// The first token of every row.
    rows: []const u64,
    /// The stream starts with this token. What comes before was dropped, and may have no memory.
    first_token: usize = 0,
    blocks: blocks_file.Blocks = .{},

    /// The first token of a row, or the number of tokens where the rows end. It comes from a file, and is checked.
    pub inline fn startOf(table: Table, row: usize) error{Damaged}!usize {
        const start = if (row < table.rows.len) table.rows[row] else table.data.len;
        return if (start >= table.first_token and start <= table.data.len) @intCast(start) else error.Damaged;
    }

    /// The tokens of a row, from the first to the one after the last.
    pub inline fn tokensOf(table: Table, row: usize) error{Damaged}![2]usize {
        const start = try table.startOf(row);
        const end = try table.startOf(row + 1);
        return if (start <= end) .{ start, end } else error.Damaged;
    }
};

pub const Request = struct {
    type: i32,
    kind: Kind,
    dtype: Dtype,
    /// Values a row, with room for them in every row; null for as many as there are, with offsets.
    width: ?usize,
    /// The row that stands first in the output, the next one to do, and the one after the last.
    first_row: usize,
    next_row: usize,
    end_row: usize,
    /// Values written so far; used where `width` is null.
    value_count: usize,
    /// Whether a value that does not give its cell again is refused, where a narrower float would round it.
    is_exact: bool = false,
};

/// `offsets` has a place for every row and one more, `validity` a bit for every row. Validity comes filled with ones,
/// and loses the bits of the rows that lack the field.
pub const Out = struct {
    values: []u8,
    offsets: union(enum) { none, small: []align(1) i32, large: []align(1) i64 } = .none,
    validity: []u8,
};

pub const Progress = struct {
    next_row: usize,
    value_count: usize,
    missing_count: usize = 0,
    count_min: usize = std.math.maxInt(usize),
    count_max: usize = 0,
    /// The row and the cell that an error is about.
    culprit_row: usize = 0,
    culprit_cell: u64 = 0,
};

/// Goes on until all rows are done or the room for values is full; the caller makes more and calls again.
pub fn extract(table: Table, request: Request, out: Out, progress: *Progress) Error!void {
    const row_count = std.math.sub(usize, request.end_row, request.first_row) catch return error.InvalidArgument;
    if (request.next_row < request.first_row or request.end_row > table.rows.len) return error.InvalidArgument;
    if (out.validity.len * 8 < row_count or request.kind.bytes() != table.data.width) return error.InvalidArgument;
    const has_offsets = switch (out.offsets) {
        .none => false,
        inline else => |offsets| blk: {
            if (offsets.len < row_count + 1) return error.InvalidArgument;
            if (request.next_row == request.first_row) offsets[0] = 0;
            break :blk true;
        },
    };
    if (request.width == null and !has_offsets) return error.InvalidArgument;
    if (request.dtype == .bool or @backingInt(request.dtype) != @backingInt(request.kind)) {
        return extractAs(.converted, table, request, out, progress);
    }
    return switch (request.kind.bytes()) {
        inline 1, 2, 4, 8 => |width| extractAs(.{ .copied = width }, table, request, out, progress),
        else => unreachable,
    };
}

/// How values leave their cells: as they are, of so many bytes, or each converted.
const Way = union(enum) { copied: usize, converted };

fn extractAs(comptime way: Way, table: Table, request: Request, out: Out, progress: *Progress) Error!void {
    var extraction: Extraction(way) = .{
        .table = table,
        .request = request,
        .out = out,
        .progress = progress,
        .value_count = request.value_count,
        .convert = converters.converterOf(request.kind.wide(), request.dtype),
    };
    progress.* = .{ .next_row = request.next_row, .value_count = request.value_count };
    var finder: Finder = .{ .type = request.type };
    var row = request.next_row;
    while (row < request.end_row) {
        const until = @min(request.end_row, table.blocks.endOf(row));
        const is_through = if (finder.ofLayout(table, row)) |known|
            try extraction.takeAlike(row, until, known)
        else
            try extraction.takeEach(row, until, &finder);
        if (!is_through) break;
        row = until;
    }
    try extraction.flush();
}

/// Cells that wait to be converted, those of many rows as one: most rows have few of a field.
const Stage = struct {
    const cells_max = 256;

    bytes: [cells_max * @sizeOf(u64)]u8 align(@alignOf(u64)) = undefined,
    /// The row of each.
    rows: [cells_max]usize = undefined,
    len: usize = 0,
    /// The place of the first one's value.
    at: usize = 0,
};

fn Extraction(comptime way: Way) type {
    return struct {
        table: Table,
        request: Request,
        out: Out,
        progress: *Progress,
        value_count: usize,
        convert: converters.Converter,
        stage: if (way == .converted) Stage else void = if (way == .converted) .{} else {},

        const Self = @This();

        /// Rows of one layout. Returns false where the room ends before.
        fn takeAlike(self: *Self, first_row: usize, end_row: usize, known: Finder.Place) Error!bool {
            var first = known.row_start + known.span.offset;
            for (first_row..end_row) |row| {
                if (!try self.take(row, first, known.span.count)) return false;
                first += known.row_tokens;
            }
            return true;
        }

        fn takeEach(self: *Self, first_row: usize, end_row: usize, finder: *Finder) Error!bool {
            const table = self.table;
            for (first_row..end_row) |row| {
                prefetch(table, row + rows_ahead, finder.hint);
                const start, const end = try table.tokensOf(row);
                const span = finder.find(table.types.slice(start, end));
                if (!try self.take(row, start + span.offset, span.count)) return false;
            }
            return true;
        }

        /// The values of a row, `count` from token `first` on. Returns false, and has done nothing, where there is no room.
        inline fn take(self: *Self, row: usize, first: usize, count: usize) Error!bool {
            const request = &self.request;
            const progress = self.progress;
            const index = row - request.first_row;
            const at = if (request.width) |width| index * width else self.value_count;
            if (count == 0) {
                bits.set(self.out.validity, index, false);
                progress.missing_count += 1;
            } else if (request.width != null and count != request.width.?) {
                try self.flush();
                progress.culprit_row = row;
                progress.culprit_cell = count;
                return error.WidthMismatch;
            }
            if (at + @max(count, request.width orelse 0) > self.room()) return false;
            switch (way) {
                .copied => |width| @memcpy(self.out.values[at * width ..][0 .. count * width], self.table.data.bytes(first, first + count)),
                .converted => try self.keep(row, at, self.table.data.slice(first, first + count)),
            }
            self.value_count += count;
            switch (self.out.offsets) {
                .none => {},
                inline else => |offsets| offsets[index + 1] = std.math.cast(@TypeOf(offsets[0]), self.value_count) orelse return error.InvalidArgument,
            }
            progress.count_min = @min(progress.count_min, count);
            progress.count_max = @max(progress.count_max, count);
            progress.next_row = row + 1;
            progress.value_count = self.value_count;
            return true;
        }

        /// Has the cells of a row converted later, their values to stand from place `at` on.
        fn keep(self: *Self, row: usize, at: usize, from: Data) Error!void {
            const stage = &self.stage;
            var done: usize = 0;
            while (done < from.len) {
                if (stage.len == Stage.cells_max or stage.at + stage.len != at + done) {
                    try self.flush();
                    stage.at = at + done;
                }
                const count = @min(Stage.cells_max - stage.len, from.len - done);
                @memcpy(stage.bytes[stage.len * from.width ..][0 .. count * from.width], from.bytes(done, done + count));
                @memset(stage.rows[stage.len..][0..count], row);
                stage.len += count;
                done += count;
            }
        }

        /// Converts what was kept.
        fn flush(self: *Self) Error!void {
            if (way != .converted or self.stage.len == 0) return;
            const stage = &self.stage;
            const request = &self.request;
            const from: Data = .init(&stage.bytes, stage.len, self.table.data.kind);
            stage.len = 0;
            var misfit: converters.Misfit = .{};
            const converted = self.convert(request.kind, self.out.values, stage.at, from, &misfit);
            const checked = if (request.is_exact) converters.checkExact(request.kind, request.dtype, self.out.values, stage.at, from, converted, &misfit) else converted;
            checked catch |err| {
                self.progress.culprit_row = stage.rows[misfit.at];
                self.progress.culprit_cell = misfit.cell;
                return err;
            };
        }

        inline fn room(self: *const Self) usize {
            const held = self.out.values.len;
            return switch (way) {
                .copied => |width| held / width,
                .converted => held * 8 / self.request.dtype.bits(),
            };
        }
    };
}

/// A scalar field uses a cell of a row and skips the others, faster than the hardware fetches ahead by itself.
const rows_ahead = 24;

inline fn prefetch(table: Table, row: usize, hint: Span) void {
    if (row >= table.rows.len) return;
    const token = table.rows[row] +| hint.offset;
    if (token >= table.data.len) return;
    table.types.prefetch(@intCast(token));
    table.data.prefetch(@intCast(token));
}

/// Finds a field in one row after another.
pub const Finder = struct {
    type: i32,
    /// Where it stood last.
    hint: Span = .{ .offset = 0, .count = 0 },
    /// Where it stands in the rows of the layout that was seen last.
    layout: u64 = 0,
    row_tokens: usize = 0,
    span: Span = .{},

    /// Where a row of a block of one layout starts, how far the next row is, and where in it the field stands.
    pub const Place = struct { row_start: usize, row_tokens: usize, span: Span };

    pub inline fn find(finder: *Finder, types: Types) Span {
        if (!finder.hint.fits(types, finder.type)) finder.hint = Span.find(types, finder.type);
        return finder.hint;
    }

    /// Where a row has the field, if the row is of a block of one layout. Types are looked at once for each layout.
    pub inline fn ofLayout(finder: *Finder, table: Table, row: usize) ?Place {
        return finder.within(table.blocks.ofRow(row) orelse return null, table, row);
    }

    /// The same, where the block is known.
    pub inline fn within(finder: *Finder, layout: blocks_file.Layout, table: Table, row: usize) ?Place {
        const start = layout.startOf(row);
        if (layout.hash != finder.layout or layout.row_tokens != finder.row_tokens) {
            if (!finder.learn(table.types.slice(start, start + layout.row_tokens), layout.hash)) return null;
        }
        return .{ .row_start = start, .row_tokens = layout.row_tokens, .span = finder.span };
    }

    noinline fn learn(finder: *Finder, types: Types, hash: u64) bool {
        // A row whose types are damaged must not speak for the others.
        if (types.hash() != hash) return false;
        finder.layout = hash;
        finder.row_tokens = types.len();
        finder.span = .find(types, finder.type);
        return true;
    }
};
