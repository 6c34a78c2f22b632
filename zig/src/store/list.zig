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
    /// The count of a commit that says how many elements there are.
    count: []const u8,
    /// Elements of a chunk; 0 for as many as the store's capacity says.
    chunk_elements: usize = 0,
};

/// In the order of `Which`.
pub const specs = [_]Spec{
    .{ .field = "steps", .file = "step.i64", .element_bytes = @sizeOf(i64), .count = "row_count" },
    .{ .field = "types", .file = "type", .element_bytes = 0, .count = "token_count" },
    .{ .field = "data", .file = "data", .element_bytes = 0, .count = "token_count" },
    .{ .field = "rows", .file = "row.u64", .element_bytes = @sizeOf(u64), .count = "row_count" },
    .{ .field = "marks", .file = "marks", .element_bytes = @sizeOf(format.Mark), .count = "mark_count", .chunk_elements = 1024 },
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
