//! How much of a tail: what it holds, what is to be added, and what it may take.

const format = @import("../format/format.zig");

pub const Room = struct {
    records: usize = 0,
    values: usize = 0,
    /// Records that become marks.
    marks: usize = 0,

    pub fn of(records: []const format.Record) Room {
        var room: Room = .{ .records = records.len };
        for (records) |record| {
            room.values += record.tokenCount();
            room.marks += @intFromBool(record.isMark());
        }
        return room;
    }

    pub fn plus(room: Room, other: Room) Room {
        return .{ .records = room.records + other.records, .values = room.values + other.values, .marks = room.marks + other.marks };
    }

    pub fn holds(room: Room, needed: Room) bool {
        return needed.records <= room.records and needed.values <= room.values and needed.marks <= room.marks;
    }
};
