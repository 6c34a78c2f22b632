"""The C ABI of the native library. `./run build` generates this file from zig/src/abi.

Only u32, i32, f64 and arrays ("buffer") cross; the comments name the parameters.
"""

SYMBOLS = {
    "ss_abi_version": ((), "u32"),
    "ss_store_open": (("buffer", "u32", "u32", "buffer", "buffer", "u32", "buffer", "buffer", ), "i32"),  # directory, directory_bytes, mode, options, fields, field_count, id, out
    "ss_store_close": (("u32", "u32", "u32", ), "i32"),  # store, view_count, blank
    "ss_store_update": (("u32", "u32", "f64", "buffer", ), "i32"),  # store, action, row, out_state
    "ss_store_detail": (("u32", "buffer", ), "i32"),  # store, out
    "ss_store_write": (("u32", "buffer", "u32", "buffer", "u32", "buffer", "u32", ), "i32"),  # store, records, record_count, values, value_count, extra_words, extra_word_count
    "ss_window_gather": (("u32", "buffer", "u32", "u32", "u32", "buffer", "u32", "buffer", "buffer", "buffer", ), "i32"),  # store, starts, window_count, window_length, layout, others, other_count, out_values, out_types, out_steps
    "ss_column_extract": (("u32", "buffer", "buffer", "buffer", "buffer", "buffer", ), "i32"),  # store, request, out_values, out_offsets, out_validity, out_progress
    "ss_rows_read": (("u32", "f64", "u32", "buffer", "buffer", ), "i32"),  # store, first_row, row_count, out_starts, out_steps
    "ss_steps_read": (("u32", "f64", "u32", "buffer", ), "i32"),  # store, token, length, out_steps
    "ss_row_find": (("u32", "u32", "buffer", "buffer", ), "i32"),  # store, key, number, out_row
    "ss_marks_read": (("u32", "u32", "f64", "f64", "buffer", "u32", "buffer", ), "i32"),  # store, selection, first_row, end_row, out_marks, marks_max, out_count
    "ss_batch_advance": (("u32", "u32", "u32", "buffer", "buffer", "buffer", "buffer", "buffer", ), "i32"),  # store, phase, row_count, source, values, offsets, validity, value_validity
    "ss_extra_place": (("u32", "u32", "f64", "buffer", "u32", "buffer", ), "i32"),  # store, extra, ahead, bytes, length, out_place
    "ss_extra_append": (("u32", "u32", "f64", "buffer", "u32", "buffer", "u32", ), "i32"),  # store, extra, first_row, lengths, row_count, bytes, length
    "ss_extra_state": (("u32", "u32", "f64", "buffer", ), "i32"),  # store, extra, from_row, out
    "ss_extra_read": (("u32", "u32", "f64", "buffer", "buffer", "u32", ), "i32"),  # store, extra, row, out, bytes, bytes_max
    "ss_extra_rows": (("u32", "u32", "f64", "buffer", "u32", "buffer", "buffer", "u32", ), "i32"),  # store, extra, first_row, out_lengths, row_count, out, bytes, bytes_max
    "ss_extra_check": (("u32", "u32", "u32", "f64", "buffer", ), "i32"),  # store, extra, part, chunk, out
    "ss_chunk_check": (("u32", "u32", "f64", "buffer", ), "i32"),  # store, file, chunk, out_whole
    "ss_blocks_check": (("u32", "f64", "buffer", ), "i32"),  # store, chunk, out_whole
    "ss_writer_find": (("u32", "buffer", ), "i32"),  # store, out_process
    "ss_numbers_draw": (("u32", "buffer", "buffer", "u32", "buffer", ), "i32"),  # order, key, indices, count, out
    "ss_windows_count": (("buffer", "buffer", "u32", "buffer", "buffer", "u32", ), "i32"),  # index, origins, from, cumulative, buckets, buckets_max
    "ss_windows_locate": (("buffer", "u32", "buffer", "buffer", "buffer", "buffer", "u32", "buffer", "buffer", "buffer", ), "i32"),  # index, name, origins, cumulative, buckets, given, count, out_anchors, out_starts, out_lengths
    "ss_mixed_windows_locate": (("buffer", "buffer", "u32", "buffer", "u32", "buffer", "buffer", "buffer", "u32", "buffer", "buffer", "buffer", "buffer", ), "i32"),  # index, parts, part_count, buckets, name, origins, cumulative, ordinals, count, sources, anchors, out_starts, out_lengths
    "ss_windows_rank": (("buffer", "buffer", "buffer", "f64", "buffer", ), "i32"),  # index, origins, cumulative, position, out_rank
    "ss_episodes_scan": (("u32", "u32", "buffer", "u32", "buffer", "buffer", "u32", ), "i32"),  # store, rule, fields, field_count, progress, out_starts, starts_max
    "ss_rows_start": (("u32", "buffer", "u32", "buffer", ), "i32"),  # store, rows, count, out_starts
    "ss_newest_load": (("u32", "buffer", "buffer", "u32", "buffer", ), "i32"),  # store, request, fields, field_count, out
    "ss_windows_fill": (("buffer", "u32", "u32", "buffer", "buffer", "buffer", "u32", "u32", "buffer", "u32", "buffer", "buffer", "buffer", "buffer", "buffer", ), "i32"),  # groups, group_count, layout, starts, lengths, slots, batch_size, width, fields, field_count, out_values, out_types, out_steps, out_mask, out_lengths
    "ss_fields_fill": (("buffer", "u32", "u32", "buffer", "buffer", "buffer", "u32", "u32", "buffer", "u32", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", ), "i32"),  # groups, group_count, layout, starts, lengths, slots, batch_size, width, fields, field_count, out_steps, out_mask, out_values_0, out_mask_0, out_values_1, out_mask_1, out_values_2, out_mask_2, out_values_3, out_mask_3
    "ss_offsets_fill": (("buffer", "u32", "u32", "buffer", "buffer", "buffer", "buffer", "u32", "buffer", "u32", "buffer", "buffer", "buffer", "buffer", ), "i32"),  # groups, group_count, layout, anchors, starts, lengths, slots, batch_size, offsets, offset_count, field, out_values, out_mask, out_offset_mask
    "ss_environments_scan": (("u32", "buffer", "u32", "buffer", "buffer", "u32", "buffer", "u32", "buffer", "u32", ), "i32"),  # store, fields, field_count, progress, names, names_max, slots, slot_count, out, rows_max
    "ss_environments_add": (("buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "u32", "buffer", ), "i32"),  # sizes, parts, blocks, listed, addition, words, word_count, out_begun
    "ss_environments_rows": (("buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "u32", "buffer", "u32", "buffer", ), "i32"),  # sizes, parts, blocks, listed, sources, anchors, starts, lengths, count, offsets, offset_count, out_rows
    "ss_environments_find": (("u32", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "u32", "buffer", "u32", "buffer", "buffer", ), "i32"),  # store, fields, sizes, parts, blocks, listed, names, slots, slot_count, rows, count, out_sources, out_positions
    "ss_environments_newest": (("u32", "buffer", "f64", "buffer", "u32", "buffer", "buffer", "u32", ), "i32"),  # store, request, held, fields, field_count, out, out_rows, rows_max
    "ss_priorities_fill": (("buffer", "buffer", "buffer", "buffer", ), "i32"),  # nodes, tree, request, report
    "ss_priorities_update": (("buffer", "buffer", "buffer", "buffer", "u32", "f64", "buffer", ), "i32"),  # nodes, tree, ids, values, count, alpha, report
    "ss_priorities_draw": (("buffer", "buffer", "buffer", "u32", "buffer", "buffer", ), "i32"),  # nodes, tree, units, count, out_ids, out_probabilities
    "ss_priorities_build": (("buffer", "buffer", "buffer", ), "i32"),  # nodes, tree, report
    "ss_statistics_add": (("u32", "buffer", "u32", "buffer", "buffer", "buffer", "u32", "buffer", ), "i32"),  # store, fields, field_count, summaries, indexes, pages, pages_max, progress
    "ss_moments_merge": (("buffer", "buffer", ), "i32"),  # moments, other
    "ss_series_reduce": (("u32", "buffer", "u32", "buffer", "u32", "buffer", ), "i32"),  # store, series, series_count, ranges, range_count, out
    "ss_rows_synced": (("u32", "buffer", ), "i32"),  # store, out_rows
    "ss_thread_find": ((), "f64"),
    "ss_thread_check": (("f64", ), "u32"),  # thread
    "ss_store_share": (("u32", ), "i32"),  # store
    "ss_stores_refresh": (("buffer", "u32", "buffer", "buffer", ), "i32"),  # stores, count, out_sequences, out_count
    "ss_windows_group": (("buffer", "u32", "u32", "buffer", "u32", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer", ), "i32"),  # sources, count, shift, stores, store_count, places, anchors, starts, lengths, out_sources, out_anchors, out_starts, out_lengths, out_slots, out_stores, out_groups, out_group_count
}

# Called with addresses: when a view of a store's memory is not used any more.
CALLBACKS = {
    "ss_view_deallocate": (("pointer", "pointer", ), "void"),  # _, context
}


ABI_VERSION = 15


class Status:
    ok = 0
    stale_handle = 1
    closed_handle = 2
    busy_handle = 3
    too_many_stores = 4
    invalid_argument = 5
    out_of_range = 6
    out_of_order = 7
    inexact = 8
    null_in_list = 9
    width_mismatch = 10
    read_only = 11
    damaged = 12
    batch_open = 13
    newer_version = 14
    locked = 15
    foreign_head = 16
    older_version = 17
    storage_full = 20
    file_too_large = 21
    input_output = 22
    permission_denied = 23
    read_only_file_system = 24
    not_found = 25
    already_exists = 26
    not_a_directory = 27
    too_many_open_files = 28
    out_of_memory = 29
    interrupted = 30
    unsupported = 31
    unexpected = 32
    not_a_file = 33
    sealed = 34


class ErrorDetail:
    index = 0
    count = 1
    value_index = 2
    wanted_bytes = 3
    type = 4
    cell_high = 5
    cell_low = 6
    length = 7


class StoreMode:
    temporary = 0
    create = 1
    write = 2
    read = 3
    salvage = 4


class StoreOptions:
    capacity_tokens = 0
    tail_records_max = 1
    tail_values_max = 2
    reserved_elements = 3
    type_bytes = 4
    only_type = 5
    cell_kind = 6
    is_segmented = 7
    segment_chunks = 8
    extra_count = 9
    tail_extra_words_max = 10
    first_row = 11
    first_token = 12
    length = 13


class StoreAction:
    none = 0
    flush = 1
    reserve = 2
    sync = 3
    drop_before = 4
    refresh = 5
    begin_session = 6
    seal = 7


class RowKey:
    token = 0
    step = 1
    step_or_later = 2


class ExtraState:
    value_count = 0
    byte_count = 1
    first_value = 2
    first_byte = 3
    next_row = 4
    held_bytes = 5
    address = 6
    reserved_bytes = 7
    address_first = 8
    bytes_segment_bytes = 9
    ends_segment_bytes = 10
    length = 11


class ExtraPlace:
    start = 0
    length_bytes = 1
    length = 2


class ExtraCheck:
    is_whole = 0
    from_row = 1
    to_row = 2
    length = 3


class ExtraPart:
    bytes = 0
    ends = 1


EXTRA_CHUNK_BYTES = 1048576


EXTRA_CHUNK_ENDS = 4096


EXTRA_END_BYTES = 16


EXTRA_COUNT_MAX = 64


EXTRA_VALUE_BYTES_MAX = 1073741824


TAIL_EXTRA_BYTES_MAX = 4096


class StoreState:
    sequence = 0
    token_count = 1
    row_count = 2
    mark_count = 3
    last_step = 4
    first_token = 5
    first_row = 6
    first_mark = 7
    capacity_tokens = 8
    capacity_marks = 9
    is_segmented = 10
    tail_state_address = 11
    tail_records_address = 12
    tail_records_bytes = 13
    tail_values_address = 14
    tail_values_bytes = 15
    type_bytes = 16
    only_type = 17
    cell_kind = 18
    types_address = 19
    types_bytes = 20
    types_first = 21
    data_address = 22
    data_bytes = 23
    data_first = 24
    extra_count = 25
    tail_extras_address = 26
    tail_extras_bytes = 27
    recovered_tokens = 28
    recovered_rows = 29
    cut_tokens = 30
    cut_rows = 31
    cut_records = 32
    room_records = 33
    room_values = 34
    room_marks = 35
    session_row = 36
    room_extra_values = 37
    room_extra_words = 38
    id = 39
    length = 41


STORE_FILES = (
    {"field": "steps", "file": "step.i64", "element_bytes": 8, "count": "row_count", "first": "first_row"},
    {"field": "types", "file": "type", "element_bytes": 0, "count": "token_count", "first": "first_token"},
    {"field": "data", "file": "data", "element_bytes": 0, "count": "token_count", "first": "first_token"},
    {"field": "rows", "file": "row.u64", "element_bytes": 8, "count": "row_count", "first": "first_row"},
    {"field": "marks", "file": "marks", "element_bytes": 16, "count": "mark_count", "first": "first_mark"},
)


SEGMENT_PAGE_BYTES = 65536


BLOCK_ROWS = 4096


BLOCKS_PER_CHUNK = 128


class Dtype:
    float64 = 0
    float32 = 1
    float16 = 2
    int64 = 3
    uint64 = 4
    int32 = 5
    uint32 = 6
    int16 = 7
    uint16 = 8
    int8 = 9
    uint8 = 10
    bool = 11


class FieldKind:
    float64 = 0
    float32 = 1
    float16 = 2
    int64 = 3
    uint64 = 4
    int32 = 5
    uint32 = 6
    int16 = 7
    uint16 = 8
    int8 = 9
    uint8 = 10


class FieldCells:
    type = 0
    kind = 1
    wide = 2
    length = 3


class BatchPhase:
    begin = 0
    measure = 1
    scatter = 2
    write = 3
    commit = 4
    abandon = 5


class BatchSource:
    type = 0
    wide = 1
    dtype = 2
    width = 3
    first_row = 4
    first_value = 5
    values_bytes = 6
    offset_bytes = 7
    offset_count = 8
    validity_first_bit = 9
    validity_bytes = 10
    value_validity_first_bit = 11
    value_validity_bytes = 12
    nan_for_null = 13
    marks_list = 14
    length = 15


class ExtractRequest:
    type = 0
    kind = 1
    dtype = 2
    width = 3
    first_row = 4
    next_row = 5
    end_row = 6
    value_count = 7
    values_bytes = 8
    offset_bytes = 9
    offset_count = 10
    validity_bytes = 11
    is_exact = 12
    length = 13


class ExtractProgress:
    next_row = 0
    value_count = 1
    missing_count = 2
    count_min = 3
    count_max = 4
    culprit_row = 5
    culprit_cell_high = 6
    culprit_cell_low = 7
    length = 8


class GatherLayout:
    values = {"none": 0, "float64": 1, "float32": 2, "float16": 3, "cells": 4}
    types = 8
    steps = {"none": 0, "int64": 16, "float64": 32}


class TailState:
    published_count = 0
    sequence = 1
    length = 2


class TailRecord:
    step = 0
    type = 2
    count = 3
    length = 4


class RecordKind:
    empty_list = 0
    bare_row = -1
    list_field = -2
    extra = -8


class Mark:
    row = 0
    type = 2
    kind = 3
    length = 4


class MarkKind:
    empty_list = 0
    list_field = -2
    session = -3


class MarkSelection:
    all = 0
    empty_lists = 1
    list_fields = 2
    sessions = 3


class DrawOrder:
    uniform = 0
    unit = 1
    geometric = 2
    permuted = 3
    uniform_each = 4
    geometric_each = 5


class DrawKey:
    seed_low = 0
    seed_high = 1
    stream = 2
    bound = 3
    decay = 4
    length = 5


class WindowPolicy:
    within = 0
    pad_left = 1
    pad_right = 2
    around = 3


class WindowIndex:
    window_length = 0
    stride = 1
    before = 2
    policy = 3
    first = 4
    end = 5
    episode_count = 6
    bucket_shift = 7
    bucket_count = 8
    length = 9


class WindowPart:
    base = 0
    skipped = 1
    episode_first = 2
    episode_count = 3
    first = 4
    end = 5
    length = 6


class WindowName:
    ordinal = 0
    anchor = 1


class EpisodeRule:
    none = 0
    end = 1
    id = 2


EPISODE_FIELDS_MAX = 64


class EpisodeProgress:
    row = 0
    end_row = 1
    has_id = 2
    id_low = 3
    id_high = 4
    start_count = 5
    synced_rows = 6
    length = 7


class EnvironmentProgress:
    row = 0
    end_row = 1
    name_count = 2
    slot_count = 3
    row_count = 4
    is_nameless = 5
    is_full = 6
    synced_rows = 7
    length = 8


class EnvironmentAddition:
    row = 0
    listed_row = 1
    end_row = 2
    session_row = 3
    listed_next = 4
    listed_end = 5
    row_count = 6
    begun_count = 7
    need = 8
    length = 9


class EnvironmentNeed:
    nothing = 0
    block = 1
    listed = 2


class EnvironmentBegun:
    environment = 0
    position = 1
    length = 2


class EnvironmentSizes:
    part_count = 0
    block_count = 1
    listed_count = 2
    length = 3


class EnvironmentPart:
    block_first = 0
    base = 1
    count = 2
    blocks_max = 3
    last_row = 4
    is_over = 5
    length = 6


class EnvironmentBlock:
    row = 0
    step = 1
    length = 2


ENVIRONMENT_BLOCK_ROWS = 64


class NewestRequest:
    rows_max = 0
    tokens_max = 1
    tail_values = 2
    rule = 3
    length = 4


class NewestRows:
    token_count = 0
    row_count = 1
    start_row = 2
    start_token = 3
    length = 4


class NewestOfEnvironment:
    row_count = 0
    found_count = 1
    length = 2


class BatchOutput:
    none = 0
    float64 = 1
    float32 = 2
    float16 = 3
    bfloat16 = 4
    uint8 = 5
    uint16 = 6
    int32 = 7
    int64 = 8


class WindowGroup:
    store = 0
    count = 1
    length = 2


class FillLayout:
    part = {"tokens": 0, "rows": 1, "fields": 2}
    source = {"columns": 0, "newest": 4}
    side = {"left": 0, "right": 8}
    truncate = 16
    values = {"none": 0, "float64": 32, "float32": 64, "float16": 96, "bfloat16": 128, "uint8": 160, "uint16": 192, "int32": 224, "int64": 256}
    types = 512
    steps = {"none": 0, "int64": 1024, "float64": 2048}
    repeats = 4096
    listed = 8192


class ScaledField:
    type = 0
    kind = 1
    shift = 2
    factor = 3
    width = 4
    output = 5
    length = 6


DENSE_FIELDS_MAX = 4


PRIORITY_FANOUT = 16


class PriorityTree:
    node_count = 0
    capacity = 1
    base = 2
    end = 3
    length = 4


class PriorityFill:
    from_ = 0
    to = 1
    stride = 2
    priority = 3
    alpha = 4
    length = 5


class PriorityReport:
    count_change = 0
    priority_max = 1
    culprit = 2
    refusal = 3
    length = 4


class PriorityRefusal:
    position = 0
    priority = 1
    sum = 2


STATISTICS_FIELDS_MAX = 256


STATISTICS_INDEX_LENGTH = 4097


STATISTICS_PAGE_LENGTH = 128


STATISTICS_ZERO_PAGE = 4096


MOMENT_SCALES = (
    4.149515568880993e180,
    1e0,
    2.409919865102884e-181,
)


class Moments:
    count = 0
    mean = 1
    mean_rest = 2
    squares = 3
    scale = 4
    block_count = 5
    block_sum = 6
    block_squares = 7
    length = 8


class FieldSummary:
    moments = 0
    min = 8
    max = 9
    non_finite = 10
    row_count = 11
    length = 12


class StatisticsProgress:
    next_token = 0
    next_row = 1
    next_mark = 2
    row_count = 3
    page_count = 4
    is_done = 5
    length = 6


VIEW_SERIES_MAX = 64


class ViewSeries:
    field = 0
    element = 3
    length = 4


class ViewSummary:
    first = 0
    last = 1
    min = 2
    max = 3
    count = 4
    length = 5


class ViewRows:
    first = 0
    end = 1
    length = 2
