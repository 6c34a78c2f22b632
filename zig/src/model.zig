//! What a store must hold, kept in plain lists: the model that the walks compare with.

const std = @import("std");
const format = @import("format.zig");

pub const Model = struct {
    allocator: std.mem.Allocator,
    steps: std.ArrayList(i64) = .empty,
    types: std.ArrayList(i32) = .empty,
    data: std.ArrayList(u64) = .empty,
    rows: std.ArrayList(u64) = .empty,
    marks: std.ArrayList(format.Mark) = .empty,
    last_step: i64 = 0,

    pub fn deinit(model: *Model) void {
        model.steps.deinit(model.allocator);
        model.types.deinit(model.allocator);
        model.data.deinit(model.allocator);
        model.rows.deinit(model.allocator);
        model.marks.deinit(model.allocator);
    }

    pub fn append(model: *Model, records: []const format.Record, values: []const u64) !void {
        var value: usize = 0;
        for (records) |record| {
            if (model.rows.items.len == 0 or record.step != model.last_step) try model.rows.append(model.allocator, model.data.items.len);
            model.last_step = record.step;
            if (record.count <= 0) try model.marks.append(model.allocator, .of(record, model.rows.items.len - 1));
            for (values[value..][0..record.tokenCount()]) |cell| {
                try model.steps.append(model.allocator, record.step);
                try model.types.append(model.allocator, record.type);
                try model.data.append(model.allocator, cell);
            }
            value += record.tokenCount();
        }
    }

    /// The store's columns, its tail flushed, hold exactly this.
    pub fn expectEqual(model: *const Model, store: anytype) !void {
        const expectEqualSlices = std.testing.expectEqualSlices;
        const commit = store.commit;
        try std.testing.expectEqual(model.data.items.len, commit.token_count);
        try std.testing.expectEqual(model.rows.items.len, commit.row_count);
        try expectEqualSlices(i64, model.steps.items, store.files.steps.slice(i64, commit.token_count));
        try expectEqualSlices(i32, model.types.items, store.files.types.slice(i32, commit.token_count));
        try expectEqualSlices(u64, model.data.items, store.files.data.slice(u64, commit.token_count));
        try expectEqualSlices(u64, model.rows.items, store.files.rows.slice(u64, commit.row_count));
        try expectEqualSlices(format.Mark, model.marks.items, store.files.marks.slice(format.Mark, commit.mark_count));
    }
};
