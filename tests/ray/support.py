"""What the tests with Ray share: a cluster of nodes on this machine, and stores that Deno has made."""

import atexit
import functools
import os
import shutil
import subprocess
import tempfile

import ray
from ray.cluster_utils import Cluster

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

def deno(script, *arguments):
    """The command that runs a script of this folder."""
    command = [os.environ.get("STREAMSTORE_DENO", "deno"), "run", "-A", "--no-check", "--config", f"{ROOT}/deno.json"]
    return [*command, f"{ROOT}/tests/ray/{script}", *arguments]


def make_folder():
    """One that is gone when the tests have ended."""
    folder = tempfile.mkdtemp(prefix="streamstore-ray-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def write_stores():
    """A folder with `first` and `second`, sealed stores of 9,000 and 4,000 rows, and the same as folders of Parquet shards;
    once a process."""
    folder = make_folder()
    subprocess.run(deno("stores.ts", folder), check=True, timeout=300)
    return folder


class Nodes:
    """A head without processors, and nodes with one each: a learner that needs one has a node to itself."""

    def __init__(self, count):
        settings = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": 2**27}
        self._cluster = Cluster(initialize_head=True, head_node_args=settings)
        self.nodes = [self.add() for _ in range(count)]
        self.address = self._cluster.address
        ray.init(address=self.address, log_to_driver=False)
        self._cluster.wait_for_nodes()

    def add(self):
        return self._cluster.add_node(num_cpus=1, object_store_memory=2**27)

    def kill(self, node):
        self._cluster.remove_node(node, allow_graceful=False)

    def end(self):
        ray.shutdown()
        self._cluster.shutdown()
