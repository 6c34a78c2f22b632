//! The port on macOS, through libSystem, which every program there is linked with.

const std = @import("std");
const c = std.c;
const system = @import("system.zig");
const Error = system.Error;
const File = system.File;
const OpenMode = system.OpenMode;

fn check(result: anytype) Error!@TypeOf(result) {
    return switch (c.errno(result)) {
        .SUCCESS => result,
        else => |errno| system.errorOf(errno),
    };
}

fn checkAddress(address: *anyopaque) Error![*]align(std.heap.page_size_min) u8 {
    if (@intFromPtr(address) == std.math.maxInt(usize)) return system.errorOf(@as(c.E, @fromBackingInt(@intCast(c._errno().*))));
    return @ptrCast(@alignCast(address));
}

/// For the calls that take a directory. It stays the same one when it gets another name.
pub fn openDirectory(path: [:0]const u8) Error!File {
    return check(c.open(path.ptr, .{ .ACCMODE = .RDONLY, .DIRECTORY = true, .CLOEXEC = true }));
}

pub fn duplicate(file: File) Error!File {
    return check(c.fcntl(file, c.F.DUPFD_CLOEXEC, @as(c_int, 0)));
}

/// A file that loses its name at once: it is gone when it is closed, however the process ends.
pub fn createTemporary(directory: File) Error!File {
    var buffer: [64]u8 = undefined;
    const name = std.fmt.bufPrintSentinel(&buffer, ".streamstore-{x}", .{&try randomId()}, 0) catch unreachable;
    const file = try open(directory, name, .create);
    errdefer close(file);
    try unlink(directory, name);
    return file;
}

pub fn open(directory: File, name: [:0]const u8, mode: OpenMode) Error!File {
    const flags: c.O = switch (mode) {
        .create => .{ .ACCMODE = .RDWR, .CREAT = true, .EXCL = true, .CLOEXEC = true },
        .reuse => .{ .ACCMODE = .RDWR, .CREAT = true, .CLOEXEC = true },
        .write => .{ .ACCMODE = .RDWR, .CLOEXEC = true },
        .read => .{ .ACCMODE = .RDONLY, .CLOEXEC = true },
    };
    return check(c.openat(directory, name.ptr, flags, @as(c_uint, 0o644)));
}

pub fn unlink(directory: File, name: [:0]const u8) Error!void {
    _ = try check(c.unlinkat(directory, name.ptr, 0));
}

pub fn close(file: File) void {
    _ = c.close(file);
}

pub fn size(file: File) Error!u64 {
    return @intCast(try check(c.lseek(file, 0, c.SEEK.END)));
}

/// `F_PREALLOCATE` reserves space beyond the end of the file; the length follows by `ftruncate`.
pub fn allocate(file: File, offset_bytes: u64, length_bytes: u64) Error!void {
    const Request = extern struct { flags: c_uint, position_mode: c_int, offset: i64, length: i64, allocated: i64 };
    const allocate_all = 4;
    const from_physical_end = 3;
    var request: Request = .{
        .flags = allocate_all,
        .position_mode = from_physical_end,
        .offset = 0,
        .length = @intCast(length_bytes),
        .allocated = 0,
    };
    try checkLimit(offset_bytes + length_bytes);
    _ = try check(c.fcntl(file, c.F.PREALLOCATE, &request));
    try truncate(file, offset_bytes + length_bytes);
}

/// Going over the limit on the size of files (RLIMIT_FSIZE) would be a signal, which ends a process that does not expect it.
fn checkLimit(end_bytes: u64) Error!void {
    var limit: c.rlimit = undefined;
    _ = try check(c.getrlimit(.FSIZE, &limit));
    if (end_bytes > limit.cur) return error.FileTooLarge;
}

/// The same for the files that are not written here: with the signal ignored, as other runtimes have it, going over the
/// limit is an error. What the process has chosen itself stays.
pub fn ignoreFileSizeSignal() void {
    var action: c.Sigaction = undefined;
    if (c.sigaction(.XFSZ, null, &action) != 0 or action.handler.handler != c.SIG.DFL) return;
    action.handler.handler = c.SIG.IGN;
    _ = c.sigaction(.XFSZ, &action, null);
}

pub fn truncate(file: File, length_bytes: u64) Error!void {
    try checkLimit(length_bytes);
    _ = try check(c.ftruncate(file, @intCast(length_bytes)));
}

pub fn write(file: File, bytes: []const u8, offset_bytes: u64) Error!usize {
    try checkLimit(offset_bytes + 1);
    // One call takes at most 2 GiB here.
    const length = @min(bytes.len, 1 << 30);
    return @intCast(try check(c.pwrite(file, bytes.ptr, length, @intCast(offset_bytes))));
}

pub fn read(file: File, bytes: []u8, offset_bytes: u64) Error!usize {
    return @intCast(try check(c.pread(file, bytes.ptr, bytes.len, @intCast(offset_bytes))));
}

/// `fsync` alone leaves data in the drive's cache on macOS; `F_FULLFSYNC` does not.
pub fn sync(file: File) Error!void {
    _ = try check(c.fcntl(file, c.F.FULLFSYNC));
}

/// Makes the names in a directory durable.
pub fn syncDirectory(directory: File) Error!void {
    return sync(directory);
}

pub fn lock(file: File) Error!void {
    const exclusive_without_waiting = 2 | 4;
    _ = try check(c.flock(file, exclusive_without_waiting));
}

pub fn isLocked(file: File) Error!bool {
    const shared_without_waiting = 1 | 4;
    const nothing = 8;
    _ = check(c.flock(file, shared_without_waiting)) catch |err| return if (err == error.Locked) true else err;
    _ = try check(c.flock(file, nothing));
    return false;
}

extern "c" fn sysctlbyname(name: [*:0]const u8, old: ?*anyopaque, old_bytes: ?*usize, new: ?*anyopaque, new_bytes: usize) c_int;

pub fn bootId() [16]u8 {
    // The time at which the system was started, in seconds and microseconds.
    var id: [16]u8 = @splat(0);
    var length_bytes: usize = id.len;
    if (sysctlbyname("kern.boottime", &id, &length_bytes, null, 0) != 0) return @splat(0);
    return id;
}

extern "c" fn getentropy(buffer: [*]u8, length_bytes: usize) c_int;

pub fn randomId() Error![16]u8 {
    var id: [16]u8 = undefined;
    _ = try check(getentropy(&id, id.len));
    return id;
}

pub fn processId() u32 {
    return @intCast(c.getpid());
}

extern "c" fn pthread_threadid_np(thread: ?*anyopaque, id: *u64) c_int;
extern "c" fn proc_pidinfo(pid: c_int, flavor: c_int, argument: u64, buffer: *anyopaque, buffer_bytes: c_int) c_int;

pub fn currentThread() system.Thread {
    var id: u64 = 0;
    _ = pthread_threadid_np(null, &id);
    return id;
}

/// Whether a thread of this process is there no more. What cannot be told counts as there.
pub fn hasEnded(thread: system.Thread) bool {
    const thread_info_by_id = 15;
    var info: [112]u8 align(8) = undefined;
    if (proc_pidinfo(c.getpid(), thread_info_by_id, thread, &info, info.len) > 0) return false;
    return @as(c.E, @fromBackingInt(@intCast(c._errno().*))) == .SRCH;
}

pub fn reserve(length_bytes: usize) Error![*]align(std.heap.page_size_min) u8 {
    const flags: c.MAP = .{ .TYPE = .PRIVATE, .ANONYMOUS = true, .NORESERVE = true };
    return checkAddress(c.mmap(null, length_bytes, .{ .READ = true, .WRITE = true }, flags, -1, 0));
}

pub fn mapZero(address: [*]u8, length_bytes: usize) Error!void {
    const flags: c.MAP = .{ .TYPE = .PRIVATE, .FIXED = true, .ANONYMOUS = true, .NORESERVE = true };
    _ = try checkAddress(c.mmap(@ptrCast(@alignCast(address)), length_bytes, .{ .READ = true, .WRITE = true }, flags, -1, 0));
}

pub fn mapPrivate(address: [*]u8, length_bytes: usize, file: File, offset_bytes: u64) Error!void {
    const flags: c.MAP = .{ .TYPE = .PRIVATE, .FIXED = true };
    _ = try checkAddress(c.mmap(@ptrCast(@alignCast(address)), length_bytes, .{ .READ = true, .WRITE = true }, flags, file, @intCast(offset_bytes)));
}

pub fn mapShared(length_bytes: usize, file: File, writable: bool) Error![*]align(std.heap.page_size_min) u8 {
    return checkAddress(c.mmap(null, length_bytes, .{ .READ = true, .WRITE = writable }, .{ .TYPE = .SHARED }, file, 0));
}

/// Drops private copies of pages. `MADV_DONTNEED` is only advice here and keeps them, so the range is mapped anew.
pub fn discard(address: [*]u8, length_bytes: usize, file: File, offset_bytes: u64) Error!void {
    try mapPrivate(address, length_bytes, file, offset_bytes);
}

pub fn unmap(address: [*]u8, length_bytes: usize) void {
    _ = c.munmap(@ptrCast(@alignCast(address)), length_bytes);
}
