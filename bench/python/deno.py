"""Deno, which makes the stores and draws from them too: `peer.ts` in a process of its own."""

import json
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


class Deno:
    def __init__(self):
        command = [os.environ.get("STREAMSTORE_DENO", "deno"), "run", "-A", "--no-check", f"--config={ROOT}/deno.json", f"{HERE}/peer.ts"]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, request):
        self._child.stdin.write(json.dumps(request) + "\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        assert line, f"Deno ended with {self._child.wait()}"
        return json.loads(line)

    def end(self):
        self._child.stdin.close()
        self._child.wait()
