//! What the machine can do, for the benchmarks to stand beside: the same bytes written, copied or read by the plainest
//! code there is, with no thought of caches. And a store too long to be written. bench/harness/limits.ts has the same table.
//!
//! The system calls are those of the store's own port, made without its loops: what a limit leaves out is the store's
//! work, not the kernel's. The caller vouches for every index, since a check would be the store's work too.

const builtin = @import("builtin");
const std = @import("std");
const library = @import("library");
const system = library.system;

pub const panic = std.debug.no_panic;

const Real = system.Real;
const path_bytes_max = 4096;

/// A write record of the tail: step, type, number of values.
const Record = extern struct { step: i64, type: i32, count: i32 };

/// One write of a plan: file, offset and length, all exact in a float64.
const Write = extern struct { file: f64, offset_bytes: f64, length_bytes: f64 };

/// A file without a name in a directory, or -1.
export fn sl_file_open(directory: [*]const u8, directory_bytes: u32) i32 {
    var buffer: [path_bytes_max]u8 = undefined;
    const path = std.fmt.bufPrintSentinel(&buffer, "{s}", .{directory[0..directory_bytes]}, 0) catch return -1;
    const folder = Real.openDirectory(path) catch return -1;
    defer Real.close(folder);
    return Real.createTemporary(folder) catch -1;
}

/// Makes a file longer, its space reserved on disk. Returns 0, or -1.
export fn sl_file_extend(file: i32, offset_bytes: f64, length_bytes: f64) i32 {
    system.extend(Real, file, @intFromFloat(offset_bytes), @intFromFloat(length_bytes)) catch return -1;
    return 0;
}

/// Makes the writes of a plan, each from the beginning of `source`, which stays in the core's cache. Returns 0, or -1.
export fn sl_file_write(plan: [*]const Write, write_count: u32, source: [*]const u8, source_bytes: u32) i32 {
    for (plan[0..write_count]) |write| {
        const length_bytes: usize = @intFromFloat(write.length_bytes);
        if (length_bytes > source_bytes) return -1;
        const written = Real.write(@intFromFloat(write.file), source[0..length_bytes], @intFromFloat(write.offset_bytes)) catch return -1;
        if (written != length_bytes) return -1;
    }
    return 0;
}

export fn sl_file_close(file: i32) void {
    Real.close(file);
}

/// Lays steps out as the tail holds them, one publishing store a step: `field_count` records, and the values one after
/// another. Buffers hold all of `step_count` steps.
export fn sl_tail_write(
    state: *u32,
    records: [*]align(8) Record,
    values: [*]f64,
    step_count: u32,
    counts: [*]const i32,
    field_count: u32,
    step_values: [*]const f32,
) void {
    var record: usize = 0;
    var value: usize = 0;
    for (0..step_count) |step| {
        var from: usize = 0;
        for (counts[0..field_count], 0..) |count, field| {
            records[record] = .{ .step = @intCast(step), .type = @intCast(field), .count = count };
            record += 1;
            for (0..@intCast(count)) |_| {
                values[value] = step_values[from];
                value += 1;
                from += 1;
            }
        }
        @atomicStore(u32, state, @intCast(record), .release);
    }
}

/// Copies windows of the three columns, values as float64.
export fn sl_window_copy(
    starts: [*]const f64,
    window_count: u32,
    window_length: u32,
    steps: [*]const i64,
    types: [*]const i32,
    data: [*]const f64,
    out_steps: [*]i64,
    out_types: [*]i32,
    out_values: [*]f64,
) void {
    const length: usize = window_length;
    for (starts[0..window_count], 0..) |start_float, window| {
        const start: usize = @intFromFloat(start_float);
        const at = window * length;
        @memcpy(out_types[at..][0..length], types[start..][0..length]);
        @memcpy(out_steps[at..][0..length], steps[start..][0..length]);
        @memcpy(out_values[at..][0..length], data[start..][0..length]);
    }
}

/// Copies windows of the values alone, as float64.
export fn sl_values_copy(starts: [*]const f64, window_count: u32, window_length: u32, data: [*]const f64, out_values: [*]f64) void {
    const length: usize = window_length;
    for (starts[0..window_count], 0..) |start_float, window| {
        const start: usize = @intFromFloat(start_float);
        @memcpy(out_values[window * length ..][0..length], data[start..][0..length]);
    }
}

/// Copies windows of the values alone, as float32.
export fn sl_values_narrow(starts: [*]const f64, window_count: u32, window_length: u32, data: [*]const f64, out_values: [*]f32) void {
    const length: usize = window_length;
    for (starts[0..window_count], 0..) |start_float, window| {
        const start: usize = @intFromFloat(start_float);
        for (out_values[window * length ..][0..length], data[start..][0..length]) |*to, value| to.* = @floatCast(value);
    }
}

/// Copies a field of windows of rows that are alike: from each start so many cells, and as many in each of the rows after it.
export fn sl_rows_copy(starts: [*]const f64, window_count: u32, row_count: u32, row_cells: u32, field_cells: u32, data: [*]const f32, out: [*]f32) void {
    const width: usize = field_cells;
    var at: usize = 0;
    for (starts[0..window_count]) |start_float| {
        var from: usize = @intFromFloat(start_float);
        for (0..row_count) |_| {
            @memcpy(out[at..][0..width], data[from..][0..width]);
            at += width;
            from += row_cells;
        }
    }
}

/// A batch as nanoGPT makes it of a mapped file: each start is drawn, and what follows it copied.
export fn sl_tokens_draw(seed: f64, window_count: u32, window_length: u32, token_count: f64, data: [*]const u16, out: [*]u16) void {
    var generator: std.Random.DefaultPrng = .init(@intFromFloat(seed));
    const length: usize = window_length;
    const start_max = @as(u64, @intFromFloat(token_count)) - length;
    for (0..window_count) |window| {
        const start: usize = @intCast(generator.random().uintAtMost(u64, start_max));
        @memcpy(out[window * length ..][0..length], data[start..][0..length]);
    }
}

/// Copies single tokens of the three columns.
export fn sl_token_copy(
    indices: [*]const f64,
    index_count: u32,
    steps: [*]const i64,
    types: [*]const i32,
    data: [*]const f64,
    out_steps: [*]i64,
    out_types: [*]i32,
    out_values: [*]f64,
) void {
    for (indices[0..index_count], 0..) |index_float, at| {
        const index: usize = @intFromFloat(index_float);
        out_steps[at] = steps[index];
        out_types[at] = types[index];
        out_values[at] = data[index];
    }
}

/// Reads the type column once: the sum of the IDs.
export fn sl_types_sum(types: [*]const i32, token_count: f64) f64 {
    const count: usize = @intFromFloat(token_count);
    var sum: i64 = 0;
    // Sums of pieces in 32 bits, which is how wide the vectors then are.
    const piece = 1 << 12;
    var at: usize = 0;
    while (at < count) : (at += piece) {
        var piece_sum: i32 = 0;
        for (types[at..@min(count, at + piece)]) |type_id| piece_sum +%= type_id;
        sum += piece_sum;
    }
    return @floatFromInt(sum);
}

/// Copies the values of one type: a plain pass over the types, which looks at the data where a type fits.
export fn sl_column_copy(types: [*]const i32, data: [*]const f64, token_count: f64, type_id: i32, out_values: [*]f64) f64 {
    const count: usize = @intFromFloat(token_count);
    var copied: usize = 0;
    for (types[0..count], data[0..count]) |found, value| {
        if (found != type_id) continue;
        out_values[copied] = value;
        copied += 1;
    }
    return @floatFromInt(copied);
}

/// Copies windows of a file, elements of so many bytes, from where it is mapped.
export fn sl_places_copy(starts: [*]const f64, window_count: u32, window_length: u32, element_bytes: u32, address: f64, out: [*]u8) void {
    const all: [*]const u8 = @ptrFromInt(@as(usize, @intFromFloat(address)));
    const bytes = @as(usize, window_length) * element_bytes;
    for (starts[0..window_count], 0..) |start, window| {
        @memcpy(out[window * bytes ..][0..bytes], all[@as(usize, @intFromFloat(start)) * element_bytes ..][0..bytes]);
    }
}

export fn sl_bytes_copy(to: [*]u8, from: [*]const u8, byte_count: f64) void {
    const count: usize = @intFromFloat(byte_count);
    @memcpy(to[0..count], from[0..count]);
}

/// Makes an empty store that nobody has open as long as wanted, of zeros (lengthen.zig). Returns 0, or -1.
export fn sl_store_lengthen(directory: [*]const u8, directory_bytes: u32, token_count: f64, row_count: f64) i32 {
    var buffer: [path_bytes_max]u8 = undefined;
    const path = std.fmt.bufPrintSentinel(&buffer, "{s}", .{directory[0..directory_bytes]}, 0) catch return -1;
    library.lengthen(Real, path, @intFromFloat(token_count), @intFromFloat(row_count)) catch return -1;
    return 0;
}

/// Tells the kernel that mapped pages are read at random, for bench/children/cold.ts. Returns 0, or -1.
export fn sl_memory_advise(address: f64, length_bytes: f64) i32 {
    if (builtin.os.tag != .linux) return -1;
    const linux = std.os.linux;
    const result = linux.madvise(@ptrFromInt(@as(usize, @intFromFloat(address))), @intFromFloat(length_bytes), linux.MADV.RANDOM);
    return if (linux.errno(result) == .SUCCESS) 0 else -1;
}
