//! What a call says to its caller; src/native/status.ts says what each means to users.

const store_file = @import("../store/store.zig");
const batch_file = @import("../store/batch.zig");
const extract_file = @import("../read/extract.zig");
const handles = @import("handles.zig");

pub const Error = store_file.Error || batch_file.Error || extract_file.Error || handles.Error || error{ OutOfRange, ForeignHead };

/// Its numbers are part of the ABI.
pub const Status = enum(i32) {
    ok = 0,
    stale_handle = 1,
    closed_handle = 2,
    busy_handle = 3,
    too_many_stores = 4,
    invalid_argument = 5,
    out_of_range = 6,
    out_of_order = 7,
    inexact = 8,
    null_in_list = 9,
    width_mismatch = 10,
    read_only = 11,
    damaged = 12,
    batch_open = 13,
    newer_version = 14,
    locked = 15,
    foreign_head = 16,
    older_version = 17,
    storage_full = 20,
    file_too_large = 21,
    input_output = 22,
    permission_denied = 23,
    read_only_file_system = 24,
    not_found = 25,
    already_exists = 26,
    not_a_directory = 27,
    too_many_open_files = 28,
    out_of_memory = 29,
    interrupted = 30,
    unsupported = 31,
    unexpected = 32,
    not_a_file = 33,
    sealed = 34,
};

pub const ok: i32 = @backingInt(Status.ok);

pub fn of(err: Error) i32 {
    return @backingInt(statusOf(err));
}

fn statusOf(err: Error) Status {
    return switch (err) {
        error.StaleHandle => .stale_handle,
        error.ClosedHandle => .closed_handle,
        error.BusyHandle => .busy_handle,
        error.TooManyStores => .too_many_stores,
        error.InvalidArgument => .invalid_argument,
        error.OutOfRange => .out_of_range,
        error.OutOfOrder => .out_of_order,
        error.Inexact => .inexact,
        error.NullInList => .null_in_list,
        error.WidthMismatch => .width_mismatch,
        error.ReadOnly => .read_only,
        error.Damaged => .damaged,
        error.BatchOpen => .batch_open,
        error.NewerVersion => .newer_version,
        error.Locked => .locked,
        error.ForeignHead => .foreign_head,
        error.OlderVersion => .older_version,
        error.StorageFull => .storage_full,
        error.FileTooLarge => .file_too_large,
        error.InputOutput => .input_output,
        error.PermissionDenied => .permission_denied,
        error.ReadOnlyFileSystem => .read_only_file_system,
        error.NotFound => .not_found,
        error.AlreadyExists => .already_exists,
        error.NotADirectory => .not_a_directory,
        error.NotAFile => .not_a_file,
        error.Sealed => .sealed,
        error.TooManyOpenFiles => .too_many_open_files,
        error.OutOfMemory => .out_of_memory,
        error.Interrupted => .interrupted,
        error.Unsupported => .unsupported,
        error.Unexpected => .unexpected,
    };
}

/// The status of a call that has no other result.
pub fn result(outcome: Error!void) i32 {
    outcome catch |err| return of(err);
    return ok;
}
