//! Windows of rows as dense blocks: a `[batch, rows, width]` block for each of some fields, with a mask, and their steps.

const std = @import("std");
const blocks_file = @import("../read/blocks.zig");
const cells = @import("../format/cells.zig");
const extract = @import("../read/extract.zig");
const rows_file = @import("../read/rows.zig");
const narrow = @import("../read/narrow.zig");
const outputs = @import("../read/outputs.zig");
const touching = @import("../read/touch.zig");
const placing = @import("placement.zig");
const Placement = placing.Placement;
const Block = placing.Block;
const Culprit = placing.Culprit;
const Source = @import("source.zig").Source;
const rows_ahead = @import("rows_ahead.zig");
const alike = @import("alike_fill.zig");
const RowsAhead = rows_ahead.RowsAhead;

pub const Error = error{ InvalidArgument, OutOfRange, WidthMismatch, Inexact, Damaged };

/// So many fields are filled by one call: what it looks up of rows is for all of them, and their values lie side by side.
pub const fields_max = 4;

/// `[batch, rows, width]`, both.
pub const Out = struct { values: placing.Values, mask: [*]u8 };

pub const Field = struct {
    type: i32,
    kind: cells.Kind,
    scale: narrow.Scale,
    /// Values a row.
    width: usize,
    out: Out,

    fn rowBytes(field: Field) usize {
        return field.width * field.out.values.output.bytes();
    }
};

pub const Request = struct {
    placement: Placement,
    /// Whether something of the windows was read already.
    is_reached: bool = false,
    /// Whether of more values than a field's width the first are taken; else they are an error.
    truncate: bool,
    fields: []const Field,
    steps: placing.Steps,
    /// `[batch, rows]`.
    mask: [*]u8,
};

/// Windows and places are checked before the first byte is written; after an error `culprit` is the window. A row with too
/// many values, or with one that the output does not hold, is found on the way, and is the culprit with their number, or with
/// the cell, and with the field: what stands before it is written then.
pub fn fill(source: Source, request: Request, columns: *Columns, culprit: *Culprit) Error!void {
    return fillTables(source.tokens(), source.table, request, columns, culprit);
}

/// The same, of tables.
pub fn fillTables(table: extract.Table, row_table: rows_file.Table, request: Request, columns: *Columns, culprit: *Culprit) Error!void {
    const placement = request.placement;
    for (request.fields) |field| {
        if (field.width == 0 or field.kind.bytes() != table.data.width) return error.InvalidArgument;
        // Else the size of the output would overflow.
        const row_bytes = field.width *| @sizeOf(f64) *| placement.width;
        if (row_bytes > std.math.maxInt(i64) / @max(1, placement.batch_size)) return error.InvalidArgument;
    }
    var filling: Filling = .{ .table = table, .columns = columns.all[0..request.fields.len], .steps = row_table.steps, .first_row = row_table.first_row, .request = request, .culprit = culprit, .are_long = rows_ahead.areLong(table, request.placement) };
    try placement.check(row_table.first_row, table.rows.len, placement.width, culprit);
    filling.maskAll();
    const count = placement.starts.len;
    var window: usize = 0;
    filling.readAhead(0, @min(touching.pieces, count));
    while (window < count) {
        const end = @min(window + touching.pieces, count);
        // What these reads wait for is on its way while the windows before are copied.
        filling.readAhead(end, @min(end + touching.pieces, count));
        if (filling.are_long) {
            for (window..end) |each| try filling.addWindow(each);
        } else try filling.addWindows(window, end);
        window = end;
    }
}

/// The fields of a request. What is known of them holds for more stores than one: their rows tend to be alike.
pub const Columns = struct {
    all: [fields_max]Column = undefined,

    pub fn of(fields: []const Field) Error!Columns {
        if (fields.len > fields_max) return error.InvalidArgument;
        var columns: Columns = .{};
        for (columns.all[0..fields.len], fields) |*column, field| column.* = try .of(field);
        return columns;
    }
};

/// A field, and what is known of where it stands.
pub const Column = struct {
    finder: extract.Finder,
    span: extract.Span = .{},
    conversion: outputs.Conversion,
    take: outputs.Taker,
    rows: outputs.Rows,

    fn of(field: Field) Error!Column {
        const conversion: outputs.Conversion = try .init(field.kind, field.out.values.output, field.scale);
        return .{
            .finder = .{ .type = field.type },
            .conversion = conversion,
            .take = conversion.taker(),
            .rows = .{ .from = undefined, .from_row_bytes = 0, .to = undefined, .to_row_bytes = field.rowBytes(), .row_count = 1 },
        };
    }
};

const Filling = struct {
    table: extract.Table,
    steps: []const i64,
    first_row: usize,
    request: Request,
    culprit: *Culprit,
    columns: []Column,
    /// All windows have a row of the batch: masks are written at once, in a fraction of the time.
    is_whole: bool = false,
    /// Windows are fetched also while they are copied.
    are_long: bool,
    ahead: RowsAhead = .{},
    /// The fields in the rows of the layout that came last, where they need nothing but to be copied.
    plain: alike.Plain = .{},
    /// The window, how far each row that is under way is from the one before, and where the first one goes.
    window: usize = 0,
    stride: usize = 1,
    first_place: usize = 0,

    fn maskAll(self: *Filling) void {
        const placement = self.request.placement;
        const place_count = placement.batch_size * placement.width;
        self.is_whole = placement.starts.len == placement.batch_size;
        if (!self.is_whole) return;
        @memset(self.request.mask[0..place_count], 1);
        for (self.request.fields) |field| @memset(field.out.mask[0 .. place_count * field.width], 1);
    }

    fn readAhead(self: *const Filling, from: usize, to: usize) void {
        if (self.request.is_reached) return;
        const steps = if (self.request.steps == .none) null else self.steps;
        rows_ahead.read(self.table, self.first_row, steps, self.request.placement, from, to);
    }

    /// Short windows: where rows are known to be alike and fields are only copied, field after field.
    fn addWindows(self: *Filling, from: usize, to: usize) Error!void {
        var found: [touching.pieces]alike.Window = undefined;
        var count: usize = 0;
        for (from..to) |window| {
            if (self.findKnown(window)) |known| {
                found[count] = known;
                count += 1;
                continue;
            }
            // What is known of the layout may be of another one after this.
            self.plain.copyWindows(self.table.data.width, found[0..count]);
            count = 0;
            try self.addWindow(window);
        }
        self.plain.copyWindows(self.table.data.width, found[0..count]);
    }

    /// Where a window's rows stand, and where they go, if they are such; its masks and steps are done then.
    inline fn findKnown(self: *Filling, window: usize) ?alike.Window {
        const placement = &self.request.placement;
        const known = &self.table.blocks.known;
        const row = placement.startOf(window);
        const length = placement.lengthOf(window);
        if (placement.rows != null or self.columns.len == 0 or !known.has(row) or row + length > known.end_row) return null;
        const layout = known.layout();
        if (!self.plain.isOf(layout)) {
            // Where it was of another layout, windows that were found by that are not copied yet.
            if (self.plain.row_tokens != 0 or !self.isKnown(layout, row)) return null;
        }
        if (self.plain.way == .converted) return null;
        const block = placement.blockOf(window, length);
        self.addMasks(block);
        self.window = window;
        switch (self.request.steps) {
            .none => {},
            inline else => |steps| self.addSteps(steps, block),
        }
        return .{ .from = self.table.data.address + layout.startOf(row) * self.table.data.width, .place = block.first, .row_count = length };
    }

    fn addWindow(self: *Filling, window: usize) Error!void {
        const placement = self.request.placement;
        const length = placement.lengthOf(window);
        const block = placement.blockOf(window, length);
        self.addMasks(block);
        if (self.are_long) self.ahead = .of(self.table, &self.request.placement, window);
        self.window = window;
        self.first_place = block.first;
        switch (self.request.steps) {
            .none => {},
            inline else => |steps| self.addSteps(steps, block),
        }
        // Of rows around an anchor only the anchor's step is wanted here.
        if (self.request.fields.len == 0) return;
        var at: usize = 0;
        while (at < length) {
            const row = self.rowAt(at);
            const run = placement.runAt(window, at, length);
            self.stride = run.stride;
            const in_block = self.table.blocks.endOf(row) - row;
            const until = @min(run.end, at + if (run.stride == 1) in_block else (in_block - 1) / run.stride + 1);
            if (self.startAlike(row)) |start| try self.addAlike(at, until, start) else try self.addEach(at, until);
            at = until;
        }
    }

    /// The row at a place of the window.
    inline fn rowAt(self: *const Filling, at: usize) usize {
        return self.request.placement.rowAt(self.window, at);
    }

    inline fn addMasks(self: *Filling, block: Block) void {
        if (self.is_whole and block.length == block.width) return;
        self.addSomeMasks(block);
    }

    noinline fn addSomeMasks(self: *Filling, block: Block) void {
        for (self.request.fields) |field| {
            block.pad(field.out.values.address, field.rowBytes());
            block.pad(field.out.mask, field.width);
            if (!self.is_whole) @memset(field.out.mask[block.first * field.width ..][0 .. block.length * field.width], 1);
        }
        block.pad(self.request.mask, 1);
        if (!self.is_whole) @memset(self.request.mask[block.first..][0..block.length], 1);
    }

    inline fn addSteps(self: *Filling, steps: anytype, block: Block) void {
        block.pad(steps, 1);
        const out = steps[block.first..][0..block.length];
        if (self.request.placement.rows == null) {
            const first_row = self.request.placement.startOf(self.window);
            for (out, self.steps[first_row..][0..block.length]) |*to, step| put(to, step);
        } else for (out, 0..) |*to, at| put(to, self.steps[self.rowAt(at)]);
    }

    inline fn put(to: anytype, step: i64) void {
        to.* = if (@TypeOf(to.*) == f64) @floatFromInt(step) else step;
    }

    /// Where a row starts whose block has a layout, if all fields are known to stand where it says. A layout is looked at
    /// where it comes from: to hand it on, whichever it is, would have it written to memory for every window.
    inline fn startAlike(self: *Filling, row: usize) ?usize {
        const blocks = &self.table.blocks;
        if (blocks.known.has(row)) return self.startWithin(blocks.known.layout(), row);
        return self.startWithin(blocks.ofBlock(row) orelse return null, row);
    }

    inline fn startWithin(self: *Filling, layout: blocks_file.Layout, row: usize) ?usize {
        return if (self.plain.isOf(layout) or self.isKnown(layout, row)) layout.startOf(row) else null;
    }

    noinline fn isKnown(self: *Filling, layout: blocks_file.Layout, row: usize) bool {
        for (self.columns) |*column| {
            column.span = (column.finder.within(layout, self.table, row) orelse return false).span;
        }
        self.plain = .of(layout, self.table.data, self.columns, self.request);
        return true;
    }

    /// Rows of one layout: neither their starts nor their types are read.
    inline fn addAlike(self: *Filling, first: usize, end: usize, first_start: usize) Error!void {
        const row_tokens = self.plain.row_tokens * self.stride;
        var start = first_start;
        var at = first;
        while (at < end) {
            const count = @min(rows_at_a_time, end - at);
            if (self.are_long and !self.ahead.prefetchRows(self.table, at, at + count)) {
                for (at..at + count) |each| self.prefetchRow(each);
            }
            if (self.plain.way != .converted) {
                self.plain.copy(self.table.data, start, row_tokens, self.first_place + at, count);
            } else for (self.columns, 0..) |*column, field| {
                column.rows.row_count = count;
                column.rows.from_row_bytes = row_tokens * self.table.data.width;
                try self.take(column, field, at, start);
            }
            start += count * row_tokens;
            at += count;
        }
    }

    inline fn addEach(self: *Filling, first: usize, end_at: usize) Error!void {
        const table = self.table;
        // Spans are of one row now.
        self.plain = .{};
        var start: usize = try table.startOf(self.rowAt(first));
        for (first..end_at) |at| {
            const row = self.rowAt(at);
            if (self.stride > 1) start = try table.startOf(row);
            if (self.are_long) self.prefetchRow(at);
            const end = try table.startOf(row + 1);
            if (start > end) return error.Damaged;
            for (self.columns, 0..) |*column, field| {
                column.rows.row_count = 1;
                column.span = column.finder.find(table.types.slice(start, end));
                try self.take(column, field, at, start);
            }
            start = end;
        }
    }

    /// The values of a field in as many rows as its `rows` says, the first of which starts with a token.
    inline fn take(self: *Filling, column: *Column, field_index: usize, at: usize, start: usize) Error!void {
        const field = &self.request.fields[field_index];
        const span = column.span;
        if (span.count > field.width and !self.request.truncate) {
            self.culprit.* = .{ .index = self.rowAt(at), .count = span.count, .type = field.type };
            return error.WidthMismatch;
        }
        const rows = &column.rows;
        const place = self.first_place + at;
        const first = start + span.offset;
        rows.from = self.table.data.slice(first, first + @min(span.count, field.width));
        rows.to = field.out.values.address + place * rows.to_row_bytes;
        column.take(&column.conversion, rows) catch |err| {
            self.culprit.* = .{ .index = self.rowAt(at + rows.misfit_row), .type = field.type, .cell = rows.misfit.cell };
            return err;
        };
        if (rows.from.len < field.width) leaveOut(field, rows, place);
    }

    inline fn prefetchRow(self: *Filling, at: usize) void {
        const start = self.ahead.startOf(self.table, at) orelse return;
        for (self.columns) |*column| self.ahead.prefetch(self.table, start, column.span);
    }
};

/// While so many rows are copied, as many of a later window are fetched.
const rows_at_a_time = 8;

/// Zeros for the values that rows lack.
noinline fn leaveOut(field: *const Field, rows: *const outputs.Rows, first_place: usize) void {
    const value_bytes = field.out.values.output.bytes();
    for (first_place..first_place + rows.row_count) |place| {
        const at = place * field.width;
        @memset(field.out.values.address[(at + rows.from.len) * value_bytes .. (at + field.width) * value_bytes], 0);
        @memset(field.out.mask[at + rows.from.len .. at + field.width], 0);
    }
}
