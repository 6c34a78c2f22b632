//! One flat array that grows by chunks, written with `pwrite` and read through a private map. It has one file, or one for
//! each chunk (segments.zig).
//!
//! Address space is reserved once and chunks are mapped into it at fixed addresses, so growth never moves the column.
//! When a reservation is full, a larger one is made, and what is held is mapped there too; the old one stays until the
//! column is released, so what points into it stays right. Reserved pages that no chunk covers read as zero: even a
//! view that somebody widens past the column finds memory there.

const std = @import("std");
const system = @import("../system/system.zig");
const segments_file = @import("segments.zig");

pub const Error = system.Error || error{Damaged};

const reservations_max = 40;

/// Every address and file offset that is mapped is a multiple of this, the largest page that the target can have.
const page_bytes = system.page_bytes_max;

/// A last page that the file covers only in part may be mapped whole; this is the smallest that such a page can be.
const part_page_bytes = std.heap.page_size_min;

pub fn Column(comptime System: type) type {
    const Segments = segments_file.Segments(System);

    return struct {
        /// Where the first byte of the column would be, by the newest reservation.
        start: usize = 0,
        files: Segments,
        chunk_bytes: u64,
        /// Where what is held begins: the segments before were dropped.
        first_bytes: u64,
        allocated_bytes: u64,
        mapped_bytes: u64,
        reservations: [reservations_max]Reservation = undefined,
        reservation_count: usize = 0,

        const Self = @This();
        const Address = [*]align(std.heap.page_size_min) u8;

        /// Addresses for the bytes of the column from `first_bytes` on.
        const Reservation = struct {
            address: Address,
            length_bytes: usize,
            first_bytes: u64,

            /// The addresses that stand for a range of the column, as far as it has some.
            fn part(reservation: Reservation, from_bytes: u64, to_bytes: u64) []u8 {
                const end_bytes = reservation.first_bytes + reservation.length_bytes;
                const from = std.math.clamp(from_bytes, reservation.first_bytes, end_bytes) - reservation.first_bytes;
                const to = std.math.clamp(to_bytes, reservation.first_bytes, end_bytes) - reservation.first_bytes;
                return reservation.address[@intCast(from)..@intCast(@max(from, to))];
            }
        };

        pub noinline fn init(files: Segments, chunk_bytes: u64, first_bytes: u64, reserved_bytes: usize) Error!Self {
            var self: Self = .{
                .files = files,
                .chunk_bytes = chunk_bytes,
                .first_bytes = first_bytes,
                .allocated_bytes = first_bytes,
                .mapped_bytes = first_bytes,
            };
            try self.reserve(first_bytes, page_bytes, reserved_bytes);
            return self;
        }

        /// Shows what the files hold already up to `length_bytes`, of which what comes before `first_bytes` is not wanted.
        pub noinline fn adopt(self: *Self, first_bytes: u64, length_bytes: u64) Error!void {
            if (length_bytes <= self.allocated_bytes) return;
            try self.map(first_bytes, length_bytes);
            self.files.noteThere(length_bytes);
            self.allocated_bytes = length_bytes;
        }

        /// Whether the file has its last byte. A page that it covers only in part is mapped whole, and reads as zeros beyond its
        /// end: what was zero seems to be there, checksum and all.
        pub noinline fn reaches(self: *const Self, length_bytes: u64) Error!bool {
            return length_bytes <= self.first_bytes or try self.files.endThere(length_bytes - 1, length_bytes) == length_bytes;
        }

        /// Where the first byte of the column would be. Only what is held is to be looked at.
        pub fn address(self: *const Self) Address {
            return @ptrFromInt(self.start);
        }

        /// The newest addresses, where all that is held stands.
        pub fn latest(self: *const Self) Reservation {
            return self.reservations[self.reservation_count - 1];
        }

        /// The first `count` elements.
        pub fn slice(self: *const Self, comptime Element: type, count: u64) []const Element {
            const elements: [*]const Element = @ptrCast(self.address());
            return elements[0..@intCast(count)];
        }

        /// How long the column becomes so that there is room for `length_bytes`: whole chunks, and whole pages, so that no
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

        /// Makes the column `target_bytes` long, on disk and in the map.
        pub noinline fn grow(self: *Self, target_bytes: u64) Error!void {
            while (self.allocated_bytes < target_bytes) {
                const part = self.files.partOf(self.allocated_bytes, target_bytes);
                try system.extend(System, try self.files.make(part.segment), part.offset_bytes, part.length_bytes);
                try self.map(self.first_bytes, self.allocated_bytes + part.length_bytes);
                self.allocated_bytes += part.length_bytes;
            }
        }

        /// Writes into room that `grow` made. A page that was written to through a window no longer follows the file,
        /// so this process's private copies of the pages written are dropped.
        pub noinline fn write(self: *Self, bytes: []const u8, offset_bytes: u64) Error!void {
            var at = offset_bytes;
            var left = bytes;
            while (left.len > 0) {
                const part = self.files.partOf(at, at + left.len);
                const piece = left[0..@intCast(part.length_bytes)];
                const file = try self.files.write(part.segment);
                try system.writeAll(System, file, piece, part.offset_bytes);
                const first_bytes = std.mem.alignBackward(u64, part.offset_bytes, page_bytes);
                const end_bytes = std.mem.alignForward(u64, part.offset_bytes + piece.len, page_bytes);
                const pages = self.latest().part(at - (part.offset_bytes - first_bytes), at + (end_bytes - part.offset_bytes));
                try System.discard(pages.ptr, pages.len, file, first_bytes);
                at += piece.len;
                left = left[piece.len..];
            }
        }

        /// Gives the disk space beyond `length_bytes` back. Zero pages take the place of what was mapped there, so that
        /// no address handed out before lies past the end of a file.
        pub noinline fn trim(self: *Self, length_bytes: u64) Error!void {
            if (length_bytes >= self.allocated_bytes) return self.files.cut(length_bytes);
            try self.putZeros(std.mem.alignForward(u64, length_bytes, page_bytes), std.math.maxInt(u64));
            try self.files.cut(length_bytes);
            self.allocated_bytes = length_bytes;
        }

        /// Takes the segments before `first_bytes` away.
        pub noinline fn drop(self: *Self, first_bytes: u64) Error!void {
            while (self.first_bytes < first_bytes) {
                _ = try self.files.remove(self.first_bytes / self.files.segment_bytes);
                try self.forget(self.first_bytes + self.files.segment_bytes);
            }
        }

        /// Puts zero pages in the place of what comes before `first_bytes`: somebody has dropped it.
        pub noinline fn forget(self: *Self, first_bytes: u64) Error!void {
            if (first_bytes <= self.first_bytes) return;
            try self.putZeros(self.first_bytes, first_bytes);
            self.first_bytes = first_bytes;
        }

        /// Goes back to what the column was before an `adopt` that has failed, or that others have.
        pub noinline fn restore(self: *Self, before: *const Self) void {
            for (self.reservations[before.reservation_count..self.reservation_count]) |reservation| {
                System.unmap(reservation.address, reservation.length_bytes);
            }
            self.* = before.*;
        }

        /// Puts zero pages in the place of the whole column and forgets its addresses, which stay reserved for ever. Where
        /// even that fails, the maps stay as they are.
        pub noinline fn blank(self: *Self) void {
            for (self.reservations[0..self.reservation_count]) |reservation| {
                System.mapZero(reservation.address, reservation.length_bytes) catch {};
            }
            self.reservation_count = 0;
        }

        pub noinline fn release(self: *Self) void {
            for (self.reservations[0..self.reservation_count]) |reservation| {
                System.unmap(reservation.address, reservation.length_bytes);
            }
            self.reservation_count = 0;
        }

        noinline fn putZeros(self: *Self, from_bytes: u64, to_bytes: u64) Error!void {
            for (self.reservations[0..self.reservation_count]) |reservation| {
                const pages = reservation.part(from_bytes, to_bytes);
                if (pages.len > 0) try System.mapZero(pages.ptr, pages.len);
            }
        }

        /// Takes less than wanted where addresses are scarce, as under a limit on virtual memory.
        noinline fn reserve(self: *Self, first_bytes: u64, needed_bytes: usize, wanted_bytes: usize) Error!void {
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
            self.reservations[self.reservation_count] = .{ .address = reserved, .length_bytes = length_bytes, .first_bytes = first_bytes };
            self.reservation_count += 1;
            self.begin();
        }

        fn begin(self: *Self) void {
            const reservation = self.latest();
            self.start = @intFromPtr(reservation.address) -% @as(usize, @intCast(reservation.first_bytes));
        }

        noinline fn map(self: *Self, first_bytes: u64, length_bytes: u64) Error!void {
            const target_bytes = std.mem.alignForward(u64, length_bytes, part_page_bytes);
            const reservation = self.latest();
            if (target_bytes - reservation.first_bytes > reservation.length_bytes) return self.move(first_bytes, length_bytes);
            if (target_bytes <= self.mapped_bytes) return;
            const from_bytes = std.mem.alignBackward(u64, self.mapped_bytes, page_bytes);
            try self.mapFiles(@max(first_bytes, from_bytes), length_bytes);
            self.mapped_bytes = target_bytes;
        }

        /// Maps what is held into a larger reservation, which begins with it.
        noinline fn move(self: *Self, first_bytes: u64, length_bytes: u64) Error!void {
            const target_bytes = std.mem.alignForward(u64, length_bytes, part_page_bytes);
            const needed_bytes: usize = @intCast(target_bytes - first_bytes);
            try self.reserve(first_bytes, needed_bytes, 2 * @max(needed_bytes, self.latest().length_bytes));
            errdefer {
                const reservation = self.latest();
                System.unmap(reservation.address, reservation.length_bytes);
                self.reservation_count -= 1;
                self.begin();
            }
            try self.mapFiles(first_bytes, length_bytes);
            self.mapped_bytes = target_bytes;
        }

        /// A file that is shorter than it should be is not mapped: what lies behind its end must not be looked at.
        noinline fn mapFiles(self: *Self, from_bytes: u64, length_bytes: u64) Error!void {
            var at = from_bytes;
            while (at < length_bytes) {
                const part = self.files.partOf(at, length_bytes);
                const lent = try self.files.lend(part.segment);
                defer lent.giveBack();
                if (try System.size(lent.file) < part.offset_bytes + part.length_bytes) return error.Damaged;
                const pages = self.latest().part(at, at + std.mem.alignForward(u64, part.length_bytes, part_page_bytes));
                try System.mapPrivate(pages.ptr, pages.len, lent.file, part.offset_bytes);
                at += part.length_bytes;
            }
        }
    };
}
