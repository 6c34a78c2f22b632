//! The flat files of a store that have checksums, in the order in which they are counted wherever they are.

const std = @import("std");
const format = @import("../format/format.zig");

/// Which file, where they are counted.
pub const Which = enum(u8) { steps, types, data, rows, marks };

pub const Spec = struct {
    field: []const u8,
    file: []const u8,
    /// Of types those that a store has (`format.TypeWidth`).
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
    .{ .field = "data", .file = "data.b64", .element_bytes = @sizeOf(u64), .count = "token_count" },
    .{ .field = "rows", .file = "row.u64", .element_bytes = @sizeOf(u64), .count = "row_count" },
    .{ .field = "marks", .file = "marks", .element_bytes = @sizeOf(format.Mark), .count = "mark_count", .chunk_elements = 1024 },
};

comptime {
    for (specs, std.enums.values(Which)) |spec, which| std.debug.assert(std.mem.eql(u8, spec.field, @tagName(which)));
}

/// The names of the file of types, by their width.
pub fn typesName(width: format.TypeWidth) []const u8 {
    return switch (width) {
        .none => unreachable,
        .byte => "type.u8",
        .word => "type.i32",
    };
}
