//! All tests of the library in one root.

test {
    _ = @import("format/format.zig");
    _ = @import("format/cells.zig");
    _ = @import("format/bits.zig");
    _ = @import("format/extras.zig");
    _ = @import("store/extra_values.zig");
    _ = @import("format/sum.zig");
    _ = @import("abi/numbers.zig");
    _ = @import("read/extract_test.zig");
    _ = @import("read/gather.zig");
    _ = @import("read/rows.zig");
    _ = @import("read/types.zig");
    _ = @import("read/data.zig");
    _ = @import("store/encode_test.zig");
    _ = @import("sample/random.zig");
    _ = @import("sample/draws.zig");
    _ = @import("sample/permutation.zig");
    _ = @import("sample/windows_test.zig");
    _ = @import("sample/mixed_windows.zig");
    _ = @import("sample/episodes_test.zig");
    _ = @import("sample/environments_test.zig");
    _ = @import("read/narrow.zig");
    _ = @import("read/outputs.zig");
    _ = @import("sample/placement.zig");
    _ = @import("sample/window_fill.zig");
    _ = @import("sample/fields_fill_test.zig");
    _ = @import("sample/offsets_fill_test.zig");
    _ = @import("sample/priorities_test.zig");
    _ = @import("statistics/moments.zig");
    _ = @import("statistics/statistics_test.zig");
    _ = @import("read/recent.zig");
    _ = @import("store/drop.zig");
    _ = @import("testing/store_test.zig");
    _ = @import("testing/segments_test.zig");
    _ = @import("testing/dropping_test.zig");
    _ = @import("testing/batch_test.zig");
    _ = @import("testing/recovery_test.zig");
    _ = @import("testing/session_test.zig");
    _ = @import("testing/sectors.zig");
    _ = @import("testing/fault_test.zig");
    _ = @import("testing/full_disk_test.zig");
    _ = @import("testing/power_loss_test.zig");
    _ = @import("testing/extras_test.zig");
    _ = @import("testing/extra_segments_test.zig");
    _ = @import("testing/large_test.zig");
}
