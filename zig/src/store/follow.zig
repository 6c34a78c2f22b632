//! How a reader goes to what a writer has committed since. The writer drops segments meanwhile: one that is missing was
//! dropped if a newer commit says so, and is damage if none does.

const std = @import("std");
const format = @import("../format/format.zig");
const files_file = @import("files.zig");
const head_file = @import("head.zig");
const store_file = @import("store.zig");
const touching = @import("../read/touch.zig");

/// What a reader has found of its store. Until the checksums change it shows the newest commit, which has this number.
pub const Looked = struct { checksums: [2]u64, sequence: u64 };

/// Goes to the newest commit, or leaves the store as it was. Returns whether there was a newer one.
pub fn refresh(comptime System: type, store: *store_file.Store(System)) store_file.Error!bool {
    // Before anything else is read of them: a commit that comes meanwhile is found by the next look.
    const found = checksums(System, &store.head);
    if (store.looked) |looked| if (std.mem.eql(u64, &looked.checksums, &found)) return false;
    var newest = try store.head.newestCommit();
    if (newest.sequence <= store.commit.sequence) {
        store.looked = .{ .checksums = found, .sequence = store.commit.sequence };
        return false;
    }
    const before = store.files;
    try store.extras.files.save();
    errdefer restore(System, store, &before);
    const is_shown = while (true) {
        break show(System, store, newest) catch |err| {
            newest = try later(System, &store.head, newest, err);
            restore(System, store, &before);
            continue;
        };
    };
    // Two commits more, and the table of extras is gone: the next refresh finds theirs.
    if (!is_shown) {
        restore(System, store, &before);
        return false;
    }
    store.commit = newest;
    store.looked = .{ .checksums = found, .sequence = newest.sequence };
    // What is not given up now is with the next refresh: until then it only takes disk space.
    store.files.forget(newest) catch {};
    store.extras.files.forget(store.extras.table()) catch {};
    return true;
}

/// The number of the commit that a store shows.
pub inline fn sequenceOf(store: anytype) u64 {
    return if (store.looked) |looked| looked.sequence else store.commit.sequence;
}

/// Of both commits in the head. A commit that is written changes one of them, last of all its words.
fn checksums(comptime System: type, head: *const head_file.Head(System)) [2]u64 {
    return .{ @atomicLoad(u64, &head.commitSlot(0).checksum, .acquire), @atomicLoad(u64, &head.commitSlot(1).checksum, .acquire) };
}

pub const Part = enum { store, head };

/// What a refresh that finds nothing new looks at, for who reads ahead: of the store, and then of its head.
pub fn note(comptime System: type, store: *const store_file.Store(System), part: Part, ahead: *touching.Ahead) void {
    switch (part) {
        .store => inline for (.{ &store.looked, &store.head.bytes }) |place| ahead.add(place),
        .head => for (0..2) |slot| ahead.add(&store.head.commitSlot(slot).checksum),
    }
}

/// Returns whether there is still a table of its extras.
fn show(comptime System: type, store: *store_file.Store(System), commit: format.Commit) store_file.Error!bool {
    try store.files.adopt(commit, commit);
    try store.files.blocks.adopt(commit.row_count);
    return store.extras.refresh(store.head.extra_tables, commit.extras);
}

fn restore(comptime System: type, store: *store_file.Store(System), before: *const files_file.Files(System)) void {
    store.files.restore(before);
    store.extras.files.restore();
}

/// The commit to try next where a file or the table of one is missing: it must be a newer one.
pub fn later(comptime System: type, head: *const head_file.Head(System), commit: format.Commit, err: store_file.Error) store_file.Error!format.Commit {
    if (err != error.NotFound) return err;
    const newest = try head.newestCommit();
    if (newest.sequence <= commit.sequence) return if (head.header().isSegmented()) error.Damaged else err;
    return newest;
}
