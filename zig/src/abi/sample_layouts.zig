//! What crosses the boundary in typed arrays of samplers, as layouts.zig has it for the core.

const Output = @import("../read/outputs.zig").Output;
const draws = @import("../sample/draws.zig");
const environment_lists = @import("../sample/environment_lists.zig");
const environments = @import("../sample/environments.zig");
const episodes = @import("../sample/episodes.zig");
const fields_fill = @import("../sample/fields_fill.zig");
const grouping = @import("../sample/grouping.zig");
const source = @import("../sample/source.zig");
const placement = @import("../sample/placement.zig");
const mixed_windows = @import("../sample/mixed_windows.zig");
const priorities = @import("../sample/priorities.zig");
const window_fill = @import("../sample/window_fill.zig");
const windows = @import("../sample/windows.zig");

/// How numbers are drawn.
pub const DrawOrder = draws.Order;

/// What drawn numbers depend on besides the index of the draw.
pub const DrawKey = extern struct {
    seed_low: f64,
    seed_high: f64,
    /// Of random draws what they are for; of a permutation its epoch.
    stream: f64,
    /// How many numbers there are to draw from.
    bound: f64,
    /// Of geometric draws, between 0 and 1.
    decay: f64,
};

/// At which places of an episode windows stand.
pub const WindowPolicy = windows.Policy;

/// Which windows there are, beside the arrays that say where episodes begin.
pub const WindowIndex = extern struct {
    /// Positions a window, and from one anchor to the next.
    window_length: f64,
    stride: f64,
    /// Positions before the anchor, where a window goes around it.
    before: f64,
    /// A `WindowPolicy`.
    policy: f64,
    /// The first position that is kept, and the one after the last.
    first: f64,
    end: f64,
    episode_count: f64,
    /// A bucket is for 2^shift ordinals; so many of them are filled.
    bucket_shift: f64,
    bucket_count: f64,
};

/// Which of the windows of several sources are one source's, beside the arrays in which the episodes of all stand.
pub const WindowPart = mixed_windows.Part;

/// What windows that are to be located are named by.
pub const WindowName = enum(u32) { ordinal, anchor };

/// How episodes are told apart.
pub const EpisodeRule = episodes.Rule;

/// How many fields may tell where an episode ends.
pub const episode_fields_max = episodes.fields_max;

/// How far a store was searched for episodes.
pub const EpisodeProgress = extern struct {
    /// The next row to look at, and the one after the last.
    row: f64,
    end_row: f64,
    /// 1 where a row had an ID, and the bits of the last one.
    has_id: f64,
    id_low: f64,
    id_high: f64,
    start_count: f64,
    /// Rows that the last sync made durable.
    synced_rows: f64,
};

/// How far a store was searched for environments.
pub const EnvironmentProgress = extern struct {
    /// The next row to look at, and the one after the last.
    row: f64,
    end_row: f64,
    /// Environments that are known, and of those the ones that have their slots.
    name_count: f64,
    slot_count: f64,
    /// Rows that were looked at.
    row_count: f64,
    /// 1 where the next row has no environment, or is of one that there is no room for.
    is_nameless: f64,
    is_full: f64,
    /// Rows that the last sync made durable.
    synced_rows: f64,
};

/// Rows of environments that are added to the lists, for each of which there is a word.
pub const EnvironmentAddition = extern struct {
    /// The row of the first word; those before `listed_row` are in the lists already.
    row: f64,
    listed_row: f64,
    /// The row after the last one of all.
    end_row: f64,
    /// Before this row another writer began; 0 where that ends no episode.
    session_row: f64,
    /// Where the next blocks whose rows are listed have their places, up to an end.
    listed_next: f64,
    listed_end: f64,
    /// Rows that were added, and episodes that begin with some of them.
    row_count: f64,
    begun_count: f64,
    /// An `EnvironmentNeed`.
    need: f64,
};

/// What there must be room for before the next row can be added.
pub const EnvironmentNeed = environment_lists.Need;

/// An environment whose episode begins, and at which of its rows.
pub const EnvironmentBegun = environment_lists.Begun;

/// How long the arrays are that say where the rows of environments stand.
pub const EnvironmentSizes = extern struct { part_count: f64, block_count: f64, listed_count: f64 };

/// An environment, a block of its rows, and how many those are.
pub const EnvironmentPart = environments.Part;
pub const EnvironmentBlock = environments.Block;
pub const environment_block_rows = environments.block_rows;

/// Which of the newest rows are wanted.
pub const NewestRequest = extern struct {
    /// Rows and tokens that are enough.
    rows_max: f64,
    tokens_max: f64,
    /// Values in the tail, or -1 where the caller does not know.
    tail_values: f64,
    /// An `EpisodeRule`.
    rule: f64,
};

/// The newest rows as they were put together, and where in them the last episode begins.
pub const NewestRows = extern struct {
    token_count: f64,
    row_count: f64,
    start_row: f64,
    start_token: f64,
};

/// The newest rows as they were put together, and how many of the last one's environment were found in them.
pub const NewestOfEnvironment = extern struct { row_count: f64, found_count: f64 };

/// What the numbers of a batch are.
pub const BatchOutput = Output;

/// A store, by its handle, and how many of the windows that a call copies are of it.
pub const WindowGroup = grouping.Group;

/// What a call fills of a batch, and with what.
pub const FillLayout = packed struct(u32) {
    /// Windows of tokens, or of rows as their tokens, or some fields of rows.
    part: enum(u2) { tokens, rows, fields, _ },
    source: source.Which,
    side: placement.Side,
    /// Whether of too many tokens or values some are left out; else they are an error.
    truncate: bool,
    values: Output,
    types: bool,
    steps: enum(u2) { none, int64, float64, _ },
    /// Of rows around an anchor: whether the nearest row stands for one outside of its episode.
    repeats: bool,
    /// Of fields of rows: whether behind the starts stand the rows of each place, windows of fewer have some that say nothing;
    /// of rows around anchors, behind those the row of each offset, or where it lies outside of the episode -1 - the nearest one.
    listed: bool,
    unused: u18,
};

/// A field by its type ID, what its cells hold, by what its numbers are shifted and then multiplied, and its values a row.
pub const ScaledField = window_fill.Field;

/// How many dense fields a call fills.
pub const dense_fields_max = fields_fill.fields_max;

/// Children of a node of the sum tree.
pub const priority_fanout = priorities.fanout;

/// Which array the sum tree is, and which positions its leaves stand for.
pub const PriorityTree = extern struct {
    node_count: f64,
    /// Leaves that there is room for.
    capacity: f64,
    /// The position of the first leaf, and the one after the last.
    base: f64,
    end: f64,
};

/// Positions that get one priority.
pub const PriorityFill = extern struct {
    from: f64,
    to: f64,
    stride: f64,
    /// Negative to take the positions out.
    priority: f64,
    alpha: f64,
};

/// What a change of priorities did, or what it was refused for.
pub const PriorityReport = priorities.Report;

pub const PriorityRefusal = priorities.Refusal;
