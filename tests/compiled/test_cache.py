# The cache of compiled functions: never stale, and no state of its folder ends a search.
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import scratchcard
from scratchcard.compiled import cache

PACKAGE = Path(scratchcard.__file__).parent

USES = """
import sys
from scratchcard.compiled.tiny import seven, times_seven
print(times_seven(6))
print(sum(times_seven.stats.cache_hits.values()), file=sys.stderr)
"""


@pytest.fixture
def package(tmp_path):
    """The path of a copy of the package with two small compiled files, in folders of its own."""
    root = tmp_path / "site"
    shutil.copytree(PACKAGE, root / "scratchcard", ignore=shutil.ignore_patterns("__pycache__"))
    rooms = root / "scratchcard"
    (rooms / "constants.py").write_text('"""Numbers."""\n\nFACTOR = 7\n')
    (rooms / "compiled" / "tiny.py").write_text(
        "from scratchcard.compiled.cache import jit\n"
        "from scratchcard.compiled.small import seven\n\n\n"
        "@jit(nogil=True)\n"
        "def times_seven(x):\n"
        "    return x * seven()\n"
    )
    (rooms / "compiled" / "small.py").write_text(
        "from scratchcard.compiled.cache import jit\n"
        "from scratchcard.constants import FACTOR\n\n\n"
        "@jit\n"
        "def seven():\n"
        "    return FACTOR\n"
    )
    return root


def run(package: Path, code: str = USES, **environment: str) -> tuple[str, str]:
    """What the code prints, and what it says on standard error."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")}
    own = {"PYTHONPATH": str(package), "HOME": str(package.parent / "home")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=package.parent,
        env={**kept, **own, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr.strip()


def kernels(folder: Path) -> list[Path]:
    return sorted(folder.rglob("kernels-*"))


def test_a_second_process_compiles_nothing(package):
    assert run(package) == ("42", "0")
    assert run(package) == ("42", "1")
    assert len(kernels(package)) == 1


def test_an_edit_anywhere_below_is_seen(package):
    """Numba alone looks at the file of the function that is called."""
    run(package)
    constants = package / "scratchcard" / "constants.py"
    constants.write_text(constants.read_text().replace("7", "8"))
    assert run(package) == ("48", "0")
    small = package / "scratchcard" / "compiled" / "small.py"
    small.write_text(small.read_text().replace("return FACTOR", "return FACTOR + 1"))
    assert run(package) == ("54", "0")
    assert run(package) == ("54", "1")


def test_an_edit_elsewhere_compiles_nothing(package):
    run(package)
    (package / "scratchcard" / "cli" / "using.py").write_text("x = 1\n")
    assert run(package) == ("42", "1")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-100] + bytes(100),
        lambda data: bytes(255 - byte for byte in data),
    ],
    ids=["empty", "cut", "garbled at the end", "garbled"],
)
def test_damaged_files_are_written_anew(package, damage):
    run(package)
    files = sorted(kernels(package)[0].iterdir())
    assert files
    whole = [file.read_bytes() for file in files]
    for file, data in zip(files, whole, strict=True):
        file.write_bytes(damage(data))
    assert run(package) == ("42", "0")
    assert run(package) == ("42", "1")


def test_the_home_folder_where_the_package_cannot_be_written(package):
    place = package / "scratchcard" / "compiled" / "__pycache__"
    place.write_text("a file where a folder should be, which stops even the administrator")
    assert run(package) == ("42", "0")
    assert run(package) == ("42", "1")
    assert len(kernels(package.parent / "home")) == 1


def test_no_folder_at_all_is_said_once(package):
    place = package / "scratchcard" / "compiled" / "__pycache__"
    place.write_text("")
    code = "from scratchcard.compiled.tiny import seven, times_seven\nprint(times_seven(6))\n"
    code += "seven()\ntimes_seven(1.5)\n"
    out, err = run(package, code, HOME=str(place))
    assert out == "42"
    assert err.startswith("scratchcard: what is compiled cannot be kept")
    assert err.count("\n") == 0


def test_a_full_disk(package):
    code = """
import errno, os
def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")
os.fsync = full
from scratchcard.compiled.tiny import times_seven
print(times_seven(6))
"""
    out, err = run(package, code)
    assert (out, err.count("\n")) == ("42", 0)
    assert [list(folder.iterdir()) for folder in kernels(package.parent)] == [[], []]


def test_numba_cache_dir_is_the_users_choice(package, tmp_path):
    assert run(package, NUMBA_CACHE_DIR=str(tmp_path / "own")) == ("42", "0")
    assert run(package, NUMBA_CACHE_DIR=str(tmp_path / "own")) == ("42", "1")
    assert (kernels(package), len(kernels(tmp_path / "own"))) == ([], 1)


def test_numbas_own_settings_stay(package):
    code = """
from numba.core import config
before = config.CACHE_DIR
from scratchcard.compiled.tiny import times_seven
times_seven(6)
print(config.CACHE_DIR == before)
"""
    assert run(package, code) == ("True", "")


def test_old_folders_go(package):
    place = package / "scratchcard" / "compiled" / "__pycache__"
    run(package)
    (used,) = kernels(package)
    shutil.rmtree(used)
    for i in range(8):
        old = place / f"kernels-{i:020x}"
        old.mkdir()
        os.utime(old, (1000 + i, 1000 + i))
    (place / "kernels-mine").mkdir()
    run(package)
    assert used in kernels(package)
    names = {path.name for path in kernels(package)} - {used.name, "kernels-mine"}
    assert names == {f"kernels-{i:020x}" for i in range(4, 8)}


def test_processes_that_compile_at_the_same_time(package):
    environment = {**os.environ, "PYTHONPATH": str(package), "HOME": str(package.parent)}
    processes = [
        subprocess.Popen([sys.executable, "-c", USES], stdout=subprocess.PIPE, env=environment)
        for _ in range(3)
    ]
    assert [process.communicate(timeout=300)[0] for process in processes] == [b"42\n"] * 3
    assert run(package) == ("42", "1")


def test_a_process_that_is_spawned_uses_the_same_cache(package):
    code = """
import multiprocessing, sys
from scratchcard.compiled.tiny import times_seven
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.apply(times_seven, (6,)))
"""
    script = package.parent / "script.py"
    script.write_text(code)
    assert run(package, f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')") == (
        "42",
        "",
    )


def test_numba_that_compiles_nothing_is_an_error_of_one_line():
    done = subprocess.run(
        [sys.executable, "-m", "scratchcard", "find", "iris"],
        capture_output=True,
        text=True,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )
    assert done.returncode == 2
    assert done.stderr.startswith("scratchcard: NUMBA_DISABLE_JIT takes 0 or nothing")
    assert done.stderr.count("\n") == 1


def test_other_peoples_functions_are_not_kept():
    """No hash covers their sources."""
    compiled = cache.jit(lambda x: x + 1)
    assert compiled(1) == 2
    assert compiled.stats.cache_path is None
