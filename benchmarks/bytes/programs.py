"""A model as a C program: what it answers on this machine, and what it takes on a Cortex-M0.

Every program is compiled with ``-Os`` and linked in the same way: code, library functions that it
calls and tables count, and all that nobody calls is left out. The row is the caller's.
"""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scratchcard.export.measure import BOARDS, Linked, link

CORTEX_M0 = next(board for board in BOARDS if board.name == "Cortex-M0")
TYPES = {
    "int8_t": np.int8,
    "uint8_t": np.uint8,
    "int16_t": np.int16,
    "uint16_t": np.uint16,
    "float": np.float32,
}
"""What a value of a row may be."""

_ENTRY = """
int entry(const {kind} *row);
int entry(const {kind} *row)
{{
    return {call};
}}
"""
_ALL_ROWS = """
void answers(const {kind} *rows, long n_rows, long n_features, int *out);
void answers(const {kind} *rows, long n_rows, long n_features, int *out)
{{
    for (long i = 0; i < n_rows; i++)
        out[i] = entry(rows + i * n_features);
}}
"""


class Sizes(NamedTuple):
    """Bytes of flash on a Cortex-M0: all of the program, and the tables or trees alone."""

    flash: int
    payload: int


@dataclass(frozen=True)
class Program:
    """A model in C.

    What stands for the model and not for the way it is read, tables or trees that are code, has
    names that begin with ``model_``; the functions around it are ``model_predict``, ``model_infer``
    and ``model_run``.

    Parameters
    ----------
    source : str
        The text.
    kind : str
        The C type of a value of a row, of ``TYPES``.
    call : str
        The expression that gives the class of ``row``, a pointer to its first value.
    library : str
        "emlearn", whose headers it includes, or nothing.
    payload : int or None
        What stands for the model, in bytes, where that is a file and not tables.
    trees_are_code : bool
        Whether functions stand for the model.
    """

    source: str
    kind: str
    call: str = "model_predict(row)"
    library: str = ""
    payload: int | None = None
    trees_are_code: bool = False

    @property
    def text(self) -> str:
        """The whole of ``program.c``."""
        return self.source + _ENTRY.format(kind=self.kind, call=self.call)

    @property
    def flags(self) -> list[str]:
        """What every compiler is told."""
        return ["-w", f"-I{emlearn().includedir}"] if self.library == "emlearn" else ["-w"]

    def sizes(self) -> Sizes:
        """What the cross-compiler makes of it."""
        linked = self._linked()
        if self.payload is not None:
            return Sizes(linked.flash, self.payload)
        if not self.trees_are_code:
            return Sizes(linked.flash, _payload(linked))
        # The trees are merged into what calls them. Apart, they tell how large that is alone.
        apart = self._linked("-fno-inline")
        around = apart.flash - _payload(apart)  # with some bytes more, to call each tree
        return Sizes(linked.flash, max(0, linked.flash - around))

    def _linked(self, *flags: str) -> Linked:
        is_ours = self.library != "emlearn"  # and needs no library of C
        libraries = () if is_ours else ("--specs=nano.specs", "-lm")
        return link(CORTEX_M0, {"program.c": self.text}, [*self.flags, *flags], libraries)

    def answers(self, rows: NDArray[Any]) -> NDArray[np.int32]:
        """Classes of rows, by the same C on this machine, (n_rows,)."""
        rows = np.ascontiguousarray(rows, TYPES[self.kind])
        out = np.empty(len(rows), np.int32)
        with tempfile.TemporaryDirectory() as folder:
            at = Path(folder)
            (at / "program.c").write_text(self.text + _ALL_ROWS.format(kind=self.kind))
            command = ["gcc", "-std=c99", "-O1", *self.flags, "-shared", "-fPIC", "program.c"]
            subprocess.run([*command, "-o", "program.so", "-lm"], cwd=at, check=True)
            run = ctypes.CDLL(str(at / "program.so")).answers
            run.argtypes = [ctypes.c_void_p, ctypes.c_long, ctypes.c_long, ctypes.c_void_p]
            run.restype = None
            run(rows.ctypes.data, len(rows), rows.shape[1], out.ctypes.data)
        return out


def emlearn() -> Any:
    """The library. Its import makes every underflow in NumPy an error, which is taken back."""
    with np.errstate():
        import emlearn
    return emlearn


def _payload(linked: Linked) -> int:
    """Bytes of the tables and functions that stand for the model."""
    around = ("model_predict", "model_infer", "model_run")
    return sum(
        size
        for name, size in linked.symbols.items()
        if name.startswith("model_") and not name.startswith(around)
    )
