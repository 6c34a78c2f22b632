//! How much of a tail: what it holds, what is to be added, and what it may take.

const std = @import("std");
const format = @import("../format/format.zig");
const Ahead = @import("files.zig").Ahead;

pub const Room = struct {
    records: usize = 0,
    values: usize = 0,
    /// Records that become marks.
    marks: usize = 0,
    /// Records that become values of extras, and the words that stand for them.
    extra_values: usize = 0,
    extra_words: usize = 0,

    pub fn of(records: []const format.Record) Room {
        var room: Room = .{ .records = records.len };
        for (records) |record| {
            room.values += record.tokenCount();
            room.marks += @intFromBool(record.isMark());
            room.extra_values += @intFromBool(record.count == format.Record.extra);
        }
        return room;
    }

    /// What a tail may take: no more than it is large, and no more than disk space is reserved for. So a flush never finds
    /// the disk full. Any record may begin a row.
    pub fn reserved(head: anytype, files: anytype, extras: anytype, commit: format.Commit) Room {
        const left = extras.room(head.extra_words.len);
        const due = countDueMarks(head, commit);
        const marks = files.countReserved(.marks, commit);
        const rows = @min(files.countReserved(.steps, commit), files.countReserved(.rows, commit));
        return .{
            .records = if (marks < due) 0 else @min(head.records.len, rows),
            .values = @min(head.values.len, files.countReserved(.types, commit), files.countReserved(.data, commit)),
            .marks = @min(head.records.len, marks -| due),
            .extra_values = left.values,
            .extra_words = left.words,
        };
    }

    pub fn plus(room: Room, other: Room) Room {
        var sum: Room = .{};
        inline for (@typeInfo(Room).@"struct".field_names) |name| @field(sum, name) = @field(room, name) + @field(other, name);
        return sum;
    }

    pub fn holds(room: Room, needed: Room) bool {
        inline for (@typeInfo(Room).@"struct".field_names) |name| if (@field(needed, name) > @field(room, name)) return false;
        return true;
    }
};

/// What disk space is to be reserved for: for as much again as the stream has, so that a small store takes little, up to a
/// whole tail, so that a large one is flushed in large pieces.
pub fn ahead(head: anytype, commit: format.Commit) Ahead {
    const records_max = head.records.len;
    return .{
        .tokens = std.math.clamp(commit.token_count, 1, head.values.len),
        .rows = std.math.clamp(commit.row_count, 1, records_max),
        .marks = countDueMarks(head, commit) + std.math.clamp(commit.mark_count, 1, records_max),
    };
}

/// The least that lets a step in.
pub fn least(head: anytype, commit: format.Commit) Ahead {
    return .{ .tokens = 1, .rows = 1, .marks = countDueMarks(head, commit) + 1 };
}

/// The marks that the next row brings of itself: one where it is the first of its writer.
fn countDueMarks(head: anytype, commit: format.Commit) usize {
    return @intFromBool(commit.row_count == head.header().session_row);
}
