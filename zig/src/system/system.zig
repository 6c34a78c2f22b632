//! The one port to the operating system: every call the store makes goes through the functions of `Real`.
//! The store takes them as a comptime parameter, so that a test can put a double in their place and make
//! the n-th call fail. The functions say what the operating system said; loops over short writes and
//! interrupted calls stand above the port, where the double reaches them too.

const std = @import("std");
const builtin = @import("builtin");

/// The largest page that the target can have: 64 KiB on arm64. Tests, whose segments are of few pages, have the smallest instead,
/// which is what a machine has that runs them: 4 KiB on Linux, under emulation too.
pub const page_bytes_max = if (builtin.is_test) std.heap.page_size_min else std.heap.page_size_max;

/// An open file.
pub const File = i32;

/// A thread of this process, by the number that the system gives it.
pub const Thread = u64;

pub const Error = error{
    StorageFull,
    FileTooLarge,
    InputOutput,
    PermissionDenied,
    ReadOnlyFileSystem,
    NotFound,
    AlreadyExists,
    NotADirectory,
    NotAFile,
    TooManyOpenFiles,
    OutOfMemory,
    Interrupted,
    Unsupported,
    Locked,
    Unexpected,
};

/// How a file is opened by its name in a directory: `create` where none may be there, `reuse` where one may.
pub const OpenMode = enum { create, reuse, write, read };

pub const Real = switch (builtin.os.tag) {
    .linux => @import("linux.zig"),
    .macos => @import("macos.zig"),
    else => @compileError("StreamStore supports Linux and macOS only"),
};

/// The names by which errno values arrive here, the same on both systems.
pub fn errorOf(errno: anytype) Error {
    return switch (errno) {
        .NOSPC, .DQUOT => error.StorageFull,
        .FBIG => error.FileTooLarge,
        .IO => error.InputOutput,
        .ACCES, .PERM => error.PermissionDenied,
        .ROFS => error.ReadOnlyFileSystem,
        .NOENT => error.NotFound,
        .EXIST => error.AlreadyExists,
        .NOTDIR => error.NotADirectory,
        .ISDIR => error.NotAFile,
        .MFILE, .NFILE => error.TooManyOpenFiles,
        .NOMEM => error.OutOfMemory,
        .INTR => error.Interrupted,
        .AGAIN => error.Locked,
        .OPNOTSUPP, .NOSYS, .INVAL => error.Unsupported,
        else => error.Unexpected,
    };
}

/// Writes all of `bytes`, going on after short writes and interruptions.
pub noinline fn writeAll(comptime System: type, file: File, bytes: []const u8, offset_bytes: u64) Error!void {
    var done_bytes: usize = 0;
    while (done_bytes < bytes.len) {
        const written = System.write(file, bytes[done_bytes..], offset_bytes + done_bytes) catch |err| switch (err) {
            error.Interrupted => continue,
            else => return err,
        };
        // A write that neither moves nor fails would loop for ever.
        if (written == 0) return error.InputOutput;
        done_bytes += written;
    }
}

/// Reserves disk space for `[offset, offset + length)` and makes the file at least that long. Where the file system
/// cannot reserve, the file is only made longer: columns are written by `write`, so a full disk is still an error there.
pub noinline fn extend(comptime System: type, file: File, offset_bytes: u64, length_bytes: u64) Error!void {
    while (true) {
        return System.allocate(file, offset_bytes, length_bytes) catch |err| switch (err) {
            error.Interrupted => continue,
            error.Unsupported => System.truncate(file, offset_bytes + length_bytes),
            else => err,
        };
    }
}

/// Reads until `bytes` are full or the file ends; returns how many there were.
pub noinline fn readAll(comptime System: type, file: File, bytes: []u8, offset_bytes: u64) Error!usize {
    var done_bytes: usize = 0;
    while (done_bytes < bytes.len) {
        const read = System.read(file, bytes[done_bytes..], offset_bytes + done_bytes) catch |err| switch (err) {
            error.Interrupted => continue,
            else => return err,
        };
        if (read == 0) break;
        done_bytes += read;
    }
    return done_bytes;
}

pub noinline fn syncAll(comptime System: type, file: File) Error!void {
    while (true) {
        return System.sync(file) catch |err| switch (err) {
            error.Interrupted => continue,
            else => err,
        };
    }
}

/// Makes the names in a directory durable.
pub fn syncNames(comptime System: type, directory: File) Error!void {
    while (true) {
        return System.syncDirectory(directory) catch |err| switch (err) {
            error.Interrupted => continue,
            else => err,
        };
    }
}

/// Takes a name away. Returns whether there was a file that had it.
pub fn removeName(comptime System: type, directory: File, name: [:0]const u8) Error!bool {
    while (true) {
        System.unlink(directory, name) catch |err| switch (err) {
            error.Interrupted => continue,
            error.NotFound => return false,
            else => return err,
        };
        return true;
    }
}
