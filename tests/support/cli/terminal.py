"""Runs a command on a terminal of its own, 100 columns wide, and copies what it writes there to standard output.

    terminal.py [--enter TEXT] [--interrupt TEXT COUNT] COMMAND...

--enter presses Enter once the text has been seen, --interrupt Ctrl-C once it has been seen so many times. Ends as the
command does.
"""

import fcntl
import os
import pty
import struct
import sys
import termios

arguments = sys.argv[1:]
entered = None
if arguments[0] == "--enter":
    entered = arguments[1].encode()
    arguments = arguments[2:]
awaited = None
if arguments[0] == "--interrupt":
    awaited = arguments[1].encode()
    count = int(arguments[2])
    arguments = arguments[3:]

process, terminal = pty.fork()
if process == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    os.execvp(arguments[0], arguments)

seen = b""
while True:
    try:
        found = os.read(terminal, 65536)
    except OSError:
        break
    if not found:
        break
    seen += found
    if entered is not None and entered in seen:
        entered = None
        os.write(terminal, b"\r")
    if awaited is not None and seen.count(awaited) >= count:
        awaited = None
        os.write(terminal, b"\x03")
sys.stdout.buffer.write(seen)
sys.stdout.flush()
_, status = os.waitpid(process, 0)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
