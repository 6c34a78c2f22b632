//! Opening a store that exists: which commit holds, and what of the files must be there for it. format.zig tells why.

const std = @import("std");
const blocks_file = @import("../read/blocks.zig");
const format = @import("../format/format.zig");
const following = @import("follow.zig");
const system = @import("../system/system.zig");
const extras_format = @import("../format/extras.zig");
const extras_file = @import("extras.zig");
const head_file = @import("head.zig");
const files_file = @import("files.zig");
const store_file = @import("store.zig");

/// What opening found.
pub const Recovery = struct {
    /// What the tail held and the columns did not.
    tail_tokens: u64 = 0,
    tail_rows: u64 = 0,
    /// What a commit counted that did not survive a failure of the system.
    cut_tokens: u64 = 0,
    cut_rows: u64 = 0,
    /// Writes in a tail that cannot be trusted after one.
    cut_records: u64 = 0,
};

/// Opens the files with the newest commit that holds. The head stays the caller's until this has succeeded.
pub fn open(
    comptime System: type,
    head: *head_file.Head(System),
    directory: system.File,
    access: store_file.Access,
    reserved_elements: usize,
) store_file.Error!store_file.Store(System) {
    const sizes: files_file.Sizes = try .of(head.header().*, reserved_elements);
    const place: files_file.Place = .{ .directory = directory, .opening = if (access == .write) .write else .read };
    // In the same run of the system nothing that was written is missing.
    const trusted = head.isOfThisBoot();
    var newest = if (trusted) try newestBesideTail(System, head) else try head.newestOfAll();
    var commit = if (trusted) newest else try head.syncedCommit();
    var tables: [2][extras_format.count_max]extras_format.Counts = undefined;
    const chosen = tables[0][0..head.header().extra_count];
    const other = tables[1][0..chosen.len];
    var files, var extras = while (true) {
        break openFiles(System, head, place, sizes, commit, chosen) catch |err| {
            if (!trusted) return if (err == error.NotFound and sizes.is_segmented) error.Damaged else err;
            newest = try following.later(System, head, commit, err);
            commit = newest;
            continue;
        };
    };
    errdefer {
        files.release();
        extras.release();
    }
    var recovery: Recovery = .{};
    if (!trusted) {
        const synced = commit;
        for ([_]?format.Commit{ newest, head.olderCommit() }) |candidate| {
            if (!try holds(System, &files, synced, candidate orelse continue)) continue;
            if (!head.extra_tables.read(candidate.?.extras, other) or !try extras.holds(chosen, other)) continue;
            try extras.adopt(other);
            commit = candidate.?;
            break;
        }
        recovery.cut_tokens = newest.token_count -| commit.token_count;
        recovery.cut_rows = newest.row_count -| commit.row_count;
        recovery.cut_records = if (head.published(newest)) |records| records.len else |_| 0;
        // A commit that did not hold must not look like the newest again, nor to a reader's next refresh.
        commit.sequence = @max(commit.sequence, newest.sequence);
        if (access == .write) {
            // Only those that were synced are known to be of this stream.
            files.blocks.describe(blocks_file.countClosed(synced.row_count), files.blockColumns(commit, head.header().id));
            _ = head.extra_tables.write(.commit, extras.table(), commit.extras);
            // With this one the tail is empty.
            head.publish(&commit);
            // A commit that was cut is older than this one from now on. Were this one lost again, what comes to stand where that
            // one's rows stood could have their checksums, in part written anew and in part left over from them.
            try files.sync(commit);
            try extras.files.sync(extras.table());
            head.publishSynced(commit, extras.table());
            try head.sync();
        }
    }
    var store = try store_file.Store(System).assemble(head.*, files, extras, commit, access);
    store.recovery = recovery;
    return store;
}

fn Opened(comptime System: type) type {
    return struct { files_file.Files(System), extras_file.Extras(System) };
}

/// Opens what a commit counts, and reads its table of extras.
fn openFiles(
    comptime System: type,
    head: *const head_file.Head(System),
    place: files_file.Place,
    sizes: files_file.Sizes,
    commit: format.Commit,
    table: []extras_format.Counts,
) store_file.Error!Opened(System) {
    // The table is gone where a writer has committed twice since.
    if (!head.extra_tables.read(commit.extras, table)) return error.NotFound;
    var files = try files_file.Files(System).open(place, sizes, commit);
    errdefer files.release();
    return .{ files, try .open(files.placeOf(place), sizes.reserved_elements, sizes.extra_segments, table) };
}

/// A writer may be at work meanwhile; but where the tail does not fit the newest commit twice, a newer one is missing.
fn newestBesideTail(comptime System: type, head: *const head_file.Head(System)) error{Damaged}!format.Commit {
    var newest = try head.newestOfAll();
    while (!head.tailFits(newest)) {
        const again = try head.newestOfAll();
        if (again.sequence == newest.sequence) return error.Damaged;
        newest = again;
    }
    return newest;
}

/// Whether everything that `candidate` counts beyond `synced` has the checksums that it names.
fn holds(comptime System: type, files: *files_file.Files(System), synced: format.Commit, candidate: format.Commit) store_file.Error!bool {
    if (candidate.sequence <= synced.sequence) return candidate.sequence == synced.sequence;
    files.adopt(candidate, synced) catch |err| return if (err == error.Damaged or err == error.NotFound) false else err;
    if (!try files.reach(candidate)) return false;
    for (std.enums.values(files_file.Which)) |which| {
        // The last chunk that the synced commit counts may have grown since.
        const first = files.chunkCount(which, synced) -| 1;
        for (first..files.chunkCount(which, candidate)) |chunk| {
            if (!try files.isChunkWhole(which, chunk, candidate)) return false;
        }
    }
    return true;
}
