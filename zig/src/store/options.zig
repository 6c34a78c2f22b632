//! How a store is made, opened and closed.

const cells = @import("../format/cells.zig");
const format = @import("../format/format.zig");

/// How a file of a store is come by.
pub const Opening = enum { temporary, create, write, read };

pub const Access = enum { temporary, write, read };

pub const Options = struct {
    capacity_tokens: u64,
    tail_records_max: u32,
    tail_values_max: u32,
    /// Addresses to reserve, counted in tokens and in rows.
    reserved_elements: usize,
    form: format.TokenForm = .{},
    fields: []const cells.Field = &.{},
    /// Whether each chunk has files of its own, so that the oldest can be dropped.
    is_segmented: bool = false,

    pub fn areValid(options: Options) bool {
        if (options.capacity_tokens == 0 or options.tail_records_max == 0 or options.tail_values_max == 0) return false;
        return !options.is_segmented or options.capacity_tokens % format.segment_page_bytes == 0;
    }
};

/// What becomes of the columns' addresses when a store is closed.
pub const Maps = enum {
    release,
    /// Views are out, and will be released one by one.
    keep,
    /// Views are out that nobody will release: zero pages stay under them, and nothing of the files.
    blank,
};
