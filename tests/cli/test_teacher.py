# find --labels teacher:FILE, for real, and every file that is no teacher.
from __future__ import annotations

import json
import pickle

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier

from scratchcard import Ticket
from scratchcard.cli import main

SHORT = ("--hidden", "20", "--generations", "3", "--max-density", "0.5", "--jobs", "1")
TAUGHT = ("--labels", "teacher:model.joblib", "--trust")
COLUMNS = ("a", "b", "c", "d")


@pytest.fixture(scope="module")
def forest():
    X, y = load_iris(return_X_y=True)
    return RandomForestClassifier(20, random_state=0).fit(X, y)


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch, forest):
    """A folder with the forest, and with the same rows under labels right, shuffled and absent."""
    monkeypatch.chdir(tmp_path)
    joblib.dump(forest, "model.joblib")
    X, y = load_iris(return_X_y=True)
    for name, labels in (
        ("right", y),
        ("shuffled", np.random.default_rng(0).permutation(y)),
        ("absent", None),
    ):
        rows = X if labels is None else np.column_stack([X, labels])
        header = ",".join(COLUMNS if labels is None else (*COLUMNS, "kind"))
        np.savetxt(f"{name}.csv", rows, "%g", delimiter=",", header=header, comments="")


def test_the_report_says_what_was_not_read(capsys):
    assert main(["find", "right.csv", "--target", "kind", *TAUGHT, *SHORT]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "test agreement" in out
    assert "of 38 rows, with the teacher (RandomForestClassifier)" in out
    assert "by the labels in the data (the teacher: " in out
    assert "labels, by the search; only by this report" in out
    assert main(["find", "absent.csv", *TAUGHT, *SHORT]) == 0
    out, _ = capsys.readouterr()
    assert "accuracy" not in out
    assert "labels: there are none" in out


def test_the_labels_in_the_file_change_nothing(capsys):
    for name in ("right", "shuffled"):
        assert main(["find", f"{name}.csv", "--target", "kind", *TAUGHT, *SHORT]) == 0
    assert main(["find", "absent.csv", *TAUGHT, *SHORT, "--json"]) == 0
    report = json.loads(capsys.readouterr().out.split("\n{")[-1].join(["{", ""]))
    assert report["train_agreement"] > 0.8
    files = {Ticket.load(f"{name}.ticket").to_bytes() for name in ("right", "shuffled", "absent")}
    assert len(files) == 1


def test_labels_that_may_be_anything_are_left_out(capsys):
    X, y = load_iris(return_X_y=True)
    rows = np.column_stack([X, y + np.random.default_rng(0).random(len(y))])
    header = ",".join((*COLUMNS, "kind"))
    np.savetxt("numbers.csv", rows, "%g", delimiter=",", header=header, comments="")
    assert main(["find", "numbers.csv", "--target", "kind", *TAUGHT, *SHORT]) == 0
    assert "labels: there are none" in capsys.readouterr().out


def test_columns_that_cannot_be_compared_are_complained_of_once(capsys):
    pandas = pytest.importorskip("pandas")
    X, y = load_iris(return_X_y=True)
    teacher = RandomForestClassifier(5, random_state=0)
    joblib.dump(teacher.fit(pandas.DataFrame(X, columns=list(COLUMNS)), y), "model.joblib")
    np.savez("rows.npz", X=X)
    assert main(["find", "rows.npz", *TAUGHT, *SHORT]) == 0
    error = capsys.readouterr().err
    assert "rows.npz has no names of columns: the teacher is asked" in error
    assert error.count("\n") == 1


def test_a_module_teaches(capsys):
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(4, 2)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[0.0, 0, 1, 0], [0.0, 0, -1, 0]]))
        model.bias.copy_(torch.tensor([-2.5, 2.5]))
    joblib.dump(model, "model.joblib")
    assert main(["find", "absent.csv", *TAUGHT, *SHORT]) == 0
    assert Ticket.load("absent.ticket").head.labels.tolist() == [0, 1]


class _Runs:
    """What an attacker would put into a pickle."""

    def __reduce__(self):
        return (open, ("ran", "w"))


def refused(capsys, *arguments, data="absent.csv"):
    """Return the one line with which a search is refused."""
    assert main(["find", data, *arguments, *SHORT]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("scratchcard: ")
    assert err.count("\n") == 1
    return err


def test_nothing_is_loaded_without_trust(capsys, tmp_path):
    joblib.dump(_Runs(), "model.joblib")
    line = refused(capsys, "--labels", "teacher:model.joblib")
    assert "takes --trust: 'model.joblib' is a pickle, and loading one runs whatever code" in line
    assert not (tmp_path / "ran").exists()
    assert "--trust takes --labels teacher:FILE" in refused(capsys, "--trust")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "model.joblib: not a model that joblib can load: EOFError"),
        (b"garbage", "model.joblib: not a model that joblib can load: "),
        (b"\x80\x04K", "model.joblib: not a model that joblib can load: "),
        (b"x\x9c\x00\x00", "model.joblib: not a model that joblib can load: "),
        (b"cno_such_package.models\nForest\n.", "model.joblib: needs no_such_package"),
        (b"cscratchcard.ticket\nNoSuch\n.", "model.joblib: not a model that joblib can load: Attr"),
        (pickle.dumps({"a": 1}), "with predict, or a torch module, got dict"),
        (pickle.dumps(np.ones((150, 2)) / 2), "with predict, or a torch module, got ndarray"),
        (pickle.dumps(RandomForestClassifier()), "RandomForestClassifier is not fitted"),
        (
            pickle.dumps(RandomForestClassifier(1).fit(np.eye(3), [0, 1, 1])),
            "RandomForestClassifier has 3, the rows 4",
        ),
    ],
)
def test_a_file_of_something_else_is_one_line(content, message, capsys, tmp_path):
    (tmp_path / "model.joblib").write_bytes(content)
    assert message in refused(capsys, *TAUGHT)


def test_a_damaged_file_is_one_line(capsys, tmp_path):
    whole = (tmp_path / "model.joblib").read_bytes()
    for length in (1, 100, len(whole) // 2, len(whole) - 1):
        (tmp_path / "model.joblib").write_bytes(whole[:length])
        assert "model.joblib: not a model that joblib can load" in refused(capsys, *TAUGHT)


def test_other_mistakes_are_one_line(capsys, tmp_path):
    assert "'oracle' is neither given, none nor teacher:FILE" in refused(capsys, "--labels=oracle")
    assert "neither given, none nor teacher:FILE" in refused(capsys, "--labels=teacher:")
    line = refused(capsys, "--labels", "teacher:no.joblib", "--trust")
    assert "no.joblib: cannot be read: No such file" in line
    line = refused(capsys, "--labels", f"teacher:{tmp_path}", "--trust")
    assert "cannot be read: Is a directory" in line
    assert "teacher takes neither --classes nor --numbers" in refused(capsys, *TAUGHT, "--classes")
    assert "--clusters takes --labels none" in refused(capsys, *TAUGHT, "--clusters", "3")


def test_a_model_of_another_version_is_told_in_a_line(tmp_path, capsys):
    content = (tmp_path / "model.joblib").read_bytes()
    old = b"0" * len(sklearn.__version__)
    (tmp_path / "model.joblib").write_bytes(content.replace(sklearn.__version__.encode(), old))
    assert main(["find", "absent.csv", *TAUGHT, *SHORT]) == 0
    err = capsys.readouterr().err
    assert err.startswith("scratchcard: model.joblib: Trying to unpickle estimator")
    assert err.count("\n") == 1
