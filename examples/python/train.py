"""Trains a linear model on a store, and goes on at the exact batch after it was killed, at whatever moment.

python3 train.py run.stream checkpoint.json
"""

import json
import os
import sys

import numpy as np
from streamstore import Sampler, Store


def train(path, checkpoint):
    sampler = Sampler(Store(path), steps=8, fields={"observation": 2, "reward": 1}, order="shuffle", epochs=2, batch_size=32, seed=7)
    weights, batches = np.zeros(2), 0
    if os.path.exists(checkpoint):
        with open(checkpoint, encoding="utf-8") as file:
            saved = json.load(file)
        weights, batches = np.array(saved["weights"]), saved["batches"]
        sampler.restore(saved["state"])
    for batch in sampler:
        observation, reward = batch.fields["observation"].values, batch.fields["reward"].values[..., 0]
        error = observation @ weights - reward
        weights -= 0.05 * np.einsum("bs,bsw->w", error, observation) / error.size
        batches += 1
        # The model and the place in the data are one file, which is there whole or as it was.
        with open(f"{checkpoint}.new", "w", encoding="utf-8") as file:
            json.dump({"weights": weights.tolist(), "batches": batches, "state": sampler.state()}, file)
        os.replace(f"{checkpoint}.new", checkpoint)
        print(batches, batch.starts[:3].tolist(), flush=True)
    print("done", weights.tolist(), batches, flush=True)


if __name__ == "__main__":
    train(*sys.argv[1:3])
