//! What a store must hold, kept in plain lists: the model that the walks compare with.

const std = @import("std");
const blocks_file = @import("../read/blocks.zig");
const format = @import("../format/format.zig");
const Data = @import("../read/data.zig").Data;

pub const Model = struct {
    allocator: std.mem.Allocator,
    types: std.ArrayList(i32) = .empty,
    data: std.ArrayList(u64) = .empty,
    steps: std.ArrayList(i64) = .empty,
    rows: std.ArrayList(u64) = .empty,
    marks: std.ArrayList(format.Mark) = .empty,
    last_step: i64 = 0,
    /// The first row that the writer begins.
    session_row: usize = 0,
    /// Where calls fail, a block that could not be described is none that is missed.
    blocks_may_be_missing: bool = false,

    pub fn deinit(model: *Model) void {
        model.steps.deinit(model.allocator);
        model.types.deinit(model.allocator);
        model.data.deinit(model.allocator);
        model.rows.deinit(model.allocator);
        model.marks.deinit(model.allocator);
    }

    /// Where an append ended: a stream that was cut ends at one of these.
    pub const End = struct { token_count: usize, row_count: usize, mark_count: usize };

    pub fn end(model: *const Model) End {
        return .{ .token_count = model.data.items.len, .row_count = model.rows.items.len, .mark_count = model.marks.items.len };
    }

    /// What the model was at an earlier end.
    pub fn copyUpTo(model: *const Model, at: End) !Model {
        var copy: Model = .{ .allocator = model.allocator, .blocks_may_be_missing = model.blocks_may_be_missing };
        errdefer copy.deinit();
        try copy.steps.appendSlice(model.allocator, model.steps.items[0..at.row_count]);
        try copy.types.appendSlice(model.allocator, model.types.items[0..at.token_count]);
        try copy.data.appendSlice(model.allocator, model.data.items[0..at.token_count]);
        try copy.rows.appendSlice(model.allocator, model.rows.items[0..at.row_count]);
        try copy.marks.appendSlice(model.allocator, model.marks.items[0..at.mark_count]);
        if (at.row_count > 0) copy.last_step = copy.steps.items[at.row_count - 1];
        return copy;
    }

    /// Another writer goes on.
    pub fn beginSession(model: *Model) void {
        model.session_row = model.rows.items.len;
    }

    pub fn append(model: *Model, records: []const format.Record, values: []const u64) !void {
        var value: usize = 0;
        for (records) |record| {
            if (model.rows.items.len == 0 or record.step != model.last_step) {
                if (model.rows.items.len == model.session_row) try model.marks.append(model.allocator, .{ .row = model.session_row, .type = 0, .kind = .session });
                try model.steps.append(model.allocator, record.step);
                try model.rows.append(model.allocator, model.data.items.len);
            }
            model.last_step = record.step;
            if (record.count == format.Record.empty_list or record.count == format.Record.list_field) try model.marks.append(model.allocator, .of(record, model.rows.items.len - 1));
            for (values[value..][0..record.tokenCount()]) |cell| {
                try model.types.append(model.allocator, record.type);
                try model.data.append(model.allocator, cell);
            }
            value += record.tokenCount();
        }
    }

    /// The store's columns, its tail flushed, hold exactly this from where its stream starts.
    pub fn expectEqual(model: *const Model, store: anytype) !void {
        const expectEqualSlices = std.testing.expectEqualSlices;
        const commit = store.commit;
        try std.testing.expectEqual(model.data.items.len, commit.token_count);
        try std.testing.expectEqual(model.rows.items.len, commit.row_count);
        try std.testing.expectEqual(model.marks.items.len, commit.mark_count);
        const token: usize = @intCast(commit.first_token);
        const row: usize = @intCast(commit.first_row);
        try expectEqualSlices(i64, model.steps.items[row..], store.files.steps.slice(i64, commit.row_count)[row..]);
        for (model.types.items[token..], token..) |type_id, index| try std.testing.expectEqual(type_id, store.types().at(index));
        try expectCells(model.data.items[token..], store.files.dataOf(commit.token_count).slice(token, model.data.items.len));
        try expectEqualSlices(u64, model.rows.items[row..], store.files.rows.slice(u64, commit.row_count)[row..]);
        const mark: usize = @intCast(commit.first_mark);
        try expectEqualSlices(format.Mark, model.marks.items[mark..], store.files.marks.slice(format.Mark, commit.mark_count)[mark..]);
        for (0..blocks_file.countClosed(commit.row_count)) |index| try model.expectBlock(store, index);
    }

    /// Cells of 64 bits are what was appended, narrower ones have its numbers.
    fn expectCells(values: []const u64, data: Data) !void {
        switch (data.kind) {
            .float64, .int64, .uint64 => try std.testing.expectEqualSlices(u64, values, data.as(u64)),
            inline else => |kind| for (values, data.as(kind.Type())) |value, cell| {
                const number: f64 = if (@typeInfo(kind.Type()) == .float) cell else @floatFromInt(cell);
                try std.testing.expectEqual(@as(f64, @bitCast(value)), number);
            },
        }
    }

    /// A block is known to be of one layout exactly where it is; of rows that were dropped nothing needs to be known.
    fn expectBlock(model: *const Model, store: anytype, index: usize) !void {
        const first = index * blocks_file.rows_max;
        const found = store.blocks().ofRow(first);
        const row_tokens, const is_alike = model.layoutOf(first);
        if (found) |layout| {
            try std.testing.expect(is_alike);
            try std.testing.expectEqual(model.rows.items[first], layout.first_token);
            try std.testing.expectEqual(row_tokens, layout.row_tokens);
            alike_count += 1;
        } else if (is_alike and first >= store.commit.first_row) {
            try std.testing.expect(model.blocks_may_be_missing);
        }
    }

    /// How many blocks of one layout were found, so that tests know that there were some.
    pub var alike_count: usize = 0;

    fn layoutOf(model: *const Model, first: usize) struct { usize, bool } {
        const rows = model.rows.items[first..][0 .. blocks_file.rows_max + 1];
        const row_tokens = rows[1] - rows[0];
        if (row_tokens == 0) return .{ 0, false };
        const types = model.types.items;
        for (rows[0..blocks_file.rows_max], rows[1..]) |start, next| {
            if (next - start != row_tokens) return .{ row_tokens, false };
            if (!std.mem.eql(i32, types[rows[0]..rows[1]], types[start..next])) return .{ row_tokens, false };
        }
        return .{ row_tokens, true };
    }
};

/// One step's records and values, drawn at random. Now and then a step is larger than the whole tail.
pub const Step = struct {
    records: [8]format.Record = undefined,
    record_count: usize = 0,
    values: [600]u64 = undefined,
    value_count: usize = 0,

    pub fn draw(random: std.Random, step: i64) Step {
        var drawn: Step = .{};
        // Steps come alike for a while, so that blocks do.
        if (@mod(@divFloor(step, 50), 2) == 0) {
            for ([_]i32{ 1, 3 }, 0..) |count, type_id| drawn.add(random, step, @intCast(type_id), count);
            return drawn;
        }
        for (0..random.intRangeAtMost(usize, 1, 4)) |type_id| {
            const count: i32 = switch (random.uintLessThan(u32, 40)) {
                0 => 150,
                1, 2 => format.Record.empty_list,
                3 => format.Record.list_field,
                4 => format.Record.bare_row,
                else => random.intRangeAtMost(i32, 1, 9),
            };
            drawn.add(random, step, @intCast(type_id), count);
        }
        return drawn;
    }

    /// As it can be in a store whose tokens all have one type.
    pub fn drawFor(random: std.Random, step: i64, form: format.TokenForm) Step {
        var drawn: Step = .draw(random, step);
        if (form.width == .none) for (&drawn.records) |*record| {
            record.type = form.only;
        };
        // Numbers that every kind has.
        if (form.kind.bytes() < @sizeOf(u64)) for (drawn.values[0..drawn.value_count]) |*value| {
            value.* = @bitCast(@as(f64, @floatFromInt(value.* % 128)));
        };
        return drawn;
    }

    fn add(drawn: *Step, random: std.Random, step: i64, type_id: i32, count: i32) void {
        drawn.records[drawn.record_count] = .{ .step = step, .type = type_id, .count = count };
        drawn.record_count += 1;
        for (0..@intCast(@max(0, count))) |_| {
            drawn.values[drawn.value_count] = random.int(u64);
            drawn.value_count += 1;
        }
    }

    pub fn write(step: *const Step, store: anytype) !void {
        try store.write(step.records[0..step.record_count], step.values[0..step.value_count]);
    }

    pub fn model(step: *const Step, into: *Model) !void {
        try into.append(step.records[0..step.record_count], step.values[0..step.value_count]);
    }
};
