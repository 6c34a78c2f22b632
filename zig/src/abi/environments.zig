//! The part of the C ABI that knows whose each row of a store is, where rows of several environments are appended in turn.

const environments = @import("../sample/environments.zig");
const episodes = @import("../sample/episodes.zig");
const handles = @import("handles.zig");
const layouts = @import("sample_layouts.zig");
const newest = @import("../sample/newest.zig");
const numbers = @import("sample_numbers.zig");
const status = @import("status.zig");
const Source = @import("../sample/source.zig").Source;
const Store = @import("../store/store.zig").Store(@import("../system/system.zig").Real);
const FieldCells = @import("layouts.zig").FieldCells;
const Error = status.Error;

/// fields: the environment, and those that are true in the last row of an episode; progress: written back; names: the bits of
/// each ID, room for more; slots: a power of two, twice as many at the least; out: a number for each row, twice its environment's
/// and one more where an episode ends
export fn ss_environments_scan(store: u32, fields: [*]const FieldCells, field_count: u32, progress: *layouts.EnvironmentProgress, names: [*]u64, names_max: u32, slots: [*]u32, slot_count: u32, out: [*]u32, rows_max: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return status.result(scan(slot.store, fields[0..field_count], progress, names[0..names_max], slots[0..slot_count], out[0..rows_max]));
}

fn scan(store: *Store, fields: []const FieldCells, progress: *layouts.EnvironmentProgress, names: []u64, slots: []u32, out: []u32) Error!void {
    var ends: episodes.Fields = undefined;
    const known = try fieldsOf(store, fields, &ends);
    var reached = try numbers.environmentProgress(progress);
    const source: Source = .of(store, .columns);
    try environments.scan(source.tokens(), source.table.first_row, known, names, slots, &reached, out);
    // A head that does not say it is one of which nothing is durable.
    const synced = store.head.syncedCommit() catch null;
    progress.* = numbers.environmentsReached(reached, if (synced) |commit| commit.row_count else 0);
}

fn fieldsOf(store: *const Store, fields: []const FieldCells, ends: *episodes.Fields) Error!environments.Fields {
    const cell_bytes = store.files.form.kind.bytes();
    if (fields.len == 0) return error.InvalidArgument;
    const named = try numbers.episodeFields(.id, fields[0..1], cell_bytes);
    ends.* = try numbers.episodeFields(.end, fields[1..], cell_bytes);
    return .{ .environment = named.all[0], .ends = ends.all[0..ends.count] };
}

/// Adds rows to the lists, and says with which of them episodes begin. addition: written back; words: what a scan says of each
/// row; out_begun: room for as many. Stops where there is no room: what is needed is written down.
export fn ss_environments_add(
    sizes: *const layouts.EnvironmentSizes,
    parts: [*]layouts.EnvironmentPart,
    blocks: [*]layouts.EnvironmentBlock,
    listed: [*]f64,
    addition: *layouts.EnvironmentAddition,
    words: [*]const u32,
    word_count: u32,
    out_begun: [*]layouts.EnvironmentBegun,
) i32 {
    const lists = numbers.environmentLists(sizes, parts, blocks, listed) catch |err| return status.of(err);
    var added = numbers.environmentAddition(addition) catch |err| return status.of(err);
    const result = lists.add(words[0..word_count], &added, out_begun);
    numbers.environmentsAdded(added, addition);
    return status.result(result);
}

/// out: the row at each offset of a window's anchor, a position among the rows of its environment; -1 - the nearest row of the
/// window where an offset leads out of it
export fn ss_environments_rows(
    sizes: *const layouts.EnvironmentSizes,
    parts: [*]const layouts.EnvironmentPart,
    blocks: [*]const layouts.EnvironmentBlock,
    listed: [*]const f64,
    sources: [*]const i32,
    anchors: [*]const f64,
    starts: [*]const f64,
    lengths: [*]const i32,
    count: u32,
    offsets: [*]const i32,
    offset_count: u32,
    out_rows: [*]f64,
) i32 {
    const index = numbers.environmentIndex(sizes, parts, blocks, listed) catch |err| return status.of(err);
    const windows: environments.Index.Windows = .{ .sources = sources[0..count], .anchors = anchors[0..count], .starts = starts[0..count], .lengths = lengths[0..count] };
    return status.result(index.rowsOf(windows, offsets[0..offset_count], out_rows));
}

/// out: the environment of each row, and the row's position among those of it; -1 where it is none that is known
export fn ss_environments_find(
    store: u32,
    fields: [*]const FieldCells,
    sizes: *const layouts.EnvironmentSizes,
    parts: [*]const layouts.EnvironmentPart,
    blocks: [*]const layouts.EnvironmentBlock,
    listed: [*]const f64,
    names: [*]u64,
    slots: [*]u32,
    slot_count: u32,
    rows: [*]const f64,
    count: u32,
    out_sources: [*]i32,
    out_positions: [*]f64,
) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    const index = numbers.environmentIndex(sizes, parts, blocks, listed) catch |err| return status.of(err);
    const known: environments.Names = .{ .all = names[0..index.parts.len], .count = index.parts.len, .slots = slots[0..slot_count] };
    return status.result(find(slot.store, fields[0..1], index, known, rows[0..count], out_sources, out_positions));
}

fn find(store: *Store, fields: []const FieldCells, index: environments.Index, names: environments.Names, rows: []const f64, sources: [*]i32, positions: [*]f64) Error!void {
    var named = try numbers.episodeFields(.id, fields, store.files.form.kind.bytes());
    const source: Source = .of(store, .columns);
    const table = source.tokens();
    for (rows, sources, positions) |row, *environment, *position| {
        environment.* = -1;
        if (!(row >= @as(f64, @floatFromInt(source.table.first_row)) and row < @as(f64, @floatFromInt(table.rows.len))) or @trunc(row) != row) continue;
        const number = try environments.numberOf(table, names, &named.all[0], @intFromFloat(row)) orelse continue;
        position.* = try index.positionOf(@intCast(number), row) orelse continue;
        environment.* = @intCast(number);
    }
}

/// Puts the newest rows together, which fills then take for a source, and finds those of the last row's environment, as far back as
/// its episode goes. held: rows that may be of the episode; out_rows: which of the newest rows they are, the newest last
export fn ss_environments_newest(store: u32, request: *const layouts.NewestRequest, held: f64, fields: [*]const FieldCells, field_count: u32, out: *layouts.NewestOfEnvironment, out_rows: [*]f64, rows_max: u32) i32 {
    const slot = handles.take(store) catch |err| return status.of(err);
    defer slot.put();
    return status.result(loadNewest(slot.store, request, held, fields[0..field_count], out, out_rows[0..rows_max]));
}

fn loadNewest(store: *Store, request: *const layouts.NewestRequest, held: f64, fields: []const FieldCells, out: *layouts.NewestOfEnvironment, rows: []f64) Error!void {
    const wanted = try numbers.newestRequest(request);
    var ends: episodes.Fields = undefined;
    const known = try fieldsOf(store, fields, &ends);
    const found = try newest.loadEnvironment(store, wanted, try numbers.length(held), known, rows);
    out.* = .{ .row_count = @floatFromInt(store.recent.row_count), .found_count = @floatFromInt(found) };
}
