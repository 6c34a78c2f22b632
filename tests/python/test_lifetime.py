"""Closed stores and the arrays that were taken from them, threads that share a store, and processes that are forked off."""

import gc
import os
import threading
import unittest

import numpy as np
import support
from streamstore import Sampler, Store, StreamStoreError


class LifetimeTest(unittest.TestCase):
    def test_every_call_on_a_closed_store_says_so(self):
        store = Store(support.path_of("mixed"))
        window, extra = store.window(0, 5), store.extra("frame")
        store.close()
        store.close()
        calls = [
            lambda: store.column("half"),
            lambda: store.rows(0, 1),
            lambda: store.window(0, 1),
            lambda: store.gather([0], 1),
            lambda: store.extra("frame"),
            lambda: store.refresh(),
            lambda: store.row_of_step(0),
            lambda: extra.get(0),
            lambda: extra.bytes(1),
            lambda: window.values,
            lambda: window.types,
            lambda: window.steps,
        ]
        for call in calls:
            with self.assertRaises(StreamStoreError) as raised:
                call()
            self.assertEqual(raised.exception.code, "closed")
            self.assertTrue(str(raised.exception).endswith(": the store is closed"))

    def test_arrays_keep_their_content_whatever_becomes_of_the_store(self):
        def taken(close):
            store = Store(support.path_of("mixed"))
            window = store.window(100, 200)
            arrays = [window.values, window.bits, window.types, window.values[::2], store.extra("frame").bytes(8000)]
            copies = [array.copy() for array in arrays]
            if close:
                store.close()
            return arrays, copies

        for close in (True, False):
            arrays, copies = taken(close)
            gc.collect()
            # Whoever opens others meanwhile gets other addresses.
            others = [Store(support.path_of("mixed")) for _ in range(20)]
            for array, copy in zip(arrays, copies):
                self.assertEqual(array.tobytes(), copy.tobytes())
            del others

    def test_closed_stores_give_back_what_they_took(self):
        def maps():
            with open("/proc/self/maps", encoding="utf-8") as file:
                return sum("mixed.stream" in line for line in file)

        if not os.path.exists("/proc/self/maps"):
            self.skipTest("no /proc tells what is mapped")
        gc.collect()
        before = maps()
        store = Store(support.path_of("mixed"))
        array = store.window(0, 10).values
        store.close()
        self.assertGreater(maps(), before)
        del array, store
        gc.collect()
        self.assertEqual(maps(), before)

    def test_a_store_outlives_the_thread_that_opened_it(self):
        opened = []
        thread = threading.Thread(target=lambda: opened.append(Store(support.path_of("mixed"))))
        thread.start()
        thread.join()
        with opened[0] as store:
            values = store.window(0, 10).values
            expected = values.copy()
            # Opening another lets go of the stores of threads that have ended.
            Store(support.path_of("tokens")).close()
            self.assertEqual(store.window(0, 10).values.tolist(), expected.tolist())
            self.assertEqual(values.tolist(), expected.tolist())

    def test_threads_take_turns(self):
        failures = []
        with Store(support.path_of("mixed")) as store:
            expected = store.column("big").values.tobytes()

            def read():
                try:
                    for _ in range(20):
                        assert store.column("big").values.tobytes() == expected
                        assert store.gather(np.arange(500), 20).values.shape == (500, 20)
                        store.refresh()
                except BaseException as error:
                    failures.append(error)

            threads = [threading.Thread(target=read) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])

    def test_threads_share_a_sampler(self):
        """Each batch is somebody's, and none is drawn twice."""
        with Store(support.path_of("mixed")) as store:
            sampler = Sampler(store, tokens=3, order="shuffle", epochs=1, batch_size=50, seed=2)
            drawn, failures = [], []

            def draw():
                try:
                    while (batch := sampler.next(sampler.allocate())) is not None:
                        drawn.extend(batch.starts.tolist())
                except BaseException as error:
                    failures.append(error)

            threads = [threading.Thread(target=draw) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(failures, [])
            self.assertEqual(sorted(drawn), list(range(store.token_count - 2)))

    def test_a_process_that_is_forked_off_goes_on_with_the_store(self):
        support.run_python(FORK, support.path_of("mixed"), support.path_of("tokens"))


FORK = """
import os, sys, threading
from streamstore import Sampler, Store

store = Store(sys.argv[1])
values = store.window(0, 100).values
expected, big = values.tolist(), store.column("big").values.tobytes()
done = threading.Event()

samplers = [Sampler(store, tokens=9, batch_size=50, seed=1), Sampler([store, Store(sys.argv[1])], tokens=9, batch_size=50, seed=1)]
def draw(index):
    sampler = samplers[index]
    sampler.restore(state[index])
    return sampler.next().values.tobytes()
state = [sampler.state() for sampler in samplers]
batches = [draw(index) for index in range(2)]

def work():  # in the library most of the time, so that forks fall into its calls
    while not done.is_set():
        store.column("big")

def child():
    Store(sys.argv[2]).close()
    assert values.tolist() == expected
    for _ in range(2):
        assert store.column("big").values.tobytes() == big
        assert store.window(0, 100).values.tolist() == expected
        store.refresh()
        assert [draw(index) for index in range(2)] == batches
    store.close()
    assert values.tolist() == expected

def sample():
    while not done.is_set():
        assert draw(1) == batches[1]

threads = [threading.Thread(target=one) for one in (work, work, sample)]
for thread in threads:
    thread.start()
statuses = []
for _ in range(40):
    pid = os.fork()
    if pid == 0:
        try:
            child()
            os._exit(0)
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
    statuses.append(os.waitpid(pid, 0)[1])
done.set()
for thread in threads:
    thread.join()
assert statuses == [0] * 40, statuses
assert store.column("big").values.tobytes() == big
"""


if __name__ == "__main__":
    unittest.main()
