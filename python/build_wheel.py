"""Makes the wheel: a zip file with the modules and the native libraries of all platforms.

One wheel for all: the four libraries are 1.4 MB together and need nothing of the system they run on (on Linux neither
glibc nor musl), so that a wheel for each platform would save little and could be the wrong one. As it is the backend that
pyproject.toml names, `pip wheel python/` makes the same file.

    python3 build_wheel.py FOLDER
"""

import base64
import hashlib
import json
import os
import sys
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
TARGETS = ("linux-x86_64", "linux-aarch64", "macos-x86_64", "macos-aarch64")
NAME = "streamstore_numpy"


def build_wheel(folder, config_settings=None, metadata_directory=None):
    """PEP 517. Returns the name of the file."""
    with open(os.path.join(ROOT, "deno.json"), encoding="utf-8") as file:
        version = json.load(file)["version"]
    information = f"{NAME}-{version}.dist-info"
    files = [*_modules(), *_libraries()]
    with open(os.path.join(ROOT, "LICENSE"), "rb") as file:
        files.append((f"{information}/licenses/LICENSE", file.read()))
    files.append((f"{information}/METADATA", _metadata(version).encode()))
    files.append((f"{information}/WHEEL", b"Wheel-Version: 1.0\nGenerator: streamstore\nRoot-Is-Purelib: true\nTag: py3-none-any\n"))
    record = "".join(f"{name},sha256={_hash(content)},{len(content)}\n" for name, content in files)
    files.append((f"{information}/RECORD", f"{record}{information}/RECORD,,\n".encode()))
    name = f"{NAME}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in files:
            # The time of a file is none, so that the same content is the same wheel.
            wheel.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
    return name


def _modules():
    package = os.path.join(HERE, "streamstore")
    for name in sorted(os.listdir(package)):
        if name.endswith((".py", ".typed")):
            with open(os.path.join(package, name), "rb") as file:
                yield f"streamstore/{name}", file.read()


def _libraries():
    for target in TARGETS:
        name = f"libstreamstore.{'dylib' if target.startswith('macos') else 'so'}"
        path = os.path.join(ROOT, "build", target, name)
        if not os.path.exists(path):
            sys.exit(f"Cannot build the wheel: there must be a library for {target}, got none at {path}; run ./run build --all")
        with open(path, "rb") as file:
            yield f"streamstore/lib/{target}/{name}", file.read()


def _metadata(version):
    return f"""Metadata-Version: 2.1
Name: streamstore-numpy
Version: {version}
Summary: Reads and samples StreamStore's stores as numpy arrays
License: MIT
Requires-Python: >=3.10
Requires-Dist: numpy>=1.25
"""


def _hash(content):
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    print(build_wheel(sys.argv[1]))
