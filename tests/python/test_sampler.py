"""Sampler against TypeScript's, bit for bit, and against draw.py, which draws by the specification with numpy alone."""

import hashlib
import itertools
import json
import sys
import unittest

import numpy as np
import support
from streamstore import Sampler, Store, StreamStoreError

sys.path.insert(0, f"{support.ROOT}/tests/sample")
import draw  # noqa: E402

NAMES = ("starts", "lengths", "mask", "steps", "sources", "values", "types")
ENDS = {"end": "done"}
DENSE = {"steps": 6, "fields": {"observation": 3, "action": 1}}


def hash_of(batch):
    """As samples.ts has it."""
    found = hashlib.sha256(str(batch.size).encode())

    def add(name, array):
        if array is not None:
            found.update(name.encode())
            found.update(array.tobytes())

    for name in NAMES:
        add(name, getattr(batch, name))
    for name, field in (batch.fields or {}).items():
        add(name, field.values)
        add("mask", field.mask)
        add("offsetMask", field.offset_mask)
    if batch.extra is not None:
        found.update(json.dumps(batch.extra, separators=(",", ":"), ensure_ascii=False).encode())
    return found.hexdigest()


ORDERS = ("uniform", "shuffle", "sequential", {"kind": "recent", "steps": 70}, {"kind": "recent", "decay": 0.98})
EPISODES = (None, ENDS, {"end": ["done", "run"], "sessions": "join"}, {"id": "run"}, {"starts": [0, 10, 250, 251]}, "rows")
BETWEEN = {"steps": [100, 300]}

#: Each alone, by what it is about. The store is `episodes` where nothing else is said.
SINGLE = [
    {"tokens": 16, "seed": "18446744073709551613"},
    {"steps": 3, "tokens": 20},
    {"steps": 3},
    {"steps": 4, "tokens": 7, "truncate": True, "boundary": "pad-right", "episodes": ENDS},
    {**DENSE, "truncate": False, "stride": 3, "episodes": ENDS},
    {"steps": 5, "fields": {"observation": 1}, "truncate": True},
    {**DENSE, "output": {"values": "float64", "steps": "float64"}},
    {**DENSE, "output": {"values": "bfloat16", "steps": None}},
    {"tokens": 9, "output": {"values": "float16", "types": None, "steps": None}},
    {"tokens": 9, "output": {"values": None}},
    {"steps": 2, "fields": {"action": {"width": 1, "dtype": "int64"}, "done": {"width": 1, "dtype": "uint8"}, "run": 1, "observation": 3}},
    {"steps": 2, "fields": {"action": {"width": 2, "dtype": "int32"}, "done": 1}},
    {**DENSE, "normalize": True},
    {**DENSE, "normalize": {"observation": {"mean": 3.5, "standard_deviation": 0.25}, "action": {"mean": 1, "standard_deviation": 0}}},
    {"tokens": 8, "normalize": True},
    {**DENSE, "extra": ["prompt"], "boundary": "pad-left", "episodes": ENDS},
    {**DENSE, "extra": ["prompt"], "boundary": "pad-right", "episodes": "rows"},
    {**DENSE, "shard": {"index": 2, "count": 3}, "order": "shuffle"},
    {**DENSE, "order": "shuffle", "epochs": 2, "batch_size": 500},
    {**DENSE, "order": "sequential", "epochs": 3, "batch_size": 700, "stride": 2},
    {"tokens": 5, "order": {"kind": "recent", "decay": 0.3}, "between": {"steps": [50, None]}},
    {"tokens": 5, "order": {"kind": "recent", "decay": 0.00001}},
    {"fields": {"observation": {"width": 3, "offsets": [-4, 0, 2]}, "action": 1}, "episodes": ENDS},
    {"fields": {"observation": {"width": 3, "offsets": [-4, 0, 2]}, "action": {"width": 1, "offsets": [1], "dtype": "int64"}}, "boundary": "zero", "episodes": ENDS},
    {"fields": {"action": {"width": 1, "offsets": [0, 5]}}, "boundary": "edge", "order": "shuffle", "extra": ["prompt"], "episodes": {"id": "run"}},
]
OTHERS = [
    ("tokens", {"tokens": 64, "output": {"values": "uint16", "types": None, "steps": None}}),
    ("tokens", {"tokens": 8, "episodes": "rows", "boundary": "pad-left", "order": "shuffle", "output": {"values": "int32"}}),
    ("dropping", {"steps": 16, "fields": {"reward": 1}, "episodes": ENDS, "order": "shuffle"}),
    ("dropping", {"tokens": 33, "order": {"kind": "recent", "steps": 1000}}),
    ("dropping", {"tokens": 33, "episodes": ENDS, "order": "sequential"}),
    ("mixed", {"tokens": 12, "output": {"values": "float64"}}),
    ("mixed", {"steps": 4, "fields": {"big": {"width": 1, "dtype": "float64"}, "half": 1, "small": {"width": 1, "dtype": "int32"}, "observation": 3, "count": 1, "serial": 1}, "episodes": ENDS, "order": "shuffle"}),
    ("mixed", {"steps": 2, "fields": {"half": 1}, "extra": ["prompt"], "between": {"steps": [0, 9000]}}),
]


def cases():
    """Name of a store, or of several, and options."""
    for options in SINGLE:
        yield "episodes", options
    yield from OTHERS
    for order, episodes, boundary in itertools.product(ORDERS, EPISODES, ("within", "pad-left", "pad-right", "cross")):
        if boundary == "within" and episodes == "rows":
            continue  # no row has six rows
        yield "episodes", {**DENSE, "order": order, "episodes": episodes, "boundary": boundary}
        if boundary == "pad-left":
            yield "episodes", {"tokens": 5, "order": order, "episodes": episodes, "boundary": boundary, "between": BETWEEN}
    many = ("episodes", "second", "third", "fourth")
    for order, shape in itertools.product(ORDERS, ({"tokens": 12}, DENSE)):
        yield many, {**shape, "episodes": ENDS, "order": order}
    yield many, {"tokens": 12, "weights": [1, 3, 5, 2.5]}
    yield many, {**DENSE, "normalize": True, "extra": ["prompt"], "boundary": "pad-left"}
    yield many, {"fields": {"observation": {"width": 3, "offsets": [-1, 1]}}, "episodes": ENDS, "order": "shuffle"}
    yield many, {**DENSE, "order": "shuffle", "shard": {"index": 1, "count": 4}, "between": {"steps": [2, 700]}}


class Peer:
    """TypeScript's samplers, in a process for all tests."""

    child = None

    @classmethod
    def ask(cls, names, options, batches, state=None, rows=None):
        if cls.child is None:
            cls.child = support.start("samples.ts")
        options = dict(options)
        weights = options.pop("weights", None)
        names, is_mixture = ((names,), False) if isinstance(names, str) else (names, True)
        request = {"paths": [support.path_of(name) for name in names], "isMixture": is_mixture, "weights": weights}
        request.update(options=without_none(options), batches=batches, state=state, **({} if rows is None else {"rows": rows}))
        answer = support.ask(cls.child, request)
        return answer


def without_none(options):
    return {name: value for name, value in options.items() if value is not None}


def made(names, options):
    options = dict(options)
    if "seed" in options:
        options["seed"] = int(options["seed"])
    if "between" in options and options["between"]["steps"][1] is None:
        options["between"] = {"steps": [options["between"]["steps"][0], np.inf]}
    if isinstance(names, str):
        return Sampler(Store(support.path_of(names)), **options)
    return Sampler([Store(support.path_of(name)) for name in names], **options)


def drawn(sampler, batches):
    return [hash_of(batch) for batch in itertools.islice(sampler, batches)]


class SamplerTest(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        if Peer.child is not None:
            Peer.child.stdin.close()
            assert Peer.child.wait(60) == 0
            Peer.child.stdout.close()
            Peer.child = None

    def test_every_option_gives_the_batches_of_typescript_to_the_bit(self):
        count = 0
        for names, options in cases():
            options = {"batch_size": 64, "seed": 7, **options}
            with self.subTest(names=names, options=options):
                told = Peer.ask(names, options, 3)
                sampler = made(names, options)
                if "error" in told:
                    with self.assertRaises(ValueError) as raised:
                        sampler.next()
                    self.assertEqual(f"RangeError: {raised.exception}", told["error"])
                    continue
                self.assertEqual(drawn(sampler, 3), told["hashes"])
                self.assertEqual(sampler.state(), told["state"])
                self.assertGreater(len(told["hashes"]), 0)
            count += 1
        self.assertGreater(count, 150)

    def test_state_is_handed_over_and_back_in_the_middle(self):
        for names, options in itertools.islice(cases(), 0, None, 4):
            options = {"batch_size": 37, "seed": 11, **options}
            with self.subTest(names=names, options=options):
                whole = Peer.ask(names, options, 6).get("hashes")
                if whole is None:
                    continue
                sampler = made(names, options)
                first = drawn(sampler, 2)
                middle = Peer.ask(names, options, 2, json.loads(json.dumps(sampler.state())))
                other = made(names, {**options, "seed": 99})
                other.restore(middle["state"])
                self.assertEqual(first + middle["hashes"] + drawn(other, 2), whole)

    def test_another_number_of_shards_goes_on_within_the_epoch(self):
        options = {"tokens": 5, "order": "shuffle", "epochs": 1, "seed": 3, "batch_size": 7}
        every, state = [], None
        for count, batches in ((2, 20), (3, 15), (1, 10), (5, None)):
            after = []
            for index in range(count):
                sampler = made("episodes", {**options, "shard": {"index": index, "count": count}})
                if state is not None:
                    sampler.restore(state)
                for batch in itertools.islice(sampler, batches):
                    every.extend(batch.starts.tolist())
                after.append(sampler.state())
            if batches is not None:
                self.assertTrue(all(one == after[0] for one in after))
            state = after[0]
        with Store(support.path_of("episodes")) as store:
            self.assertEqual(sorted(every), list(range(store.token_count - 4)))

    def test_draws_are_those_of_the_specification(self):
        requests = [
            ({"tokens": 16}, {}),
            ({**DENSE, "episodes": ENDS, "stride": 3}, {}),
            ({**DENSE, "episodes": {"id": "run"}, "boundary": "pad-left", "order": "shuffle", "shard": {"index": 2, "count": 3}}, {}),
            ({"tokens": 5, "between": {"steps": [100, 300]}, "episodes": ENDS}, {}),
            ({"tokens": 4, "order": {"kind": "recent", "decay": 0.3}}, {}),
            ({"tokens": 8, "order": {"kind": "recent", "steps": 50}}, {}),
        ]
        for options, _ in requests:
            options = {"batch_size": 50, "seed": 7, **options}
            windows = {
                "unit": "steps" if "steps" in options else "tokens",
                "length": options.get("steps", options.get("tokens")),
                "stride": options.get("stride", 1),
                "boundary": options.get("boundary", "within"),
                **({"episodes": options["episodes"]} if "episodes" in options else {}),
                **({"between": options["between"]["steps"]} if "between" in options else {}),
            }
            request = {"paths": [support.path_of("episodes")], "windows": windows, "batches": 3, "batchSize": 50, "seed": "7"}
            request.update({"fields": options["fields"]} if "fields" in options else {"width": options["tokens"]})
            request.update({"order": options["order"]} if "order" in options else {})
            if "shard" in options:
                request["shard"] = [options["shard"]["index"], options["shard"]["count"]]
            sampler = made("episodes", options)
            for told in draw.batches(request):
                batch = sampler.next()
                self.assertEqual(batch.starts.tolist(), told["starts"], options)
                self.assertEqual(batch.lengths.tolist(), told["lengths"])
                for name, values in told["values"].items():
                    found = batch.values if name == "" else batch.fields[name].values
                    self.assertEqual(found.ravel().tolist(), values)

    def test_gather_rows_gives_the_batches_of_typescript(self):
        for options in (
            {"steps": 4, "fields": {"observation": 3, "action": {"width": 1, "dtype": "int64"}}},
            {"steps": 4, "fields": {"observation": 3}, "boundary": "pad-left", "episodes": ENDS, "extra": ["prompt"], "normalize": True},
            {"fields": {"observation": {"width": 3, "offsets": [-2, 3]}}, "episodes": {"id": "run"}, "boundary": "zero"},
        ):
            rows = [5, 0, 700, 333]
            told = Peer.ask("episodes", options, 0, rows=rows)["hashes"]
            with Store(support.path_of("episodes")) as store:
                self.assertEqual([hash_of(store.gather_rows(rows, **options))], told)
                self.assertEqual(store.gather_rows([], **options).size, 0)
        with Store(support.path_of("episodes")) as store:
            for rows, message in (([0, 898], "rows[1] must be a row with 3 more after it, got 898"), ([900], "rows[0] must be a whole number from 0 to 899, got 900")):
                with self.assertRaises(ValueError) as raised:
                    store.gather_rows(rows, steps=4, fields={"action": 1})
                self.assertEqual(str(raised.exception), f"Cannot gather rows: {message}")

    def test_a_store_that_grows_is_drawn_from_as_it_is(self):
        path, other = f"{support.directory}/growing.stream", f"{support.directory}/still.stream"
        children = [support.start("writer.ts", one) for one in (path, other)]
        try:
            for child in children:
                support.ask(child, 100)
            with Store(path) as store, Store(other) as still:
                uniform = Sampler(store, tokens=4, batch_size=500, seed=1)
                shuffle = Sampler([store, still], tokens=4, batch_size=50, seed=1, order="shuffle", epochs=2)
                self.assertLess(uniform.next().starts.max(), 97)
                first = [shuffle.next().starts.tolist()]
                support.ask(children[0], 5000)
                self.assertGreater(uniform.next().starts.max(), 4000)
                sizes = [batch.size for batch in shuffle]
                self.assertEqual(sum(sizes) + len(first[0]), (97 + 97) + (97 + 5097))
        finally:
            for child in children:
                child.stdin.close()
                self.assertEqual(child.wait(60), 0)
                child.stdout.close()

    def test_next_fills_its_own_batch_anew_or_one_that_is_given(self):
        sampler = made("episodes", {"tokens": 4, "batch_size": 8, "seed": 1})
        first = sampler.next()
        starts = first.starts.tolist()
        own = sampler.allocate()
        self.assertIs(sampler.next(own), own)
        self.assertEqual(first.starts.tolist(), starts)
        self.assertIs(sampler.next(), first)
        own.values = None  # what is shown is the caller's
        sampler.next(own)
        with self.assertRaisesRegex(TypeError, "out must be a batch that allocate has made"):
            sampler.next(made("episodes", {"tokens": 4, "batch_size": 8}).allocate())

    def test_what_fails_moves_nothing(self):
        sampler = made("episodes", {"steps": 3, "tokens": 2, "batch_size": 8, "seed": 1})
        state = sampler.state()
        with self.assertRaisesRegex(ValueError, r"^Cannot sample: the rows of a window must have <= 2 tokens, got \d+ from row \d+ on; tokens sets"):
            sampler.next()
        self.assertEqual(sampler.state(), state)
        sampler = made(("third", "episodes"), {"steps": 1, "fields": {"observation": 1}, "batch_size": 300, "seed": 1})
        with self.assertRaisesRegex(ValueError, r'^Cannot sample from sources\[\d\]: "observation" must have <= 1 values a row, got \d in row \d+; fields'):
            sampler.next()
        sampler = made("episodes", {"steps": 1, "fields": {"observation": {"width": 3, "dtype": "int32"}}, "batch_size": 300, "seed": 1})
        with self.assertRaisesRegex(ValueError, r'"observation" must be what int32 holds to come as int32, got -?\d+\.\d+ in row \d+'):
            sampler.next()

    def test_closed_stores_are_told(self):
        for names in ("episodes", ("episodes", "second")):
            stores = [Store(support.path_of(name)) for name in ([names] if isinstance(names, str) else names)]
            sampler = Sampler(stores[0] if isinstance(names, str) else stores, tokens=4)
            batch = sampler.next()
            values = batch.values.copy()
            stores[-1].close()
            with self.assertRaises(StreamStoreError) as raised:
                sampler.next()
            self.assertEqual(raised.exception.code, "closed")
            self.assertEqual(batch.values.tolist(), values.tolist())


if __name__ == "__main__":
    unittest.main()
