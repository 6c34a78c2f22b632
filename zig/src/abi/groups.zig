//! Windows of several stores in one call: those of one store stand one after another, in the order of the groups.

const handles = @import("handles.zig");
const layouts = @import("sample_layouts.zig");
const placing = @import("../sample/placement.zig");
const rows_ahead = @import("../sample/rows_ahead.zig");
const status = @import("status.zig");
const touching = @import("../read/touch.zig");
const to = @import("numbers.zig").to;
const source_file = @import("../sample/source.zig");
const window_fill = @import("../sample/window_fill.zig");
const Source = source_file.Source;
const Error = status.Error;

/// Goes through them store by store, until one fails. Of a store with few windows nothing can be read ahead while the ones
/// before are copied. So several such stores are taken at once, and something of all their windows is read first.
pub const Walk = struct {
    groups: []const layouts.WindowGroup,
    /// All windows; those of the group that is under way begin at `first`.
    all: struct { starts: [*]const f64, lengths: [*]const i32, slots: [*]const i32, batch_size: u32, width: u32, side: placing.Side },
    which: source_file.Which,
    /// What is read of windows of which few are of each store; null where nothing is.
    reached: ?Reached = null,
    /// Whether behind the starts, for which there is as much room as the batch has windows, stand the rows of their places.
    are_listed: bool = false,
    number: usize = 0,
    first: usize = 0,
    count: usize = 0,
    culprit: placing.Culprit = .{},
    /// The stores that are taken, from the group `taken_first` on.
    taken: [touching.pieces]Taken = undefined,
    taken_first: usize = 0,
    taken_count: usize = 0,

    /// Some fields of rows, and whether their steps are copied as well; or tokens.
    pub const Reached = union(enum) { fields: struct { has_steps: bool }, tokens: window_fill.Reached };

    const Taken = struct { slot: *handles.Slot, count: usize, source: Source };

    /// The store of the next group, to be given back by `done`.
    pub fn next(walk: *Walk) Error!?*const Source {
        if (walk.number == walk.groups.len) return null;
        if (walk.number == walk.taken_first + walk.taken_count) try walk.take();
        const taken = &walk.taken[walk.number - walk.taken_first];
        walk.count = taken.count;
        return &taken.source;
    }

    /// Whether something of the windows was read already.
    pub fn isReached(walk: *const Walk) bool {
        return walk.reached != null and walk.taken_count > 1;
    }

    /// Takes the store of the next group, and more as long as they have few windows.
    fn take(walk: *Walk) Error!void {
        walk.taken_first = walk.number;
        walk.taken_count = 0;
        const near = walk.groups[walk.number..][0..@min(walk.taken.len, walk.groups.len - walk.number)];
        var ahead: touching.Ahead = .{};
        for (near) |group| ahead.add(handles.addressOf(to(u32, group.store) catch 0));
        ahead.read();
        var windows: usize = 0;
        for (near, walk.taken[0..near.len], 0..) |group, *taken, at| {
            taken.count = try unlessFirst(at, to(u32, group.count)) orelse break;
            windows += taken.count;
            if (at > 0 and windows > touching.pieces) break;
            // A store that comes twice is busy, as that of the first.
            taken.slot = try unlessFirst(at, takeHandle(group.store)) orelse break;
            walk.taken_count += 1;
        }
        if (walk.isReached()) {
            for (walk.taken[0..walk.taken_count]) |taken| Source.noteStore(taken.slot.store, &ahead);
            ahead.read();
            for (walk.taken[0..walk.taken_count]) |taken| ahead.add(&taken.slot.store.head.header().id);
            ahead.read();
        }
        for (walk.taken[0..walk.taken_count]) |*taken| taken.source = .of(taken.slot.store, walk.which);
        if (walk.isReached()) walk.reach();
    }

    fn takeHandle(store: f64) Error!*handles.Slot {
        return handles.take(try to(u32, store));
    }

    fn reach(walk: *const Walk) void {
        var ahead: touching.Ahead = .{};
        // Each of the three goes through all stores: what it waits for is on its way for many.
        for ([_]rows_ahead.Part{ .blocks, .places, .windows }) |part| {
            var first = walk.first;
            for (walk.taken[0..walk.taken_count]) |*taken| {
                const source = &taken.source;
                const placed = walk.placementOf(first, taken.count);
                switch (walk.reached.?) {
                    .fields => |fields| rows_ahead.note(&ahead, part, source.tokens(), source.table.first_row, if (fields.has_steps) source.table.steps else null, placed, 0, taken.count),
                    .tokens => |tokens| window_fill.note(&ahead, part, source.*, tokens, placed),
                }
                first += taken.count;
            }
            ahead.read();
        }
    }

    pub fn placement(walk: *const Walk) placing.Placement {
        return walk.placementOf(walk.first, walk.count);
    }

    fn placementOf(walk: *const Walk, first: usize, count: usize) placing.Placement {
        const all = walk.all;
        var placed: placing.Placement = .of(all.starts + first, all.lengths + first, all.slots + first, count, all.batch_size, all.width, all.side);
        if (walk.are_listed) placed.rows = (all.starts + all.batch_size + first * all.width)[0 .. count * all.width];
        return placed;
    }

    pub fn done(walk: *Walk, outcome: Error!void) Error!void {
        const at = walk.number - walk.taken_first;
        outcome catch |err| {
            for (walk.taken[at..walk.taken_count]) |taken| taken.slot.put();
            return err;
        };
        walk.taken[at].slot.put();
        walk.number += 1;
        walk.first += walk.count;
    }

    /// The status. The first store has the detail of an error, whichever store it is about: the group's number is in it.
    pub fn result(walk: *const Walk, outcome: Error!void) i32 {
        outcome catch |err| {
            if (walk.groups.len == 0) return status.of(err);
            const first = handles.take(to(u32, walk.groups[0].store) catch return status.of(err)) catch return status.of(err);
            defer first.put();
            first.detail = .{
                .index = @floatFromInt(walk.culprit.index),
                .count = @floatFromInt(walk.culprit.count),
                .value_index = @floatFromInt(walk.number),
                .type = @floatFromInt(walk.culprit.type),
                .cell_high = @floatFromInt(walk.culprit.cell >> 32),
                .cell_low = @floatFromInt(walk.culprit.cell & 0xffff_ffff),
            };
            return status.of(err);
        };
        return status.ok;
    }
};

/// What is wrong with a later group is told when it is the first.
fn unlessFirst(at: usize, result: anytype) Error!?@typeInfo(@TypeOf(result)).error_union.payload {
    return result catch |err| {
        return if (at == 0) err else null;
    };
}
