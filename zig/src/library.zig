//! What zig/limits takes of the library.

pub const system = @import("system/system.zig");
pub const lengthen = @import("testing/lengthen.zig").lengthen;
