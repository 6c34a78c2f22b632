//! Which rows each environment has: the lists of environments.zig, to which the rows of a scan are added. Their arrays are the
//! caller's, who makes room where an addition asks for it.

const std = @import("std");
const environments = @import("environments.zig");
const random = @import("random.zig");
const Block = environments.Block;
const Error = environments.Error;
const Part = environments.Part;
const block_rows = environments.block_rows;

/// What there must be room for before the next row can be added.
pub const Need = enum(u32) {
    nothing,
    /// One more block of the row's environment.
    block,
    /// A block whose rows are listed.
    listed,
};

/// An episode that begins with a row of an environment, at a position among its rows.
pub const Begun = extern struct { environment: f64, position: f64 };

pub const Addition = struct {
    /// The row that the first word is of; those before `listed_row` are in the lists already.
    row: u64,
    listed_row: u64,
    /// Fields can still be added to the row before this one: whether an episode ends with it is not known.
    end_row: u64,
    /// Before this row another writer began, so that episodes did.
    session_row: f64,
    /// Where the next blocks whose rows are listed have their places, up to an end.
    listed_next: u64,
    listed_end: u64,
    row_count: usize = 0,
    begun_count: usize = 0,
    need: Need = .nothing,
};

pub const Lists = struct {
    parts: []Part,
    blocks: []Block,
    listed: []f64,

    /// Adds rows, for each of which a scan gave a word. begun: room for as many.
    pub fn add(lists: Lists, words: []const u32, addition: *Addition, begun: [*]Begun) Error!void {
        addition.row_count = 0;
        addition.begun_count = 0;
        addition.need = .nothing;
        for (words) |word| {
            const number = word >> 1;
            if (number >= lists.parts.len) return error.InvalidArgument;
            const part = &lists.parts[number];
            const row = addition.row + addition.row_count;
            if (row >= addition.listed_row) {
                addition.need = try lists.addRow(part, random.toFloat(row), addition);
                if (addition.need != .nothing) return;
                if (part.last_row < addition.session_row or part.last_row < 0 or part.is_over != 0) {
                    begun[addition.begun_count] = .{ .environment = @floatFromInt(number), .position = part.count - 1 };
                    addition.begun_count += 1;
                }
                part.last_row = random.toFloat(row);
                part.is_over = 0;
                addition.listed_row = row + 1;
            }
            if (word & 1 == 1 and row + 1 < addition.end_row) part.is_over = 1;
            addition.row_count += 1;
        }
    }

    inline fn addRow(lists: Lists, part: *Part, row: f64, addition: *Addition) Error!Need {
        try part.check();
        const held = random.fromFloat(part.count - part.base);
        const in_block = held % block_rows;
        if (in_block == 0 and random.toFloat(held / block_rows) >= part.blocks_max) return .block;
        const number = random.fromFloat(part.block_first) + held / block_rows;
        if (number >= lists.blocks.len) return error.InvalidArgument;
        const block = &lists.blocks[@intCast(number)];
        if (in_block == 0) {
            block.* = .{ .row = row, .step = 0 };
        } else if (block.step < 0) {
            lists.listed[try block.listedAt(in_block, lists.listed.len)] = row;
        } else if (in_block == 1) {
            block.step = row - block.row;
        } else if (row != block.row + block.step * random.toFloat(in_block)) {
            const first = addition.listed_next;
            if (first +| block_rows > addition.listed_end) return .listed;
            if (addition.listed_end > lists.listed.len) return error.InvalidArgument;
            for (lists.listed[@intCast(first)..][0..@intCast(in_block)], 0..) |*to, at| to.* = block.row + block.step * random.toFloat(at);
            lists.listed[@intCast(first + in_block)] = row;
            block.step = -1 - random.toFloat(first);
            addition.listed_next += block_rows;
        }
        part.count += 1;
        return .nothing;
    }
};
