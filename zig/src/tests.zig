//! All tests of the library in one root.

test {
    _ = @import("format.zig");
    _ = @import("cells.zig");
    _ = @import("bits.zig");
    _ = @import("sum.zig");
    _ = @import("numbers.zig");
    _ = @import("extract.zig");
    _ = @import("gather.zig");
    _ = @import("rows.zig");
    _ = @import("random.zig");
    _ = @import("permutation.zig");
    _ = @import("windows_test.zig");
    _ = @import("episodes.zig");
    _ = @import("narrow.zig");
    _ = @import("placement.zig");
    _ = @import("window_fill.zig");
    _ = @import("fields_fill.zig");
    _ = @import("priorities.zig");
    _ = @import("moments.zig");
    _ = @import("statistics.zig");
    _ = @import("recent.zig");
    _ = @import("store_test.zig");
    _ = @import("sectors.zig");
    _ = @import("fault_test.zig");
    _ = @import("full_disk_test.zig");
    _ = @import("power_loss_test.zig");
    _ = @import("large_test.zig");
}
