//! What crosses the boundary in typed arrays of the viewer, as layouts.zig has it for the core.

const cells = @import("../format/cells.zig");
const series = @import("../view/series.zig");

/// How many series one pass takes.
pub const view_series_max = 64;

/// A field, and an element of its lists.
pub const ViewSeries = extern struct { field: cells.Field, element: u32 };

/// What a chart needs of some rows of a series.
pub const ViewSummary = series.Summary;

/// From the first row to the one after the last.
pub const ViewRows = series.Rows;
