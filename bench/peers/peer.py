"""What a row of `./run bench --peers` asks of a peer, in a process of its own.

    peer.py MODULE CASE SIZES

It fills the peer, checks a batch, says in a line of JSON what it is, and answers each line of its input with the
nanoseconds of one call, the median of a round of them. bench/children/ours.ts is the same of the library.
"""

import importlib
import json
import os
import sys
import tempfile
from importlib.metadata import version


def main():
    module, case, sizes = sys.argv[1:]
    # What a package prints must not stand among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory() as folder:
        prepare, package = importlib.import_module(module).CASES[case]
        run_round = prepare(json.loads(sizes), folder)
        print(json.dumps({"version": version(package) if package else None}), file=answers, flush=True)
        for _ in sys.stdin:
            print(run_round(), file=answers, flush=True)


if __name__ == "__main__":
    main()
