"""A process that has one thing to measure, and takes turns with others: ours.ts on a runtime, or a peer by peer.py."""

import json
import subprocess
import tempfile


class Child:
    """Started, it fills what it holds and checks a batch; `about` says what it is. Then it waits."""

    def __init__(self, command, environment):
        self._errors = tempfile.TemporaryFile("w+")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._errors}
        self._process = subprocess.Popen(command, env=environment, text=True, **pipes)
        self._about = None

    @property
    def about(self):
        """Waits until it is ready."""
        self._about = self._about or json.loads(self._line())
        return self._about

    def round(self):
        """Lets it do a round, and waits: nanoseconds of one call."""
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return float(self._line())

    def end(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
        self._errors.close()

    def _line(self):
        line = self._process.stdout.readline()
        if line:
            return line
        status = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().strip().splitlines() or ["without a word"]
        raise ChildEnded(f"ended with status {status}: {said[-1]}")


class ChildEnded(Exception):
    """Its message is what a row says instead of a figure."""
