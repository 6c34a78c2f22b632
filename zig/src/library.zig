//! What zig/limits and zig/abi.zig take of the library.

pub const system = @import("system/system.zig");
pub const lengthen = @import("testing/lengthen.zig").lengthen;
pub const layouts = .{ @import("abi/layouts.zig"), @import("abi/sample_layouts.zig"), @import("abi/statistics_layouts.zig"), @import("abi/view_layouts.zig") };

/// The source of the functions that are exported, by the names of the tables in which they are opened.
pub const tables = .{
    .core = @embedFile("abi/store.zig") ++ @embedFile("abi/read.zig"),
    .batch = @embedFile("abi/batch.zig"),
    .extras = @embedFile("abi/extras.zig"),
    .verify = @embedFile("abi/verify.zig"),
    .sampler = @embedFile("abi/sampler.zig"),
    .offsets = @embedFile("abi/offsets.zig"),
    .environments = @embedFile("abi/environments.zig"),
    .priorities = @embedFile("abi/priorities.zig"),
    .statistics = @embedFile("abi/statistics.zig"),
    .view = @embedFile("abi/view.zig"),
    .threads = @embedFile("abi/threads.zig"),
    .shared = @embedFile("abi/shared.zig"),
};
