# scratchcard compare: paired runs, statistics that agree with textbooks, resuming, one-line errors.
from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scratchcard import Ticket, __version__
from scratchcard.cli import main
from scratchcard.cli.running import interruptible
from scratchcard.research.compare import Comparison, ComparisonRuns
from scratchcard.research.compare.pictures import draw_accuracies, draw_sizes, look
from scratchcard.research.compare.runs import ticket_path
from scratchcard.research.compare.tables import markdown_report, plain_report, write, write_runs
from scratchcard.research.shared.instance import Effort
from scratchcard.research.shared.statistics import (
    compared,
    described,
    holm,
    mean_interval,
    paired,
    pairs_needed,
    remark,
    signed_rank,
)
from scratchcard.research.shared.words import frame


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def runs(**accuracies) -> pd.DataFrame:
    """Runs whose test accuracies, by method and seed, are these."""
    rows = [
        {"method": method, "seed": seed, "test_accuracy": value}
        for method, values in accuracies.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


# -- statistics ----------------------------------------------------------------------------------


def test_means_deviations_and_intervals_are_the_textbooks():
    table = described(runs(a=[0.90, 0.92, 0.97], b=[0.5, 0.5, 0.5], c=[0.7]))
    assert list(table.index) == ["a", "b", "c"]
    a = table.loc["a"]
    assert a["mean"] == pytest.approx(0.93)
    assert a["deviation"] == pytest.approx(np.sqrt(0.0013))
    half = 4.302653 * a["deviation"] / np.sqrt(3)  # Student's t, 2 degrees of freedom, 97.5 %
    assert (a["low"], a["high"]) == pytest.approx((0.93 - half, 0.93 + half))
    assert a["median"] == 0.92
    assert tuple(table.loc["b", ["mean", "low", "high", "deviation"]]) == (0.5, 0.5, 0.5, 0.0)
    assert table.loc["c", "runs"] == 1
    assert np.isnan(table.loc["c", ["deviation", "low", "high"]].to_numpy(float)).all()


def test_intervals_hold_the_true_mean_as_often_as_they_say():
    draws = np.random.default_rng(0).normal(3.0, 2.0, (400, 8))
    held = [low <= 3.0 <= high for _, low, high in map(mean_interval, draws)]
    assert 0.92 < np.mean(held) < 0.98


def test_values_are_paired_by_seed_whatever_their_order():
    mixed = runs(a=[0.1, 0.2, 0.3], b=[0.4, 0.5]).sample(frac=1, random_state=1)
    table = paired(mixed)
    assert table.loc[1, ["a", "b"]].tolist() == [0.2, 0.5]
    assert np.isnan(table.loc[2, "b"])
    with pytest.raises(ValueError, match=r"seed 0, method a"):
        paired(pd.concat([mixed, runs(a=[0.1])]))


def test_tests_of_a_known_example():
    """Differences 1 … 8 points, of which the smallest goes the other way."""
    steps = np.array([-1, 2, 3, 4, 5, 6, 7, 8]) / 100
    table = compared(runs(ours=np.full(8, 0.5), theirs=0.5 - steps))
    row = table.loc["theirs"]
    assert row["p"] == pytest.approx(4 / 2**8)  # rank sums 0 and 1, on either side
    assert row["effect"] == pytest.approx(-(35 - 1) / 36)
    assert row["difference"] == pytest.approx(-steps.mean())
    assert (row["better"], row["equal"], row["worse"], row["pairs"]) == (1, 0, 7, 8)
    assert row["low"] < row["difference"] < row["high"] < 0
    assert row["significant"]


def test_any_method_can_be_the_reference():
    data = runs(a=[0.1, 0.2, 0.4], b=[0.2, 0.4, 0.8])
    one, other = compared(data, "a").loc["b"], compared(data, "b").loc["a"]
    assert one["difference"] == -other["difference"]
    assert one["effect"] == -other["effect"] == 1
    assert one["p"] == other["p"]
    with pytest.raises(ValueError, match="reference takes a, b, got 'c'"):
        compared(data, "c")


def test_equal_methods_differ_in_nothing():
    row = compared(runs(a=[0.1, 0.2, 0.3], b=[0.1, 0.2, 0.3])).loc["b"]
    assert (row["p"], row["effect"], row["difference"], row["equal"]) == (1, 0, 0, 3)


def test_methods_without_common_seeds_are_not_tested():
    data = runs(a=[0.1, 0.2], b=[0.3], c=[0.3, 0.4])
    data.loc[data["method"] == "b", "seed"] = 7
    table = compared(data)
    assert table.loc["b", "pairs"] == 0
    assert np.isnan(table.loc["b", ["p", "p_holm", "difference"]].to_numpy(float)).all()
    assert table.loc["c", "p_holm"] == table.loc["c", "p"]


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from([-0.02, -0.01, 0.0, 0.01, 0.02, 0.1 + 0.2 - 0.3]), max_size=60),
)
def test_signed_rank_never_warns_and_mirrors(differences):
    """pytest turns warnings into errors."""
    found, mirrored = signed_rank(np.array(differences)), signed_rank(-np.array(differences))
    if not differences:
        assert np.isnan(found.p)
        return
    assert 0 <= found.p <= 1
    assert found.p == pytest.approx(mirrored.p)
    assert -1 <= found.effect <= 1
    assert found.effect == pytest.approx(-mirrored.effect)


@settings(max_examples=40)
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=8, unique=True), st.data())
def test_p_is_exact_for_few_differences(sizes, data):
    """All signs of the differences are equally likely: count those as extreme."""
    signs = data.draw(st.lists(st.sampled_from([-1, 1]), min_size=len(sizes), max_size=len(sizes)))
    ranks = stats.rankdata(sizes)
    sums = np.array([np.dot(s, ranks) for s in itertools.product([-1, 1], repeat=len(sizes))])
    expected = np.mean(np.abs(sums) >= abs(np.dot(signs, ranks)))
    assert signed_rank(np.array(signs) * sizes / 1000).p == pytest.approx(expected)


def test_holm_corrects_step_by_step():
    assert holm(np.array([0.01, 0.04, 0.03, np.nan])) == pytest.approx(
        [0.03, 0.06, 0.06, np.nan], nan_ok=True
    )


@pytest.mark.parametrize("tests", [1, 2, 3, 6, 20])
def test_with_as_many_pairs_as_needed_a_difference_can_be_significant(tests):
    for n, possible in ((pairs_needed(tests), True), (pairs_needed(tests) - 1, False)):
        least = signed_rank(np.arange(1, n + 1) / 100).p
        assert (holm(np.array([least] + [1.0] * (tests - 1)))[0] < 0.05) == possible


def test_too_few_pairs_are_remarked_on():
    assert pairs_needed() == 6
    assert "With 3 pairs no difference can be significant" in remark(
        compared(runs(a=[0.1] * 3, b=[0.2] * 3))
    )
    assert remark(compared(runs(a=[0.1] * 6, b=[0.2] * 6))) == ""


# -- the experiment ------------------------------------------------------------------------------

SMALL = Comparison(
    "digits-2",
    methods=("memetic", "ga", "mlp"),
    hidden=(8,),
    seeds=2,
    effort=Effort(generations=3, epochs=3),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    runs = ComparisonRuns(SMALL, folder)
    list(runs.run())
    runs.controls(1, 0.1)
    return folder


def without_seconds(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_runs_come_seed_by_seed_and_the_same_again(finished, tmp_path):
    rows = ComparisonRuns(SMALL, finished).rows
    assert [(row["seed"], row["method"]) for row in rows] == [
        (seed, method) for seed in (0, 1) for method in SMALL.methods
    ]
    again = ComparisonRuns(SMALL, tmp_path)
    list(again.run(n_jobs=2))
    assert without_seconds(again.rows) == without_seconds(rows)


def copied(finished: Path, folder: Path, n_rows: int) -> ComparisonRuns:
    """The first runs of a comparison, with their tickets, in another folder."""
    shutil.copytree(finished, folder, dirs_exist_ok=True)
    lines = (finished / "runs.jsonl").read_text().splitlines(keepends=True)
    (folder / "runs.jsonl").write_text("".join(lines[: n_rows + 1]))
    return ComparisonRuns(SMALL, folder)


def test_only_what_is_missing_is_run(finished, tmp_path):
    runs = copied(finished, tmp_path, n_rows=4)
    assert runs.lost == []
    assert runs.missing == 2
    assert [(row["method"], row["seed"]) for row in runs.run()] == [("ga", 1), ("mlp", 1)]
    assert ComparisonRuns(SMALL, tmp_path).missing == 0


def test_tickets_are_kept_and_share_their_networks(finished):
    tickets = [Ticket.load(ticket_path(finished, method, 1)) for method in ("memetic", "ga")]
    assert tickets[0].network == tickets[1].network
    assert not ticket_path(finished, "mlp", 1).exists()


def test_controls_stand_beside_the_result_and_are_kept(finished):
    runs = ComparisonRuns(SMALL, finished)
    rows = runs.controls(1, 0.1)
    names = ["ticket", "random", "best of random", "shuffled", "re-drawn", "unmasked"]
    assert [row["name"] for row in rows] == names
    assert rows[0]["test_accuracy"] == pytest.approx(runs.rows[0]["test_accuracy"])
    begun = time.perf_counter()
    assert runs.controls(1, 1000.0) == rows
    assert time.perf_counter() - begun < 1


def test_the_report_says_what_was_measured(finished):
    runs = ComparisonRuns(SMALL, finished)
    rows, controls = runs.rows, runs.controls()
    text = markdown_report(frame(rows), controls)
    mean = 50 * sum(row["test_accuracy"] for row in rows if row["method"] == "ga")
    for words in (f"{mean:.2f} ±", "digits-2, network 64-8-2", "re-drawn", "With 2 pairs"):
        assert words in text
    for words in ("95 % interval", "effective density %", "bytes", "evaluations", "seconds"):
        assert words in text
    assert "p, Holm" in plain_report(frame(rows), controls)


def test_reports_of_one_method_and_one_seed_need_no_tests(finished, tmp_path):
    rows = ComparisonRuns(SMALL, finished).rows[:1]
    paths = write(frame(rows), [], tmp_path)
    assert all(path.stat().st_size > 0 for path in paths)
    assert "Paired tests" not in (tmp_path / "table.md").read_text()


def test_runs_are_read_back_from_both_formats(finished, tmp_path):
    pytest.importorskip("pyarrow")
    rows = ComparisonRuns(SMALL, finished).rows
    for format in ("csv", "parquet"):
        write_runs(frame(rows), tmp_path, format)
    from_csv = pd.read_csv(tmp_path / "runs.csv")
    from_parquet = pd.read_parquet(tmp_path / "runs.parquet")
    assert list(from_csv) == list(from_parquet) == list(rows[0])
    assert np.allclose(from_csv["test_accuracy"], from_parquet["test_accuracy"])
    assert from_csv["evaluations"].isna().sum() == 2


def test_pictures_of_many_methods_tell_them_apart(tmp_path):
    assert len({look(place) for place in range(40)}) == 40
    data = runs(**{f"method-{i}": [0.5, 0.6] for i in range(9)}).assign(
        data="x", network="1-2", density=0.1, bytes=100
    )
    for path in draw_accuracies(data, tmp_path) + draw_sizes(data, tmp_path):
        assert path.stat().st_size > 1000


# -- the command ---------------------------------------------------------------------------------

ARGUMENTS = [
    "compare", "digits-2", "--hidden", "8", "--seeds", "2", "--methods", "memetic,mlp",
    "--generations", "3", "--epochs", "3", "--out", "out",
]  # fmt: skip


def test_the_command_reports_and_goes_on(capsys):
    assert main(ARGUMENTS) == 0
    out, err = capsys.readouterr()
    assert "digits-2, network 64-8-2" in out
    assert "Controls of memetic, seed 0" in out
    assert err.count("\n") == 5
    for name in ("runs.csv", "table.md", "accuracy.png", "size.svg", "runs.jsonl"):
        assert Path("out", name).stat().st_size > 0

    assert main([*ARGUMENTS, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    report = json.loads(out)
    assert set(report) == {"methods", "tests", "controls", "runs", "files"}
    assert len(report["runs"]) == 4

    assert main([*ARGUMENTS, "--hidden", "9"]) == 2
    out, err = capsys.readouterr()
    assert "other settings: hidden was [8], is [9]" in err
    assert (out, err.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-such-data"], "no data set or file 'no-such-data'"),
        (["digits-2", "--methods", "memetic,gradient"], "got 'gradient'"),
        (["digits-2", "--methods", "ga,ga"], "'ga' twice"),
        (["digits-2", "--methods", ","], "at least one method"),
        (["digits-2", "--methods", "memetic@1.5"], "got 'memetic@1.5'"),
        (["digits-2", "--methods", "memetic@0.00001"], "a path from an input to an output"),
        (["digits-2", "--hidden", "0"], "layer sizes"),
        (["digits-2", "--seeds", "0"], "seeds"),
        (["digits-2", "--time", "0"], "time"),
        (["digits-2", "--target", "y"], "target"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(arguments, words, capsys):
    if "--methods" not in arguments:
        arguments = [*arguments, "--methods", "memetic"]
    assert main(["compare", *arguments]) == 2
    out, err = capsys.readouterr()
    assert words in err
    assert (out, err.count("\n")) == ("", 1)
    assert not os.listdir()


def test_small_networks_can_be_compared_at_a_density_that_suits_them():
    arguments = ["--hidden", "2", "--max-density", "0.5", "--methods", "memetic,mlp"]
    assert main(["compare", "iris", *arguments, "--seeds", "1", "--generations", "2"]) == 0


def test_a_method_that_cannot_be_run_is_named_and_the_others_can_go_on(capsys):
    command = ["compare", "digits", "--hidden", "5", "--seeds", "1", "--generations", "1"]
    assert main([*command, "--methods", "memetic,ga-static"]) == 2
    error = capsys.readouterr().err
    assert "methods: ga-static cannot be run from seed 0: bound=0.7 was reached by none" in error
    assert "Traceback" not in error
    assert main([*command, "--methods", "memetic"]) == 0


def test_a_missing_library_is_named_with_its_extra(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for module in [
        name for name in sys.modules if name.startswith("scratchcard.research.baselines")
    ]:
        monkeypatch.delitem(sys.modules, module)
    assert main(["compare", "digits-2", "--methods", "memetic,edge-popup,twin"]) == 2
    assert (
        "edge-popup, twin need torch: pip install 'scratchcard[torch]'" in capsys.readouterr().err
    )
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["compare", "digits-2"]) == 2
    assert "pip install 'scratchcard[experiments]'" in capsys.readouterr().err


def test_broken_results_or_a_broken_folder_are_an_error(capsys):
    Path("out").mkdir()
    Path("out", "notes.txt").write_text("mine")
    Path("out", "runs.jsonl").write_text("mine too\n")
    assert main(ARGUMENTS) == 2
    assert "runs.jsonl" in capsys.readouterr().err
    Path("file").write_text("")
    assert main([*ARGUMENTS[:-1], "file"]) == 2
    assert main([*ARGUMENTS[:-1], "file/folder"]) == 2
    assert "cannot write into folder 'file/folder'" in capsys.readouterr().err


# -- interrupts ----------------------------------------------------------------------------------

ENDLESS = [
    *ARGUMENTS, "--methods", "memetic,memetic@0.5", "--generations", "1000000",
    "--evaluations", "10000000000",
]  # fmt: skip


@contextlib.contextmanager
def running(arguments):
    """The command in a process group of its own, as a shell starts it."""
    command = [sys.executable, "-m", "scratchcard", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, **pipes, start_new_session=True)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_until(process, holds) -> None:
    while not holds():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def nothing_runs(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


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
        wait_until_or_fail(lambda: nothing_runs(process.pid))


def wait_until_or_fail(holds, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


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
        wait_until_or_fail(lambda: nothing_runs(process.pid))


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


# -- damaged folders -----------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["missing", "cut", "empty"])
def test_a_run_whose_ticket_is_lost_is_done_again_and_its_controls_with_it(
    finished, damage, capsys
):
    shutil.copytree(finished, "out")
    path = ticket_path(Path("out"), "memetic", 0)
    ticket = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(ticket[:-5] if damage == "cut" else b"")
    runs = ComparisonRuns(SMALL, Path("out"))
    assert [(row["method"], row["seed"]) for row in runs.lost] == [("memetic", 0)]
    assert runs.missing == 1

    arguments = [*ARGUMENTS, "--methods", "memetic,ga,mlp"]
    assert main(arguments) == 0
    err = capsys.readouterr().err
    assert err.count("memetic, seed 0 is done again, for its ticket cannot be read") == 1
    assert "6/6  memetic, seed 0" in err
    assert path.read_bytes() == ticket
    again = ComparisonRuns(SMALL, Path("out"))
    assert (again.lost, again.missing) == ([], 0)
    assert len(again.controls(1, 1000.0)) == 6


HEADER_OF_0_1_0 = {
    "settings": {
        "scratchcard": __version__, "rows": "c0c0533813c536a1", "data": "digits-2",
        "target": None, "hidden": [8],
        "weights": "uniform", "biases": "uniform", "max_density": 0.1,
        "effort": {"generations": 3, "evaluations": None, "epochs": 3, "seconds": None},
    }
}  # fmt: skip
RUN_OF_0_1_0 = {
    "data": "digits-2", "network": "64-8-2", "weights": "uniform", "biases": "uniform",
    "method": "mlp", "seed": 0, "train_accuracy": 1.0, "validation_accuracy": 1.0,
    "test_accuracy": 0.987, "density": 1.0, "effective_density": 1.0, "bytes": 2152,
    "evaluations": None, "seconds": 0.5,
}  # fmt: skip


def test_results_of_version_0_1_0_are_gone_on_with(tmp_path):
    lines = (HEADER_OF_0_1_0, RUN_OF_0_1_0)
    (tmp_path / "runs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    runs = ComparisonRuns(SMALL, tmp_path)
    assert runs.rows == [RUN_OF_0_1_0]
    assert runs.missing == 5
