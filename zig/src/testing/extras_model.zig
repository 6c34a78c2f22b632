//! What a store with two extras must hold, kept in plain lists, and the appends that the walks make.

const std = @import("std");
const format = @import("../format/format.zig");
const layout = @import("../format/extras.zig");
const store_file = @import("../store/store.zig");

const allocator = std.testing.allocator;

pub const extra_count = 2;

/// A store with extras, of which every second one can drop its oldest rows.
pub fn optionsOf(seed: u64) store_file.Options {
    if (seed % 2 == 0) return options;
    var segmented = options;
    segmented.is_segmented = true;
    segmented.capacity_tokens = format.segment_page_bytes;
    return segmented;
}

pub const options: store_file.Options = .{
    .capacity_tokens = 100,
    .tail_records_max = 16,
    .tail_values_max = 64,
    .tail_extra_words_max = 64,
    .reserved_elements = 700,
    .form = .{ .extra_count = extra_count },
};

const Item = struct { row: usize, length: usize };

pub const Model = struct {
    row_count: usize = 0,
    items: [extra_count]std.ArrayList(Item) = @splat(.empty),
    /// How long all of it was after each append.
    ends: std.ArrayList(End) = .empty,

    pub const End = struct { row_count: usize, counts: [extra_count]usize };

    pub fn deinit(model: *Model) void {
        for (&model.items) |*items| items.deinit(allocator);
        model.ends.deinit(allocator);
    }

    pub fn end(model: *const Model) End {
        var counts: [extra_count]usize = undefined;
        for (&model.items, &counts) |items, *count| count.* = items.items.len;
        return .{ .row_count = model.row_count, .counts = counts };
    }

    /// What the model holds now is a whole append more.
    pub fn noteEnd(model: *Model) !void {
        try model.ends.append(allocator, model.end());
    }

    pub fn cutTo(model: *Model, at: usize) void {
        const kept = model.ends.items[at];
        model.row_count = kept.row_count;
        for (&model.items, kept.counts) |*items, count| items.shrinkRetainingCapacity(count);
        model.ends.shrinkRetainingCapacity(at + 1);
    }

    /// Drops what comes before a row, or as much of it as segments end with.
    pub fn drop(model: *const Model, store: anytype, row: u64) !void {
        const before = store.commit.first_row;
        try store.dropBefore(row);
        const first = store.commit.first_row;
        try std.testing.expect(first >= before and first <= row);
        for (&model.items, 0..) |*items, extra| {
            // No segment is left that holds nothing but values of rows before.
            const segment_bytes = store.head.header().capacity_tokens;
            const held = placeOf(items.items, first);
            const kept = placeOf(items.items, row);
            const offsets = [_][2]u64{ .{ held.first_byte, kept.first_byte }, .{ 16 * held.first_value, 16 * kept.first_value } };
            for (std.enums.values(layout.Part), offsets) |part, offset| {
                try std.testing.expectEqual(offset[1] / segment_bytes, offset[0] / segment_bytes);
                try std.testing.expectEqual(offset[0] / segment_bytes, store.extras.files.of(extra, part).first_bytes / segment_bytes);
            }
        }
    }

    /// Values and bytes of rows before one.
    fn placeOf(items: []const Item, row: u64) layout.Counts {
        var place: layout.Counts = .{};
        for (items) |item| {
            if (item.row >= row) break;
            place.first_value += 1;
            place.first_byte += item.length;
        }
        return place;
    }

    pub fn lastRowOf(model: *const Model, extra: usize) ?usize {
        const items = model.items[extra].items;
        return if (items.len > 0) items[items.len - 1].row else null;
    }

    /// The newest end, from one on, that the store has. An append without extras that goes on with a row ends like the one before.
    pub fn findEnd(model: *const Model, store: anytype, from: usize) !usize {
        var found: End = .{ .row_count = @intCast(store.commit.row_count), .counts = undefined };
        for (store.extras.table(), &found.counts) |counts, *count| count.* = @intCast(counts.values);
        var at = model.ends.items.len;
        while (at > from) : (at -= 1) {
            if (std.meta.eql(model.ends.items[at - 1], found)) {
                try model.expectHeld(store, found);
                return at - 1;
            }
        }
        std.debug.print("no append ended at {any}; {d} did, from {d} on\n", .{ found, model.ends.items.len, from });
        return error.TestUnexpectedResult;
    }

    pub fn expectEqual(model: *const Model, store: anytype) !void {
        try std.testing.expectEqual(model.row_count, store.commit.row_count);
        try model.expectHeld(store, model.end());
    }

    fn expectHeld(model: *const Model, store: anytype, at: End) !void {
        for (&model.items, at.counts, 0..) |items, count, extra| {
            const counts = store.extras.table()[extra];
            const dropped = placeOf(items.items, store.commit.first_row);
            try std.testing.expectEqual(count, counts.values);
            try std.testing.expectEqual([2]u64{ dropped.first_value, dropped.first_byte }, [2]u64{ counts.first_value, counts.first_byte });
            var next: usize = @intCast(dropped.first_value);
            for (@intCast(store.commit.first_row)..at.row_count) |row| {
                const place = try store.extras.find(extra, row);
                if (next == count or items.items[next].row != row) {
                    try std.testing.expectEqual(null, place);
                    continue;
                }
                const length = items.items[next].length;
                next += 1;
                try std.testing.expectEqual(length, place.?.length_bytes);
                const bytes = store.extras.bytesOf(extra)[@intCast(place.?.start)..][0..length];
                for (bytes, 0..) |byte, i| try std.testing.expectEqual(byteOf(row, extra, i), byte);
            }
            try std.testing.expectEqual(count, next);
        }
    }

    /// Every chunk has its checksum.
    pub fn expectWhole(store: anytype) !void {
        for (store.extras.table(), 0..) |counts, extra| {
            for (std.enums.values(layout.Part)) |part| {
                for (0..@intCast(@import("../store/extra_files.zig").chunkCount(part, counts))) |chunk| {
                    try std.testing.expect(try store.extras.isChunkWhole(store.head.extra_tables, null, extra, part, chunk));
                }
            }
        }
    }
};

fn byteOf(row: usize, extra: usize, index: usize) u8 {
    return @truncate(row *% 31 +% extra *% 7 +% index *% 3 +% (index >> 8));
}

fn fill(bytes: []u8, row: usize, extra: usize) void {
    for (bytes, 0..) |*byte, index| byte.* = byteOf(row, extra, index);
}

/// One append: a row, or more of the last, with values of some of its extras.
pub const Append = struct {
    row: usize,
    step: i64,
    has_token: bool,
    lengths: [extra_count]?usize,

    pub fn draw(random: std.Random, model: *const Model) Append {
        const goes_on = model.row_count > 0 and random.uintLessThan(u32, 4) == 0;
        const row = if (goes_on) model.row_count - 1 else model.row_count;
        var drawn: Append = .{ .row = row, .step = @as(i64, @intCast(row)) * 2 - 9, .has_token = !goes_on and random.boolean(), .lengths = @splat(null) };
        for (&drawn.lengths, 0..) |*length, extra| {
            if (random.boolean() or model.lastRowOf(extra) == row) continue;
            length.* = switch (random.uintLessThan(u32, 16)) {
                0 => 0,
                1 => layout.tail_value_bytes_max + random.uintLessThan(usize, 400) + 1,
                2 => random.uintLessThan(usize, 700),
                else => random.uintLessThan(usize, 40),
            };
        }
        return drawn;
    }

    pub fn note(self: *const Append, model: *Model) !void {
        model.row_count = @max(model.row_count, self.row + 1);
        for (self.lengths, &model.items) |length, *items| {
            if (length) |known| try items.append(allocator, .{ .row = self.row, .length = known });
        }
        try model.noteEnd();
    }

    pub fn write(self: *const Append, store: anytype) !void {
        var records: [1 + extra_count]format.Record = undefined;
        var words: [extra_count * layout.tailWords(layout.tail_value_bytes_max)]u64 = undefined;
        records[0] = .{ .step = self.step, .type = 0, .count = if (self.has_token) 1 else format.Record.bare_row };
        var record_count: usize = 1;
        var word_count: usize = 0;
        for (self.lengths, 0..) |length, extra| {
            const known = length orelse continue;
            records[record_count] = .{ .step = self.step, .type = @intCast(extra), .count = format.Record.extra };
            record_count += 1;
            words[word_count] = known;
            if (known > layout.tail_value_bytes_max) {
                words[word_count + 1] = try self.place(store, extra, known);
            } else {
                fill(std.mem.sliceAsBytes(words[word_count + 1 ..])[0..known], self.row, extra);
            }
            word_count += layout.tailWords(known);
        }
        const values: []const u64 = if (self.has_token) &.{77} else &.{};
        try store.writeWithExtras(records[0..record_count], values, words[0..word_count]);
    }

    fn place(self: *const Append, store: anytype, extra: usize, length: usize) !u64 {
        var bytes: [2 * layout.tail_value_bytes_max]u8 = undefined;
        fill(bytes[0..length], self.row, extra);
        const pending = try store.head.published(store.commit);
        return store.extras.place(extra, 0, bytes[0..length], store.tailOf(pending, store.head.extra_words));
    }
};

/// Rows that come as columns, with values of one extra.
pub fn appendBatch(store: anytype, model: *Model, row_count: usize, keep: bool) !void {
    var steps: [32]i64 = undefined;
    var lengths: [32]i32 = undefined;
    var bytes: [32 * 32]u8 = undefined;
    var byte_count: usize = 0;
    const first = model.row_count;
    for (0..row_count) |i| {
        const row = first + i;
        steps[i] = @as(i64, @intCast(row)) * 2 - 9;
        lengths[i] = if (row % 3 == 0) -1 else @intCast(row % 32);
        if (lengths[i] < 0) continue;
        const length: usize = @intCast(lengths[i]);
        fill(bytes[byte_count..][0..length], row, 1);
        byte_count += length;
    }
    try store.batch.begin(store, steps[0..row_count]);
    try store.batch.write(store);
    try store.extras.appendRows(1, first, lengths[0..row_count], bytes[0..byte_count]);
    if (keep) {
        for (lengths[0..row_count], first..) |length, row| {
            if (length >= 0) try model.items[1].append(allocator, .{ .row = row, .length = @intCast(length) });
        }
        model.row_count += row_count;
        // A step that is only half on its way when the power goes must not be there in part.
        try model.noteEnd();
    }
    try store.batch.end(store, keep);
}
