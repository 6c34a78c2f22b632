//! How a store is made, opened and closed.

const cells = @import("../format/cells.zig");
const extras = @import("../format/extras.zig");
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
    /// Chunks of a segment of an extra's bytes then.
    segment_chunks: u32 = 1,
    /// Words of extras that the tail takes, where `form` counts any.
    tail_extra_words_max: u32 = 0,

    pub fn areValid(options: Options) bool {
        if (options.capacity_tokens == 0 or options.tail_records_max == 0 or options.tail_values_max == 0) return false;
        if (options.form.extra_count > extras.count_max) return false;
        return !options.is_segmented or options.segment_chunks > 0 and options.capacity_tokens % format.segment_page_bytes == 0;
    }

    pub fn header(options: Options, id: format.Id) format.Header {
        return .{
            .tail_records_max = options.tail_records_max,
            .tail_values_max = options.tail_values_max,
            .capacity_tokens = options.capacity_tokens,
            .type_bytes = @intCast(options.form.width.bytes()),
            .segment_chunks = if (options.is_segmented) options.segment_chunks else 0,
            .only_type = options.form.only,
            .cell_kind = @backingInt(options.form.kind),
            .extra_count = options.form.extra_count,
            .tail_extra_words_max = if (options.form.extra_count > 0) options.tail_extra_words_max else 0,
            .id = id,
        };
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
