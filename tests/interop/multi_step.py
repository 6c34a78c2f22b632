"""n-step returns by TorchRL's MultiStep: reads rewards and done flags of a stream, and prints them for each n and gamma.

    python3 multi_step.py < request.json
"""

import json
import sys

import torch
from tensordict import TensorDict
from torchrl.data import MultiStep

request = json.load(sys.stdin)
size = len(request["rewards"])


def column(values, dtype):
    return torch.tensor(values, dtype=dtype).reshape(1, size, 1)


def returns(n, gamma):
    following = {"reward": column(request["rewards"], torch.float32), "done": column(request["done"], torch.bool)}
    stream = TensorDict({"next": TensorDict(following, [1, size])}, [1, size])
    found = MultiStep(gamma, n)(stream)
    return {
        "sum": found["next", "reward"].reshape(-1).tolist(),
        "steps": found["steps_to_next_obs"].reshape(-1).tolist(),
        "gamma": found["gamma"].reshape(-1).tolist(),
    }


print(json.dumps([returns(n, gamma) for n, gamma in request["cases"]]))
