"""What a worker does with a job, wherever the worker is: bytes in, bytes out."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from typing import Any


def answer(do: Callable[[], Any]) -> bytes:
    """Do something; return whether it succeeded, and its result or its exception, pickled."""
    try:
        return pickle.dumps((True, do()))
    except BaseException as error:  # whatever it is, the one who asked is to hear of it
        error.add_note("in a worker:\n" + traceback.format_exc())
        try:
            failure = pickle.dumps((False, error))
            pickle.loads(failure)  # some exceptions can be pickled and not be read again
        except Exception:
            failure = pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
        return failure
