//! The flat files of a store that have checksums, in the order in which they are counted wherever they are.

const std = @import("std");
const format = @import("../format/format.zig");

/// Which file, where they are counted.
pub const Which = enum(u8) { steps, types, data, rows, marks };

pub const Spec = struct {
    field: []const u8,
    file: []const u8,
    /// 0 for types and cells, whose width a store's header says.
    element_bytes: usize,
    /// The count of a commit that says how many elements there are, and the one that says with which the stream starts.
    count: []const u8,
    first: []const u8,
};

/// In the order of `Which`.
pub const specs = [_]Spec{
    .{ .field = "steps", .file = "step.i64", .element_bytes = @sizeOf(i64), .count = "row_count", .first = "first_row" },
    .{ .field = "types", .file = "type", .element_bytes = 0, .count = "token_count", .first = "first_token" },
    .{ .field = "data", .file = "data", .element_bytes = 0, .count = "token_count", .first = "first_token" },
    .{ .field = "rows", .file = "row.u64", .element_bytes = @sizeOf(u64), .count = "row_count", .first = "first_row" },
    .{ .field = "marks", .file = "marks", .element_bytes = @sizeOf(format.Mark), .count = "mark_count", .first = "first_mark" },
};

comptime {
    for (specs, std.enums.values(Which)) |spec, which| std.debug.assert(std.mem.eql(u8, spec.field, @tagName(which)));
}

pub inline fn elementBytes(comptime which: Which, form: format.TokenForm) u64 {
    return switch (which) {
        .types => form.width.bytes(),
        .data => form.kind.bytes(),
        else => specs[@backingInt(which)].element_bytes,
    };
}

/// Types are named by their width, and cells by what they are.
pub fn nameOf(comptime which: Which, form: format.TokenForm) []const u8 {
    return switch (which) {
        .types => switch (form.width) {
            .none => unreachable,
            .byte => "type.u8",
            .word => "type.i32",
        },
        .data => switch (form.kind) {
            inline else => |kind| "data." ++ @typeName(kind.Type()),
        },
        else => specs[@backingInt(which)].file,
    };
}

/// Elements of a chunk of a file. Marks are few: where chunks have files of their own, one of marks is as large as one of a
/// byte a token.
pub fn chunkElements(which: Which, capacity_tokens: u64, is_segmented: bool) u64 {
    if (which != .marks) return capacity_tokens;
    return if (is_segmented) capacity_tokens / @sizeOf(format.Mark) else 1024;
}

pub const name_bytes_max = 64;

/// The name of a file that has one chunk: that of the whole file, and the chunk's number.
pub fn segmentName(buffer: *[name_bytes_max]u8, name: []const u8, segment: u64) [:0]const u8 {
    return std.fmt.bufPrintSentinel(buffer, "{s}.{d:0>5}", .{ name, segment }, 0) catch unreachable;
}
