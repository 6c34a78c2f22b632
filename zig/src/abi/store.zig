//! The C ABI: numbers and typed arrays in, a status out. Each function takes the store, calls and maps the error.
//! src/native/abi.ts is generated from these files.

const std = @import("std");
const system = @import("../system/system.zig");
const format = @import("../format/format.zig");
const handles = @import("handles.zig");
const layouts = @import("layouts.zig");
const status = @import("status.zig");
const store_file = @import("../store/store.zig");
const list = @import("../store/list.zig");
const numbers = @import("numbers.zig");

const Store = store_file.Store(system.Real);
const Error = status.Error;

const path_bytes_max = 4096;

export fn ss_abi_version() u32 {
    return layouts.abi_version;
}

/// mode: a `layouts.StoreMode`; fields: of a store to write; id: that a store that exists
/// must have, zeros where it is not known; out: the store, or
/// the process that holds its lock, or the bytes that a full disk has no room for
export fn ss_store_open(directory: [*]const u8, directory_bytes: u32, mode: u32, options: *const layouts.StoreOptions, fields: [*]const layouts.FieldCells, field_count: u32, id: *const format.Id, out: *f64) i32 {
    var number: u64 = 0;
    const outcome = openStore(directory[0..directory_bytes], mode, options, fields[0..field_count], id, &number);
    out.* = @floatFromInt(number);
    return status.result(outcome);
}

fn openStore(directory: []const u8, mode_in: u32, numbers_in: *const layouts.StoreOptions, fields: []const layouts.FieldCells, id: *const format.Id, out: *u64) Error!void {
    var buffer: [path_bytes_max]u8 = undefined;
    const path = std.fmt.bufPrintSentinel(&buffer, "{s}", .{directory}, 0) catch return error.NotFound;
    const options: store_file.Options = .{
        .capacity_tokens = try numbers.to(u32, numbers_in.capacity_tokens),
        .tail_records_max = try numbers.to(u24, numbers_in.tail_records_max),
        .tail_values_max = try numbers.to(u24, numbers_in.tail_values_max),
        .reserved_elements = try numbers.to(u40, numbers_in.reserved_elements),
        .form = .{
            .width = try numbers.toEnum(format.TypeWidth, numbers_in.type_bytes),
            .only = try numbers.to(i32, numbers_in.only_type),
            .kind = try numbers.toEnum(layouts.FieldKind, numbers_in.cell_kind),
            .extra_count = try numbers.to(u8, numbers_in.extra_count),
        },
        .fields = fields,
        .is_segmented = numbers_in.is_segmented != 0,
        .segment_chunks = try numbers.to(u32, numbers_in.segment_chunks),
        .tail_extra_words_max = try numbers.to(u24, numbers_in.tail_extra_words_max),
        .first_row = try numbers.to(u53, numbers_in.first_row),
        .first_token = try numbers.to(u53, numbers_in.first_token),
    };
    const mode = std.enums.fromInt(layouts.StoreMode, mode_in) orelse return error.InvalidArgument;
    const is_new = mode == .temporary or mode == .create;
    // Before anything is done to it: a head that counts less than the columns hold would have them cut.
    const is_known = !is_new and !std.mem.allEqual(u8, id, 0);
    if (is_known) {
        const header = try Store.headerOf(path);
        if (!std.mem.eql(u8, id, &header.id)) return error.ForeignHead;
        if (header.cell_kind != @backingInt(options.form.kind)) return error.Damaged;
    }
    // What a new store takes at first.
    if (is_new and options.areValid()) out.* = options.newBytes(id.*);
    handles.reap();
    system.Real.ignoreFileSizeSignal();
    const slot = try handles.begin();
    errdefer handles.abandon(slot);
    slot.store.* = switch (mode) {
        .temporary => try Store.createTemporary(path, options),
        .create => try Store.create(path, options),
        .write => try Store.open(path, options.reserved_elements, fields, out),
        .read => try Store.openToRead(path, options.reserved_elements),
        .salvage => try Store.openToSalvage(path, options.reserved_elements),
    };
    out.* = handles.finish(slot);
}

/// view_count: views over the columns of which each will be released; blank: views are out that nobody will release
export fn ss_store_close(store: u32, view_count: u32, blank: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    return status.result(handles.close(slot, view_count, blank != 0));
}

/// Does to a store what a `layouts.StoreAction` says, and tells its state after that. row: what dropping is to keep
export fn ss_store_update(store: u32, action: u32, row: f64, out_state: *layouts.StoreState) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const outcome = update(slot.store, action, row);
    if (outcome) |_| out_state.* = stateOf(slot.store) else |_| {}
    return growthResult(slot, outcome);
}

fn update(store: *Store, action_in: u32, row: f64) Error!void {
    const action = std.enums.fromInt(layouts.StoreAction, action_in) orelse return error.InvalidArgument;
    return switch (action) {
        .none => {},
        .flush => store.flushAndReserve(),
        .reserve => store.reserve(),
        .sync => store.sync(),
        .drop_before => store.dropBefore(try numbers.to(u53, row)),
        .refresh => _ = try store.refresh(),
        .begin_session => store.beginSession(try numbers.to(u53, row)),
        .seal => seal(store),
    };
}

/// From here on nothing is appended, and no file of the store changes any more: what is in them can be summed up. The lock is
/// held until it is closed.
fn seal(store: *Store) Error!void {
    if (store.access != .write) return error.ReadOnly;
    try store.settle();
    store.access = .read;
}

fn stateOf(store: *const Store) layouts.StoreState {
    const commit = store.commit;
    const head = &store.head;
    const files = &store.files;
    const found = store.recovery;
    const room = store.room();
    const types = if (files.form.width == .none) null else files.types.latest();
    const data = files.data.latest();
    return .{
        .sequence = commit.sequence,
        .token_count = commit.token_count,
        .row_count = commit.row_count,
        .mark_count = commit.mark_count,
        .last_step = commit.last_step,
        .first_token = commit.first_token,
        .first_row = commit.first_row,
        .first_mark = commit.first_mark,
        .capacity_tokens = head.header().capacity_tokens,
        .capacity_marks = list.chunkElements(.marks, head.header().capacity_tokens, head.header().isSegmented()),
        .is_segmented = @intFromBool(head.header().isSegmented()),
        .tail_state_address = @intFromPtr(head.bytes.ptr) + format.tail_state_offset,
        .tail_records_address = @intFromPtr(head.records.ptr),
        .tail_records_bytes = head.records.len * @sizeOf(format.Record),
        .tail_values_address = @intFromPtr(head.values.ptr),
        .tail_values_bytes = head.values.len * @sizeOf(u64),
        .type_bytes = files.form.width.bytes(),
        .only_type = files.form.only,
        .cell_kind = @backingInt(files.form.kind),
        .types_address = if (types) |place| @intFromPtr(place.address) else 0,
        .types_bytes = if (types) |place| place.length_bytes else 0,
        .types_first = if (types) |place| place.first_bytes / files.form.width.bytes() else 0,
        .data_address = @intFromPtr(data.address),
        .data_bytes = data.length_bytes,
        .data_first = data.first_bytes / files.form.kind.bytes(),
        .extra_count = store.extras.count(),
        .tail_extras_address = @intFromPtr(head.extra_words.ptr),
        .tail_extras_bytes = head.extra_words.len * @sizeOf(u64),
        .recovered_tokens = found.tail_tokens,
        .recovered_rows = found.tail_rows,
        .cut_tokens = found.cut_tokens,
        .cut_rows = found.cut_rows,
        .cut_records = found.cut_records,
        .room_records = room.records,
        .room_values = room.values,
        .room_marks = room.marks,
        .room_extra_values = room.extra_values,
        .room_extra_words = room.extra_words,
        .id = @bitCast(head.header().id),
        .session_row = head.header().session_row,
    };
}

/// out: what the last error on this store was about
export fn ss_store_detail(store: u32, out: *layouts.ErrorDetail) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    out.* = slot.detail;
    return status.ok;
}

export fn ss_store_write(store: u32, records: [*]const format.Record, record_count: u32, values: [*]const u64, value_count: u32, extra_words: [*]const u64, extra_word_count: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return growthResult(slot, slot.store.writeWithExtras(records[0..record_count], values[0..value_count], extra_words[0..extra_word_count]));
}

/// For a runtime that calls back when a view is collected: the context is the store's number.
export fn ss_view_deallocate(_: usize, context: usize) void {
    handles.releaseView(@truncate(context));
}

/// Says of a disk that is full how many bytes were wanted.
pub fn growthResult(slot: *handles.Slot, outcome: Error!void) i32 {
    if (outcome) |_| {} else |err| {
        if (err == error.StorageFull) slot.detail = .{ .wanted_bytes = @floatFromInt(slot.store.wantedBytes()) };
    }
    return status.result(outcome);
}
