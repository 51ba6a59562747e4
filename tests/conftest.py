"""Settings of all tests, and fixtures that stand for everything registered."""

from __future__ import annotations

import signal

import pytest
from hypothesis import settings

from registered import (
    ENGINES_BY_NAME,
    FAMILIES,
    OBJECTIVES_BY_NAME,
    OF_NUMBERS,
    SHORT_SEARCHES,
)

# A shell that starts the tests in the background has them, and all that they start, ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Compiling takes seconds the first time, and other work may share the machine.
settings.register_profile("scratchcard", deadline=None)
settings.load_profile("scratchcard")


@pytest.fixture(params=OBJECTIVES_BY_NAME.values(), ids=OBJECTIVES_BY_NAME)
def objective(request):
    """Every objective of classes, and one of a user's."""
    return request.param


@pytest.fixture(params=OF_NUMBERS.values(), ids=OF_NUMBERS)
def number_objective(request):
    """Every objective of numbers."""
    return request.param


@pytest.fixture(params=ENGINES_BY_NAME.values(), ids=ENGINES_BY_NAME)
def engine(request):
    """Every engine."""
    return request.param


@pytest.fixture(params=SHORT_SEARCHES.values(), ids=SHORT_SEARCHES)
def algorithm(request):
    """A short search with every algorithm."""
    return request.param


@pytest.fixture(params=FAMILIES, ids=str)
def families(request):
    """Every activation and every family of weights and biases."""
    return request.param
