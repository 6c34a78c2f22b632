//! The double of the system for the tests of power loss. Calls go to the real system; beside it, while it records, it
//! keeps what of every file is durable and what is not yet (sectors.zig), and can write out what may be left. The names of
//! segments, too, are given and taken for good only when the directory is synced; those of other files at once.

const std = @import("std");
const system = @import("../system/system.zig");
const Sectors = @import("sectors.zig").Sectors;
const Survival = @import("sectors.zig").Survival;
const openIn = @import("testing.zig").openIn;

const allocator = std.testing.allocator;

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

    var inodes: std.ArrayList(Inode) = .empty;
    var names: std.StringArrayHashMapUnmanaged(Name) = .empty;
    var drawn: std.ArrayList(u8) = .empty;

    const Inode = struct {
        sectors: Sectors,
        files: std.ArrayList(system.File) = .empty,
        /// A shared map of the file, which changes without a call.
        map: []const u8 = &.{},
    };

    /// What a name has stood for: an inode or nothing. The durable version comes first.
    const Name = std.ArrayList(?usize);

    const Real = system.Real;
    const Address = [*]align(std.heap.page_size_min) u8;

    /// Records from here on. Files that `directory` has are durable as they are.
    pub fn start(directory: []const u8) !void {
        var folder = try std.Io.Dir.cwd().openDir(std.testing.io, directory, .{ .iterate = true });
        defer folder.close(std.testing.io);
        var entries = folder.iterate();
        while (try entries.next(std.testing.io)) |entry| {
            const content = try folder.readFileAlloc(std.testing.io, entry.name, allocator, .unlimited);
            defer allocator.free(content);
            try giveName(entry.name, content, true);
        }
        recording = true;
    }

    pub fn stop() void {
        recording = false;
        on_call = ignoreCall;
        syncs_to_failure = std.math.maxInt(usize);
        for (inodes.items) |*inode| {
            inode.sectors.deinit();
            inode.files.deinit(allocator);
        }
        inodes.clearAndFree(allocator);
        for (names.keys(), names.values()) |name, *versions| {
            allocator.free(name);
            versions.deinit(allocator);
        }
        names.clearAndFree(allocator);
        drawn.deinit(allocator);
        drawn = .empty;
    }

    /// A new file gets a name.
    fn giveName(name: []const u8, content: []const u8, is_durable: bool) !void {
        const found = try names.getOrPut(allocator, name);
        if (!found.found_existing) {
            found.key_ptr.* = try allocator.dupe(u8, name);
            found.value_ptr.* = .empty;
            if (!is_durable) try found.value_ptr.append(allocator, null);
        }
        try found.value_ptr.append(allocator, inodes.items.len);
        try inodes.append(allocator, .{ .sectors = try Sectors.init(allocator, content) });
    }

    fn isSegment(name: []const u8) bool {
        return name.len > 6 and name[name.len - 6] == '.' and std.ascii.isDigit(name[name.len - 1]);
    }

    /// Writes into `directory` what may be there after the power was lost now. Returns how many sectors of it are torn.
    pub fn writeState(directory: [:0]const u8, random: std.Random, survival: Survival) !usize {
        try lookAtMaps();
        try clear(directory);
        var torn_count: usize = 0;
        for (names.keys(), names.values()) |name, *versions| {
            const of_file = if (survival == .mixed) survivalOfFile(random) else survival;
            const inode = versions.items[versionOf(random, of_file, versions.items.len)] orelse continue;
            torn_count += try inodes.items[inode].sectors.draw(random, of_file, &drawn);
            try writeFile(directory, name, drawn.items);
        }
        return torn_count;
    }

    fn versionOf(random: std.Random, survival: Survival, count: usize) usize {
        return switch (survival) {
            .nothing => 0,
            .everything, .torn => count - 1,
            .mixed => random.uintLessThan(usize, count),
        };
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
        for (inodes.items) |*inode| {
            if (inode.map.len > 0) try inode.sectors.write(inode.map, 0);
        }
    }

    fn ignoreCall() void {}

    fn meet() void {
        if (!recording) return;
        lookAtMaps() catch @panic("no memory for the record");
        on_call();
    }

    fn find(file: system.File) ?*Inode {
        if (!recording) return null;
        for (inodes.items) |*inode| if (std.mem.findScalar(system.File, inode.files.items, file) != null) return inode;
        return null;
    }

    fn mapped(address: Address, length_bytes: usize) Address {
        mapped_bytes += @intCast(length_bytes);
        return address;
    }

    pub fn openDirectory(path: [:0]const u8) system.Error!system.File {
        const file = try Real.openDirectory(path);
        open_files += 1;
        return file;
    }

    pub fn duplicate(file: system.File) system.Error!system.File {
        const copy = try Real.duplicate(file);
        open_files += 1;
        return copy;
    }

    pub fn createTemporary(_: system.File) system.Error!system.File {
        return error.Unsupported;
    }

    pub fn open(directory: system.File, name: [:0]const u8, mode: system.OpenMode) system.Error!system.File {
        meet();
        const file = try Real.open(directory, name, mode);
        open_files += 1;
        if (recording) noteOpen(name, file) catch return error.OutOfMemory;
        return file;
    }

    fn noteOpen(name: []const u8, file: system.File) !void {
        const versions = names.get(name);
        if (versions == null or versions.?.getLast() == null) try giveName(name, "", !isSegment(name));
        const inode = &inodes.items[names.get(name).?.getLast().?];
        try inode.files.append(allocator, file);
    }

    pub fn unlink(directory: system.File, name: [:0]const u8) system.Error!void {
        if (!recording) return Real.unlink(directory, name);
        const versions = names.getPtr(name) orelse return error.NotFound;
        if (versions.getLast() == null) return error.NotFound;
        meet();
        try Real.unlink(directory, name);
        versions.append(allocator, null) catch return error.OutOfMemory;
    }

    pub fn syncDirectory(_: system.File) system.Error!void {
        meet();
        if (!recording) return;
        syncs_to_failure -= 1;
        if (syncs_to_failure == 0) return error.InputOutput;
        for (names.values()) |*versions| {
            versions.items[0] = versions.getLast();
            versions.shrinkRetainingCapacity(1);
        }
    }

    pub fn close(file: system.File) void {
        if (find(file)) |inode| _ = inode.files.swapRemove(std.mem.findScalar(system.File, inode.files.items, file).?);
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

    pub fn isLocked(file: system.File) system.Error!bool {
        return Real.isLocked(file);
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
        for (inodes.items) |*inode| {
            if (inode.map.ptr == address) inode.map = &.{};
        }
        mapped_bytes -= @intCast(length_bytes);
        Real.unmap(address, length_bytes);
    }
};

fn writeFile(directory: [:0]const u8, name: []const u8, content: []const u8) !void {
    var buffer: [64]u8 = undefined;
    const terminated = try std.fmt.bufPrintSentinel(&buffer, "{s}", .{name}, 0);
    const file = try openIn(directory, terminated, .reuse);
    defer system.Real.close(file);
    try system.Real.truncate(file, 0);
    try system.writeAll(system.Real, file, content, 0);
}

fn clear(directory: []const u8) !void {
    var folder = try std.Io.Dir.cwd().openDir(std.testing.io, directory, .{ .iterate = true });
    defer folder.close(std.testing.io);
    var entries = folder.iterate();
    while (try entries.next(std.testing.io)) |entry| try folder.deleteFile(std.testing.io, entry.name);
}
