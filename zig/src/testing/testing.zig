//! Doubles and helpers for the tests: the real system behind a switch that makes the n-th call fail.

const std = @import("std");
const system = @import("../system/system.zig");
const Source = @import("../store/source.zig").Source;
const store_file = @import("../store/store.zig");

pub const Fault = union(enum) {
    none,
    failure: system.Error,
    /// The call writes half of what it was asked to. Calls that do not write are left alone.
    short_write,
};

/// Calls go to the real system; call number `fail_at` (from 1) meets the fault instead, once.
pub const Faulty = struct {
    pub var fault: Fault = .none;
    pub var fail_at: usize = 0;
    pub var call_count: usize = 0;
    /// While it is, no file becomes longer.
    pub var is_full = false;
    pub var open_files: isize = 0;
    pub var mapped_bytes: isize = 0;
    /// The run of the system that the test pretends to be in.
    pub var boot_id: [16]u8 = @splat(7);

    const Real = system.Real;
    const Address = [*]align(std.heap.page_size_min) u8;

    pub fn arm(at: usize, what: Fault) void {
        call_count = 0;
        fail_at = at;
        fault = what;
    }

    pub fn disarm() void {
        arm(0, .none);
    }

    fn meet() system.Error!void {
        call_count += 1;
        if (call_count != fail_at) return;
        switch (fault) {
            .failure => |err| return err,
            else => {},
        }
    }

    fn checkSpace(file: system.File, end_bytes: u64) system.Error!void {
        if (is_full and end_bytes > try Real.size(file)) return error.StorageFull;
    }

    fn opened(file: system.File) system.File {
        open_files += 1;
        return file;
    }

    fn mapped(address: Address, length_bytes: usize) Address {
        mapped_bytes += @intCast(length_bytes);
        return address;
    }

    pub fn openDirectory(path: [:0]const u8) system.Error!system.File {
        try meet();
        return opened(try Real.openDirectory(path));
    }

    pub fn duplicate(file: system.File) system.Error!system.File {
        try meet();
        return opened(try Real.duplicate(file));
    }

    pub fn createTemporary(directory: system.File) system.Error!system.File {
        try meet();
        return opened(try Real.createTemporary(directory));
    }

    pub fn open(directory: system.File, name: [:0]const u8, mode: system.OpenMode) system.Error!system.File {
        try meet();
        return opened(try Real.open(directory, name, mode));
    }

    pub fn unlink(directory: system.File, name: [:0]const u8) system.Error!void {
        try meet();
        return Real.unlink(directory, name);
    }

    pub fn close(file: system.File) void {
        open_files -= 1;
        Real.close(file);
    }

    pub fn size(file: system.File) system.Error!u64 {
        try meet();
        return Real.size(file);
    }

    pub fn allocate(file: system.File, offset_bytes: u64, length_bytes: u64) system.Error!void {
        try meet();
        try checkSpace(file, offset_bytes + length_bytes);
        return Real.allocate(file, offset_bytes, length_bytes);
    }

    pub fn truncate(file: system.File, length_bytes: u64) system.Error!void {
        try meet();
        return Real.truncate(file, length_bytes);
    }

    pub fn write(file: system.File, bytes: []const u8, offset_bytes: u64) system.Error!usize {
        try meet();
        try checkSpace(file, offset_bytes + bytes.len);
        const is_short = call_count == fail_at and fault == .short_write;
        return Real.write(file, if (is_short) bytes[0 .. (bytes.len + 1) / 2] else bytes, offset_bytes);
    }

    pub fn read(file: system.File, bytes: []u8, offset_bytes: u64) system.Error!usize {
        try meet();
        return Real.read(file, bytes, offset_bytes);
    }

    /// The machine that runs the tests keeps its power; power_loss_test.zig tries what happens when it does not.
    pub fn sync(_: system.File) system.Error!void {
        try meet();
    }

    pub fn syncDirectory(_: system.File) system.Error!void {
        try meet();
    }

    pub fn lock(file: system.File) system.Error!void {
        try meet();
        return Real.lock(file);
    }

    pub fn isLocked(file: system.File) system.Error!bool {
        try meet();
        return Real.isLocked(file);
    }

    pub fn bootId() [16]u8 {
        return boot_id;
    }

    pub fn randomId() system.Error![16]u8 {
        try meet();
        return Real.randomId();
    }

    pub fn processId() u32 {
        return Real.processId();
    }

    pub fn reserve(length_bytes: usize) system.Error!Address {
        try meet();
        return mapped(try Real.reserve(length_bytes), length_bytes);
    }

    pub fn mapPrivate(address: [*]u8, length_bytes: usize, file: system.File, offset_bytes: u64) system.Error!void {
        try meet();
        return Real.mapPrivate(address, length_bytes, file, offset_bytes);
    }

    pub fn mapZero(address: [*]u8, length_bytes: usize) system.Error!void {
        try meet();
        return Real.mapZero(address, length_bytes);
    }

    pub fn mapShared(length_bytes: usize, file: system.File, writable: bool) system.Error!Address {
        try meet();
        return mapped(try Real.mapShared(length_bytes, file, writable), length_bytes);
    }

    pub fn discard(address: [*]u8, length_bytes: usize, file: system.File, offset_bytes: u64) system.Error!void {
        try meet();
        return Real.discard(address, length_bytes, file, offset_bytes);
    }

    pub fn unmap(address: [*]u8, length_bytes: usize) void {
        mapped_bytes -= @intCast(length_bytes);
        Real.unmap(address, length_bytes);
    }
};

/// The ways in which a system call fails.
pub const faults = [_]Fault{
    .{ .failure = error.StorageFull },
    .{ .failure = error.InputOutput },
    .{ .failure = error.Interrupted },
    .{ .failure = error.OutOfMemory },
    .short_write,
};

/// Small sizes, so that chunks, the tail and the reservation all overflow within a few steps.
pub const small: store_file.Options = .{ .capacity_tokens = 100, .tail_records_max = 16, .tail_values_max = 64, .reserved_elements = 700 };

/// The same in a store that can drop its oldest rows: segments of a few pages.
pub const segmented: store_file.Options = .{ .capacity_tokens = 4096, .tail_records_max = 16, .tail_values_max = 64, .reserved_elements = 9000, .is_segmented = true };

/// The forms that types have, in turn, and those that cells have, of which there are 7: so all pairs come within 21 seeds,
/// and a few seeds have cells of every width.
pub fn formOf(seed: u64) @import("../format/format.zig").TokenForm {
    const kinds = [_]@import("../format/cells.zig").Kind{ .float32, .float64, .uint16, .int8, .int64, .float16, .uint8 };
    const kind = kinds[seed % kinds.len];
    return switch (seed % 3) {
        0 => .{ .width = .word, .kind = kind },
        1 => .{ .width = .byte, .kind = kind },
        else => .{ .width = .none, .only = -3, .kind = kind },
    };
}

/// Lets go of everything as the death of a process would.
pub fn abandon(store: anytype) void {
    store.files.close();
    store.files.releaseMaps();
    store.extras.close();
    store.extras.releaseMaps();
    store.head.release();
    store.stage.release();
    store.encoding.release();
    store.batch.release();
}

/// A column of float64: `width` values a row, or as many as the offsets say.
pub fn plainSource(type_id: i32, width: ?usize, values: []const f64, offsets: []const i32, present: ?[]const u8) Source {
    return .{
        .type = type_id,
        .wide = .float64,
        .dtype = .float64,
        .width = width,
        .first_row = 0,
        .first_value = 0,
        .values = std.mem.sliceAsBytes(values),
        .offsets = if (width == null) .{ .small = offsets } else .none,
        .validity = if (present) |bytes| .{ .bytes = bytes, .first_bit = 0, .all = false } else .{},
        .value_validity = .{},
        .nan_for_null = false,
        .marks_list = false,
    };
}

/// A new directory for the files of one test.
pub fn temporaryPath(folder: *std.testing.TmpDir, buffer: []u8) [:0]const u8 {
    return std.fmt.bufPrintSentinel(buffer, ".zig-cache/tmp/{s}", .{&folder.sub_path}, 0) catch unreachable;
}

/// A file of a store, past the store.
pub fn openIn(path: [:0]const u8, name: [:0]const u8, mode: system.OpenMode) !system.File {
    const directory = try system.Real.openDirectory(path);
    defer system.Real.close(directory);
    return system.Real.open(directory, name, mode);
}

/// A new directory for tests that make thousands of files: in memory, where the system has a place for that.
pub const Scratch = struct {
    buffer: [64]u8 = undefined,
    path: [:0]const u8 = "",

    pub fn make(scratch: *Scratch) !void {
        var random: [8]u8 = undefined;
        std.testing.io.random(&random);
        for ([_][]const u8{ "/dev/shm", ".zig-cache/tmp" }) |parent| {
            scratch.path = try std.fmt.bufPrintSentinel(&scratch.buffer, "{s}/streamstore-{x}", .{ parent, &random }, 0);
            std.Io.Dir.cwd().createDirPath(std.testing.io, scratch.path) catch continue;
            return;
        }
        return error.NotFound;
    }

    pub fn remove(scratch: *Scratch) void {
        std.Io.Dir.cwd().deleteTree(std.testing.io, scratch.path) catch {};
    }
};
