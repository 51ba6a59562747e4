# Results on disk survive interrupts, and never mix with those of other settings.
from __future__ import annotations

import json

import pytest

from scratchcard.research.shared.results import FILE_NAME, Results

SETTINGS = {"hidden": (100,), "time": None}
RUN = {"method": "memetic", "seed": 0, "test_accuracy": 0.5}


def results(folder, settings=SETTINGS):
    return Results(folder, settings, ("method", "seed"))


def test_runs_are_found_again_by_their_identity(tmp_path):
    results(tmp_path / "new" / "folder").add(RUN)
    again = results(tmp_path / "new" / "folder")
    assert {"method": "memetic", "seed": 0} in again
    assert {"method": "memetic", "seed": 1} not in again
    assert list(again.rows.values()) == [RUN]


def test_a_run_of_the_same_identity_replaces_the_former(tmp_path):
    first = results(tmp_path)
    first.add(RUN)
    first.add(RUN | {"test_accuracy": 0.75})
    assert [row["test_accuracy"] for row in results(tmp_path).rows.values()] == [0.75]


@pytest.mark.parametrize("cut", [1, 10, 40])
def test_a_last_line_cut_short_is_dropped_and_the_file_goes_on(tmp_path, cut):
    first = results(tmp_path)
    first.add(RUN)
    first.add(RUN | {"seed": 1})
    text = first.path.read_text()
    first.path.write_text(text[:-cut])
    second = results(tmp_path)
    assert list(second.rows) == [("memetic", 0)]
    second.add(RUN | {"seed": 1})
    assert first.path.read_text() == text


@pytest.mark.parametrize("length", [0, 5, 20])
def test_a_first_line_cut_short_is_written_again(tmp_path, length):
    first = results(tmp_path)
    text = first.path.read_text()
    first.path.write_text(text[:length])
    assert not results(tmp_path).rows
    assert first.path.read_text() == text


def test_other_settings_are_refused_and_named(tmp_path):
    results(tmp_path)
    with pytest.raises(ValueError, match=r"other settings: hidden was \[100\], is \[20\]"):
        results(tmp_path, {"hidden": (20,), "time": None})


@pytest.mark.parametrize(
    "content",
    [
        b"no results",
        b"no results\n",
        b"[1]\n",
        b"{}\n",
        b'{"settings": 3}\n',
        b"\xff\xfe\n",
    ],
)
def test_a_file_that_holds_no_results_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    with pytest.raises(ValueError, match=FILE_NAME):
        results(tmp_path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("line", ["{", "3", json.dumps({"method": "ga"}), '{"method":[],"seed":0}'])
def test_a_run_that_cannot_be_read_is_named_by_its_line(tmp_path, line):
    first = results(tmp_path)
    first.add(RUN)
    with first.path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ValueError, match="line 3"):
        results(tmp_path)


def test_several_results_in_one_folder(tmp_path):
    results(tmp_path).add(RUN)
    other = Results(tmp_path, {"other": 1}, ("name",), "controls.jsonl")
    other.add({"name": "shuffled"})
    assert len(results(tmp_path).rows) == 1
