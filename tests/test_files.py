# Files written whole: under new names too, by several processes, and what killed ones leave.
from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from scratchcard.files import write_new, write_whole


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def test_write_whole_replaces():
    write_whole("a", b"one")
    write_whole("a", b"two")
    assert (content("a"), os.listdir()) == (b"two", ["a"])


def test_new_names_are_numbered():
    names = [write_new("a.ticket", str(i).encode()) for i in range(3)]
    assert [os.path.basename(name) for name in names] == ["a.ticket", "a-2.ticket", "a-3.ticket"]
    assert [content(name) for name in names] == [b"0", b"1", b"2"]
    assert len(os.listdir()) == 3


@pytest.mark.parametrize("links", [True, False])
def test_nobody_loses_a_name_to_another(monkeypatch, links):
    if not links:  # as on some file systems

        def link(*_):
            raise PermissionError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", link)
    data = [str(i).encode() for i in range(40)]
    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(lambda one: write_new("a.ticket", one), data))
    assert [content(name) for name in names] == data
    assert len(os.listdir()) == 40


@pytest.mark.parametrize("write", [write_whole, write_new])
def test_nothing_is_left_of_a_file_that_could_not_be_written(monkeypatch, write):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write("a", b"data")
    assert os.listdir() == []


def test_what_a_killed_process_left_is_removed_by_the_next():
    code = """
import os, time
from scratchcard import files
os.fsync = lambda number: (print("writing", flush=True), time.sleep(60))
files.write_whole("a", b"data")
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        write_whole("b", b"data")
        (temporary,) = [name for name in os.listdir() if name.endswith(".tmp")]  # in use: it stays
        process.send_signal(signal.SIGKILL)
    write_whole("b", b"data")
    assert os.listdir() == ["b"]

    open(temporary, "w").close()
    os.rename(temporary, elsewhere := ".scratchcard-00000000-" + temporary[22:])
    write_whole("b", b"data")
    assert elsewhere in os.listdir()  # of another machine: who knows
    os.utime(elsewhere, (time.time() - 7200,) * 2)
    open("mine.tmp", "w").close()
    os.utime("mine.tmp", (0, 0))
    write_whole("b", b"data")
    assert sorted(os.listdir()) == ["b", "mine.tmp"]
