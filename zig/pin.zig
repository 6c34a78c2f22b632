//! Copies a library and notes in the copy that it stays loaded once it was (DF_1_NODELETE), which the build system has no
//! option for. A runtime closes what a Worker had opened when the Worker ends. Were it the only one, the library would be
//! unloaded with its table of open stores, and nobody could find the locks again that an ended Worker has left.

const std = @import("std");
const elf = std.elf;

pub fn main(init: std.process.Init) !void {
    const allocator = init.arena.allocator();
    const arguments = try init.minimal.args.toSlice(allocator);
    const folder = std.Io.Dir.cwd();
    const library = try folder.readFileAllocOptions(init.io, arguments[1], allocator, .unlimited, .of(u64), null);
    try pin(library);
    try folder.writeFile(init.io, .{ .sub_path = arguments[2], .data = library });
}

fn pin(library: []align(8) u8) !void {
    const header: *const elf.Elf64.Ehdr = @ptrCast(library);
    const segments: [*]const elf.Elf64.Phdr = @ptrCast(@alignCast(library[@intCast(header.phoff)..]));
    for (segments[0..header.phnum]) |segment| {
        if (segment.type != .DYNAMIC) continue;
        const bytes: []align(8) u8 = @alignCast(library[@intCast(segment.offset)..][0..@intCast(segment.filesz)]);
        for (std.mem.bytesAsSlice(elf.Elf64_Dyn, bytes)) |*entry| {
            if (entry.d_tag != elf.DT_FLAGS_1) continue;
            entry.d_val |= elf.DF_1_NODELETE;
            return;
        }
    }
    return error.NoFlags;
}
