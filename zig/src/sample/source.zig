//! What windows are copied from: the columns of a store, or its newest rows as they were last put together.

const system = @import("../system/system.zig");
const rows_file = @import("../read/rows.zig");
const extract = @import("../read/extract.zig");
const touching = @import("../read/touch.zig");
const Data = @import("../read/data.zig").Data;
const Types = @import("../read/types.zig").Types;

const Store = @import("../store/store.zig").Store(system.Real);

pub const Which = enum(u1) { columns, newest };

pub const Source = struct {
    table: rows_file.Table,
    types: Types,
    data: Data,

    pub fn of(store: *Store, which: Which) Source {
        const recent = &store.recent;
        return switch (which) {
            .columns => {
                var source: Source = .{
                    .table = store.rowTable(),
                    .types = store.types(),
                    .data = store.files.dataOf(store.commit.token_count),
                };
                source.table.blocks.known = store.files.blocks.known.follow(source.table.blocks, source.table.rows, source.types, source.table.first_row);
                return source;
            },
            .newest => .{
                .table = recent.table(),
                .types = .{ .words = recent.types.elements[0..recent.token_count] },
                .data = recent.data(),
            },
        };
    }

    /// What `of` looks at.
    pub inline fn noteStore(store: *const Store, ahead: *touching.Ahead) void {
        const files = &store.files;
        inline for (.{ &store.commit.token_count, &store.commit.row_count, &store.head.bytes, &store.access, &files.steps.start, &files.rows.start, &files.types.start, &files.data.start, &files.marks.start, &files.blocks.column.start, &files.blocks.count, &files.blocks.known.rows.hash, &files.form }) |part| ahead.add(part);
    }

    pub fn tokens(source: Source) extract.Table {
        return .{ .types = source.types, .data = source.data, .rows = source.table.rows, .first_token = source.table.first_token, .blocks = source.table.blocks };
    }

    /// The first token of each of some rows; of the row after the last, the number of tokens. After an error `culprit` is
    /// the place of the row among those given.
    pub fn startsOf(source: Source, rows: []const u64, starts: [*]u64, culprit: *usize) error{ OutOfRange, Damaged }!void {
        const held = source.table.rows;
        for (rows, 0..) |row, index| {
            culprit.* = index;
            if (row < source.table.first_row or row > held.len) return error.OutOfRange;
        }
        for (rows, starts, 0..) |row, *to, index| {
            if (index + 16 < rows.len) @prefetch(held.ptr + @as(usize, @intCast(rows[index + 16])), .{});
            to.* = if (row < held.len) held[@intCast(row)] else source.data.len;
            if (to.* < source.table.first_token or to.* > source.data.len) return error.Damaged;
        }
    }
};
