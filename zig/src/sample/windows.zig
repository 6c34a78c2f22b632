//! Which windows there are, and where: the windows of all episodes in one row of ordinals.
//!
//! An episode goes from its origin to the next one's, the last to the plan's end. Its windows stand at anchors, one every
//! `stride` positions from its origin on. `cumulative` counts the windows of the episodes before each; `buckets` names,
//! for every 2^shift ordinals, the episode where the search begins.

const std = @import("std");
const random = @import("random.zig");

pub const Error = error{ InvalidArgument, OutOfRange };

pub const Policy = enum(u32) {
    /// A window lies within its episode and begins at its anchor.
    within,
    /// A window ends with its anchor and may begin before the episode does: then it is shorter.
    pad_left,
    /// A window begins at its anchor and may end after the episode does: then it is shorter.
    pad_right,
    /// A window has the positions from `before` its anchor to `length` from it on, as far as they lie in its episode.
    around,
};

pub const Plan = struct {
    length: u64,
    before: u64 = 0,
    stride: u64,
    policy: Policy,
    /// Windows whose anchor lies before are gone.
    first: u64,
    end: u64,
    bucket_shift: u6,

    /// The number of windows of an episode.
    pub fn countOf(plan: Plan, origin: u64, end: u64) u64 {
        const positions = end -| origin;
        const needed = if (plan.policy == .within) plan.length else 1;
        return if (positions < needed) 0 else plan.strides(positions - needed) + 1;
    }

    pub inline fn strides(plan: Plan, positions: u64) u64 {
        return if (plan.stride == 1) positions else positions / plan.stride;
    }

    /// The first position of a window and how many it has; the anchor lies in the episode and not before `first`.
    pub inline fn windowAt(plan: Plan, anchor: u64, origin: u64, end: u64) [2]u64 {
        return switch (plan.policy) {
            .within => .{ anchor, plan.length },
            .pad_left => {
                const start = @max(origin, plan.first, (anchor + 1) -| plan.length);
                return .{ start, anchor + 1 - start };
            },
            .pad_right => .{ anchor, @min(plan.length, end - anchor) },
            .around => {
                const start = @max(origin, plan.first, anchor -| plan.before);
                return .{ start, anchor - start + @min(plan.length, end - anchor) };
            },
        };
    }
};

pub const Index = struct {
    plan: Plan,
    origins: []const u64,
    cumulative: []const u64 = &.{},
    buckets: []const u32 = &.{},

    fn endOf(index: Index, episode: usize) u64 {
        return if (episode + 1 < index.origins.len) index.origins[episode + 1] else index.plan.end;
    }

    fn countOf(index: Index, episode: usize) u64 {
        return index.plan.countOf(index.origins[episode], index.endOf(episode));
    }

    /// The number of windows whose anchor lies before a position.
    pub fn rank(index: Index, position: u64) u64 {
        const after = std.sort.lowerBound(u64, index.origins, position, compare);
        if (after == 0) return 0;
        const positions = position - index.origins[after - 1];
        return index.cumulative[after - 1] +| @min(index.countOf(after - 1), index.plan.strides(positions - 1) + 1);
    }

    fn total(index: Index) u64 {
        if (index.origins.len == 0) return 0;
        const last = index.origins.len - 1;
        return index.cumulative[last] +| index.countOf(last);
    }

    /// The windows with the given ordinals. Nothing is written if one of them is not that of a window.
    pub fn locate(index: Index, ordinals: []const f64, anchors: []f64, starts: []f64, lengths: []i32) Error!void {
        const has_dropped = index.origins.len > 0 and index.plan.first > index.origins[0];
        const dropped: f64 = if (has_dropped) random.toFloat(index.rank(index.plan.first)) else 0;
        if (!random.areIndices(ordinals, @min(index.total(), 1 << 53))) return error.OutOfRange;
        for (ordinals) |ordinal| if (ordinal < dropped) return error.OutOfRange;
        var done: usize = 0;
        while (done < ordinals.len) : (done += stage_size) {
            const stage = ordinals[done..@min(done + stage_size, ordinals.len)];
            try index.locateStage(stage, anchors[done..], starts[done..], lengths[done..]);
        }
    }

    fn locateStage(index: Index, ordinals: []const f64, anchors: []f64, starts: []f64, lengths: []i32) Error!void {
        var wanted: [stage_size]u64 = undefined;
        var search: Search = undefined;
        for (ordinals, 0..) |ordinal, i| {
            wanted[i] = random.fromFloat(ordinal);
            const bucket = wanted[i] >> index.plan.bucket_shift;
            if (bucket < index.buckets.len) @prefetch(&index.buckets[@intCast(bucket)], .{});
        }
        for (ordinals, 0..) |_, i| {
            const range = index.episodesNear(wanted[i]);
            search.add(i, index.cumulative, range);
            // Where the search is short it ends here, and the origin will be needed.
            @prefetch(&index.origins[range[0]], .{});
        }
        search.run(index.cumulative, wanted[0..ordinals.len]);
        for (ordinals, 0..) |_, i| {
            const episode = search.low[i];
            const origin = index.origins[episode];
            const end = index.endOf(episode);
            const place = wanted[i] -% index.cumulative[episode];
            // Only an index that was not made by `count` fails here.
            if (place >= index.plan.countOf(origin, end)) return error.InvalidArgument;
            const anchor = origin + place * index.plan.stride;
            if (anchor < index.plan.first) return error.InvalidArgument;
            const window = index.plan.windowAt(anchor, origin, end);
            anchors[i] = random.toFloat(anchor);
            starts[i] = random.toFloat(window[0]);
            lengths[i] = @intCast(window[1]);
        }
    }

    /// The first and the last episode in which the window can be.
    inline fn episodesNear(index: Index, ordinal: u64) [2]usize {
        return near(index.buckets, index.plan.bucket_shift, ordinal, index.origins.len - 1);
    }

    /// The windows with the given anchors. On an error, what was written means nothing.
    pub fn resolve(index: Index, anchors: []const f64, starts: []f64, lengths: []i32) Error!void {
        if (!random.areIndices(anchors, index.plan.end)) return error.OutOfRange;
        if (anchors.len > 0 and index.origins.len == 0) return error.OutOfRange;
        var done: usize = 0;
        while (done < anchors.len) : (done += stage_size) {
            const stage = anchors[done..@min(done + stage_size, anchors.len)];
            try index.resolveStage(stage, starts[done..], lengths[done..]);
        }
    }

    fn resolveStage(index: Index, anchors: []const f64, starts: []f64, lengths: []i32) Error!void {
        var wanted: [stage_size]u64 = undefined;
        var search: Search = undefined;
        for (anchors, 0..) |anchor, i| {
            wanted[i] = random.fromFloat(anchor);
            search.add(i, index.origins, .{ 0, index.origins.len - 1 });
        }
        search.run(index.origins, wanted[0..anchors.len]);
        for (wanted[0..anchors.len], 0..) |anchor, i| {
            const origin = index.origins[search.low[i]];
            const end = index.endOf(search.low[i]);
            if (anchor < origin or anchor < index.plan.first) return error.OutOfRange;
            const place = index.plan.strides(anchor - origin);
            if (place * index.plan.stride != anchor - origin) return error.OutOfRange;
            if (place >= index.plan.countOf(origin, end)) return error.OutOfRange;
            const window = index.plan.windowAt(anchor, origin, end);
            starts[i] = random.toFloat(window[0]);
            lengths[i] = @intCast(window[1]);
        }
    }
};

/// Counts the windows of episodes from `from` on, and goes on with the buckets: `bucket_count` of them are filled
/// already. Returns how many are then. A bucket is filled once its episode is certain.
pub fn count(plan: Plan, origins: []const u64, from: usize, cumulative: []u64, buckets: []u32, bucket_count: usize) Error!usize {
    if (from > origins.len or bucket_count > buckets.len) return error.InvalidArgument;
    for (origins[from -| 1..], from -| 1..) |origin, episode| {
        const end = if (episode + 1 < origins.len) origins[episode + 1] else plan.end;
        if (origin > end or end > plan.end) return error.InvalidArgument;
    }
    for (from..origins.len) |episode| {
        cumulative[episode] = if (episode == 0) 0 else cumulative[episode - 1] +| plan.countOf(origins[episode - 1], origins[episode]);
    }
    const last = if (origins.len > 0) origins.len - 1 else return bucket_count;
    if (cumulative[last] == 0) return bucket_count;
    const certain: usize = @intCast(@min(buckets.len, (cumulative[last] - 1 >> plan.bucket_shift) + 1));
    var episode: usize = if (bucket_count > 0) @min(buckets[bucket_count - 1], last) else 0;
    for (bucket_count..@max(bucket_count, certain)) |bucket| {
        while (episode < last and cumulative[episode + 1] <= @as(u64, bucket) << plan.bucket_shift) episode += 1;
        buckets[bucket] = @intCast(episode);
    }
    return @max(bucket_count, certain);
}

/// Between which of the places 0 to `last` an ordinal's is, by what the buckets say.
pub inline fn near(buckets: []const u32, shift: u6, ordinal: u64, last: usize) [2]usize {
    const bucket: usize = @intCast(ordinal >> shift);
    if (bucket + 1 < buckets.len) {
        const low = @min(buckets[bucket], last);
        return .{ low, @max(low, @min(buckets[bucket + 1], last)) };
    }
    if (buckets.len == 0) return .{ 0, last };
    return .{ @min(buckets[@min(bucket, buckets.len - 1)], last), last };
}

/// Draws are random, so every look misses the caches. That many searches go on side by side, so that they wait at the
/// same time.
pub const stage_size = 64;

/// For each of several numbers, the last element that is not above it.
pub const Search = struct {
    low: [stage_size]usize,
    size: [stage_size]usize,

    pub inline fn add(search: *Search, i: usize, values: []const u64, range: [2]usize) void {
        search.low[i] = range[0];
        search.size[i] = range[1] - range[0] + 1;
        @prefetch(&values[range[0] + search.size[i] / 2], .{});
    }

    /// The same where nothing is known of the place but its range: it is guessed by proportion, and the guess made better by
    /// what stands there. Where that leads astray the whole range is searched.
    pub inline fn guess(search: *Search, i: usize, values: []const u64, range: [2]usize, number: u64) void {
        const first, const last = range;
        if (last - first <= 2 * reach) return search.add(i, values, range);
        const lowest: f64 = random.toFloat(values[first]);
        const span: f64 = random.toFloat(values[last]) - lowest;
        const rate = random.toFloat(last - first) / @max(1, span);
        const proportional = clamped(first, last, random.toFloat(first) + (random.toFloat(number) - lowest) * rate);
        const found = clamped(first, last, random.toFloat(proportional) + (random.toFloat(number) - random.toFloat(values[proportional])) * rate);
        // So it mostly is where episodes are of one length.
        const is_found = values[found] <= number and (found == last or values[found + 1] > number);
        if (is_found) return search.add(i, values, .{ found, found });
        const low = @max(first, found -| reach);
        const high = @min(last, found + reach);
        const is_between = values[low] <= number and (high == last or values[high + 1] > number);
        search.add(i, values, if (is_between) .{ low, high } else range);
    }

    /// Episodes on either side of a guess that are searched: 98 of 100 where 5,000 are 1 to 199 rows long.
    const reach = 4;

    inline fn clamped(first: usize, last: usize, place: f64) usize {
        return @intCast(random.fromFloat(std.math.clamp(place, random.toFloat(first), random.toFloat(last))));
    }

    /// One function for all who search.
    pub noinline fn run(search: *Search, values: []const u64, wanted: []const u64) void {
        var widest: usize = 1;
        for (search.size[0..wanted.len]) |size| widest = @max(widest, size);
        while (widest > 1) : (widest -= widest / 2) {
            for (wanted, search.low[0..wanted.len], search.size[0..wanted.len]) |number, *low, *size| {
                const half = size.* / 2;
                low.* += if (values[low.* + half] <= number) half else 0;
                size.* -= half;
                @prefetch(&values[low.* + size.* / 2], .{});
            }
        }
    }
};

fn compare(wanted: u64, element: u64) std.math.Order {
    return std.math.order(wanted, element);
}
