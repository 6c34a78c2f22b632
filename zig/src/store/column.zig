//! One flat file that grows by chunks, written with `pwrite` and read through a private map.
//!
//! Address space is reserved once and chunks are mapped into it at fixed addresses, so growth never moves the column.
//! When a reservation is full, a larger one is made and the whole file is mapped there too; the old one stays until the
//! column is released, so what points into it stays right. Reserved pages that no chunk covers read as zero: even a
//! view that somebody widens past the column finds memory there.

const std = @import("std");
const system = @import("../system/system.zig");

pub const Error = system.Error;

const reservations_max = 40;

/// Every address and file offset that is mapped is a multiple of this, the largest page that the target can have.
const page_bytes = std.heap.page_size_max;

/// A last page that the file covers only in part may be mapped whole; this is the smallest that such a page can be.
const part_page_bytes = std.heap.page_size_min;

pub fn Column(comptime System: type) type {
    return struct {
        file: system.File,
        chunk_bytes: u64,
        allocated_bytes: u64 = 0,
        mapped_bytes: usize = 0,
        dropped_bytes: u64 = 0,
        reservations: [reservations_max]Reservation = undefined,
        reservation_count: usize = 0,

        const Self = @This();
        const Address = [*]align(std.heap.page_size_min) u8;
        const Reservation = struct { address: Address, length_bytes: usize };

        pub fn init(file: system.File, chunk_bytes: u64, reserved_bytes: usize) Error!Self {
            var self: Self = .{ .file = file, .chunk_bytes = chunk_bytes };
            try self.reserve(page_bytes, reserved_bytes);
            return self;
        }

        /// Shows the first `length_bytes` of a file that holds them already.
        pub fn adopt(self: *Self, length_bytes: u64) Error!void {
            try self.map(length_bytes);
            self.allocated_bytes = length_bytes;
        }

        pub fn address(self: *const Self) Address {
            return self.reservations[self.reservation_count - 1].address;
        }

        pub fn reservedBytes(self: *const Self) usize {
            return self.reservations[self.reservation_count - 1].length_bytes;
        }

        /// The first `count` elements.
        pub fn slice(self: *const Self, comptime Element: type, count: u64) []const Element {
            const elements: [*]const Element = @ptrCast(self.address());
            return elements[0..@intCast(count)];
        }

        /// How long the file becomes so that there is room for `length_bytes`: whole chunks, and whole pages, so that no
        /// mapped page lies past its end.
        pub fn targetBytes(self: *const Self, length_bytes: u64) u64 {
            if (length_bytes <= self.wholeBytes()) return self.allocated_bytes;
            const chunks = std.math.divCeil(u64, length_bytes, self.chunk_bytes) catch unreachable;
            return std.mem.alignForward(u64, chunks * self.chunk_bytes, page_bytes);
        }

        /// The whole chunks of what is allocated. Only they count as room: a writer that recovers the store grows its files
        /// by those, and must find them all there.
        pub fn wholeBytes(self: *const Self) u64 {
            return self.allocated_bytes - self.allocated_bytes % self.chunk_bytes;
        }

        /// Makes the file `target_bytes` long, on disk and in the map.
        pub fn grow(self: *Self, target_bytes: u64) Error!void {
            if (target_bytes <= self.allocated_bytes) return;
            try system.extend(System, self.file, self.allocated_bytes, target_bytes - self.allocated_bytes);
            try self.map(target_bytes);
            self.allocated_bytes = target_bytes;
        }

        /// Writes into room that `grow` made. A page that was written to through a window no longer follows the file,
        /// so this process's private copies of the pages written are dropped.
        pub fn write(self: *Self, bytes: []const u8, offset_bytes: u64) Error!void {
            if (bytes.len == 0) return;
            try system.writeAll(System, self.file, bytes, offset_bytes);
            const first_bytes = std.mem.alignBackward(u64, offset_bytes, page_bytes);
            const end_bytes = std.mem.alignForward(u64, offset_bytes + bytes.len, page_bytes);
            const length_bytes: usize = @intCast(end_bytes - first_bytes);
            try System.discard(self.address() + @as(usize, @intCast(first_bytes)), length_bytes, self.file, first_bytes);
        }

        /// Gives the disk space beyond `length_bytes` back. Zero pages take the place of what was mapped there, so that
        /// no address handed out before lies past the end of the file.
        pub fn trim(self: *Self, length_bytes: u64) Error!void {
            if (length_bytes >= self.allocated_bytes) return;
            const kept_bytes: usize = @intCast(std.mem.alignForward(u64, length_bytes, page_bytes));
            for (self.reservations[0..self.reservation_count]) |reservation| {
                if (kept_bytes >= reservation.length_bytes) continue;
                try System.mapZero(reservation.address + kept_bytes, reservation.length_bytes - kept_bytes);
            }
            try System.truncate(self.file, length_bytes);
            self.allocated_bytes = length_bytes;
        }

        /// Gives the disk space of the first `length_bytes` back; they read as zero from then on.
        pub fn drop(self: *Self, length_bytes: u64) Error!void {
            if (length_bytes <= self.dropped_bytes) return;
            system.punchAll(System, self.file, self.dropped_bytes, length_bytes - self.dropped_bytes) catch |err| switch (err) {
                error.Unsupported => {},
                else => return err,
            };
            self.dropped_bytes = length_bytes;
        }

        /// Puts zero pages in the place of the whole column and forgets its addresses, which stay reserved for ever. Where
        /// even that fails, the maps stay as they are.
        pub fn blank(self: *Self) void {
            for (self.reservations[0..self.reservation_count]) |reservation| {
                System.mapZero(reservation.address, reservation.length_bytes) catch {};
            }
            self.reservation_count = 0;
        }

        pub fn release(self: *Self) void {
            for (self.reservations[0..self.reservation_count]) |reservation| {
                System.unmap(reservation.address, reservation.length_bytes);
            }
            self.reservation_count = 0;
        }

        /// Takes less than wanted where addresses are scarce, as under a limit on virtual memory.
        fn reserve(self: *Self, needed_bytes: usize, wanted_bytes: usize) Error!void {
            if (self.reservation_count == reservations_max) return error.OutOfMemory;
            var length_bytes = std.mem.alignForward(usize, @max(needed_bytes, wanted_bytes), page_bytes);
            const reserved = while (true) {
                break System.reserve(length_bytes) catch |err| {
                    const half_bytes = std.mem.alignForward(usize, length_bytes / 2, page_bytes);
                    if (err != error.OutOfMemory or half_bytes < needed_bytes or half_bytes == length_bytes) return err;
                    length_bytes = half_bytes;
                    continue;
                };
            };
            self.reservations[self.reservation_count] = .{ .address = reserved, .length_bytes = length_bytes };
            self.reservation_count += 1;
        }

        fn map(self: *Self, length_bytes: u64) Error!void {
            const target_bytes: usize = @intCast(std.mem.alignForward(u64, length_bytes, part_page_bytes));
            if (target_bytes > self.reservedBytes()) return self.move(target_bytes);
            if (target_bytes <= self.mapped_bytes) return;
            const from_bytes = std.mem.alignBackward(usize, self.mapped_bytes, page_bytes);
            try System.mapPrivate(self.address() + from_bytes, target_bytes - from_bytes, self.file, from_bytes);
            self.mapped_bytes = target_bytes;
        }

        fn move(self: *Self, target_bytes: usize) Error!void {
            try self.reserve(target_bytes, 2 * @max(target_bytes, self.reservedBytes()));
            errdefer {
                System.unmap(self.address(), self.reservedBytes());
                self.reservation_count -= 1;
            }
            try System.mapPrivate(self.address(), target_bytes, self.file, 0);
            self.mapped_bytes = target_bytes;
        }
    };
}
