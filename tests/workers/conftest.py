"""One small Ray cluster for all tests of this folder."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from scratchcard.workers.ray_actors import QUIET


@pytest.fixture(scope="package")
def ray_address():
    """The address of a cluster of four processors, to which this process is connected."""
    import ray

    handler = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")  # commands that join the cluster show its token
        for name, value in QUIET.items():
            patch.setenv(name, value)
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        ray.init(
            address="local",
            num_cpus=4,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            object_store_memory=80 * 2**20,
        )
        signal.signal(signal.SIGTERM, handler)
        yield ray.get_runtime_context().gcs_address
        ray.shutdown()


@pytest.fixture(scope="module", params=["processes", "ray"])
def on(request):
    """Every backend."""
    if request.param == "ray":
        request.getfixturevalue("ray_address")
    return request.param
