"""The leak check."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.hygiene import leaks
from tests.hygiene.leaks import watched


def waiting_child() -> subprocess.Popen[str]:
    """Start a child that waits for a line, and come back when its code runs."""
    words = [sys.executable, "-c", "print(flush=True); input()"]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.readline()
    return child


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look once: what leaks here leaks on purpose."""
    monkeypatch.setattr(leaks, "TRIES", 1)


def test_a_thread_that_stays_is_a_leak() -> None:
    """A thread started inside and still running is named."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait, name="worker-of-a-run")

    with pytest.raises(pytest.fail.Exception, match="thread 'worker-of-a-run'"), watched():
        thread.start()

    done.set()
    thread.join()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are looked up in /proc")
def test_a_child_process_that_stays_is_a_leak() -> None:
    """A child started inside and still running is shown with its command."""
    with pytest.raises(pytest.fail.Exception, match=r"child process \d+: .*input"), watched():
        child = waiting_child()

    child.communicate("\n")


def test_a_temporary_file_that_stays_is_a_leak() -> None:
    """A file left in the temporary folder is named."""
    with pytest.raises(pytest.fail.Exception, match="temporary file 'gostage-"), watched():
        folder = Path(tempfile.mkdtemp(prefix="gostage-"))

    folder.rmdir()


def test_a_connection_that_is_not_closed_is_a_leak() -> None:
    """Also where it is not known any more; on old interpreters nothing else tells of it."""
    with (
        pytest.raises(pytest.fail.Exception, match="connection to the database ':memory:'"),
        watched(),
    ):
        connection = sqlite3.connect(":memory:")

    connection.close()


def test_a_test_run_inside_a_test_leaves_the_count_of_connections_on(
    pytester: pytest.Pytester,
) -> None:
    """It has this plugin as well, and ends before the test does."""
    pytester.makepyfile("def test_nothing(): pass")
    pytester.runpytest_inprocess("-p", "tests.hygiene.leaks").assert_outcomes(passed=1)

    with closing(sqlite3.connect(":memory:")) as connection:
        assert isinstance(connection, leaks.Connection)


def test_what_was_there_before_is_no_leak() -> None:
    """Only what is new counts, and what ended does not."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()

    with watched(), tempfile.NamedTemporaryFile(prefix="gostage-"):
        subprocess.run([sys.executable, "-c", ""], check=True)

    done.set()
    thread.join()


def test_temporary_files_of_a_test_run_have_a_folder_of_their_own() -> None:
    """Two test runs on one machine do not see each other's files."""
    assert Path(tempfile.gettempdir()).name.startswith("gst-")
