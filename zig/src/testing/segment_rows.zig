//! Rows that say by every value which they are, for tests of stores that drop their oldest rows.

const std = @import("std");
const format = @import("../format/format.zig");
const store_file = @import("../store/store.zig");
const system = @import("../system/system.zig");
const openIn = @import("testing.zig").openIn;
const segmented = @import("testing.zig").segmented;

const testing = std.testing;

/// Tokens of a segment.
pub const segment = segmented.capacity_tokens;

/// Rows of 64 tokens, of which each says its place.
pub const row_tokens = 64;

pub fn appendRows(store: anytype, count: usize) !void {
    for (0..count) |_| {
        const row = store.commit.row_count;
        var values: [row_tokens]u64 = undefined;
        for (&values, store.commit.token_count..) |*value, token| value.* = token;
        const records = [_]format.Record{
            .{ .step = @intCast(row), .type = 2, .count = row_tokens },
            .{ .step = @intCast(row), .type = 0, .count = format.Record.extra },
        };
        var words: [1 + text_words]u64 = @splat(row);
        words[0] = @sizeOf(u64) * text_words;
        const has_extras = store.extras.count() > 0;
        try store.writeWithExtras(records[0..if (has_extras) 2 else 1], &values, words[0..if (has_extras) words.len else 0]);
        try store.flush();
    }
}

/// Words of a row's value, each of which says its row. Segments of them have half as many rows as those of tokens.
pub const text_words = 16;

/// Without extras, and with one.
pub const kinds = [_]store_file.Options{ segmented, kind: {
    var options = segmented;
    options.form.extra_count = 1;
    options.tail_extra_words_max = 64;
    break :kind options;
} };

/// Everything that is held is what was appended.
pub fn expectRows(store: anytype, row_count: u64) !void {
    const commit = store.commit;
    try testing.expectEqual(row_count, commit.row_count);
    try testing.expectEqual(row_tokens * commit.first_row, commit.first_token);
    const first: usize = @intCast(commit.first_token);
    for (store.files.data.slice(u64, commit.token_count)[first..], first..) |value, token| try testing.expectEqual(token, value);
    const row: usize = @intCast(commit.first_row);
    for (store.files.rows.slice(u64, row_count)[row..], row..) |start, index| try testing.expectEqual(row_tokens * index, start);
    for (store.files.steps.slice(i64, row_count)[row..], row..) |step, index| try testing.expectEqual(@as(i64, @intCast(index)), step);
    for (first..@intCast(commit.token_count)) |token| try testing.expectEqual(2, store.types().at(token));
    for (0..store.extras.count()) |extra| for (row..@intCast(row_count)) |index| {
        const place = (try store.extras.find(extra, index)).?;
        try testing.expectEqual(text_words * @sizeOf(u64), place.length_bytes);
        const bytes = store.extras.bytesOf(extra)[@intCast(place.start)..][0..@intCast(place.length_bytes)];
        for (std.mem.bytesAsSlice(u64, bytes)) |word| try testing.expectEqual(index, word);
    };
}

pub fn isThere(path: [:0]const u8, name: [:0]const u8) bool {
    const file = openIn(path, name, .read) catch return false;
    system.Real.close(file);
    return true;
}

/// Rows of a segment of tokens.
pub const segment_rows = segment / row_tokens;
