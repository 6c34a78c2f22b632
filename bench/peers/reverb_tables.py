"""Reverb: a server with a table, whose items are made of so many steps when they are written, never others.

Server and clients are in one process, where they need no gRPC. Its dataset for TensorFlow fetches ahead, in threads of
its own: so a round of it is longer than those of others, by as much as makes little of what it had ready.
"""

import os
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import reverb
import tensorflow as tf

import data
from measure import round_of, round_of_steps

FIELDS = {"action": [1], "observation": [data.OBSERVATION_WIDTH], "reward": [], "done": []}
DTYPES = {"action": tf.float32, "observation": tf.float32, "reward": tf.float32, "done": tf.bool}
TABLE = "steps"


def server_of(row_count):
    table = reverb.Table(
        TABLE,
        sampler=reverb.selectors.Uniform(),
        remover=reverb.selectors.Fifo(),
        max_size=row_count,
        rate_limiter=reverb.rate_limiters.MinSize(1),
    )
    server = reverb.Server(tables=[table])
    return server, reverb.Client(f"localhost:{server.port}")


def write(client, row_count, length):
    """Steps one by one, and items of windows of them within an episode; returns when it began.

    An item of many steps takes milliseconds, so long windows begin at every eighth step or less often.
    """
    stride = max(1, length // 4)
    steps = [(action, observation, np.float32(reward)) for action, observation, reward in data.steps_one_by_one()]
    start = time.perf_counter_ns()
    with client.trajectory_writer(num_keep_alive_refs=length) as writer:
        for step in range(row_count):
            action, observation, reward = steps[step & 255]
            done = step % data.EPISODE_STEPS == data.EPISODE_STEPS - 1
            writer.append({"action": action, "observation": observation, "reward": reward, "done": done})
            at = step % data.EPISODE_STEPS
            if at >= length - 1 and at % stride == 0:
                window = {name: column[-length:] for name, column in writer.history.items()}
                writer.create_item(TABLE, priority=1.0, trajectory=window)
        writer.flush()
    return start


def append(sizes, _folder):
    """Steps one by one, with an item of two for each."""

    def fill(step_count):
        server, client = server_of(step_count)
        start = write(client, step_count, 2)
        data.prove("Reverb: its length", client.server_info()[TABLE].current_size >= step_count - step_count // 200 - 1)
        servers.append(server)
        return start

    servers = []
    round_of_all = round_of_steps(sizes["steps_appended"] // 400, fill)

    def run_round():
        # The server of the round before is shut down between rounds: that takes a while.
        for server in servers:
            server.stop()
        servers.clear()
        return round_of_all()

    return run_round


def windows(count, length):
    def prepare(sizes, _folder):
        server, client = server_of(sizes["rows"])
        write(client, sizes["rows"], length)
        shapes = {name: tf.TensorShape([length, *shape]) for name, shape in FIELDS.items()}
        dataset = reverb.TrajectoryDataset(
            client.server_address,
            TABLE,
            dtypes=DTYPES,
            shapes=shapes,
            max_in_flight_samples_per_worker=2 * count,
            num_workers_per_iterator=1,
        )
        batches = dataset.batch(count).as_numpy_iterator()
        batch = next(batches).data
        data.prove_windows("Reverb", batch["observation"].reshape(-1, data.OBSERVATION_WIDTH), length, batch)
        run_round = round_of({"round_ms": 5 * sizes["round_ms"]}, lambda: next(batches))
        # The server lives as long as something refers to it.
        run_round.server = server
        return run_round

    return prepare


CASES = {
    "append": append,
    "windows": windows(256, 4),
    "transitions": windows(256, 2),
    "sequences": windows(64, 32),
}
CASES = {name: (prepare, "dm-reverb") for name, prepare in CASES.items()}
