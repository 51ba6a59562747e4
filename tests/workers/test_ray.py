"""Workers that are actors of Ray: the cluster they are on, and the commands that use it."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path

import pytest
import ray

import jobs
from processes import eventually, nothing_runs, running, wait_until
from scratchcard.cli import main
from scratchcard.workers import WorkersError, ray_actors, run_all, workers


@pytest.mark.parametrize(
    ("asked", "n_threads", "n_workers"), [(None, 1, 4), (None, 3, 1), (100, 2, 2), (1, 1, 1)]
)
def test_there_are_no_more_workers_than_the_cluster_has_processors_for(
    ray_address, asked, n_threads, n_workers
):
    with workers(jobs.square, on="ray", n_workers=asked, n_threads=n_threads) as pool:
        assert pool.n_workers == n_workers


def test_a_worker_that_needs_more_than_any_machine_has_is_an_error(ray_address):
    with pytest.raises(WorkersError, match="no machine of the Ray cluster has the 5 processors"):
        workers(jobs.square, on="ray", n_threads=5)


def test_where_others_take_all_processors_it_is_said(ray_address, monkeypatch):
    with workers(jobs.threads, on="ray", n_threads=4) as other:
        other.begin(0, 0)
        assert other.next_result() == (0, "4")
        monkeypatch.setattr(ray_actors, "PATIENCE", 1.0)
        with pytest.raises(WorkersError, match="of 4 processors 0 are free, and a worker takes 1"):
            list(run_all(jobs.square, [1], 1, on="ray"))


def test_a_cluster_with_another_version_is_refused(ray_address, monkeypatch):
    monkeypatch.setattr(ray_actors, "__version__", "0.0.1")
    with pytest.raises(WorkersError, match=r"has scratchcard .*, and this one has 0\.0\.1"):
        list(run_all(jobs.square, [1], 1, on="ray"))


COMPARE = [
    "compare", "iris", "--methods", "memetic,mlp", "--generations", "2", "--epochs", "5",
    "--seeds", "3", "--hidden", "8", "--json",
]  # fmt: skip


def test_compare_has_the_same_runs_and_tickets(ray_address, tmp_path, capsys):
    found = {}
    for on in ("processes", "ray"):
        folder = tmp_path / on
        assert main([*COMPARE, "--on", on, "--jobs", "2", "--out", str(folder)]) == 0
        rows = json.loads(capsys.readouterr().out)["runs"]
        tickets = {path.name: path.read_bytes() for path in (folder / "tickets").iterdir()}
        found[on] = [{k: v for k, v in row.items() if k != "seconds"} for row in rows], tickets
    assert found["processes"] == found["ray"]
    assert len(found["ray"][0]) == 6


ENDLESS = [
    "compare", "iris", "--methods", "mlp,memetic", "--hidden", "8", "--seeds", "2", "--epochs",
    "3", "--generations", "1000000", "--evaluations", "10000000000", "--on", "ray", "--out", "out",
]  # fmt: skip


@pytest.mark.parametrize(("name", "own"), [("SIGINT", True), ("SIGTERM", False)])
def test_a_command_that_is_ended_leaves_no_process(request, tmp_path, monkeypatch, name, own):
    """On a cluster of its own, interrupted by a terminal; or on one that is there, and stays."""
    monkeypatch.chdir(tmp_path)
    address = "local" if own else request.getfixturevalue("ray_address")
    monkeypatch.setenv("RAY_ADDRESS", address)
    with running(ENDLESS) as process:
        runs = Path("out", "runs.jsonl")
        wait_until(process, lambda: runs.exists() and runs.read_text().count("\n") > 1)
        if own:
            os.killpg(process.pid, getattr(signal, name))
        else:
            process.send_signal(getattr(signal, name))
        out, err = process.communicate(timeout=60)
        assert out == ""
        assert process.returncode == 130
        assert "runs are kept in 'out'" in err
        assert "Traceback" not in err
        assert eventually(lambda: nothing_runs(process.pid))
    if not own:
        assert eventually(lambda: ray.available_resources().get("CPU") == 4)


def test_an_address_where_nothing_answers_is_said_at_once(tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setenv("RAY_ADDRESS", address)
    with running([*COMPARE, "--on", "ray", "--out", str(tmp_path / "out")]) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.startswith(f"scratchcard: cannot connect to Ray at {address} (RAY_ADDRESS): ")
