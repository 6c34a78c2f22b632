//! Windows of several stores in one call: those of one store stand one after another, in the order of the groups.

const handles = @import("handles.zig");
const layouts = @import("sample_layouts.zig");
const placing = @import("../sample/placement.zig");
const status = @import("status.zig");
const to = @import("numbers.zig").to;
const Error = status.Error;

/// Goes through them store by store, until one fails.
pub const Walk = struct {
    groups: []const layouts.WindowGroup,
    /// All windows; those of the group that is under way begin at `first`.
    all: struct { starts: [*]const f64, lengths: [*]const i32, slots: [*]const i32, batch_size: u32, width: u32, side: placing.Side },
    number: usize = 0,
    first: usize = 0,
    count: usize = 0,
    culprit: placing.Culprit = .{},

    /// The store of the next group, to be given back by `done`.
    pub fn next(walk: *Walk) Error!?*handles.Slot {
        if (walk.number == walk.groups.len) return null;
        const group = walk.groups[walk.number];
        walk.count = try to(u32, group.count);
        return try handles.take(try to(u32, group.store));
    }

    pub fn placement(walk: *const Walk) placing.Placement {
        const all = walk.all;
        return .of(all.starts + walk.first, all.lengths + walk.first, all.slots + walk.first, walk.count, all.batch_size, all.width, all.side);
    }

    pub fn done(walk: *Walk, slot: *handles.Slot, outcome: Error!void) Error!void {
        slot.put();
        try outcome;
        walk.number += 1;
        walk.first += walk.count;
    }

    /// The status. The first store has the detail of an error, whichever store it is about: the group's number is in it.
    pub fn result(walk: *const Walk, outcome: Error!void) i32 {
        outcome catch |err| {
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
