//! The library as it is built: the tables of functions that it exports, one a file of abi/.

const std = @import("std");

/// No stack traces, no output: a library has no terminal of its own.
pub const panic = std.debug.no_panic;

comptime {
    _ = @import("abi/store.zig");
    _ = @import("abi/read.zig");
    _ = @import("abi/batch.zig");
    _ = @import("abi/extras.zig");
    _ = @import("abi/verify.zig");
    _ = @import("abi/sampler.zig");
    _ = @import("abi/offsets.zig");
    _ = @import("abi/environments.zig");
    _ = @import("abi/priorities.zig");
    _ = @import("abi/statistics.zig");
    _ = @import("abi/view.zig");
    _ = @import("abi/threads.zig");
    _ = @import("abi/shared.zig");
}
