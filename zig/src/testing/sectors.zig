//! For the tests of power loss: all that a file can hold after one. Every 512-byte sector has the version that is
//! durable and those written since, and any of them may be found later; so may any size that the file has had since.
//! Most disks write a sector whole or not at all. None of the files rests on that, so now and then one is torn inside.

const std = @import("std");

pub const sector_bytes = 512;
const Sector = [sector_bytes]u8;
const zeros: Sector = @splat(0);

/// Of the sectors that were written since the last sync, one in so many is torn inside.
const sectors_per_torn = 8;

/// How much of what was written since the last sync survives. Torn: no sector of it survives whole.
pub const Survival = enum {
    nothing,
    everything,
    torn,
    mixed,

    /// Most are mixed.
    pub fn draw(random: std.Random) Survival {
        return switch (random.uintLessThan(u32, 20)) {
            0 => .nothing,
            1 => .everything,
            2 => .torn,
            else => .mixed,
        };
    }
};

pub const Sectors = struct {
    allocator: std.mem.Allocator,
    /// Of each sector, the durable version first.
    versions: std.ArrayList(std.ArrayList(Sector)) = .empty,
    /// Whether the next sync would write the sector: not if one that failed has given it up.
    is_dirty: std.ArrayList(bool) = .empty,
    /// The durable size first.
    sizes: std.ArrayList(u64) = .empty,

    /// A file that was found with this content, which is durable.
    pub fn init(allocator: std.mem.Allocator, content: []const u8) !Sectors {
        var self: Sectors = .{ .allocator = allocator };
        try self.sizes.append(allocator, 0);
        try self.write(content, 0);
        self.sync();
        return self;
    }

    pub fn deinit(self: *Sectors) void {
        for (self.versions.items) |*sector| sector.deinit(self.allocator);
        self.versions.deinit(self.allocator);
        self.is_dirty.deinit(self.allocator);
        self.sizes.deinit(self.allocator);
    }

    pub fn size(self: *const Sectors) u64 {
        return self.sizes.items[self.sizes.items.len - 1];
    }

    pub fn write(self: *Sectors, bytes: []const u8, offset: u64) !void {
        var at: usize = @intCast(offset);
        var left = bytes;
        try self.ensure(at + bytes.len);
        while (left.len > 0) {
            const within = at % sector_bytes;
            const piece = left[0..@min(left.len, sector_bytes - within)];
            var next = self.newest(at / sector_bytes).*;
            @memcpy(next[within..][0..piece.len], piece);
            try self.addVersion(at / sector_bytes, next);
            at += piece.len;
            left = left[piece.len..];
        }
        if (offset + bytes.len > self.size()) try self.sizes.append(self.allocator, offset + bytes.len);
    }

    /// Cuts the file, or makes it longer by zeros.
    pub fn resize(self: *Sectors, length: u64) !void {
        try self.ensure(@intCast(length));
        const first: usize = @intCast(length);
        for (first / sector_bytes..self.versions.items.len) |index| {
            var next = self.newest(index).*;
            @memset(next[if (index == first / sector_bytes) first % sector_bytes else 0..], 0);
            try self.addVersion(index, next);
        }
        try self.sizes.append(self.allocator, length);
    }

    /// What was written is durable now.
    pub fn sync(self: *Sectors) void {
        for (self.versions.items, self.is_dirty.items) |*sector, *is_dirty| {
            if (is_dirty.*) keepLast(Sector, sector);
            is_dirty.* = false;
        }
        keepLast(u64, &self.sizes);
    }

    /// A sync failed: the system takes the sectors for written all the same, and no later sync writes them.
    pub fn failSync(self: *Sectors) void {
        @memset(self.is_dirty.items, false);
    }

    /// One content that the file may have after the power was lost now. Returns how many of its sectors are torn inside.
    pub fn draw(self: *const Sectors, random: std.Random, survival: Survival, out: *std.ArrayList(u8)) !usize {
        const kept_share: f32 = switch (random.uintLessThan(u32, 4)) {
            0 => 0.5,
            1 => 0.9,
            2 => 0.98,
            else => 0.1,
        };
        out.clearRetainingCapacity();
        var torn_count: usize = 0;
        for (self.versions.items) |versions| {
            var sector = versions.items[pick(random, survival, kept_share, versions.items.len)];
            const other = switch (survival) {
                .nothing, .everything => sector,
                .torn => versions.items[0],
                .mixed => if (random.uintLessThan(u32, sectors_per_torn) > 0) sector else versions.items[random.uintLessThan(usize, versions.items.len)],
            };
            if (tear(random, &sector, &other)) torn_count += 1;
            try out.appendSlice(self.allocator, &sector);
        }
        const length: usize = @intCast(self.sizes.items[pick(random, survival, kept_share, self.sizes.items.len)]);
        if (length > out.items.len) try out.appendNTimes(self.allocator, 0, length - out.items.len);
        out.shrinkRetainingCapacity(length);
        return torn_count;
    }

    /// Puts another version's bytes before or behind some byte, in the midst of those that differ. Returns whether there
    /// is such a place.
    fn tear(random: std.Random, sector: *Sector, other: *const Sector) bool {
        const first = std.mem.findDiff(u8, sector, other) orelse return false;
        var end: usize = sector_bytes;
        while (sector[end - 1] == other[end - 1]) end -= 1;
        if (end - first < 2) return false;
        const at = random.intRangeLessThan(usize, first + 1, end);
        if (random.boolean()) @memcpy(sector[0..at], other[0..at]) else @memcpy(sector[at..], other[at..]);
        return true;
    }

    fn pick(random: std.Random, survival: Survival, kept_share: f32, count: usize) usize {
        return switch (survival) {
            .nothing => 0,
            .everything, .torn => count - 1,
            .mixed => if (random.float(f32) < kept_share) count - 1 else random.uintLessThan(usize, count),
        };
    }

    fn newest(self: *Sectors, index: usize) *const Sector {
        const sector = self.versions.items[index].items;
        return &sector[sector.len - 1];
    }

    fn addVersion(self: *Sectors, index: usize, next: Sector) !void {
        if (std.mem.eql(u8, self.newest(index), &next)) return;
        try self.versions.items[index].append(self.allocator, next);
        self.is_dirty.items[index] = true;
    }

    fn ensure(self: *Sectors, length: usize) !void {
        while (self.versions.items.len * sector_bytes < length) {
            var sector: std.ArrayList(Sector) = .empty;
            try sector.append(self.allocator, zeros);
            try self.versions.append(self.allocator, sector);
            try self.is_dirty.append(self.allocator, false);
        }
    }

    fn keepLast(comptime Item: type, list: *std.ArrayList(Item)) void {
        list.items[0] = list.items[list.items.len - 1];
        list.shrinkRetainingCapacity(1);
    }
};

const testing = std.testing;

test "after a sync only what was synced can be there, before it any mixture" {
    var sectors = try Sectors.init(testing.allocator, "old");
    defer sectors.deinit();
    var content: std.ArrayList(u8) = .empty;
    defer content.deinit(testing.allocator);
    var generator: std.Random.DefaultPrng = .init(5);
    const random = generator.random();
    const page: [sector_bytes]u8 = @splat('n');
    try sectors.write(&page, 0);
    try sectors.write("new", sector_bytes);
    _ = try sectors.draw(random, .nothing, &content);
    try testing.expectEqualStrings("old", content.items);
    var seen_mixed = false;
    for (0..100) |_| {
        _ = try sectors.draw(random, .mixed, &content);
        if (content.items.len == sector_bytes + 3 and content.items[0] == 'o' and content.items[sector_bytes] == 'n') seen_mixed = true;
    }
    try testing.expect(seen_mixed);
    sectors.sync();
    for (std.enums.values(Survival)) |survival| {
        try testing.expectEqual(0, try sectors.draw(random, survival, &content));
        try testing.expectEqualStrings(&page ++ "new", content.items);
    }
    try sectors.resize(1);
    try sectors.resize(3);
    _ = try sectors.draw(random, .everything, &content);
    try testing.expectEqualStrings("n\x00\x00", content.items);
}

test "a sector is torn at any byte, either side of it new" {
    const old: Sector = @splat('o');
    var sectors = try Sectors.init(testing.allocator, &old);
    defer sectors.deinit();
    var content: std.ArrayList(u8) = .empty;
    defer content.deinit(testing.allocator);
    var generator: std.Random.DefaultPrng = .init(6);
    try sectors.write("news", 100);
    var seen: [2][3]bool = @splat(@splat(false));
    for (0..1000) |_| {
        if (try sectors.draw(generator.random(), .mixed, &content) == 0) continue;
        const old_count = std.mem.countScalar(u8, content.items[100..104], 'o');
        const is_suffix = content.items[100] == 'o';
        seen[@intFromBool(is_suffix)][old_count - 1] = true;
        try testing.expectEqual(508, std.mem.countScalar(u8, content.items, 'o') - old_count);
    }
    for (seen) |of_side| for (of_side) |is_seen| try testing.expect(is_seen);
}
