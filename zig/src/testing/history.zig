//! For the tests of power loss: all that a store may be found to hold after one. Beside the model of what was appended it
//! keeps where every append ended, where the stream started after every drop, and which of both a sync has made durable.

const std = @import("std");
const format = @import("../format/format.zig");
const Model = @import("model.zig").Model;

const testing = std.testing;
const allocator = testing.allocator;

pub const History = struct {
    model: Model = .{ .allocator = allocator },
    ends: std.ArrayList(Model.End) = .empty,
    starts: std.ArrayList(Start) = .empty,
    /// What must be there whenever the power goes: this end and start, or later ones.
    synced: Moment = .{ .end = 0, .start = 0 },

    pub const Moment = struct { end: usize, start: usize };

    const Start = struct {
        row: u64,
        token: u64,
        mark: u64,
        /// The end that the stream had already when this became its start.
        end: usize,
    };

    /// Begins with the empty stream.
    pub fn init() !History {
        var self: History = .{};
        errdefer self.deinit();
        try self.noteEnd();
        try self.starts.append(allocator, .{ .row = 0, .token = 0, .mark = 0, .end = 0 });
        return self;
    }

    pub fn deinit(self: *History) void {
        self.model.deinit();
        self.ends.deinit(allocator);
        self.starts.deinit(allocator);
    }

    pub fn now(self: *const History) Moment {
        return .{ .end = self.ends.items.len - 1, .start = self.starts.items.len - 1 };
    }

    /// What the model holds now is a whole append more.
    pub fn noteEnd(self: *History) !void {
        try self.ends.append(allocator, self.model.end());
    }

    /// Notes where the stream starts once all segments are dropped that hold nothing but rows before `row`. Returns whether
    /// that is somewhere else.
    pub fn noteDrop(self: *History, row: usize, segment_tokens: u64) !bool {
        const rows = self.model.rows.items;
        const marks = self.model.marks.items;
        const last = self.starts.getLast();
        const segment_marks = segment_tokens / 16;
        const segment_start = rows[row] - rows[row] % segment_tokens;
        var first: usize = @intCast(last.row);
        var mark_count: usize = @intCast(last.mark);
        for (first + 1..row + 1) |end| {
            const marks_before = mark_count;
            while (mark_count < marks.len and marks[mark_count].row < end) mark_count += 1;
            const fills_rows = end % segment_tokens == 0;
            const fills_tokens = rows[end - 1] < segment_start and rows[end] >= segment_start;
            const fills_marks = marks_before / segment_marks < mark_count / segment_marks;
            if (fills_rows or fills_tokens or fills_marks) first = end;
        }
        if (first == last.row) return false;
        try self.starts.append(allocator, .{ .row = first, .token = rows[first], .mark = countMarks(marks, first), .end = self.now().end });
        return true;
    }

    fn countMarks(marks: []const format.Mark, row: usize) usize {
        return for (marks, 0..) |mark, count| {
            if (mark.row >= row) break count;
        } else marks.len;
    }

    pub fn firstRow(self: *const History) usize {
        return @intCast(self.starts.getLast().row);
    }

    /// What the model was at the end of the append that the store ends with; from its start on the store equals it.
    pub fn foundModel(self: *const History, store: anytype) !Model {
        const found = try self.find(store);
        var model = try self.model.copyUpTo(self.ends.items[found.end]);
        errdefer model.deinit();
        // A reader leaves to the next writer what it does not know.
        model.blocks_may_be_missing = store.access == .read;
        try model.expectEqual(store);
        return model;
    }

    /// Goes back to what the store has.
    pub fn cutTo(self: *History, store: anytype) !void {
        const found = try self.find(store);
        const model = try self.foundModel(store);
        self.model.deinit();
        self.model = model;
        self.ends.shrinkRetainingCapacity(found.end + 1);
        self.starts.shrinkRetainingCapacity(found.start + 1);
    }

    fn find(self: *const History, store: anytype) !Moment {
        const commit = store.commit;
        const end: Model.End = .{
            .token_count = @intCast(commit.token_count),
            .row_count = @intCast(commit.row_count),
            .mark_count = @intCast(commit.mark_count),
        };
        // The last, where an append has added nothing that is counted.
        var found: ?usize = null;
        for (self.ends.items[self.synced.end..], self.synced.end..) |candidate, index| {
            if (std.meta.eql(candidate, end)) found = index;
        }
        const found_end = found orelse {
            std.debug.print("found {any}, synced {any}\n", .{ end, self.ends.items[self.synced.end] });
            return error.NotAPrefix;
        };
        // A start that no commit had, or one with an end that it never had.
        for (self.starts.items[self.synced.start..], self.synced.start..) |start, index| {
            const is_same = start.row == commit.first_row and start.token == commit.first_token and start.mark == commit.first_mark;
            if (is_same and start.end <= found_end) return .{ .end = found_end, .start = index };
        }
        std.debug.print("found the start {d}, {d}; synced {any}\n", .{ commit.first_row, commit.first_token, self.starts.items[self.synced.start] });
        return error.WrongStart;
    }
};
