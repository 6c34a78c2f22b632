//! The five flat files of a store: opened, grown, trimmed and closed together.

const std = @import("std");
const system = @import("system.zig");
const format = @import("format.zig");
const column_file = @import("column.zig");

pub const Error = system.Error || error{Damaged};

pub const path_bytes_max = 4096;

/// How a file of a store is come by.
pub const Opening = enum { temporary, create, existing };

pub const Sizes = struct {
    capacity_tokens: u64,
    /// Addresses to reserve, counted in tokens and in rows.
    reserved_elements: usize,
};

const marks_per_chunk = 1024;

pub fn openFile(comptime System: type, directory: [:0]const u8, name: []const u8, opening: Opening) system.Error!system.File {
    if (opening == .temporary) return System.createTemporary(directory);
    var buffer: [path_bytes_max]u8 = undefined;
    const path = std.fmt.bufPrintSentinel(&buffer, "{s}/{s}", .{ directory, name }, 0) catch return error.NotFound;
    return System.open(path, if (opening == .create) .create else .write);
}

pub fn Files(comptime System: type) type {
    const Column = column_file.Column(System);

    return struct {
        steps: Column,
        types: Column,
        data: Column,
        rows: Column,
        marks: Column,

        const Self = @This();

        const Spec = struct { field: []const u8, file: []const u8, element_bytes: usize, count: []const u8 };
        const specs = [_]Spec{
            .{ .field = "steps", .file = "step.i64", .element_bytes = @sizeOf(i64), .count = "token_count" },
            .{ .field = "types", .file = "type.i32", .element_bytes = @sizeOf(i32), .count = "token_count" },
            .{ .field = "data", .file = "data.b64", .element_bytes = @sizeOf(u64), .count = "token_count" },
            .{ .field = "rows", .file = "row.u64", .element_bytes = @sizeOf(u64), .count = "row_count" },
            .{ .field = "marks", .file = "marks", .element_bytes = @sizeOf(format.Mark), .count = "mark_count" },
        };

        /// Opens all five. Existing ones must hold what `commit` says.
        pub fn open(directory: [:0]const u8, opening: Opening, sizes: Sizes, commit: format.Commit) Error!Self {
            var self: Self = undefined;
            var opened: usize = 0;
            errdefer inline for (specs, 0..) |spec, i| {
                if (i < opened) releaseColumn(&@field(self, spec.field));
            };
            inline for (specs, 0..) |spec, i| {
                @field(self, spec.field) = try openColumn(directory, spec, opening, sizes, @field(commit, spec.count) * spec.element_bytes);
                opened = i + 1;
            }
            return self;
        }

        /// Closes the files. The maps stay until `releaseMaps` or `blank`.
        pub fn close(self: *Self) void {
            inline for (specs) |spec| System.close(@field(self, spec.field).file);
        }

        pub fn releaseMaps(self: *Self) void {
            inline for (specs) |spec| @field(self, spec.field).release();
        }

        /// Leaves zero pages at every address, for ever.
        pub fn blank(self: *Self) void {
            inline for (specs) |spec| @field(self, spec.field).blank();
        }

        /// Makes room for what `commit` counts.
        pub fn grow(self: *Self, commit: format.Commit) system.Error!void {
            inline for (specs) |spec| try @field(self, spec.field).grow(@field(commit, spec.count) * spec.element_bytes);
        }

        /// Gives back the room beyond what `commit` counts.
        pub fn trim(self: *Self, commit: format.Commit) system.Error!void {
            inline for (specs) |spec| try @field(self, spec.field).trim(@field(commit, spec.count) * spec.element_bytes);
        }

        fn openColumn(directory: [:0]const u8, comptime spec: Spec, opening: Opening, sizes: Sizes, length_bytes: u64) Error!Column {
            const is_marks = comptime std.mem.eql(u8, spec.field, "marks");
            const chunk = if (is_marks) marks_per_chunk else sizes.capacity_tokens;
            const reserved = if (is_marks) marks_per_chunk else sizes.reserved_elements;
            const file = try openFile(System, directory, spec.file, opening);
            errdefer System.close(file);
            if (try System.size(file) < length_bytes) return error.Damaged;
            var column = try Column.init(file, chunk * spec.element_bytes, reserved * spec.element_bytes);
            errdefer column.release();
            if (length_bytes > 0) try column.adopt(length_bytes);
            return column;
        }

        fn releaseColumn(column: *Column) void {
            column.release();
            System.close(column.file);
        }
    };
}
