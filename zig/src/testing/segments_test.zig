//! Stores that drop their oldest rows: what goes, what stays where it was, and what others see meanwhile.

const std = @import("std");
const format = @import("../format/format.zig");
const store_file = @import("../store/store.zig");
const system = @import("../system/system.zig");
const Faulty = @import("testing.zig").Faulty;
const Scratch = @import("testing.zig").Scratch;
const abandon = @import("testing.zig").abandon;
const formOf = @import("testing.zig").formOf;
const openIn = @import("testing.zig").openIn;
const segmented = @import("testing.zig").segmented;
const History = @import("history.zig").History;
const rows = @import("segment_rows.zig");

const testing = std.testing;
const Store = store_file.Store(Faulty);

const appendRows = rows.appendRows;
const expectRows = rows.expectRows;
const isThere = rows.isThere;
const kinds = rows.kinds;
const row_tokens = rows.row_tokens;
const segment = rows.segment;
const segment_rows = rows.segment_rows;

var holder: u64 = 0;

test "segments are dropped with their files, and the rest stays where it was" {
    for (kinds) |options| try dropWithFiles(options);
}

fn dropWithFiles(options: store_file.Options) !void {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    const path = scratch.path;
    var store = try Store.create(path, options);
    try appendRows(&store, 4 * segment_rows + 1);
    const place = &store.files.data.slice(u64, store.commit.token_count)[3 * segment];
    try testing.expect(isThere(path, "data.f64.00000") and isThere(path, "type.i32.00001"));
    try store.dropBefore(2 * segment_rows + 7);
    try testing.expectEqual(2 * segment_rows, store.commit.first_row);
    for ([_][:0]const u8{ "data.f64.00000", "data.f64.00001", "type.i32.00001" }) |name| try testing.expect(!isThere(path, name));
    for ([_][:0]const u8{ "data.f64.00002", "type.i32.00002", "row.u64.00000", "step.i64.00000" }) |name| try testing.expect(isThere(path, name));
    try expectRows(&store, 4 * segment_rows + 1);
    try testing.expectEqual(place, &store.files.data.slice(u64, store.commit.token_count)[3 * segment]);
    // In the store's own process pages of zeros take the place of what it has dropped.
    try testing.expectEqual(0, store.files.data.slice(u64, store.commit.token_count)[segment + 1]);
    try testing.expectError(error.InvalidArgument, store.dropBefore(1));
    try testing.expectError(error.InvalidArgument, store.dropBefore(store.commit.row_count));
    try store.close(.release);
    // A closed store's last segments end with the stream.
    const last = try openIn(path, "data.f64.00004", .read);
    defer system.Real.close(last);
    try testing.expectEqual(8 * row_tokens, try system.Real.size(last));
    try testing.expect(!isThere(path, "data.f64.00005"));
    var reopened = try Store.open(path, segmented.reserved_elements, &.{}, &holder);
    try expectRows(&reopened, 4 * segment_rows + 1);
    try appendRows(&reopened, segment_rows);
    try expectRows(&reopened, 5 * segment_rows + 1);
    try reopened.close(.release);
    var salvaged = try Store.openToSalvage(path, segmented.reserved_elements);
    try expectRows(&salvaged, 5 * segment_rows + 1);
    try salvaged.close(.release);
}

test "a store that was made without segments drops nothing" {
    var plain = segmented;
    plain.is_segmented = false;
    var store = try Store.createTemporary("/tmp", plain);
    defer store.close(.release) catch {};
    try appendRows(&store, 2 * segment_rows);
    try testing.expectError(error.InvalidArgument, store.dropBefore(segment_rows + 1));
    try testing.expectEqual(0, store.commit.first_row);
    // Nor are segments made that are no whole pages.
    var odd = segmented;
    odd.capacity_tokens = format.segment_page_bytes + 1;
    try testing.expectError(error.InvalidArgument, Store.createTemporary("/tmp", odd));
}

test "a reader keeps what it has mapped until it refreshes" {
    for (kinds) |options| try keepMapped(options);
}

fn keepMapped(options: store_file.Options) !void {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    var store = try Store.create(scratch.path, options);
    defer store.close(.release) catch {};
    try appendRows(&store, 3 * segment_rows);
    var reader = try Store.openToRead(scratch.path, segmented.reserved_elements);
    defer reader.close(.release) catch {};
    try appendRows(&store, 3 * segment_rows);
    try store.dropBefore(4 * segment_rows);
    try expectRows(&reader, 3 * segment_rows);
    try testing.expectEqual(0, reader.commit.first_row);
    try testing.expect(try reader.refresh());
    try expectRows(&reader, 6 * segment_rows);
    try testing.expectEqual(4 * segment_rows, reader.commit.first_row);
    try testing.expect(!try reader.refresh());
}

/// A reader's system: before its n-th opening of a file the writer goes on, and drops all but its newest rows.
const Racing = struct {
    var writer: *Store = undefined;
    var opens_left: usize = 0;

    pub fn open(directory: system.File, name: [:0]const u8, mode: system.OpenMode) system.Error!system.File {
        opens_left -|= 1;
        if (opens_left == 0 and mode == .read) goOn() catch return error.Unexpected;
        return Faulty.open(directory, name, mode);
    }

    fn goOn() !void {
        opens_left = std.math.maxInt(usize);
        try appendRows(writer, segment_rows);
        try writer.dropBefore(writer.commit.row_count - 1);
    }

    pub const openDirectory = Faulty.openDirectory;
    pub const duplicate = Faulty.duplicate;
    pub const unlink = Faulty.unlink;
    pub const syncDirectory = Faulty.syncDirectory;
    pub const close = Faulty.close;
    pub const size = Faulty.size;
    pub const allocate = Faulty.allocate;
    pub const truncate = Faulty.truncate;
    pub const write = Faulty.write;
    pub const read = Faulty.read;
    pub const sync = Faulty.sync;
    pub const lock = Faulty.lock;
    pub const bootId = Faulty.bootId;
    pub const randomId = Faulty.randomId;
    pub const processId = Faulty.processId;
    pub const createTemporary = Faulty.createTemporary;
    pub const reserve = Faulty.reserve;
    pub const mapZero = Faulty.mapZero;
    pub const mapPrivate = Faulty.mapPrivate;
    pub const mapShared = Faulty.mapShared;
    pub const discard = Faulty.discard;
    pub const unmap = Faulty.unmap;
};

test "a reader opens and refreshes whatever is dropped meanwhile" {
    for (kinds) |options| try raceWithDrops(options);
}

fn raceWithDrops(options: store_file.Options) !void {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    var store = try Store.create(scratch.path, options);
    defer store.close(.release) catch {};
    Racing.writer = &store;
    try appendRows(&store, 3 * segment_rows);
    var at: usize = 1;
    while (true) : (at += 1) {
        Racing.opens_left = at;
        var reader = try store_file.Store(Racing).openToRead(scratch.path, segmented.reserved_elements);
        const is_over = Racing.opens_left < std.math.maxInt(usize) / 2;
        try expectRows(&reader, reader.commit.row_count);
        try appendRows(&store, segment_rows);
        Racing.opens_left = 1 + at % 3;
        try testing.expect(try reader.refresh());
        try expectRows(&reader, reader.commit.row_count);
        try reader.close(.release);
        if (is_over) break;
    }
    // Each file of the reader was once the one.
    try testing.expect(at > 6);
}

test "a refresh that fails halfway leaves the reader as it was" {
    for (kinds) |options| try failRefresh(options);
}

fn failRefresh(options: store_file.Options) !void {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    var store = try Store.create(scratch.path, options);
    defer store.close(.release) catch {};
    var fail_at: usize = 1;
    while (true) : (fail_at += 1) {
        try appendRows(&store, segment_rows + 3);
        var reader = try Store.openToRead(scratch.path, segmented.reserved_elements);
        defer reader.close(.release) catch {};
        const before = reader.commit;
        try appendRows(&store, 3 * segment_rows);
        try store.dropBefore(store.commit.row_count - 1);
        Faulty.arm(fail_at, .{ .failure = error.InputOutput });
        defer Faulty.disarm();
        const open_files = Faulty.open_files;
        if (reader.refresh()) |_| {
            try expectRows(&reader, store.commit.row_count);
            // Only giving the dropped segments back may have failed.
            if (Faulty.call_count < fail_at) break;
        } else |err| {
            try testing.expectEqual(error.InputOutput, err);
            try testing.expectEqual(before, reader.commit);
            try expectRows(&reader, before.row_count);
            try testing.expectEqual(open_files, Faulty.open_files);
        }
        Faulty.disarm();
        _ = try reader.refresh();
        try expectRows(&reader, store.commit.row_count);
    }
    try testing.expect(fail_at > 12);
}

test "a segment that is missing among those that are held is damage, and salvage shows what is beside it" {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    const path = scratch.path;
    const directory = try system.Real.openDirectory(path);
    defer system.Real.close(directory);
    var store = try Store.create(path, segmented);
    try appendRows(&store, 5 * segment_rows);
    try store.dropBefore(segment_rows);
    try store.close(.release);
    try system.Real.unlink(directory, "data.f64.00003");
    try testing.expectError(error.Damaged, Store.open(path, segmented.reserved_elements, &.{}, &holder));
    try testing.expectError(error.Damaged, Store.openToRead(path, segmented.reserved_elements));
    var salvaged = try Store.openToSalvage(path, segmented.reserved_elements);
    try testing.expectEqual(segment_rows, salvaged.commit.first_row);
    try expectRows(&salvaged, 3 * segment_rows);
    try salvaged.close(.release);
    // Where the first ones are missing, the stream starts later.
    try system.Real.unlink(directory, "data.f64.00001");
    salvaged = try Store.openToSalvage(path, segmented.reserved_elements);
    try testing.expectEqual(2 * segment_rows, salvaged.commit.first_row);
    try expectRows(&salvaged, 3 * segment_rows);
    try salvaged.close(.release);
    try system.Real.unlink(directory, "row.u64.00000");
    salvaged = try Store.openToSalvage(path, segmented.reserved_elements);
    try testing.expectEqual(salvaged.commit.first_row, salvaged.commit.row_count);
    try salvaged.close(.release);
    try testing.expectEqual(0, Faulty.open_files);
}

test "what a writer has left that died between its commit and what comes after it is taken away" {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    const path = scratch.path;
    var store = try Store.create(path, segmented);
    try appendRows(&store, 4 * segment_rows + 1);
    try store.dropBefore(3 * segment_rows);
    abandon(&store);
    // It had committed the drop, and one segment that no commit counts was there.
    for ([_][:0]const u8{ "data.f64.00001", "data.f64.00002", "type.i32.00002", "data.f64.00005", "row.u64.00001" }) |name| {
        system.Real.close(try openIn(path, name, .create));
    }
    var reader = try Store.openToRead(path, segmented.reserved_elements);
    try expectRows(&reader, 4 * segment_rows + 1);
    try reader.close(.release);
    try testing.expect(isThere(path, "data.f64.00001"));
    var reopened = try Store.open(path, segmented.reserved_elements, &.{}, &holder);
    for ([_][:0]const u8{ "data.f64.00001", "data.f64.00002", "type.i32.00002", "data.f64.00005", "row.u64.00001" }) |name| {
        try testing.expect(!isThere(path, name));
    }
    try appendRows(&reopened, 2 * segment_rows);
    try expectRows(&reopened, 6 * segment_rows + 1);
    try reopened.close(.release);
}

test "a reservation that is used up is followed by one that starts with what is held" {
    for (kinds) |options| try useUpReservations(options);
}

fn useUpReservations(options: store_file.Options) !void {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    for ([_]bool{ false, true }) |is_temporary| {
        var store = if (is_temporary) try Store.createTemporary("/tmp", options) else try Store.create(scratch.path, options);
        defer store.close(.release) catch {};
        var reader: ?Store = null;
        defer if (reader) |*it| it.close(.release) catch {};
        var row_count: u64 = 0;
        while (row_count < 40 * segment_rows) {
            try appendRows(&store, segment_rows / 2);
            row_count += segment_rows / 2;
            if (row_count > segment_rows) try store.dropBefore(row_count - segment_rows);
            try expectRows(&store, row_count);
            if (is_temporary) continue;
            if (reader == null) reader = try Store.openToRead(scratch.path, segmented.reserved_elements);
            // It comes by now and then, and has missed most of the stream.
            if (row_count % (5 * segment_rows) != 0) continue;
            try testing.expect(try reader.?.refresh());
            try expectRows(&reader.?, row_count);
        }
        try testing.expect(store.files.data.latest().first_bytes > 8 * 10 * segment);
        try testing.expect(store.files.data.reservation_count < 6);
        if (reader) |it| try testing.expect(it.files.data.latest().first_bytes > 0);
    }
    try testing.expectEqual(0, Faulty.open_files);
}
