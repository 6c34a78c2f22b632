//! Opening what is whole of a damaged store.

const std = @import("std");
const extra_salvage = @import("extra_salvage.zig");
const extras_file = @import("extras.zig");
const extras_format = @import("../format/extras.zig");
const format = @import("../format/format.zig");
const head_file = @import("head.zig");
const files_file = @import("files.zig");
const store_file = @import("store.zig");
const rows_file = @import("../read/rows.zig");
const system = @import("../system/system.zig");
const Which = files_file.Which;
const specs = files_file.specs;

/// Opens, to read, the longest prefix of rows of which every chunk has its checksum.
pub fn open(
    comptime System: type,
    head: *head_file.Head(System),
    directory: system.File,
    reserved_elements: usize,
) store_file.Error!store_file.Store(System) {
    const sizes: files_file.Sizes = try .of(head.header().*, reserved_elements);
    const place: files_file.Place = .{ .directory = directory, .opening = .read };
    const commit = try head.newestOfAll();
    var nothing = commit;
    nothing.token_count, nothing.row_count, nothing.mark_count = .{ 0, 0, 0 };
    var files = try files_file.Files(System).open(place, sizes, nothing);
    errdefer files.release();
    var buffers: [2][extras_format.count_max]extras_format.Counts = undefined;
    const counts = buffers[0][0..head.header().extra_count];
    if (!head.extra_tables.read(commit.extras, counts)) return error.Damaged;
    const starts = buffers[1][0..counts.len];
    for (starts, counts) |*start, known| start.* = .{ .first_value = known.first_value, .first_byte = known.first_byte };
    var extras: extras_file.Extras(System) = try .open(files.placeOf(place), reserved_elements, sizes.extra_segments, starts);
    errdefer extras.release();
    const extra_start, const extra_rows = try extra_salvage.adoptWhole(&extras, counts, commit);
    // What was dropped is not there, and not missing.
    try skipMissing(System, &files, commit);
    const tokens = @min(try adoptWhole(System, &files, .types, commit), try adoptWhole(System, &files, .data, commit));
    const steps = files.steps.slice(i64, @min(extra_rows, try adoptWhole(System, &files, .steps, commit)));
    const rows = files.rows.slice(u64, try adoptWhole(System, &files, .rows, commit));
    const marks = files.marks.slice(format.Mark, try adoptWhole(System, &files, .marks, commit));
    var prefix = startOf(System, &files, commit, rows, extra_start);
    if (tokens < commit.token_count or @min(rows.len, steps.len) < commit.row_count) cutTo(&prefix, tokens, steps, rows);
    const first_mark = @max(commit.first_mark, firstHeld(System, &files, .marks));
    prefix.first_mark = @min(first_mark, marks.len);
    prefix.mark_count = prefix.first_mark;
    for (marks[@intCast(prefix.first_mark)..]) |mark| {
        prefix.first_mark += @intFromBool(mark.row < prefix.first_row);
        prefix.mark_count += @intFromBool(mark.row < prefix.row_count);
    }
    var store = try store_file.Store(System).assemble(head.*, files, extras, prefix, .read);
    store.salvaged_from = commit;
    store.recovery = .{ .cut_tokens = commit.token_count - prefix.token_count, .cut_rows = commit.row_count - prefix.row_count };
    return store;
}

/// The commit with the start that the files have, where more of them is missing than it says was dropped.
fn startOf(comptime System: type, files: *const files_file.Files(System), commit: format.Commit, rows: []const u64, extra_start: u64) format.Commit {
    const row = @max(extra_start, firstHeld(System, files, .steps), firstHeld(System, files, .rows));
    const token = @max(firstHeld(System, files, .types), firstHeld(System, files, .data));
    if (row <= commit.first_row and token <= commit.first_token) return commit;
    var start = commit;
    const first = @min(@max(row, commit.first_row), rows.len);
    start.first_row = first + std.sort.lowerBound(u64, rows[first..], @max(token, commit.first_token), rows_file.compareNumbers);
    start.first_token = if (start.first_row < rows.len) rows[@intCast(start.first_row)] else commit.token_count;
    return start;
}

/// Cuts what is not whole. Of the last row that begins within the whole tokens it is not known that it also ends there.
fn cutTo(prefix: *format.Commit, tokens: u64, steps: []const i64, rows: []const u64) void {
    const first = @min(prefix.first_row, rows.len);
    const starts = std.sort.upperBound(u64, rows[first..], tokens, rows_file.compareNumbers);
    prefix.row_count = @max(first, @min(first + (starts -| 1), steps.len));
    const has_rows = prefix.row_count > prefix.first_row;
    prefix.first_row = @min(prefix.first_row, prefix.row_count);
    prefix.token_count = if (prefix.row_count < rows.len) rows[@intCast(prefix.row_count)] else @min(tokens, prefix.first_token);
    prefix.first_token = @min(prefix.first_token, prefix.token_count);
    prefix.last_step = if (has_rows) steps[@intCast(prefix.row_count - 1)] else 0;
}

/// Shows what there is of a file, and returns how many elements its whole chunks hold from where the stream starts.
fn adoptWhole(comptime System: type, files: *files_file.Files(System), comptime which: Which, commit: format.Commit) store_file.Error!u64 {
    if (!files.has(which)) return @field(commit, specs[@backingInt(which)].count);
    const column = &@field(files, @tagName(which));
    const length_bytes = files.lengthBytes(which, commit);
    if (column.first_bytes >= length_bytes) return @field(commit, specs[@backingInt(which)].count);
    const there_bytes = try column.files.endThere(column.first_bytes, length_bytes);
    try column.adopt(column.first_bytes, there_bytes);
    var whole_bytes = column.first_bytes;
    for (column.first_bytes / column.chunk_bytes..files.chunkCount(which, commit)) |chunk| {
        const end_bytes = @min((chunk + 1) * column.chunk_bytes, length_bytes);
        if (end_bytes > there_bytes or !try files.isChunkWhole(which, chunk, commit)) break;
        whole_bytes = end_bytes;
    }
    return whole_bytes / files.elementBytes(which);
}

/// Passes over the first segments of files where they are missing: they were dropped after `commit`.
fn skipMissing(comptime System: type, files: *files_file.Files(System), commit: format.Commit) store_file.Error!void {
    inline for (comptime std.enums.values(Which)) |which| if (files.has(which)) {
        const column = &@field(files, @tagName(which));
        const segment_bytes = column.files.segment_bytes;
        const first = try column.files.firstThere(column.first_bytes / segment_bytes, files.chunkCount(which, commit));
        if (!column.files.isOne()) column.first_bytes = first * segment_bytes;
    };
}

/// The first element that is held, or 0 where there is no such file.
fn firstHeld(comptime System: type, files: *const files_file.Files(System), comptime which: Which) u64 {
    return if (files.has(which)) @field(files, @tagName(which)).first_bytes / files.elementBytes(which) else 0;
}
