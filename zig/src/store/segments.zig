//! The files of a column: one, or in a store that drops its oldest rows one for each segment (`data.f64.00042`).
//!
//! Segment k holds the bytes [k·n, (k+1)·n) of the column. Dropping is unlinking: whoever has a segment mapped keeps its
//! content until it lets go of the map, and nobody ever reads zeros in the place of values. A writer keeps the descriptors of
//! two segments at most, that in which the stream ends and the one behind it; readers keep none, since what they have mapped
//! needs none. Segments of a temporary store have no names, so the descriptor of each is kept.

const std = @import("std");
const system = @import("../system/system.zig");
const list = @import("list.zig");
const options = @import("options.zig");
const Buffer = @import("../system/buffer.zig").Buffer;

/// Where the files of a store are found, and what for.
pub const Place = struct { directory: system.File, opening: options.Opening };

/// One file has all of a column that has no segments.
const whole_bytes = 1 << 62;

/// Names looked at for what a failure of the system has left, beyond one that is not there.
const gap_max = 8;

pub fn Segments(comptime System: type) type {
    return struct {
        place: Place,
        name: []const u8,
        segment_bytes: u64,
        held: [2]?Held = @splat(null),
        temporary: Buffer(System, system.File) = .{},
        temporary_first: u64 = 0,
        temporary_count: usize = 0,
        /// No segment from here on was made.
        end: u64 = 0,
        /// All before it are durable.
        synced: u64 = 0,
        /// Whether a name was given or taken since the directory was last synced.
        are_names_new: bool = false,

        const Self = @This();
        const Held = struct { segment: u64, file: system.File };

        /// A file for a use of it, which is closed then unless it is kept anyway.
        pub const Lent = struct {
            file: system.File,
            is_kept: bool,

            pub fn giveBack(lent: Lent) void {
                if (!lent.is_kept) System.close(lent.file);
            }
        };

        /// Bytes of the column that stand in one segment.
        pub const Part = struct { segment: u64, offset_bytes: u64, length_bytes: u64 };

        /// The one file of a column without segments.
        pub noinline fn one(place: Place, name: []const u8) system.Error!Self {
            const file = try openFile(System, place, name);
            return .{ .place = place, .name = name, .segment_bytes = whole_bytes, .held = .{ .{ .segment = 0, .file = file }, null }, .end = 1 };
        }

        /// Those of a column whose segments before `first_bytes` were dropped. None is opened.
        pub fn many(place: Place, name: []const u8, segment_bytes: u64, first_bytes: u64) Self {
            const first = first_bytes / segment_bytes;
            return .{ .place = place, .name = name, .segment_bytes = segment_bytes, .temporary_first = first, .end = first, .synced = first };
        }

        pub fn isOne(self: *const Self) bool {
            return self.segment_bytes == whole_bytes;
        }

        /// The first part of a range.
        pub fn partOf(self: *const Self, from_bytes: u64, to_bytes: u64) Part {
            const offset_bytes = from_bytes % self.segment_bytes;
            return .{
                .segment = from_bytes / self.segment_bytes,
                .offset_bytes = offset_bytes,
                .length_bytes = @min(to_bytes - from_bytes, self.segment_bytes - offset_bytes),
            };
        }

        /// The file of a segment to write to. It is kept.
        pub noinline fn write(self: *Self, segment: u64) system.Error!system.File {
            if (self.find(segment)) |file| return file;
            return self.hold(segment, try self.openAs(segment, .write));
        }

        /// The same, which is made if it is not there. One that a writer has left who died before it was counted is used.
        pub noinline fn make(self: *Self, segment: u64) system.Error!system.File {
            if (self.find(segment)) |file| return file;
            self.end = @max(self.end, segment + 1);
            if (self.place.opening == .temporary) return self.makeTemporary();
            self.are_names_new = true;
            return self.hold(segment, try self.openAs(segment, .reuse));
        }

        /// The file of a segment to look at.
        pub noinline fn lend(self: *const Self, segment: u64) system.Error!Lent {
            if (self.find(segment)) |file| return .{ .file = file, .is_kept = true };
            return .{ .file = try self.openAs(segment, .read), .is_kept = false };
        }

        /// Where what is there without a gap ends, from an offset on.
        pub noinline fn endThere(self: *const Self, from_bytes: u64, to_bytes: u64) system.Error!u64 {
            var at = from_bytes;
            while (at < to_bytes) {
                const part = self.partOf(at, to_bytes);
                const lent = self.lend(part.segment) catch |err| if (err == error.NotFound) return at else return err;
                defer lent.giveBack();
                const found_bytes = @min(part.length_bytes, try System.size(lent.file) -| part.offset_bytes);
                at += found_bytes;
                if (found_bytes < part.length_bytes) return at;
            }
            return at;
        }

        /// The first segment from one on that is there, or `end_segment`.
        pub noinline fn firstThere(self: *const Self, segment: u64, end_segment: u64) system.Error!u64 {
            for (segment..end_segment) |index| {
                const lent = self.lend(index) catch |err| if (err == error.NotFound) continue else return err;
                lent.giveBack();
                return index;
            }
            return end_segment;
        }

        /// Takes a segment away. Returns whether it was there.
        pub noinline fn remove(self: *Self, segment: u64) system.Error!bool {
            if (self.place.opening == .temporary) {
                if (segment != self.temporary_first or self.temporary_count == 0) return false;
                self.closeTemporary();
                return true;
            }
            for (&self.held) |*slot| if (slot.*) |held| if (held.segment == segment) {
                System.close(held.file);
                slot.* = null;
            };
            var buffer: [list.name_bytes_max]u8 = undefined;
            const is_there = try system.removeName(System, self.place.directory, list.segmentName(&buffer, self.name, segment));
            if (is_there) self.are_names_new = true;
            return is_there;
        }

        /// Takes away what is there of no stream: segments that were dropped, and those that no commit came to count.
        pub noinline fn removeLeft(self: *Self, first: u64, end: u64) system.Error!void {
            var gap: usize = 0;
            var segment = first;
            while (segment > 0 and gap < gap_max) : (segment -= 1) {
                gap = if (try self.remove(segment - 1)) 0 else gap + 1;
            }
            segment = end;
            gap = 0;
            while (gap < gap_max) : (segment += 1) {
                gap = if (try self.remove(segment)) 0 else gap + 1;
            }
        }

        /// Gives back the disk space beyond a length.
        pub noinline fn cut(self: *Self, length_bytes: u64) system.Error!void {
            const part = self.partOf(length_bytes, length_bytes);
            var kept_end = part.segment;
            if (part.offset_bytes > 0 or self.isOne()) {
                try System.truncate(try self.write(part.segment), part.offset_bytes);
                kept_end += 1;
            }
            while (self.end > kept_end) : (self.end -= 1) _ = try self.remove(self.end - 1);
        }

        /// Makes what was written durable; `next` is where it goes on.
        pub noinline fn sync(self: *Self, first: u64, next: u64) system.Error!void {
            for (@max(first, self.synced)..self.end) |segment| {
                const lent = try self.lend(segment);
                defer lent.giveBack();
                try system.syncAll(System, lent.file);
            }
            if (!self.isOne()) self.synced = next;
        }

        /// Notes that all up to a length are there.
        pub fn noteThere(self: *Self, length_bytes: u64) void {
            self.end = @max(self.end, std.math.divCeil(u64, length_bytes, self.segment_bytes) catch unreachable);
        }

        pub noinline fn close(self: *Self) void {
            for (&self.held) |*slot| if (slot.*) |held| {
                System.close(held.file);
                slot.* = null;
            };
            for (self.temporary.elements[0..self.temporary_count]) |file| System.close(file);
            self.temporary_count = 0;
            self.temporary.release();
        }

        noinline fn find(self: *const Self, segment: u64) ?system.File {
            for (self.held) |slot| if (slot) |held| if (held.segment == segment) return held.file;
            if (segment < self.temporary_first or segment >= self.temporary_first + self.temporary_count) return null;
            return self.temporary.elements[@intCast(segment - self.temporary_first)];
        }

        /// Keeps a descriptor in the place of that of the older segment.
        noinline fn hold(self: *Self, segment: u64, file: system.File) system.File {
            const slot = &self.held[segment % self.held.len];
            if (slot.*) |held| System.close(held.file);
            slot.* = .{ .segment = segment, .file = file };
            return file;
        }

        noinline fn openAs(self: *const Self, segment: u64, mode: system.OpenMode) system.Error!system.File {
            if (self.place.opening == .temporary) return error.NotFound;
            var buffer: [list.name_bytes_max]u8 = undefined;
            return System.open(self.place.directory, list.segmentName(&buffer, self.name, segment), mode);
        }

        fn makeTemporary(self: *Self) system.Error!system.File {
            try self.temporary.ensure(self.temporary_count + 1);
            const file = try System.createTemporary(self.place.directory);
            self.temporary.elements[self.temporary_count] = file;
            self.temporary_count += 1;
            return file;
        }

        /// They are dropped from the first on.
        fn closeTemporary(self: *Self) void {
            System.close(self.temporary.elements[0]);
            self.temporary_count -= 1;
            self.temporary_first += 1;
            @memmove(self.temporary.elements[0..self.temporary_count], self.temporary.elements[1..][0..self.temporary_count]);
        }
    };
}

/// A file of a store by its name, or one that has none.
pub fn openFile(comptime System: type, place: Place, name: []const u8) system.Error!system.File {
    var buffer: [list.name_bytes_max]u8 = undefined;
    const terminated = std.fmt.bufPrintSentinel(&buffer, "{s}", .{name}, 0) catch return error.NotFound;
    return switch (place.opening) {
        .temporary => System.createTemporary(place.directory),
        .create => System.open(place.directory, terminated, .create),
        .write => System.open(place.directory, terminated, .write),
        .read => System.open(place.directory, terminated, .read),
    };
}
