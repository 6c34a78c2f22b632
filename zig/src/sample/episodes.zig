//! Where episodes begin, read from the fields that say so. A scan stops where its room ends or the stream does, and
//! goes on from there later: no row is looked at twice.

const std = @import("std");
const cells = @import("../format/cells.zig");
const extract = @import("../read/extract.zig");
const Types = @import("../read/types.zig").Types;

pub const Error = error{ InvalidArgument, OutOfRange, Damaged };

pub const fields_max = 64;

/// How episodes are told apart: not at all, by fields that are true in their last row, by a field that names them.
pub const Rule = enum(u32) { none, end, id };

pub const Field = struct {
    type: i32,
    kind: cells.Kind,
    hint: extract.Span = .{ .offset = 0, .count = 0 },
};

/// The fields that tell episodes apart. An end has one or more, an ID one.
pub const Fields = struct {
    rule: Rule,
    all: [fields_max]Field = undefined,
    count: usize = 0,

    fn used(fields: *Fields) []Field {
        return fields.all[0..fields.count];
    }

    fn check(fields: *const Fields) Error!void {
        const is_fine = switch (fields.rule) {
            .none => fields.count == 0,
            .end => fields.count > 0 and fields.count <= fields_max,
            .id => fields.count == 1,
        };
        if (!is_fine) return error.InvalidArgument;
    }
};

pub const Progress = struct {
    /// The next row to look at, and the one after the last.
    row: usize,
    end_row: usize,
    /// The bits of the episode's name, once a row had one.
    id: ?u64 = null,
    start_count: usize = 0,
};

/// Looks for the rows with which episodes begin, until there is no room for more of them.
pub fn scan(table: extract.Table, first_row: usize, fields: *Fields, progress: *Progress, starts: []u64) Error!void {
    try fields.check();
    return switch (fields.rule) {
        .none => error.InvalidArgument,
        .end => scanEnds(table, first_row, fields.used(), progress, starts),
        .id => scanIds(table, first_row, &fields.all[0], progress, starts),
    };
}

/// A row in which a value of one of the fields is true (neither zero nor NaN) is the last of its episode. The last row of
/// all is left for later: no row comes after it yet, and fields can still be added to it.
fn scanEnds(table: extract.Table, first_row: usize, fields: []Field, progress: *Progress, starts: []u64) Error!void {
    try check(table, first_row, progress);
    progress.start_count = 0;
    while (progress.row + 1 < progress.end_row) : (progress.row += 1) {
        const row = progress.row;
        if (progress.start_count == starts.len) return;
        prefetch(table, row + rows_ahead, fields[0].hint);
        const start, const end = try table.tokensOf(row);
        const types = table.types.slice(start, end);
        var is_end = false;
        for (fields) |*field| {
            const span = find(field, types);
            for (start + span.offset..start + span.offset + span.count) |token| is_end = is_end or isTrue(field.kind, table.data.bitsAt(token));
        }
        if (!is_end) continue;
        starts[progress.start_count] = row + 1;
        progress.start_count += 1;
    }
}

/// A row whose field has other bits than the last row that had the field begins an episode. The last row of all is left
/// for later while it lacks the field.
fn scanIds(table: extract.Table, first_row: usize, field: *Field, progress: *Progress, starts: []u64) Error!void {
    try check(table, first_row, progress);
    progress.start_count = 0;
    while (progress.row < progress.end_row) : (progress.row += 1) {
        const row = progress.row;
        if (progress.start_count == starts.len) return;
        prefetch(table, row + rows_ahead, field.hint);
        const start, const end = try table.tokensOf(row);
        const span = find(field, table.types.slice(start, end));
        if (span.count == 0) {
            if (row + 1 == progress.end_row) return;
            continue;
        }
        const id = table.data.bitsAt(start + span.offset);
        const before = progress.id orelse id;
        progress.id = id;
        if (before == id) continue;
        starts[progress.start_count] = row;
        progress.start_count += 1;
    }
}

/// The row with which the episode of the last row begins, or the first row where it begins before the table. Null where
/// only an earlier row could tell.
pub fn lastStart(table: extract.Table, fields: *Fields) Error!?usize {
    try fields.check();
    return switch (fields.rule) {
        .none => 0,
        .end => try lastStartAfterEnd(table, fields.used()),
        .id => try lastNamedStart(table, &fields.all[0]),
    };
}

fn lastStartAfterEnd(table: extract.Table, fields: []Field) Error!usize {
    var row = table.rows.len;
    while (row > 1) : (row -= 1) {
        const start, const end = try table.tokensOf(row - 2);
        for (fields) |*field| {
            const span = find(field, table.types.slice(start, end));
            for (start + span.offset..start + span.offset + span.count) |token| if (isTrue(field.kind, table.data.bitsAt(token))) return row - 1;
        }
    }
    return 0;
}

/// A row that lacks the field belongs to the episode before it.
fn lastNamedStart(table: extract.Table, field: *Field) Error!?usize {
    var id: ?u64 = null;
    var first: usize = 0;
    var row = table.rows.len;
    while (row > 0) : (row -= 1) {
        const start, const end = try table.tokensOf(row - 1);
        const span = find(field, table.types.slice(start, end));
        if (span.count == 0) continue;
        const found = table.data.bitsAt(start + span.offset);
        if (id != null and id.? != found) return first;
        id = found;
        first = row - 1;
    }
    return if (first > 0) null else 0;
}

fn check(table: extract.Table, first_row: usize, progress: *const Progress) Error!void {
    if (progress.row < first_row or progress.row > progress.end_row or progress.end_row > table.rows.len) return error.OutOfRange;
}

pub inline fn find(field: *Field, types: Types) extract.Span {
    if (!field.hint.fits(types, field.type)) {
        const found = extract.Span.find(types, field.type);
        // Where it stood last is where it will stand again, should rows without it come between.
        if (found.count == 0) return found;
        field.hint = found;
    }
    return field.hint;
}

pub inline fn isTrue(kind: cells.Kind, cell: u64) bool {
    return switch (kind) {
        inline .float64, .float32, .float16 => |known| {
            const Float = known.Type();
            const number: Float = @bitCast(@as(@Int(.unsigned, @bitSizeOf(Float)), @truncate(cell)));
            return number != 0 and number == number;
        },
        else => cell != 0,
    };
}

/// Rows are far apart where they have many tokens, and the hardware does not look that far ahead.
pub const rows_ahead = 24;

pub inline fn prefetch(table: extract.Table, row: usize, hint: extract.Span) void {
    if (row >= table.rows.len) return;
    const token = table.rows[row] +| hint.offset;
    if (token >= table.data.len) return;
    table.types.prefetch(@intCast(token));
    table.data.prefetch(@intCast(token));
}

const testing = std.testing;

/// Rows of random layout; field 1 holds float64, field 2 int64, the others are noise.
const Sample = struct {
    types: [400]i32 = undefined,
    data: [400]u64 = undefined,
    rows: [60]u64 = undefined,
    token_count: usize = 0,
    row_count: usize,

    fn make(source: std.Random) Sample {
        var sample: Sample = .{ .row_count = source.intRangeAtMost(usize, 1, 60) };
        const floats = [_]f64{ 0, -0.0, std.math.nan(f64), 1, -2 };
        for (sample.rows[0..sample.row_count]) |*row| {
            row.* = sample.token_count;
            const has_noise = source.boolean();
            if (has_noise) sample.add(7, 1);
            for ([_]i32{ 1, 2 }) |field| {
                if (source.uintLessThan(u32, 3) == 0) continue;
                for (0..if (source.uintLessThan(u32, 4) == 0) 2 else 1) |_| {
                    const float: u64 = @bitCast(floats[source.uintLessThan(usize, floats.len)]);
                    const integer: u64 = @intFromBool(source.uintLessThan(u32, 4) == 0);
                    sample.add(field, if (field == 1) float else integer);
                }
            }
            if (source.boolean()) sample.add(8, 1);
        }
        return sample;
    }

    fn add(sample: *Sample, field: i32, cell: u64) void {
        sample.types[sample.token_count] = field;
        sample.data[sample.token_count] = cell;
        sample.token_count += 1;
    }

    fn table(sample: *const Sample) extract.Table {
        return .{ .types = .{ .words = sample.types[0..sample.token_count] }, .data = .of(.uint64, sample.data[0..sample.token_count]), .rows = sample.rows[0..sample.row_count] };
    }
};

/// As the definitions say, for a stream that ends with `row_count` rows.
fn plainStarts(table: extract.Table, fields: []const Field, is_id: bool, out: []u64) []u64 {
    var found: usize = 0;
    var last: ?u64 = null;
    for (table.rows, 0..) |start, row| {
        var is_end = false;
        var first: ?u64 = null;
        const end = if (row + 1 < table.rows.len) table.rows[row + 1] else table.data.len;
        for (@intCast(start)..@intCast(end)) |token| for (fields) |field| {
            if (table.types.at(token) != field.type) continue;
            if (first == null) first = table.data.bitsAt(token);
            const number: f64 = @bitCast(table.data.bitsAt(token));
            is_end = is_end or if (field.kind == .float64) number > 0 or number < 0 else table.data.bitsAt(token) != 0;
        };
        if (!is_id and is_end and row + 1 < table.rows.len) {
            out[found] = row + 1;
            found += 1;
        }
        if (is_id and first != null) {
            if (last != null and last.? != first.?) {
                out[found] = row;
                found += 1;
            }
            last = first;
        }
    }
    return out[0..found];
}

test "scans find what a plain loop finds, however often they stop while the stream grows" {
    var generator: std.Random.DefaultPrng = .init(2);
    const source = generator.random();
    for (0..3000) |round| {
        errdefer std.debug.print("round {}\n", .{round});
        const sample = Sample.make(source);
        const is_id = source.boolean();
        var fields = [_]Field{ .{ .type = 2, .kind = .int64 }, .{ .type = 1, .kind = .float64 } };
        const used = fields[0..if (is_id) 1 else source.intRangeAtMost(usize, 1, 2)];
        var starts: [60]u64 = undefined;
        var found: usize = 0;
        var progress: Progress = .{ .row = 0, .end_row = 0 };
        while (true) {
            const had_all = progress.end_row == sample.row_count;
            const row_before = progress.row;
            if (source.boolean()) progress.end_row = @min(sample.row_count, progress.end_row + source.uintLessThan(usize, 9));
            const room = starts[found..][0..@min(starts.len - found, source.uintLessThan(usize, 4))];
            // A store shows whole rows: those beyond the end that was seen do not count yet.
            if (is_id) try scanIds(sample.table(), 0, &used[0], &progress, room) else try scanEnds(sample.table(), 0, used, &progress, room);
            found += progress.start_count;
            if (had_all and room.len > 0 and progress.start_count == 0 and row_before == progress.row) break;
        }
        var wanted: [60]u64 = undefined;
        try testing.expectEqualSlices(u64, plainStarts(sample.table(), used, is_id, &wanted), starts[0..found]);
    }
}

test "rows outside the store are refused, rows that no writer makes are damage" {
    const table: extract.Table = .{ .types = .{ .words = &.{ 1, 1 } }, .data = .of(.float64, &.{ 0, 0 }), .rows = &.{ 0, 9, 1 } };
    var fields = [_]Field{.{ .type = 1, .kind = .float64 }};
    var starts: [4]u64 = undefined;
    for ([_][2]usize{ .{ 0, 3 }, .{ 2, 1 }, .{ 1, 4 } }) |range| {
        var progress: Progress = .{ .row = range[0], .end_row = range[1] };
        try testing.expectError(error.OutOfRange, scanEnds(table, 1, &fields, &progress, &starts));
    }
    var progress: Progress = .{ .row = 0, .end_row = 3 };
    try testing.expectError(error.Damaged, scanEnds(table, 0, &fields, &progress, &starts));
    progress = .{ .row = 1, .end_row = 3 };
    try testing.expectError(error.Damaged, scanIds(table, 0, &fields[0], &progress, &starts));
}
