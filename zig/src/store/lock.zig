//! The lock on a head, which makes its holder the writer.

const std = @import("std");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");

/// How often it is tried for: who looks for its holder has a share in it for two system calls, which must not keep a writer out.
const tries_max = 100;

/// Takes the lock. Where another has it, `obstacle` says which process that is.
pub fn take(comptime System: type, file: system.File, obstacle: *u64) system.Error!void {
    for (1..tries_max) |_| {
        return System.lock(file) catch |err| if (err == error.Locked) continue else err;
    }
    return System.lock(file) catch |err| {
        if (err == error.Locked) obstacle.* = try holderIn(System, file);
        return err;
    };
}

/// As the head says it, or 0 where it is too short to.
fn holderIn(comptime System: type, file: system.File) system.Error!u64 {
    var held: format.Header = undefined;
    const length_bytes = try system.readAll(System, file, std.mem.asBytes(&held), format.header_offset);
    return if (length_bytes == @sizeOf(format.Header)) held.process_id else 0;
}
