//! Reading ahead. What is to be copied from all over large files begins, nearly each time, in a page whose address the
//! processor has to look up, and its caches have nothing of it. To ask them to fetch does nothing in such a page. So a little
//! of several pieces is read before they are copied: many look-ups go on at once.

const std = @import("std");

/// So many pieces are read from at a time, and so many bytes of each.
pub const pieces = 32;
pub const bytes_max = 512;
const line_bytes = 64;

/// Reads a byte of each of the first lines, and the last byte. What it returns stands for nothing, but must not be thrown
/// away before all are read.
pub inline fn touch(bytes: []const u8) u64 {
    if (bytes.len == 0) return 0;
    var sum: u64 = bytes[bytes.len - 1];
    var at: usize = 0;
    while (at < @min(bytes.len, bytes_max)) : (at += line_bytes) sum +%= bytes[at];
    return sum;
}

/// While a window is copied, the rest of the one that comes so many later is fetched: its pages are known by then.
pub const windows_ahead = 2;

/// Asks for the lines behind those that were read.
pub inline fn prefetchRest(bytes: []const u8) void {
    if (bytes.len > bytes_max) prefetch(bytes[bytes_max..]);
}

pub inline fn prefetch(bytes: []const u8) void {
    var at: usize = 0;
    while (at < bytes.len) : (at += line_bytes) @prefetch(&bytes[at], .{});
}

/// Of rows of no more bytes nearly every line is read, whichever fields are taken.
pub const short_row_bytes_max = 2 * line_bytes;

/// What is to be read, and then all of it in a loop that does nothing else: so as many look-ups go on as the processor can do.
pub const Ahead = struct {
    addresses: [256][*]const u8 = undefined,
    count: usize = 0,

    pub inline fn add(ahead: *Ahead, address: anytype) void {
        if (ahead.count == ahead.addresses.len) ahead.read();
        ahead.addresses[ahead.count] = @ptrCast(address);
        ahead.count += 1;
    }

    /// Each of the first lines, and the last byte.
    pub inline fn addBytes(ahead: *Ahead, bytes: []const u8) void {
        if (bytes.len == 0) return;
        ahead.add(&bytes[bytes.len - 1]);
        var at: usize = 0;
        while (at < @min(bytes.len, bytes_max)) : (at += line_bytes) ahead.add(&bytes[at]);
    }

    pub noinline fn read(ahead: *Ahead) void {
        var sum: u64 = 0;
        for (ahead.addresses[0..ahead.count]) |address| sum +%= address[0];
        std.mem.doNotOptimizeAway(sum);
        ahead.count = 0;
    }
};
