"""``scratchcard reproduce paper``: what is run, that it resumes, what is said about the runs."""

from __future__ import annotations

import json
import os
import signal

import pytest

pytest.importorskip("pandas")
pytest.importorskip("matplotlib")
pytest.importorskip("statsmodels")

from paper_runs import runs_of
from processes import eventually, nothing_runs, running, wait_until
from scratchcard.cli import main
from scratchcard.cli.reproducing import spoken
from scratchcard.research.paper import claims, report, tables
from scratchcard.research.paper.cases import ENTRANTS, EXPERIMENTS
from scratchcard.research.paper.runs import Reproduction, dataset
from scratchcard.research.paper.tables import results_table
from scratchcard.research.shared.words import markdown

CASE = ("moons", "2-20-2", "ga")


@pytest.mark.parametrize("name", ["digits", "digits-2", "classes", "moons", "blobs"])
def test_cases_say_the_shape_of_their_data(name):
    for case in EXPERIMENTS[name].cases:
        data = dataset(case.data)
        assert case.network.split("-")[0] == str(data.n_features)
        assert case.network.split("-")[-1] == str(data.n_classes)


def test_over_means_over():
    at, over = (
        {c.text: c.verdict for c in claims.paper_claims(runs_of(one, density))}
        for one, density in (({CASE: [0.9]}, 0.2), ({CASE: [0.9]}, 0.19))  # pruned to half of it
    )
    assert (at["Over 90 % sparsity"], over["Over 90 % sparsity"]) == ("not confirmed", "confirmed")


def test_every_experiment_of_the_paper_is_there():
    networks = {name: [case.network for case in one.cases] for name, one in EXPERIMENTS.items()}
    assert networks["moons"] == networks["circles"] == ["2-20-2", "2-75-2", "2-100-2", "2-50-50-2"]
    assert networks["digits"] == ["64-20-10", "64-75-10", "64-100-10", "64-50-50-10"]
    assert [n.split("-")[-1] for n in networks["classes"]] == ["2", "3", "4", "5", "10"]
    assert [n.split("-")[-1] for n in networks["blobs"]] == [str(n) for n in range(2, 11)]
    assert Reproduction().seeds == 25
    assert Reproduction(quick=True).seeds == 3
    assert all(length.ga is None for length in Reproduction().lengths.values())  # the paper's


def test_a_limit_makes_no_method_run_longer_than_its_own_length():
    """1,000 generations cut the GA's 11,000, and are ten times the memetic search's own."""
    length = Reproduction(generations=1000, epochs=50).lengths["digits"]
    assert (length.ga, length.memetic, length.edge_popup, length.mlp) == (1000, None, 50, 50)
    assert Reproduction(quick=True, generations=500).lengths["digits"].ga == 400


def test_a_case_of_two_experiments_is_run_once():
    assert len(Reproduction(experiments=("digits-2", "classes")).cases) == 4 + 5 - 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"experiments": ("mnist",)},
        {"methods": ("adam",)},
        {"methods": ()},
        {"methods": ("ga", "ga")},
        {"experiments": ("moons", "moons")},
        {"methods": ("edge-popup@ga",)},  # at a density that no run would tell
        {"seeds": 0},
        {"generations": 0},
        {"epochs": 0},
    ],
)
def test_wrong_settings_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Reproduction(**wrong)


def test_the_memetic_search_that_loses_is_listed():
    even = [0.90, 0.91, 0.92]
    runs = runs_of(
        {
            ("moons", "2-20-2", "memetic"): even,
            ("moons", "2-20-2", "ga"): [0.95, 0.96, 0.97],
            ("moons", "2-20-2", "twin"): [0.99, 0.99, 0.99],
            ("moons", "2-75-2", "memetic"): even,
            ("moons", "2-75-2", "ga"): even,
        }
    )
    behind = tables.behind(tables.case_tests(runs))
    assert list(zip(behind["network"], behind["method"], strict=True)) == [("2-20-2", "ga")]
    assert "2-20-2" in markdown(tables.paired_table(behind))


def test_denser_than_the_other_mask_is_listed_even_where_more_accurate():
    runs = runs_of(
        {("moons", "2-20-2", "memetic"): [0.9, 0.91], ("moons", "2-20-2", "ga"): [0.8, 0.8]}
    )
    runs.loc[runs["method"] == "memetic", "density"] = 0.3
    assert len(tables.behind(tables.case_tests(runs))) == 1


def test_on_signed_constant_weights_memetic_is_tested_against_those_there():
    names = ("memetic", "memetic-signed", "ga", "signed@0.5")
    runs = runs_of({("circles", "2-100-2", name): [0.9, 0.91] for name in names})
    tests = tables.case_tests(runs)
    assert list(zip(tests["reference"], tests["method"], strict=True)) == [
        ("memetic", "ga"),
        ("memetic", "signed@0.5"),
        ("memetic-signed", "signed@0.5"),
    ]
    assert "memetic ±1" in markdown(tables.paired_table(tests))


def test_verdicts_follow_the_runs():
    six = [0.90, 0.91, 0.92, 0.93, 0.94, 0.95]
    better = [value + 0.02 + 0.001 * k for k, value in enumerate(six)]
    runs = runs_of(
        {("moons", "2-20-2", "ga"): better, ("moons", "2-20-2", "edge-popup@0.5"): six},
        density=0.25,
    )
    found = {claim.text: claim.verdict for claim in claims.paper_claims(runs)}
    assert found["The GA is more accurate than edge-popup on binary instances"] == "confirmed"
    assert found["The GA is more accurate than edge-popup on multi-class instances"] == "not run"
    assert found["Over 90 % sparsity"] == "not confirmed"
    assert found["moons, 2-20-2: the GA's sparsity is 73.2 %"] == "surpassed"  # 87.5 % when pruned
    worse = runs.assign(method=runs["method"].map({"ga": "edge-popup@0.5", "edge-popup@0.5": "ga"}))
    found = {claim.text: claim.verdict for claim in claims.paper_claims(worse)}
    assert found["The GA is more accurate than edge-popup on binary instances"] == "not confirmed"


def test_results_table_has_a_row_for_each_case_and_method():
    runs = runs_of({("digits", "64-75-10", name): [0.9, 0.92] for name in ENTRANTS})
    table = results_table(runs)
    assert list(table["method"]) == [one.label for one in ENTRANTS.values()]
    assert set(table["mean %"]) == {"91.00 ± 1.41"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A reproduction at the smallest scale, with the command line."""
    pytest.importorskip("torch")
    out = tmp_path_factory.mktemp("paper")
    assert main([*SMALL, "--seeds", "1", "--methods", FIRST, "--out", str(out)]) == 0
    return out


SMALL = [
    "reproduce",
    "paper",
    "--quick",
    "--only",
    "digits-2",
    "--generations",
    "2",
    "--epochs",
    "1",
]
FIRST = "memetic,ga,edge-popup@ga"


def result_rows(folder):
    return [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()[1:]]


def test_runs_are_kept_and_more_can_be_asked_for(folder, capsys):
    first = result_rows(folder)
    assert len(first) == 4 * 3
    assert main([*SMALL, "--seeds", "2", "--methods", "memetic", "--out", str(folder)]) == 0
    assert result_rows(folder)[: len(first)] == first
    assert len(result_rows(folder)) == 4 * 3 + 4
    assert "4 of 8 runs to do" in capsys.readouterr().err


def test_edge_popup_keeps_no_more_than_the_ga(folder):
    density = {
        (r["network"], r["method"]): r["density"] for r in result_rows(folder) if not r["seed"]
    }
    for network in {network for network, _ in density}:
        assert density[network, "edge-popup@ga"] <= density[network, "ga"]
        assert density[network, "edge-popup@ga"] > 0.9 * density[network, "ga"]


def test_evolved_masks_are_pruned_and_others_are_not(folder):
    for row in result_rows(folder):
        if row["method"] in ("memetic", "ga"):
            assert 0 < row["pruned_density"] <= row["density"]
        else:
            assert "pruned_density" not in row


def test_report_and_pictures_are_written(folder):
    text = (folder / "report.md").read_text()
    for words in ("### The paper's claims", "### Digits, two classes", "64-50-50-2"):
        assert words in text
    for name in ("paper-accuracy", "paper-sparsity"):
        assert f"images/{name}.png" in text
        assert (folder / "images" / f"{name}.png").stat().st_size > 10_000
    assert (folder / "runs.csv").read_text().startswith("data,network")


def test_report_goes_between_the_marks_of_a_page(folder, tmp_path):
    page = tmp_path / "paper.md"
    page.write_text(f"above\n{report.BEGIN}\nold\n{report.END}\nbelow\n")
    report.insert(folder, page)
    text = page.read_text()
    assert text.startswith("above\n")
    assert text.endswith("\nbelow\n")
    assert "old" not in text
    assert (folder / "report.md").read_text() in text
    assert (tmp_path / "images" / "paper-accuracy.png").exists()
    report.insert(folder, page)
    assert page.read_text() == text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "1 minute"), (1560, "26 minutes"), (16_200, "4.5 hours"), (1_397_778, "16.2 days")],
)
def test_times_are_spoken(seconds, words):
    assert spoken(seconds) == words


def test_other_settings_are_refused(folder, capsys):
    small = [*SMALL[:-1], "2"]
    assert main([*small, "--seeds", "1", "--out", str(folder)]) == 2
    assert "was begun with other settings" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "words"),
    [(["--only", "mnist"], "experiments takes moons"), (["--methods", "adam"], "methods takes")],
)
def test_wrong_usage_is_one_line(wrong, words, tmp_path, capsys):
    assert main(["reproduce", "paper", "--quick", *wrong, "--out", str(tmp_path / "x")]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_a_page_without_marks_is_refused_before_anything_runs(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    arguments = ["reproduce", "paper", "--methods", "memetic"]  # which needs no torch
    arguments += ["--out", str(tmp_path / "x"), "--into", str(page)]
    assert main(arguments) == 2
    assert "into takes a file with the lines" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_an_interrupt_keeps_finished_runs_and_reports_them(tmp_path):
    """The four short runs are done first; then come four long ones."""
    out = tmp_path / "out"
    arguments = ["reproduce", "paper", "--only", "digits", "--methods", "mlp,memetic"]
    arguments += ["--seeds", "1", "--epochs", "1", "--out", str(out)]
    with running(arguments) as process:
        wait_until(process, lambda: (out / "runs.jsonl").exists() and len(result_rows(out)) == 4)
        os.killpg(process.pid, signal.SIGINT)
        printed, err = process.communicate(timeout=120)
        assert process.returncode == 130
        assert f"4 runs are kept in '{out}'" in err
        assert "Traceback" not in err
        assert "written: " in printed
        assert (out / "report.md").exists()
        assert eventually(lambda: nothing_runs(process.pid))
