//! Cells of a field become numbers of another type.

const bits = @import("../format/bits.zig");
const cells = @import("../format/cells.zig");
const data_file = @import("data.zig");
const encoders = @import("../format/encoders.zig");
const Data = data_file.Data;
const Dtype = cells.Dtype;
const Kind = cells.Kind;

/// The first of some cells that is not what it is to become: its bits, and its place among them.
pub const Misfit = struct { cell: u64 = 0, at: usize = 0 };

/// Converts some cells of a field, and puts the values from place `first` on.
pub const Converter = *const fn (kind: Kind, values: []u8, first: usize, from: Data, misfit: *Misfit) error{Inexact}!void;

/// Each is a function of its own, and the loop over rows there is once: there are 36 of them.
pub fn converterOf(wide: cells.Wide, dtype: Dtype) Converter {
    switch (wide) {
        inline else => |known_wide| switch (dtype) {
            inline else => |known| return Conversion(known_wide, known).run,
        },
    }
}

fn Conversion(comptime wide: cells.Wide, comptime dtype: Dtype) type {
    return struct {
        fn run(kind: Kind, values: []u8, first: usize, from: Data, misfit: *Misfit) error{Inexact}!void {
            var widening: data_file.Widening = .of(from, kind);
            var to = first;
            while (true) {
                const piece = widening.next();
                if (piece.len == 0) return;
                for (piece) |cell| {
                    const value = cells.decode(wide, dtype.Type(), cell) catch |err| {
                        misfit.* = .{ .cell = cell, .at = to - first };
                        return err;
                    };
                    store(dtype, values, to, value);
                    to += 1;
                }
            }
        }
    };
}

/// Whether converted values give their cells again: rounding, the sign of a zero and a NaN's payload are no less than it. Where
/// a value could not be converted, those before it are looked at.
pub noinline fn checkExact(kind: Kind, dtype: Dtype, values: []const u8, first: usize, from: Data, converted: error{Inexact}!void, misfit: *Misfit) error{Inexact}!void {
    const encoder = encoders.encoderOf(kind.wide(), dtype);
    const end = if (converted) |_| from.len else |_| misfit.at;
    var widening: data_file.Widening = .of(from.slice(0, end), kind);
    var at: usize = 0;
    while (at < end) {
        const piece = widening.next();
        var done: usize = 0;
        while (done < piece.len) {
            var stage: [data_file.stage_cells]u64 = undefined;
            const cells_of = stage[0..@min(stage.len, piece.len - done)];
            const encoded = encoder(cells_of, values, first + at);
            for (cells_of, piece[done..][0..cells_of.len], 0..) |again, cell, i| {
                if (i < encoded and again == cell) continue;
                misfit.* = .{ .cell = cell, .at = at + i };
                return error.Inexact;
            }
            at += cells_of.len;
            done += cells_of.len;
        }
    }
    return converted;
}

inline fn store(comptime dtype: Dtype, values: []u8, index: usize, value: dtype.Type()) void {
    if (dtype == .bool) return bits.set(values, index, value);
    const elements: [*]align(1) dtype.Type() = @ptrCast(values.ptr);
    elements[index] = value;
}
