//! What crosses the boundary in typed arrays, and what its numbers mean: src/native/abi.ts has the same by the same names,
//! generated from here by zig/abi.zig. The fields of a struct are the elements of a typed array, whose element is as large as
//! the smallest field: a larger one begins there with its low half. A flag or an enum in a packed struct is what is added to
//! the number that it is a part of.

const std = @import("std");
const cells = @import("../format/cells.zig");
const blocks = @import("../store/blocks.zig");
const files = @import("../store/files.zig");
const extras = @import("../format/extras.zig");
const format = @import("../format/format.zig");
const handles = @import("handles.zig");
const status = @import("status.zig");

/// Grows with every change of what the library exports.
pub const abi_version = 15;

/// What a call answers.
pub const Status = status.Status;

/// What the last error on a store was about.
pub const ErrorDetail = handles.Detail;

/// How a store is opened.
pub const StoreMode = enum(u32) { temporary, create, write, read, salvage };

/// The first three are for a new store only.
pub const StoreOptions = extern struct {
    capacity_tokens: f64,
    tail_records_max: f64,
    tail_values_max: f64,
    reserved_elements: f64,
    /// Bytes of a type in its file: 0 where all tokens have `only_type`, 1 or 4.
    type_bytes: f64,
    only_type: f64,
    /// What its cells are: a `FieldKind`.
    cell_kind: f64,
    /// 1 for a store that can drop its oldest rows.
    is_segmented: f64,
    /// Chunks of a segment of an extra's bytes, 1 MiB each, in such a store.
    segment_chunks: f64,
    /// How many extras it has, and the words of those that the tail takes.
    extra_count: f64,
    tail_extra_words_max: f64,
    /// The row and the token with which a new store begins that can drop its oldest rows; 0 in any other.
    first_row: f64,
    first_token: f64,
};

/// What is done to an open store.
pub const StoreAction = enum(u32) {
    /// To read its state.
    none,
    /// Moves the tail into the columns, and reserves disk space for what it takes next as long as there is any.
    flush,
    /// Reserves disk space for what the tail takes next, or says that there is none.
    reserve,
    /// Flushes, and makes everything durable.
    sync,
    /// Drops the segments that hold nothing but what comes before a row.
    drop_before,
    /// For a reader: goes to the newest commit.
    refresh,
    /// Flushes, and has a writer begin with a row that is still to come: one that never comes says that none does.
    begin_session,
    /// Ends what can be appended: all is durable, and no file changes any more, also when the store is closed.
    seal,
};

/// By what a row is looked up.
pub const RowKey = enum(u32) { token, step, step_or_later };

/// What an extra holds, and where its bytes are.
pub const ExtraState = extern struct {
    value_count: f64,
    byte_count: f64,
    /// The value and the byte with which they start: those before were dropped.
    first_value: f64,
    first_byte: f64,
    /// The first row that can get a value.
    next_row: f64,
    /// Bytes that the values of rows from a given one on take in the files.
    held_bytes: f64,
    /// Where its bytes are, from which one on.
    address: f64,
    reserved_bytes: f64,
    address_first: f64,
    /// Bytes of a segment of each of its files; 0 where there are none.
    bytes_segment_bytes: f64,
    ends_segment_bytes: f64,
};

/// Where a value stands in its file: start -1 where a row has none.
pub const ExtraPlace = extern struct { start: f64, length_bytes: f64 };

/// Whether a chunk is as it was written, and the rows whose values it holds parts of.
pub const ExtraCheck = extern struct { is_whole: f64, from_row: f64, to_row: f64 };

/// The files of an extra, as they are counted.
pub const ExtraPart = extras.Part;

/// The files of an extra: so many bytes and so many ends are verified together.
pub const extra_chunk_bytes = extras.chunk_bytes;
pub const extra_chunk_ends = extras.chunk_ends;
pub const extra_end_bytes = @sizeOf(extras.End);
pub const extra_count_max = extras.count_max;
pub const extra_value_bytes_max = extras.value_bytes_max;
/// A longer value does not go through the tail.
pub const tail_extra_bytes_max = extras.tail_value_bytes_max;

/// What the last commit says, where the columns and the tail are, and what opening found.
pub const StoreState = extern struct {
    /// Grows with every commit.
    sequence: u64,
    token_count: u64,
    row_count: u64,
    mark_count: u64,
    last_step: i64,
    first_token: u64,
    first_row: u64,
    first_mark: u64,
    capacity_tokens: u64,
    /// Marks of a chunk.
    capacity_marks: u64,
    is_segmented: u64,
    tail_state_address: u64,
    tail_records_address: u64,
    tail_records_bytes: u64,
    tail_values_address: u64,
    tail_values_bytes: u64,
    /// As in the options.
    type_bytes: u64,
    only_type: i64,
    cell_kind: u64,
    /// Where the columns are, from which element on.
    types_address: u64,
    types_bytes: u64,
    types_first: u64,
    data_address: u64,
    data_bytes: u64,
    data_first: u64,
    extra_count: u64,
    tail_extras_address: u64,
    tail_extras_bytes: u64,
    /// What was in the tail, because the writer was not closed.
    recovered_tokens: u64,
    recovered_rows: u64,
    /// What was committed but did not survive a failure of the system.
    cut_tokens: u64,
    cut_rows: u64,
    cut_records: u64,
    /// What the tail may take.
    room_records: u64,
    room_values: u64,
    room_marks: u64,
    /// For a writer: the first row that it begins, or has begun.
    session_row: u64,
    room_extra_values: u64,
    room_extra_words: u64,
    id: [2]u64,
};

/// A store's files that have checksums: by their places here they are asked for.
pub const store_files = files.specs;

/// A segment of a file of a byte an element is a multiple of so many bytes, and so `capacity_tokens` of a segmented store.
pub const segment_page_bytes = format.segment_page_bytes;

/// So many rows are described together, and so many blocks of them are verified together.
pub const block_rows = format.block_rows;
pub const blocks_per_chunk = blocks.blocks_per_chunk;

/// Number types of arrays that come in and go out.
pub const Dtype = cells.Dtype;

/// What the cells of a store can be, and what those of a field are read as.
pub const FieldKind = cells.Kind;

/// A field by its type ID, the `FieldKind` of its cells, and that of the 64 bits in which its values are appended.
pub const FieldCells = cells.Field;

/// What a batch does next.
pub const BatchPhase = enum(u32) { begin, measure, scatter, write, commit, abandon };

/// One field's values for a block of rows, which a batch takes.
pub const BatchSource = extern struct {
    type: f64,
    /// The `FieldKind` of 64 bits in which its values would be appended.
    wide: f64,
    dtype: f64,
    /// Values a row, or -1 where the offsets tell.
    width: f64,
    first_row: f64,
    first_value: f64,
    values_bytes: f64,
    /// Bytes of one offset: 0, 4 or 8.
    offset_bytes: f64,
    offset_count: f64,
    /// -1 where all rows are present.
    validity_first_bit: f64,
    validity_bytes: f64,
    /// -1 where all values are present.
    value_validity_first_bit: f64,
    value_validity_bytes: f64,
    /// 1 for NaN in the place of a null value.
    nan_for_null: f64,
    /// 1 to mark the field as a list.
    marks_list: f64,
};

/// One field of some rows, to be laid out as Arrow wants it.
pub const ExtractRequest = extern struct {
    type: f64,
    kind: f64,
    dtype: f64,
    /// Values a row, or -1 for as many as there are, with offsets.
    width: f64,
    first_row: f64,
    next_row: f64,
    end_row: f64,
    /// Values so far.
    value_count: f64,
    values_bytes: f64,
    /// Bytes of one offset: 0, 4 or 8.
    offset_bytes: f64,
    offset_count: f64,
    validity_bytes: f64,
    /// 1 to refuse what would be rounded.
    is_exact: f64,
};

/// How far a request has got, and after an error what it is about.
pub const ExtractProgress = extern struct {
    next_row: f64,
    value_count: f64,
    /// Rows without the field.
    missing_count: f64,
    /// The fewest and the most values of a row.
    count_min: f64,
    count_max: f64,
    culprit_row: f64,
    culprit_cell_high: f64,
    culprit_cell_low: f64,
};

/// Which columns are copied, and into what: values as floats, or the cells as they are.
pub const GatherLayout = packed struct(u32) {
    values: enum(u3) { none, float64, float32, float16, cells, _ },
    types: bool,
    steps: enum(u2) { none, int64, float64, _ },
    unused: u26,
};

/// The word of `format.TailState` in halves, of which TypeScript stores one.
pub const TailState = extern struct {
    published_count: u32,
    sequence: u32,
};

comptime {
    for (@typeInfo(TailState).@"struct".field_names) |name| {
        std.debug.assert(8 * @offsetOf(TailState, name) == @bitOffsetOf(format.TailState, name));
    }
    std.debug.assert(@sizeOf(TailState) == @sizeOf(format.TailState));
}

/// One write of one field at one step, in the tail. In place of a count stands what no number of tokens says.
pub const TailRecord = format.Record;
pub const RecordKind = format.Record.Kind;

/// What tokens cannot say.
pub const Mark = format.Mark;
pub const MarkKind = format.Mark.Kind;

/// Which of them are wanted.
pub const MarkSelection = enum(u32) { all, empty_lists, list_fields, sessions };
