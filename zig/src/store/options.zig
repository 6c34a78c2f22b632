//! How a store is made, opened and closed.

const std = @import("std");
const cells = @import("../format/cells.zig");
const extras = @import("../format/extras.zig");
const format = @import("../format/format.zig");
const list = @import("list.zig");

/// How a file of a store is come by.
pub const Opening = enum {
    temporary,
    create,
    write,
    read,

    pub fn isNew(opening: Opening) bool {
        return opening == .temporary or opening == .create;
    }
};

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
    /// The stream begins with this row and this token, for a copy of one whose head is gone; only segments allow it.
    first_row: u64 = 0,
    first_token: u64 = 0,

    pub fn areValid(options: Options) bool {
        if (options.capacity_tokens == 0 or options.tail_records_max == 0 or options.tail_values_max == 0) return false;
        if (options.form.extra_count > extras.count_max) return false;
        if (@max(options.first_row, options.first_token) > format.count_max) return false;
        if (!options.is_segmented and @max(options.first_row, options.first_token) > 0) return false;
        return !options.is_segmented or options.segment_chunks > 0 and options.capacity_tokens % format.segment_page_bytes == 0;
    }

    /// The commit of a store without rows. What of its first segments lies before the origin is zeros.
    pub fn firstCommit(options: Options) format.Commit {
        var commit: format.Commit = .{
            .sequence = 1,
            .token_count = options.first_token,
            .row_count = options.first_row,
            .mark_count = 0,
            .last_step = 0,
            .first_token = options.first_token,
            .first_row = options.first_row,
        };
        inline for (comptime std.enums.values(list.Which), &commit.sums) |which, *sum| {
            sum.* = .ofZeros(options.elementsBefore(which, commit) * list.elementBytes(which, options.form));
        }
        return commit;
    }

    /// What a new store takes of the disk.
    pub fn newBytes(options: Options, id: format.Id) u64 {
        const commit = options.firstCommit();
        var length_bytes: u64 = format.headBytes(options.header(id));
        inline for (comptime std.enums.values(list.Which)) |which| {
            const chunk_bytes = list.chunkElements(which, options.capacity_tokens, options.is_segmented) * list.elementBytes(which, options.form);
            if (options.elementsBefore(which, commit) > 0) length_bytes += chunk_bytes;
        }
        return length_bytes;
    }

    /// Those of the first chunk that lie before the origin.
    fn elementsBefore(options: Options, comptime which: list.Which, commit: format.Commit) u64 {
        return @field(commit, list.specs[@backingInt(which)].first) % list.chunkElements(which, options.capacity_tokens, options.is_segmented);
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
