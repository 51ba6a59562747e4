# Data sets by name and from files: their splits, and the errors that bad input gets.
from __future__ import annotations

import contextlib
import gzip
import struct
import zipfile

import numpy as np
import pytest
from sklearn.datasets import load_digits

from scratchcard.datasets import NAMES, DataError, Part, load, load_features, split
from scratchcard.datasets.dataset import Dataset
from scratchcard.datasets.idx import read_idx


def rows_of(part: Part) -> set[bytes]:
    return {row.tobytes() for row in np.ascontiguousarray(part.X)}


def shares(labels: np.ndarray) -> np.ndarray:
    return np.unique(labels, return_counts=True)[1] / len(labels)


# Names


@pytest.mark.parametrize(
    ("name", "rows", "n_features", "n_classes"),
    [
        ("digits", (1144, 203, 450), 64, 10),
        ("digits-2", (229, 41, 90), 64, 2),
        ("iris", (95, 17, 38), 4, 3),
        ("wine", (113, 20, 45), 13, 3),
        ("breast_cancer", (362, 64, 143), 30, 2),
        ("moons", (42_500, 7_500, 16_000), 2, 2),
        ("circles", (42_500, 7_500, 16_000), 2, 2),
        ("blobs", (31_875, 5_625, 12_500), 2, 10),
        ("blobs-3", (9_562, 1_688, 3_750), 2, 3),
    ],
)
def test_named_set(name, rows, n_features, n_classes):
    data = load(name)
    parts = (data.train, data.validation, data.test)
    assert tuple(len(part.y) for part in parts) == rows
    assert all(part.X.shape == (len(part.y), n_features) for part in parts)
    assert (data.name, data.n_features, data.n_classes) == (name, n_features, n_classes)
    whole = shares(np.concatenate([part.y for part in parts]))
    for part in parts:  # stratified
        assert np.abs(shares(part.y) - whole).max() < 1 / len(part.y) + 0.02


def test_digits_split_is_fixed_disjoint_and_complete():
    data, again = load("digits"), load("digits")
    X, y = load_digits(return_X_y=True)
    parts = (data.train, data.validation, data.test)
    assert sum(len(part.y) for part in parts) == len(y)
    assert set.union(*map(rows_of, parts)) == {row.tobytes() for row in X}
    assert np.array_equal(data.test.X, again.test.X)
    assert np.array_equal(data.validation.y, again.validation.y)
    # the very rows: a new scikit-learn that shuffles otherwise would change every figure
    assert data.test.y[:12].tolist() == [2, 0, 4, 9, 4, 1, 2, 4, 6, 7, 9, 1]
    assert data.validation.y[:12].tolist() == [1, 8, 4, 3, 4, 0, 2, 6, 3, 9, 4, 1]


def test_moons_is_scaled_by_the_training_rows_alone():
    data = load("moons")
    assert data.train.X.min() == pytest.approx(-0.7)
    assert data.train.X.max() == pytest.approx(0.7)
    assert data.test.X.min() != pytest.approx(-0.7, abs=1e-9)
    assert data.test.X.max() != pytest.approx(0.7, abs=1e-9)


def test_iris_has_named_labels_and_features():
    data = load("iris")
    assert data.classes.tolist() == ["setosa", "versicolor", "virginica"]
    assert data.feature_names[0] == "sepal length (cm)"
    assert data.targets(data.test).max() == 2
    assert np.array_equal(data.classes[data.targets(data.test)], data.test.y)


@pytest.mark.parametrize("name", ["digits-1", "digits-11", "blobs-0", "blobs-99"])
def test_class_count_out_of_range(name):
    with pytest.raises(DataError, match="2 to 10 classes"):
        load(name)


def test_unknown_data_lists_what_there_is():
    with pytest.raises(DataError, match=r"no data set or file 'digit'; names: digits, iris"):
        load("digit")


def test_target_of_a_named_set_is_refused():
    with pytest.raises(DataError, match="has its own labels"):
        load("digits", target="class")


def test_features_of_a_name_are_its_test_rows():
    assert np.array_equal(load_features("iris"), load("iris").test.X)


# IDX, and fashion-mnist


def idx_bytes(values: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + (
        values.astype(np.uint8).tobytes()
    )


@pytest.fixture
def idx_folder(tmp_path):
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for stem, n in (("train", 60), ("t10k", 20)):
        images, labels = rng.integers(0, 256, (n, 3, 2)), np.arange(n) % 4
        (folder / f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(images)))
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    return folder


def test_fashion_mnist_from_the_users_folder(idx_folder, monkeypatch):
    monkeypatch.setenv("SCRATCHCARD_DATA", str(idx_folder.parent))
    data = load("fashion-mnist")
    assert [len(part.y) for part in (data.train, data.validation, data.test)] == [51, 9, 20]
    assert data.n_features == 6
    assert data.test.y.tolist() == [i % 4 for i in range(20)]  # the official rows, in their order


def test_fashion_mnist_absent(tmp_path, monkeypatch):
    monkeypatch.setenv("SCRATCHCARD_DATA", str(tmp_path))
    monkeypatch.setattr("scratchcard.datasets.named._DEBIAN_FOLDER", tmp_path / "none")
    with pytest.raises(DataError, match=r"dataset-fashion-mnist.*SCRATCHCARD_DATA"):
        load("fashion-mnist")


def test_idx_folder(idx_folder):
    assert load(idx_folder).n_classes == 4
    assert load_features(idx_folder).shape == (20, 6)


def test_idx_folder_with_a_missing_file(idx_folder):
    (idx_folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="no file t10k-labels-idx1-ubyte"):
        load(idx_folder)


def test_idx_images_and_labels_must_match(idx_folder):
    (idx_folder / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(59) % 4))
    with pytest.raises(DataError, match="do not match"):
        load(idx_folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an IDX file"),
        (b"PK\x03\x04", "not an IDX file"),
        (b"\0\0\x08\x02\0\0", "truncated in its header"),
        (idx_bytes(np.zeros((3, 2)))[:-1], "its header stands for"),
        (idx_bytes(np.zeros((3, 2))) + b"\0", "its header stands for"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "its header stands for"),
        (gzip.compress(idx_bytes(np.zeros((3, 2))), mtime=0)[:-9], "cannot be read"),
    ],
)
def test_bad_idx(tmp_path, content, message):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_idx(path)


# CSV


def write_csv(tmp_path, text: str):
    path = tmp_path / "data.csv"
    path.write_text(text, encoding="utf-8")
    return path


def csv_text(n_rows: int = 40, labels: tuple[str, ...] = ("yes", "no")) -> str:
    lines = [f"{i},{i / 8},{labels[i % len(labels)]}" for i in range(n_rows)]
    return "\n".join(["a,b,class", *lines]) + "\n"


def test_csv_takes_the_last_column_as_labels(tmp_path):
    data = load(write_csv(tmp_path, csv_text()))
    assert data.feature_names == ("a", "b")
    assert data.classes.tolist() == ["no", "yes"]
    assert [len(part.y) for part in (data.train, data.validation, data.test)] == [25, 5, 10]
    assert rows_of(data.train).isdisjoint(rows_of(data.test))


def test_csv_takes_a_named_column_as_labels(tmp_path):
    text = "label,x\n" + "".join(f"{i % 3},{i}.5\n" for i in range(60))
    data = load(write_csv(tmp_path, text), target="label")
    assert data.classes.tolist() == [0, 1, 2]
    assert data.classes.dtype == np.int64
    assert data.feature_names == ("x",)


def test_csv_quotes_blank_lines_and_byte_order_mark(tmp_path):
    rows = "".join(f'{i},"{"a, b" if i % 2 else "c"}"\n\n' for i in range(30))
    data = load(write_csv(tmp_path, '\ufeffx,"the class"\n' + rows))
    assert data.classes.tolist() == ["a, b", "c"]
    assert data.feature_names == ("x",)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (("1", "0"), [0, 1]),
        (("1.0", "2.0"), [1, 2]),
        (("-3", "12"), [-3, 12]),
        (("007", "8"), ["007", "8"]),
        (("True", "False"), ["False", "True"]),
        (("12345678901234567890123", "x"), ["12345678901234567890123", "x"]),
        (("Ä", "日本"), ["Ä", "日本"]),
        (("1_0", "10", "2e1", "20"), ["10", "1_0", "20", "2e1"]),
        (("-0", "0"), ["-0", "0"]),
        (("1.000000e+00", "0.000000e+00"), [0, 1]),
    ],
)
def test_csv_labels(tmp_path, labels, classes):
    data = load(write_csv(tmp_path, csv_text(labels=labels)))
    assert data.classes.tolist() == classes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("a,,c\n1,2,x\n", "column 1 has no name"),
        ("a,a,c\n1,2,x\n", "more than one column is named 'a'"),
        ("a,b,c\n", "no rows"),
        ("c\n" + "x\ny\n" * 9, "no feature columns"),
        ("a,b,c\n1,2,x\n1,2\n", "line 3 has 2 cells, the first row 3"),
        ("a,b,c\n1,2,x\n1,1_0,x\n", "line 3: column 'b' holds '1_0', numbers elsewhere"),
        ("a,b,c\n1,2,x\n-inf,2,x\n", "line 3: column 'a' holds -inf; takes finite numbers"),
        ("a,b,c\n1,2,\n", "line 2 has no label in column 'c'"),
        ("a,b,c\n1,2,NaN\n", "line 2 has no label in column 'c'"),
        ('a,b,c\n1,2,"x\n', "line 2: a quote"),
        (csv_text(labels=("x",)), "all 40 rows are of one class, x"),
        (csv_text(labels=("0.5", "1.25")), "must be classes .* but one is 0.5"),
        (csv_text(5, labels=("p", "q", "r", "s", "t", "u")), "5 classes in 5 rows.* at least 3"),
        (csv_text() + "1,2,rare\n", "class rare has only 1"),
        (csv_text(18, labels=tuple("abcdef")), "18 rows are too few for 6 classes"),
    ],
)
def test_bad_csv(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        load(write_csv(tmp_path, text))


def test_csv_without_the_target_column(tmp_path):
    with pytest.raises(DataError, match="no column 'klass'; its columns: a, b, class"):
        load(write_csv(tmp_path, csv_text()), target="klass")


def test_csv_that_is_not_text(tmp_path):
    path = tmp_path / "data.csv"
    path.write_bytes(b"a,b\n\x01\xff\xfe,1\n")
    with pytest.raises(DataError, match="line 2 is not text in UTF-8"):
        load(path)


def test_numbers_beyond_what_a_ticket_scales_are_refused_by_name(tmp_path):
    text = "a,b,c\n" + "".join(f"{i},{i}e307,{'xy'[i % 2]}\n" for i in range(9)) * 3
    with pytest.raises(DataError, match=r"column 'b' takes numbers below 2\*\*100, got 8e\+307"):
        load(write_csv(tmp_path, text))


def test_features_of_a_csv(tmp_path):
    path = write_csv(tmp_path, "a,b\n1,2\n3,4\n")
    assert load_features(path).tolist() == [[1, 2], [3, 4]]
    assert load_features(path, target="a").tolist() == [[2], [4]]
    unlabelled = write_csv(tmp_path, "a,label\n1,\n2,nan\n3,0.5\n")
    assert load_features(unlabelled, target="label").tolist() == [[1], [2], [3]]
    with pytest.raises(DataError, match="no rows to predict"):
        load_features(write_csv(tmp_path, "a,b\n"))


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "data.xlsx"
    path.write_bytes(b"PK")
    with pytest.raises(DataError, match=r"unknown kind of file; takes \.csv"):
        load(path)
    with pytest.raises(DataError, match="no data set or file"):
        load(tmp_path / "absent.csv")


# Parquet


@pytest.fixture
def frame():
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    n = np.arange(60)
    return pandas.DataFrame(
        {"f": n / 7, "i": n, "flag": n % 5 == 0, "kind": np.take(["u", "v"], n % 2)}
    )


def save(frame, tmp_path):
    path = tmp_path / "data.parquet"
    frame.to_parquet(path)
    return path


def test_parquet(tmp_path, frame):
    data = load(save(frame, tmp_path))
    assert data.feature_names == ("f", "i", "flag")
    assert data.classes.tolist() == ["u", "v"]
    assert sum(len(part.y) for part in (data.train, data.validation, data.test)) == 60


def test_parquet_of_categories_and_with_an_index(tmp_path, frame):
    frame["kind"] = frame["kind"].astype("category")
    data = load(save(frame.set_index(frame["i"].rename(None) * 3), tmp_path), target="kind")
    assert data.classes.tolist() == ["u", "v"]
    assert data.feature_names == ("f", "i", "flag")


def test_parquet_boolean_and_integer_labels(tmp_path, frame):
    path = save(frame.drop(columns="kind"), tmp_path)
    assert load(path).classes.tolist() == [False, True]
    assert load_features(path, target="flag").shape == (60, 2)


def test_bad_parquet(tmp_path, frame):
    with pytest.raises(DataError, match="no column 'x'; its columns: f, i, flag, kind"):
        load(save(frame, tmp_path), target="x")
    with pytest.raises(DataError, match="column 'f' must be classes"):
        load(save(frame.drop(columns="kind"), tmp_path), target="f")
    frame.loc[4, "kind"] = None
    with pytest.raises(DataError, match="row 5 has no value in column 'kind'"):
        load(save(frame, tmp_path))
    frame.loc[2, "f"] = np.inf
    with pytest.raises(DataError, match="row 3: column 'f' holds inf"):
        load(save(frame.drop(columns="kind"), tmp_path))
    path = tmp_path / "text.parquet"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="not a Parquet file"):
        load(path)


# NPZ


def save_npz(tmp_path, **arrays):
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)
    return path


IMAGES = np.random.default_rng(1).integers(0, 255, (40, 4, 3)).astype(np.uint8)
LABELS = np.arange(40) % 3


def test_npz(tmp_path):
    data = load(save_npz(tmp_path, X=IMAGES, y=LABELS))
    assert (data.n_features, data.n_classes, data.train.X.dtype) == (12, 3, np.uint8)
    assert data.feature_names is None
    assert np.array_equal(load_features(tmp_path / "data.npz"), IMAGES.reshape(40, 12))


def test_npz_with_named_arrays(tmp_path):
    path = save_npz(tmp_path, images=IMAGES, kinds=np.take(["a", "b"], LABELS % 2))
    assert load(path, target="kinds").classes.tolist() == ["a", "b"]
    assert load_features(path, target="kinds").shape == (40, 12)


NAN = np.full((40, 2), 1.0)
NAN[3, 1] = np.nan


@pytest.mark.parametrize(
    ("arrays", "target", "message"),
    [
        ({"X": IMAGES, "y": LABELS}, "z", "no array 'z'; its arrays: X, y"),
        ({"X": IMAGES}, None, "no array 'y' with the labels"),
        ({"a": IMAGES, "b": IMAGES, "y": LABELS}, None, "no array 'X'; its arrays: a, b, y"),
        ({"X": LABELS, "y": LABELS}, None, r"X has shape \(40,\)"),
        ({"X": IMAGES, "y": LABELS[:9]}, None, r"y has shape \(9,\), but X has 40 rows"),
        ({"X": IMAGES.astype(str), "y": LABELS}, None, "X has type <U3; takes numbers"),
        ({"X": NAN - np.inf, "y": LABELS}, None, r"X\[0, 0\] is -inf"),
        ({"X": IMAGES.astype(object), "y": LABELS}, None, "array 'X' cannot be read"),
        ({"X": IMAGES, "y": LABELS + 0.5}, None, "must be classes"),
        ({"X": IMAGES, "y": LABELS.astype(complex)}, None, "of type complex128; takes strings"),
        ({"X": IMAGES[:0], "y": LABELS[:0]}, None, "no rows"),
    ],
)
def test_bad_npz(tmp_path, arrays, target, message):
    with pytest.raises(DataError, match=message):
        load(save_npz(tmp_path, **arrays), target=target)


def test_truncated_npz(tmp_path):
    path = save_npz(tmp_path, X=IMAGES, y=LABELS)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="not an NPZ file"):
        load(path)


def test_damaged_npz(tmp_path):
    path = save_npz(tmp_path, X=IMAGES, y=LABELS)
    content = bytearray(path.read_bytes())
    content[300] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged"):
        load(path)


def test_corrupted_npz_never_shows_a_traceback(tmp_path):
    path = tmp_path / "data.npz"
    np.savez_compressed(path, X=IMAGES, y=LABELS)
    sound, random = path.read_bytes(), np.random.default_rng(0)
    for _ in range(200):
        content = bytearray(sound)
        content[random.integers(len(content))] ^= 1 << random.integers(8)
        path.write_bytes(content)
        with contextlib.suppress(DataError):
            load(path)


def test_arrays_of_an_npz_that_are_not_wanted_are_not_read(tmp_path):
    path = save_npz(tmp_path, X=IMAGES, y=LABELS, names=np.array([None, {}]))
    assert len(load(path).train.y) > 0
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("readme", "text")
    with pytest.raises(DataError, match="'readme' is not an array"):
        load(path, target="readme")


# Splitting


def test_split_refuses_infinity_and_takes_what_is_missing():
    with pytest.raises(DataError, match=r"mine: X\[3, 1\] is inf"):
        split("mine", np.where(np.isnan(NAN), np.inf, NAN), LABELS)
    data = split("mine", NAN, LABELS)
    assert np.isfinite(data.train.X).all()
    assert data.columns.input_names() == ["1", "1 missing"]  # the other column is constant


def test_every_class_must_have_training_rows():
    part = Part(np.zeros((2, 1)), np.array([0, 1]))
    with pytest.raises(DataError, match="class 2 has test rows but no training rows"):
        Dataset("mine", part, part, Part(np.zeros((1, 1)), np.array([2])))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((0, 1)), "mine: test has no rows"),
        (np.zeros((2, 3)), "mine: test rows have 3 features, the training rows 1"),
        (np.zeros(2), r"mine: test rows take X \(n_rows, n_features\)"),
        (np.array([[0.0], [np.inf]]), r"mine: test X\[1, 0\] is inf"),
    ],
)
def test_every_part_is_checked(X, message):
    part = Part(np.zeros((2, 1)), np.array([0, 1]))
    with pytest.raises(DataError, match=message):
        Dataset("mine", part, part, Part(X, np.array([0, 1])[: len(X)]))


def test_a_name_that_is_too_long_for_a_file():
    with pytest.raises(DataError, match="no data set or file"):
        load("x" * 300)


def test_every_name_is_documented():
    from scratchcard.datasets import named

    assert all(name in named.__doc__ for name in NAMES)


# What errors say


def test_errors_show_control_characters_and_end_somewhere(tmp_path):
    """Names come from files: they neither move the cursor nor fill the screen."""
    names = [f"evil\x1b[2J{'x' * 10_000}{i}" for i in range(5)]
    path = tmp_path / "data.csv"
    path.write_text(",".join([*names, "class"]) + "\n1,2,3,4,5,a\n")
    with pytest.raises(DataError) as caught:
        load(path, "kind")
    message = str(caught.value)
    assert "\x1b" not in message
    assert "no column 'kind'; its columns: evil\\x1b[2Jxxx" in message
    assert len(message) <= 500


def test_errors_show_classes_printably(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("a,class\n" + '1,"x\x1b]0;y\x07"\n' * 30)
    with pytest.raises(DataError, match="all 30 rows are of one class, x") as caught:
        load(path)
    assert str(caught.value).isprintable()
