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
    /// Where it stands in rows of one layout.
    finder: extract.Finder = .{ .type = 0 },
    span: extract.Span = .{},
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
    try begin(table, first_row, fields, progress);
    var unknown_until: usize = 0;
    while (progress.row + 1 < progress.end_row) {
        const row = progress.row;
        if (progress.start_count == starts.len) return;
        if (row >= unknown_until) {
            if (Alike.of(table, progress, fields)) |alike| {
                alike.scanEnds(table, fields, progress, starts);
                continue;
            }
            unknown_until = table.blocks.endOf(row);
        }
        prefetch(table, row + rows_ahead, fields[0].hint);
        const start, const end = try table.tokensOf(row);
        const types = table.types.slice(start, end);
        for (fields) |*field| field.span = find(field, types);
        progress.row += 1;
        if (!isEnd(table, fields, start)) continue;
        starts[progress.start_count] = row + 1;
        progress.start_count += 1;
    }
}

/// Whether a value of the fields is true in the row that starts with a token, where they stand as their spans say.
pub inline fn isEnd(table: extract.Table, fields: []const Field, start: usize) bool {
    var is_end = false;
    for (fields) |*field| {
        const first = start + field.span.offset;
        for (first..first + field.span.count) |token| is_end = is_end or isTrue(field.kind, table.data.bitsAt(token));
    }
    return is_end;
}

/// A row whose field has other bits than the last row that had the field begins an episode. The last row of all is left
/// for later while it lacks the field.
fn scanIds(table: extract.Table, first_row: usize, field: *Field, progress: *Progress, starts: []u64) Error!void {
    try begin(table, first_row, field[0..1], progress);
    var unknown_until: usize = 0;
    while (progress.row < progress.end_row) {
        const row = progress.row;
        if (progress.start_count == starts.len) return;
        if (row >= unknown_until) {
            if (Alike.of(table, progress, field[0..1])) |alike| {
                alike.scanIds(table, field.span, progress, starts);
                continue;
            }
            unknown_until = table.blocks.endOf(row);
        }
        prefetch(table, row + rows_ahead, field.hint);
        const start, const end = try table.tokensOf(row);
        const span = find(field, table.types.slice(start, end));
        if (span.count == 0 and row + 1 == progress.end_row) return;
        progress.row += 1;
        if (span.count == 0) continue;
        const id = table.data.bitsAt(start + span.offset);
        const before = progress.id orelse id;
        progress.id = id;
        if (before == id) continue;
        starts[progress.start_count] = row;
        progress.start_count += 1;
    }
}

fn begin(table: extract.Table, first_row: usize, fields: []Field, progress: *Progress) Error!void {
    try check(table, first_row, progress);
    progress.start_count = 0;
    for (fields) |*field| field.finder = .{ .type = field.type };
}

/// The rows from the next one on that are of one layout: only their values are read. The last row is not among them.
const Alike = struct {
    end_row: usize,
    /// Where the next row starts, and how far each is from the one before.
    start: usize,
    row_tokens: usize,

    /// Notes where the fields stand.
    inline fn of(table: extract.Table, progress: *const Progress, fields: []Field) ?Alike {
        if (progress.row + 1 >= progress.end_row) return null;
        const layout = table.blocks.ofRow(progress.row) orelse return null;
        for (fields) |*field| field.span = (field.finder.within(layout, table, progress.row) orelse return null).span;
        return .{ .end_row = @min(progress.end_row - 1, layout.end_row), .start = layout.startOf(progress.row), .row_tokens = layout.row_tokens };
    }

    /// Ends before a start for which there is no room.
    fn scanEnds(alike: Alike, table: extract.Table, fields: []const Field, progress: *Progress, starts: []u64) void {
        const ahead = rows_ahead * alike.row_tokens + fields[0].span.offset;
        var start = alike.start;
        while (progress.row < alike.end_row) : (progress.row += 1) {
            if (start + ahead < table.data.len) table.data.prefetch(start + ahead);
            if (isEnd(table, fields, start)) {
                if (progress.start_count == starts.len) return;
                starts[progress.start_count] = progress.row + 1;
                progress.start_count += 1;
            }
            start += alike.row_tokens;
        }
    }

    fn scanIds(alike: Alike, table: extract.Table, span: extract.Span, progress: *Progress, starts: []u64) void {
        if (span.count == 0) {
            progress.row = alike.end_row;
            return;
        }
        const ahead = rows_ahead * alike.row_tokens;
        var token = alike.start + span.offset;
        var last = progress.id orelse table.data.bitsAt(token);
        defer progress.id = last;
        while (progress.row < alike.end_row) : (progress.row += 1) {
            if (token + ahead < table.data.len) table.data.prefetch(token + ahead);
            const id = table.data.bitsAt(token);
            if (id != last) {
                if (progress.start_count == starts.len) return;
                starts[progress.start_count] = progress.row;
                progress.start_count += 1;
                last = id;
            }
            token += alike.row_tokens;
        }
    }
};

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
