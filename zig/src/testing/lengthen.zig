//! Makes a store of any length in no time, for what shows how long it takes to open one: its files are holes, which read
//! as tokens of step 0, type 0 and value 0. Even their checksums hold, since that of zeros is zero; only the rows do
//! not say where they start.

const std = @import("std");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");
const store_file = @import("../store/store.zig");

/// Takes an empty store, and leaves it closed.
pub fn lengthen(comptime System: type, directory: [:0]const u8, token_count: u64, row_count: u64) store_file.Error!void {
    var holder: u64 = 0;
    var store = try store_file.Store(System).open(directory, 1, &.{}, &holder);
    const ended = extend(System, &store, token_count, row_count);
    try store.close(.release);
    return ended;
}

fn extend(comptime System: type, store: *store_file.Store(System), token_count: u64, row_count: u64) store_file.Error!void {
    const files = &store.files;
    try System.truncate(try files.steps.files.write(0), row_count * @sizeOf(i64));
    if (files.form.width != .none) try System.truncate(try files.types.files.write(0), token_count * files.form.width.bytes());
    try System.truncate(try files.data.files.write(0), token_count * files.form.kind.bytes());
    try System.truncate(try files.rows.files.write(0), row_count * @sizeOf(u64));
    const chunk_count = token_count / store.head.header().capacity_tokens;
    try System.truncate(files.sums.file.?, chunk_count * @sizeOf(format.ColumnSums));
    store.commit.token_count = token_count;
    store.commit.row_count = row_count;
    store.head.publish(&store.commit);
}
