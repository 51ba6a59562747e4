# Survivors: what masks of several tickets share, against chance; and the report on it.
from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchcard import InputScaling, Limits, Mask, Network, Ticket
from scratchcard.cli import main
from scratchcard.datasets import load
from scratchcard.drawing import blocks, counted
from scratchcard.drawing.network import MAX_UNITS
from scratchcard.research.survivors import search_again, survivors, times
from scratchcard.research.survivors.network_picture import draw_network

SIZES = (9, 12, 3)


def ticket_of(seed: int, mask: Mask, **families: str) -> Ticket:
    sizes = (mask.shapes[0][1], *(out for out, _ in mask.shapes))
    return Ticket(Network.dense(sizes, seed=seed, **families), mask, InputScaling([0.0], [1.0]))


def random_ticket(seed: int, draw: int, density: float = 0.4, sizes=SIZES) -> Ticket:
    shapes = Network.dense(sizes).shapes
    return ticket_of(seed, Mask.random(shapes, density, np.random.default_rng(draw)))


@pytest.fixture
def files(tmp_path):
    """Two tickets on the same weights, and one on others."""
    paths = []
    for i, seed in enumerate((0, 0, 1)):
        paths.append(str(tmp_path / f"{'abc'[i]}.ticket"))
        random_ticket(seed, i).save(paths[-1])
    return paths


def kinds(rows, group, layer):
    wanted = [row for row in rows if (row["group"], row["layer"]) == (group, layer)]
    return {row["survives_in"]: row["connections"] for row in wanted}


def test_counts_by_hand():
    masks = [
        [[[1, 1, 0], [1, 0, 0]], [[1, 1]]],
        [[[1, 0, 1], [1, 0, 0]], [[1, 1]]],
        [[[1, 1, 0], [0, 1, 0]], [[1, 1]]],
    ]
    tickets = [ticket_of(0, Mask.from_arrays([np.array(x) for x in mask])) for mask in masks]
    found = survivors(tickets, ["a", "b", "c"])
    assert times([t.mask for t in tickets]).tolist() == [3, 2, 1, 2, 1, 0, 3, 3]
    assert kinds(found.shared, "seed 0", 1) == {"all": 1, "most": 2, "rare": 2, "never": 1}
    assert kinds(found.shared, "seed 0", 2) == {"all": 2, "most": 0, "rare": 0, "never": 0}
    first = found.pairs[0]
    assert (first["a"], first["b"], first["shared"], first["jaccard"]) == ("a", "b", 4, 4 / 6)
    assert first["shared_by_chance"] == pytest.approx(3 * 3 / 6 + 2)
    assert [row["survivors"] for row in found.inputs] == pytest.approx([5 / 3, 1, 1 / 3])
    assert [row["read_by"] for row in found.inputs] == [3, 2, 1]
    assert found.degrees[0]["in_mean"] == 1.5
    assert found.degrees[0]["out_deviation"] == 0.0


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.floats(0.05, 0.95))
def test_counts_and_expectations_add_up(seed, n, density):
    tickets = [random_ticket(i % 2, seed + i, density) for i in range(n)]
    if len(set(tickets)) < n:
        return
    found = survivors(tickets)
    for group in found.groups:
        for layer, (fan_out, fan_in) in enumerate(tickets[0].network.shapes):
            rows = [r for r in found.shared if (r["group"], r["layer"]) == (group.name, layer + 1)]
            assert sum(row["connections"] for row in rows) == fan_out * fan_in
            assert sum(row["by_chance"] for row in rows) == pytest.approx(fan_out * fan_in)
    assert len(found.pairs) == n * (n - 1) // 2
    json.dumps(asdict(found), allow_nan=False)


def test_random_masks_overlap_as_by_chance_and_alike_ones_more():
    sizes = (64, 100, 10)
    tickets = [random_ticket(0, draw, 0.1, sizes) for draw in range(8)]
    chance = survivors(tickets)
    assert abs(chance.overlap[0]["z"]) < 4
    assert min(row["p"] for row in chance.shared) > 1e-4
    half = np.arange(7400) % 2 == 0
    alike = [
        ticket_of(0, Mask.from_flat(t.mask.shapes, np.where(half, tickets[0].mask.flat(), flat)))
        for t, flat in ((t, t.mask.flat()) for t in tickets)
    ]
    agreed = survivors(alike)
    assert agreed.overlap[0]["z"] > 20
    assert agreed.overlap[0]["jaccard"] > 2 * agreed.overlap[0]["jaccard_by_chance"]
    assert agreed.shared[0]["connections"] > 100 * agreed.shared[0]["by_chance"]


def test_groups_are_tickets_on_the_same_weights():
    tickets = [random_ticket(seed, i) for i, seed in enumerate((5, 5, 6, 7, 6))]
    found = survivors(tickets)
    assert [(group.name, group.members) for group in found.groups] == [
        ("seed 5", (0, 1)),
        ("seed 6", (2, 4)),
        ("one per network", (0, 2, 3)),
    ]
    assert [(row["same_weights"], row["pairs"]) for row in found.overlap] == [(True, 2), (False, 8)]


def test_a_preference_for_large_and_for_positive_weights_is_seen():
    networks = [Network.dense((20, 50, 3), seed=seed) for seed in (0, 1)]
    large = [np.abs(n.flat_weights().astype(int)) > 90 for n in networks]
    positive = [n.flat_weights() > 0 for n in networks]
    for keeps, name in ((large, "larger"), (positive, "positive")):
        tickets = [
            ticket_of(n.seed, Mask.from_flat(n.shapes, keep))
            for n, keep in zip(networks, keeps, strict=True)
        ]
        for row in survivors(tickets).layers:
            assert row[name] > 0.85  # not 1: a ticket drops what feeds nothing
            assert row[f"{name}_p"] < 1e-6


def test_weights_of_one_magnitude_have_no_preference():
    tickets = [
        ticket_of(0, random_ticket(0, draw).mask, weights="signed_constant") for draw in (0, 1)
    ]
    assert all(row["larger"] is None for row in survivors(tickets).layers)


def test_searches_again_on_the_same_weights():
    settings = {"hidden": (8,), "max_density": 0.3, "limits": Limits(evaluations=500), "seed": 3}
    again = search_again(load("iris"), (1, 2), **settings)
    assert again[0].ticket.network == again[1].ticket.network
    found = survivors([one.ticket for one in again])
    assert [group.same_weights for group in found.groups] == [True]
    assert search_again(load("iris"), (1,), **settings)[0].ticket == again[0].ticket


@pytest.mark.parametrize(
    ("tickets", "message"),
    [
        ([random_ticket(0, 0)], "tickets takes at least two, got 1"),
        ([random_ticket(0, 0), random_ticket(0, 0)], "got the same in 1, 2"),
        (
            [random_ticket(0, 0), random_ticket(0, 0, sizes=(4, 3))],
            "one network shape, got 9-12-3 in 1 and 4-3 in 2",
        ),
    ],
)
def test_tickets_are_checked(tickets, message):
    with pytest.raises(ValueError, match=message):
        survivors(tickets)


def test_blocks_are_means_and_few():
    share = np.arange(3 * 901, dtype=float).reshape(3, 901)
    found = blocks(share)
    assert found.shape == (3, 301)
    assert found[0, 0] == 1.0
    assert found[0, -1] == 900.0
    assert np.array_equal(blocks(share[:, :400]), share[:, :400])


def test_the_command_prints_the_gist(files, capsys):
    assert main(["survivors", *files]) == 0
    out, err = capsys.readouterr()
    assert "same weights" in out
    assert "different weights" in out
    assert err == ""


def test_the_command_writes_tables_and_pictures(files, capsys, tmp_path):
    out = tmp_path / "made" / "here"
    assert main(["survivors", *files, "--json", "--out", str(out)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["ticket"] for row in found["tickets"]] == ["a", "b", "c"]
    text = (out / "survivors.md").read_text()
    pictures = {path.name for path in out.glob("*.png")}
    assert pictures == {
        "network-1.png", "overlap.png", "weights.png", "degrees.png", "inputs.png"
    }  # fmt: skip
    assert all(f"]({name})" in text for name in pictures)
    assert (out / "pairs.csv").read_text().count("\n") == 4


def test_found_again_on_the_command_line(tmp_path, capsys):
    paths = [str(tmp_path / name) for name in ("first.ticket", "again.ticket")]
    settings = ["--hidden", "8", "--max-density", "0.3", "--evaluations", "500", "--seed", "3"]
    settings += ["--jobs", "1", "--json"]
    for path, seed in zip(paths, ("1", "2"), strict=True):
        assert main(["find", "iris", *settings, "--search-seed", seed, "--out", path]) == 0
        report = json.loads(capsys.readouterr().out)
        assert (report["seed"], report["search_seed"]) == (3, int(seed))
    assert main(["survivors", *paths, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["pairs"][0]["same_weights"]


def test_large_networks_are_drawn_as_heat_maps(tmp_path):
    tickets = [random_ticket(0, draw, 0.5, (4, 150, 2)) for draw in (0, 1)]
    assert max(tickets[0].network.sizes) > MAX_UNITS
    drawn = draw_network(counted(tickets), "wide", tmp_path, "wide")
    assert [path.name for path in drawn] == ["wide.png", "wide.svg"]
    assert "<!-- Layer 2 -->" in drawn[1].read_text()


def test_networks_without_a_hidden_layer_are_drawn(tmp_path, capsys):
    paths = []
    for draw in (0, 1):
        paths.append(str(tmp_path / f"{draw}.ticket"))
        random_ticket(0, draw, 0.5, (5, 3)).save(paths[-1])
    assert main(["survivors", *paths, "--out", str(tmp_path / "out")]) == 0
    assert not (tmp_path / "out" / "degrees.png").exists()
    assert (tmp_path / "out" / "network-1.png").stat().st_size > 1000


def test_the_command_refuses_in_one_line(files, capsys, tmp_path):
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    for arguments in (
        files[:1],
        [files[0], files[0]],
        [files[0], "no.ticket"],
        [*files, "--out", str(blocked)],
        [*files, "--out", str(blocked / "below")],
    ):
        assert main(["survivors", *arguments]) == 2, arguments
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("scratchcard: ")
        assert err.count("\n") == 1
