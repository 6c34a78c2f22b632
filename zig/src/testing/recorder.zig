//! The double of the system for the tests of power loss. Calls go to the real system; beside it, while it records, it
//! keeps what of every file is durable and what is not yet (sectors.zig), and can write out what may be left.

const std = @import("std");
const system = @import("../system/system.zig");
const Sectors = @import("sectors.zig").Sectors;
const Survival = @import("sectors.zig").Survival;

const allocator = std.testing.allocator;

pub const file_names = [_][]const u8{ "head", "step.i64", "type.u8", "type.i32", "data.f64", "data.f32", "data.f16", "data.i64", "data.u16", "data.i8", "data.u8", "row.u64", "marks", "blocks", "sums" };

pub const Recorder = struct {
    /// While it does not record, it only passes calls on.
    pub var recording = false;
    /// Called before every recorded call: the power may be lost there.
    pub var on_call: *const fn () void = ignoreCall;
    /// Syncs left until one fails, once; the writes before it are not durable then.
    pub var syncs_to_failure: usize = std.math.maxInt(usize);
    /// The run of the system that the test pretends to be in.
    pub var boot_id: [16]u8 = @splat(1);
    pub var open_files: isize = 0;
    pub var mapped_bytes: isize = 0;

    var tracked: [file_names.len]?Tracked = @splat(null);
    var drawn: std.ArrayList(u8) = .empty;

    const Tracked = struct {
        sectors: Sectors,
        file: system.File,
        /// A shared map of the file, which changes without a call.
        map: []const u8 = &.{},
    };
    const Real = system.Real;
    const Address = [*]align(std.heap.page_size_min) u8;

    /// Records from here on. Files that `directory` has are durable as they are.
    pub fn start(directory: []const u8) !void {
        for (file_names, &tracked) |name, *slot| {
            const content = readFile(directory, name) catch |err| switch (err) {
                error.NotFound => continue,
                else => return err,
            };
            defer allocator.free(content);
            slot.* = .{ .sectors = try Sectors.init(allocator, content), .file = -1 };
        }
        recording = true;
    }

    pub fn stop() void {
        recording = false;
        on_call = ignoreCall;
        syncs_to_failure = std.math.maxInt(usize);
        for (&tracked) |*slot| {
            if (slot.*) |*it| it.sectors.deinit();
            slot.* = null;
        }
        drawn.deinit(allocator);
        drawn = .empty;
    }

    /// Writes into `directory` what may be there after the power was lost now. Returns how many sectors of it are torn.
    pub fn writeState(directory: []const u8, random: std.Random, survival: Survival) !usize {
        try lookAtMaps();
        var torn_count: usize = 0;
        for (file_names, &tracked) |name, *slot| {
            const it = if (slot.*) |*it| it else continue;
            torn_count += try it.sectors.draw(random, if (survival == .mixed) survivalOfFile(random) else survival, &drawn);
            try writeFile(directory, name, drawn.items);
        }
        return torn_count;
    }

    /// Whole files survive together often enough to be tried as such.
    fn survivalOfFile(random: std.Random) Survival {
        return switch (random.uintLessThan(u32, 6)) {
            0 => .nothing,
            1, 2 => .everything,
            else => .mixed,
        };
    }

    /// Notes what was stored through maps since the last look.
    fn lookAtMaps() !void {
        for (&tracked) |*slot| {
            const it = if (slot.*) |*it| it else continue;
            if (it.map.len > 0) try it.sectors.write(it.map, 0);
        }
    }

    fn ignoreCall() void {}

    fn meet() void {
        if (!recording) return;
        lookAtMaps() catch @panic("no memory for the record");
        on_call();
    }

    fn find(file: system.File) ?*Tracked {
        if (!recording) return null;
        for (&tracked) |*slot| if (slot.*) |*it| if (it.file == file) return it;
        return null;
    }

    fn mapped(address: Address, length_bytes: usize) Address {
        mapped_bytes += @intCast(length_bytes);
        return address;
    }

    pub fn createTemporary(_: [:0]const u8) system.Error!system.File {
        return error.Unsupported;
    }

    pub fn open(path: [:0]const u8, mode: system.OpenMode) system.Error!system.File {
        meet();
        const file = try Real.open(path, mode);
        open_files += 1;
        if (!recording) return file;
        const name = std.fs.path.basename(path);
        for (file_names, &tracked) |known, *slot| {
            if (!std.mem.eql(u8, known, name)) continue;
            if (slot.* == null) slot.* = .{ .sectors = Sectors.init(allocator, "") catch return error.OutOfMemory, .file = -1 };
            slot.*.?.file = file;
        }
        return file;
    }

    pub fn close(file: system.File) void {
        if (find(file)) |it| it.file = -1;
        open_files -= 1;
        Real.close(file);
    }

    pub fn size(file: system.File) system.Error!u64 {
        meet();
        return Real.size(file);
    }

    pub fn allocate(file: system.File, offset_bytes: u64, length_bytes: u64) system.Error!void {
        meet();
        try Real.allocate(file, offset_bytes, length_bytes);
        const it = find(file) orelse return;
        if (offset_bytes + length_bytes > it.sectors.size()) it.sectors.resize(offset_bytes + length_bytes) catch return error.OutOfMemory;
    }

    /// As durable as a write is: not before the next sync.
    pub fn punch(file: system.File, offset_bytes: u64, length_bytes: u64) system.Error!void {
        meet();
        try Real.punch(file, offset_bytes, length_bytes);
        if (find(file)) |it| it.sectors.zero(offset_bytes, length_bytes) catch return error.OutOfMemory;
    }

    pub fn truncate(file: system.File, length_bytes: u64) system.Error!void {
        meet();
        try Real.truncate(file, length_bytes);
        if (find(file)) |it| it.sectors.resize(length_bytes) catch return error.OutOfMemory;
    }

    pub fn write(file: system.File, bytes: []const u8, offset_bytes: u64) system.Error!usize {
        meet();
        const written = try Real.write(file, bytes, offset_bytes);
        if (find(file)) |it| it.sectors.write(bytes[0..written], offset_bytes) catch return error.OutOfMemory;
        return written;
    }

    pub fn read(file: system.File, bytes: []u8, offset_bytes: u64) system.Error!usize {
        meet();
        return Real.read(file, bytes, offset_bytes);
    }

    /// Only the record syncs: the machine that runs the test keeps its power.
    pub fn sync(file: system.File) system.Error!void {
        meet();
        const it = find(file) orelse return;
        syncs_to_failure -= 1;
        if (syncs_to_failure == 0) {
            it.sectors.failSync();
            return error.InputOutput;
        }
        it.sectors.sync();
    }

    pub fn lock(file: system.File) system.Error!void {
        return Real.lock(file);
    }

    pub fn bootId() [16]u8 {
        return boot_id;
    }

    pub fn randomId() system.Error![16]u8 {
        return Real.randomId();
    }

    pub fn processId() u32 {
        return Real.processId();
    }

    pub fn reserve(length_bytes: usize) system.Error!Address {
        return mapped(try Real.reserve(length_bytes), length_bytes);
    }

    pub fn mapPrivate(address: [*]u8, length_bytes: usize, file: system.File, offset_bytes: u64) system.Error!void {
        return Real.mapPrivate(address, length_bytes, file, offset_bytes);
    }

    pub fn mapZero(address: [*]u8, length_bytes: usize) system.Error!void {
        return Real.mapZero(address, length_bytes);
    }

    pub fn mapShared(length_bytes: usize, file: system.File, writable: bool) system.Error!Address {
        const address = mapped(try Real.mapShared(length_bytes, file, writable), length_bytes);
        if (find(file)) |it| it.map = address[0..length_bytes];
        return address;
    }

    pub fn discard(address: [*]u8, length_bytes: usize, file: system.File, offset_bytes: u64) system.Error!void {
        return Real.discard(address, length_bytes, file, offset_bytes);
    }

    pub fn unmap(address: [*]u8, length_bytes: usize) void {
        meet();
        for (&tracked) |*slot| if (slot.*) |*it| {
            if (it.map.ptr == address) it.map = &.{};
        };
        mapped_bytes -= @intCast(length_bytes);
        Real.unmap(address, length_bytes);
    }
};

fn pathOf(buffer: []u8, directory: []const u8, name: []const u8) [:0]const u8 {
    return std.fmt.bufPrintSentinel(buffer, "{s}/{s}", .{ directory, name }, 0) catch unreachable;
}

fn readFile(directory: []const u8, name: []const u8) ![]u8 {
    var buffer: [300]u8 = undefined;
    const file = try system.Real.open(pathOf(&buffer, directory, name), .read);
    defer system.Real.close(file);
    const content = try allocator.alloc(u8, @intCast(try system.Real.size(file)));
    errdefer allocator.free(content);
    if (try system.readAll(system.Real, file, content, 0) != content.len) return error.InputOutput;
    return content;
}

fn writeFile(directory: []const u8, name: []const u8, content: []const u8) !void {
    var buffer: [300]u8 = undefined;
    const path = pathOf(&buffer, directory, name);
    const file = system.Real.open(path, .write) catch try system.Real.open(path, .create);
    defer system.Real.close(file);
    try system.Real.truncate(file, 0);
    try system.writeAll(system.Real, file, content, 0);
}
