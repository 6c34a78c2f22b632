//! What zig/limits takes of the library.

pub const system = @import("system.zig");
pub const lengthen = @import("lengthen.zig").lengthen;
