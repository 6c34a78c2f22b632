//! Extras: columns of text or bytes that stand beside the rows. Each has two files, which only grow:
//!
//!   extra.<index>.bytes  the values one after another
//!   extra.<index>.ends   an `End` for each value, in the order of rows: a row without one has null
//!
//! and all of them one more, `extra.sums`, with the checksums of their chunks. `head` has, behind the tail's values, the words
//! that stand for extras in the tail, and four slots for a table of what the files hold. A commit names the hash of its
//! table, so it stays as small as it is whatever the number of extras; one whose table is in no slot does not count.
//!
//! In a store that drops its oldest rows each of the two has segments, as the columns have, and the table says with which
//! value and with which byte it starts. A value may stand in two segments or more.

const std = @import("std");
const format = @import("format.zig");
const Sum = @import("sum.zig").Sum;

const is_test = @import("builtin").is_test;

/// So many a store can have.
pub const count_max = 64;

pub const value_bytes_max = 1 << 30;

/// A longer value does not go through the tail: it is in its file before its record is published.
pub const tail_value_bytes_max = 4096;

/// By so much the files grow, and so much has a checksum. Tests have small ones.
pub const chunk_bytes = if (is_test) 512 else 1 << 20;
pub const chunk_ends = if (is_test) 16 else 4096;

/// How large segments are; where there are none all is 0.
pub const Segments = struct {
    capacity_tokens: u64 = 0,
    /// Chunks of a segment of bytes.
    chunks: u64 = 0,

    pub fn isNone(segments: Segments) bool {
        return segments.capacity_tokens == 0;
    }

    /// Bytes of a segment, which is whole chunks: as many ends as a segment of rows has steps.
    pub fn bytesOf(segments: Segments, part: Part) u64 {
        if (is_test) return segments.capacity_tokens;
        return if (part == .ends) segments.capacity_tokens * @sizeOf(End) else segments.chunks * chunk_bytes;
    }
};

pub const End = extern struct {
    row: u64,
    /// Where the value ends in the bytes. It begins where the one before ends.
    end: u64,

    pub fn compare(wanted: u64, end: End) std.math.Order {
        return std.math.order(wanted, end.end);
    }

    pub fn compareRow(wanted: u64, end: End) std.math.Order {
        return std.math.order(wanted, end.row);
    }
};

/// What the files of one extra hold.
pub const Counts = extern struct {
    values: u64 = 0,
    bytes: u64 = 0,
    /// Those before were dropped.
    first_value: u64 = 0,
    first_byte: u64 = 0,
    /// Of each file's last chunk, as far as it is filled.
    sums: [part_count]Sum = @splat(.{}),
};

/// The table of a store without rows, in a caller's buffer: as a constant it would be three kilobytes of the library.
pub noinline fn nothingIn(buffer: *[count_max]Counts, count: usize) []const Counts {
    @memset(buffer[0..count], .{});
    return buffer[0..count];
}

/// The files of an extra, where they are counted.
pub const Part = enum(u1) { bytes, ends };
pub const part_count = std.enums.values(Part).len;

/// Of a table, with the store's ID; 0 where a store has no extras.
pub noinline fn hashOf(table: []const Counts, id: format.Id) u64 {
    if (table.len == 0) return 0;
    return @max(1, std.hash.XxHash64.hash(@bitCast(id[0..8].*), std.mem.sliceAsBytes(table)));
}

pub const table_slots = 4;

pub fn tableBytes(count: usize) usize {
    return std.mem.alignForward(usize, count * @sizeOf(Counts), 512);
}

/// Words in the tail that stand for a value: its length, and then its bytes, or where they are in the file.
pub fn tailWords(length_bytes: usize) usize {
    return 1 + if (length_bytes > tail_value_bytes_max) 1 else std.math.divCeil(usize, length_bytes, @sizeOf(u64)) catch unreachable;
}

/// The values in a tail, one after another. Its words come from a file: they may say anything.
pub const Walk = struct {
    records: []const format.Record,
    words: []const u64,
    row_count: u64,
    /// Null where there is no row.
    last_step: ?i64,
    next_record: usize = 0,
    next_word: usize = 0,

    pub const Value = struct {
        extra: usize,
        row: u64,
        length_bytes: u64,
        /// Null where the bytes are in the file already.
        bytes: ?[]const u8,
        place: u64,
    };

    pub fn init(commit: format.Commit, records: []const format.Record, words: []const u64) Walk {
        return .{ .records = records, .words = words, .row_count = commit.row_count, .last_step = if (commit.hasRows()) commit.last_step else null };
    }

    pub noinline fn next(walk: *Walk) error{InvalidArgument}!?Value {
        while (walk.next_record < walk.records.len) {
            const record = walk.records[walk.next_record];
            walk.next_record += 1;
            if (record.step != walk.last_step) {
                walk.row_count += 1;
                walk.last_step = record.step;
            }
            if (record.count == format.Record.extra) return try walk.valueOf(record);
        }
        return null;
    }

    fn valueOf(walk: *Walk, record: format.Record) error{InvalidArgument}!Value {
        const words = walk.words[walk.next_word..];
        if (words.len == 0 or words[0] > value_bytes_max) return error.InvalidArgument;
        const length: usize = @intCast(words[0]);
        const count = tailWords(length);
        if (count > words.len or record.type < 0) return error.InvalidArgument;
        walk.next_word += count;
        const is_here = length <= tail_value_bytes_max;
        return .{
            .extra = @intCast(record.type),
            .row = walk.row_count - 1,
            .length_bytes = length,
            .bytes = if (is_here) std.mem.sliceAsBytes(words[1..])[0..length] else null,
            .place = if (is_here) 0 else words[1],
        };
    }
};

/// The slots of `head` that have the tables of commits: two that commits write in turn, two that syncs do. Somebody else may
/// be writing them.
pub const Tables = struct {
    words: []u64 = &.{},
    count: usize = 0,
    id: format.Id = @splat(0),

    pub const Writer = enum(usize) { commit = 0, sync = 2 };

    const entry_words = @sizeOf(Counts) / @sizeOf(u64);

    /// Copies the table of a commit. Returns whether there is one.
    pub noinline fn read(tables: Tables, wanted: u64, out: []Counts) bool {
        if (tables.count == 0) return wanted == 0;
        return for (0..table_slots) |slot| {
            if (tables.copy(slot, out) == wanted) break true;
        } else false;
    }

    pub fn has(tables: Tables, wanted: u64) bool {
        var out: [count_max]Counts = undefined;
        return tables.read(wanted, out[0..tables.count]);
    }

    /// Puts a table into a slot that does not have the one to keep. Returns its hash.
    pub noinline fn write(tables: Tables, writer: Writer, table: []const Counts, kept: u64) u64 {
        const hash = hashOf(table, tables.id);
        if (tables.count == 0) return hash;
        var buffer: [count_max]Counts = undefined;
        const first = @backingInt(writer);
        const in_slot: [2]u64 = .{ tables.copy(first, buffer[0..tables.count]), tables.copy(first + 1, buffer[0..tables.count]) };
        if (in_slot[0] == hash or in_slot[1] == hash) return hash;
        const slot = if (in_slot[0] == kept) first + 1 else first;
        @memcpy(tables.slotOf(slot), @as([]const u64, @ptrCast(table)));
        return hash;
    }

    /// Reads every word once: what is hashed must be what is returned.
    noinline fn copy(tables: Tables, slot: usize, out: []Counts) u64 {
        for (@as([]u64, @ptrCast(out)), tables.slotOf(slot)) |*word, *from| word.* = @as(*volatile u64, from).*;
        return hashOf(out, tables.id);
    }

    fn slotOf(tables: Tables, slot: usize) []u64 {
        const slot_words = tableBytes(tables.count) / @sizeOf(u64);
        return tables.words[slot * slot_words ..][0 .. tables.count * entry_words];
    }
};

comptime {
    std.debug.assert(@sizeOf(End) == 16);
    std.debug.assert(@sizeOf(Counts) == 64);
    // Two records and a long value's words never make a tail that takes nothing.
    std.debug.assert(tailWords(0) == 1 and tailWords(tail_value_bytes_max) == 513 and tailWords(tail_value_bytes_max + 1) == 2);
}

test "a table is found by its hash until two others were written after it" {
    var words: [table_slots * 512 / 8]u64 = @splat(0);
    const tables: Tables = .{ .words = &words, .count = 2, .id = @splat(9) };
    var found: [2]Counts = undefined;
    var last = tables.write(.commit, &@as([2]Counts, @splat(.{})), 0);
    try std.testing.expect(tables.read(last, &found));
    try std.testing.expect(!tables.has(1));
    for (1..6) |n| {
        const table: [2]Counts = .{ .{ .values = n }, .{ .bytes = n } };
        const hash = tables.write(.commit, &table, last);
        try std.testing.expect(tables.has(hash) and tables.has(last));
        try std.testing.expect(tables.read(hash, &found));
        try std.testing.expectEqual(table, found);
        last = hash;
    }
    for (0..table_slots / 2) |slot| words[slot * 64] ^= 1;
    try std.testing.expect(!tables.has(last));
}

test "words that no writer makes are refused" {
    const record: format.Record = .{ .step = 7, .type = 1, .count = format.Record.extra };
    const commit: format.Commit = .{ .sequence = 1, .token_count = 0, .row_count = 3, .mark_count = 0, .last_step = 7 };
    for ([_][]const u64{ &.{}, &.{1}, &.{value_bytes_max + 1}, &.{ 9, 0 }, &.{tail_value_bytes_max + 1} }) |words| {
        var walk: Walk = .init(commit, &.{record}, words);
        try std.testing.expectError(error.InvalidArgument, walk.next());
    }
    var walk: Walk = .init(commit, &.{ record, .{ .step = 8, .type = 0, .count = 1 }, .{ .step = 8, .type = 0, .count = format.Record.extra } }, &.{ 3, 0x636261, 5000, 77 });
    const first = (try walk.next()).?;
    try std.testing.expectEqualStrings("abc", first.bytes.?);
    try std.testing.expectEqual(2, first.row);
    const second = (try walk.next()).?;
    try std.testing.expectEqual([_]u64{ 3, 5000, 77 }, [_]u64{ second.row, second.length_bytes, second.place });
    try std.testing.expectEqual(null, try walk.next());
}
