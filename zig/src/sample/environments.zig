//! Rows of several environments that are appended in turn: whose each row is, and where the rows of each stand. A scan stops
//! where its room ends or the stream does, and goes on from there later.

const std = @import("std");
const blocks_file = @import("../read/blocks.zig");
const cells = @import("../format/cells.zig");
const episodes = @import("episodes.zig");
const extract = @import("../read/extract.zig");
const random = @import("random.zig");

pub const Error = error{ InvalidArgument, OutOfRange, Damaged };

/// The field that names a row's environment, and those that are true in the last row of an episode.
pub const Fields = struct { environment: episodes.Field, ends: []episodes.Field };

/// The environments that are known, by numbers from 0 in the order of their first rows.
pub const Names = struct {
    /// The bits of each one's ID, with room for more.
    all: []u64,
    count: usize,
    /// Where each stands that is found by its ID: its number and one more, or 0. A power of two, more than twice as many.
    slots: []u32,

    fn check(names: Names) Error!void {
        if (!std.math.isPowerOfTwo(names.slots.len) or names.count > names.all.len or 2 * names.all.len > names.slots.len) return error.InvalidArgument;
    }

    /// Makes those known that are not found by their IDs yet, from a number on.
    fn add(names: Names, first: usize) void {
        for (names.all[first..names.count], first..) |id, number| names.slots[names.slotOf(id)] = @intCast(number + 1);
    }

    pub fn find(names: Names, id: u64) ?usize {
        const number = names.slots[names.slotOf(id)];
        return if (number == 0 or number > names.count) null else number - 1;
    }

    /// The slot of an ID, or the free one that it would get. What the array of a caller says is used once it is known to be no
    /// more than this.
    fn slotOf(names: Names, id: u64) usize {
        const mask = names.slots.len - 1;
        var slot: usize = @intCast((id *% 0x9e37_79b9_7f4a_7c15) >> 32);
        for (0..names.slots.len) |_| {
            slot &= mask;
            const number = names.slots[slot];
            if (number == 0 or (number <= names.count and names.all[number - 1] == id)) return slot;
            slot += 1;
        }
        return slot & mask;
    }
};

pub const Progress = struct {
    /// The next row to look at, and the one after the last.
    row: usize,
    end_row: usize,
    /// Environments that are known, and of those the ones that have their slots.
    name_count: usize,
    slot_count: usize,
    /// Rows that were looked at.
    row_count: usize = 0,
    /// Whether the next row has no environment, or is of one that there is no room for.
    is_nameless: bool = false,
    is_full: bool = false,
};

/// Says of each row whose it is, and whether an episode ends with it: twice the environment's number, and one more where it
/// does. Of the last row of all, which fields can still be added to, that may change; one that lacks the environment is left for later.
pub fn scan(table: extract.Table, first_row: usize, fields: Fields, all: []u64, slots: []u32, progress: *Progress, out: []u32) Error!void {
    if (progress.row < first_row or progress.row > progress.end_row or progress.end_row > table.rows.len) return error.OutOfRange;
    var names: Names = .{ .all = all, .count = progress.name_count, .slots = slots };
    try names.check();
    if (progress.slot_count > names.count) return error.InvalidArgument;
    names.add(progress.slot_count);
    defer {
        progress.name_count = names.count;
        progress.slot_count = names.count;
    }
    var scanning: Scanning = .{ .table = table, .names = &names, .progress = progress, .out = out };
    return scanning.run(fields);
}

const Scanning = struct {
    table: extract.Table,
    names: *Names,
    progress: *Progress,
    out: []u32,

    fn run(self: *Scanning, fields: Fields) Error!void {
        const progress = self.progress;
        var environment = fields.environment;
        environment.finder = .{ .type = environment.type };
        for (fields.ends) |*field| field.finder = .{ .type = field.type };
        progress.row_count = 0;
        progress.is_nameless = false;
        progress.is_full = false;
        var unknown_until: usize = 0;
        while (progress.row < progress.end_row and progress.row_count < self.out.len) {
            const row = progress.row;
            if (row >= unknown_until) {
                if (self.alikeFrom(row, &environment, fields.ends)) |alike| {
                    if (!try self.addAlike(alike, &environment, fields.ends)) return;
                    continue;
                }
                unknown_until = self.table.blocks.endOf(row);
            }
            if (!try self.addOne(row, &environment, fields.ends)) return;
        }
    }

    /// Rows of one layout, all of which have an environment: the fields' spans say where they stand.
    inline fn alikeFrom(self: *Scanning, row: usize, environment: *episodes.Field, ends: []episodes.Field) ?blocks_file.Layout {
        const layout = self.table.blocks.ofRow(row) orelse return null;
        environment.span = (environment.finder.within(layout, self.table, row) orelse return null).span;
        for (ends) |*field| field.span = (field.finder.within(layout, self.table, row) orelse return null).span;
        return if (environment.span.count == 0) null else layout;
    }

    /// Whether the scan goes on.
    fn addAlike(self: *Scanning, layout: blocks_file.Layout, environment: *const episodes.Field, ends: []const episodes.Field) Error!bool {
        const table = self.table;
        const first = self.progress.row;
        const room = self.out.len - self.progress.row_count;
        const end_row = @min(layout.end_row, self.progress.end_row, first + room);
        const ahead = episodes.rows_ahead * layout.row_tokens + environment.span.offset;
        var start = layout.startOf(first);
        for (first..end_row) |_| {
            if (start + ahead < table.data.len) table.data.prefetch(start + ahead);
            const id = idAt(table, start + environment.span.offset, environment.kind);
            if (!try self.add(id, episodes.isEnd(table, ends, start))) return false;
            start += layout.row_tokens;
        }
        return true;
    }

    fn addOne(self: *Scanning, row: usize, environment: *episodes.Field, ends: []episodes.Field) Error!bool {
        const table = self.table;
        episodes.prefetch(table, row + episodes.rows_ahead, environment.hint);
        const start, const end = try table.tokensOf(row);
        const types = table.types.slice(start, end);
        const id = idIn(table, start, types, environment) orelse {
            self.progress.is_nameless = row + 1 < self.progress.end_row;
            return false;
        };
        return self.add(id, isEnd(table, start, types, ends));
    }

    /// The next row is that of an environment. False where there is no room for its name.
    inline fn add(self: *Scanning, id: u64, is_end: bool) Error!bool {
        const names = self.names;
        const slot = names.slotOf(id);
        if (names.slots[slot] > names.count) return error.InvalidArgument;
        if (names.slots[slot] == 0) {
            self.progress.is_full = names.count == names.all.len;
            if (self.progress.is_full) return false;
            names.all[names.count] = id;
            names.count += 1;
            names.slots[slot] = @intCast(names.count);
        }
        self.out[self.progress.row_count] = 2 * (names.slots[slot] - 1) + @intFromBool(is_end);
        self.progress.row_count += 1;
        self.progress.row += 1;
        return true;
    }
};

/// The bits of the first value of a row's environment.
pub fn idIn(table: extract.Table, start: usize, types: @TypeOf(table.types), field: *episodes.Field) ?u64 {
    const span = episodes.find(field, types);
    return if (span.count == 0) null else idAt(table, start + span.offset, field.kind);
}

inline fn idAt(table: extract.Table, token: usize, kind: cells.Kind) u64 {
    const bits = table.data.bitsAt(token);
    return switch (kind) {
        inline .float64, .float32, .float16 => |known| {
            const Float = known.Type();
            const Bits = @Int(.unsigned, @bitSizeOf(Float));
            const number: Float = @bitCast(@as(Bits, @truncate(bits)));
            // Numbers that are the same are the same environment, and so are all that are none.
            const named: Float = if (number == 0) 0 else if (number != number) std.math.nan(Float) else number;
            return @as(Bits, @bitCast(named));
        },
        else => bits,
    };
}

/// Finds the newest rows of the last row's environment, as far back as its episode goes or as there is room: returns how many, the
/// newest last. Null where only an earlier row than the table has could tell. A last row without an environment is none's.
pub fn newest(table: extract.Table, has_all: bool, fields: Fields, out: []f64) Error!?usize {
    var environment = fields.environment;
    var wanted: ?u64 = null;
    var row = table.rows.len;
    var at = out.len;
    while (row > 0 and at > 0) : (row -= 1) {
        const start, const end = try table.tokensOf(row - 1);
        const types = table.types.slice(start, end);
        const id = idIn(table, start, types, &environment) orelse if (wanted == null) return 0 else continue;
        if (wanted != null and wanted.? != id) continue;
        if (wanted != null and isEnd(table, start, types, fields.ends)) break;
        wanted = id;
        at -= 1;
        out[at] = random.toFloat(row - 1);
    } else if (at > 0 and !has_all) return null;
    std.mem.copyForwards(f64, out, out[at..]);
    return out.len - at;
}

fn isEnd(table: extract.Table, start: usize, types: @TypeOf(table.types), ends: []episodes.Field) bool {
    var is_end = false;
    for (ends) |*field| {
        const span = episodes.find(field, types);
        for (start + span.offset..start + span.offset + span.count) |token| is_end = is_end or episodes.isTrue(field.kind, table.data.bitsAt(token));
    }
    return is_end;
}

/// The environment of a row, if it has one that is known.
pub fn numberOf(table: extract.Table, names: Names, field: *episodes.Field, row: usize) Error!?usize {
    try names.check();
    const start, const end = try table.tokensOf(row);
    return names.find(idIn(table, start, table.types.slice(start, end), field) orelse return null);
}

/// A block has so many rows of one environment.
pub const block_rows = 64;

/// Where they stand: the first, and how far each is from the one before; or where that varies, below zero, one more than the
/// place among the rows that are listed.
pub const Block = extern struct {
    row: f64,
    step: f64,

    /// The place of one of its rows among those that are listed.
    pub inline fn listedAt(block: Block, in_block: u64, listed_count: usize) Error!usize {
        const first = -1 - block.step;
        if (!random.areIndices(&.{first}, 1 << 53)) return error.InvalidArgument;
        const place = random.fromFloat(first) + in_block;
        return if (place < listed_count) @intCast(place) else error.InvalidArgument;
    }
};

pub const Part = extern struct {
    /// The first block, and how many there is room for from it on.
    block_first: f64,
    /// The position of the first block's first row, and how many rows there are, from position 0 on.
    base: f64,
    count: f64,
    blocks_max: f64 = 0,
    /// The last row, or -1, and 1 where an episode ended with it.
    last_row: f64 = -1,
    is_over: f64 = 0,

    /// Fractions do no harm, and to look for them takes as long as all else.
    pub inline fn check(part: Part) Error!void {
        const limit = 0x1p53;
        const are_below = part.block_first >= 0 and part.block_first < limit and part.base >= 0 and part.base <= part.count and part.count < limit;
        if (!are_below) return error.InvalidArgument;
    }
};

/// Positions are places among the rows of an environment. What the arrays of a caller say is used once it is known to be no
/// more than what they hold; rows are checked by who reads them.
pub const Index = struct {
    parts: []const Part,
    blocks: []const Block,
    listed: []const f64,

    /// Of each of some windows: its environment, its anchor, and the positions that it has.
    pub const Windows = struct { sources: []const i32, anchors: []const f64, starts: []const f64, lengths: []const i32 };

    /// The rows at offsets of each window's anchor, one after another. Where an offset leads out of the window, -1 - the nearest row of it.
    pub fn rowsOf(index: Index, windows: Windows, offsets: []const i32, out: [*]f64) Error!void {
        const limit = 1 << 53;
        if (!random.areIndices(windows.anchors, limit) or !random.areIndices(windows.starts, limit)) return error.OutOfRange;
        var parts: [stage_size]Part = undefined;
        var done: usize = 0;
        while (done < windows.sources.len) : (done += stage_size) {
            const until = @min(windows.sources.len, done + stage_size);
            // Windows lie anywhere: their blocks are fetched side by side.
            for (windows.sources[done..until], windows.starts[done..until], parts[0 .. until - done]) |source, start, *part| {
                part.* = try index.partOf(source);
                if (start < part.base) return error.OutOfRange;
                const number = index.numberOf(part.*, random.fromFloat(start));
                if (number < index.blocks.len) @prefetch(&index.blocks[number], .{});
            }
            for (done..until, parts[0 .. until - done]) |window, part| try index.addRows(part, windows, window, offsets, out + window * offsets.len);
        }
    }

    const stage_size = 64;

    inline fn addRows(index: Index, part: Part, windows: Windows, window: usize, offsets: []const i32, out: [*]f64) Error!void {
        const first: i64 = @intFromFloat(windows.starts[window]);
        const last = first + windows.lengths[window] - 1;
        if (last < first or last >= @as(i64, @intFromFloat(part.count))) return error.OutOfRange;
        const anchor: i64 = @intFromFloat(windows.anchors[window]);
        for (offsets, out) |offset, *to| {
            const position = anchor + offset;
            const nearest = @min(@max(position, first), last);
            const row = try index.rowAt(part, @intCast(nearest));
            to.* = if (nearest == position) row else -1 - row;
        }
    }

    /// The position of a row of an environment, if it has it.
    pub fn positionOf(index: Index, source: i32, row: f64) Error!?f64 {
        const part = try index.partOf(source);
        var low = random.fromFloat(part.base);
        var end = random.fromFloat(part.count);
        while (end - low > 1) {
            const middle = low + (end - low) / 2;
            if (try index.rowAt(part, middle) <= row) low = middle else end = middle;
        }
        return if (low < end and try index.rowAt(part, low) == row) random.toFloat(low) else null;
    }

    fn partOf(index: Index, source: i32) Error!Part {
        if (source < 0 or source >= index.parts.len) return error.OutOfRange;
        const part = index.parts[@intCast(source)];
        try part.check();
        return part;
    }

    /// The block of a position, which is none before the first that is known.
    inline fn numberOf(_: Index, part: Part, position: u64) usize {
        return @intCast(random.fromFloat(part.block_first) + (position - random.fromFloat(part.base)) / block_rows);
    }

    inline fn rowAt(index: Index, part: Part, position: u64) Error!f64 {
        const number = index.numberOf(part, position);
        if (number >= index.blocks.len) return error.InvalidArgument;
        const block = index.blocks[number];
        const in_block = (position - random.fromFloat(part.base)) % block_rows;
        if (block.step >= 0) return block.row + block.step * random.toFloat(in_block);
        return index.listed[try block.listedAt(in_block, index.listed.len)];
    }
};
