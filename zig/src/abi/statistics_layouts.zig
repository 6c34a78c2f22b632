//! What crosses the boundary in typed arrays of statistics, as layouts.zig has it for the core.

const moments = @import("../statistics/moments.zig");
const statistics = @import("../statistics/statistics.zig");

/// How many fields one pass counts.
pub const statistics_fields_max = 256;

/// Pages of buckets: how many a field may have, the number of buckets of one, and which of them is that of zero.
pub const statistics_index_length = statistics.index_length;
pub const statistics_page_length = statistics.page_length;
pub const statistics_zero_page = statistics.zero_page;

/// By what moments can be scaled; the first is that of no values.
pub const moment_scales = moments.scales;

/// Count, mean and squares of values.
pub const Moments = moments.Moments;

/// What is counted of a field besides its buckets.
pub const FieldSummary = statistics.Summary;

/// How far a pass has come.
pub const StatisticsProgress = statistics.Progress;
