"""Virtual environments with the peers, in the exact versions of requirements/*.txt."""

import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
toolchain = here.parent.parent / ".toolchain"

# What cannot be beside the others has an environment of its own, by the name of its requirements.
APART = {"reverb": "peers-reverb"}


def folder_of(name):
    return toolchain / APART.get(name, "peers")


def python_of(name):
    return folder_of(name) / "bin" / "python"


def install_peers(names):
    """Brings the environments up to date: returns the reasons, by name, why some cannot be installed.

    One file of requirements at a time, because a peer that does not exist for this system must not keep the others
    away. The file's copy is written last, so an interrupted installation is done again.
    """
    reasons = {name: install(name) for name in sorted(names)}
    return {name: reason for name, reason in reasons.items() if reason}


def install(name):
    """Returns None, or why it could not be done."""
    folder, python = folder_of(name), python_of(name)
    if not python.exists():
        result = subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"Cannot make a virtual environment for the peers: {reason_in(result.stdout + result.stderr)}")
    pins = here / "requirements" / f"{name}.txt"
    done = folder / f".installed-{pins.name}"
    if done.exists() and filecmp.cmp(pins, done, shallow=False):
        return None
    print(f"Installing {name} from PyPI", file=sys.stderr)
    done.unlink(missing_ok=True)
    options = ["--disable-pip-version-check", "--no-input", "--retries", "1"]
    command = [python, "-m", "pip", "install", *options, "--no-deps", "--only-binary", ":all:", "-r", pins]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        return f"not installed: {reason_in(result.stdout + result.stderr)}"
    shutil.copyfile(pins, done)
    return None


def reason_in(output):
    """The last line that says ERROR, or else the last line."""
    lines = output.strip().splitlines() or ["it ended without a word"]
    return ([line for line in lines if "ERROR" in line] or lines)[-1].strip()


if __name__ == "__main__":
    missing = install_peers(sys.argv[1:])
    if missing:
        sys.exit("\n".join(f"{name}: {reason}" for name, reason in missing.items()))
