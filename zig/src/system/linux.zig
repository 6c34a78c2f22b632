//! The port on Linux: raw system calls, so that one library serves glibc and musl.

const std = @import("std");
const linux = std.os.linux;
const system = @import("system.zig");
const Error = system.Error;
const File = system.File;
const OpenMode = system.OpenMode;

const owner_only_mode = 0o600;

fn check(result: usize) Error!usize {
    return switch (linux.errno(result)) {
        .SUCCESS => result,
        else => |errno| system.errorOf(errno),
    };
}

/// For the calls that take a directory, and for no others. It stays the same one when it gets another name.
pub fn openDirectory(path: [:0]const u8) Error!File {
    return @intCast(try check(linux.open(path, .{ .PATH = true, .DIRECTORY = true, .CLOEXEC = true }, 0)));
}

pub fn duplicate(file: File) Error!File {
    return @intCast(try check(linux.fcntl(file, linux.F.DUPFD_CLOEXEC, 0)));
}

/// A file without a name in `directory`: it is gone when it is closed, however the process ends.
pub fn createTemporary(directory: File) Error!File {
    const result = linux.openat(directory, ".", .{ .ACCMODE = .RDWR, .DIRECTORY = true, .TMPFILE = true, .CLOEXEC = true }, owner_only_mode);
    return @intCast(try check(result));
}

pub fn open(directory: File, name: [:0]const u8, mode: OpenMode) Error!File {
    const flags: linux.O = switch (mode) {
        .create => .{ .ACCMODE = .RDWR, .CREAT = true, .EXCL = true, .CLOEXEC = true },
        .reuse => .{ .ACCMODE = .RDWR, .CREAT = true, .CLOEXEC = true },
        .write => .{ .ACCMODE = .RDWR, .CLOEXEC = true },
        .read => .{ .ACCMODE = .RDONLY, .CLOEXEC = true },
    };
    return @intCast(try check(linux.openat(directory, name, flags, 0o644)));
}

pub fn unlink(directory: File, name: [:0]const u8) Error!void {
    _ = try check(linux.unlinkat(directory, name, 0));
}

pub fn close(file: File) void {
    _ = linux.close(file);
}

pub fn size(file: File) Error!u64 {
    return check(@intCast(linux.lseek(file, 0, linux.SEEK.END)));
}

pub fn allocate(file: File, offset_bytes: u64, length_bytes: u64) Error!void {
    try checkLimit(offset_bytes + length_bytes);
    _ = try check(linux.fallocate(file, 0, @intCast(offset_bytes), @intCast(length_bytes)));
}

/// Going over the limit on the size of files (RLIMIT_FSIZE) would be a signal, which ends a process that does not expect it.
fn checkLimit(end_bytes: u64) Error!void {
    var limit: linux.rlimit = undefined;
    _ = try check(linux.getrlimit(.FSIZE, &limit));
    if (end_bytes > limit.cur) return error.FileTooLarge;
}

/// The same for the files that are not written here: with the signal ignored, as other runtimes have it, going over the
/// limit is an error. What the process has chosen itself stays.
pub fn ignoreFileSizeSignal() void {
    var action: linux.Sigaction = undefined;
    if (linux.errno(linux.sigaction(.XFSZ, null, &action)) != .SUCCESS or action.handler.handler != linux.SIG.DFL) return;
    action.handler.handler = linux.SIG.IGN;
    _ = linux.sigaction(.XFSZ, &action, null);
}

pub fn truncate(file: File, length_bytes: u64) Error!void {
    try checkLimit(length_bytes);
    _ = try check(linux.ftruncate(file, @intCast(length_bytes)));
}

pub fn write(file: File, bytes: []const u8, offset_bytes: u64) Error!usize {
    try checkLimit(offset_bytes + 1);
    return check(linux.pwrite(file, bytes.ptr, bytes.len, @intCast(offset_bytes)));
}

pub fn read(file: File, bytes: []u8, offset_bytes: u64) Error!usize {
    return check(linux.pread(file, bytes.ptr, bytes.len, @intCast(offset_bytes)));
}

pub fn sync(file: File) Error!void {
    _ = try check(linux.fdatasync(file));
}

/// Makes the names in a directory durable.
pub fn syncDirectory(directory: File) Error!void {
    const file: File = @intCast(try check(linux.openat(directory, ".", .{ .ACCMODE = .RDONLY, .DIRECTORY = true, .CLOEXEC = true }, 0)));
    defer close(file);
    _ = try check(linux.fsync(file));
}

/// Takes the file for this process alone. The lock ends with the process, however it ends.
pub fn lock(file: File) Error!void {
    const exclusive_without_waiting = 2 | 4;
    _ = try check(linux.flock(file, exclusive_without_waiting));
}

/// Whether another opening of the file holds its lock. To find out, the lock is held with others for a moment: not for a file that has it.
pub fn isLocked(file: File) Error!bool {
    const shared_without_waiting = 1 | 4;
    const nothing = 8;
    _ = check(linux.flock(file, shared_without_waiting)) catch |err| return if (err == error.Locked) true else err;
    _ = try check(linux.flock(file, nothing));
    return false;
}

/// The run of the system: a number that changes with every start of it.
pub fn bootId() [16]u8 {
    var id: [16]u8 = @splat(0);
    const file = open(linux.AT.FDCWD, "/proc/sys/kernel/random/boot_id", .read) catch return id;
    defer close(file);
    var text: [36]u8 = undefined;
    const length = read(file, &text, 0) catch return id;
    var digits: usize = 0;
    for (text[0..length]) |character| {
        const digit = std.fmt.charToDigit(character, 16) catch continue;
        id[digits / 2] = id[digits / 2] << 4 | digit;
        digits += 1;
    }
    return id;
}

/// A number that no other call returns.
pub fn randomId() Error![16]u8 {
    var id: [16]u8 = undefined;
    const length = try check(linux.getrandom(&id, id.len, 0));
    return if (length == id.len) id else error.Unexpected;
}

pub fn processId() u32 {
    return @intCast(linux.getpid());
}

pub fn currentThread() system.Thread {
    return @intCast(linux.gettid());
}

/// Whether a thread of this process is there no more. What cannot be told counts as there.
pub fn hasEnded(thread: system.Thread) bool {
    const no_signal = 0;
    const result = linux.syscall3(.tgkill, @intCast(linux.getpid()), @intCast(thread), no_signal);
    return linux.errno(result) == .SRCH;
}

/// Zero pages at an address of the system's choice. They take no memory until they are written.
pub fn reserve(length_bytes: usize) Error![*]align(std.heap.page_size_min) u8 {
    const flags: linux.MAP = .{ .TYPE = .PRIVATE, .ANONYMOUS = true, .NORESERVE = true };
    return @ptrFromInt(try check(linux.mmap(null, length_bytes, .{ .READ = true, .WRITE = true }, flags, -1, 0)));
}

/// Puts zero pages in the place of what is mapped.
pub fn mapZero(address: [*]u8, length_bytes: usize) Error!void {
    const flags: linux.MAP = .{ .TYPE = .PRIVATE, .FIXED = true, .ANONYMOUS = true, .NORESERVE = true };
    _ = try check(linux.mmap(address, length_bytes, .{ .READ = true, .WRITE = true }, flags, -1, 0));
}

/// Maps a part of a file over reserved pages. Private: a stray write stays in this process.
pub fn mapPrivate(address: [*]u8, length_bytes: usize, file: File, offset_bytes: u64) Error!void {
    const flags: linux.MAP = .{ .TYPE = .PRIVATE, .FIXED = true, .NORESERVE = true };
    _ = try check(linux.mmap(address, length_bytes, .{ .READ = true, .WRITE = true }, flags, file, @intCast(offset_bytes)));
}

pub fn mapShared(length_bytes: usize, file: File, writable: bool) Error![*]align(std.heap.page_size_min) u8 {
    const result = linux.mmap(null, length_bytes, .{ .READ = true, .WRITE = writable }, .{ .TYPE = .SHARED }, file, 0);
    return @ptrFromInt(try check(result));
}

/// Drops this process's private copies of pages, so that they show the file again.
pub fn discard(address: [*]u8, length_bytes: usize, _: File, _: u64) Error!void {
    _ = try check(linux.madvise(address, length_bytes, linux.MADV.DONTNEED));
}

pub fn unmap(address: [*]u8, length_bytes: usize) void {
    _ = linux.munmap(address, length_bytes);
}
