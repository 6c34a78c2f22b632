//! What a call says to its caller. The codes are part of the ABI; src/native/status.ts has the same table.

const store_file = @import("../store/store.zig");
const batch_file = @import("../store/batch.zig");
const extract_file = @import("../read/extract.zig");
const handles = @import("handles.zig");

pub const Error = store_file.Error || batch_file.Error || extract_file.Error || handles.Error || error{ OutOfRange, ForeignHead };

pub const ok: i32 = 0;

pub fn of(err: Error) i32 {
    return switch (err) {
        error.StaleHandle => 1,
        error.ClosedHandle => 2,
        error.BusyHandle => 3,
        error.TooManyStores => 4,
        error.InvalidArgument => 5,
        error.OutOfRange => 6,
        error.OutOfOrder => 7,
        error.Inexact => 8,
        error.NullInList => 9,
        error.WidthMismatch => 10,
        error.ReadOnly => 11,
        error.Damaged => 12,
        error.BatchOpen => 13,
        error.NewerVersion => 14,
        error.Locked => 15,
        error.ForeignHead => 16,
        error.StorageFull => 20,
        error.FileTooLarge => 21,
        error.InputOutput => 22,
        error.PermissionDenied => 23,
        error.ReadOnlyFileSystem => 24,
        error.NotFound => 25,
        error.AlreadyExists => 26,
        error.NotADirectory => 27,
        error.TooManyOpenFiles => 28,
        error.OutOfMemory => 29,
        error.Interrupted => 30,
        error.Unsupported => 31,
        error.Unexpected => 32,
    };
}

/// The status of a call that has no other result.
pub fn result(outcome: Error!void) i32 {
    outcome catch |err| return of(err);
    return ok;
}
