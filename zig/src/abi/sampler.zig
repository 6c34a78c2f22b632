//! The part of the C ABI that is for sampling: draws, windows, episodes, and copies of windows into batches.

const draws = @import("../sample/draws.zig");
const episodes = @import("../sample/episodes.zig");
const fields_fill = @import("../sample/fields_fill.zig");
const handles = @import("handles.zig");
const layouts = @import("sample_layouts.zig");
const mixed_windows = @import("../sample/mixed_windows.zig");
const newest = @import("../sample/newest.zig");
const numbers = @import("sample_numbers.zig");
const placing = @import("../sample/placement.zig");
const status = @import("status.zig");
const to = @import("numbers.zig").to;
const window_fill = @import("../sample/window_fill.zig");
const windows = @import("../sample/windows.zig");
const Walk = @import("groups.zig").Walk;
const Source = @import("../sample/source.zig").Source;
const Store = @import("../store/store.zig").Store(@import("../system/system.zig").Real);
const FieldCells = @import("layouts.zig").FieldCells;
const Error = status.Error;

/// order: a `layouts.DrawOrder`; out: a number for each index
export fn ss_numbers_draw(order: u32, key: *const layouts.DrawKey, indices: [*]const f64, count: u32, out: [*]f64) i32 {
    const known = numbers.enumOf(layouts.DrawOrder, order) catch |err| return status.of(err);
    const read = numbers.drawKey(key) catch |err| return status.of(err);
    return status.result(draws.fill(known, read, indices[0..count], out));
}

/// Fills cumulative[from..episode_count] and more buckets, and says in the index how many there are.
export fn ss_windows_count(index: *layouts.WindowIndex, origins: [*]const u64, from: u32, cumulative: [*]u64, buckets: [*]u32, buckets_max: u32) i32 {
    return status.result(countWindows(index, origins, from, cumulative, buckets[0..buckets_max]));
}

fn countWindows(index: *layouts.WindowIndex, origins: [*]const u64, from: u32, cumulative: [*]u64, buckets: []u32) Error!void {
    const known = try numbers.windowIndex(index, origins, cumulative, buckets.ptr);
    const bucket_count = try windows.count(known.plan, known.origins, from, cumulative[0..known.origins.len], buckets, known.buckets.len);
    index.bucket_count = @floatFromInt(bucket_count);
}

/// name: a `layouts.WindowName`, which says what `given` holds of each window; out: anchor, first position and length. Anchors
/// that are given are not written again. After an error what was written means nothing.
export fn ss_windows_locate(
    index: *const layouts.WindowIndex,
    name: u32,
    origins: [*]const u64,
    cumulative: [*]const u64,
    buckets: [*]const u32,
    given: [*]const f64,
    count: u32,
    out_anchors: [*]f64,
    out_starts: [*]f64,
    out_lengths: [*]i32,
) i32 {
    const is = numbers.enumOf(layouts.WindowName, name) catch |err| return status.of(err);
    const known = numbers.windowIndex(index, origins, cumulative, buckets) catch |err| return status.of(err);
    return status.result(switch (is) {
        .ordinal => known.locate(given[0..count], out_anchors[0..count], out_starts[0..count], out_lengths[0..count]),
        .anchor => known.resolve(given[0..count], out_starts[0..count], out_lengths[0..count]),
    });
}

/// The same of several sources. index: what all of them share, `end` being the number of windows of all and `episode_count`
/// the room in the arrays; its buckets are those of parts. sources: found for ordinals, given with the anchors.
export fn ss_mixed_windows_locate(
    index: *const layouts.WindowIndex,
    parts: [*]const layouts.WindowPart,
    part_count: u32,
    buckets: [*]const u32,
    name: u32,
    origins: [*]const u64,
    cumulative: [*]const u64,
    ordinals: [*]const f64,
    count: u32,
    sources: [*]i32,
    anchors: [*]f64,
    out_starts: [*]f64,
    out_lengths: [*]i32,
) i32 {
    const is = numbers.enumOf(layouts.WindowName, name) catch |err| return status.of(err);
    const shared = numbers.windowIndex(index, origins, cumulative, buckets) catch |err| return status.of(err);
    const known: mixed_windows.Index = .{ .plan = shared.plan, .parts = parts[0..part_count], .buckets = shared.buckets, .origins = shared.origins, .cumulative = shared.cumulative };
    return status.result(switch (is) {
        .ordinal => known.locate(ordinals[0..count], sources[0..count], anchors[0..count], out_starts[0..count], out_lengths[0..count]),
        .anchor => known.resolve(anchors[0..count], sources[0..count], out_starts[0..count], out_lengths[0..count]),
    });
}

/// out: the number of windows whose anchor lies before a position
export fn ss_windows_rank(index: *const layouts.WindowIndex, origins: [*]const u64, cumulative: [*]const u64, position: f64, out_rank: *f64) i32 {
    const known = numbers.windowIndex(index, origins, cumulative, &.{}) catch |err| return status.of(err);
    out_rank.* = @floatFromInt(known.rank(to(u54, position) catch |err| return status.of(err)));
    return status.ok;
}

/// rule: a `layouts.EpisodeRule`; progress: written back
export fn ss_episodes_scan(store: u32, rule: u32, fields: [*]const FieldCells, field_count: u32, progress: *layouts.EpisodeProgress, out_starts: [*]u64, starts_max: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return status.result(scanEpisodes(slot.store, rule, fields[0..field_count], progress, out_starts[0..starts_max]));
}

fn scanEpisodes(store: *Store, rule: u32, fields: []const FieldCells, progress: *layouts.EpisodeProgress, starts: []u64) Error!void {
    var read = try numbers.episodeFields(try numbers.enumOf(layouts.EpisodeRule, rule), fields, store.files.form.kind.bytes());
    var reached = try numbers.episodeProgress(progress);
    const source: Source = .of(store, .columns);
    try episodes.scan(source.tokens(), source.table.first_row, &read, &reached, starts);
    // A head that does not say it is one of which nothing is durable.
    const synced = store.head.syncedCommit() catch null;
    progress.* = numbers.reached(reached, if (synced) |commit| commit.row_count else 0);
}

/// The first token of each row; of the row after the last, the number of tokens.
export fn ss_rows_start(store: u32, rows: [*]const u64, count: u32, out_starts: [*]u64) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    var culprit: usize = 0;
    const found = Source.of(slot.store, .columns).startsOf(rows[0..count], out_starts, &culprit);
    slot.detail = .{ .index = @floatFromInt(culprit) };
    return status.result(found);
}

/// Puts the newest rows together, those in the tail among them, which `ss_windows_fill` then takes for a source.
export fn ss_newest_load(store: u32, request: *const layouts.NewestRequest, fields: [*]const FieldCells, field_count: u32, out: *layouts.NewestRows) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return status.result(loadNewest(slot.store, request, fields[0..field_count], out));
}

fn loadNewest(store: *Store, request: *const layouts.NewestRequest, fields: []const FieldCells, out: *layouts.NewestRows) Error!void {
    const wanted = try numbers.newestRequest(request);
    var read = try numbers.episodeFields(try numbers.toEnum(layouts.EpisodeRule, request.rule), fields, store.files.form.kind.bytes());
    const start = try newest.load(store, wanted, &read);
    out.* = .{
        .token_count = @floatFromInt(store.recent.token_count),
        .row_count = @floatFromInt(store.recent.row_count),
        .start_row = @floatFromInt(start.row),
        .start_token = @floatFromInt(start.token),
    };
}

/// Copies windows of tokens, or of rows as their tokens. groups: the stores that they are of, one after another; layout: a
/// `layouts.FillLayout`; width: tokens that a window has in the batch; fields: those whose cells are not copied as they are.
/// The detail of what is too wide: window and tokens.
export fn ss_windows_fill(
    groups: [*]const layouts.WindowGroup,
    group_count: u32,
    layout: u32,
    starts: [*]const f64,
    lengths: [*]const i32,
    slots: [*]const i32,
    batch_size: u32,
    width: u32,
    fields: [*]const layouts.ScaledField,
    field_count: u32,
    out_values: [*]u8,
    out_types: [*]i32,
    out_steps: [*]u8,
    out_mask: [*]u8,
    out_lengths: [*]i32,
) i32 {
    const wanted = numbers.fillLayout(layout) catch |err| return status.of(err);
    const out = numbers.fillOut(wanted, out_values, out_types, out_steps, out_mask, out_lengths) catch |err| return status.of(err);
    var walk: Walk = .{
        .groups = groups[0..group_count],
        .all = .{ .starts = starts, .lengths = lengths, .slots = slots, .batch_size = batch_size, .width = width, .side = wanted.side },
        .which = wanted.source,
        .reached = .{ .tokens = .of(if (wanted.part == .tokens) .tokens else .steps, out) },
    };
    return walk.result(fillWindows(&walk, wanted, fields[0..field_count], out));
}

fn fillWindows(walk: *Walk, layout: layouts.FillLayout, fields: []const layouts.ScaledField, out: window_fill.Out) Error!void {
    while (try walk.next()) |source| {
        const request: window_fill.Request = .{
            .placement = walk.placement(),
            .is_reached = walk.isReached(),
            .unit = if (layout.part == .tokens) .tokens else .steps,
            .truncate = layout.truncate,
            .fields = fields,
        };
        const filled = window_fill.fill(source.*, request, out, &walk.culprit);
        // Only what is too wide is told by its window, all else by its row.
        filled catch |err| if (err == error.WidthMismatch) {
            walk.culprit.index += walk.first;
        };
        try walk.done(filled);
    }
}

/// Copies some fields of windows of rows, each with its mask, and their steps. One function for tokens, too, would take Deno
/// a fifth longer for the newest window: it would come with more arrays. The detail of what is too wide: row, values, and
/// field.
export fn ss_fields_fill(
    groups: [*]const layouts.WindowGroup,
    group_count: u32,
    layout: u32,
    starts: [*]const f64,
    lengths: [*]const i32,
    slots: [*]const i32,
    batch_size: u32,
    width: u32,
    fields: [*]const layouts.ScaledField,
    field_count: u32,
    out_steps: [*]u8,
    out_mask: [*]u8,
    out_values_0: [*]u8,
    out_mask_0: [*]u8,
    out_values_1: [*]u8,
    out_mask_1: [*]u8,
    out_values_2: [*]u8,
    out_mask_2: [*]u8,
    out_values_3: [*]u8,
    out_mask_3: [*]u8,
) i32 {
    const wanted = numbers.fillLayout(layout) catch |err| return status.of(err);
    var walk: Walk = .{
        .groups = groups[0..group_count],
        .all = .{ .starts = starts, .lengths = lengths, .slots = slots, .batch_size = batch_size, .width = width, .side = wanted.side },
        .which = wanted.source,
        .reached = .{ .fields = .{ .has_steps = wanted.steps != .none } },
        .are_listed = wanted.listed,
    };
    const values = [layouts.dense_fields_max][*]u8{ out_values_0, out_values_1, out_values_2, out_values_3 };
    const masks = [layouts.dense_fields_max][*]u8{ out_mask_0, out_mask_1, out_mask_2, out_mask_3 };
    return walk.result(fillGroups(&walk, wanted, fields[0..field_count], &values, &masks, out_steps, out_mask));
}

fn fillGroups(walk: *Walk, layout: layouts.FillLayout, fields: []const layouts.ScaledField, values: []const [*]u8, masks: []const [*]u8, steps: [*]u8, mask: [*]u8) Error!void {
    if (layout.part != .fields or fields.len > values.len) return error.InvalidArgument;
    var known: [layouts.dense_fields_max]fields_fill.Field = undefined;
    for (known[0..fields.len], fields, 0..) |*dense, *field, i| dense.* = try numbers.denseField(field, values[i], masks[i]);
    var columns: fields_fill.Columns = try .of(known[0..fields.len]);
    const wanted_steps = try numbers.fillSteps(layout, steps);
    while (try walk.next()) |source| {
        try walk.done(fields_fill.fill(source.*, .{
            .placement = walk.placement(),
            .is_reached = walk.isReached(),
            .truncate = layout.truncate,
            .fields = known[0..fields.len],
            .steps = wanted_steps,
            .mask = mask,
        }, &columns, &walk.culprit));
    }
}
