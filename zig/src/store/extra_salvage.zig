//! What is whole of damaged extras.

const extra_files = @import("extra_files.zig");
const format = @import("../format/format.zig");
const layout = @import("../format/extras.zig");

/// Shows, to salvage it, what is whole of what a table counts. Returns from which row up to which all values are.
pub noinline fn adoptWhole(extras: anytype, counts: []const layout.Counts, commit: format.Commit) extra_files.Error![2]u64 {
    var first_row = commit.first_row;
    var end_row = commit.row_count;
    for (counts, 0..) |wanted, index| {
        const whole_bytes = try extras.files.adoptWhole(index, .bytes, wanted);
        const whole_ends = try extras.files.adoptWhole(index, .ends, wanted) / @sizeOf(layout.End);
        const ends = extras.files.of(index, .ends).slice(layout.End, @max(whole_ends, wanted.first_value));
        const held_bytes = extras.files.of(index, .bytes).first_bytes;
        const held_end = extras.files.of(index, .ends).first_bytes / @sizeOf(layout.End);
        var held = wanted;
        // Where a value begins is known by the one before.
        if (held_end > held.first_value) held.first_value = @min(held_end + 1, ends.len);
        while (held.first_value < ends.len) : (held.first_value += 1) {
            if (held.first_value > wanted.first_value) held.first_byte = ends[@intCast(held.first_value - 1)].end;
            if (held.first_byte >= held_bytes) break;
        }
        if (held.first_value > wanted.first_value) first_row = @max(first_row, ends[@intCast(held.first_value - 1)].row +| 1);
        held.values = held.first_value;
        held.bytes = held.first_byte;
        while (held.values < ends.len and ends[@intCast(held.values)].end <= whole_bytes) : (held.values += 1) {
            held.bytes = ends[@intCast(held.values)].end;
        }
        if (held.values < wanted.values) {
            // Of rows after the last value that is whole it is not known whether they have one.
            const after = if (held.values > held.first_value) ends[@intCast(held.values - 1)].row +| 1 else first_row;
            end_row = @min(end_row, if (held.values < ends.len) ends[@intCast(held.values)].row else after);
        }
        extras.committed.elements[index] = held;
    }
    return .{ first_row, end_row };
}
