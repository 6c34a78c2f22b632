//! A store: its files, what the newest commit says they hold, and the two ways in which they grow: the tail's records
//! (here) and whole columns (batch.zig). Reading is plain work on slices: gather.zig, extract.zig, rows.zig.

const std = @import("std");
const system = @import("system.zig");
const format = @import("format.zig");
const column_file = @import("column.zig");
const head_file = @import("head.zig");
const batches = @import("batch.zig");
const buffers = @import("buffer.zig");

pub const Error = head_file.Error || error{ InvalidArgument, OutOfOrder, ReadOnly };

pub const Options = struct {
    capacity_tokens: u64,
    tail_records_max: u32,
    tail_values_max: u32,
    /// Addresses to reserve, counted in tokens and in rows.
    reserved_elements: usize,
};

const marks_per_chunk = 1024;

/// A piece of the step and type columns is laid out here before it is written: small enough for a core's own cache,
/// large enough for an efficient write.
const stage_tokens = 16 * 1024;
const stage_rows = 8 * 1024;
const stage_marks = 1024;

const Stage = struct {
    steps: [stage_tokens]i64,
    types: [stage_tokens]i32,
    rows: [stage_rows]u64,
    marks: [stage_marks]format.Mark,
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
    const Column = column_file.Column(System);
    const Head = head_file.Head(System);

    return struct {
        head: Head,
        steps: Column,
        types: Column,
        data: Column,
        rows: Column,
        marks: Column,
        commit: format.Commit,
        temporary: bool,
        stage: buffers.Buffer(System, Stage) = .{},
        batch: batches.Batch(System) = .{},
        /// How many records and values `write` last left in the tail.
        counted: struct { records: usize = 0, values: usize = 0 } = .{},

        const Self = @This();
        const column_names = [_][]const u8{ "steps", "types", "data", "rows", "marks" };
        const file_names = [_][]const u8{ "step.i64", "type.i32", "data.b64", "row.u64", "marks" };

        /// A store whose files have no names: nothing of it is left when the process ends, however it ends.
        pub fn createTemporary(directory: [:0]const u8, options: Options) Error!Self {
            return build(options, directory, openTemporary);
        }

        /// A new store in a directory that exists and holds none.
        pub fn create(directory: [:0]const u8, options: Options) Error!Self {
            var self = try build(options, directory, openNew);
            self.temporary = false;
            return self;
        }

        /// A store that was left by `close` or by the death of its process: the tail is moved into the columns.
        pub fn open(directory: [:0]const u8, reserved_elements: usize) Error!Self {
            var head = blk: {
                const file = try openNamed(directory, "head", .write);
                break :blk Head.open(file, true) catch |err| {
                    System.close(file);
                    return err;
                };
            };
            errdefer head.release();
            const header = head.header().*;
            const commit = try head.newestCommit();
            var self: Self = undefined;
            self = .{
                .head = head,
                .steps = undefined,
                .types = undefined,
                .data = undefined,
                .rows = undefined,
                .marks = undefined,
                .commit = commit,
                .temporary = false,
            };
            const options: Options = .{
                .capacity_tokens = header.capacity_tokens,
                .tail_records_max = header.tail_records_max,
                .tail_values_max = header.tail_values_max,
                .reserved_elements = reserved_elements,
            };
            const lengths = self.lengthsBytes(commit);
            try self.openColumns(options, directory, openExisting, &lengths);
            errdefer self.releaseColumns();
            try self.stage.ensure(1);
            errdefer self.stage.release();
            try self.flush();
            return self;
        }

        /// Ends the store. What `maps` keeps, `releaseMaps` frees later.
        pub fn close(self: *Self, maps: Maps) Error!void {
            // The tail of a named store is safe where it is, should the flush fail: the next open finds it.
            const flushed = if (self.temporary) {} else self.flush();
            const trimmed = if (self.temporary) {} else self.trim();
            self.head.release();
            inline for (column_names) |name| System.close(@field(self, name).file);
            self.stage.release();
            self.batch.release();
            switch (maps) {
                .release => self.releaseMaps(),
                .keep => {},
                .blank => inline for (column_names) |name| @field(self, name).blank(),
            }
            try flushed;
            try trimmed;
        }

        pub fn releaseMaps(self: *Self) void {
            inline for (column_names) |name| @field(self, name).release();
        }

        /// Moves the published records of the tail into the columns and commits.
        pub fn flush(self: *Self) Error!void {
            if (self.batch.isOpen()) return error.InvalidArgument;
            const records = try self.head.published(self.commit);
            if (records.len > 0) try self.appendRecords(records, self.head.values);
            self.counted = .{};
        }

        /// Appends through the tail where there is room in it, else straight to the columns. For callers that cannot map
        /// the tail, and for steps that are larger than it.
        pub fn write(self: *Self, records: []const format.Record, values: []const u64) Error!void {
            if (self.batch.isOpen()) return error.InvalidArgument;
            var pending = try self.head.published(self.commit);
            var pending_values = self.countValues(pending);
            if (pending.len + records.len > self.head.records.len or pending_values + values.len > self.head.values.len) {
                try self.flush();
                pending = pending[0..0];
                pending_values = 0;
            }
            if (records.len > self.head.records.len or values.len > self.head.values.len) return self.appendRecords(records, values);
            _ = try self.countsAfter(records, values.len);
            @memcpy(self.head.records[pending.len..][0..records.len], records);
            @memcpy(self.head.values[pending_values..][0..values.len], values);
            self.head.publishRecords(@intCast(pending.len + records.len));
            self.counted = .{ .records = pending.len + records.len, .values = pending_values + tokenTotal(records) };
        }

        /// The values that the published records stand for. Counted anew only where somebody else has published.
        fn countValues(self: *const Self, pending: []const format.Record) usize {
            return if (pending.len == self.counted.records) self.counted.values else tokenTotal(pending);
        }

        /// Columns first, the commit last: until then nothing of it is there.
        fn appendRecords(self: *Self, records: []const format.Record, values: []const u64) Error!void {
            var next = try self.countsAfter(records, values.len);
            try self.grow(next);
            try self.expand(records);
            const token_count: usize = @intCast(next.token_count - self.commit.token_count);
            try self.data.write(std.mem.sliceAsBytes(values[0..token_count]), self.commit.token_count * @sizeOf(u64));
            self.head.publish(&next);
            self.commit = next;
        }

        /// Adds what the records will add to the counts, and checks that they can be what a writer made.
        fn countsAfter(self: *const Self, records: []const format.Record, values_count: usize) Error!format.Commit {
            var next = self.commit;
            var values_left = values_count;
            for (records) |record| {
                if (record.count < format.Record.list_field or record.tokenCount() > values_left) return error.InvalidArgument;
                values_left -= record.tokenCount();
                if (next.row_count > 0 and record.step < next.last_step) return error.OutOfOrder;
                if (next.row_count == 0 or record.step != next.last_step) next.row_count += 1;
                next.last_step = record.step;
                next.token_count += record.tokenCount();
                if (record.count <= 0) next.mark_count += 1;
            }
            return next;
        }

        pub fn grow(self: *Self, next: format.Commit) system.Error!void {
            const lengths = self.lengthsBytes(next);
            inline for (column_names, lengths) |name, length_bytes| try @field(self, name).grow(length_bytes);
        }

        fn lengthsBytes(_: *const Self, commit: format.Commit) [column_names.len]u64 {
            return .{
                commit.token_count * @sizeOf(i64),
                commit.token_count * @sizeOf(i32),
                commit.token_count * @sizeOf(u64),
                commit.row_count * @sizeOf(u64),
                commit.mark_count * @sizeOf(format.Mark),
            };
        }

        /// Writes the steps, types, row starts and marks of the records behind what is committed, a stage at a time.
        fn expand(self: *Self, records: []const format.Record) Error!void {
            const stage = &self.stage.elements[0];
            // What is written; what is staged lies between it and the three ends.
            var written = self.commit;
            var token_end = written.token_count;
            var row_end = written.row_count;
            var mark_end = written.mark_count;
            for (records) |record| {
                if (row_end == 0 or record.step != written.last_step) {
                    if (row_end - written.row_count == stage_rows) try self.writeRows(stage, &written, row_end);
                    stage.rows[@intCast(row_end - written.row_count)] = token_end;
                    row_end += 1;
                    written.last_step = record.step;
                }
                if (record.count <= 0) {
                    if (mark_end - written.mark_count == stage_marks) try self.writeMarks(stage, &written, mark_end);
                    stage.marks[@intCast(mark_end - written.mark_count)] = .of(record, row_end - 1);
                    mark_end += 1;
                }
                var remaining = record.tokenCount();
                while (remaining > 0) {
                    if (token_end - written.token_count == stage_tokens) try self.writeTokens(stage, &written, token_end);
                    const first: usize = @intCast(token_end - written.token_count);
                    const count = @min(remaining, stage_tokens - first);
                    for (stage.steps[first..][0..count]) |*step| step.* = record.step;
                    for (stage.types[first..][0..count]) |*type_id| type_id.* = record.type;
                    token_end += count;
                    remaining -= count;
                }
            }
            try self.writeTokens(stage, &written, token_end);
            try self.writeRows(stage, &written, row_end);
            try self.writeMarks(stage, &written, mark_end);
        }

        fn writeTokens(self: *Self, stage: *const Stage, written: *format.Commit, token_end: u64) Error!void {
            const count: usize = @intCast(token_end - written.token_count);
            try self.steps.write(std.mem.sliceAsBytes(stage.steps[0..count]), written.token_count * @sizeOf(i64));
            try self.types.write(std.mem.sliceAsBytes(stage.types[0..count]), written.token_count * @sizeOf(i32));
            written.token_count = token_end;
        }

        fn writeRows(self: *Self, stage: *const Stage, written: *format.Commit, row_end: u64) Error!void {
            const count: usize = @intCast(row_end - written.row_count);
            try self.rows.write(std.mem.sliceAsBytes(stage.rows[0..count]), written.row_count * @sizeOf(u64));
            written.row_count = row_end;
        }

        fn writeMarks(self: *Self, stage: *const Stage, written: *format.Commit, mark_end: u64) Error!void {
            const count: usize = @intCast(mark_end - written.mark_count);
            try self.marks.write(std.mem.sliceAsBytes(stage.marks[0..count]), written.mark_count * @sizeOf(format.Mark));
            written.mark_count = mark_end;
        }

        fn trim(self: *Self) Error!void {
            const lengths = self.lengthsBytes(self.commit);
            inline for (column_names, lengths) |name, length_bytes| try @field(self, name).trim(length_bytes);
        }

        const OpenFile = fn (directory: [:0]const u8, name: []const u8) Error!system.File;

        fn build(options: Options, directory: [:0]const u8, comptime openFile: OpenFile) Error!Self {
            if (options.capacity_tokens == 0 or options.tail_records_max == 0 or options.tail_values_max == 0) return error.InvalidArgument;
            var self: Self = .{
                .head = undefined,
                .steps = undefined,
                .types = undefined,
                .data = undefined,
                .rows = undefined,
                .marks = undefined,
                .commit = undefined,
                .temporary = true,
            };
            self.head = blk: {
                const file = try openFile(directory, "head");
                break :blk Head.create(file, .{
                    .tail_records_max = options.tail_records_max,
                    .tail_values_max = options.tail_values_max,
                    .capacity_tokens = options.capacity_tokens,
                }) catch |err| {
                    System.close(file);
                    return err;
                };
            };
            errdefer self.head.release();
            self.commit = try self.head.newestCommit();
            try self.openColumns(options, directory, openFile, &@splat(0));
            errdefer self.releaseColumns();
            try self.stage.ensure(1);
            return self;
        }

        fn openColumns(
            self: *Self,
            options: Options,
            directory: [:0]const u8,
            comptime openFile: OpenFile,
            lengths_bytes: *const [column_names.len]u64,
        ) Error!void {
            const element_bytes = [_]usize{ @sizeOf(i64), @sizeOf(i32), @sizeOf(u64), @sizeOf(u64), @sizeOf(format.Mark) };
            var opened: usize = 0;
            errdefer inline for (column_names, 0..) |name, i| {
                if (i < opened) releaseColumn(&@field(self, name));
            };
            inline for (column_names, file_names, element_bytes, lengths_bytes, 0..) |name, file_name, bytes, length_bytes, i| {
                const is_marks = comptime std.mem.eql(u8, name, "marks");
                const chunk = if (is_marks) marks_per_chunk else options.capacity_tokens;
                const reserved = if (is_marks) marks_per_chunk else options.reserved_elements;
                @field(self, name) = try openColumn(directory, file_name, openFile, .{ chunk * bytes, reserved * bytes, length_bytes });
                opened = i + 1;
            }
        }

        fn openColumn(directory: [:0]const u8, name: []const u8, comptime openFile: OpenFile, sizes_bytes: [3]u64) Error!Column {
            const chunk_bytes, const reserved_bytes, const length_bytes = sizes_bytes;
            const file = try openFile(directory, name);
            errdefer System.close(file);
            if (try System.size(file) < length_bytes) return error.Damaged;
            var column = try Column.init(file, chunk_bytes, @intCast(reserved_bytes));
            errdefer column.release();
            if (length_bytes > 0) try column.adopt(length_bytes);
            return column;
        }

        fn releaseColumn(column: *Column) void {
            column.release();
            System.close(column.file);
        }

        fn releaseColumns(self: *Self) void {
            inline for (column_names) |name| releaseColumn(&@field(self, name));
        }

        fn openTemporary(directory: [:0]const u8, _: []const u8) Error!system.File {
            return System.createTemporary(directory);
        }

        fn openNew(directory: [:0]const u8, name: []const u8) Error!system.File {
            return openNamed(directory, name, .create);
        }

        fn openExisting(directory: [:0]const u8, name: []const u8) Error!system.File {
            return openNamed(directory, name, .write);
        }

        fn openNamed(directory: [:0]const u8, name: []const u8, mode: system.OpenMode) Error!system.File {
            var buffer: [path_bytes_max]u8 = undefined;
            const path = std.fmt.bufPrintSentinel(&buffer, "{s}/{s}", .{ directory, name }, 0) catch return error.NotFound;
            return System.open(path, mode);
        }
    };
}

pub const path_bytes_max = 4096;

pub fn tokenTotal(records: []const format.Record) usize {
    var total: usize = 0;
    for (records) |record| total += record.tokenCount();
    return total;
}
