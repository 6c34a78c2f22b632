//! A store: its files, what the newest commit says they hold, and the two ways in which they grow: the tail's records
//! (expand.zig) and whole columns (batch.zig). Reading is plain work on slices: gather.zig, extract.zig, rows.zig.

const std = @import("std");
const system = @import("system.zig");
const format = @import("format.zig");
const head_file = @import("head.zig");
const files_file = @import("files.zig");
const expanding = @import("expand.zig");
const batches = @import("batch.zig");
const buffers = @import("buffer.zig");

pub const Error = head_file.Error || error{ InvalidArgument, OutOfOrder, ReadOnly, BatchOpen };

pub const Options = struct {
    capacity_tokens: u64,
    tail_records_max: u32,
    tail_values_max: u32,
    /// Addresses to reserve, counted in tokens and in rows.
    reserved_elements: usize,
};

/// What becomes of the columns' addresses when a store is closed.
pub const Maps = enum {
    release,
    /// Views are out, and will be released one by one.
    keep,
    /// Views are out that nobody will release: zero pages stay under them, and nothing of the files.
    blank,
};

pub fn Store(comptime System: type) type {
    const Head = head_file.Head(System);
    const Files = files_file.Files(System);

    return struct {
        head: Head,
        files: Files,
        commit: format.Commit,
        temporary: bool,
        stage: buffers.Buffer(System, expanding.Stage) = .{},
        batch: batches.Batch(System) = .{},
        /// How many records and values `write` last left in the tail.
        counted: struct { records: usize = 0, values: usize = 0 } = .{},

        const Self = @This();

        /// A store whose files have no names: nothing of it is left when the process ends, however it ends.
        pub fn createTemporary(directory: [:0]const u8, options: Options) Error!Self {
            return build(directory, .temporary, options);
        }

        /// A new store in a directory that exists and holds none.
        pub fn create(directory: [:0]const u8, options: Options) Error!Self {
            return build(directory, .create, options);
        }

        /// A store that was left by `close` or by the death of its process: the tail is moved into the columns.
        pub fn open(directory: [:0]const u8, reserved_elements: usize) Error!Self {
            var head = try openHead(directory, .existing, null);
            errdefer head.release();
            const sizes: files_file.Sizes = .{ .capacity_tokens = head.header().capacity_tokens, .reserved_elements = reserved_elements };
            var self = try assemble(head, directory, .existing, sizes);
            errdefer self.releaseFiles();
            try self.flush();
            return self;
        }

        /// Ends the store. What `maps` keeps, `releaseMaps` frees later.
        pub fn close(self: *Self, maps: Maps) Error!void {
            // The tail of a named store is safe where it is, should the flush fail: the next open finds it.
            const flushed = if (self.temporary) {} else self.flush();
            const trimmed = if (self.temporary) {} else self.files.trim(self.commit);
            self.head.release();
            self.files.close();
            self.stage.release();
            self.batch.release();
            switch (maps) {
                .release => self.releaseMaps(),
                .keep => {},
                .blank => self.files.blank(),
            }
            try flushed;
            try trimmed;
        }

        pub fn releaseMaps(self: *Self) void {
            self.files.releaseMaps();
        }

        /// Moves the published records of the tail into the columns and commits.
        pub fn flush(self: *Self) Error!void {
            if (self.batch.isOpen()) return error.BatchOpen;
            const records = try self.head.published(self.commit);
            if (records.len > 0) try self.appendRecords(records, self.head.values);
            self.counted = .{};
        }

        /// Appends through the tail where there is room in it, else straight to the columns. For callers that cannot map
        /// the tail, and for steps that are larger than it.
        pub fn write(self: *Self, records: []const format.Record, values: []const u64) Error!void {
            if (self.batch.isOpen()) return error.BatchOpen;
            var pending = try self.head.published(self.commit);
            var pending_values = self.countValues(pending);
            if (pending.len + records.len > self.head.records.len or pending_values + values.len > self.head.values.len) {
                try self.flush();
                pending = pending[0..0];
                pending_values = 0;
            }
            if (records.len > self.head.records.len or values.len > self.head.values.len) return self.appendRecords(records, values);
            const value_count = try self.checkRecords(pending, records, values.len);
            @memcpy(self.head.records[pending.len..][0..records.len], records);
            @memcpy(self.head.values[pending_values..][0..value_count], values[0..value_count]);
            self.head.publishRecords(@intCast(pending.len + records.len));
            self.counted = .{ .records = pending.len + records.len, .values = pending_values + value_count };
        }

        /// Columns first, the commit last: until then nothing of it is there.
        fn appendRecords(self: *Self, records: []const format.Record, values: []const u64) Error!void {
            var next = try expanding.expand(System, &self.files, &self.stage.elements[0], self.commit, records, values);
            self.head.publish(&next);
            self.commit = next;
        }

        /// Checks that the records can follow what is published, and counts their values.
        fn checkRecords(self: *const Self, pending: []const format.Record, records: []const format.Record, values_count: usize) Error!usize {
            var last: ?i64 = if (self.commit.row_count > 0) self.commit.last_step else null;
            if (pending.len > 0) last = pending[pending.len - 1].step;
            var values_left = values_count;
            for (records) |record| {
                try expanding.check(record, last, values_left);
                values_left -= record.tokenCount();
                last = record.step;
            }
            return values_count - values_left;
        }

        /// The values that the published records stand for. Counted anew only where somebody else has published.
        fn countValues(self: *const Self, pending: []const format.Record) usize {
            if (pending.len == self.counted.records) return self.counted.values;
            var total: usize = 0;
            for (pending) |record| total += record.tokenCount();
            return total;
        }

        fn build(directory: [:0]const u8, opening: files_file.Opening, options: Options) Error!Self {
            if (options.capacity_tokens == 0 or options.tail_records_max == 0 or options.tail_values_max == 0) return error.InvalidArgument;
            var head = try openHead(directory, opening, .{
                .tail_records_max = options.tail_records_max,
                .tail_values_max = options.tail_values_max,
                .capacity_tokens = options.capacity_tokens,
            });
            errdefer head.release();
            return assemble(head, directory, opening, .{
                .capacity_tokens = options.capacity_tokens,
                .reserved_elements = options.reserved_elements,
            });
        }

        fn openHead(directory: [:0]const u8, opening: files_file.Opening, header: ?format.Header) Error!Head {
            const file = try files_file.openFile(System, directory, "head", opening);
            errdefer System.close(file);
            return if (header) |wanted| Head.create(file, wanted) else Head.open(file, true);
        }

        /// The head stays the caller's until this has succeeded.
        fn assemble(head: Head, directory: [:0]const u8, opening: files_file.Opening, sizes: files_file.Sizes) Error!Self {
            const commit = try head.newestCommit();
            var self: Self = .{
                .head = head,
                .files = try Files.open(directory, opening, sizes, commit),
                .commit = commit,
                .temporary = opening == .temporary,
            };
            errdefer self.releaseFiles();
            try self.stage.ensure(1);
            return self;
        }

        fn releaseFiles(self: *Self) void {
            self.files.close();
            self.files.releaseMaps();
            self.stage.release();
        }
    };
}
