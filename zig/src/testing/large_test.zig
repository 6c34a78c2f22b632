//! A store of 100 GB is opened like one of a few kilobytes: by the same calls, and without a look at its columns.

const std = @import("std");
const builtin = @import("builtin");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");
const store_file = @import("../store/store.zig");
const Faulty = @import("testing.zig").Faulty;
const Scratch = @import("testing.zig").Scratch;
const lengthen = @import("lengthen.zig").lengthen;

const testing = std.testing;

const large_tokens = 5_000_000_000;
const options: store_file.Options = .{
    .capacity_tokens = 1_000_000,
    .tail_records_max = 16,
    .tail_values_max = 64,
    // Room for the large store too, which else needs one more call a column to move to a larger reservation.
    .reserved_elements = 1 << 33,
};

/// Counts as `Faulty` does. Nobody may look at what of the columns it maps: whoever does is ended by a signal.
const Guarded = struct {
    var read_bytes: usize = 0;

    pub fn mapPrivate(address: [*]u8, length_bytes: usize, file: system.File, offset_bytes: u64) system.Error!void {
        try Faulty.mapPrivate(address, length_bytes, file, offset_bytes);
        const result = std.os.linux.mprotect(@alignCast(address), length_bytes, .{});
        if (std.os.linux.errno(result) != .SUCCESS) return error.Unexpected;
    }

    pub fn read(file: system.File, bytes: []u8, offset_bytes: u64) system.Error!usize {
        const count = try Faulty.read(file, bytes, offset_bytes);
        read_bytes += count;
        return count;
    }

    pub const open = Faulty.open;
    pub const close = Faulty.close;
    pub const size = Faulty.size;
    pub const allocate = Faulty.allocate;
    pub const openDirectory = Faulty.openDirectory;
    pub const duplicate = Faulty.duplicate;
    pub const unlink = Faulty.unlink;
    pub const syncDirectory = Faulty.syncDirectory;
    pub const truncate = Faulty.truncate;
    pub const write = Faulty.write;
    pub const sync = Faulty.sync;
    pub const lock = Faulty.lock;
    pub const bootId = Faulty.bootId;
    pub const randomId = Faulty.randomId;
    pub const processId = Faulty.processId;
    pub const createTemporary = Faulty.createTemporary;
    pub const reserve = Faulty.reserve;
    pub const mapZero = Faulty.mapZero;
    pub const mapShared = Faulty.mapShared;
    pub const discard = Faulty.discard;
    pub const unmap = Faulty.unmap;
};

const Store = store_file.Store(Guarded);
const Cost = struct { calls: usize, read_bytes: usize };

/// What it takes to open a store of so many tokens, about ten a row.
fn costOf(token_count: u64, access: store_file.Access, boot: u8) !Cost {
    Faulty.disarm();
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    var empty = try store_file.Store(Faulty).create(scratch.path, options);
    try empty.close(.release);
    // One row more than whole blocks, so that the next row does not end one.
    try lengthen(Faulty, scratch.path, token_count, token_count / 10 + 1);

    Faulty.boot_id = @splat(boot);
    defer Faulty.boot_id = @splat(7);
    Faulty.disarm();
    Guarded.read_bytes = 0;
    var holder: u64 = 0;
    var store = switch (access) {
        .read => try Store.openToRead(scratch.path, options.reserved_elements),
        else => try Store.open(scratch.path, options.reserved_elements, &.{}, &holder),
    };
    const cost: Cost = .{ .calls = Faulty.call_count, .read_bytes = Guarded.read_bytes };
    errdefer store.close(.release) catch {};
    try testing.expectEqual(token_count, store.commit.token_count);
    if (access == .write) try appendOne(&store);
    try store.close(.release);
    return cost;
}

/// Nor does it take a look at the columns to go on with them.
fn appendOne(store: *Store) !void {
    try store.write(&.{.{ .step = 1, .type = 0, .count = 2 }}, &.{ 5, 6 });
    const before = store.commit;
    try store.flush();
    try testing.expectEqual(before.token_count + 2, store.commit.token_count);
    try testing.expectEqual(before.row_count + 1, store.commit.row_count);
}

test "opening 100 GB takes as few calls as opening 100 KB, and looks at none of it" {
    if (builtin.os.tag != .linux) return error.SkipZigTest;
    // In the same run of the system, and in another.
    for ([_]u8{ 7, 8 }) |boot| {
        for ([_]store_file.Access{ .read, .write }) |access| {
            const small = try costOf(5_000, access, boot);
            const large = try costOf(large_tokens, access, boot);
            try testing.expectEqual(small, large);
            try testing.expect(large.calls <= 40);
            try testing.expectEqual(@sizeOf(format.Header), large.read_bytes);
        }
    }
}
