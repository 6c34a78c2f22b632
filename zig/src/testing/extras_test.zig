//! Extras meet what columns meet: a full disk, calls that fail, the death of their writer, and the loss of power.

const std = @import("std");
const options_of_build = @import("options");
const store_file = @import("../store/store.zig");
const Append = @import("extras_model.zig").Append;
const Model = @import("extras_model.zig").Model;
const Losses = @import("losses.zig").Losses;
const Recorder = @import("recorder.zig").Recorder;
const Survival = @import("sectors.zig").Survival;
const Faulty = @import("testing.zig").Faulty;
const Fault = @import("testing.zig").Fault;
const Scratch = @import("testing.zig").Scratch;
const abandon = @import("testing.zig").abandon;
const appendBatch = @import("extras_model.zig").appendBatch;
const faults = @import("testing.zig").faults;
const optionsOf = @import("extras_model.zig").optionsOf;

const testing = std.testing;
const Store = store_file.Store(Faulty);

var obstacle: u64 = 0;

test "extras are found as they were appended, on a disk that is full now and then" {
    var refused: usize = 0;
    var dropped: usize = 0;
    for (0..24) |seed| {
        walk(seed, &refused, &dropped) catch |err| {
            std.debug.print("seed {d}\n", .{seed});
            return err;
        };
    }
    try testing.expect(refused > 100 and dropped > 100);
    try testing.expectEqual(0, Faulty.open_files);
    try testing.expectEqual(0, Faulty.mapped_bytes);
}

fn walk(seed: u64, refused: *usize, dropped: *usize) !void {
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    defer Faulty.is_full = false;
    var generator: std.Random.DefaultPrng = .init(seed);
    const random = generator.random();
    var model: Model = .{};
    defer model.deinit();
    const options = optionsOf(seed / 4);
    const is_temporary = seed % 4 == 0;
    var store = if (is_temporary) try Store.createTemporary(scratch.path, options) else try Store.create(scratch.path, options);
    var is_open = true;
    defer if (is_open) abandon(&store);
    for (0..300) |_| {
        if (random.uintLessThan(u32, 20) == 0) Faulty.is_full = !Faulty.is_full;
        const drawn = Append.draw(random, &model);
        if (drawn.write(&store)) |_| try drawn.note(&model) else |err| {
            try testing.expectEqual(error.StorageFull, err);
            try testing.expect(Faulty.is_full and store.wantedBytes() > 0);
            refused.* += 1;
        }
        const action = random.uintLessThan(u32, 16);
        switch (action) {
            0 => try store.flush(),
            1 => if (!is_temporary) try store.sync(),
            2, 3 => {
                if (is_temporary) continue;
                is_open = false;
                if (action == 2) try store.close(.release) else abandon(&store);
                store = try Store.open(scratch.path, options.reserved_elements, &.{}, &obstacle);
                is_open = true;
            },
            4 => {
                try store.flush();
                const before = model.end();
                appendBatch(&store, &model, 1 + random.uintLessThan(usize, 20), random.boolean()) catch |err| {
                    try testing.expectEqual(error.StorageFull, err);
                    try store.batch.end(&store, false);
                    try testing.expectEqual(before, model.end());
                };
            },
            5, 6 => {
                try store.flush();
                if (!options.is_segmented or store.commit.row_count == 0) continue;
                try model.drop(&store, random.intRangeLessThan(u64, store.commit.first_row, store.commit.row_count));
                dropped.* += @intFromBool(store.extras.files.of(0, .bytes).first_bytes > 0);
            },
            else => continue,
        }
        try store.flush();
        try model.expectEqual(&store);
        if (!is_temporary) try Model.expectWhole(&store);
    }
}

test "when any one system call fails, extras that were acknowledged are kept" {
    for (faults, 0..) |fault, index| {
        var fail_at: usize = 1;
        while (try runWithFault(fail_at, fault, optionsOf(index))) fail_at += 1;
        try testing.expect(fail_at > 120);
    }
}

/// Returns false once the script ends before the call that would fail.
fn runWithFault(fail_at: usize, fault: Fault, options: store_file.Options) !bool {
    errdefer std.debug.print("call {d} meets {any}\n", .{ fail_at, fault });
    var scratch: Scratch = .{};
    try scratch.make();
    defer scratch.remove();
    var generator: std.Random.DefaultPrng = .init(5);
    var model: Model = .{};
    defer model.deinit();
    Faulty.arm(fail_at, fault);
    defer Faulty.disarm();
    var store = Store.create(scratch.path, options) catch |err| blk: {
        try testing.expectEqual(fault.failure, err);
        try std.Io.Dir.cwd().deleteTree(testing.io, scratch.path);
        try std.Io.Dir.cwd().createDirPath(testing.io, scratch.path);
        break :blk try Store.create(scratch.path, options);
    };
    errdefer abandon(&store);
    for (0..2) |round| {
        for (0..10) |_| {
            const drawn = Append.draw(generator.random(), &model);
            // A failed write has left no trace: the same step goes in the second time.
            drawn.write(&store) catch |err| {
                try testing.expectEqual(fault.failure, err);
                try drawn.write(&store);
            };
            try drawn.note(&model);
        }
        store.flush() catch |err| {
            try testing.expectEqual(fault.failure, err);
            try store.flush();
        };
        try model.expectEqual(&store);
        appendBatch(&store, &model, 10, true) catch |err| {
            try testing.expectEqual(fault.failure, err);
            try store.batch.end(&store, false);
            try appendBatch(&store, &model, 10, true);
        };
        if (options.is_segmented) model.drop(&store, store.commit.row_count - 3) catch |err| {
            try testing.expect(err == fault.failure or store.sync_failed);
        };
        if (round == 0) store.sync() catch |err| try testing.expectEqual(fault.failure, err);
        // What a sync could not make durable no later one may say it has.
        const sync_failed = store.sync_failed;
        store.close(.release) catch |err| try testing.expectEqual(if (sync_failed) error.InputOutput else fault.failure, err);
        store = Store.open(scratch.path, options.reserved_elements, &.{}, &obstacle) catch |err| blk: {
            try testing.expectEqual(fault.failure, err);
            break :blk try Store.open(scratch.path, options.reserved_elements, &.{}, &obstacle);
        };
        try model.expectEqual(&store);
        Model.expectWhole(&store) catch |err| {
            try testing.expectEqual(fault.failure, err);
            try Model.expectWhole(&store);
        };
    }
    store.close(.release) catch |err| try testing.expectEqual(fault.failure, err);
    try testing.expectEqual(0, Faulty.open_files);
    try testing.expectEqual(0, Faulty.mapped_bytes);
    return Faulty.call_count >= fail_at;
}

test "power loss: extras that were synced are there, and of the rest a prefix with its rows" {
    const wanted: usize = options_of_build.long_states orelse 300;
    var figures: Figures = .{};
    var seed: u64 = 0;
    while (figures.states < wanted) : (seed += 1) {
        runSeed(seed, &figures) catch |err| {
            std.debug.print("seed {d}, state {d}\n", .{ seed, figures.states });
            return err;
        };
    }
    if (options_of_build.long_states != null) std.debug.print(
        "power loss with extras: {d} states, {d} cut, {d} torn, {d} had lost their start to a drop; none lost what was synced\n",
        .{ figures.states, figures.cut, figures.torn, figures.dropped },
    );
    for ([_]usize{ figures.cut, figures.torn, figures.dropped }) |count| try testing.expect(count > figures.states / 10);
}

const Figures = struct { states: usize = 0, cut: usize = 0, torn: usize = 0, dropped: usize = 0 };

const Session = struct {
    random: std.Random,
    path: [:0]const u8,
    state_path: [:0]const u8,
    figures: *Figures,
    options: store_file.Options,
    store: store_file.Store(Recorder) = undefined,
    model: Model = .{},
    /// The end that must be there, whenever the power goes, or a later one.
    synced: usize = 0,
    boot: u8 = 1,
    failure: ?anyerror = null,

    fn run(self: *Session) !void {
        Recorder.boot_id = @splat(self.boot);
        try Recorder.start(self.path);
        defer Recorder.stop();
        try self.model.noteEnd();
        self.store = try .create(self.path, self.options);
        try self.store.sync();
        for (0..3) |_| {
            Losses(Session).begin(self);
            const ended = self.act();
            abandon(&self.store);
            try ended;
            try self.reboot();
        }
        abandon(&self.store);
    }

    fn act(self: *Session) !void {
        for (0..25) |_| {
            const drawn = Append.draw(self.random, &self.model);
            try drawn.note(&self.model);
            try drawn.write(&self.store);
            switch (self.random.uintLessThan(u32, 12)) {
                0, 1 => try self.store.flush(),
                2, 3 => try self.sync(),
                4 => {
                    const reached = self.model.ends.items.len - 1;
                    try self.store.close(.release);
                    self.synced = reached;
                    self.store = try .open(self.path, self.options.reserved_elements, &.{}, &obstacle);
                },
                5 => {
                    try self.store.flush();
                    try appendBatch(&self.store, &self.model, 7, self.random.boolean());
                },
                6, 7, 8 => try self.drop(),
                else => {},
            }
            if (self.failure) |err| return err;
        }
        try self.lose(.mixed);
    }

    fn drop(self: *Session) !void {
        try self.store.flush();
        if (!self.options.is_segmented or self.store.commit.row_count == 0) return;
        const row = self.random.intRangeLessThan(u64, self.store.commit.first_row, self.store.commit.row_count);
        const before = self.store.commit.first_row;
        const reached = self.model.ends.items.len - 1;
        try self.model.drop(&self.store, row);
        if (self.store.commit.first_row > before) self.synced = reached;
    }

    fn sync(self: *Session) !void {
        const reached = self.model.ends.items.len - 1;
        try self.store.sync();
        self.synced = reached;
    }

    pub fn callsPerLoss(_: *const Session) u32 {
        return 10;
    }

    /// Builds one state that the disk may be in, and checks it.
    pub fn lose(self: *Session, survival: Survival) !void {
        defer Recorder.recording = true;
        Recorder.boot_id = @splat(self.boot + 1);
        defer Recorder.boot_id = @splat(self.boot);
        const written = Recorder.writeState(self.state_path, self.random, survival);
        Recorder.recording = false;
        if (try written > 0) self.figures.torn += 1;
        self.figures.states += 1;
        {
            var reader: store_file.Store(Recorder) = try .openToRead(self.state_path, self.options.reserved_elements);
            defer reader.close(.release) catch {};
            _ = try self.model.findEnd(&reader, self.synced);
        }
        var store: store_file.Store(Recorder) = try .open(self.state_path, self.options.reserved_elements, &.{}, &obstacle);
        errdefer abandon(&store);
        const found = try self.model.findEnd(&store, self.synced);
        if (found < self.model.ends.items.len - 1) self.figures.cut += 1;
        if (store.commit.first_row > 0) self.figures.dropped += 1;
        try Model.expectWhole(&store);
        // It can be gone on with.
        const row = store.commit.row_count;
        const more: Append = .{ .row = @intCast(row), .step = @as(i64, @intCast(row)) * 2 - 9, .has_token = true, .lengths = .{ 9, 5000 } };
        try more.write(&store);
        try store.close(.release);
        store = try .open(self.state_path, self.options.reserved_elements, &.{}, &obstacle);
        try testing.expectEqual(5000, (try store.extras.find(1, row)).?.length_bytes);
        try Model.expectWhole(&store);
        abandon(&store);
    }

    /// The power is lost for good, and the next boot opens what is left.
    fn reboot(self: *Session) !void {
        _ = try Recorder.writeState(self.state_path, self.random, .mixed);
        Recorder.stop();
        self.boot += 1;
        Recorder.boot_id = @splat(self.boot);
        std.mem.swap([:0]const u8, &self.path, &self.state_path);
        try Recorder.start(self.path);
        self.store = try .open(self.path, self.options.reserved_elements, &.{}, &obstacle);
        errdefer abandon(&self.store);
        self.model.cutTo(try self.model.findEnd(&self.store, self.synced));
        self.synced = self.model.ends.items.len - 1;
        try self.store.sync();
    }
};

fn runSeed(seed: u64, figures: *Figures) !void {
    var scratches: [2]Scratch = @splat(.{});
    for (&scratches) |*scratch| try scratch.make();
    defer for (&scratches) |*scratch| scratch.remove();
    var generator: std.Random.DefaultPrng = .init(seed);
    var session: Session = .{ .random = generator.random(), .path = scratches[0].path, .state_path = scratches[1].path, .figures = figures, .options = optionsOf(seed) };
    defer session.model.deinit();
    try session.run();
}
