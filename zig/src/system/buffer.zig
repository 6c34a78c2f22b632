//! Memory of the library's own: zero pages that are taken when they are first written. It grows by doubling and keeps
//! what it held.

const std = @import("std");
const system = @import("system.zig");

pub fn Buffer(comptime System: type, comptime Element: type) type {
    return struct {
        elements: []Element = &.{},

        const Self = @This();

        pub fn ensure(self: *Self, count: usize) system.Error!void {
            if (count <= self.elements.len) return;
            const length = @max(count, 2 * self.elements.len);
            const address = try System.reserve(bytesOf(length));
            const grown: [*]Element = @ptrCast(@alignCast(address));
            @memcpy(grown[0..self.elements.len], self.elements);
            self.release();
            self.elements = grown[0..length];
        }

        pub fn release(self: *Self) void {
            if (self.elements.len == 0) return;
            const address: [*]u8 = @ptrCast(self.elements.ptr);
            System.unmap(address, bytesOf(self.elements.len));
            self.elements = &.{};
        }

        fn bytesOf(count: usize) usize {
            return std.mem.alignForward(usize, count * @sizeOf(Element), std.heap.page_size_max);
        }
    };
}
