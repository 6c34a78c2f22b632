//! Tests of windows.zig against an enumeration of all windows.

const std = @import("std");
const random = @import("random.zig");
const windows = @import("windows.zig");
const Plan = windows.Plan;
const Policy = windows.Policy;
const Index = windows.Index;
const count = windows.count;

const testing = std.testing;

/// All windows of a plan, by the definition of each policy and nothing else.
fn enumerate(plan: Plan, origins: []const u64, out: [][3]u64) usize {
    var found: usize = 0;
    for (origins, 0..) |origin, episode| {
        const end = if (episode + 1 < origins.len) origins[episode + 1] else plan.end;
        var anchor = origin;
        while (anchor < end) : (anchor += plan.stride) {
            if (plan.policy == .within and anchor + plan.length > end) continue;
            var start = anchor;
            var last = anchor;
            if (plan.policy == .around) for (0..@intCast(plan.before)) |_| {
                start = @max(start -| 1, @max(origin, plan.first));
            };
            for (1..@intCast(plan.length)) |_| switch (plan.policy) {
                .within => last += 1,
                .pad_right, .around => last = @min(last + 1, end - 1),
                .pad_left => start = @max(start -| 1, @max(origin, plan.first)),
            };
            out[found] = .{ anchor, start, (last + 1) -| start };
            found += 1;
        }
    }
    return found;
}

const Sample = struct {
    plan: Plan,
    origins: [40]u64 = undefined,
    episode_count: usize,
    cumulative: [40]u64 = undefined,
    buckets: [60]u32 = undefined,
    bucket_count: usize = 0,

    /// Episodes of all lengths, none among them; counted in two goes, as a store that grows is.
    fn draw(source: std.Random) !Sample {
        var sample: Sample = .{ .plan = .{
            .length = source.intRangeAtMost(u64, 1, 9),
            .before = source.uintAtMost(u64, 9),
            .stride = source.intRangeAtMost(u64, 1, 5),
            .policy = source.enumValue(Policy),
            .first = 0,
            .end = 0,
            .bucket_shift = source.int(u2),
        }, .episode_count = source.intRangeAtMost(usize, 1, 40) };
        var position: u64 = source.uintLessThan(u64, 4);
        for (sample.origins[0..sample.episode_count]) |*origin| {
            origin.* = position;
            position += if (source.boolean()) source.uintLessThan(u64, 4) else source.uintLessThan(u64, 30);
        }
        sample.plan.end = position;
        const half = source.uintAtMost(usize, sample.episode_count);
        const room = source.uintAtMost(usize, sample.buckets.len);
        if (half > 0) {
            var earlier = sample.plan;
            earlier.end = sample.origins[half - 1];
            sample.bucket_count = try count(earlier, sample.origins[0..half], 0, &sample.cumulative, sample.buckets[0..room], 0);
        }
        sample.bucket_count = try count(sample.plan, sample.origins[0..sample.episode_count], half, &sample.cumulative, sample.buckets[0..room], sample.bucket_count);
        if (source.boolean()) sample.plan.first = source.uintLessThan(u64, position + 2);
        return sample;
    }

    fn index(sample: *const Sample) Index {
        return .{
            .plan = sample.plan,
            .origins = sample.origins[0..sample.episode_count],
            .cumulative = sample.cumulative[0..sample.episode_count],
            .buckets = sample.buckets[0..sample.bucket_count],
        };
    }
};

test "locate, resolve and rank agree with an enumeration of all windows" {
    var generator: std.Random.DefaultPrng = .init(4);
    for (0..4000) |round| {
        errdefer std.debug.print("round {}\n", .{round});
        const sample = try Sample.draw(generator.random());
        const index = sample.index();
        var all: [1400][3]u64 = undefined;
        const found = enumerate(sample.plan, index.origins, &all);
        var ordinals: [1400]f64 = undefined;
        var wanted: [1400]f64 = undefined;
        var kept: usize = 0;
        for (all[0..found], 0..) |window, ordinal| {
            if (window[0] < sample.plan.first) continue;
            ordinals[kept] = @floatFromInt(ordinal);
            wanted[kept] = @floatFromInt(window[0]);
            kept += 1;
        }
        var anchors: [1400]f64 = undefined;
        var starts: [1400]f64 = undefined;
        var lengths: [1400]i32 = undefined;
        try index.locate(ordinals[0..kept], &anchors, &starts, &lengths);
        for (all[found - kept .. found], 0..) |window, i| {
            try testing.expectEqual(wanted[i], anchors[i]);
            try testing.expectEqual(window[1], random.fromFloat(starts[i]));
            try testing.expectEqual(@as(i32, @intCast(window[2])), lengths[i]);
        }
        var resolved: [1400]f64 = undefined;
        try index.resolve(anchors[0..kept], &resolved, &lengths);
        try testing.expectEqualSlices(f64, starts[0..kept], resolved[0..kept]);
        for (all[found - kept .. found], lengths[0..kept]) |window, length| try testing.expectEqual(window[2], @as(u64, @intCast(length)));
        try expectOthersRefused(index, wanted[0..kept], @floatFromInt(found - kept), @floatFromInt(found));
        for (0..@intCast(sample.plan.end + 3)) |position| {
            var before: u64 = 0;
            for (all[0..found]) |window| before += @intFromBool(window[0] < position);
            try testing.expectEqual(before, index.rank(position));
        }
    }
}

fn expectOthersRefused(index: Index, anchors: []const f64, first: f64, end: f64) !void {
    var out = [_]f64{-7};
    var lengths = [_]i32{-7};
    for ([_]f64{ first - 1, end, end + 100, 0x1p53, 0x1p63, -1, 0.5, std.math.nan(f64), std.math.inf(f64) }) |ordinal| {
        try testing.expectError(error.OutOfRange, index.locate(&.{ordinal}, &out, &out, &lengths));
        if (ordinal == @trunc(ordinal) and ordinal >= 0 and ordinal < 1000) continue;
        try testing.expectError(error.OutOfRange, index.resolve(&.{ordinal}, &out, &lengths));
    }
    var next: usize = 0;
    for (0..@intCast(index.plan.end + 3)) |position| {
        const anchor: f64 = @floatFromInt(position);
        if (next < anchors.len and anchors[next] == anchor) {
            next += 1;
        } else {
            try testing.expectError(error.OutOfRange, index.resolve(&.{anchor}, &out, &lengths));
        }
    }
    try testing.expectEqual(-7, out[0]);
    try testing.expectEqual(-7, lengths[0]);
}

test "buckets name the last episode that begins at or before their first ordinal" {
    var generator: std.Random.DefaultPrng = .init(5);
    for (0..2000) |_| {
        const sample = try Sample.draw(generator.random());
        const index = sample.index();
        for (index.buckets, 0..) |episode, bucket| {
            const ordinal = @as(u64, bucket) << sample.plan.bucket_shift;
            try testing.expect(index.cumulative[episode] <= ordinal and index.cumulative[episode + 1] > ordinal);
        }
    }
}

test "origins that go back, or lie beyond the end, are refused, and an index that lies stays within its arrays" {
    const plan: Plan = .{ .length = 2, .stride = 1, .policy = .within, .first = 0, .end = 10, .bucket_shift = 0 };
    var cumulative = [_]u64{ 9, 9, 9 };
    for ([_][3]u64{ .{ 0, 5, 4 }, .{ 0, 5, 11 }, .{ 11, 11, 11 } }) |origins| {
        try testing.expectError(error.InvalidArgument, count(plan, &origins, 0, &cumulative, &.{}, 0));
    }
    try testing.expectError(error.InvalidArgument, count(plan, &.{0}, 2, &cumulative, &.{}, 0));
    try testing.expectEqual([_]u64{ 9, 9, 9 }, cumulative);
    var generator: std.Random.DefaultPrng = .init(6);
    const source = generator.random();
    for (0..20_000) |_| {
        var lies: Index = .{ .plan = plan, .origins = &.{}, .cumulative = &.{}, .buckets = &.{} };
        lies.plan.policy = source.enumValue(Policy);
        var origins: [5]u64 = undefined;
        var sums: [5]u64 = undefined;
        var buckets: [5]u32 = undefined;
        for (&origins, &sums, &buckets) |*origin, *sum, *bucket| {
            origin.* = if (source.boolean()) source.uintLessThan(u64, 12) else source.int(u64);
            sum.* = if (source.boolean()) source.uintLessThan(u64, 12) else source.int(u64);
            bucket.* = if (source.boolean()) source.uintLessThan(u32, 6) else source.int(u32);
        }
        lies.origins = &origins;
        lies.cumulative = &sums;
        lies.buckets = &buckets;
        var out: [1]f64 = undefined;
        var lengths: [1]i32 = undefined;
        lies.locate(&.{@floatFromInt(source.uintLessThan(u32, 14))}, &out, &out, &lengths) catch {};
        lies.resolve(&.{@floatFromInt(source.uintLessThan(u32, 14))}, &out, &lengths) catch {};
        _ = lies.rank(source.uintLessThan(u64, 14));
    }
}
