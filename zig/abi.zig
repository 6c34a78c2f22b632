//! Writes src/native/abi.ts: the tables of the functions that the library exports, with the names of their parameters, and
//! the layouts of what crosses in typed arrays. So both sides of the boundary come from one source.

const std = @import("std");
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
        \\// deno-fmt-ignore-file
        \\/**
        \\ * The C ABI of the native library, for both runtimes. `./run build` generates this file from zig/src/abi.
        \\ * Only u32, i32, f64 and typed arrays ("buffer") cross; the comments name the parameters.
        \\ */
        \\
        \\/** The core: what opening a store, appending steps and reading them back need, and so every program. */
        \\export const symbols = {
        \\
    );
    try writeTable(out, "  ", library.tables.core, false);
    try out.writeAll(
        \\} as const;
        \\
        \\/** What not every program uses. Each function is opened when it is first looked at. */
        \\export const laterSymbols = {
        \\
    );
    inline for (@typeInfo(@TypeOf(library.tables)).@"struct".field_names) |name| {
        if (comptime std.mem.eql(u8, name, "core")) continue;
        try out.print("  {s}: {{\n", .{name});
        try writeTable(out, "    ", @field(library.tables, name), false);
        try out.writeAll("  },\n");
    }
    try out.writeAll(
        \\} as const;
        \\
        \\/** Functions that only an engine calls, by their addresses: when it has collected a buffer that it was given. */
        \\export const callbacks = {
        \\
    );
    try writeTable(out, "  ", library.tables.core, true);
    try out.writeAll("} as const;\n");
    inline for (library.layouts) |layouts| {
        inline for (@typeInfo(layouts).@"struct".decl_names) |name| try writeLayout(out, name, @field(layouts, name));
    }
}

/// A function that is exported.
pub const Signature = struct {
    name: []const u8,
    result: []const u8,
    parameters: Parameters,
};

pub const Parameters = struct {
    rest: std.mem.SplitIterator(u8, .scalar),

    pub fn next(parameters: *Parameters) ?struct { name: []const u8, kind: []const u8 } {
        while (parameters.rest.next()) |parameter| {
            const kind = kindOf(parameter) orelse continue;
            const name = std.mem.trim(u8, parameter[0..std.mem.findScalar(u8, parameter, ':').?], " \n");
            return .{ .name = name, .kind = kind };
        }
        return null;
    }
};

/// The functions of a table, or those of them that an engine calls: they alone have pointers for numbers.
pub fn writeFunctions(out: *Writer, source: []const u8, callbacks: bool, writeOne: fn (*Writer, Signature) Writer.Error!void) !void {
    const start = "\nexport fn ";
    var rest = source;
    while (std.mem.find(u8, rest, start)) |at| {
        rest = rest[at + start.len ..];
        const end = std.mem.find(u8, rest, " {").?;
        const signature = rest[0..end];
        if (callbacks != (std.mem.find(u8, signature, "usize") != null)) continue;
        const open = std.mem.findScalar(u8, signature, '(').?;
        const close = std.mem.findScalarLast(u8, signature, ')').?;
        try writeOne(out, .{
            .name = signature[0..open],
            .result = std.mem.trim(u8, signature[close + 1 ..], " "),
            .parameters = .{ .rest = std.mem.splitScalar(u8, signature[open + 1 .. close], ',') },
        });
    }
}

fn writeTable(out: *Writer, comptime indent: []const u8, source: []const u8, callbacks: bool) !void {
    const Table = struct {
        fn writeOne(to: *Writer, signature: Signature) Writer.Error!void {
            try to.writeAll(indent);
            try writeFunction(to, signature);
        }
    };
    try writeFunctions(out, source, callbacks, Table.writeOne);
}

fn writeFunction(out: *Writer, signature: Signature) Writer.Error!void {
    try out.print("{s}: {{ args: [", .{signature.name});
    var parameters = signature.parameters;
    var separator: []const u8 = "";
    while (parameters.next()) |parameter| {
        try out.print("{s}\"{s}\"", .{ separator, parameter.kind });
        separator = ", ";
    }
    try out.print("], result: \"{s}\" }},", .{signature.result});
    parameters = signature.parameters;
    separator = " // ";
    while (parameters.next()) |parameter| {
        try out.print("{s}{s}", .{ separator, parameter.name });
        separator = ", ";
    }
    try out.writeAll("\n");
}

/// What a parameter crosses as, or null for what follows the last comma.
fn kindOf(parameter: []const u8) ?[]const u8 {
    const colon = std.mem.findScalar(u8, parameter, ':') orelse return null;
    const kind = std.mem.trim(u8, parameter[colon + 1 ..], " \n");
    if (kind[0] == '*' or kind[0] == '[') return "buffer";
    return if (std.mem.eql(u8, kind, "usize")) "pointer" else kind;
}

fn writeLayout(out: *Writer, comptime name: []const u8, comptime layout: anytype) !void {
    try out.print("\nexport const {s}", .{camel(name)});
    if (@TypeOf(layout) != type) return writeConstant(out, layout);
    try out.writeAll(" = {");
    var lines: Lines = .{ .out = out };
    const Layout = layout;
    switch (@typeInfo(Layout)) {
        .@"enum" => |known| inline for (known.field_names, known.field_values) |field, value| {
            try lines.add("{s}: {d}", .{ camel(field), value });
        },
        .@"struct" => |known| if (known.layout == .@"packed") {
            try writeFlags(&lines, Layout);
        } else {
            const element_bytes = comptime smallest(known.field_types);
            @setEvalBranchQuota(10_000);
            inline for (known.field_names) |field| {
                comptime std.debug.assert(!std.mem.eql(u8, field, "length"));
                try lines.add("{s}: {d}", .{ camel(field), @divExact(@offsetOf(Layout, field), element_bytes) });
            }
            try lines.add("length: {d}", .{@divExact(@sizeOf(Layout), element_bytes)});
        },
        else => comptime unreachable,
    }
    try out.writeAll("\n} as const;\n");
}

/// Entries of an object, as many on a line as it has room for.
const Lines = struct {
    out: *Writer,
    column: usize = columns_max,

    const columns_max = 110;

    fn add(lines: *Lines, comptime form: []const u8, arguments: anytype) !void {
        var buffer: [4096]u8 = undefined;
        const entry = try std.fmt.bufPrint(&buffer, form ++ ",", arguments);
        const fits = lines.column + 1 + entry.len <= columns_max;
        try lines.out.print("{s}{s}", .{ if (fits) " " else "\n  ", entry });
        lines.column = entry.len + if (fits) lines.column + 1 else 2;
    }
};

/// A number, or a list of numbers or of structs of numbers and names.
fn writeConstant(out: *Writer, comptime value: anytype) !void {
    if (@typeInfo(@TypeOf(value)) != .array) return out.print(" = {d};\n", .{value});
    try out.writeAll(" = [\n");
    inline for (value) |element| {
        if (@TypeOf(element) == f64) {
            try out.print("  {e},\n", .{element});
            continue;
        }
        try out.writeAll("  {");
        inline for (@typeInfo(@TypeOf(element)).@"struct".field_names, 0..) |name, i| {
            try out.writeAll(if (i > 0) ", " else " ");
            try out.print("{s}: ", .{camel(name)});
            const part = @field(element, name);
            if (@TypeOf(part) == []const u8) try out.print("\"{s}\"", .{comptime camel(part)}) else try out.print("{d}", .{part});
        }
        try out.writeAll(" },\n");
    }
    try out.writeAll("] as const;\n");
}

pub fn smallest(comptime types: []const type) usize {
    var bytes: usize = 8;
    for (types) |Type| bytes = @min(bytes, @sizeOf(Type));
    return bytes;
}

/// What each flag, and each value of an enum, adds to the number.
fn writeFlags(lines: *Lines, comptime Layout: type) !void {
    const known = @typeInfo(Layout).@"struct";
    inline for (known.field_names, known.field_types) |field, Type| {
        const shift = @bitOffsetOf(Layout, field);
        switch (@typeInfo(Type)) {
            .bool => try lines.add("{s}: {d}", .{ camel(field), 1 << shift }),
            .@"enum" => |choices| {
                comptime var values: []const u8 = "";
                inline for (choices.field_names, choices.field_values) |choice, value| {
                    values = comptime values ++ std.fmt.comptimePrint(" {s}: {d},", .{ camel(choice), value << shift });
                }
                try lines.add("{s}: {{{s} }}", .{ camel(field), comptime values[0 .. values.len - 1] });
            },
            else => {},
        }
    }
}

/// `StoreState` and `token_count` become `storeState` and `tokenCount`.
inline fn camel(comptime name: []const u8) []const u8 {
    return comptime joined: {
        @setEvalBranchQuota(10_000);
        var letters: []const u8 = "";
        var words = std.mem.splitScalar(u8, name, '_');
        while (words.next()) |word| {
            const first = if (letters.len == 0) std.ascii.toLower(word[0]) else std.ascii.toUpper(word[0]);
            letters = letters ++ [_]u8{first} ++ word[1..];
        }
        break :joined letters;
    };
}
