"""One small Ray cluster for all tests of this folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from scratchcard.workers.ray_actors import QUIET

CLUSTER = """
import sys
import ray
settings = {"log_to_driver": False, "logging_level": "ERROR", "include_dashboard": False}
ray.init("local", num_cpus=4, object_store_memory=80 * 2**20, **settings)
print(ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.read()  # until the tests end, in whatever way
"""


@pytest.fixture(scope="package")
def ray_address():
    """The address of a cluster of four processors, to which this process is connected."""
    import ray

    handler = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        patch.setenv("RAY_AUTH_MODE", "disabled")  # nobody who tests is to get a token by it
        for name, value in QUIET.items():
            patch.setenv(name, value)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen([sys.executable, "-c", CLUSTER], **pipes) as cluster:
            address = cluster.stdout.readline().strip()
            ray.init(address, log_to_driver=False, logging_level="ERROR")
            signal.signal(signal.SIGTERM, handler)
            yield address
            ray.shutdown()


@pytest.fixture(scope="module", params=["processes", "ray"])
def on(request):
    """Every backend."""
    if request.param == "ray":
        request.getfixturevalue("ray_address")
    return request.param
