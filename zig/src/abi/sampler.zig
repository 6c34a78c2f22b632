//! The part of the C ABI that is for sampling. As in exports.zig, each function checks, calls and maps the error.

const std = @import("std");
const system = @import("../system/system.zig");
const cells = @import("../format/cells.zig");
const format = @import("../format/format.zig");
const handles = @import("handles.zig");
const status = @import("status.zig");
const numbers = @import("numbers.zig");
const random = @import("../sample/random.zig");
const windows = @import("../sample/windows.zig");
const narrow = @import("../read/narrow.zig");
const episodes = @import("../sample/episodes.zig");
const extract = @import("../read/extract.zig");
const window_fill = @import("../sample/window_fill.zig");
const fields_fill = @import("../sample/fields_fill.zig");
const Permutation = @import("../sample/permutation.zig").Permutation;
const placing = @import("../sample/placement.zig");

const Store = @import("../store/store.zig").Store(system.Real);
const Error = status.Error;

/// Indices of draws are whole numbers below this.
const indices_end = 1 << 53;

/// key: low and high half of the seed, stream, bound; out: for each index a whole number from 0 to bound - 1
export fn ss_draw_uniform(key: *const [4]f64, indices: [*]const f64, count: u32, out: [*]f64) i32 {
    return status.result(drawUniform(key, indices[0..count], out));
}

fn drawUniform(from: *const [4]f64, indices: []const f64, out: [*]f64) Error!void {
    const key = try keyOf(from[0..3]);
    const bound = try numbers.to(u54, from[3]);
    if (bound == 0 or bound > indices_end or !random.areIndices(indices, indices_end)) return error.InvalidArgument;
    for (indices, out) |index, *to| to.* = random.toFloat(key.below(random.fromFloat(index), bound));
}

/// key: low and high half of the seed, stream; out: for each index a float in [0, 1)
export fn ss_draw_unit(key: *const [3]f64, indices: [*]const f64, count: u32, out: [*]f64) i32 {
    return status.result(drawUnit(key, indices[0..count], out));
}

fn drawUnit(from: *const [3]f64, indices: []const f64, out: [*]f64) Error!void {
    const key = try keyOf(from);
    if (!random.areIndices(indices, indices_end)) return error.InvalidArgument;
    for (indices, out) |index, *to| to.* = key.unit(random.fromFloat(index));
}

/// key: low and high half of the seed, stream, bound, decay; out: for each index a whole number from 0 to bound - 1
export fn ss_draw_geometric(key: *const [5]f64, indices: [*]const f64, count: u32, out: [*]f64) i32 {
    return status.result(drawGeometric(key, indices[0..count], out));
}

fn drawGeometric(from: *const [5]f64, indices: []const f64, out: [*]f64) Error!void {
    const key = try keyOf(from[0..3]);
    const bound = try numbers.to(u54, from[3]);
    const decay = from[4];
    if (bound == 0 or bound > indices_end or !(decay > 0 and decay < 1)) return error.InvalidArgument;
    if (!random.areIndices(indices, indices_end)) return error.InvalidArgument;
    const geometric: random.Geometric = .init(bound, decay);
    for (indices, out) |index, *to| to.* = geometric.at(key.unit(random.fromFloat(index)));
}

/// key: low and high half of the seed, epoch, how many numbers are permuted; indices: places in their order
export fn ss_draw_permuted(key: *const [4]f64, indices: [*]const f64, count: u32, out: [*]f64) i32 {
    return status.result(drawPermuted(key, indices[0..count], out));
}

fn drawPermuted(from: *const [4]f64, indices: []const f64, out: [*]f64) Error!void {
    const seed = [2]u32{ try numbers.to(u32, from[0]), try numbers.to(u32, from[1]) };
    const size = try numbers.to(u54, from[3]);
    if (size == 0 or size > indices_end) return error.InvalidArgument;
    if (!random.areIndices(indices, size)) return error.OutOfRange;
    const permutation: Permutation = .init(seed, try numbers.to(u53, from[2]), size);
    permutation.map(indices, out[0..indices.len]);
}

fn keyOf(from: *const [3]f64) Error!random.Key {
    return .{ .seed = .{ try numbers.to(u32, from[0]), try numbers.to(u32, from[1]) }, .stream = try numbers.to(u32, from[2]) };
}

/// plan: length, stride, policy (0 within, 1 pad left, 2 pad right), first position, end, shift of buckets; fills
/// cumulative[from..episode_count]; state: how many buckets are filled
export fn ss_windows_count(plan: *const [6]f64, origins: [*]const u64, episode_count: u32, from: u32, cumulative: [*]u64, buckets: [*]u32, buckets_max: u32, state: *[2]f64) i32 {
    return status.result(countWindows(plan, origins[0..episode_count], from, cumulative[0..episode_count], buckets[0..buckets_max], state));
}

fn countWindows(plan: *const [6]f64, origins: []const u64, from: u32, cumulative: []u64, buckets: []u32, state: *[2]f64) Error!void {
    const bucket_count = try windows.count(try .read(plan), origins, from, cumulative, buckets, try numbers.to(u32, state[0]));
    state[0] = @floatFromInt(bucket_count);
}

/// The windows with the given ordinals: anchor, first position and length of each.
export fn ss_windows_locate(
    plan: *const [6]f64,
    origins: [*]const u64,
    episode_count: u32,
    cumulative: [*]const u64,
    buckets: [*]const u32,
    bucket_count: u32,
    ordinals: [*]const f64,
    count: u32,
    out_anchors: [*]f64,
    out_starts: [*]f64,
    out_lengths: [*]i32,
) i32 {
    const index: windows.Index = .{
        .plan = windows.Plan.read(plan) catch |err| return status.of(err),
        .origins = origins[0..episode_count],
        .cumulative = cumulative[0..episode_count],
        .buckets = buckets[0..bucket_count],
    };
    return status.result(index.locate(ordinals[0..count], out_anchors[0..count], out_starts[0..count], out_lengths[0..count]));
}

/// The windows with the given anchors: first position and length of each. After an error they mean nothing.
export fn ss_windows_resolve(plan: *const [6]f64, origins: [*]const u64, episode_count: u32, anchors: [*]const f64, count: u32, out_starts: [*]f64, out_lengths: [*]i32) i32 {
    const index: windows.Index = .{
        .plan = windows.Plan.read(plan) catch |err| return status.of(err),
        .origins = origins[0..episode_count],
    };
    return status.result(index.resolve(anchors[0..count], out_starts[0..count], out_lengths[0..count]));
}

/// out: the number of windows whose anchor lies before a position
export fn ss_windows_rank(plan: *const [6]f64, origins: [*]const u64, episode_count: u32, cumulative: [*]const u64, position: f64, out_rank: *f64) i32 {
    const index: windows.Index = .{
        .plan = windows.Plan.read(plan) catch |err| return status.of(err),
        .origins = origins[0..episode_count],
        .cumulative = cumulative[0..episode_count],
    };
    const before = numbers.to(u54, position) catch |err| return status.of(err);
    out_rank.* = @floatFromInt(index.rank(before));
    return status.ok;
}

/// kind: 0 fields that are true in an episode's last row, 1 one field that names the episode; progress: next row, end
/// row, whether a name is known, its low and high half; written back, with the number of starts
export fn ss_episodes_scan(store: u32, kind: u32, types: [*]const i32, kinds: [*]const i32, field_count: u32, progress: *[6]f64, out_starts: [*]u64, starts_max: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return status.result(scanEpisodes(slot.store, kind, types[0..field_count], kinds[0..field_count], progress, out_starts[0..starts_max]));
}

const Fields = struct { all: [episodes.fields_max]episodes.Field };

fn fieldsOf(kind: u32, types: []const i32, kinds: []const i32) Error!Fields {
    if (types.len == 0 or types.len > episodes.fields_max or kind > 1) return error.InvalidArgument;
    if (kind == 1 and types.len != 1) return error.InvalidArgument;
    var fields: Fields = undefined;
    for (fields.all[0..types.len], types, kinds) |*field, type_id, cell_kind| {
        field.* = .{ .type = type_id, .kind = std.enums.fromInt(cells.Kind, cell_kind) orelse return error.InvalidArgument };
    }
    return fields;
}

fn scanEpisodes(store: *const Store, kind: u32, types: []const i32, kinds: []const i32, numbers_in: *[6]f64, starts: []u64) Error!void {
    var fields = (try fieldsOf(kind, types, kinds)).all;
    const id = @as(u64, try numbers.to(u32, numbers_in[4])) << 32 | try numbers.to(u32, numbers_in[3]);
    var progress: episodes.Progress = .{
        .row = try numbers.to(u53, numbers_in[0]),
        .end_row = try numbers.to(u53, numbers_in[1]),
        .id = if (numbers_in[2] != 0) id else null,
    };
    const first_row: usize = @intCast(store.commit.first_row);
    try switch (kind) {
        0 => episodes.scanEnds(tokenTable(store), first_row, fields[0..types.len], &progress, starts),
        else => episodes.scanIds(tokenTable(store), first_row, &fields[0], &progress, starts),
    };
    const last_id = progress.id orelse 0;
    for (numbers_in, [_]u64{
        progress.row,          progress.end_row, @intFromBool(progress.id != null),
        last_id & 0xffff_ffff, last_id >> 32,    progress.start_count,
    }) |*to, number| to.* = @floatFromInt(number);
}

/// The first token of each row; of the row after the last, the number of tokens.
export fn ss_rows_start(store: u32, rows: [*]const u64, count: u32, out_starts: [*]u64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const table = slot.store.rowTable();
    for (rows[0..count], 0..) |row, index| {
        if (row >= table.first_row and row <= table.rows.len) continue;
        slot.detail = .{ @floatFromInt(index), 0 };
        return status.of(error.OutOfRange);
    }
    for (rows[0..count], out_starts, 0..) |row, *to, index| {
        if (index + 16 < count) @prefetch(table.rows.ptr + @as(usize, @intCast(rows[index + 16])), .{});
        to.* = if (row < table.rows.len) table.rows[@intCast(row)] else table.steps.len;
        if (to.* > table.steps.len) return status.of(error.Damaged);
    }
    return status.ok;
}

/// out: how many rows the last sync has made durable
export fn ss_rows_synced(store: u32, out_count: *f64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const synced = slot.store.head.syncedCommit() catch |err| return status.of(err);
    out_count.* = @floatFromInt(synced.row_count);
    return status.ok;
}

/// request: unit (0 tokens, 1 steps), tokens a row, side (0 left, 1 right), 1 to truncate, source (0 the columns, 1 the
/// newest rows as they were last put together); layout: values (0 none,
/// 1 float64, 2 float32, 4 float16, 5 bfloat16) + 8 × types (0, 1) + 16 × steps (0 none, 1 int64, 2 float64); fields:
/// type, kind, shift and factor of each whose cells are not float64 or are scaled
export fn ss_windows_fill(
    store: u32,
    request: *const [5]f64,
    starts: [*]const f64,
    lengths: [*]const i32,
    slots: [*]const i32,
    count: u32,
    batch_size: u32,
    layout: u32,
    fields: [*]const window_fill.Field,
    field_count: u32,
    out_values: [*]u8,
    out_types: [*]i32,
    out_steps: [*]u8,
    out_mask: [*]u8,
    out_lengths: [*]i32,
) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const placement = placementOf(starts, lengths, slots, count, batch_size, request[1], request[2]) catch |err| return status.of(err);
    const unit = numbers.to(u1, request[0]) catch |err| return status.of(err);
    if (layout >= 48) return status.of(error.InvalidArgument);
    const out: window_fill.Out = .{
        .values = switch (layout & 7) {
            0 => .none,
            1 => .{ .float64 = @ptrCast(@alignCast(out_values)) },
            2 => .{ .float32 = @ptrCast(@alignCast(out_values)) },
            4 => .{ .float16 = @ptrCast(@alignCast(out_values)) },
            5 => .{ .bfloat16 = @ptrCast(@alignCast(out_values)) },
            else => return status.of(error.InvalidArgument),
        },
        .types = if (layout & 8 != 0) out_types else null,
        .steps = switch (layout >> 4) {
            0 => .none,
            1 => .{ .int64 = @ptrCast(@alignCast(out_steps)) },
            else => .{ .float64 = @ptrCast(@alignCast(out_steps)) },
        },
        .mask = out_mask,
        .lengths = out_lengths,
    };
    const wanted: window_fill.Request = .{
        .placement = placement,
        .unit = @fromBackingInt(unit),
        .truncate = request[3] != 0,
        .fields = fields[0..field_count],
    };
    const source = sourceOf(slot.store, request[4]) catch |err| return status.of(err);
    var culprit: window_fill.Culprit = .{};
    const filled = window_fill.fill(source, wanted, out, &culprit);
    slot.detail = .{ @floatFromInt(culprit.window), @floatFromInt(culprit.token_count) };
    return status.result(filled);
}

/// request: rows a window, side, 1 to truncate, values (1 float64, 2 float32, 4 float16, 5 bfloat16), type, kind,
/// values a row, shift, factor, source. The detail of a width that does not fit: row and number of values.
export fn ss_fields_fill(
    store: u32,
    request: *const [10]f64,
    starts: [*]const f64,
    lengths: [*]const i32,
    slots: [*]const i32,
    count: u32,
    batch_size: u32,
    out_values: [*]u8,
    out_mask: [*]u8,
) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const placement = placementOf(starts, lengths, slots, count, batch_size, request[0], request[1]) catch |err| return status.of(err);
    var culprit: fields_fill.Culprit = .{};
    const filled = fillField(slot.store, request, placement, out_values, out_mask, &culprit);
    slot.detail = .{ @floatFromInt(culprit.index), @floatFromInt(culprit.count) };
    return status.result(filled);
}

fn fillField(store: *const Store, request: *const [10]f64, placement: placing.Placement, values: [*]u8, mask: [*]u8, culprit: *fields_fill.Culprit) Error!void {
    const wanted: fields_fill.Request = .{
        .placement = placement,
        .truncate = request[2] != 0,
        .type = try numbers.to(i32, request[4]),
        .kind = std.enums.fromInt(cells.Kind, try numbers.to(u8, request[5])) orelse return error.InvalidArgument,
        .width = try numbers.to(u31, request[6]),
        .scale = .{ .shift = request[7], .factor = request[8] },
    };
    // Else the size of the output would overflow.
    const row_bytes = wanted.width * @sizeOf(f64) * placement.width;
    if (wanted.width == 0 or row_bytes > std.math.maxInt(i64) / @max(1, placement.batch_size)) return error.InvalidArgument;
    const float = std.enums.fromInt(narrow.Float, try numbers.to(u8, request[3])) orelse return error.InvalidArgument;
    const source = try sourceOf(store, request[9]);
    const table: extract.Table = .{ .types = source.types, .data = source.data, .rows = source.table.rows };
    switch (float) {
        inline else => |known| try fields_fill.fill(known, table, source.table.first_row, wanted, @ptrCast(@alignCast(values)), mask, culprit),
    }
}

/// request: rows a window, side, steps (0 only the mask, 1 int64, 2 float64), source
export fn ss_steps_fill(store: u32, request: *const [4]f64, starts: [*]const f64, lengths: [*]const i32, slots: [*]const i32, count: u32, batch_size: u32, out_steps: [*]u8, out_mask: [*]u8) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const placement = placementOf(starts, lengths, slots, count, batch_size, request[0], request[1]) catch |err| return status.of(err);
    const source = sourceOf(slot.store, request[3]) catch |err| return status.of(err);
    const table = source.table;
    var culprit: fields_fill.Culprit = .{};
    const filled: Error!void = switch (numbers.to(u8, request[2]) catch 255) {
        0 => fields_fill.fillSteps(void, table, placement, undefined, out_mask, &culprit),
        1 => fields_fill.fillSteps(i64, table, placement, @ptrCast(@alignCast(out_steps)), out_mask, &culprit),
        2 => fields_fill.fillSteps(f64, table, placement, @ptrCast(@alignCast(out_steps)), out_mask, &culprit),
        else => error.InvalidArgument,
    };
    slot.detail = .{ @floatFromInt(culprit.index), 0 };
    return status.result(filled);
}

fn placementOf(starts: [*]const f64, lengths: [*]const i32, slots: [*]const i32, count: u32, batch_size: u32, width: f64, side: f64) Error!placing.Placement {
    return .{
        .starts = starts[0..count],
        .lengths = lengths[0..count],
        .slots = slots[0..count],
        .batch_size = batch_size,
        .width = try numbers.to(u31, width),
        .side = @fromBackingInt(@as(u8, try numbers.to(u1, side))),
    };
}

/// Puts the newest rows together, those in the tail among them. request: rows and tokens that are enough, values in the
/// tail (-1 where the caller does not know), how episodes are told apart (0 not, 1 by fields that are true in their last
/// row, 2 by a field that names them); out: tokens, rows, and the row and the token with which the last episode begins
export fn ss_recent_load(store: u32, request: *const [4]f64, types: [*]const i32, kinds: [*]const i32, field_count: u32, out: *[4]f64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return status.result(loadRecent(slot.store, request, types[0..field_count], kinds[0..field_count], out));
}

fn loadRecent(store: *Store, request: *const [4]f64, types: []const i32, kinds: []const i32, out: *[4]f64) Error!void {
    const rows_max = try numbers.to(u53, request[0]);
    const tokens_max = try numbers.to(u53, request[1]);
    const value_count: ?usize = if (request[2] < 0) null else try numbers.to(u24, request[2]);
    if (rows_max == 0) return error.InvalidArgument;
    const rule = try numbers.to(u8, request[3]);
    try store.loadRecent(rows_max, tokens_max, value_count);
    var start: ?usize = 0;
    if (rule > 0) {
        const fields = try fieldsOf(rule - 1, types, kinds);
        start = try lastStart(store, rule == 2, fields, types.len);
        // Rows that lack the name belong to the episode before, which only more rows can tell.
        var times: usize = 2;
        while (start == null) : (times *|= 2) {
            const before = store.recent.row_count;
            try store.loadRecent(rows_max *| times, tokens_max *| times, value_count);
            start = try lastStart(store, rule == 2, fields, types.len);
            if (store.recent.row_count == before) start = start orelse 0;
        }
    }
    const recent = &store.recent;
    const token = if (start.? < recent.row_count) recent.table().rows[start.?] else recent.token_count;
    for (out, [_]u64{ recent.token_count, recent.row_count, start.?, token }) |*to, number| to.* = @floatFromInt(number);
}

fn lastStart(store: *const Store, is_named: bool, fields: Fields, count: usize) Error!?usize {
    const source = try sourceOf(store, 1);
    var known = fields.all;
    return episodes.lastStart(.{ .types = source.types, .data = source.data, .rows = source.table.rows }, is_named, known[0..count]);
}

/// What windows are copied from: the columns, or the newest rows as they were last put together.
fn sourceOf(store: *const Store, which: f64) Error!window_fill.Source {
    if (try numbers.to(u1, which) == 1) return .{
        .table = store.recent.table(),
        .types = store.recent.types.elements[0..store.recent.token_count],
        .data = store.recent.data.elements[0..store.recent.token_count],
        .first_token = 0,
    };
    const table = tokenTable(store);
    return .{
        .table = store.rowTable(),
        .types = table.types,
        .data = table.data,
        .first_token = @intCast(store.commit.first_token),
    };
}

fn tokenTable(store: *const Store) extract.Table {
    return .{
        .types = store.files.types.slice(i32, store.commit.token_count),
        .data = store.files.data.slice(u64, store.commit.token_count),
        .rows = store.files.rows.slice(u64, store.commit.row_count),
    };
}
