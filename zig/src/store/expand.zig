//! From records and values, as the tail has them, to the columns: every record becomes `count` tokens.
//!
//! Types, cells, and the steps and starts of rows are laid out a stage at a time and written behind what is committed; values
//! that are cells as they stand go to the file from where they are. Nothing of it is part of the stream before the commit, so records are checked on the way.

const std = @import("std");
const format = @import("../format/format.zig");
const encoding_file = @import("encode.zig");
const files_file = @import("files.zig");
const Mark = format.Mark;
const Encoding = encoding_file.Encoding;
const Record = format.Record;

pub const Error = files_file.Error || error{ InvalidArgument, OutOfOrder };

/// One write a column for a whole tail: pieces a quarter as large cost a fifth more a step.
const stage_tokens = 64 * 1024;
const stage_rows = 16 * 1024;
const stage_marks = 1024;

/// Runs of up to this many tokens are written as a whole vector; what it writes too much the next run writes over.
const run_tokens = 8;

pub const Stage = struct {
    types: [(stage_tokens + run_tokens) * @sizeOf(i32)]u8 align(@alignOf(i32)),
    cells: [stage_tokens * @sizeOf(u64)]u8 align(@alignOf(u64)),
    steps: [stage_rows]i64,
    rows: [stage_rows]u64,
    marks: [stage_marks]Mark,
};

/// Returns the counts that hold once the records are committed after `commit`. Row `session_row` is marked as the first of
/// a writer, where it is among them.
pub fn expand(
    comptime System: type,
    files: *files_file.Files(System),
    stage: *Stage,
    encoding: Encoding,
    commit: format.Commit,
    session_row: u64,
    records: []const Record,
    values: []const u64,
) Error!format.Commit {
    return switch (files.form.width) {
        .none => expandAs(System, void, files, stage, encoding, commit, session_row, records, values),
        .byte => expandAs(System, u8, files, stage, encoding, commit, session_row, records, values),
        .word => expandAs(System, i32, files, stage, encoding, commit, session_row, records, values),
    };
}

/// With an ID as it stands in the file of types, or `void` where there is none.
fn expandAs(
    comptime System: type,
    comptime Id: type,
    files: *files_file.Files(System),
    stage: *Stage,
    encoding: Encoding,
    commit: format.Commit,
    session_row: u64,
    records: []const Record,
    values: []const u64,
) Error!format.Commit {
    var expansion: Expansion(System, Id) = .{ .files = files, .stage = stage, .session_row = session_row, .written = commit, .end = commit };
    var next: usize = 0;
    while (next < records.len) {
        next += expansion.addShortRuns(records[next..]);
        if (next == records.len) break;
        try expansion.add(records[next], values.len - @min(values.len, expansion.tokensSince(commit)));
        next += 1;
    }
    // Short runs are not checked one by one.
    if (expansion.tokensSince(commit) > values.len) return error.InvalidArgument;
    try expansion.writeTokens();
    try expansion.writeRows();
    try expansion.writeMarks();
    try expansion.writeCells(encoding, commit.token_count, records, values[0..expansion.tokensSince(commit)]);
    return expansion.end;
}

/// Whether a writer can have made the record, after a stream that ends with `last` (null: after nothing).
pub fn check(record: Record, form: format.TokenForm, last: ?i64, values_left: usize) error{ InvalidArgument, OutOfOrder }!void {
    const is_extra = record.count == Record.extra;
    if (is_extra and (record.type < 0 or record.type >= form.extra_count)) return error.InvalidArgument;
    if (!is_extra and record.count != Record.bare_row and !form.holds(record.type)) return error.InvalidArgument;
    if ((record.count < Record.list_field and !is_extra) or record.tokenCount() > values_left) return error.InvalidArgument;
    if (last != null and record.step < last.?) return error.OutOfOrder;
}

/// Checks that all of them can follow each other, and counts their values.
pub fn checkAll(records: []const Record, form: format.TokenForm, last: ?i64, values_count: usize) error{ InvalidArgument, OutOfOrder }!usize {
    var last_step = last;
    var values_left = values_count;
    for (records) |record| {
        try check(record, form, last_step, values_left);
        values_left -= record.tokenCount();
        last_step = record.step;
    }
    return values_count - values_left;
}

fn Expansion(comptime System: type, comptime Id: type) type {
    return struct {
        files: *files_file.Files(System),
        stage: *Stage,
        session_row: u64,
        /// What is in the files; what is staged lies between it and `end`.
        written: format.Commit,
        end: format.Commit,

        const Self = @This();

        inline fn types(self: *const Self) [*]Id {
            return @ptrCast(&self.stage.types);
        }

        fn tokensSince(self: *const Self, commit: format.Commit) usize {
            return @intCast(self.end.token_count - commit.token_count);
        }

        /// The plain records, in a loop over locals: runs of a few tokens, while the stage has room. Returns how many there
        /// were before one that is not.
        fn addShortRuns(self: *Self, records: []const Record) usize {
            if (!self.end.hasRows()) return 0;
            const form = self.files.form;
            var last_step = self.end.last_step;
            var token: usize = @intCast(self.end.token_count - self.written.token_count);
            var row: usize = @intCast(self.end.row_count - self.written.row_count);
            const rows_max = self.plainRowsMax();
            const count = for (records, 0..) |record, index| {
                if (record.count <= 0 or record.count > run_tokens or token + run_tokens > stage_tokens) break index;
                if (Id != i32 and !form.holds(record.type)) break index;
                if (record.step != last_step) {
                    if (record.step < last_step or row == rows_max) break index;
                    self.stage.steps[row] = record.step;
                    self.stage.rows[row] = self.written.token_count + token;
                    row += 1;
                    last_step = record.step;
                }
                if (Id != void) self.types()[token..][0..run_tokens].* = @splat(@intCast(record.type));
                token += @intCast(record.count);
            } else records.len;
            self.end.last_step = last_step;
            self.end.token_count = self.written.token_count + token;
            self.end.row_count = self.written.row_count + row;
            return count;
        }

        /// How many rows the stage takes before one that is not plain.
        fn plainRowsMax(self: *const Self) usize {
            if (self.session_row < self.end.row_count) return stage_rows;
            return @intCast(@min(stage_rows, self.session_row - self.written.row_count));
        }

        fn add(self: *Self, record: Record, values_left: usize) Error!void {
            const has_rows = self.end.hasRows();
            try check(record, self.files.form, if (has_rows) self.end.last_step else null, values_left);
            if (!has_rows or record.step != self.end.last_step) try self.beginRow(record.step);
            if (record.isMark()) try self.addMark(.of(record, self.end.row_count - 1)) else try self.addRun(record);
        }

        fn addRun(self: *Self, record: Record) Error!void {
            var remaining = record.tokenCount();
            while (remaining > 0) {
                if (self.end.token_count - self.written.token_count == stage_tokens) try self.writeTokens();
                const first: usize = @intCast(self.end.token_count - self.written.token_count);
                const count = @min(remaining, stage_tokens - first);
                if (Id != void) @memset(self.types()[first..][0..count], @intCast(record.type));
                self.end.token_count += count;
                remaining -= count;
            }
        }

        fn beginRow(self: *Self, step: i64) Error!void {
            if (self.end.row_count - self.written.row_count == stage_rows) try self.writeRows();
            const row: usize = @intCast(self.end.row_count - self.written.row_count);
            self.stage.steps[row] = step;
            self.stage.rows[row] = self.end.token_count;
            if (self.end.row_count == self.session_row) try self.addMark(.ofSession(self.session_row));
            self.end.row_count += 1;
            self.end.last_step = step;
        }

        fn addMark(self: *Self, mark: Mark) Error!void {
            if (self.end.mark_count - self.written.mark_count == stage_marks) try self.writeMarks();
            self.stage.marks[@intCast(self.end.mark_count - self.written.mark_count)] = mark;
            self.end.mark_count += 1;
        }

        fn writeTokens(self: *Self) Error!void {
            const from = self.written.token_count;
            const count: usize = @intCast(self.end.token_count - from);
            if (Id != void) try self.files.append(.types, &self.end, std.mem.sliceAsBytes(self.types()[0..count]), from * @sizeOf(Id));
            self.written.token_count = self.end.token_count;
        }

        fn writeCells(self: *Self, encoding: Encoding, first_token: u64, records: []const Record, values: []const u64) Error!void {
            if (encoding.isPlain()) return self.files.append(.data, &self.end, std.mem.sliceAsBytes(values), first_token * @sizeOf(u64));
            const width = encoding.kind.bytes();
            var encoder: encoding_file.Encoder = .{ .encoding = encoding, .records = records, .values = values };
            var token = first_token;
            while (true) {
                const count = try encoder.next(self.stage.cells[0 .. stage_tokens * width]);
                if (count == 0) return;
                try self.files.append(.data, &self.end, self.stage.cells[0 .. count * width], token * width);
                token += count;
            }
        }

        fn writeRows(self: *Self) Error!void {
            const from = self.written.row_count;
            const count: usize = @intCast(self.end.row_count - from);
            try self.files.append(.steps, &self.end, std.mem.sliceAsBytes(self.stage.steps[0..count]), from * @sizeOf(i64));
            try self.files.append(.rows, &self.end, std.mem.sliceAsBytes(self.stage.rows[0..count]), from * @sizeOf(u64));
            self.written.row_count = self.end.row_count;
        }

        fn writeMarks(self: *Self) Error!void {
            const from = self.written.mark_count;
            const count: usize = @intCast(self.end.mark_count - from);
            try self.files.append(.marks, &self.end, std.mem.sliceAsBytes(self.stage.marks[0..count]), from * @sizeOf(Mark));
            self.written.mark_count = self.end.mark_count;
        }
    };
}
