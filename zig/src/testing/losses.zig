//! The power is lost at any system call of a session: at one of so many, whose states are then looked at.

const std = @import("std");
const Recorder = @import("recorder.zig").Recorder;
const Survival = @import("sectors.zig").Survival;

/// A session has `random`, a `failure` that ends it, `callsPerLoss()`, and `lose(survival)`.
pub fn Losses(comptime Session: type) type {
    return struct {
        /// The hook of the recorder takes no argument.
        var current: *Session = undefined;

        /// From now on, until the recorder stops.
        pub fn begin(session: *Session) void {
            current = session;
            Recorder.on_call = lose;
        }

        fn lose() void {
            const session = current;
            if (session.failure != null or session.random.uintLessThan(u32, session.callsPerLoss()) > 0) return;
            session.lose(.draw(session.random)) catch |err| {
                session.failure = err;
                if (@errorReturnTrace()) |trace| std.debug.dumpErrorReturnTrace(trace);
            };
        }
    };
}
