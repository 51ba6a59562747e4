"""``scratchcard compare`` is interrupted: it ends at once, alone, and keeps what is finished."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from processes import eventually, nothing_runs, running, wait_until
from scratchcard.cli import main
from scratchcard.cli.running import interruptible


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


ARGUMENTS = [
    "compare", "digits-2", "--hidden", "8", "--seeds", "2", "--methods", "memetic,mlp",
    "--generations", "3", "--epochs", "3", "--out", "out",
]  # fmt: skip

ENDLESS = [
    *ARGUMENTS, "--methods", "memetic,memetic@0.5", "--generations", "1000000",
    "--evaluations", "10000000000",
]  # fmt: skip


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_keeps_finished_runs(jobs):
    """One Ctrl-C, to all processes, as the workers start."""
    with running([*ENDLESS, "--jobs", jobs]) as process:
        wait_until(process, Path("out", "tickets").exists)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert out == ""
        assert "0 runs are kept in 'out'" in err
        assert "Traceback" not in err
        assert eventually(lambda: nothing_runs(process.pid))


def test_ctrl_c_while_libraries_are_imported_ends_at_once():
    with running(ENDLESS) as process:
        imported = Path(f"/proc/{process.pid}/maps")
        if not imported.exists():
            pytest.skip("this system does not say what a process has loaded")
        wait_until(process, lambda: "numpy" in imported.read_text())  # not needed by the parser
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err in (
        "scratchcard: interrupted before there was a result\n",
        "scratchcard: interrupted; 0 runs are kept in 'out', and the same command goes on from "
        "there\n",
    )


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_to_the_command_alone_ends_it_while_a_method_searches(name):
    arguments = [*ENDLESS, "--methods", "mlp,memetic", "--seeds", "1"]
    with running(arguments) as process:
        wait_until(process, lambda: n_runs_on_disk() == 1)
        process.send_signal(getattr(signal, name))
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (130, "")
        assert "1 runs are kept in 'out'" in err
        assert "Traceback" not in err
        assert eventually(lambda: nothing_runs(process.pid))


def test_what_was_finished_before_an_interrupt_is_not_done_again(capsys):
    arguments = [*ARGUMENTS, "--methods", "mlp,memetic", "--seeds", "1"]
    endless = [*ENDLESS, "--methods", "mlp,memetic", "--seeds", "1"]
    with running(endless) as process:
        wait_until(process, lambda: n_runs_on_disk() == 1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    kept = Path("out", "runs.jsonl").read_text()
    assert main([*endless, "--methods", "mlp"]) == 0
    assert Path("out", "runs.jsonl").read_text() == kept
    assert main(arguments) == 2  # with other limits
    assert "other settings: effort was" in capsys.readouterr().err


def n_runs_on_disk() -> int:
    path = Path("out", "runs.jsonl")
    return path.read_text().count("\n") - 1 if path.exists() else 0


def test_under_nohup_a_lost_connection_is_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible() as interrupt:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not interrupt()
            os.kill(os.getpid(), signal.SIGTERM)
            assert interrupt()
            with pytest.raises(KeyboardInterrupt):
                interrupt.check()
    finally:
        signal.signal(signal.SIGHUP, before)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def test_progress_that_cannot_be_printed_loses_no_run():
    command = [sys.executable, "-m", "scratchcard", *ARGUMENTS, "--methods", "mlp", "--json"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=full, text=True, check=False)
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["runs"]) == 2
