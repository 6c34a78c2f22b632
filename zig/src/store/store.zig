//! A store: its files, what the newest commit says they hold, and the two ways in which they grow: the tail's records
//! (expand.zig) and whole columns (batch.zig). Reading is plain work on slices: gather.zig, extract.zig, rows.zig.

const std = @import("std");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");
const head_file = @import("head.zig");
const options_file = @import("options.zig");
const files_file = @import("files.zig");
const encoding_file = @import("encode.zig");
const extras_file = @import("extras.zig");
const expanding = @import("expand.zig");
const following = @import("follow.zig");
const recovering = @import("recover.zig");
const salvaging = @import("salvage.zig");
const dropping = @import("drop.zig");
const batches = @import("batch.zig");
const blocks_file = @import("../read/blocks.zig");
const buffers = @import("../system/buffer.zig");
const cells = @import("../format/cells.zig");
const recents = @import("../read/recent.zig");
const rows_file = @import("../read/rows.zig");
const rooms = @import("room.zig");
const tails = @import("tail.zig");
const Room = rooms.Room;
const Types = @import("../read/types.zig").Types;

pub const Error = head_file.Error || error{ InvalidArgument, OutOfOrder, ReadOnly, BatchOpen };

pub const Access = options_file.Access;
pub const Options = options_file.Options;
pub const Maps = options_file.Maps;

pub fn Store(comptime System: type) type {
    const Head = head_file.Head(System);
    const Files = files_file.Files(System);

    return struct {
        /// Of a reader, once it has looked. It stands beside the head: of very many stores, each place costs as much as the look itself.
        looked: ?following.Looked = null,
        head: Head,
        files: Files,
        extras: extras_file.Extras(System) = .{},
        commit: format.Commit,
        access: Access,
        recovery: recovering.Recovery = .{},
        /// The commit of which this store shows the part that is whole.
        salvaged_from: ?format.Commit = null,
        /// Whether a sync has failed: what it was to make durable may be lost although a later one succeeds.
        sync_failed: bool = false,
        stage: buffers.Buffer(System, expanding.Stage) = .{},
        encoding: encoding_file.OwnEncoding(System) = .{},
        batch: batches.Batch(System) = .{},
        recent: recents.Recent(System) = .{},
        /// What `write` last left in the tail.
        counted: Room = .{},

        const Self = @This();

        /// A store whose files have no names: nothing of it is left when the process ends, however it ends.
        pub fn createTemporary(directory: [:0]const u8, options: Options) Error!Self {
            return build(directory, .temporary, options);
        }

        /// A new store in a directory that exists and holds none.
        pub fn create(directory: [:0]const u8, options: Options) Error!Self {
            return build(directory, .create, options);
        }

        /// A store that was left by `close` or by the death of its process. What was in its tail is moved into the columns.
        /// `fields` are as in the options. Where that fails, `obstacle` says which process holds the lock, or how many bytes the disk has no room for.
        pub fn open(path: [:0]const u8, reserved_elements: usize, fields: []const cells.Field, obstacle: *u64) Error!Self {
            const directory = try System.openDirectory(path);
            defer System.close(directory);
            var head = try Head.lockIn(directory, obstacle);
            errdefer head.release();
            var self = try recovering.open(System, &head, directory, .write, reserved_elements);
            errdefer self.releaseFiles();
            self.encoding = try .init(self.files.form.kind, fields);
            errdefer obstacle.* = self.wantedBytes();
            head.claim();
            const rows_before = self.commit.row_count;
            const tokens_before = self.commit.token_count;
            self.flush() catch |err| switch (err) {
                // What no writer puts into a tail.
                error.InvalidArgument, error.OutOfOrder => return error.Damaged,
                else => return err,
            };
            // A tail that was in the columns already still names the commit before: steps appended to it would be lost.
            self.head.resetTail(self.commit);
            if (self.head.header().isSegmented()) {
                try self.files.removeLeft();
                try self.extras.files.removeLeft();
            }
            self.head.beginSession(self.commit.row_count);
            self.recovery.tail_rows = self.commit.row_count - rows_before;
            self.recovery.tail_tokens = self.commit.token_count - tokens_before;
            return self;
        }

        /// A store that somebody else may be writing. It shows what was committed when it was opened or last refreshed.
        pub fn openToRead(path: [:0]const u8, reserved_elements: usize) Error!Self {
            const directory = try System.openDirectory(path);
            defer System.close(directory);
            var head = try Head.openIn(directory);
            errdefer head.release();
            return recovering.open(System, &head, directory, .read, reserved_elements);
        }

        /// What is whole of a damaged store, from its first row on. Every byte of it is read.
        pub fn openToSalvage(path: [:0]const u8, reserved_elements: usize) Error!Self {
            const directory = try System.openDirectory(path);
            defer System.close(directory);
            var head = try Head.openIn(directory);
            errdefer head.release();
            return salvaging.open(System, &head, directory, reserved_elements);
        }

        /// What a directory's head says of its store.
        pub fn headerOf(path: [:0]const u8) Error!format.Header {
            const directory = try System.openDirectory(path);
            defer System.close(directory);
            var head = try Head.openIn(directory);
            defer head.release();
            return head.header().*;
        }

        /// Whether a chunk has its checksum.
        pub fn isChunkWhole(self: *Self, which: files_file.Which, chunk: u64) system.Error!bool {
            return self.files.isChunkWhole(which, chunk, self.salvaged_from orelse self.commit);
        }

        /// Whether a chunk of the blocks says what the columns hold.
        pub fn isBlocksChunkWhole(self: *const Self, chunk: u64) bool {
            return self.files.blocks.isChunkWhole(chunk, self.files.blockColumns(self.commit, self.head.header().id));
        }

        /// Shows what has been committed since. Returns whether there was anything.
        pub fn refresh(self: *Self) Error!bool {
            const follows = self.looked != null or (self.access == .read and self.salvaged_from == null);
            return follows and try following.refresh(System, self);
        }

        /// Makes everything appended so far durable.
        pub noinline fn sync(self: *Self) Error!void {
            if (self.access == .read) return error.ReadOnly;
            if (self.sync_failed) return error.InputOutput;
            try self.flush();
            errdefer self.sync_failed = true;
            try self.files.sync(self.commit);
            try self.extras.files.sync(self.extras.table());
            self.head.publishSynced(self.commit, self.extras.table());
            try self.head.sync();
        }

        /// For rows that are copied from another store: a writer begins with the row, if it comes, and not where this one
        /// did.
        pub fn beginSession(self: *Self, row: u64) Error!void {
            if (self.access == .read) return error.ReadOnly;
            try self.flush();
            if (row < self.commit.row_count) return error.InvalidArgument;
            self.head.beginSession(row);
            self.reserve() catch {};
        }

        /// Drops the segments that hold nothing but rows before one, so far as they are not dropped.
        pub fn dropBefore(self: *Self, row: u64) Error!void {
            return dropping.dropBefore(System, self, row);
        }

        /// Ends the store. What `maps` keeps, `releaseMaps` frees later.
        pub fn close(self: *Self, maps: Maps) Error!void {
            // The tail of a named store is safe where it is, should this fail: the next open finds it.
            const ended = if (self.access == .write) self.settle() else {};
            self.end(maps);
            return ended;
        }

        /// Lets go of a store whose user has died, and leaves its files as the death of a process would.
        pub fn abandon(self: *Self) void {
            self.end(.blank);
        }

        fn end(self: *Self, maps: Maps) void {
            self.head.release();
            self.files.close();
            self.extras.close();
            self.stage.release();
            self.encoding.release();
            self.batch.release();
            self.recent.release();
            switch (maps) {
                .release => self.releaseMaps(),
                .keep => {},
                .blank => {
                    self.files.blank();
                    self.extras.blank();
                },
            }
        }

        /// Makes everything durable, and the files as long as what they hold.
        pub noinline fn settle(self: *Self) Error!void {
            // A batch that was never ended is not part of the stream.
            self.batch.phase = .closed;
            try self.flush();
            try self.files.trim(self.commit);
            try self.extras.files.trim(self.extras.table());
            self.head.closeTail(self.commit);
            try self.sync();
        }

        pub noinline fn releaseMaps(self: *Self) void {
            self.files.releaseMaps();
            self.extras.releaseMaps();
        }

        /// The rows of the columns, for who looks for one.
        pub fn rowTable(self: *const Self) rows_file.Table {
            return .{
                .steps = self.files.steps.slice(i64, self.commit.row_count),
                .rows = self.files.rows.slice(u64, self.commit.row_count),
                .token_count = @intCast(self.commit.token_count),
                .blocks = self.blocks(),
                .marks = self.files.marks.slice(format.Mark, self.commit.mark_count),
                .first_row = @intCast(self.commit.first_row),
                .first_token = @intCast(self.commit.first_token),
                .first_mark = @intCast(self.commit.first_mark),
            };
        }

        /// The types of the columns.
        pub fn types(self: *const Self) Types {
            return self.files.typesOf(self.commit.token_count);
        }

        pub fn blocks(self: *const Self) blocks_file.Blocks {
            return .{ .all = self.files.blocks.all(), .id = self.head.header().id, .token_count = self.commit.token_count };
        }

        /// Puts the newest rows together in `recent`, those in the tail among them: as many as wanted, or as have so many
        /// tokens. Somebody who only reads sees what is committed.
        pub fn loadRecent(self: *Self, rows_max: usize, tokens_max: usize, value_count: ?usize) Error!void {
            const commit = self.commit;
            const records = if (self.access == .read) &.{} else try self.head.published(commit);
            const values = if (records.len == 0) 0 else value_count orelse tails.countPending(self, records).values;
            if (values > self.head.values.len) return error.InvalidArgument;
            const data = self.files.dataOf(commit.token_count);
            try self.recent.load(.{ .table = self.rowTable(), .types = self.types(), .data = data, .first_token = @intCast(commit.first_token), .records = records, .values = self.head.values[0..values], .encoding = self.encoding.encoding }, rows_max, tokens_max);
        }

        /// Moves the published records of the tail into the columns and commits.
        pub noinline fn flush(self: *Self) Error!void {
            if (self.access == .read) return;
            if (self.batch.isOpen()) return error.BatchOpen;
            const records = try self.head.published(self.commit);
            if (records.len > 0) try self.appendRecords(records, self.head.values, self.head.extra_words);
            self.counted = .{};
        }

        /// What the tail may take, all told, since the last commit.
        pub noinline fn room(self: *const Self) Room {
            return .reserved(&self.head, &self.files, &self.extras, self.commit);
        }

        /// Reserves disk space for what the tail takes next. Files grow by whole chunks; where the disk has no room for that
        /// much, by one.
        pub noinline fn reserve(self: *Self) Error!void {
            if (self.access == .read) return error.ReadOnly;
            if (self.batch.isOpen()) return error.BatchOpen;
            const wanted = rooms.ahead(&self.head, self.commit);
            self.files.reserve(self.commit, wanted) catch try self.files.reserve(self.commit, rooms.least(&self.head, self.commit));
            self.extras.reserve(self.head.extra_words.len, self.head.records.len) catch try self.extras.reserve(1, 1);
        }

        /// Flushes, and reserves as long as there is disk space. Where there is none, the append that needs it will say so.
        pub fn flushAndReserve(self: *Self) Error!void {
            try self.flush();
            self.reserve() catch {};
        }

        /// Appends through the tail where there is room in it, else straight to the columns. For callers that cannot map
        /// the tail, and for steps that are larger than it.
        pub fn write(self: *Self, records: []const format.Record, values: []const u64) Error!void {
            return self.writeWithExtras(records, values, &.{});
        }

        pub fn writeWithExtras(self: *Self, records: []const format.Record, values: []const u64, extra_words: []const u64) Error!void {
            return tails.write(self, records, values, extra_words);
        }

        /// Columns first, the commit last: until then nothing of it is there.
        pub noinline fn appendRecords(self: *Self, records: []const format.Record, values: []const u64, extra_words: []const u64) Error!void {
            var next = try expanding.expand(System, &self.files, &self.stage.elements[0], self.encoding.encoding, self.commit, self.head.header().session_row, records, values);
            if (self.extras.count() > 0) try self.extras.appendTail(self.tailOf(records, extra_words));
            self.files.blocks.describe(blocks_file.countClosed(self.commit.row_count), self.files.blockColumns(next, self.head.header().id));
            self.publish(&next);
        }

        /// Makes a commit, and what was written of extras with it, the newest.
        pub noinline fn publish(self: *Self, next: *format.Commit) void {
            next.extras = self.extras.publish(self.head.extra_tables, self.commit.extras);
            self.head.publish(next);
            self.commit = next.*;
        }

        pub fn tailOf(self: *const Self, records: []const format.Record, extra_words: []const u64) extras_file.Tail {
            return .{ .commit = self.commit, .records = records, .words = extra_words };
        }

        /// What a full disk has no room for.
        pub fn wantedBytes(self: *const Self) u64 {
            return @max(self.files.wanted_bytes, self.extras.files.wanted_bytes);
        }

        noinline fn build(path: [:0]const u8, opening: options_file.Opening, options: Options) Error!Self {
            if (!options.areValid()) return error.InvalidArgument;
            const directory = try System.openDirectory(path);
            defer System.close(directory);
            const place: files_file.Place = .{ .directory = directory, .opening = opening };
            var head = try Head.createIn(place, options.header(try System.randomId()), options.firstCommit());
            errdefer head.release();
            const commit = try head.newestCommit();
            const sizes: files_file.Sizes = try .of(head.header().*, options.reserved_elements);
            var files = try Files.open(place, sizes, commit);
            errdefer files.release();
            var extras: extras_file.Extras(System) = try .create(files.placeOf(place), sizes.reserved_elements, sizes.extra_segments, options.form.extra_count);
            errdefer extras.release();
            var self = try assemble(head, files, extras, commit, if (opening == .temporary) .temporary else .write);
            errdefer self.stage.release();
            self.encoding = try .init(options.form.kind, options.fields);
            return self;
        }

        /// The head stays the caller's until this has succeeded.
        pub noinline fn assemble(head: Head, files: Files, extras: extras_file.Extras(System), commit: format.Commit, access: Access) Error!Self {
            var self: Self = .{ .head = head, .files = files, .extras = extras, .commit = commit, .access = access };
            if (access != .read) try self.stage.ensure(1);
            return self;
        }

        fn releaseFiles(self: *Self) void {
            self.files.release();
            self.extras.release();
            self.stage.release();
            self.encoding.release();
        }
    };
}
