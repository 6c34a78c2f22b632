//! The part of the C ABI for extras, text and bytes beside the rows.

const std = @import("std");
const handles = @import("handles.zig");
const layouts = @import("layouts.zig");
const numbers = @import("numbers.zig");
const status = @import("status.zig");
const store_file = @import("../store/store.zig");
const format = @import("../format/extras.zig");
const system = @import("../system/system.zig");
const growthResult = @import("store.zig").growthResult;

const Store = store_file.Store(system.Real);
const Error = status.Error;

/// Writes a value that is too long for the tail. ahead: bytes of values that were laid out before it and not published;
/// out: its place, for the record that is to be published
export fn ss_extra_place(store: u32, extra: u32, ahead: f64, bytes: [*]const u8, length: u32, out_place: *f64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return growthResult(slot, place(slot.store, extra, ahead, bytes[0..length], out_place));
}

fn place(store: *Store, extra: u32, ahead: f64, bytes: []const u8, out_place: *f64) Error!void {
    if (store.access == .read) return error.ReadOnly;
    if (store.batch.isOpen()) return error.BatchOpen;
    const pending = try store.head.published(store.commit);
    const tail = store.tailOf(pending, store.head.extra_words);
    out_place.* = @floatFromInt(try store.extras.place(extra, try numbers.to(u53, ahead), bytes, tail));
}

/// Adds values to the rows of a batch, from one on: a length for each row, -1 for null, and their bytes one after another
export fn ss_extra_append(store: u32, extra: u32, first_row: f64, lengths: [*]align(1) const i32, row_count: u32, bytes: [*]const u8, length: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return growthResult(slot, appendRows(slot.store, extra, first_row, lengths[0..row_count], bytes[0..length]));
}

fn appendRows(store: *Store, extra: u32, first_row: f64, lengths: []align(1) const i32, bytes: []const u8) Error!void {
    const row = try numbers.to(u53, first_row);
    const batch = &store.batch;
    if (batch.phase != .open or row < store.commit.row_count or row + lengths.len > batch.next.row_count) return error.InvalidArgument;
    try store.extras.appendRows(extra, row, lengths, bytes);
}

/// What an extra holds, and where; of rows from one on, how much
export fn ss_extra_state(store: u32, extra: u32, from_row: f64, out: *layouts.ExtraState) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return status.result(state(slot.store, extra, from_row, out));
}

fn state(store: *Store, extra: u32, from_row: f64, out: *layouts.ExtraState) Error!void {
    const extras = &store.extras;
    if (extra >= extras.count()) return error.OutOfRange;
    const counts = extras.table()[extra];
    const ends = extras.endsOf(extra);
    const latest = extras.files.of(extra, .bytes).latest();
    out.* = .{
        .value_count = @floatFromInt(counts.values),
        .byte_count = @floatFromInt(counts.bytes),
        .first_value = @floatFromInt(counts.first_value),
        .first_byte = @floatFromInt(counts.first_byte),
        .next_row = if (ends.len > 0) @floatFromInt(ends[ends.len - 1].row +| 1) else 0,
        .held_bytes = @floatFromInt(extras.bytesFrom(extra, try numbers.to(u53, from_row))),
        .address = @floatFromInt(@intFromPtr(latest.address)),
        .reserved_bytes = @floatFromInt(latest.length_bytes),
        .address_first = @floatFromInt(latest.first_bytes),
        .bytes_segment_bytes = @floatFromInt(extras.files.segmentBytes(extra, .bytes)),
        .ends_segment_bytes = @floatFromInt(extras.files.segmentBytes(extra, .ends)),
    };
}

/// Where the value of a row stands, -1 where it has none; and its bytes, as many as fit
export fn ss_extra_read(store: u32, extra: u32, row: f64, out: *layouts.ExtraPlace, bytes: [*]u8, bytes_max: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return status.result(read(slot.store, extra, row, out, bytes[0..bytes_max]));
}

fn read(store: *Store, extra: u32, row_in: f64, out: *layouts.ExtraPlace, bytes: []u8) Error!void {
    const row = try numbers.to(u53, row_in);
    const extras = &store.extras;
    if (extra >= extras.count() or row < store.commit.first_row or row >= store.commit.row_count) return error.OutOfRange;
    const found = try extras.find(extra, row) orelse {
        out.* = .{ .start = -1, .length_bytes = 0 };
        return;
    };
    out.* = .{ .start = @floatFromInt(found.start), .length_bytes = @floatFromInt(found.length_bytes) };
    const from: usize = @intCast(found.start);
    const held = extras.bytesOf(extra)[from..][0..@min(bytes.len, @as(usize, @intCast(found.length_bytes)))];
    @memcpy(bytes[0..held.len], held);
}

/// Values of rows, from one on: a length for each, -1 for null, and the bytes of all, as many as fit
export fn ss_extra_rows(store: u32, extra: u32, first_row: f64, out_lengths: [*]align(1) i32, row_count: u32, out: *layouts.ExtraPlace, bytes: [*]u8, bytes_max: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return status.result(readRows(slot.store, extra, first_row, out_lengths[0..row_count], out, bytes[0..bytes_max]));
}

fn readRows(store: *Store, extra: u32, first_row: f64, lengths: []align(1) i32, out: *layouts.ExtraPlace, bytes: []u8) Error!void {
    const row = try numbers.to(u53, first_row);
    const extras = &store.extras;
    const is_there = extra < extras.count() and row >= store.commit.first_row and row + lengths.len <= store.commit.row_count;
    if (!is_there) return error.OutOfRange;
    const found = try extras.readRows(extra, row, lengths, bytes);
    out.* = .{ .start = @floatFromInt(found.start), .length_bytes = @floatFromInt(found.length_bytes) };
}

/// part: a `layouts.ExtraPart`, of which a chunk is compared with the checksum that it was written with
export fn ss_extra_check(store: u32, extra: u32, part: u32, chunk: f64, out: *layouts.ExtraCheck) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return status.result(check(slot.store, extra, part, chunk, out));
}

fn check(store: *Store, extra: u32, part_in: u32, chunk_in: f64, out: *layouts.ExtraCheck) Error!void {
    const part = std.enums.fromInt(format.Part, part_in) orelse return error.InvalidArgument;
    const chunk = try numbers.to(u32, chunk_in);
    if (extra >= store.extras.count()) return error.OutOfRange;
    const is_whole = try store.extras.isChunkWhole(store.head.extra_tables, store.salvaged_from, extra, part, chunk);
    const from, const to = store.extras.rowsOfChunk(extra, part, chunk);
    out.* = .{ .is_whole = @floatFromInt(@intFromBool(is_whole)), .from_row = @floatFromInt(from), .to_row = @floatFromInt(to) };
}
