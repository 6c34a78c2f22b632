//! Many steps at once: whole columns, one a field, interleaved into the stream.
//!
//! Rows come in blocks. For each block: `begin` takes its steps; `measure`, once a field in field order, adds up how
//! many tokens each row gets; `scatter`, once a field in the same order, puts values to their places; `write` sends the
//! block to the files. `end` commits all blocks at once, so that a batch is in the store whole or not at all.

const std = @import("std");
const files_file = @import("files.zig");
const format = @import("../format/format.zig");
const cells = @import("../format/cells.zig");
const bits = @import("../format/bits.zig");
const blocks_file = @import("../read/blocks.zig");
const buffers = @import("../system/buffer.zig");
const Dtype = cells.Dtype;
const Wide = cells.Wide;
const encoders = @import("../format/encoders.zig");
const Encoding = @import("encode.zig").Encoding;
const Source = @import("source.zig").Source;

pub const Error = files_file.Error || error{ InvalidArgument, OutOfOrder, Inexact, NullInList };

pub const rows_max = 1 << 16;
const tokens_max = 1 << 40;

/// Which row of the block, and which value of the source, an error is about.
pub const Culprit = struct { row: usize = 0, value_index: usize = 0 };

pub fn Batch(comptime System: type) type {
    return struct {
        phase: enum { closed, open, block } = .closed,
        form: format.TokenForm = .{},
        /// The counts that the commit will have.
        next: format.Commit = undefined,
        row_count: usize = 0,
        steps: buffers.Buffer(System, i64) = .{},
        /// Tokens of each row while measuring; where each row's next token goes while scattering.
        cursors: buffers.Buffer(System, usize) = .{},
        laid_out: bool = false,
        token_count: usize = 0,
        token_types: buffers.Buffer(System, i32) = .{},
        token_cells: buffers.Buffer(System, u64) = .{},
        row_starts: buffers.Buffer(System, u64) = .{},
        marks: buffers.Buffer(System, format.Mark) = .{},
        mark_count: usize = 0,
        /// The types of the fields that become lists with this batch.
        new_lists: buffers.Buffer(System, i32) = .{},
        new_list_count: usize = 0,
        culprit: Culprit = .{},

        const Self = @This();

        pub fn isOpen(self: *const Self) bool {
            return self.phase != .closed;
        }

        pub fn begin(self: *Self, store: anytype, steps: []align(1) const i64) (Error || error{ReadOnly})!void {
            if (store.access == .read) return error.ReadOnly;
            if (self.phase == .block or steps.len == 0 or steps.len > rows_max) return error.InvalidArgument;
            if (self.phase == .closed) {
                const published = try store.head.published(store.commit);
                if (published.len > 0) return error.InvalidArgument;
                self.next = store.commit;
                self.new_list_count = 0;
                store.extras.begin();
            }
            self.form = store.files.form;
            try self.checkSteps(steps);
            try self.ensureRows(steps.len);
            @memcpy(self.steps.elements[0..steps.len], steps);
            @memset(self.cursors.elements[0..steps.len], 0);
            self.row_count = steps.len;
            self.mark_count = 0;
            if (self.next.row_count == store.head.header().session_row) try self.add(.ofSession(self.next.row_count));
            self.laid_out = false;
            self.phase = .block;
        }

        pub fn measure(self: *Self, source: *const Source) Error!void {
            if (self.phase != .block or self.laid_out or !self.form.holds(source.type)) return error.InvalidArgument;
            try source.checkRows(self.row_count);
            if (source.marks_list) try self.noteList(source.type);
            for (self.cursors.elements[0..self.row_count], 0..) |*tokens, row| {
                if (!source.isValid(row)) continue;
                _, const count = source.span(row);
                tokens.* += count;
                if (tokens.* > tokens_max) return error.InvalidArgument;
                if (count == 0) try self.mark(row, source.type, .empty_list);
            }
        }

        pub fn scatter(self: *Self, source: *const Source) Error!void {
            if (self.phase != .block or !self.form.holds(source.type)) return error.InvalidArgument;
            try source.checkRows(self.row_count);
            try source.checkValues(self.row_count);
            try self.layOut();
            const encoder = encoders.encoderOf(source.wide, source.dtype);
            const is_whole = source.validity.isAll() and source.value_validity.isAll();
            if (is_whole and source.width == 1) return self.scatterScalars(source, encoder);
            const cursors = self.cursors.elements;
            for (0..self.row_count) |row| {
                if (!source.isValid(row)) continue;
                const start, const count = source.span(row);
                const at = cursors[row];
                // Fields are scattered as they were measured, or a row would run into the next.
                if (count > self.token_count - at) return error.InvalidArgument;
                @memset(self.token_types.elements[at..][0..count], source.type);
                const to = self.token_cells.elements[at..][0..count];
                const done = if (source.value_validity.isAll()) encoder(to, source.values, start) else try self.encodeEach(to, source, encoder, row, start);
                if (done < count) return self.refuse(row, start + done, error.Inexact);
                cursors[row] = at + count;
            }
        }

        /// The plain case, one value in every row, without a branch for nulls and spans.
        fn scatterScalars(self: *Self, source: *const Source, encoder: encoders.Encoder) Error!void {
            const first = source.first_value + source.first_row;
            const cursors = self.cursors.elements[0..self.row_count];
            var stage: [256]u64 = undefined;
            var row: usize = 0;
            while (row < cursors.len) {
                const count = @min(stage.len, cursors.len - row);
                const done = encoder(stage[0..count], source.values, first + row);
                for (cursors[row..][0..done], stage[0..done]) |*cursor, cell| {
                    const at = cursor.*;
                    if (at == self.token_count) return error.InvalidArgument;
                    self.token_types.elements[at] = source.type;
                    self.token_cells.elements[at] = cell;
                    cursor.* = at + 1;
                }
                row += done;
                if (done < count) return self.refuse(row, first + row, error.Inexact);
            }
        }

        /// The values of a list some of which may be null.
        fn encodeEach(self: *Self, to: []u64, source: *const Source, encoder: encoders.Encoder, row: usize, start: usize) Error!usize {
            for (to, start.., 0..) |*cell, index, done| {
                if (source.value_validity.at(index)) {
                    if (encoder(cell[0..1], source.values, index) == 0) return done;
                } else if (source.nan_for_null) {
                    cell.* = encoders.nanOf(source.wide) catch return done;
                } else return self.refuse(row, index, error.NullInList);
            }
            return to.len;
        }

        fn refuse(self: *Self, row: usize, value_index: usize, err: Error) Error {
            self.culprit = .{ .row = row, .value_index = value_index };
            return err;
        }

        /// Sends the block to the files, behind what the last commit says they hold.
        pub fn write(self: *Self, store: anytype) Error!void {
            if (self.phase != .block) return error.InvalidArgument;
            try self.layOut();
            try self.checkRows();
            std.sort.heap(format.Mark, self.marks.elements[0..self.mark_count], {}, isEarlier);
            var next = self.next;
            next.token_count += self.token_count;
            next.row_count += self.row_count;
            next.mark_count += self.mark_count;
            next.last_step = self.steps.elements[self.row_count - 1];
            const before = self.next;
            const form = store.files.form;
            try store.files.append(.data, &next, try self.cellsAs(store.encoding.encoding), before.token_count * form.kind.bytes());
            try store.files.append(.types, &next, self.typesAs(form.width), before.token_count * form.width.bytes());
            try store.files.append(.steps, &next, std.mem.sliceAsBytes(self.steps.elements[0..self.row_count]), before.row_count * @sizeOf(i64));
            try store.files.append(.rows, &next, std.mem.sliceAsBytes(self.row_starts.elements[0..self.row_count]), before.row_count * @sizeOf(u64));
            try store.files.append(.marks, &next, std.mem.sliceAsBytes(self.marks.elements[0..self.mark_count]), before.mark_count * @sizeOf(format.Mark));
            self.next = next;
            self.phase = .open;
        }

        /// The cells as they stand in the file, in the place of the values from which they are made.
        fn cellsAs(self: *Self, encoding: Encoding) Error![]const u8 {
            const values = self.token_cells.elements[0..self.token_count];
            const bytes = std.mem.sliceAsBytes(values);
            try encoding.encodeTypes(bytes, self.token_types.elements[0..self.token_count], values);
            return bytes[0 .. values.len * encoding.kind.bytes()];
        }

        /// The types as they stand in the file. Bytes take the place of the words from which they are made.
        fn typesAs(self: *Self, width: format.TypeWidth) []const u8 {
            const words = self.token_types.elements[0..self.token_count];
            const bytes = std.mem.sliceAsBytes(words);
            switch (width) {
                .none => return bytes[0..0],
                .byte => for (words, 0..) |word, i| {
                    bytes[i] = @intCast(word);
                },
                .word => {},
            }
            return bytes[0 .. words.len * width.bytes()];
        }

        /// Commits the blocks written, or forgets them.
        pub fn end(self: *Self, store: anytype, keep: bool) Error!void {
            if (keep and self.phase == .block) return error.InvalidArgument;
            if (keep and self.phase == .open) {
                try self.markLists(store);
                store.files.blocks.describe(blocks_file.countClosed(store.commit.row_count), store.files.blockColumns(self.next, store.head.header().id));
                store.publish(&self.next);
            }
            self.phase = .closed;
        }

        pub fn release(self: *Self) void {
            inline for (.{ "steps", "cursors", "token_types", "token_cells", "row_starts", "marks", "new_lists" }) |name| {
                @field(self, name).release();
            }
            self.phase = .closed;
        }

        fn checkSteps(self: *Self, steps: []align(1) const i64) Error!void {
            var last: ?i64 = if (self.next.hasRows()) self.next.last_step else null;
            for (steps, 0..) |step, row| {
                if (last != null and step <= last.?) {
                    self.culprit = .{ .row = row };
                    return error.OutOfOrder;
                }
                last = step;
            }
        }

        fn ensureRows(self: *Self, row_count: usize) Error!void {
            try self.steps.ensure(row_count);
            try self.cursors.ensure(row_count);
            try self.row_starts.ensure(row_count);
        }

        /// Turns the counts of tokens into where each row's first token goes.
        fn layOut(self: *Self) Error!void {
            if (self.laid_out) return;
            var total: usize = 0;
            for (self.cursors.elements[0..self.row_count], self.row_starts.elements[0..self.row_count]) |*cursor, *row_start| {
                const count = cursor.*;
                cursor.* = total;
                row_start.* = self.next.token_count + total;
                total += count;
            }
            try self.token_types.ensure(total);
            try self.token_cells.ensure(total);
            self.token_count = total;
            self.laid_out = true;
        }

        /// Checks that every row has exactly the tokens that were measured.
        fn checkRows(self: *const Self) Error!void {
            for (self.cursors.elements[0..self.row_count], 1..) |end_token, next_row| {
                const row_end = if (next_row < self.row_count) self.row_starts.elements[next_row] - self.next.token_count else self.token_count;
                if (end_token != row_end) return error.InvalidArgument;
            }
        }

        fn isEarlier(_: void, a: format.Mark, b: format.Mark) bool {
            if (a.row != b.row) return a.row < b.row;
            return if (a.type == b.type) @backingInt(a.kind) < @backingInt(b.kind) else a.type < b.type;
        }

        fn noteList(self: *Self, type_id: i32) Error!void {
            try self.new_lists.ensure(self.new_list_count + 1);
            self.new_lists.elements[self.new_list_count] = type_id;
            self.new_list_count += 1;
        }

        /// The marks of new lists stand at the batch's last row: if its writer dies before store.json tells of them, the next
        /// to open the store looks at the last marks.
        fn markLists(self: *Self, store: anytype) Error!void {
            if (self.new_list_count == 0) return;
            var next = self.next;
            self.mark_count = 0;
            for (self.new_lists.elements[0..self.new_list_count]) |type_id| {
                try self.add(.{ .row = next.row_count - 1, .type = type_id, .kind = .list_field });
            }
            next.mark_count += self.mark_count;
            try store.files.append(.marks, &next, std.mem.sliceAsBytes(self.marks.elements[0..self.mark_count]), self.next.mark_count * @sizeOf(format.Mark));
            self.next = next;
            self.new_list_count = 0;
        }

        fn mark(self: *Self, row: usize, type_id: i32, kind: format.Mark.Kind) Error!void {
            return self.add(.{ .row = self.next.row_count + row, .type = type_id, .kind = kind });
        }

        fn add(self: *Self, marked: format.Mark) Error!void {
            try self.marks.ensure(self.mark_count + 1);
            self.marks.elements[self.mark_count] = marked;
            self.mark_count += 1;
        }
    };
}
