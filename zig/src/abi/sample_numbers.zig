//! Arguments of samplers that come as arrays of float64, read into what they stand for and checked.

const std = @import("std");
const Output = @import("../read/outputs.zig").Output;
const draws = @import("../sample/draws.zig");
const environment_lists = @import("../sample/environment_lists.zig");
const environments = @import("../sample/environments.zig");
const episodes = @import("../sample/episodes.zig");
const fields_fill = @import("../sample/fields_fill.zig");
const newest = @import("../sample/newest.zig");
const offsets_fill = @import("../sample/offsets_fill.zig");
const placing = @import("../sample/placement.zig");
const priorities = @import("../sample/priorities.zig");
const window_fill = @import("../sample/window_fill.zig");
const windows = @import("../sample/windows.zig");
const layouts = @import("sample_layouts.zig");
const numbers = @import("numbers.zig");
const FieldCells = @import("layouts.zig").FieldCells;

pub const Error = numbers.Error;
pub const toEnum = numbers.toEnum;
pub const length = numbers.length;

pub fn enumOf(comptime Enum: type, number: u32) Error!Enum {
    return std.enums.fromInt(Enum, number) orelse error.InvalidArgument;
}

pub fn drawKey(from: *const layouts.DrawKey) Error!draws.Key {
    return .{
        .seed = .{ try numbers.to(u32, from.seed_low), try numbers.to(u32, from.seed_high) },
        .stream = try numbers.to(u53, from.stream),
        .bound = try numbers.to(u54, from.bound),
        .decay = from.decay,
    };
}

fn windowPlan(from: *const layouts.WindowIndex) Error!windows.Plan {
    const plan: windows.Plan = .{
        .length = try numbers.to(u31, from.window_length),
        .before = try numbers.to(u31, from.before),
        .stride = try numbers.to(u53, from.stride),
        .policy = try numbers.toEnum(windows.Policy, from.policy),
        .first = try numbers.to(u53, from.first),
        .end = try numbers.to(u53, from.end),
        .bucket_shift = try numbers.to(u6, from.bucket_shift),
    };
    // The length of a window crosses as an i32.
    if (plan.length + plan.before > std.math.maxInt(i32)) return error.InvalidArgument;
    return if (plan.length == 0 or plan.stride == 0) error.InvalidArgument else plan;
}

pub fn windowIndex(from: *const layouts.WindowIndex, origins: [*]const u64, cumulative: [*]const u64, buckets: [*]const u32) Error!windows.Index {
    const episode_count = try numbers.to(u32, from.episode_count);
    return .{
        .plan = try windowPlan(from),
        .origins = origins[0..episode_count],
        .cumulative = cumulative[0..episode_count],
        .buckets = buckets[0..try numbers.to(u32, from.bucket_count)],
    };
}

pub fn episodeFields(rule: episodes.Rule, from: []const FieldCells, cell_bytes: usize) Error!episodes.Fields {
    var fields: episodes.Fields = .{ .rule = rule, .count = from.len };
    if (from.len > fields.all.len) return error.InvalidArgument;
    for (fields.all[0..from.len], from) |*field, cell| {
        field.* = .{ .type = cell.type, .kind = try cell.known(cell_bytes) };
    }
    return fields;
}

pub fn episodeProgress(from: *const layouts.EpisodeProgress) Error!episodes.Progress {
    const id = @as(u64, try numbers.to(u32, from.id_high)) << 32 | try numbers.to(u32, from.id_low);
    return .{
        .row = try numbers.to(u53, from.row),
        .end_row = try numbers.to(u53, from.end_row),
        .id = if (from.has_id != 0) id else null,
    };
}

pub fn reached(progress: episodes.Progress, synced_rows: u64) layouts.EpisodeProgress {
    const id = progress.id orelse 0;
    return .{
        .row = @floatFromInt(progress.row),
        .end_row = @floatFromInt(progress.end_row),
        .has_id = @floatFromInt(@intFromBool(progress.id != null)),
        .id_low = @floatFromInt(id & 0xffff_ffff),
        .id_high = @floatFromInt(id >> 32),
        .start_count = @floatFromInt(progress.start_count),
        .synced_rows = @floatFromInt(synced_rows),
    };
}

pub fn environmentProgress(from: *const layouts.EnvironmentProgress) Error!environments.Progress {
    return .{
        .row = try numbers.to(u53, from.row),
        .end_row = try numbers.to(u53, from.end_row),
        .name_count = try numbers.to(u31, from.name_count),
        .slot_count = try numbers.to(u31, from.slot_count),
    };
}

pub fn environmentsReached(progress: environments.Progress, synced_rows: u64) layouts.EnvironmentProgress {
    return .{
        .row = @floatFromInt(progress.row),
        .end_row = @floatFromInt(progress.end_row),
        .name_count = @floatFromInt(progress.name_count),
        .slot_count = @floatFromInt(progress.slot_count),
        .row_count = @floatFromInt(progress.row_count),
        .is_nameless = @floatFromInt(@intFromBool(progress.is_nameless)),
        .is_full = @floatFromInt(@intFromBool(progress.is_full)),
        .synced_rows = @floatFromInt(synced_rows),
    };
}

pub fn environmentAddition(from: *const layouts.EnvironmentAddition) Error!environment_lists.Addition {
    return .{
        .row = try numbers.to(u53, from.row),
        .listed_row = try numbers.to(u53, from.listed_row),
        .end_row = try numbers.to(u53, from.end_row),
        .session_row = from.session_row,
        .listed_next = try numbers.to(u53, from.listed_next),
        .listed_end = try numbers.to(u53, from.listed_end),
    };
}

pub fn environmentsAdded(addition: environment_lists.Addition, to: *layouts.EnvironmentAddition) void {
    to.listed_row = @floatFromInt(addition.listed_row);
    to.listed_next = @floatFromInt(addition.listed_next);
    to.row_count = @floatFromInt(addition.row_count);
    to.begun_count = @floatFromInt(addition.begun_count);
    to.need = @floatFromInt(@backingInt(addition.need));
}

pub fn environmentLists(sizes: *const layouts.EnvironmentSizes, parts: [*]environments.Part, blocks: [*]environments.Block, listed: [*]f64) Error!environment_lists.Lists {
    return .{
        .parts = parts[0..try numbers.to(u31, sizes.part_count)],
        .blocks = blocks[0..try numbers.length(sizes.block_count)],
        .listed = listed[0..try numbers.length(sizes.listed_count)],
    };
}

pub fn environmentIndex(sizes: *const layouts.EnvironmentSizes, parts: [*]const environments.Part, blocks: [*]const environments.Block, listed: [*]const f64) Error!environments.Index {
    return .{
        .parts = parts[0..try numbers.to(u31, sizes.part_count)],
        .blocks = blocks[0..try numbers.length(sizes.block_count)],
        .listed = listed[0..try numbers.length(sizes.listed_count)],
    };
}

pub fn newestRequest(from: *const layouts.NewestRequest) Error!newest.Request {
    const rows_max = try numbers.to(u53, from.rows_max);
    if (rows_max == 0) return error.InvalidArgument;
    return .{
        .rows_max = rows_max,
        .tokens_max = try numbers.to(u53, from.tokens_max),
        .tail_values = if (from.tail_values < 0) null else try numbers.to(u24, from.tail_values),
    };
}

pub fn fillLayout(number: u32) Error!layouts.FillLayout {
    const layout: layouts.FillLayout = @bitCast(number);
    return if (layout.unused != 0) error.InvalidArgument else layout;
}

pub fn fillSteps(layout: layouts.FillLayout, steps: [*]u8) Error!placing.Steps {
    return switch (layout.steps) {
        .none => .none,
        .int64 => .{ .int64 = @ptrCast(@alignCast(steps)) },
        .float64 => .{ .float64 = @ptrCast(@alignCast(steps)) },
        _ => error.InvalidArgument,
    };
}

pub fn fillOut(layout: layouts.FillLayout, values: [*]u8, types: [*]i32, steps: [*]u8, mask: [*]u8, lengths: [*]i32) Error!window_fill.Out {
    return .{
        .values = .of(layout.values, values),
        .types = if (layout.types) types else null,
        .steps = try fillSteps(layout, steps),
        .mask = mask,
        .lengths = lengths,
    };
}

pub fn denseField(field: *const layouts.ScaledField, values: [*]u8, mask: [*]u8) Error!fields_fill.Field {
    const output: Output = @fromBackingInt(@intCast(try numbers.to(u4, field.output)));
    return .{
        .type = try field.typeId(),
        .kind = try field.kindOf(),
        .scale = field.scale(),
        .width = try numbers.to(u31, field.width),
        .out = .{ .values = .of(output, values), .mask = mask },
    };
}

pub fn offsetsRequest(layout: layouts.FillLayout, anchors: offsets_fill.Anchors, offsets: []const i32, field: *const layouts.ScaledField, cell_bytes: usize) Error!offsets_fill.Request {
    if (layout.part != .fields) return error.InvalidArgument;
    return .{
        .anchors = anchors,
        .offsets = offsets,
        .repeats = layout.repeats,
        .type = try field.typeId(),
        .kind = try field.cellKind(cell_bytes),
        .width = try numbers.to(u31, field.width),
        .truncate = layout.truncate,
        .scale = field.scale(),
    };
}

pub fn priorityTree(nodes: [*]f64, from: *const layouts.PriorityTree) (Error || priorities.Error)!priorities.Tree {
    const node_count = try numbers.to(u48, from.node_count);
    return .of(nodes[0..node_count], try numbers.to(u48, from.capacity), try numbers.to(u53, from.base), try numbers.to(u53, from.end));
}
