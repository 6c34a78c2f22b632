"""What the tests of the Python package share: stores that TypeScript has written, and processes of their own."""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DENO = os.environ.get("STREAMSTORE_DENO", "deno")

directory = tempfile.mkdtemp(prefix="streamstore-python-")
atexit.register(shutil.rmtree, directory, ignore_errors=True)


def start(script, *arguments):
    """A script of this folder on Deno, which reads lines and answers each."""
    command = [DENO, "run", "-A", "--no-check", "--config", f"{ROOT}/deno.json", f"{HERE}/{script}", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run(script, *arguments):
    """The same to its end; what it prints."""
    child = start(script, *arguments)
    output, _ = child.communicate(timeout=300)
    assert child.returncode == 0, f"{script} ended with {child.returncode}"
    return output


def ask(child, request):
    """A line to a script that answers with a line of JSON."""
    child.stdin.write(json.dumps(request) + "\n")
    child.stdin.flush()
    line = child.stdout.readline()
    assert line, f"the child ended with {child.wait()}"
    return json.loads(line)


def run_python(code, *arguments, timeout=120, cwd=HERE, python=sys.executable):
    """Python code in a process that damage, or a fork, must not end. Fails if it ends otherwise than well."""
    done = subprocess.run([python, "-c", code, *arguments], capture_output=True, text=True, timeout=timeout, cwd=cwd)
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-3000:]}"
    return done.stdout


_stores = {}


def stores():
    """What TypeScript says of the stores that it has made, by name, once a process."""
    if not _stores:
        run("stores.ts", directory)
        with open(f"{directory}/stores.json", encoding="utf-8") as file:
            _stores.update(json.load(file))
    return _stores


def path_of(name):
    stores()
    return f"{directory}/{name}.stream"
