"""Processes that fork while runs are open: the child has its own, the parent notices nothing."""

from __future__ import annotations

import os
import threading
import traceback

import pytest

from gostage import Runner
from gostage._db.sqlite import SQLite
from tests.chaos import jobs


def in_child(work) -> None:
    """Do something in a forked child; fails if it fails there."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.fixture(autouse=True)
def _no_warning_of_threads(recwarn) -> None:
    """Python warns of a fork beside threads, from 3.12 on; here it is the subject."""


def check(names) -> None:
    """These runs are there, completed, and nothing is damaged."""
    database = SQLite(jobs.FILE)
    assert database.check() == []
    with Runner(database) as runner:
        assert {each.run_id: each.status for each in runner.runs()} == dict.fromkeys(
            names, "completed"
        )
    database.close()


def test_a_child_has_a_runner_of_its_own(folder) -> None:
    """What both write is there."""
    with Runner(jobs.DATABASE) as runner:
        runner.run(jobs.short, {"name": "a"}, run_id="before")

        def work() -> None:
            with Runner(jobs.DATABASE) as own:
                assert own.run(jobs.short, {"name": "b"}, run_id="child").ok

        in_child(work)
        assert runner.run(jobs.short, {"name": "c"}, run_id="after").ok
    check(["before", "child", "after"])


def test_a_child_may_go_on_with_the_runner_of_its_parent(folder) -> None:
    """It opens the file anew; closing it there does not close it here."""
    with Runner(jobs.DATABASE) as runner:
        runner.run(jobs.short, {"name": "a"}, run_id="before")

        def work() -> None:
            assert runner.get("before").status == "completed"
            assert runner.run(jobs.short, {"name": "b"}, run_id="child").ok
            runner.close()

        in_child(work)
        in_child(runner.close)
        assert runner.run(jobs.short, {"name": "c"}, run_id="after").ok
    check(["before", "child", "after"])


def test_the_lease_of_a_run_in_a_child_is_kept_as_well(folder) -> None:
    """The thread that does so in the parent is not there in the child."""
    with Runner(jobs.DATABASE, lease=0.4) as runner:
        runner.run(jobs.short, {"name": "a"}, run_id="before")

        def work() -> None:
            thread = threading.Timer(1.0, (folder / "go").touch)
            thread.start()
            handle = runner.start(jobs.hung, run_id="child")
            with Runner(jobs.DATABASE) as own:
                while thread.is_alive():
                    assert own.get("child").status in {"pending", "running"}
            assert handle.wait().ok
            thread.join()

        in_child(work)
    check(["before", "child"])


def test_forks_while_other_threads_write_harm_nobody(folder) -> None:
    """Neither the parent's transactions nor the children's."""
    names = [f"parent{number}" for number in range(40)]
    with Runner(jobs.DATABASE) as runner:
        done = threading.Event()

        def write() -> None:
            for name in names:
                runner.run(jobs.short, {"name": name}, run_id=name)
            done.set()

        thread = threading.Thread(target=write)
        thread.start()
        children = []
        while not done.is_set() and len(children) < 15:
            name = f"child{len(children)}"
            children.append(name)

            def work(name=name) -> None:
                with Runner(jobs.DATABASE) as own:
                    assert own.run(jobs.short, {"name": name}, run_id=name).ok

            in_child(work)
        thread.join()
    check([*names, *children])
