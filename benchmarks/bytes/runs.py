"""Fits and measures models, and keeps each in a folder, so that a run that was cut short goes on.

``runs.jsonl`` has a line for each fit, ``models`` the C of what it gave, and ``tests.jsonl`` the
test accuracy of the models on a Pareto front, each read once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scratchcard.research.shared.results import Results, Row

from .contenders import FAMILIES, Model
from .data import Task
from .programs import Program

MOST_FLASH = 32 << 10  # of the board

IDENTITY = ("data", "family", "settings")


class Runs:
    """The finished fits in a folder.

    Parameters
    ----------
    folder : Path
        Where they are kept; made if it does not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fits = Results(folder, {}, IDENTITY)
        self.tests = Results(folder, {}, ("data", "file"), "tests.jsonl")

    def fit(self, task: Task, families: Iterable[str], limit: int | None = None) -> None:
        """Fit what is missing of these families; at most ``limit`` settings of each."""
        for family in families:
            for number, settings in enumerate(FAMILIES[family].settings(task)):
                if limit is not None and number >= limit:
                    break
                text = ", ".join(f"{name} {value}" for name, value in settings.items())
                key = {"data": task.data.name, "family": family, "settings": text}
                if key in self.fits:
                    continue
                began = time.perf_counter()
                found = list(FAMILIES[family].fit(task, settings))
                models = [self._measured(task, model, key, i) for i, model in enumerate(found)]
                seconds = time.perf_counter() - began
                kept = [model for model in models if model is not None]
                self.fits.add({**key, "models": kept, "seconds": seconds})
                told = "; ".join(
                    f"{model['flash']:,} bytes, {100 * model['validation']:.2f} %" for model in kept
                )
                print(f"{task.data.name} {family}: {text}: {told} ({seconds:.1f} s)", flush=True)

    def _measured(self, task: Task, model: Model, key: Row, number: int) -> Row | None:
        """Sizes and validation accuracy; None if it does not fit the board."""
        sizes = model.program.sizes()
        if sizes.flash > MOST_FLASH:
            return None
        file = f"{key['family']}, {key['settings']}, {number}.json".replace(", ", "-")
        path = self.folder / "models" / task.data.name / file.replace(" ", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"bits": model.bits, **asdict(model.program)}))
        return {
            "contender": model.contender,
            "what": model.what,
            "payload": sizes.payload,
            "flash": sizes.flash,
            "validation": _accuracy(task, model.program, model.bits, "validation"),
            "file": path.name,
        }

    def fronts(self, task: Task) -> dict[str, list[Row]]:
        """The Pareto front of each contender, by flash and validation accuracy, with test rows."""
        by_contender: dict[str, list[Row]] = {}
        for fit in self.fits.rows.values():
            if fit["data"] == task.data.name:
                for model in fit["models"]:
                    by_contender.setdefault(model["contender"], []).append(model)
        return {
            contender: [{**model, "test": self._tested(task, model)} for model in front(models)]
            for contender, models in by_contender.items()
        }

    def _tested(self, task: Task, model: Row) -> float:
        key = {"data": task.data.name, "file": model["file"]}
        if key not in self.tests:
            path = self.folder / "models" / task.data.name / model["file"]
            fields: dict[str, Any] = json.loads(path.read_text())
            bits = fields.pop("bits")
            self.tests.add({**key, "test": _accuracy(task, Program(**fields), bits, "test")})
        return float(self.tests.rows[self.tests.key(key)]["test"])


def _accuracy(task: Task, program: Program, bits: int, part: str) -> float:
    return task.accuracy(program.answers(task.values(part, bits, program.kind)), part)


def front(models: list[Row]) -> list[Row]:
    """Models that are better on validation rows than all that are smaller; smallest first."""
    best, kept = -1.0, []
    for model in sorted(models, key=lambda model: (model["flash"], -model["validation"])):
        if model["validation"] > best:
            best = model["validation"]
            kept.append(model)
    return kept
