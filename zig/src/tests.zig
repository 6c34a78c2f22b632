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
    _ = @import("store_test.zig");
    _ = @import("sectors.zig");
    _ = @import("fault_test.zig");
    _ = @import("power_loss_test.zig");
}
