"""The readers of portable/, for all tests of tickets."""

from __future__ import annotations

import shutil

import pytest

from readers import READERS, compiled_reader


@pytest.fixture(scope="session")
def c_reader(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    return compiled_reader(tmp_path_factory.mktemp("portable"))


@pytest.fixture(scope="session")
def js_reader() -> list[str]:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    return ["node", str(READERS / "reader.mjs")]


@pytest.fixture(params=["c", "js"])
def reader(request: pytest.FixtureRequest) -> list[str]:
    command: list[str] = request.getfixturevalue(f"{request.param}_reader")
    return command
