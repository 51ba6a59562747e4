"""Settings of all tests."""

from __future__ import annotations

from hypothesis import settings

# Compiling takes seconds the first time, and other work may share the machine.
settings.register_profile("scratchcard", deadline=None)
settings.load_profile("scratchcard")
