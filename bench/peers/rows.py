"""What is measured: a row for each thing that is asked of the library, and the peers that are asked for the same."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    """A case of a module here, the files of requirements that it needs, and in words what it is asked for.

    The goal is the most that ours may take, as a part of its time.
    """

    name: str
    module: str
    case: str
    needs: tuple[str, ...]
    asked: str
    goal: float | None = None


@dataclass(frozen=True)
class Row:
    """`name` is that of ours.ts; `rows` are the steps that all hold."""

    name: str
    what: str
    unit: str
    asked: str
    rows: int
    peers: tuple[Peer, ...]


TORCHRL, RLOX, CPPRB, NUMPY = ("numpy", "torchrl"), ("numpy", "torchrl", "rlox"), ("numpy", "cpprb"), ("numpy",)
LEROBOT, REVERB = ("numpy", "torchrl", "datasets", "lerobot"), ("reverb",)

SEARCHED, CACHED = "boundaries searched in each batch", "boundaries cached until the next write"
FOUR_FIELDS = "observation of 8, action, reward, done, with a mask and without step numbers"
IN_MEMORY = "in memory"

REVERB_ROWS = 20_000

ROWS = (
    Row(
        "append",
        "append of a step",
        "ns",
        "four fields as an object, growth and flush included",
        0,
        (
            Peer("rlox ReplayBuffer", "rlox_buffers", "push", RLOX, "a transition into a ring in memory"),
            Peer("cpprb ReplayBuffer", "cpprb_buffers", "add", CPPRB, "four fields, in memory"),
            Peer("TorchRL, LazyMemmapStorage", "torchrl_buffers", "add", TORCHRL, "a TensorDict of four fields"),
            Peer("Reverb", "reverb_tables", "append", REVERB, "four fields, and an item of two steps"),
            Peer("a rewrite of the seed's class", "seed", "append", NUMPY, "three lists, checked, in numpy"),
            Peer("the seed's class", "seed", "own_append", NUMPY, "three lists"),
        ),
    ),
    Row(
        "windows",
        "256 × 4 steps within episodes",
        "µs",
        FOUR_FIELDS,
        5_000_000,
        (
            Peer("TorchRL SliceSampler", "torchrl_buffers", "windows", TORCHRL, f"the same, flat; {SEARCHED}"),
            Peer("TorchRL SliceSampler", "torchrl_buffers", "windows_cached", TORCHRL, f"the same, flat; {CACHED}"),
        ),
    ),
    Row(
        "transitions",
        "256 transitions",
        "µs",
        f"windows of two steps, an episode's last one padded: {FOUR_FIELDS}",
        1_000_000,
        (
            Peer("rlox ReplayBuffer", "rlox_buffers", "transitions", RLOX, f"and the next observation, {IN_MEMORY}", 0.7),
            Peer("cpprb ReplayBuffer", "cpprb_buffers", "transitions", CPPRB, f"and the next observation, {IN_MEMORY}"),
            Peer("TorchRL RandomSampler", "torchrl_buffers", "transitions", TORCHRL, "and the next observation"),
        ),
    ),
    Row(
        "sequences",
        "64 × 32 steps within episodes",
        "µs",
        FOUR_FIELDS,
        1_000_000,
        (
            Peer("rlox SequenceReplayBuffer", "rlox_buffers", "sequences", RLOX, f"and the next observation, {IN_MEMORY}", 0.6),
            Peer("TorchRL SliceSampler", "torchrl_buffers", "sequences", TORCHRL, f"the same, flat; {SEARCHED}"),
            Peer("TorchRL SliceSampler", "torchrl_buffers", "sequences_cached", TORCHRL, f"the same, flat; {CACHED}"),
        ),
    ),
    Row(
        "windows",
        "256 × 4 steps within episodes",
        "µs",
        FOUR_FIELDS,
        REVERB_ROWS,
        (Peer("Reverb TrajectoryDataset", "reverb_tables", "windows", REVERB, "items of 4 steps, made at insert"),),
    ),
    Row(
        "sequences",
        "64 × 32 steps within episodes",
        "µs",
        FOUR_FIELDS,
        REVERB_ROWS,
        (Peer("Reverb TrajectoryDataset", "reverb_tables", "sequences", REVERB, "items of 32 steps, made at insert"),),
    ),
    Row(
        "priorities_draw",
        "prioritized draw of 256 steps, with weights",
        "µs",
        "observation of 8, action, reward, done, with a mask and step numbers",
        5_000_000,
        (
            Peer("cpprb PrioritizedReplayBuffer", "cpprb_buffers", "draw", CPPRB, f"the same, {IN_MEMORY}"),
            Peer("TorchRL PrioritizedSampler", "torchrl_buffers", "draw", TORCHRL, "the same"),
        ),
    ),
    Row(
        "priorities_update",
        "update of 256 priorities",
        "µs",
        "steps at random",
        5_000_000,
        (
            Peer("cpprb PrioritizedReplayBuffer", "cpprb_buffers", "update", CPPRB, "the same"),
            Peer("TorchRL PrioritizedSampler", "torchrl_buffers", "update", TORCHRL, "the same"),
        ),
    ),
    Row(
        "tokens",
        "64 × 1025 tokens of uint16",
        "µs",
        "values, lengths and mask",
        5_000_000,
        (
            Peer("numpy memmap", "numpy_memmap", "tokens", NUMPY, "values, by nanoGPT's loop"),
            Peer("numpy memmap", "numpy_memmap", "tokens_indexed", NUMPY, "values, by one indexing"),
        ),
    ),
    Row(
        "columns",
        "256 × 128 tokens, three columns",
        "µs",
        "steps, types, values as float64, lengths and mask",
        5_000_000,
        (
            Peer("numpy memmap", "numpy_memmap", "columns", NUMPY, "the columns, by nanoGPT's loop"),
            Peer("numpy memmap", "numpy_memmap", "columns_indexed", NUMPY, "the columns, by one indexing each"),
            Peer("the seed's design in numpy", "seed_design", "columns", NUMPY, "the columns of one array of records"),
        ),
    ),
    Row(
        "offsets",
        "64 × (2 + 16) rows around an anchor, of 26",
        "µs",
        "observations, actions, and which are outside the episode",
        500_000,
        (Peer("LeRobotDataset", "lerobot_windows", "offsets", LEROBOT, "the same, by torch's DataLoader without workers"),),
    ),
)
