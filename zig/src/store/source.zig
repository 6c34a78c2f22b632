//! The values of a field that a batch takes: where they stand in memory that the caller gives.

const cells = @import("../format/cells.zig");
const bits = @import("../format/bits.zig");
const Dtype = cells.Dtype;
const Wide = cells.Wide;

/// Where a field's values for the rows of a block stand. Row `i` of the block is row `first_row + i` of the source.
pub const Source = struct {
    type: i32,
    /// What its values become before they are encoded.
    wide: Wide,
    dtype: Dtype,
    /// Values a row, or null where `offsets` tell.
    width: ?usize,
    first_row: usize,
    /// The index of the source's first value in `values`, in elements (for `bool`, bits).
    first_value: usize,
    values: []const u8,
    offsets: Offsets,
    /// Rows that are null, and values inside lists that are null.
    validity: bits.Validity,
    value_validity: bits.Validity,
    nan_for_null: bool,
    /// The field becomes a list with this batch.
    marks_list: bool,

    pub fn isValid(source: *const Source, row: usize) bool {
        return source.validity.at(source.first_row + row);
    }

    /// First value and count of a row, whether it is null or not.
    pub fn span(source: *const Source, row: usize) [2]usize {
        const at = source.first_row + row;
        if (source.width) |width| return .{ source.first_value + at * width, width };
        const start, const end = .{ source.offsets.at(at), source.offsets.at(at + 1) };
        return .{ source.first_value + start, end - start };
    }

    pub fn checkRows(source: *const Source, row_count: usize) error{InvalidArgument}!void {
        const end_row = source.first_row + row_count;
        if (!source.validity.covers(end_row)) return error.InvalidArgument;
        if (source.width != null) return;
        if (source.offsets.len() < end_row + 1) return error.InvalidArgument;
        for (source.first_row..end_row) |row| {
            if (source.offsets.at(row) > source.offsets.at(row + 1)) return error.InvalidArgument;
        }
    }

    pub fn checkValues(source: *const Source, row_count: usize) error{InvalidArgument}!void {
        if (row_count == 0) return;
        const last_start, const last_count = source.span(row_count - 1);
        const end_value = last_start + last_count;
        const held = switch (source.dtype) {
            .bool => source.values.len * 8,
            inline else => |dtype| source.values.len / @sizeOf(dtype.Type()),
        };
        if (end_value > held or !source.value_validity.covers(end_value)) return error.InvalidArgument;
    }
};

pub const Offsets = union(enum) {
    none,
    small: []align(1) const i32,
    large: []align(1) const i64,

    pub fn at(offsets: Offsets, index: usize) usize {
        return switch (offsets) {
            .none => 0,
            // A negative offset becomes too large a number for the checks to pass.
            .small => |small| @as(u32, @bitCast(small[index])),
            .large => |large| @as(usize, @bitCast(large[index])) & (1 << 62) - 1,
        };
    }

    pub fn len(offsets: Offsets) usize {
        return switch (offsets) {
            .none => 0,
            inline else => |elements| elements.len,
        };
    }
};
