//! The file of checksums: for each chunk number, those of the chunks that have it, each from when it is full.

const std = @import("std");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");
const list = @import("list.zig");
const segments = @import("segments.zig");
const Sum = @import("../format/sum.zig").Sum;

/// The file grows by so much.
const step_bytes = 4096;

pub fn Sums(comptime System: type) type {
    return struct {
        /// None for a temporary store, which nobody opens again.
        file: ?system.File,
        allocated_bytes: u64 = 0,

        const Self = @This();

        pub noinline fn open(place: segments.Place) system.Error!Self {
            return .{ .file = if (place.opening == .temporary) null else try segments.openFile(System, place, "sums") };
        }

        pub noinline fn close(self: *Self) void {
            System.close(self.file orelse return);
        }

        pub noinline fn sync(self: *Self) system.Error!void {
            try system.syncAll(System, self.file orelse return);
        }

        /// Makes room for those of so many chunks. Says before it tries how many bytes that takes.
        pub noinline fn grow(self: *Self, chunk_count: u64, wanted_bytes: *u64) system.Error!void {
            const file = self.file orelse return;
            const target_bytes = std.mem.alignForward(u64, chunk_count * @sizeOf(format.ColumnSums), step_bytes);
            if (target_bytes <= self.allocated_bytes) return;
            wanted_bytes.* = target_bytes - self.allocated_bytes;
            try system.extend(System, file, self.allocated_bytes, wanted_bytes.*);
            self.allocated_bytes = target_bytes;
        }

        pub noinline fn trim(self: *Self, chunk_count: u64) system.Error!void {
            const file = self.file orelse return;
            if (chunk_count * @sizeOf(format.ColumnSums) >= self.allocated_bytes) return;
            self.allocated_bytes = chunk_count * @sizeOf(format.ColumnSums);
            try System.truncate(file, self.allocated_bytes);
        }

        /// Takes bytes that stand at an offset of a file into the checksum of its last chunk, which is written when it is full.
        pub noinline fn add(self: *Self, which: list.Which, sum: *Sum, chunk_bytes: u64, bytes: []const u8, offset_bytes: u64) system.Error!void {
            const file = self.file orelse return;
            var left = bytes;
            var at = offset_bytes;
            while (left.len > 0) {
                const room: usize = @intCast(chunk_bytes - at % chunk_bytes);
                const piece = left[0..@min(left.len, room)];
                sum.update(piece, at % chunk_bytes);
                left = left[piece.len..];
                at += piece.len;
                if (at % chunk_bytes != 0) continue;
                try system.writeAll(System, file, std.mem.asBytes(sum), offsetOf(which, at / chunk_bytes - 1));
                sum.* = .{};
            }
        }

        /// That of a full chunk, or null where it is missing.
        pub noinline fn read(self: *const Self, which: list.Which, chunk: u64) system.Error!?Sum {
            var sum: Sum = undefined;
            const length = try system.readAll(System, self.file.?, std.mem.asBytes(&sum), offsetOf(which, chunk));
            return if (length == @sizeOf(Sum)) sum else null;
        }

        fn offsetOf(which: list.Which, chunk: u64) u64 {
            return chunk * @sizeOf(format.ColumnSums) + @backingInt(which) * @as(u64, @sizeOf(Sum));
        }
    };
}
