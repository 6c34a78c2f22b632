//! Random walks of stores that drop their oldest rows, against the model.

const std = @import("std");
const store_file = @import("../store/store.zig");
const Faulty = @import("testing.zig").Faulty;
const Scratch = @import("testing.zig").Scratch;
const abandon = @import("testing.zig").abandon;
const formOf = @import("testing.zig").formOf;
const plainSource = @import("testing.zig").plainSource;
const segmented = @import("testing.zig").segmented;
const format = @import("../format/format.zig");
const History = @import("history.zig").History;
const Step = @import("model.zig").Step;

const testing = std.testing;
const Store = store_file.Store(Faulty);

var holder: u64 = 0;

test "a random walk of steps, batches, drops, refreshes and reopenings equals the model" {
    var drop_count: usize = 0;
    for (0..12) |seed| {
        drop_count += walk(seed) catch |err| {
            std.debug.print("seed {d}\n", .{seed});
            return err;
        };
    }
    try testing.expect(drop_count > 60);
    try testing.expectEqual(0, Faulty.open_files);
    try testing.expectEqual(0, Faulty.mapped_bytes);
}

const Walk = struct {
    random: std.Random,
    options: store_file.Options,
    store: Store,
    history: History,
    step: i64 = 0,
    drop_count: usize = 0,

    fn appendStep(self: *Walk) !void {
        self.step += self.random.intRangeAtMost(i64, 0, 2);
        const drawn = Step.drawFor(self.random, self.step, self.options.form);
        try drawn.write(&self.store);
        try drawn.model(&self.history.model);
    }

    /// Fills segments of rows, of tokens, or with empty lists of marks.
    fn appendBatch(self: *Walk) !void {
        const row_count, const width = @as([2]usize, switch (self.random.uintLessThan(u32, 3)) {
            0 => .{ 1500, 1 },
            1 => .{ 40, 60 },
            else => .{ 100, 0 },
        });
        const type_id: i32 = if (self.options.form.width == .none) self.options.form.only else 2;
        var values: [2400]f64 = undefined;
        var steps: [1500]i64 = undefined;
        for (values[0 .. row_count * width]) |*value| value.* = @floatFromInt(self.random.uintLessThan(u7, 100));
        for (steps[0..row_count], 0..) |*step, row| {
            self.step += 1;
            step.* = self.step;
            const record: format.Record = .{ .step = self.step, .type = type_id, .count = @intCast(width) };
            try self.history.model.append(&.{record}, @ptrCast(values[row * width ..][0..width]));
        }
        const source = plainSource(type_id, width, values[0 .. row_count * width], &.{}, null);
        try self.store.flush();
        try self.store.batch.begin(&self.store, steps[0..row_count]);
        try self.store.batch.measure(&source);
        try self.store.batch.scatter(&source);
        try self.store.batch.write(&self.store);
        try self.store.batch.end(&self.store, true);
    }

    fn drop(self: *Walk) !void {
        const row_count = self.history.model.rows.items.len;
        if (row_count == 0) return;
        const row = self.random.intRangeLessThan(usize, self.history.firstRow(), row_count);
        const is_moved = try self.history.noteDrop(row, self.options.capacity_tokens);
        try self.store.dropBefore(row);
        self.drop_count += @intFromBool(is_moved);
        try self.check(&self.store);
    }

    fn check(self: *Walk, store: *Store) !void {
        try store.flush();
        const start = self.history.starts.getLast();
        try testing.expectEqual([3]u64{ start.row, start.token, start.mark }, [3]u64{ store.commit.first_row, store.commit.first_token, store.commit.first_mark });
        try self.history.model.expectEqual(store);
        for (std.enums.values(@import("../store/files.zig").Which)) |which| {
            for (0..@intCast(store.files.chunkCount(which, store.commit))) |chunk| {
                try testing.expect(try store.isChunkWhole(which, chunk));
            }
        }
    }
};

fn walk(seed: u64) !usize {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    var generator: std.Random.DefaultPrng = .init(seed);
    const random = generator.random();
    const is_temporary = seed % 4 == 3;
    var options = segmented;
    options.form = formOf(seed);
    // A batch puts the marks of a row in the order of types, and where a writer began has the type 0.
    options.form.only = 3;
    var self: Walk = .{
        .random = random,
        .options = options,
        .history = try .init(),
        .store = if (is_temporary) try Store.createTemporary("/tmp", options) else try Store.create(scratch.path, options),
    };
    defer self.history.deinit();
    var is_open = true;
    errdefer if (is_open) abandon(&self.store);
    var reader: ?Store = if (is_temporary) null else try Store.openToRead(scratch.path, options.reserved_elements);
    defer if (reader) |*it| it.close(.release) catch {};
    for (0..200) |_| {
        if (random.uintLessThan(u32, 6) == 0) try self.appendBatch() else try self.appendStep();
        switch (random.uintLessThan(u32, 20)) {
            0 => try self.check(&self.store),
            1, 2, 3 => try self.drop(),
            4 => if (reader) |*it| {
                try self.store.flush();
                _ = try it.refresh();
                try self.check(it);
            },
            // The writer closes the store, or dies: then nothing is flushed and nothing trimmed.
            5, 6 => |action| if (!is_temporary) {
                is_open = false;
                if (action == 5) try self.store.close(.release) else abandon(&self.store);
                self.store = try Store.open(scratch.path, options.reserved_elements, &.{}, &holder);
                is_open = true;
                self.history.model.beginSession();
                try self.check(&self.store);
            },
            else => {},
        }
    }
    try self.check(&self.store);
    try self.store.close(.release);
    return self.drop_count;
}
