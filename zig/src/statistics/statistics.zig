//! Statistics of fields over a growing stream: one pass over the tokens that are new since the last.
//!
//! Quantiles come from a sketch: DDSketch (Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch with
//! relative-error guarantees", PVLDB 12, 2019) with the mapping of its linear interpolation: the upper bits of a float64,
//! its sign, exponent and 7 bits of its mantissa, are its bucket. A bucket is at most 1/128 wider than its lower end.
//! Counts stand in pages of 128 buckets, one page for each sign and exponent that occurs; zero has a page of its own.

const std = @import("std");
const cells = @import("../format/cells.zig");
const format = @import("../format/format.zig");
const rows_file = @import("../read/rows.zig");
const data_file = @import("../read/data.zig");
const Data = data_file.Data;
const Types = @import("../read/types.zig").Types;
const Moments = @import("moments.zig").Moments;

pub const Error = error{ Damaged, InvalidArgument };

pub const page_length = 128;
/// One place for each sign and exponent, and the last for zero.
pub const index_length = 4097;
pub const zero_page = index_length - 1;
pub const mantissa_shift = 52 - 7;

/// As it stands in the caller's array.
pub const Summary = extern struct {
    moments: Moments = .{},
    min: f64 = std.math.inf(f64),
    max: f64 = -std.math.inf(f64),
    non_finite: f64 = 0,
    /// Rows that have the field.
    row_count: f64 = 0,
};

pub const Field = struct {
    type: i32,
    kind: cells.Kind,
    summary: *Summary,
    /// For each sign and exponent the number of its page, from 1, or 0.
    index: *[index_length]u32,
};

/// How far the pass has come.
pub const Progress = extern struct {
    next_token: f64,
    next_row: f64,
    next_mark: f64,
    /// Rows that were looked at.
    row_count: f64,
    page_count: f64,
    /// 1: the pass is through; 0: it goes on where there are more pages.
    is_done: f64,
};

/// Goes on until all tokens are counted or the pages are used up; the caller makes more and calls again.
pub fn add(table: rows_file.Table, types: Types, data: Data, fields: []const Field, pages: []f64, progress: *Progress) Error!void {
    // Row starts come from a file.
    const first_token: u64 = if (table.first_row < table.rows.len) table.rows[table.first_row] else 0;
    if (first_token < table.first_token or first_token > types.len()) return error.Damaged;
    var pass: Pass = .{
        .types = types,
        .data = data,
        .fields = fields,
        .pages = pages,
        .page_count = try count(progress.page_count),
        .token = @max(try count(progress.next_token), @as(usize, @intCast(first_token))),
    };
    const next_row = try count(progress.next_row);
    const next_mark = try count(progress.next_mark);
    if (pass.page_count > pages.len / page_length) return error.InvalidArgument;
    if (pass.token > types.len() or next_row > table.rows.len or next_mark > table.marks.len) return error.InvalidArgument;
    defer progress.next_token = @floatFromInt(pass.token);
    defer progress.page_count = @floatFromInt(pass.page_count);
    progress.is_done = 0;
    if (!try pass.addRows(table)) return;
    progress.is_done = 1;
    const first_new = @max(next_row, table.first_row);
    progress.row_count += @floatFromInt(table.rows.len - first_new);
    progress.next_row = @floatFromInt(table.rows.len);
    progress.next_mark = @floatFromInt(table.marks.len);
    for (table.marks[@max(next_mark, table.first_mark)..]) |mark| {
        // Rows that were dropped before anything was counted of them.
        if (mark.row >= next_row and mark.row < first_new) continue;
        if (mark.kind != .empty_list) continue;
        for (fields) |field| if (field.type == mark.type) {
            field.summary.row_count += 1;
        };
    }
}

fn count(number: f64) Error!usize {
    return if (number >= 0 and number < 0x1p53) @intFromFloat(number) else error.InvalidArgument;
}

const Pass = struct {
    types: Types,
    data: Data,
    fields: []const Field,
    pages: []f64,
    page_count: usize,
    /// The next one.
    token: usize,
    layout: Layout = .{},

    /// Whether it came to the end.
    fn addRows(pass: *Pass, table: rows_file.Table) Error!bool {
        if (pass.token == pass.types.len()) return true;
        var row = try table.rowOfToken(pass.token);
        while (pass.token < pass.types.len()) {
            if (row >= table.rows.len) return error.Damaged;
            const until = @min(table.rows.len, table.blocks.endOf(row));
            // What is known of a block has a checksum: it is made once for all of its rows.
            const alike = table.blocks.ofRow(row);
            while (row < until and pass.token < pass.types.len()) : (row += 1) {
                const start, const end = if (alike) |layout| .{ layout.startOf(row), layout.startOf(row + 1) } else try table.tokensOf(row);
                if (start > pass.token or end < pass.token) return error.Damaged;
                if (!try pass.addRow(start, end)) return false;
            }
        }
        return true;
    }

    fn addRow(pass: *Pass, start: usize, end: usize) Error!bool {
        const is_whole = pass.token == start;
        if (is_whole and pass.layout.fits(pass.types.slice(start, end))) {
            for (pass.layout.runs[0..pass.layout.run_count]) |run| {
                if (!try pass.addRun(run.field, start, start + run.first, start + run.end)) return false;
            }
        } else {
            pass.layout.reset();
            var field: usize = 0;
            while (pass.token < end) {
                const first = pass.token;
                const run_end = pass.types.slice(0, end).endOfRun(first);
                if (pass.find(pass.types.at(first), &field)) {
                    if (!try pass.addRun(field, start, first, run_end)) return false;
                    pass.layout.note(field, first - start, run_end - start);
                }
                pass.token = run_end;
            }
            if (is_whole) pass.layout.finish(pass.types.slice(start, end));
        }
        pass.token = end;
        return true;
    }

    /// Fields come in field order, in a row as in `fields`: so the search goes on from the one before.
    fn find(pass: *const Pass, type_id: i32, field: *usize) bool {
        for (pass.fields[field.*..], field.*..) |candidate, index| {
            if (candidate.type != type_id) continue;
            field.* = index;
            return true;
        }
        return false;
    }

    /// All that a row has of a field, or the rest where the pages were used up amid it.
    fn addRun(pass: *Pass, field_index: usize, row_start: usize, first: usize, end: usize) Error!bool {
        const field = pass.fields[field_index];
        const taken = try pass.addCells(field, pass.data.slice(first, end));
        const is_first = first == row_start or pass.types.at(first - 1) != pass.types.at(first);
        if (taken > 0 and is_first) field.summary.row_count += 1;
        pass.token = first + taken;
        return taken == end - first;
    }

    fn addCells(pass: *Pass, field: Field, data: Data) Error!usize {
        var widening: data_file.Widening = .of(data, field.kind);
        var taken: usize = 0;
        while (true) {
            const piece = widening.next();
            const count_taken = switch (field.kind.wide()) {
                inline else => |wide| try pass.addValues(wide, field, piece),
            };
            taken += count_taken;
            if (piece.len == 0 or count_taken < piece.len) return taken;
        }
    }

    /// Returns how many it took: all, or those before the one that needs a page that there is not.
    fn addValues(pass: *Pass, comptime wide: cells.Wide, field: Field, values: []const u64) Error!usize {
        var at: usize = 0;
        while (at < values.len) {
            const moments = &field.summary.moments;
            const value = cells.decodeNearest(wide, f64, values[at]);
            const exponent = exponentOf(value);
            if (exponent == 0x7ff) {
                field.summary.non_finite += 1;
                at += 1;
                continue;
            }
            if (exponent > moments.exponentMax()) moments.widen(exponent);
            moments.begin(value);
            const taken = try pass.addBlock(wide, field, values[at..][0..@min(values.len - at, moments.blockRoom())]);
            if (taken == 0) break;
            at += taken;
        }
        return at;
    }

    /// The hot loop. Stops before a value that is not finite, that needs another scale, or a page that there is not.
    fn addBlock(pass: *Pass, comptime wide: cells.Wide, field: Field, values: []const u64) Error!usize {
        const summary = field.summary;
        const exponent_max = @min(summary.moments.exponentMax(), 0x7fe);
        const scale = summary.moments.scale;
        const mean = summary.moments.mean;
        // Gone on with value by value, so that the order of additions is that of the stream.
        var sum = summary.moments.block_sum;
        var squares = summary.moments.block_squares;
        var min = summary.min;
        var max = summary.max;
        const taken = for (values, 0..) |cell, index| {
            const value = cells.decodeNearest(wide, f64, cell);
            const bits: u64 = @bitCast(value);
            if (exponentOf(value) > exponent_max) break index;
            const place = &field.index[if (bits << 1 == 0) zero_page else bits >> 52];
            if (place.* -% 1 >= pass.page_count) {
                @branchHint(.unlikely);
                if (!try pass.addPage(place)) break index;
            }
            pass.pages[(place.* - 1) * page_length + (bits >> mantissa_shift & (page_length - 1))] += 1;
            min = @min(min, value);
            max = @max(max, value);
            const distance = value * scale - mean;
            sum += distance;
            squares += distance * distance;
        } else values.len;
        summary.min = min;
        summary.max = max;
        summary.moments.setSums(taken, sum, squares);
        return taken;
    }

    fn addPage(pass: *Pass, place: *u32) Error!bool {
        if (place.* != 0) return error.InvalidArgument;
        if (pass.page_count == pass.pages.len / page_length) return false;
        pass.page_count += 1;
        place.* = @intCast(pass.page_count);
        return true;
    }
};

fn exponentOf(value: f64) u64 {
    return @as(u64, @bitCast(value)) >> 52 & 0x7ff;
}

/// Where the last row had the fields. Rows tend to be alike, and one whose types are the same has them in the same places.
const Layout = struct {
    types: ?Types = null,
    runs: [runs_max]Run = undefined,
    run_count: usize = 0,

    const Run = struct { field: usize, first: usize, end: usize };
    /// A row with more is looked through each time.
    const runs_max = 64;

    fn fits(layout: *const Layout, types: Types) bool {
        return layout.types != null and layout.types.?.eql(types);
    }

    fn reset(layout: *Layout) void {
        layout.types = null;
        layout.run_count = 0;
    }

    fn note(layout: *Layout, field: usize, first: usize, end: usize) void {
        if (layout.run_count < runs_max) layout.runs[layout.run_count] = .{ .field = field, .first = first, .end = end };
        layout.run_count += 1;
    }

    fn finish(layout: *Layout, types: Types) void {
        if (layout.run_count <= runs_max) layout.types = types;
    }
};

comptime {
    std.debug.assert(@sizeOf(Summary) == 12 * @sizeOf(f64));
    std.debug.assert(@sizeOf(Progress) == 6 * @sizeOf(f64));
}
