//! The windows of several sources in one row of ordinals: those of the first source come first. What they share is the
//! length, the stride and the policy; where their episodes begin stands in one array for all.

const std = @import("std");
const random = @import("random.zig");
const windows = @import("windows.zig");

pub const Error = windows.Error;

/// One source.
pub const Part = extern struct {
    /// The ordinal of its first window among those of all sources, and the ordinal of that window in the source.
    base: f64,
    skipped: f64,
    /// Where its episodes stand in the arrays, and how many there are.
    episode_first: f64,
    episode_count: f64,
    /// The first position that is kept, and the one after the last.
    first: f64,
    end: f64,

    /// What the array of a caller says is used once it is known to be no more than this.
    fn episodes(part: Part, room: usize) Error![2]usize {
        const are_whole = isBelow(part.episode_first, room + 1) and isBelow(part.episode_count, room + 1);
        if (!are_whole or !isBelow(part.first, 1 << 53) or !isBelow(part.end, 1 << 53)) return error.InvalidArgument;
        const first: usize = @intCast(random.fromFloat(part.episode_first));
        const count: usize = @intCast(random.fromFloat(part.episode_count));
        return if (count == 0 or count > room - first) error.InvalidArgument else .{ first, first + count - 1 };
    }
};

fn isBelow(number: f64, limit: u64) bool {
    return number >= 0 and number < random.toFloat(limit) and @trunc(number) == number;
}

const Name = enum { ordinal, anchor };

pub const Index = struct {
    /// Of all sources; `end` is the number of windows of all.
    plan: windows.Plan,
    parts: []const Part,
    /// For every 2^shift ordinals, the part of the first.
    buckets: []const u32 = &.{},
    origins: []const u64,
    cumulative: []const u64,

    /// The windows with the given ordinals. On an error, what was written means nothing.
    pub fn locate(index: Index, ordinals: []const f64, sources: []i32, anchors: []f64, starts: []f64, lengths: []i32) Error!void {
        if (!random.areIndices(ordinals, index.plan.end)) return error.OutOfRange;
        for (ordinals, sources, anchors) |ordinal, *source, *anchor| {
            source.* = try index.partOf(ordinal);
            const part = index.parts[@intCast(source.*)];
            anchor.* = ordinal - part.base + part.skipped;
        }
        return index.place(.ordinal, anchors, sources, starts, lengths);
    }

    /// The windows of sources with the given anchors. On an error, what was written means nothing.
    pub fn resolve(index: Index, anchors: []f64, sources: []const i32, starts: []f64, lengths: []i32) Error!void {
        for (sources) |source| if (source < 0 or source >= index.parts.len) return error.OutOfRange;
        return index.place(.anchor, anchors, sources, starts, lengths);
    }

    /// anchors: what each window is named by within its source, and then its anchor.
    noinline fn place(index: Index, name: Name, anchors: []f64, sources: []const i32, starts: []f64, lengths: []i32) Error!void {
        if (!random.areIndices(anchors, 1 << 53)) return error.OutOfRange;
        const values = if (name == .ordinal) index.cumulative else index.origins;
        var search: windows.Search = undefined;
        var wanted: [windows.stage_size]u64 = undefined;
        var last: [windows.stage_size]usize = undefined;
        var done: usize = 0;
        while (done < anchors.len) : (done += windows.stage_size) {
            const stage = @min(anchors.len - done, windows.stage_size);
            for (anchors[done..][0..stage], sources[done..][0..stage], 0..) |number, source, i| {
                const range = try index.parts[@intCast(source)].episodes(values.len);
                wanted[i] = random.fromFloat(number);
                last[i] = range[1];
                search.guess(i, values, range, wanted[i]);
            }
            search.run(values, wanted[0..stage]);
            for (0..stage, done..) |i, at| {
                const part = index.parts[@intCast(sources[at])];
                var plan = index.plan;
                plan.first = random.fromFloat(part.first);
                const episode = search.low[i];
                const origin = index.origins[episode];
                const end = if (episode < last[i]) index.origins[episode + 1] else random.fromFloat(part.end);
                const number = switch (name) {
                    .ordinal => wanted[i] -% index.cumulative[episode],
                    .anchor => if (wanted[i] < origin) return error.OutOfRange else plan.strides(wanted[i] - origin),
                };
                if (number >= plan.countOf(origin, end)) return error.OutOfRange;
                const anchor = origin + number * plan.stride;
                if (anchor < plan.first or (name == .anchor and anchor != wanted[i])) return error.OutOfRange;
                const window = plan.windowAt(anchor, origin, end);
                anchors[at] = random.toFloat(anchor);
                starts[at] = random.toFloat(window[0]);
                lengths[at] = @intCast(window[1]);
            }
        }
    }

    /// The last part whose first window is not after the ordinal: of those that have none, the next with some.
    fn partOf(index: Index, ordinal: f64) Error!i32 {
        if (index.parts.len == 0 or index.parts[0].base > ordinal) return error.InvalidArgument;
        var low, const last = windows.near(index.buckets, index.plan.bucket_shift, random.fromFloat(ordinal), index.parts.len - 1);
        var size = last - low + 1;
        while (size > 1) {
            const half = size / 2;
            low += if (index.parts[low + half].base <= ordinal) half else 0;
            size -= half;
        }
        return @intCast(low);
    }
};

const testing = std.testing;

/// Sources of a few episodes each, some without any, laid out one after another with room between them.
const Sample = struct {
    plan: windows.Plan,
    parts: [9]Part = undefined,
    part_count: usize,
    buckets: [windows_max]u32 = undefined,
    bucket_count: usize = 0,
    origins: [episodes_max]u64 = @splat(77),
    cumulative: [episodes_max]u64 = @splat(77),

    const episodes_max = 9 * 64;
    const windows_max = 9 * 60 * 14;

    fn draw(source: std.Random) !Sample {
        var sample: Sample = .{
            .plan = .{
                .length = source.intRangeAtMost(u64, 1, 9),
                .stride = source.intRangeAtMost(u64, 1, 5),
                .policy = source.enumValue(windows.Policy),
                .first = 0,
                .end = 0,
                .bucket_shift = 0,
            },
            .part_count = source.intRangeAtMost(usize, 1, 9),
        };
        var at: usize = 0;
        for (sample.parts[0..sample.part_count]) |*part| {
            at += source.uintLessThan(usize, 4);
            const episode_count = source.intRangeAtMost(usize, 1, if (source.boolean()) 12 else 60);
            var position: u64 = source.uintLessThan(u64, 4);
            for (sample.origins[at..][0..episode_count]) |*origin| {
                origin.* = position;
                position += source.uintLessThan(u64, 15);
            }
            var plan = sample.plan;
            plan.end = position;
            _ = try windows.count(plan, sample.origins[at..][0..episode_count], 0, sample.cumulative[at..][0..episode_count], &.{}, 0);
            const index: windows.Index = .{ .plan = plan, .origins = sample.origins[at..][0..episode_count], .cumulative = sample.cumulative[at..][0..episode_count] };
            const first = source.uintLessThan(u64, position + 2);
            const skipped = index.rank(first);
            part.* = .{
                .base = random.toFloat(sample.plan.end),
                .skipped = random.toFloat(skipped),
                .episode_first = random.toFloat(at),
                .episode_count = random.toFloat(episode_count),
                .first = random.toFloat(first),
                .end = random.toFloat(position),
            };
            sample.plan.end += index.rank(position) - skipped;
            at += episode_count;
        }
        if (source.boolean()) sample.fillBuckets(source.uintLessThan(u6, 7));
        return sample;
    }

    fn fillBuckets(sample: *Sample, shift: u6) void {
        sample.plan.bucket_shift = shift;
        sample.bucket_count = @intCast((sample.plan.end + (@as(u64, 1) << shift) - 1) >> shift);
        for (sample.buckets[0..sample.bucket_count], 0..) |*bucket, number| {
            for (sample.parts[0..sample.part_count], 0..) |part, index| {
                if (part.base <= random.toFloat(@as(u64, number) << shift)) bucket.* = @intCast(index);
            }
        }
    }

    fn indexOf(sample: *const Sample) Index {
        return .{ .plan = sample.plan, .parts = sample.parts[0..sample.part_count], .buckets = sample.buckets[0..sample.bucket_count], .origins = &sample.origins, .cumulative = &sample.cumulative };
    }
};

test "windows of several sources are those of each, one source after another" {
    var generator: std.Random.DefaultPrng = .init(21);
    const source = generator.random();
    for (0..1500) |round| {
        errdefer std.debug.print("round {}\n", .{round});
        const sample = try Sample.draw(source);
        const index = sample.indexOf();
        var ordinals: [Sample.windows_max]f64 = undefined;
        var wanted: [Sample.windows_max]struct { usize, u64 } = undefined;
        var count: usize = 0;
        for (index.parts, 0..) |part, number| {
            const end = if (number + 1 < index.parts.len) index.parts[number + 1].base else random.toFloat(sample.plan.end);
            for (random.fromFloat(part.base)..random.fromFloat(end)) |ordinal| {
                ordinals[count] = random.toFloat(ordinal);
                wanted[count] = .{ number, ordinal - random.fromFloat(part.base) + random.fromFloat(part.skipped) };
                count += 1;
            }
        }
        var sources: [Sample.windows_max]i32 = undefined;
        var anchors: [Sample.windows_max]f64 = undefined;
        var starts: [Sample.windows_max]f64 = undefined;
        var lengths: [Sample.windows_max]i32 = undefined;
        var again: [2][Sample.windows_max]f64 = undefined;
        var lengths_again: [Sample.windows_max]i32 = undefined;
        try index.locate(ordinals[0..count], sources[0..count], anchors[0..count], starts[0..count], lengths[0..count]);
        again[1] = anchors;
        try index.resolve(again[1][0..count], sources[0..count], again[0][0..count], lengths_again[0..count]);
        try testing.expectEqualSlices(f64, anchors[0..count], again[1][0..count]);
        try testing.expectEqualSlices(f64, starts[0..count], again[0][0..count]);
        try testing.expectEqualSlices(i32, lengths[0..count], lengths_again[0..count]);
        for (0..count) |i| {
            const part = index.parts[wanted[i][0]];
            const at: usize = @intFromFloat(part.episode_first);
            const episode_count: usize = @intFromFloat(part.episode_count);
            var plan = sample.plan;
            plan.first = random.fromFloat(part.first);
            plan.end = random.fromFloat(part.end);
            const alone: windows.Index = .{ .plan = plan, .origins = sample.origins[at..][0..episode_count], .cumulative = sample.cumulative[at..][0..episode_count] };
            var place: [3]f64 = undefined;
            var length: [1]i32 = undefined;
            try alone.locate(&.{random.toFloat(wanted[i][1])}, place[0..1], place[1..2], &length);
            try testing.expectEqual(wanted[i][0], @as(usize, @intCast(sources[i])));
            try testing.expectEqual(.{ place[0], place[1], length[0] }, .{ anchors[i], starts[i], lengths[i] });
        }
    }
}

test "parts, ordinals and anchors that are none are refused" {
    const good: Part = .{ .base = 0, .skipped = 0, .episode_first = 1, .episode_count = 2, .first = 0, .end = 9 };
    const origins = [_]u64{ 0, 0, 5 };
    const cumulative = [_]u64{ 0, 0, 4 };
    const plan: windows.Plan = .{ .length = 2, .stride = 1, .policy = .within, .first = 0, .end = 7, .bucket_shift = 0 };
    var sources = [_]i32{0};
    var out: [2]f64 = undefined;
    var lengths: [1]i32 = undefined;
    const index: Index = .{ .plan = plan, .parts = &.{good}, .origins = &origins, .cumulative = &cumulative };
    try index.locate(&.{6}, &sources, out[0..1], out[1..2], &lengths);
    try testing.expectEqual(.{ [2]f64{ 7, 7 }, 2 }, .{ out, lengths[0] });
    for ([_]f64{ -1, 7, 0.5, std.math.nan(f64) }) |ordinal| {
        try testing.expectError(error.OutOfRange, index.locate(&.{ordinal}, &sources, out[0..1], out[1..2], &lengths));
    }
    for ([_]f64{ -1, 4, 8, 9, 0.5, std.math.nan(f64) }) |anchor| {
        out[0] = anchor;
        try testing.expectError(error.OutOfRange, index.resolve(out[0..1], &sources, out[1..2], &lengths));
    }
    const astray: Index = .{ .plan = plan, .parts = &.{ good, .{ .base = 7, .skipped = 0, .episode_first = 1, .episode_count = 2, .first = 0, .end = 9 } }, .buckets = &.{ 9, 8, 1, 1, 1, 1, 1 }, .origins = &origins, .cumulative = &cumulative };
    try testing.expectError(error.OutOfRange, astray.locate(&.{3}, &sources, out[0..1], out[1..2], &lengths));
    out[0] = 1;
    for ([_]i32{ -1, 1 }) |source| try testing.expectError(error.OutOfRange, index.resolve(out[0..1], &.{source}, out[1..2], &lengths));
    for ([_]f64{ -1, 0.5, 2, 0x1p60, std.math.nan(f64) }) |number| {
        for ([_][]const u8{ "episode_first", "first", "end" }) |name| {
            if (number == 2 and name[0] != 'e') continue;
            var bad = good;
            inline for (@typeInfo(Part).@"struct".field_names) |field| {
                if (std.mem.eql(u8, field, name)) @field(bad, field) = number;
            }
            const broken: Index = .{ .plan = plan, .parts = &.{bad}, .origins = &origins, .cumulative = &cumulative };
            if (broken.locate(&.{6}, &sources, out[0..1], out[1..2], &lengths)) |_| return error.TestUnexpectedResult else |_| {}
        }
    }
}
