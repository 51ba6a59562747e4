"""benchmarks/paper_targets.py: what the project wants to reach, held against runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("pandas")

from paper_runs import runs_of

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "paper_targets.py"
if not SCRIPT.exists():
    pytest.skip("benchmarks are no part of the source distribution", allow_module_level=True)

_spec = importlib.util.spec_from_file_location("paper_targets", SCRIPT)
assert _spec is not None
assert _spec.loader is not None
paper_targets = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(paper_targets)


def test_targets_are_those_of_both_weights_where_both_were_run():
    runs = runs_of({("circles", "2-100-2", "memetic"): [0.91] * 2})
    (own,) = (claim for claim in paper_targets.targets(runs) if claim.verdict == "missed")
    assert "memetic median" in own.text
    both = runs_of(
        {
            ("circles", "2-100-2", "memetic"): [0.91] * 2,
            ("circles", "2-100-2", "memetic-signed"): [0.92] * 2,
        }
    )
    found = {claim.text: claim.verdict for claim in paper_targets.targets(both)}
    assert found["circles, 2-100-2: memetic median of at least 92 %"] == "missed"
    assert found["circles, 2-100-2: memetic ±1 median of at least 92 %"] == "reached"


@pytest.mark.parametrize(("value", "verdict"), [(0.97, "reached"), (0.96, "missed")])
def test_targets_are_held_against_the_twin(value, verdict):
    network = "64-100-10"
    runs = runs_of(
        {("digits", network, "memetic"): [value] * 2, ("digits", network, "twin"): [0.975] * 2}
    )
    assert paper_targets.targets(runs)[-1].verdict == verdict


def test_the_script_reads_the_runs_of_a_folder(tmp_path, capsys, monkeypatch):
    runs = runs_of({("moons", "2-100-2", "memetic"): [0.995] * 2})
    runs.to_csv(tmp_path / "runs.csv", index=False)
    monkeypatch.setattr("sys.argv", ["paper_targets.py", str(tmp_path)])
    paper_targets.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "reached: moons, 2-100-2: memetic median of at least 99 % (99.50 %)"
    assert lines[-1].startswith("not run: digits")
