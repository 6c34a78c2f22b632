//! Fields of rows that are alike and need nothing but to be copied, or to be rounded from float64 to float32: one loop over
//! rows and their fields, where else each field of a window is a call.

const blocks_file = @import("../read/blocks.zig");
const outputs = @import("../read/outputs.zig");
const fields_fill = @import("fields_fill.zig");
const Data = @import("../read/data.zig").Data;

pub const Plain = struct {
    /// The layout that this is of; there is none of rows without tokens.
    hash: u64 = 0,
    row_tokens: usize = 0,
    way: outputs.Way = .converted,
    count: usize = 0,
    parts: [fields_fill.fields_max]Part = undefined,

    /// The values of a field: where they stand in a row, and where they go.
    const Part = struct { from_bytes: usize, from_size: usize, count: usize, to: [*]u8, to_row_bytes: usize };

    /// What is asked of columns must be known. Their way is `converted` where it is not the same for all, or where a field
    /// does not stand in a row as a whole.
    pub fn of(layout: blocks_file.Layout, data: Data, columns: []const fields_fill.Column, request: fields_fill.Request) Plain {
        var plain: Plain = .{ .hash = layout.hash, .row_tokens = layout.row_tokens, .count = columns.len, .way = columns[0].conversion.way() };
        for (columns, request.fields, plain.parts[0..columns.len]) |*column, field, *part| {
            const held = column.span.count;
            if (column.conversion.way() != plain.way or held < field.width or held > field.width and !request.truncate) plain.way = .converted;
            part.* = .{
                .from_bytes = column.span.offset * data.width,
                .from_size = field.width * data.width,
                .count = field.width,
                .to = field.out.values.address,
                .to_row_bytes = column.rows.to_row_bytes,
            };
        }
        return plain;
    }

    pub inline fn isOf(plain: *const Plain, layout: blocks_file.Layout) bool {
        return plain.row_tokens == layout.row_tokens and plain.hash == layout.hash;
    }

    /// The same of windows, each of rows that stand side by side.
    pub fn copyWindows(plain: *const Plain, data_width: usize, windows: []const Window) void {
        if (windows.len == 0) return;
        const from_row_bytes = plain.row_tokens * data_width;
        for (plain.parts[0..plain.count]) |*part| {
            switch (plain.way) {
                .converted => unreachable,
                .copied => switch (part.from_size) {
                    inline 4, 8, 16, 32 => |size| for (windows) |window| window.rowsOf(part, from_row_bytes).copySized(size),
                    else => |size| for (windows) |window| window.rowsOf(part, from_row_bytes).copyAny(size),
                },
                .float32 => for (windows) |window| {
                    const rows = window.rowsOf(part, from_row_bytes);
                    if (part.count == 1) rows.toFloat32(1) else rows.toFloat32(part.count);
                },
            }
        }
    }

    /// Rows, the first of which starts with a token and goes to a place, each so many tokens from the one before.
    pub inline fn copy(plain: *const Plain, data: Data, start: usize, row_tokens: usize, place: usize, row_count: usize) void {
        const from = data.address + start * data.width;
        const from_row_bytes = row_tokens * data.width;
        for (plain.parts[0..plain.count]) |*part| {
            const rows: Rows = .{ .from = from + part.from_bytes, .from_row_bytes = from_row_bytes, .to = part.to + place * part.to_row_bytes, .to_row_bytes = part.to_row_bytes, .count = row_count };
            switch (plain.way) {
                .converted => unreachable,
                .copied => switch (part.from_size) {
                    // Of numbers and of short lists: an instruction or two.
                    inline 4, 8, 16, 32 => |size| rows.copySized(size),
                    else => |size| rows.copyAny(size),
                },
                .float32 => if (part.count == 1) rows.toFloat32(1) else rows.toFloat32(part.count),
            }
        }
    }
};

/// Where the rows of a window begin, the place of the first, and how many there are.
pub const Window = struct {
    from: [*]const u8,
    place: usize,
    row_count: usize,

    inline fn rowsOf(window: Window, part: *const Plain.Part, from_row_bytes: usize) Rows {
        return .{ .from = window.from + part.from_bytes, .from_row_bytes = from_row_bytes, .to = part.to + window.place * part.to_row_bytes, .to_row_bytes = part.to_row_bytes, .count = window.row_count };
    }
};

const Rows = struct {
    from: [*]const u8,
    from_row_bytes: usize,
    to: [*]u8,
    to_row_bytes: usize,
    count: usize,

    inline fn copySized(rows: Rows, comptime size: comptime_int) void {
        for (0..rows.count) |row| {
            const bytes: @Vector(size, u8) = rows.from[row * rows.from_row_bytes ..][0..size].*;
            rows.to[row * size ..][0..size].* = bytes;
        }
    }

    inline fn copyAny(rows: Rows, size: usize) void {
        for (0..rows.count) |row| outputs.copyBytes(rows.to + row * rows.to_row_bytes, (rows.from + row * rows.from_row_bytes)[0..size]);
    }

    inline fn toFloat32(rows: Rows, count: usize) void {
        for (0..rows.count) |row| outputs.toFloat32(rows.to + row * rows.to_row_bytes, rows.from + row * rows.from_row_bytes, count);
    }
};
