//! The newest rows of a store, as far back as their episode goes.

const system = @import("../system/system.zig");
const store_file = @import("../store/store.zig");
const environments = @import("environments.zig");
const episodes = @import("episodes.zig");
const Source = @import("source.zig").Source;

const Store = store_file.Store(system.Real);

pub const Error = store_file.Error || episodes.Error;

pub const Request = struct {
    /// Rows and tokens that are enough.
    rows_max: usize,
    tokens_max: usize,
    /// Values in the tail, where that is known.
    tail_values: ?usize,
};

/// Where in the newest rows the last episode begins.
pub const Start = struct { row: usize, token: u64 };

/// Puts the newest rows together, those in the tail among them, and finds the start of the last row's episode.
pub fn load(store: *Store, request: Request, fields: *episodes.Fields) Error!Start {
    var times: usize = 1;
    var row_count: usize = 0;
    while (true) : (times *|= 2) {
        try store.loadRecent(request.rows_max *| times, request.tokens_max *| times, request.tail_values);
        const source: Source = .of(store, .newest);
        const found = try episodes.lastStart(source.tokens(), fields);
        const has_all = source.table.rows.len == row_count;
        row_count = source.table.rows.len;
        // Rows that lack the name belong to the episode before, which only more rows can tell.
        const row = found orelse if (has_all) 0 else continue;
        return .{ .row = row, .token = if (row < row_count) source.table.rows[row] else source.data.len };
    }
}

/// Puts the newest rows together, as many as hold all that are wanted of the last row's environment and its episode, and finds those.
/// held: rows that may be of the episode; returns how many were found
pub fn loadEnvironment(store: *Store, request: Request, held: usize, fields: environments.Fields, out: []f64) Error!usize {
    var rows_max = @max(1, @min(held, request.rows_max));
    while (true) : (rows_max = @min(held, 4 * rows_max)) {
        try store.loadRecent(rows_max, request.tokens_max, request.tail_values);
        const table = Source.of(store, .newest).tokens();
        if (try environments.newest(table, rows_max >= held, fields, out)) |found| return found;
    }
}
