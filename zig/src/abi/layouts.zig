//! What crosses the boundary in typed arrays, and what its numbers mean: src/native/abi.ts has the same by the same names,
//! generated from here by zig/abi.zig. The fields of a struct are the elements of a typed array; a flag or an enum in a
//! packed struct is what is added to the number that it is a part of.

const files = @import("../store/files.zig");

/// Grows with every change of what the library exports.
pub const abi_version = 2;

/// How a store is opened.
pub const StoreMode = enum(u32) { temporary, create, write, read, salvage };

/// The first three are for a new store only.
pub const StoreOptions = extern struct {
    capacity_tokens: f64,
    tail_records_max: f64,
    tail_values_max: f64,
    reserved_elements: f64,
};

/// What the last commit says, where the columns and the tail are, and what opening found.
pub const StoreState = extern struct {
    token_count: u64,
    row_count: u64,
    mark_count: u64,
    last_step: i64,
    first_token: u64,
    first_row: u64,
    capacity_tokens: u64,
    tail_state_address: u64,
    tail_records_address: u64,
    tail_records_bytes: u64,
    tail_values_address: u64,
    tail_values_bytes: u64,
    steps_address: u64,
    steps_bytes: u64,
    types_address: u64,
    types_bytes: u64,
    data_address: u64,
    data_bytes: u64,
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
    id: [2]u64,
};

/// A store's files.
pub const StoreFile = files.Which;
