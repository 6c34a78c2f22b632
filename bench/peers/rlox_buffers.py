"""rlox: rows of fixed shape in a ring in memory, in Rust. Its transitions come with the next observation."""

import time

import numpy as np
import rlox

import data
from measure import round_of, round_of_steps


def push(sizes, _folder):
    """As many steps into a new ring of that capacity."""
    steps = data.steps_one_by_one()

    def fill(step_count):
        buffer = rlox.ReplayBuffer(step_count, data.OBSERVATION_WIDTH, 1)
        start = time.perf_counter_ns()
        for step in range(step_count):
            action, observation, reward = steps[step & 255]
            buffer.push(observation, action, reward, step % 200 == 199, False, steps[(step + 1) & 255][1])
        data.prove("rlox: its length", len(buffer) == step_count)
        return start

    return round_of_steps(sizes["steps_appended"], fill)


def transitions(sizes, _folder):
    count, buffer = 256, rlox.ReplayBuffer(sizes["rows"], data.OBSERVATION_WIDTH, 1)
    for _, columns in data.column_chunks(sizes["rows"]):
        observed = [columns["observation"].ravel(), rows_after(columns["observation"]).ravel()]
        ends = columns["done"].astype(np.uint8)
        buffer.push_batch(*observed, columns["action"], columns["reward"], ends, np.zeros_like(ends))
    batch = buffer.sample(count, 1)
    proven = {"action": batch["actions"], "reward": batch["rewards"]}
    data.prove_transitions("rlox", batch["obs"], batch["next_obs"], proven)
    seeds = iter(range(2**62))
    return round_of(sizes, lambda: buffer.sample(count, next(seeds)))


def sequences(sizes, _folder):
    count, length, buffer = 64, 32, rlox.SequenceReplayBuffer(sizes["rows"], data.OBSERVATION_WIDTH, 1)
    steps = data.steps_one_by_one()
    for step in range(sizes["rows"]):
        action, observation, reward = steps[step & 255]
        buffer.push(observation, steps[(step + 1) & 255][1], action, reward, step % 200 == 199, False)
    batch = buffer.sample_sequences(count, length, 1)
    proven = {"action": batch["actions"], "reward": batch["rewards"], "done": batch["terminated"]}
    data.prove_windows("rlox", batch["obs"].reshape(-1, data.OBSERVATION_WIDTH), length, proven)
    seeds = iter(range(2**62))
    return round_of(sizes, lambda: buffer.sample_sequences(count, length, next(seeds)))


def rows_after(observations):
    """The observation of each row's next one."""
    last = np.rint(observations[-1:, 0] * 256).astype(np.int64)
    return np.concatenate([observations[1:], data.observations(last + 1)])


CASES = {"push": (push, "rlox"), "transitions": (transitions, "rlox"), "sequences": (sequences, "rlox")}
