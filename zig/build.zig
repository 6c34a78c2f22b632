const std = @import("std");
const builtin = @import("builtin");

const zig_version = "0.17.0";

comptime {
    if (!std.mem.eql(u8, builtin.zig_version_string, zig_version)) {
        @compileError("StreamStore is built with Zig " ++ zig_version ++ ", this is " ++ builtin.zig_version_string);
    }
}

/// macOS 11 is the first on arm64; `x86_64_v2` (2009) brings the wider vector instructions.
const released_targets = [_]std.Target.Query{
    .{ .cpu_arch = .x86_64, .os_tag = .linux, .abi = .none, .cpu_model = .{ .explicit = &std.Target.x86.cpu.x86_64_v2 } },
    .{ .cpu_arch = .aarch64, .os_tag = .linux, .abi = .none },
    .{ .cpu_arch = .x86_64, .os_tag = .macos, .os_version_min = macos_min, .cpu_model = .{ .explicit = &std.Target.x86.cpu.x86_64_v2 } },
    .{ .cpu_arch = .aarch64, .os_tag = .macos, .os_version_min = macos_min },
};

const macos_min: std.Target.Query.OsVersion = .{ .semver = .{ .major = 11, .minor = 0, .patch = 0 } };

pub fn build(b: *std.Build) void {
    const optimize = b.standardOptimizeOption(.{});
    // Another one for `zig build test -Dtarget=aarch64-linux-none -fqemu`: the tests under emulation.
    const target = b.standardTargetOptions(.{ .default_target = hostQuery() });
    const pin = b.addExecutable(.{
        .name = "pin",
        .root_module = b.createModule(.{ .root_source_file = b.path("pin.zig"), .target = b.graph.host, .optimize = .debug }),
    });
    b.getInstallStep().dependOn(addPinned(b, pin, target, optimize, "lib"));
    const limits = addLibrary(b, "streamstore_limits", "limits/limits.zig", target, optimize);
    limits.root_module.addImport("library", b.createModule(.{ .root_source_file = b.path("src/library.zig") }));
    b.installArtifact(limits);
    b.getInstallStep().dependOn(addInterface(b, "abi", "abi.ts"));
    b.getInstallStep().dependOn(addInterface(b, "abi_python", "_abi.py"));

    const all = b.step("all", "Build the library for every platform");
    for (released_targets) |query| {
        const folder = b.fmt("{t}-{t}", .{ query.os_tag.?, query.cpu_arch.? });
        const one = b.step(folder, b.fmt("Build the library for {s}", .{folder}));
        one.dependOn(addPinned(b, pin, b.resolveTargetQuery(query), optimize, folder));
        all.dependOn(one);
    }

    const states = b.option(usize, "states", "States that the long form of the tests of power loss looks at") orelse 20_000;
    const run_tests = addTests(b, target, optimize, null);
    b.step("test", "Run the tests").dependOn(&run_tests.step);
    const torture = addTests(b, target, .safe, states);
    // Its figures go to the terminal. What a test writes beside the protocol of a build counts as a failure.
    torture.stdio = .inherit;
    b.step("torture", "Run the long form of the tests of power loss, and print its figures").dependOn(&torture.step);
}

/// A module by which another language knows the library; `./run build` copies it to its place (abi.zig, abi_python.zig).
fn addInterface(b: *std.Build, name: []const u8, module: []const u8) *std.Build.Step {
    const abi = b.addExecutable(.{
        .name = name,
        .root_module = b.createModule(.{ .root_source_file = b.path(b.fmt("{s}.zig", .{name})), .target = b.graph.host, .optimize = .debug }),
    });
    abi.root_module.addImport("library", b.createModule(.{ .root_source_file = b.path("src/library.zig") }));
    const run = b.addRunArtifact(abi);
    return &b.addInstallFile(run.addOutputFileArg(module), b.fmt("lib/{s}", .{module})).step;
}

fn addTests(b: *std.Build, target: std.Build.ResolvedTarget, optimize: std.lang.OptimizeMode, long_states: ?usize) *std.Build.Step.Run {
    const tests = b.addTest(.{
        .root_module = b.createModule(.{ .root_source_file = b.path("src/tests.zig"), .target = target, .optimize = optimize }),
        .filters = if (long_states != null) &.{"power loss"} else &.{},
    });
    const options = b.addOptions();
    options.addOption(?usize, "long_states", long_states);
    tests.root_module.addOptions("options", options);
    const run = b.addRunArtifact(tests);
    // An unchanged run would be answered from the cache and count no test.
    run.has_side_effects = true;
    return run;
}

/// The same library that is released for this machine, so that what is tested and measured is what users get.
fn hostQuery() std.Target.Query {
    for (released_targets) |query| {
        if (query.os_tag == builtin.os.tag and query.cpu_arch == builtin.cpu.arch) return query;
    }
    return .{};
}

/// The library as it is installed into a folder: on Linux it stays loaded once it was (pin.zig).
fn addPinned(
    b: *std.Build,
    pin: *std.Build.Step.Compile,
    target: std.Build.ResolvedTarget,
    optimize: std.lang.OptimizeMode,
    folder: []const u8,
) *std.Build.Step {
    const library = addLibrary(b, "streamstore", "src/root.zig", target, optimize);
    if (target.result.os.tag != .linux) {
        return &b.addInstallArtifact(library, .{ .dest_dir = .{ .override = .{ .custom = folder } } }).step;
    }
    const run = b.addRunArtifact(pin);
    run.addFileArg(library.getEmittedBin());
    const pinned = run.addOutputFileArg("libstreamstore.so");
    return &b.addInstallFile(pinned, b.fmt("{s}/libstreamstore.so", .{folder})).step;
}

fn addLibrary(
    b: *std.Build,
    name: []const u8,
    root: []const u8,
    target: std.Build.ResolvedTarget,
    optimize: std.lang.OptimizeMode,
) *std.Build.Step.Compile {
    return b.addLibrary(.{
        .linkage = .dynamic,
        .name = name,
        .root_module = b.createModule(.{
            .root_source_file = b.path(root),
            .target = target,
            .optimize = optimize,
            .strip = optimize != .debug,
            // Nothing unwinds through a library that does not panic.
            .unwind_tables = if (optimize == .debug) null else .none,
            // One thread at a time enters a store, but several may enter the library.
            .single_threaded = false,
        }),
    });
}
