//! The power is lost: what a seeded session may leave on the disk is built, opened, and compared with the model.
//!
//! A session appends, flushes, loads batches, drops its oldest rows (in a store of segments), syncs and reopens. At any of its system calls the disk
//! can end in as many ways as there are mixtures of sectors written and not (sectors.zig). Whichever it is, the store opens
//! with everything up to the last completed sync that was not dropped, and of what came after with a prefix of whole
//! appends (history.zig); and it can be gone on with.

const std = @import("std");
const options_of_build = @import("options");
const format = @import("../format/format.zig");
const files_file = @import("../store/files.zig");
const store_file = @import("../store/store.zig");
const History = @import("history.zig").History;
const Step = @import("model.zig").Step;
const Losses = @import("losses.zig").Losses;
const Recorder = @import("recorder.zig").Recorder;
const Survival = @import("sectors.zig").Survival;
const Scratch = @import("testing.zig").Scratch;
const abandon = @import("testing.zig").abandon;
const formOf = @import("testing.zig").formOf;
const plainSource = @import("testing.zig").plainSource;

const testing = std.testing;
const allocator = testing.allocator;
const Store = store_file.Store(Recorder);

const segmented = @import("testing.zig").segmented;
const small = @import("testing.zig").small;

const wanted_states: usize = options_of_build.long_states orelse 400;
const appends_per_boot = 30;
const boots_per_seed = 4;

var holder: u64 = 0;

const Figures = struct {
    states: usize = 0,
    seeds: usize = 0,
    boots: usize = 0,
    drops: usize = 0,
    /// States in which a part of the stream is missing, in which its start was dropped, and with sectors torn inside.
    cut: usize = 0,
    dropped: usize = 0,
    torn: usize = 0,
};

const Session = struct {
    random: std.Random,
    path: [:0]const u8,
    state_path: [:0]const u8,
    store: Store = undefined,
    history: History,
    step: i64 = -20,
    boot: u8 = 1,
    figures: *Figures,
    options: store_file.Options,
    failure: ?anyerror = null,

    fn deinit(self: *Session) void {
        self.history.deinit();
    }

    /// Several boots: each goes on with what the loss of power that ended the last one has left.
    fn run(self: *Session) !void {
        Recorder.boot_id = @splat(self.boot);
        try Recorder.start(self.path);
        defer Recorder.stop();
        self.store = try Store.create(self.path, self.options);
        try self.sync();
        for (0..boots_per_seed) |_| {
            Losses(Session).begin(self);
            if (self.random.uintLessThan(u32, 4) == 0) Recorder.syncs_to_failure = self.random.intRangeAtMost(usize, 1, 20);
            const ended = self.act();
            abandon(&self.store);
            try ended;
            try self.reboot();
        }
        abandon(&self.store);
    }

    fn act(self: *Session) !void {
        var sync_failed = false;
        for (0..appends_per_boot) |_| {
            switch (self.random.uintLessThan(u32, 8)) {
                0 => try self.appendBatch(),
                else => try self.appendStep(),
            }
            switch (self.random.uintLessThan(u32, 12)) {
                0, 1 => try self.store.flush(),
                2, 3 => self.sync() catch |err| try self.expectFailedSync(err, &sync_failed),
                4 => if (!sync_failed) self.reopen() catch |err| {
                    // A close that could not sync: nobody may go on as if it had.
                    try self.expectFailedSync(err, &sync_failed);
                    self.store = try Store.open(self.path, self.options.reserved_elements, &.{}, &holder);
                    self.history.model.beginSession();
                    return;
                },
                5, 6 => self.drop() catch |err| try self.expectFailedSync(err, &sync_failed),
                else => {},
            }
            if (self.failure) |err| return err;
        }
        for (0..3) |_| self.lose(.mixed) catch |err| return err;
    }

    fn sync(self: *Session) !void {
        const reached = self.history.now();
        try self.store.sync();
        self.history.synced = reached;
    }

    fn drop(self: *Session) !void {
        const row_count = self.history.model.rows.items.len;
        if (row_count == 0 or !self.options.is_segmented) return;
        const row = self.random.intRangeLessThan(usize, self.history.firstRow(), row_count);
        const is_moved = try self.history.noteDrop(row, self.options.capacity_tokens);
        const reached = self.history.now();
        try self.store.dropBefore(row);
        // Where there is nothing to drop, nothing is synced.
        if (!is_moved) return;
        self.history.synced = reached;
        self.figures.drops += 1;
    }

    fn expectFailedSync(self: *Session, err: anyerror, sync_failed: *bool) !void {
        sync_failed.* = true;
        try testing.expectEqual(error.InputOutput, err);
        try testing.expect(Recorder.syncs_to_failure <= std.math.maxInt(usize) / 2);
        _ = self;
    }

    fn reopen(self: *Session) !void {
        const reached = self.history.now();
        try self.store.close(.release);
        self.history.synced = reached;
        self.store = try Store.open(self.path, self.options.reserved_elements, &.{}, &holder);
        self.history.model.beginSession();
    }

    fn appendStep(self: *Session) !void {
        self.step += self.random.intRangeAtMost(i64, 0, 2);
        const drawn = Step.drawFor(self.random, self.step, self.options.form);
        // The model is ahead: a step that is only half on its way when the power goes must not be there in part.
        try drawn.model(&self.history.model);
        try self.history.noteEnd();
        try drawn.write(&self.store);
    }

    fn appendBatch(self: *Session) !void {
        try self.store.flush();
        // Rows and tokens of a segment, so that there are some to drop.
        const row_count, const width = if (!self.options.is_segmented) [2]usize{ 40, 3 } else if (self.random.boolean()) .{ 40, 60 } else .{ 1500, 1 };
        var value_buffer: [40 * 60]f64 = undefined;
        const values = value_buffer[0 .. row_count * width];
        for (values) |*value| value.* = @floatFromInt(self.random.uintLessThan(u7, 100));
        var step_buffer: [1500]i64 = undefined;
        const steps = step_buffer[0..row_count];
        for (steps, 1..) |*step, i| step.* = self.step + @as(i64, @intCast(i));
        const is_kept = self.random.uintLessThan(u32, 4) > 0;
        if (is_kept) try self.modelBatch(steps, values, width);
        const source = plainSource(self.batchType(), width, values, &.{}, null);
        try self.store.batch.begin(&self.store, steps);
        try self.store.batch.measure(&source);
        try self.store.batch.scatter(&source);
        try self.store.batch.write(&self.store);
        try self.store.batch.end(&self.store, is_kept);
    }

    fn batchType(self: *const Session) i32 {
        return if (self.options.form.width == .none) self.options.form.only else 2;
    }

    fn modelBatch(self: *Session, steps: []const i64, values: []const f64, width: usize) !void {
        for (steps, 0..) |step, row| {
            const record: format.Record = .{ .step = step, .type = self.batchType(), .count = @intCast(width) };
            try self.history.model.append(&.{record}, @ptrCast(values[width * row ..][0..width]));
        }
        self.step = steps[steps.len - 1];
        try self.history.noteEnd();
    }

    /// A store of segments makes more calls.
    pub fn callsPerLoss(self: *const Session) u32 {
        return if (self.options.is_segmented) 40 else 12;
    }

    /// Builds one state that the disk may be in, and checks it.
    pub fn lose(self: *Session, survival: Survival) !void {
        Recorder.recording = false;
        defer Recorder.recording = true;
        Recorder.boot_id = @splat(self.boot + 1);
        defer Recorder.boot_id = @splat(self.boot);
        Recorder.recording = true;
        const written = Recorder.writeState(self.state_path, self.random, survival);
        Recorder.recording = false;
        if (try written > 0) self.figures.torn += 1;
        self.figures.states += 1;
        errdefer std.debug.print("state {d}, with {any} of {any} synced\n", .{ self.figures.states, self.history.synced, self.history.now() });
        try self.checkReader();
        try self.checkWriter();
    }

    /// A reader may come before the next writer.
    fn checkReader(self: *Session) !void {
        var reader = try Store.openToRead(self.state_path, self.options.reserved_elements);
        defer reader.close(.release) catch {};
        var found = try self.history.foundModel(&reader);
        defer found.deinit();
        // What did not hold when it was opened must not be shown by a refresh either.
        _ = try reader.refresh();
        try found.expectEqual(&reader);
    }

    fn checkWriter(self: *Session) !void {
        var store = try Store.open(self.state_path, self.options.reserved_elements, &.{}, &holder);
        var is_open = true;
        defer if (is_open) abandon(&store);
        var found = try self.history.foundModel(&store);
        defer found.deinit();
        found.beginSession();
        if (found.data.items.len < self.history.model.data.items.len) self.figures.cut += 1;
        if (store.commit.first_token > 0) self.figures.dropped += 1;
        try expectWhole(&store);
        for (1..4) |i| {
            const drawn = Step.drawFor(self.random, found.last_step + @as(i64, @intCast(i)), self.options.form);
            try drawn.write(&store);
            try drawn.model(&found);
        }
        if (self.options.is_segmented and self.random.boolean()) try self.dropFrom(&store, found.rows.items.len);
        is_open = false;
        if (self.random.boolean()) try store.close(.release) else abandon(&store);
        var again = try Store.open(self.state_path, self.options.reserved_elements, &.{}, &holder);
        is_open = true;
        store = again;
        try found.expectEqual(&again);
        try expectWhole(&again);
    }

    /// Rows that are held cannot be among those that a drop before has left half there.
    fn dropFrom(self: *Session, store: *Store, row_count: usize) !void {
        const row = self.random.intRangeLessThan(u64, store.commit.first_row, row_count);
        try store.dropBefore(row);
        try testing.expect(store.commit.first_row <= row);
    }

    /// The power is lost for good, and the next boot opens what is left.
    fn reboot(self: *Session) !void {
        _ = try Recorder.writeState(self.state_path, self.random, .mixed);
        Recorder.stop();
        self.boot += 1;
        Recorder.boot_id = @splat(self.boot);
        std.mem.swap([:0]const u8, &self.path, &self.state_path);
        try Recorder.start(self.path);
        // It may be lost again while what it has left is put in order.
        Losses(Session).begin(self);
        self.store = try Store.open(self.path, self.options.reserved_elements, &.{}, &holder);
        errdefer abandon(&self.store);
        if (self.failure) |err| return err;
        self.figures.boots += 1;
        try self.history.cutTo(&self.store);
        self.history.model.beginSession();
        self.step = @max(self.step, self.history.model.last_step);
    }
};

fn expectWhole(store: *Store) !void {
    for (std.enums.values(files_file.Which)) |which| {
        for (0..store.files.chunkCount(which, store.commit)) |chunk| {
            try testing.expect(try store.files.isChunkWhole(which, chunk, store.commit));
        }
    }
}

test "power loss: what was synced is there, and of the rest a prefix" {
    var figures: Figures = .{};
    while (figures.states < wanted_states or figures.seeds < 10) : (figures.seeds += 1) {
        runSeed(figures.seeds, &figures) catch |err| {
            std.debug.print("seed {d}\n", .{figures.seeds});
            return err;
        };
    }
    if (options_of_build.long_states != null) std.debug.print(
        "power loss: {d} states of {d} sessions over {d} boots and {d} drops; {d} states were cut, {d} had lost their start to " ++
            "a drop, {d} had torn sectors; none lost what was synced\n",
        .{ figures.states, figures.seeds, figures.boots, figures.drops, figures.cut, figures.dropped, figures.torn },
    );
    try testing.expectEqual(0, Recorder.open_files);
    try testing.expectEqual(0, Recorder.mapped_bytes);
    // The states must be such that something was lost, dropped and torn.
    for ([_]usize{ figures.cut, figures.dropped, figures.torn }) |count| try testing.expect(count > figures.states / 10);
}

fn runSeed(seed: u64, figures: *Figures) !void {
    var scratches: [2]Scratch = @splat(.{});
    for (&scratches) |*scratch| try scratch.make();
    defer for (&scratches) |*scratch| scratch.remove();
    var generator: std.Random.DefaultPrng = .init(seed);
    var session: Session = .{
        .random = generator.random(),
        .path = scratches[0].path,
        .state_path = scratches[1].path,
        .history = try .init(),
        .figures = figures,
        .options = if (seed % 2 == 0) small else segmented,
    };
    session.options.form = formOf(seed / 2);
    defer session.deinit();
    try session.run();
}
