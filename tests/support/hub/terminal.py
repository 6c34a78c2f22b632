"""Runs a program whose error output is a terminal of 80 columns; prints as JSON what it wrote to where.

    python3 terminal.py PROGRAM ARGUMENTS…
"""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import threading

ours, theirs = pty.openpty()
fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs)
os.close(theirs)
shown = bytearray()


def collect():
    """Reads until the last process with the terminal has ended, which Linux tells by an error."""
    try:
        while piece := os.read(ours, 65536):
            shown.extend(piece)
    except OSError:
        pass


reader = threading.Thread(target=collect)
reader.start()
output = child.stdout.read()
status = child.wait()
reader.join()
print(json.dumps({"status": status, "output": output.decode(), "shown": shown.decode()}))
