//! The part of the C ABI that tells whether a thread of this process is there still: a Worker that somebody ends says nothing.

const to = @import("numbers.zig").to;
const system = @import("../system/system.zig").Real;

/// The number of the thread that calls.
export fn ss_thread_find() f64 {
    return @floatFromInt(system.currentThread());
}

/// 1 if the thread with a number is there no more. What cannot be told counts as there.
export fn ss_thread_check(thread: f64) u32 {
    const number = to(u53, thread) catch return 0;
    return @intFromBool(system.hasEnded(number));
}
