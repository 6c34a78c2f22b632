"""cpprb: single steps, uniform or by a priority tree in C++. It knows no episodes and returns no windows."""

import numpy as np
from cpprb import PrioritizedReplayBuffer, ReplayBuffer

import data
from measure import Peer

COUNT = 256
FIELDS = {
    "action": {},
    "observation": {"shape": data.OBSERVATION_WIDTH},
    "reward": {},
    "done": {"dtype": bool},
}


def measure(sizes):
    """A round draws 256 steps and copies them, or gives new priorities to 256 steps."""
    row_count = sizes["cpprb_rows"]
    uniform = Peer("cpprb ReplayBuffer", "cpprb", sizes)
    buffer = filled(ReplayBuffer(row_count, FIELDS), row_count)
    note = f"returns {check(buffer.sample(COUNT))} of {COUNT} single steps, no windows; in memory only"
    uniform.measure(f"draw of {COUNT} steps", row_count, lambda: buffer.sample(COUNT), note)
    del buffer

    prioritized = Peer("cpprb PrioritizedReplayBuffer", "cpprb", sizes)
    tree = filled(PrioritizedReplayBuffer(row_count, FIELDS, alpha=0.6), row_count, with_priorities=True)
    note = f"returns {check(tree.sample(COUNT))} of {COUNT} single steps with weights, no windows; in memory only"
    prioritized.measure(f"draw of {COUNT} steps", row_count, lambda: tree.sample(COUNT, beta=0.4), note)
    update = update_of(tree, row_count)
    prioritized.measure(f"update of {COUNT} priorities", row_count, update, "random steps, priorities in [0, 1)")
    return uniform.measurements + prioritized.measurements


def filled(buffer, row_count, with_priorities=False):
    random = np.random.default_rng(2)
    for _, columns in data.column_chunks(row_count):
        if with_priorities:
            columns["priorities"] = random.random(len(columns["action"]), dtype=np.float32)
        buffer.add(**columns)
    return buffer


def update_of(buffer, row_count):
    """New steps and priorities for each round, made beforehand."""
    random = np.random.default_rng(3)
    index = random.integers(0, row_count, (64, COUNT))
    priorities = random.random((64, COUNT), dtype=np.float32)
    calls = iter(range(10**9))

    def update():
        place = next(calls) % 64
        buffer.update_priorities(index[place], priorities[place])

    return update


def check(batch):
    """A uniform batch does not name its rows; the observation tells them, up to a multiple of 256."""
    rows = batch["indexes"] if "indexes" in batch else batch["observation"][:, 0] * 256
    data.prove_rows("cpprb", rows.astype(np.int64), batch["observation"])
    return len(batch["observation"])
