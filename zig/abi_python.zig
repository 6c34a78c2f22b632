//! Writes python/streamstore/_abi.py: what abi.zig writes for TypeScript, as Python has it.

const std = @import("std");
const abi = @import("abi.zig");
const library = @import("library");
const Writer = std.Io.Writer;

pub fn main(init: std.process.Init) !void {
    const allocator = init.arena.allocator();
    const arguments = try init.minimal.args.toSlice(allocator);
    var text: Writer.Allocating = .init(allocator);
    try writeModule(&text.writer);
    try std.Io.Dir.cwd().writeFile(init.io, .{ .sub_path = arguments[1], .data = text.written() });
}

fn writeModule(out: *Writer) !void {
    try out.writeAll(
        \\"""The C ABI of the native library. `./run build` generates this file from zig/src/abi.
        \\
        \\Only u32, i32, f64 and arrays ("buffer") cross; the comments name the parameters.
        \\"""
        \\
        \\SYMBOLS = {
        \\
    );
    inline for (@typeInfo(@TypeOf(library.tables)).@"struct".field_names) |name| {
        try abi.writeFunctions(out, @field(library.tables, name), false, writeFunction);
    }
    try out.writeAll("}\n\n# Called with addresses: when a view of a store's memory is not used any more.\nCALLBACKS = {\n");
    try abi.writeFunctions(out, library.tables.core, true, writeFunction);
    try out.writeAll("}\n");
    inline for (library.layouts) |layouts| {
        inline for (@typeInfo(layouts).@"struct".decl_names) |name| try writeLayout(out, name, @field(layouts, name));
    }
}

fn writeFunction(out: *Writer, signature: abi.Signature) !void {
    try out.print("    \"{s}\": ((", .{signature.name});
    var parameters = signature.parameters;
    while (parameters.next()) |parameter| try out.print("\"{s}\", ", .{parameter.kind});
    try out.print("), \"{s}\"),", .{signature.result});
    parameters = signature.parameters;
    var separator: []const u8 = "  # ";
    while (parameters.next()) |parameter| {
        try out.print("{s}{s}", .{ separator, parameter.name });
        separator = ", ";
    }
    try out.writeAll("\n");
}

fn writeLayout(out: *Writer, comptime name: []const u8, comptime layout: anytype) !void {
    if (@TypeOf(layout) != type) return writeConstant(out, name, layout);
    try out.print("\n\nclass {s}:\n", .{name});
    const Layout = layout;
    switch (@typeInfo(Layout)) {
        .@"enum" => |known| inline for (known.field_names, known.field_values) |field, value| {
            try out.print("    {s} = {d}\n", .{ comptime word(field), value });
        },
        .@"struct" => |known| if (known.layout == .@"packed") {
            try writeFlags(out, Layout);
        } else {
            const element_bytes = comptime abi.smallest(known.field_types);
            @setEvalBranchQuota(10_000);
            inline for (known.field_names) |field| {
                try out.print("    {s} = {d}\n", .{ comptime word(field), @divExact(@offsetOf(Layout, field), element_bytes) });
            }
            try out.print("    length = {d}\n", .{@divExact(@sizeOf(Layout), element_bytes)});
        },
        else => comptime unreachable,
    }
}

fn writeConstant(out: *Writer, comptime name: []const u8, comptime value: anytype) !void {
    if (@typeInfo(@TypeOf(value)) != .array) return out.print("\n\n{s} = {d}\n", .{ comptime upper(name), value });
    try out.print("\n\n{s} = (\n", .{comptime upper(name)});
    inline for (value) |element| {
        if (@TypeOf(element) == f64) {
            try out.print("    {e},\n", .{element});
            continue;
        }
        try out.writeAll("    {");
        inline for (@typeInfo(@TypeOf(element)).@"struct".field_names, 0..) |field, i| {
            const part = @field(element, field);
            try out.print("{s}\"{s}\": ", .{ if (i > 0) ", " else "", field });
            if (@TypeOf(part) == []const u8) try out.print("\"{s}\"", .{part}) else try out.print("{d}", .{part});
        }
        try out.writeAll("},\n");
    }
    try out.writeAll(")\n");
}

/// What each flag adds to the number, and for an enum a dictionary of what each value does.
fn writeFlags(out: *Writer, comptime Layout: type) !void {
    const known = @typeInfo(Layout).@"struct";
    inline for (known.field_names, known.field_types) |field, Type| {
        const shift = @bitOffsetOf(Layout, field);
        switch (@typeInfo(Type)) {
            .bool => try out.print("    {s} = {d}\n", .{ comptime word(field), 1 << shift }),
            .@"enum" => |choices| {
                try out.print("    {s} = {{", .{comptime word(field)});
                inline for (choices.field_names, choices.field_values, 0..) |choice, value, i| {
                    try out.print("{s}\"{s}\": {d}", .{ if (i > 0) ", " else "", choice, value << shift });
                }
                try out.writeAll("}\n");
            },
            else => {},
        }
    }
}

/// Python reserves some names.
fn word(comptime name: []const u8) []const u8 {
    return if (comptime std.mem.eql(u8, name, "from")) "from_" else name;
}

fn upper(comptime name: []const u8) []const u8 {
    comptime {
        var letters: [name.len]u8 = undefined;
        const known = std.ascii.upperString(&letters, name);
        const copy = known[0..name.len].*;
        return &copy;
    }
}
