//! The part of the C ABI that reads tokens and rows back.

const std = @import("std");
const handles = @import("handles.zig");
const status = @import("status.zig");
const layouts = @import("layouts.zig");
const numbers = @import("numbers.zig");
const extract_file = @import("../read/extract.zig");
const gather_file = @import("../read/gather.zig");
const rows_file = @import("../read/rows.zig");

/// layout: a `layouts.GatherLayout`; others: the fields that stand in the cells as their own bits
export fn ss_window_gather(
    store: u32,
    starts: [*]align(1) const f64,
    window_count: u32,
    window_length: u32,
    layout: u32,
    others: [*]const layouts.FieldCells,
    other_count: u32,
    out_values: [*]u8,
    out_types: [*]align(1) i32,
    out_steps: [*]u8,
) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const token_count = slot.store.commit.token_count;
    const columns: gather_file.Columns = .{
        .table = slot.store.rowTable(),
        .types = slot.store.types(),
        .data = slot.store.files.dataOf(token_count),
        .first = @intCast(slot.store.commit.first_token),
    };
    const windows = starts[0..window_count];
    if (gather_file.findBadStart(columns, windows, window_length)) |index| {
        slot.detail = .{ .index = @floatFromInt(index) };
        return status.of(error.OutOfRange);
    }
    const count = @as(usize, window_count) * window_length;
    const out = numbers.gatherOut(layout, columns.data.width, count, out_values, out_types, out_steps) catch |err| return status.of(err);
    return status.result(gather_file.gather(columns, others[0..other_count], windows, window_length, out));
}

export fn ss_column_extract(
    store: u32,
    request: *const layouts.ExtractRequest,
    out_values: [*]u8,
    out_offsets: [*]u8,
    out_validity: [*]u8,
    out_progress: *layouts.ExtractProgress,
) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const commit = slot.store.commit;
    const table: extract_file.Table = .{
        .types = slot.store.types(),
        .data = slot.store.files.dataOf(commit.token_count),
        .rows = slot.store.files.rows.slice(u64, commit.row_count),
        .first_token = @intCast(commit.first_token),
        .blocks = slot.store.blocks(),
    };
    var out: extract_file.Out = undefined;
    const wanted = numbers.request(request, out_values, out_offsets, out_validity, &out) catch |err| return status.of(err);
    if (wanted.first_row < commit.first_row or wanted.next_row < commit.first_row) return status.of(error.OutOfRange);
    var progress: extract_file.Progress = .{ .next_row = 0, .value_count = 0 };
    const extracted = extract_file.extract(table, wanted, out, &progress);
    out_progress.* = .{
        .next_row = @floatFromInt(progress.next_row),
        .value_count = @floatFromInt(progress.value_count),
        .missing_count = @floatFromInt(progress.missing_count),
        .count_min = @floatFromInt(progress.count_min),
        .count_max = @floatFromInt(progress.count_max),
        .culprit_row = @floatFromInt(progress.culprit_row),
        .culprit_cell_high = @floatFromInt(progress.culprit_cell >> 32),
        .culprit_cell_low = @floatFromInt(progress.culprit_cell & 0xffff_ffff),
    };
    return status.result(extracted);
}

/// Row starts (one more than rows, the last is the end) and steps of `[first, first + count)`.
export fn ss_rows_read(store: u32, first_row: f64, row_count: u32, out_starts: [*]f64, out_steps: [*]align(1) i64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const table = slot.store.rowTable();
    const first: u64 = numbers.to(u53, first_row) catch |err| return status.of(err);
    if (first < table.first_row or first + row_count > table.rows.len) return status.of(error.OutOfRange);
    const from: usize = @intCast(first);
    const end: usize = @intCast(first + row_count);
    copyStarts(table, from, end, out_starts) catch |err| return status.of(err);
    @memcpy(out_steps[0..row_count], table.steps[from..end]);
    return status.ok;
}

/// Where rows start, block by block, and where the last ends.
fn copyStarts(table: rows_file.Table, from: usize, end: usize, to: [*]f64) error{Damaged}!void {
    to[0] = @floatFromInt(table.startOf(from));
    var previous: u64 = table.first_token;
    var row = from;
    while (row < end) {
        const until = @min(end, table.blocks.endOf(row));
        const layout = table.blocks.ofRow(row);
        for (row..until + 1, to[row - from ..]) |at, *start| {
            const token: u64 = if (layout) |known| known.startOf(at) else table.startOf(at);
            if (token < previous or token > table.token_count) return error.Damaged;
            // A block may say otherwise than the rows beside it.
            if (at == row and row > from and token != previous) return error.Damaged;
            start.* = @floatFromInt(token);
            previous = token;
        }
        row = until;
    }
}

/// The steps of `length` tokens from `token` on.
export fn ss_steps_read(store: u32, token: f64, length: u32, out_steps: [*]align(1) i64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const table = slot.store.rowTable();
    const first: u64 = numbers.to(u53, token) catch |err| return status.of(err);
    if (first < slot.store.commit.first_token or first + length > table.token_count) return status.of(error.OutOfRange);
    if (length == 0) return status.ok;
    const row = table.rowOfToken(first) catch |err| return status.of(err);
    return status.result(table.copySteps(i64, row, @intCast(first), out_steps[0..length]));
}

/// key: a `layouts.RowKey`; number: the token or the step; out: the row that holds it, or for a step that no row has -1
export fn ss_row_find(store: u32, key: u32, number: *align(1) const i64, out_row: *f64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const row = findRow(slot.store.rowTable(), key, number.*) catch |err| return status.of(err);
    out_row.* = if (row) |index| @floatFromInt(index) else -1;
    return status.ok;
}

fn findRow(table: rows_file.Table, key: u32, number: i64) status.Error!?usize {
    switch (std.enums.fromInt(layouts.RowKey, key) orelse return error.InvalidArgument) {
        .token => {
            if (number < 0 or number >= table.token_count) return error.OutOfRange;
            return try table.rowOfToken(@intCast(number));
        },
        .step => return table.rowOfStep(number),
        .step_or_later => return table.rowAtOrAfter(number),
    }
}

/// selection: a `layouts.MarkSelection`, whose marks of rows `[first_row, end_row)` come, as many as fit; out_count says
/// how many there are
export fn ss_marks_read(store: u32, selection: u32, first_row: f64, end_row: f64, out_marks: [*]align(1) layouts.Mark, marks_max: u32, out_count: *f64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const table = slot.store.rowTable();
    const wanted = std.enums.fromInt(layouts.MarkSelection, selection) orelse return status.of(error.InvalidArgument);
    const first = table.markOfRow(numbers.to(u53, first_row) catch |err| return status.of(err));
    const end = table.markOfRow(numbers.to(u53, end_row) catch |err| return status.of(err));
    // Damaged marks may stand in any order.
    const marks = table.marks[first..@max(first, end)];
    out_count.* = @floatFromInt(selectMarks(marks, wanted, out_marks[0..marks_max]));
    return status.ok;
}

/// Returns how many there are, whether they fit or not.
fn selectMarks(marks: []const layouts.Mark, wanted: layouts.MarkSelection, out: []align(1) layouts.Mark) usize {
    if (wanted == .all and out.len == 0) return marks.len;
    var count: usize = 0;
    for (marks) |mark| {
        const is_wanted = switch (wanted) {
            .all => true,
            .empty_lists => mark.kind == .empty_list,
            .list_fields => mark.kind == .list_field,
            .sessions => mark.kind == .session,
        };
        if (!is_wanted) continue;
        if (count < out.len) out[count] = mark;
        count += 1;
    }
    return count;
}
