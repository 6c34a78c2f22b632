//! How a store is made, opened and closed.

const cells = @import("../format/cells.zig");
const format = @import("../format/format.zig");

pub const Access = enum { temporary, write, read };

pub const Options = struct {
    capacity_tokens: u64,
    tail_records_max: u32,
    tail_values_max: u32,
    /// Addresses to reserve, counted in tokens and in rows.
    reserved_elements: usize,
    form: format.TokenForm = .{},
    fields: []const cells.Field = &.{},
};

/// What becomes of the columns' addresses when a store is closed.
pub const Maps = enum {
    release,
    /// Views are out, and will be released one by one.
    keep,
    /// Views are out that nobody will release: zero pages stay under them, and nothing of the files.
    blank,
};
