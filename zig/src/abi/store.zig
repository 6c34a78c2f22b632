//! The C ABI: numbers and typed arrays in, a status out. Each function takes the store, calls and maps the error.
//! src/native/symbols.ts has the same table.

const std = @import("std");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");
const cells = @import("../format/cells.zig");
const bits = @import("../format/bits.zig");
const handles = @import("handles.zig");
const status = @import("status.zig");
const store_file = @import("../store/store.zig");
const files_file = @import("../store/files.zig");
const batch_file = @import("../store/batch.zig");
const extract_file = @import("../read/extract.zig");
const gather_file = @import("../read/gather.zig");
const numbers = @import("numbers.zig");

const Store = store_file.Store(system.Real);
const Error = status.Error;

const abi_version = 1;

export fn ss_abi_version() u32 {
    return abi_version;
}

/// modes: 0 temporary, 1 create, 2 write, 3 read, 4 salvage; options: capacity_tokens, tail_records_max, tail_values_max,
/// reserved_elements (the first three only for a new store); id: that a store that exists must have, zeros where it is
/// not known; out: the store, or the process that holds its lock, or the bytes that a full disk has no room for
export fn ss_store_open(directory: [*]const u8, directory_bytes: u32, mode: u32, options: *const [4]f64, id: *const format.Id, out: *f64) i32 {
    var number: u64 = 0;
    const outcome = openStore(directory[0..directory_bytes], mode, options, id, &number);
    out.* = @floatFromInt(number);
    return result(outcome);
}

fn openStore(directory: []const u8, mode: u32, numbers_in: *const [4]f64, id: *const format.Id, out: *u64) Error!void {
    var buffer: [files_file.path_bytes_max]u8 = undefined;
    const path = std.fmt.bufPrintSentinel(&buffer, "{s}", .{directory}, 0) catch return error.NotFound;
    const options: store_file.Options = .{
        .capacity_tokens = try numbers.to(u32, numbers_in[0]),
        .tail_records_max = try numbers.to(u24, numbers_in[1]),
        .tail_values_max = try numbers.to(u24, numbers_in[2]),
        .reserved_elements = try numbers.to(u40, numbers_in[3]),
    };
    const is_new = mode <= 1;
    // Before anything is done to it: a head that counts less than the columns hold would have them cut.
    const is_known = !is_new and !std.mem.allEqual(u8, id, 0);
    if (is_known and !std.mem.eql(u8, id, &try Store.idOf(path))) return error.ForeignHead;
    // What a new store takes at first.
    if (is_new) out.* = format.headBytes(options.tail_records_max, options.tail_values_max);
    handles.reap();
    system.Real.ignoreFileSizeSignal();
    const slot = try handles.begin();
    errdefer handles.abandon(slot);
    slot.store.* = switch (mode) {
        0 => try Store.createTemporary(path, options),
        1 => try Store.create(path, options),
        2 => try Store.open(path, options.reserved_elements, out),
        3 => try Store.openToRead(path, options.reserved_elements),
        4 => try Store.openToSalvage(path, options.reserved_elements),
        else => return error.InvalidArgument,
    };
    out.* = handles.finish(slot);
}

/// view_count: views over the columns of which each will be released; blank: views are out that nobody will release
export fn ss_store_close(store: u32, view_count: u32, blank: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    return result(handles.close(slot, view_count, blank != 0));
}

/// out: sequence, tokens, rows, marks, last step, then address and size of: tail state (size: records), tail records,
/// tail values (size: values), steps, types, data (sizes in bytes); then first token, first row, capacity, and what
/// opening found: tokens and rows from the tail, tokens, rows and records cut; then what the tail may take: records,
/// values, and records that become marks; then the store's ID, in two halves
export fn ss_store_state(store: u32, out: *[30]i64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const it = slot.store;
    const commit = it.commit;
    out[0..5].* = .{ @intCast(commit.sequence), @intCast(commit.token_count), @intCast(commit.row_count), @intCast(commit.mark_count), commit.last_step };
    const ranges = [_][2]usize{
        .{ @intFromPtr(it.head.bytes.ptr) + format.tail_state_offset, it.head.records.len },
        .{ @intFromPtr(it.head.records.ptr), it.head.records.len * @sizeOf(format.Record) },
        .{ @intFromPtr(it.head.values.ptr), it.head.values.len * @sizeOf(u64) },
        .{ @intFromPtr(it.files.steps.address()), it.files.steps.reservedBytes() },
        .{ @intFromPtr(it.files.types.address()), it.files.types.reservedBytes() },
        .{ @intFromPtr(it.files.data.address()), it.files.data.reservedBytes() },
    };
    for (ranges, 0..) |range, i| {
        out[5 + 2 * i] = @intCast(range[0]);
        out[6 + 2 * i] = @intCast(range[1]);
    }
    const found = it.recovery;
    const room = it.room();
    for (out[17..28], [_]u64{
        commit.first_token, commit.first_row, it.head.header().capacity_tokens, found.tail_tokens,
        found.tail_rows,    found.cut_tokens, found.cut_rows,                   found.cut_records,
        room.records,       room.values,      room.marks,
    }) |*to, number| to.* = @intCast(number);
    out[28..30].* = @bitCast(it.head.header().id);
    return status.ok;
}

/// out: what the last error on this store was about (row and value index, or as each call says; the bytes wanted where
/// the disk was full)
export fn ss_store_detail(store: u32, out: *[2]f64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    out.* = slot.detail;
    return status.ok;
}

/// Moves the tail into the columns, and reserves disk space for what it takes next as long as there is any.
export fn ss_store_flush(store: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return growthResult(slot, slot.store.flushAndReserve());
}

/// Reserves disk space for what the tail takes next, or says that there is none; `ss_store_state` tells how much it is.
export fn ss_store_reserve(store: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return growthResult(slot, slot.store.reserve());
}

/// Flushes, and makes everything durable.
export fn ss_store_sync(store: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return growthResult(slot, slot.store.sync());
}

/// Drops whole chunks before a row.
export fn ss_store_drop(store: u32, row: f64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const index = numbers.to(u53, row) catch |err| return status.of(err);
    return result(slot.store.dropBefore(index));
}

/// For a reader: goes to the newest commit. out: 1 if there was a newer one
export fn ss_store_refresh(store: u32, out_changed: *u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    out_changed.* = @intFromBool(slot.store.refresh() catch |err| return status.of(err));
    return status.ok;
}

/// file: 0 steps, 1 types, 2 data, 3 rows, 4 marks; out: 1 if the chunk has the checksum that it was written with
export fn ss_chunk_check(store: u32, file: u32, chunk: f64, out_whole: *u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const which = std.enums.fromInt(files_file.Which, file) orelse return status.of(error.InvalidArgument);
    const index = numbers.to(u48, chunk) catch |err| return status.of(err);
    out_whole.* = @intFromBool(slot.store.isChunkWhole(which, index) catch |err| return status.of(err));
    return status.ok;
}

export fn ss_store_write(store: u32, records: [*]const format.Record, record_count: u32, values: [*]const u64, value_count: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return growthResult(slot, slot.store.write(records[0..record_count], values[0..value_count]));
}

/// For a runtime that calls back when a view is collected: the context is the store's number.
export fn ss_view_deallocate(_: usize, context: usize) void {
    handles.releaseView(@truncate(context));
}

export fn ss_batch_begin(store: u32, steps: [*]align(1) const i64, row_count: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return batchResult(slot, slot.store.batch.begin(slot.store, steps[0..row_count]));
}

/// source: as `numbers.source` reads it
export fn ss_batch_measure(store: u32, source: *const [numbers.source_length]f64, offsets: [*]const u8, validity: [*]const u8) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const field = numbers.source(source, "", offsets, validity, "") catch |err| return status.of(err);
    return batchResult(slot, slot.store.batch.measure(&field));
}

export fn ss_batch_scatter(
    store: u32,
    source: *const [numbers.source_length]f64,
    values: [*]const u8,
    offsets: [*]const u8,
    validity: [*]const u8,
    value_validity: [*]const u8,
) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const field = numbers.source(source, values, offsets, validity, value_validity) catch |err| return status.of(err);
    return batchResult(slot, slot.store.batch.scatter(&field));
}

export fn ss_batch_write(store: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return batchResult(slot, slot.store.batch.write(slot.store));
}

export fn ss_batch_end(store: u32, keep: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return batchResult(slot, slot.store.batch.end(slot.store, keep != 0));
}

/// format: values (0 none, 1 float64, 2 float32, 3 cells) + 4 × types (0, 1) + 8 × steps (0 none, 1 int64, 2 float64)
export fn ss_window_gather(
    store: u32,
    starts: [*]align(1) const f64,
    window_count: u32,
    window_length: u32,
    layout: u32,
    integers: [*]const gather_file.IntegerField,
    integer_count: u32,
    out_values: [*]u8,
    out_types: [*]align(1) i32,
    out_steps: [*]u8,
) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const token_count = slot.store.commit.token_count;
    const columns: gather_file.Columns = .{
        .steps = slot.store.files.steps.slice(i64, token_count),
        .types = slot.store.files.types.slice(i32, token_count),
        .data = slot.store.files.data.slice(u64, token_count),
        .first = @intCast(slot.store.commit.first_token),
    };
    const windows = starts[0..window_count];
    if (gather_file.findBadStart(columns, windows, window_length)) |index| {
        slot.detail = .{ @floatFromInt(index), 0 };
        return status.of(error.OutOfRange);
    }
    const count = @as(usize, window_count) * window_length;
    const out = numbers.gatherOut(layout, count, out_values, out_types, out_steps) catch |err| return status.of(err);
    gather_file.gather(columns, integers[0..integer_count], windows, window_length, out);
    return status.ok;
}

/// request: as `numbers.request` reads it; progress: next row, values, rows without the field, fewest and most values
/// of a row; after an error the row and the cell's high and low half
export fn ss_column_extract(
    store: u32,
    request: *const [numbers.request_length]f64,
    out_values: [*]u8,
    out_offsets: [*]u8,
    out_validity: [*]u8,
    out_progress: *[8]f64,
) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const commit = slot.store.commit;
    const table: extract_file.Table = .{
        .types = slot.store.files.types.slice(i32, commit.token_count),
        .data = slot.store.files.data.slice(u64, commit.token_count),
        .rows = slot.store.files.rows.slice(u64, commit.row_count),
    };
    var out: extract_file.Out = undefined;
    const wanted = numbers.request(request, out_values, out_offsets, out_validity, &out) catch |err| return status.of(err);
    var progress: extract_file.Progress = .{ .next_row = 0, .value_count = 0 };
    const extracted = extract_file.extract(table, wanted, out, &progress);
    for (out_progress, [_]u64{
        progress.next_row,  progress.value_count, progress.missing_count,      progress.count_min,
        progress.count_max, progress.culprit_row, progress.culprit_cell >> 32, progress.culprit_cell & 0xffff_ffff,
    }) |*to, number| to.* = @floatFromInt(number);
    return result(extracted);
}

/// Row starts (one more than rows, the last is the end) and steps of `[first, first + count)`.
export fn ss_rows_read(store: u32, first_row: f64, row_count: u32, out_starts: [*]f64, out_steps: [*]align(1) i64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const table = slot.store.rowTable();
    const first = numbers.to(u53, first_row) catch |err| return status.of(err);
    if (first + row_count > table.rows.len) return status.of(error.OutOfRange);
    const from: usize = @intCast(first);
    for (0..row_count) |i| {
        const range = table.tokensOf(from + i) catch |err| return status.of(err);
        out_starts[i] = @floatFromInt(range[0]);
        out_steps[i] = table.stepOfRow(from + i) catch |err| return status.of(err);
    }
    const end = from + row_count;
    out_starts[row_count] = @floatFromInt(if (end < table.rows.len) table.rows[end] else table.steps.len);
    return status.ok;
}

/// out: the row that holds the token
export fn ss_row_find(store: u32, token: f64, out_row: *f64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const table = slot.store.rowTable();
    const index = numbers.to(u53, token) catch |err| return status.of(err);
    if (index >= table.steps.len) return status.of(error.OutOfRange);
    out_row.* = @floatFromInt(table.rowOfToken(index) catch |err| return status.of(err));
    return status.ok;
}

/// out: how many rows the last sync has made durable
export fn ss_rows_synced(store: u32, out_count: *f64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const synced = slot.store.head.syncedCommit() catch |err| return status.of(err);
    out_count.* = @floatFromInt(synced.row_count);
    return status.ok;
}

/// out: the row of the step, or -1
export fn ss_step_find(store: u32, step: *align(1) const i64, out_row: *f64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const row = slot.store.rowTable().rowOfStep(step.*) catch |err| return status.of(err);
    out_row.* = if (row) |index| @floatFromInt(index) else -1;
    return status.ok;
}

/// The marks of rows `[first_row, end_row)`, three words each, as many as fit; out_count says how many there are.
export fn ss_marks_read(store: u32, first_row: f64, end_row: f64, out_marks: [*]align(1) format.Mark, marks_max: u32, out_count: *f64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const table = slot.store.rowTable();
    const first = table.markOfRow(numbers.to(u53, first_row) catch |err| return status.of(err));
    const end = table.markOfRow(numbers.to(u53, end_row) catch |err| return status.of(err));
    const count = end -| first;
    out_count.* = @floatFromInt(count);
    for (table.marks[first..][0..@min(count, marks_max)], 0..) |mark, i| out_marks[i] = mark;
    return status.ok;
}

fn result(outcome: Error!void) i32 {
    outcome catch |err| return status.of(err);
    return status.ok;
}

fn batchResult(slot: *handles.Slot, outcome: Error!void) i32 {
    const culprit = slot.store.batch.culprit;
    slot.detail = .{ @floatFromInt(culprit.row), @floatFromInt(culprit.value_index) };
    return growthResult(slot, outcome);
}

/// Says of a disk that is full how many bytes were wanted.
fn growthResult(slot: *handles.Slot, outcome: Error!void) i32 {
    if (outcome) |_| {} else |err| {
        if (err == error.StorageFull) slot.detail = .{ @floatFromInt(slot.store.files.wanted_bytes), 0 };
    }
    return result(outcome);
}

comptime {
    std.debug.assert(@sizeOf(gather_file.IntegerField) == 8);
}
