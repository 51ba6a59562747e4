"""Ticket.from_bytes under Atheris, which follows the branches that an input takes.

    PYTHONPATH=tests python benchmarks/fuzzing/loading.py FOLDER -max_total_time=600

FOLDER keeps inputs that reach something new, from tickets of every kind on; other arguments are
libFuzzer's. The checksum of nearly all is mended. An input that is neither refused nor a whole
ticket ends the campaign, and so does one that takes more memory than docs/ticket-format.md says, or
longer than ten seconds.
"""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["scratchcard"]):
    import seeds

from ticket_damage import check_whole, damaged, forged, loaded
from ticket_strategies import sealed


def run(data: bytes) -> None:
    """Load a file."""
    check_whole(loaded(data))


def mutated(data: bytes, most: int, seed: int) -> bytes:
    """Return another file: damaged as tests do, forged, or changed by libFuzzer."""
    rng = Random(seed)
    kind = rng.randrange(16)
    if kind == 0:
        return forged(rng)[:most]
    if kind == 1:  # the checksum as it comes
        return bytes(atheris.Mutate(data, most))
    if kind < 9 or len(data) < 5:
        return damaged(data, data, rng)[:most]
    return sealed(bytes(atheris.Mutate(data[:-4], most - 4)))


def crossed(one: bytes, other: bytes, most: int, seed: int) -> bytes:
    """Return the front of one file and the end of another."""
    return damaged(one, other, Random(seed))[:most]


def main() -> None:
    """Fuzz until a limit of libFuzzer's."""
    arguments = [sys.argv[0], *seeds.arguments_in(Path(sys.argv[1])), *sys.argv[2:]]
    tracemalloc.start()
    atheris.Setup(arguments, run, custom_mutator=mutated, custom_crossover=crossed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
