"""The file of a teacher: a pickle, loaded only for a user who trusts it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from scratchcard.cli.console import complain
from scratchcard.cli.options import InputError, reason_of
from scratchcard.text import one_line


def read_teacher(path: Path) -> Any:
    """Return what joblib, or pickle, saved in a file. This runs the code that is in it."""
    import joblib

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            teacher = joblib.load(path)
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {reason_of(error)}") from error
        except ImportError as error:
            needed = error.name or one_line(str(error))
            raise InputError(f"{path}: needs {needed}, which cannot be imported here") from error
        except Exception as error:  # a damaged pickle can raise anything
            said = one_line(f"{type(error).__name__}: {error}")
            raise InputError(f"{path}: not a model that joblib can load: {said}") from error
    for warning in caught[:1]:  # that it was saved by another version of scikit-learn, say
        complain(f"{path}: {one_line(str(warning.message))}")
    return teacher
