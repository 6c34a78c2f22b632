//! The files of a store. All numbers are little-endian; every file but `head` and `store.json` is a flat array.
//!
//!   type.u8     the type ID of each token, or `type.i32` where an ID is not from 0 to 255; not there with one field
//!   data.f64, data.f32, … data.u8   the cell of each token: of one kind, by which the file is named
//!   step.i64   the step of every row
//!   row.u64    index of the first token of every row
//!   marks      `Mark` records: what the tokens alone cannot say (see below)
//!   blocks     a `Block` for every 4,096 rows that are closed: whether they are alike. Derived from the columns
//!   extra.*    text and bytes beside the rows, where a store has such (see extras.zig)
//!   sums       `ChunkSums` per chunk: checksums of the five files above (see files.zig)
//!              Where chunks have files of their own, these five are `type.u8.00000` and so on (see store/segments.zig)
//!   head       the header, the commit slots, and the tail
//!   store.json fields and features; written by the TypeScript library
//!
//! `head`:
//!
//!        0   Header        sizes and the store's ID, written once; and who writes
//!      512   Commit        slot 0
//!     1024   Commit        slot 1
//!     1536   Commit        synced slot 0
//!     2048   Commit        synced slot 1
//!     2560   TailState     one 64-bit word: how many records of the tail are published, and which commit they continue
//!                          (the complement of its sequence once the writer has closed the store)
//!     4096   Record[]      the tail's records, `tail_records_max`
//!        …   u64[]         the tail's values, `tail_values_max`
//!        …   u64[]         words of extras in the tail, `tail_extra_words_max`, and four tables of them (see extras.zig)
//!
//! The columns hold what the newest valid commit says and no more: bytes beyond its counts mean nothing. Header, slots
//! and state stand in sectors of their own (512 bytes), so that a torn write of one cannot reach another.
//!
//! A step is appended by writing its records and values into the tail and then publishing the number of records with
//! one atomic store. A flush copies the published records into the columns, writes the commit slot that is not the
//! newest, and empties the tail with one atomic store that also names the new commit. If the process dies between the
//! two, the tail still names the older commit, and is known to be in the columns already: it is never replayed twice.
//!
//! The tail takes no more than the columns have disk space for, reserved behind what is committed. So a disk that is full
//! is an error of the append that finds no more room, and never of a flush, nor of the recovery of a tail.
//!
//! The death of a process leaves what it wrote in the system's memory, where the next one finds it: then the newest
//! commit and the tail hold. After a failure of the whole system, any of it may be missing, in any order. A sync makes
//! the columns durable, then writes the commit to a synced slot, then makes the head durable: so the newest synced
//! commit always holds. A newer one holds if the bytes that it adds have the checksums that it names; the tail, which
//! has none, counts only in the same run of the system, which the header names.
//!
//! Where a writer begins is remembered: the header has the first row that it is to begin, and whoever moves that row into
//! the columns, be it the next writer that finds it in the tail, marks it in the same commit. One that begins no row has
//! left nothing.

const std = @import("std");
const cells = @import("cells.zig");
const extras = @import("extras.zig");
const Sum = @import("sum.zig").Sum;

comptime {
    if (@import("builtin").cpu.arch.endian() != .little) @compileError("the format is little-endian");
}

pub const magic: u64 = @bitCast(@as([8]u8, "SSTREAM\x00".*));
pub const version: u32 = 2;

pub const header_offset = 0;
pub const commit_offsets = [2]usize{ 512, 1024 };
pub const synced_offsets = [2]usize{ 1536, 2048 };
pub const tail_state_offset = 2560;
pub const tail_records_offset = 4096;

pub const Id = [16]u8;

/// How the type IDs of tokens stand in a file.
pub const TypeWidth = enum(u8) {
    /// In none: all tokens are of one field.
    none = 0,
    byte = 1,
    word = 4,

    pub fn bytes(width: TypeWidth) usize {
        return @backingInt(width);
    }
};

/// How tokens stand in the files: which type IDs there can be, and what the cells are.
pub const TokenForm = struct {
    width: TypeWidth = .word,
    /// The type of all tokens, where there is no file for types.
    only: i32 = 0,
    kind: cells.Kind = .float64,
    /// Records of extras name one of so many.
    extra_count: u8 = 0,

    pub inline fn holds(form: TokenForm, type_id: i32) bool {
        return switch (form.width) {
            .none => type_id == form.only,
            .byte => type_id >= 0 and type_id <= 255,
            .word => true,
        };
    }
};

pub const Header = extern struct {
    magic: u64 = magic,
    version: u32 = version,
    tail_records_max: u32,
    tail_values_max: u32,
    /// The writer's process, while there is one.
    process_id: u32 = 0,
    capacity_tokens: u64,
    /// The run of the system in which the last writer wrote; zero where the system does not name its runs.
    boot_id: [16]u8 = @splat(0),
    /// Drawn at random when the store was made. store.json has it too: so a head that came from another store is found.
    id: Id,
    /// The bytes of a type in its file: 0, 1 or 4.
    type_bytes: u32 = @backingInt(TypeWidth.word),
    /// The type of all tokens, where there is no file for types.
    only_type: i32 = 0,
    /// What the cells are: a `cells.Kind`.
    cell_kind: u32 = @backingInt(cells.Kind.float64),
    /// 0 where a column has one file. Else each chunk has files of its own (see store/segments.zig), and a segment of the bytes
    /// of an extra so many of its chunks.
    segment_chunks: u32 = 0,
    /// Of the sizes and the ID: a wrong capacity would reserve a chunk as large as the disk.
    checksum: u64 = 0,
    /// The first row that the writer begins, or has begun, since it opened the store: at that row a mark tells of it.
    session_row: u64 = 0,
    extra_count: u32 = 0,
    tail_extra_words_max: u32 = 0,

    pub fn tokenForm(header: Header) ?TokenForm {
        const width = std.enums.fromInt(TypeWidth, std.math.cast(u8, header.type_bytes) orelse return null) orelse return null;
        const kind = std.enums.fromInt(cells.Kind, std.math.cast(u8, header.cell_kind) orelse return null) orelse return null;
        const extra_count = std.math.cast(u8, header.extra_count) orelse return null;
        return .{ .width = width, .only = header.only_type, .kind = kind, .extra_count = extra_count };
    }

    pub fn isSegmented(header: Header) bool {
        return header.segment_chunks != 0;
    }

    pub fn seal(header: *Header) void {
        header.checksum = header.hash();
    }

    pub fn isValid(header: Header) bool {
        return header.checksum == header.hash();
    }

    fn hash(header: Header) u64 {
        const only_type: u32 = @bitCast(header.only_type);
        const sizes = [_]u64{ header.version, header.tail_records_max, header.tail_values_max, header.capacity_tokens, header.type_bytes, only_type, header.cell_kind, header.segment_chunks, header.extra_count, header.tail_extra_words_max };
        const hashed = std.mem.toBytes(sizes) ++ header.id;
        return std.hash.XxHash64.hash(magic, &hashed);
    }
};

/// The five files that grow with the stream, in this order wherever they are counted.
pub const column_count = 5;
pub const ColumnSums = [column_count]Sum;

pub const count_max = 1 << 48;

/// What the columns hold.
pub const Commit = extern struct {
    sequence: u64,
    token_count: u64,
    row_count: u64,
    mark_count: u64,
    last_step: i64,
    /// Of each file's last chunk, as far as it is filled.
    sums: ColumnSums = @splat(.{}),
    /// The stream starts here: what comes before was dropped.
    first_token: u64 = 0,
    first_row: u64 = 0,
    first_mark: u64 = 0,
    /// The hash of the table that says what the files of extras hold (extras.zig).
    extras: u64 = 0,
    checksum: u64 = 0,

    pub fn seal(commit: *Commit) void {
        commit.checksum = commit.hash();
    }

    /// A stream may begin without rows: where all were before its origin, or nothing was appended yet.
    pub inline fn hasRows(commit: *const Commit) bool {
        return commit.row_count > commit.first_row;
    }

    /// Counts that no disk can hold would overflow where they are turned into bytes.
    pub fn isValid(commit: Commit) bool {
        if (commit.sequence == 0 or commit.checksum != commit.hash()) return false;
        if (@max(commit.token_count, commit.row_count, commit.mark_count) > count_max) return false;
        if (commit.first_token > commit.token_count or commit.first_mark > commit.mark_count) return false;
        return commit.first_row <= commit.row_count;
    }

    fn hash(commit: Commit) u64 {
        return std.hash.XxHash64.hash(magic, std.mem.asBytes(&commit)[0..@offsetOf(Commit, "checksum")]);
    }
};

/// Both halves change in one 64-bit store.
pub const TailState = packed struct(u64) {
    published_count: u32,
    /// The low half of the sequence of the commit that the tail continues.
    sequence: u32,
};

/// One write of one field at one step, in the tail. `count` values stand for it in the tail's values, in record order.
pub const Record = extern struct {
    step: i64,
    type: i32,
    /// The number of tokens, or one of the constants below.
    count: i32,

    /// What stands in the place of a count.
    pub const Kind = enum(i32) {
        /// The field is written with a list of no values.
        empty_list = empty_list,
        /// The row has no field at all: the record is there for its step.
        bare_row = bare_row,
        /// The field is written as a list, also where it has one value. It stands where that was first known: at the last row of a batch.
        list_field = list_field,
        /// The row has a value of an extra, whose number stands in the place of the type.
        extra = extra,
        _,
    };

    pub const empty_list: i32 = 0;
    pub const bare_row: i32 = -1;
    pub const list_field: i32 = -2;
    pub const extra: i32 = -8;

    pub fn tokenCount(record: Record) usize {
        return if (record.count > 0) @intCast(record.count) else 0;
    }

    pub fn isMark(record: Record) bool {
        return record.count == empty_list or record.count == list_field;
    }
};

/// What tokens cannot say, in the order of rows. A row that has neither tokens nor marks of a field was appended without any.
pub const Mark = extern struct {
    row: u64,
    type: i32,
    kind: Kind,

    pub const Kind = enum(i32) {
        /// The field was written at this row with a list of no values.
        empty_list = Record.empty_list,
        /// The field is written as a list, also where it has one value. It stands where that was first known: at the last row of a batch.
        list_field = Record.list_field,
        /// The row is the first that a writer began since it had opened the store. The type is 0, and of no field.
        session = Record.list_field - 1,
        _,
    };

    pub fn ofSession(row: u64) Mark {
        return .{ .row = row, .type = 0, .kind = .session };
    }

    pub fn of(record: Record, row: u64) Mark {
        return .{ .row = row, .type = record.type, .kind = @fromBackingInt(record.count) };
    }
};

/// A segment of a file with one byte an element is whole pages of so many bytes, the largest that a system has; and so is
/// one of any other file. Tests have small ones.
pub const segment_page_bytes = if (@import("builtin").is_test) @import("../system/system.zig").page_bytes_max else 64 * 1024;

/// Rows of a block. Tests have small ones, so that small stores have many.
pub const block_rows = if (@import("builtin").is_test) 4 else 4096;

/// What is known of so many rows, from the first on: derived from the columns, and no part of the stream. So it is outside
/// the chunks' checksums and has its own, and where it is missing or damaged readers look at the rows themselves.
pub const Block = extern struct {
    /// Where the first row starts.
    first_token: u64,
    /// A number for the types of each row in their order, or 0 where rows differ.
    layout: u64 = 0,
    /// The tokens of each row.
    row_tokens: u32 = 0,
    /// The low half of its place in the file.
    index: u32,
    checksum: u64 = 0,

    pub fn seal(block: *Block, id: Id) void {
        block.checksum = block.hash(id);
    }

    /// A block of another store, or from another place, is not valid here.
    pub fn isValid(block: Block, index: u64, id: Id) bool {
        return block.index == @as(u32, @truncate(index)) and block.checksum == block.hash(id);
    }

    fn hash(block: Block, id: Id) u64 {
        return std.hash.XxHash64.hash(@bitCast(id[0..8].*), std.mem.asBytes(&block)[0..@offsetOf(Block, "checksum")]);
    }
};

pub fn tailValuesOffset(tail_records_max: usize) usize {
    return tail_records_offset + tail_records_max * @sizeOf(Record);
}

/// Where the words of extras in the tail begin.
pub fn tailExtrasOffset(header: Header) usize {
    return tailValuesOffset(header.tail_records_max) + @as(usize, header.tail_values_max) * @sizeOf(u64);
}

/// Where the tables of extras begin.
pub fn extraTablesOffset(header: Header) usize {
    const end_bytes = tailExtrasOffset(header) + @as(usize, header.tail_extra_words_max) * @sizeOf(u64);
    return std.mem.alignForward(usize, end_bytes, 512);
}

pub fn headBytes(header: Header) usize {
    if (header.extra_count == 0) return tailExtrasOffset(header);
    return extraTablesOffset(header) + extras.table_slots * extras.tableBytes(header.extra_count);
}

comptime {
    std.debug.assert(@sizeOf(Header) == 104);
    std.debug.assert(@sizeOf(Commit) == 160);
    std.debug.assert(@sizeOf(TailState) == 8);
    std.debug.assert(@sizeOf(Record) == 16);
    std.debug.assert(@sizeOf(Mark) == 16);
    std.debug.assert(@sizeOf(Block) == 32);
    std.debug.assert(header_offset + @sizeOf(Header) <= commit_offsets[0]);
    std.debug.assert(commit_offsets[0] + @sizeOf(Commit) <= commit_offsets[1]);
    std.debug.assert(commit_offsets[1] + @sizeOf(Commit) <= synced_offsets[0]);
    std.debug.assert(synced_offsets[0] + @sizeOf(Commit) <= synced_offsets[1]);
    std.debug.assert(synced_offsets[1] + @sizeOf(Commit) <= tail_state_offset);
    std.debug.assert(tail_state_offset + @sizeOf(TailState) <= tail_records_offset);
}

test "a commit is valid only as it was sealed" {
    var commit: Commit = .{ .sequence = 1, .token_count = 11, .row_count = 1, .mark_count = 0, .last_step = -5 };
    try std.testing.expect(!commit.isValid());
    commit.seal();
    try std.testing.expect(commit.isValid());
    for (std.mem.asBytes(&commit)) |*byte| {
        byte.* ^= 1;
        try std.testing.expect(!commit.isValid());
        byte.* ^= 1;
    }
}
