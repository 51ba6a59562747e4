"""Convolutions on the command line: --layers and --image-shape, and what they find."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click import BadParameter
from sklearn.datasets import load_digits

from convolved import convolved, images
from scratchcard import Conv2d, Dense, Ticket
from scratchcard.cli import main
from scratchcard.cli.layers import image_shape, layers

QUICK = ("--generations", "2", "--jobs", "1")
TINY = "conv4x3s2,dense"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def done(capsys):
    """Run a command that succeeds, and return what it prints."""

    def run(*arguments: str) -> str:
        assert main([*arguments]) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def refused(capsys):
    """Run a command that is refused, and return the line that says why."""

    def run(*arguments: str) -> str:
        assert main([*arguments]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        return err.splitlines()[-1]  # after what was assumed of a file

    return run


# How layers are written


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("dense", ()),
        ("dense100,dense", (Dense(100),)),
        ("conv32x3s2,conv64x3p2,dense", (Conv2d(32, 3, stride=2), Conv2d(64, 3, pool=2))),
        (" conv8x5v , dense20, dense ", (Conv2d(8, 5, padding="valid"), Dense(20))),
        ("conv8x5s3vp2,dense", (Conv2d(8, 5, stride=3, padding="valid", pool=2),)),
    ],
)
def test_layers_are_read(text, found):
    assert layers(text) == found
    assert layers(",".join([*(_written(layer) for layer in found), "dense"])) == found


def _written(layer) -> str:
    return str(layer) if layer.reads_maps else f"dense{layer}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("conv32x3", "the last element is the output layer and must be 'dense'"),
        ("conv32x3,dense10", "the last element .* got 'dense10'"),
        ("dense,dense", "'dense' without a number is the output layer and comes last"),
        ("conv32,dense", "'conv32' is no layer; --layers takes"),
        ("conv32x3p2s2,dense", "'conv32x3p2s2' is no layer"),
        ("conv32x3s1,dense", "'conv32x3s1' is written 'conv32x3'"),
        ("conv032x3,dense", "'conv032x3' is written 'conv32x3'"),
        ("conv32x3p3,dense", "'conv32x3p3': pool takes an integer 1..2, got 3"),
        ("conv0x3,dense", "'conv0x3': units takes an integer"),
        ("conv8x999,dense", "'conv8x999': kernel takes an integer"),
        ("conv８x3,dense", "is no layer"),
        ("dense0,dense", "'dense0': units takes an integer"),
        ("100,dense", "'100' is no layer"),
        ("conv8x3,,dense", "'' is no layer"),
        ("", "'' is no layer"),
    ],
)
def test_other_layers_are_refused_by_their_element(text, message):
    with pytest.raises(BadParameter, match=message):
        layers(text)


def test_shapes_of_images():
    assert image_shape("28x28") == (28, 28)
    assert image_shape(" 3x32x16") == (3, 32, 16)
    for text in ("28", "28x", "0x28", "3x4x5x6", "28X28", "-2x8", "", "２x8"):
        with pytest.raises(BadParameter, match="is not a shape such as 28x28 or 3x32x32"):
            image_shape(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("digits", "--layers", TINY, "--hidden", "8"), "--layers and --hidden exclude each other"),
        (("digits", "--image-shape", "8x8"), "--image-shape takes --layers"),
        (
            ("digits", "--layers", "dense8,dense", "--image-shape", "8x8"),
            "--image-shape takes --layers with a convolution",
        ),
        (
            ("digits", "--layers", TINY, "--image-shape", "3x8x8"),
            "image_shape takes (height, width) or (channels, height, width) of the 64 values",
        ),
        (("digits", "--layers", "conv8x9,dense"), "no larger than the map below, got conv8x9"),
        (("wine", "--layers", TINY), "rows of 13 values are no square of one channel"),
        (
            ("digits", "--layers", TINY, "--max-bytes", "30"),
            "max_bytes takes at least",
        ),
    ],
)
def test_what_find_refuses(arguments, message, refused):
    assert message in refused("find", *arguments)


@pytest.mark.parametrize("command", ["sweep", "compare"])
def test_shapes_of_images_without_a_convolution(command, refused):
    message = "--image-shape takes --layers with a convolution"
    assert message in refused(command, "digits", "--image-shape", "8x8")
    some = ("--layers", "dense8,dense", "--image-shape", "8x8")
    assert message in refused(command, "digits", *some)


def test_columns_that_are_no_pixels(refused):
    rows = [f"{k % 5},{k % 7},{'ab'[k % 2]},{k % 3},{k % 2}" for k in range(60)]
    Path("table.csv").write_text("\n".join(["a,b,c,d,what", *rows]))
    message = refused("find", "table.csv", "--layers", "conv2x2,dense", "--classes")
    assert "layers takes convolutions for images alone" in message
    assert "column 'c' holds categories" in message


# What is found


def test_a_ticket_is_found_shown_and_predicts(done):
    found = json.loads(
        done("find", "digits", "--layers", TINY, *QUICK, "--json", "--out", "a.ticket")
    )
    assert found["network"] == "1x8x8-conv4x3s2-10"
    assert found["weights"] == "signed_constant"
    assert found["density"] <= 0.4
    assert found["test_accuracy"] > 0.3
    ticket = Ticket.load("a.ticket")
    assert len(ticket.to_bytes()) == found["ticket_bytes"]
    X, _ = load_digits(return_X_y=True)
    np.savez("rows.npz", X=X.reshape(-1, 8, 8)[:20])
    answers = done("predict", "a.ticket", "rows.npz").split()
    assert answers == ["label", *map(str, ticket.predict(X[:20]))]
    assert "× 4 × 4" in done("show", "a.ticket", "--data", "digits")


def test_named_columns_are_pixels_in_their_order(done):
    X, y = load_digits(return_X_y=True)
    header = ",".join([*(f"p{k}" for k in range(64)), "digit"])
    rows = np.column_stack([X, y])[:300].astype(int)
    np.savetxt("t.csv", rows, "%d", ",", header=header, comments="")
    done("find", "t.csv", "--classes", "--layers", TINY, *QUICK, "--out", "t.ticket")
    ticket = Ticket.load("t.ticket")
    assert ticket.columns is None
    assert ticket.scaling.kind == "global"
    answers = done("predict", "t.ticket", "t.csv", "--target", "digit").split()[1:]
    assert answers == [str(label) for label in ticket.predict(X[:300])]
    assert "of the 75 test rows" in done("show", "t.ticket", "--data", "t.csv", "--target", "digit")


def test_colours_bytes_and_density(done):
    X, y = images(120, (3, 5, 6)), np.arange(120) % 2
    X[y == 1, 30:40] = 16
    np.savez("colours.npz", X=X.reshape(-1, 3, 5, 6), y=y)
    some = ("find", "colours.npz", "--layers", "conv4x3,dense6,dense", "--image-shape", "3x5x6")
    found = json.loads(done(*some, *QUICK, "--max-bytes", "110", "--json", "--out", "a.ticket"))
    assert found["network"] == "3x5x6-conv4x3-6-2"
    assert found["ticket_bytes"] <= 110
    found = json.loads(done(*some, *QUICK, "--max-density", "0.2", "--json", "--out", "b.ticket"))
    assert found["density"] <= 0.2


def test_islands_and_clusters(done):
    some = ("find", "digits", "--layers", TINY, "--generations", "1", "--jobs", "1", "--json")
    found = json.loads(done(*some, "--islands", "2", "--workers", "1", "--networks", "2"))
    assert found["network"] == "1x8x8-conv4x3s2-10"
    assert found["islands"]["count"] == 2
    found = json.loads(done(*some, "--labels", "none", "--clusters", "3", "--time", "1s"))
    assert found["network"] == "1x8x8-conv4x3s2-3"


def test_a_sweep_has_both_kinds_of_layers(done):
    some = ("--hidden", "6", "--layers", TINY, "--layers", "dense5,dense", "--max-density", "0.4")
    rest = ("--seeds", "1", "--generations", "1", "--jobs", "1", "--out", "s", "--json")
    found = json.loads(done("sweep", "digits", *some, *rest))
    assert [row["hidden"] for row in found["runs"]] == ["6", "conv4x3s2", "5"]
    assert [row["network"] for row in found["runs"]] == [
        "64-6-10",
        "1x8x8-conv4x3s2-10",
        "64-5-10",
    ]
    assert Path("s/tickets/hidden-conv4x3s2_max_density-0.4_seed-0.ticket").exists()


# Tickets that are there


def test_layers_of_a_ticket(done):
    ticket = convolved()
    ticket.save("a.ticket")
    text = done("show", "a.ticket")
    assert "72 features (an image of 1 × 9 × 8)" in text
    assert "single columns are not told apart here" in text
    values = json.loads(done("show", "a.ticket", "--json"))
    assert "columns_read" not in values
    assert [one["layer"] for one in values["layers"]] == ["conv6x3s2", "conv5x3p2", "4"]
    kept = ticket.mask.array(1).reshape(5, 6, 9)
    assert values["layers"][1] == {
        "layer": "conv5x3p2",
        "shape": [5, 2, 2],
        "weights": 270,
        "survivors": kept.sum(),
        "units": kept.any(axis=(1, 2)).sum(),
        "kernels": 30,
        "kernels_used": kept.any(axis=2).sum(),
    }
    assert values["layers"][2]["kernels"] is None


@pytest.mark.parametrize("with_rows", [False, True])
def test_a_picture(done, with_rows):
    convolved().save("a.ticket")
    np.savez("rows.npz", X=images(60), y=np.arange(60) % 4)
    rows = ("--data", "rows.npz") if with_rows else ()
    assert "a.png: a picture" in done("show", "a.ticket", "--picture", "a.png", *rows)
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")


def test_controls_of_a_ticket(done):
    done("find", "digits", "--layers", TINY, "--generations", "10", "--out", "a.ticket")
    some = ("--evaluations", "50", "--draws", "4", "--jobs", "1", "--json")
    found = json.loads(done("controls", "a.ticket", "digits", *some))["controls"]
    accuracy = {one["name"]: one["validation_accuracy"] for one in found}
    ticket = accuracy.pop("ticket")
    assert ticket > 0.6
    assert max(accuracy.values()) < ticket - 0.2
    shuffled = next(one for one in found if one["name"] == "shuffled")
    assert shuffled["density"] == pytest.approx(Ticket.load("a.ticket").mask.density)


def test_survivors_of_two_tickets(done):
    for draw in (0, 1):
        ticket = convolved(draw=draw)
        ticket.save(f"{draw}.ticket")
    found = json.loads(done("survivors", "0.ticket", "1.ticket", "--json", "--out", "s"))
    assert [row["units"] for row in found["degrees"]] == [6, 5, 6, 5]
    last = found["degrees"][3]
    away = ticket.mask.array(2).reshape(4, 5, 4).sum(axis=(0, 2))
    assert last["out_mean"] == away.mean()
    assert last["feed_nothing"] == (away == 0).mean()
    assert len(found["inputs"]) == 9
    assert found["inputs"][5]["row"] == 1
    assert found["inputs"][5]["column"] == 2
    assert Path("s/inputs.png").exists()
