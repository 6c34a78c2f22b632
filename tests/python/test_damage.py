"""Damaged stores, in a process of its own: errors, whatever the files hold, and never the end of the process."""

import unittest

import support

READ = """
import os, random, shutil, sys
import numpy as np
import streamstore
from streamstore import Sampler, Store, StreamStoreError

folder, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
whole = {store.fields[0].name: store for store in (Store(f"{folder}/{name}.stream") for name in ("mixed", "tokens", "dropping"))}
outcomes = {"refused": 0, "found": 0, "read": 0}

def damage(path, chance):
    name = chance.choice(sorted(os.listdir(path)))
    with open(f"{path}/{name}", "r+b") as file:
        size = file.seek(0, 2)
        way = chance.randrange(3)
        if way == 0:
            file.truncate(chance.randrange(size + 1))
            return
        at = chance.randrange(max(1, min(size, 4096) if chance.random() < 0.5 else size))
        file.seek(at)
        file.write(bytes(chance.randrange(256) for _ in range(chance.choice((1, 4, 8, 64)))) if way == 1 else b"\\xff" * 8)

def read(store):
    for field in store.fields:
        store.column(field.name)
    low, high = store.first_row, store.row_count
    store.rows(max(low, high - 50), high)
    window = store.window(store.first_token, min(500, store.token_count - store.first_token))
    np.sum(window.bits), np.sum(window.types), window.steps
    for name in store.extras:
        store.extra(name).slice(max(low, high - 20), high)
    store.refresh()
    name = store.fields[0].name
    for options in ({"tokens": 9}, {"steps": 3, "fields": {name: 9}, "truncate": True, "order": "shuffle", "episodes": {"end": store.fields[-1].name}},
                    {"steps": 3, "tokens": 20, "truncate": True, "boundary": "pad-left", "order": {"kind": "recent", "decay": 0.9}}):
        for several in (store, [store, whole[name]] if name in whole else [store]):
            sampler = Sampler(several, batch_size=50, seed=1, **options)
            sampler.next(), sampler.next()

for seed in range(first, first + count):
    chance = random.Random(seed)
    source, path = chance.choice(("mixed", "tokens", "dropping")), f"{folder}/mutant"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(f"{folder}/{source}.stream", path)
    damage(path, chance)
    print(seed, flush=True)
    try:
        store = Store(path)
    except StreamStoreError as error:
        assert error.code in ("damaged", "newer-version", "older-version", "not-found"), (seed, error)
        outcomes["refused"] += 1
        continue
    try:
        read(store)
        outcomes["read"] += 1
    except (StreamStoreError, ValueError) as error:
        assert getattr(error, "code", "damaged") in ("damaged", "internal"), (seed, error)
        outcomes["found"] += 1
    store.close()
print(outcomes)
"""


class DamageTest(unittest.TestCase):
    def test_damage_is_an_error_and_never_the_end_of_the_process(self):
        support.stores()
        output = support.run_python(READ, support.directory, "1", "300", timeout=300)
        outcomes = eval(output.strip().splitlines()[-1])
        # Some is found at once, some when the column is read; much of it changes values that nothing but `verify` looks at.
        self.assertGreater(outcomes["refused"], 30)
        self.assertGreater(outcomes["found"], 3)
        self.assertGreater(outcomes["read"], 30)


if __name__ == "__main__":
    unittest.main()
