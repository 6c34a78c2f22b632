//! The part of the C ABI that looks after a store: compares the files with their checksums, and finds who writes it.

const std = @import("std");
const handles = @import("handles.zig");
const status = @import("status.zig");
const numbers = @import("numbers.zig");
const system = @import("../system/system.zig");
const files_file = @import("../store/files.zig");

/// file: its place in `layouts.store_files`; out: 1 if the chunk has the checksum that it was written with
export fn ss_chunk_check(store: u32, file: u32, chunk: f64, out_whole: *u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const which = std.enums.fromInt(files_file.Which, file) orelse return status.of(error.InvalidArgument);
    const index = numbers.to(u48, chunk) catch |err| return status.of(err);
    out_whole.* = @intFromBool(slot.store.isChunkWhole(which, index) catch |err| return status.of(err));
    return status.ok;
}

/// out: 1 if a chunk of the blocks says what the columns hold
export fn ss_blocks_check(store: u32, chunk: f64, out_whole: *u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const index = numbers.to(u48, chunk) catch |err| return status.of(err);
    out_whole.* = @intFromBool(slot.store.isBlocksChunkWhole(index));
    return status.ok;
}

/// out: the process that writes the store, or 0 where none does
export fn ss_writer_find(store: u32, out_process: *f64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    out_process.* = @floatFromInt(writerOf(slot.store) catch |err| return status.of(err));
    return status.ok;
}

fn writerOf(store: anytype) !u32 {
    return if (store.access == .read) store.head.holder() else system.Real.processId();
}
