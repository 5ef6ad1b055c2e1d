"""The server: another process, without threads, where the processes of a crash test are born.

It imports what the workflow is made of by name. Where nothing can be forked, each of them is such a
process itself.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, BinaryIO, Final

from gostage.errors import NotImportable
from gostage.testing._crash.ended import Ended
from gostage.testing._crash.life import live, prepare
from gostage.testing._crash.nursery import ForkNursery

if TYPE_CHECKING:
    from gostage.testing._crash.bench import Bench
    from gostage.testing._crash.life import Task
    from gostage.testing._crash.nursery import Nursery

_KEEPER: Final = "gostage keeper"
"""The thread of a runner that has a database; it ends by itself when nothing is run."""
_MOMENT: Final = 2.0
_CODE: Final = "from gostage.testing._crash.server import serve; serve()"


def nursery_for(bench: Bench, patience: float) -> Nursery:
    """The fastest one that is safe here: a process with threads is not forked."""
    forks = hasattr(os, "fork")
    for thread in threading.enumerate():
        if thread.name == _KEEPER:
            thread.join(_MOMENT)
    if forks and threading.active_count() == 1:
        return ForkNursery(bench, patience)
    return ServerNursery(bench, patience, forks=forks)


class ServerNursery:
    """Asks another process, which forks itself, or does one thing and is then spent."""

    def __init__(self, bench: Bench, patience: float, *, forks: bool) -> None:
        self._patience = patience
        self._forks = forks
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._bench = pickle.dumps(bench)
        except Exception as error:
            raise NotImportable(
                f"the workflow cannot be handed to another process: {error}",
                hint="define all it is made of at the top level of modules; "
                "where the test has one thread only, that is not needed",
            ) from error

    def prepare(self, task: Task) -> Ended:
        """Have an empty database made."""
        return self._ask("prepare", task, None)

    def live(self, task: Task, kill_after: float | None = None) -> Ended:
        """Have one life of a run lived."""
        return self._ask("live", task, kill_after)

    def close(self) -> None:
        """End the other process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _ask(self, word: str, task: Task, kill_after: float | None) -> Ended:
        process = self._process = self._process or self._start()
        limit = 2 * self._patience if self._forks or kill_after is None else kill_after
        late = threading.Event()
        alarm = threading.Timer(limit, _stop, [process, late])
        alarm.start()
        try:
            requests, replies = _pipes(process)
            pickle.dump((word, task, kill_after, self._patience), requests)
            requests.flush()
            ended: Ended = pickle.load(replies)  # noqa: S301  # of our own child
        except (EOFError, OSError, pickle.UnpicklingError):
            self.close()
            return Ended(-process.returncode, is_late=late.is_set() and kill_after is None)
        except BaseException:
            process.kill()
            self.close()
            raise
        finally:
            alarm.cancel()
            alarm.join()
        if not self._forks:
            self.close()
        return ended

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603  # this very program
            [sys.executable, "-c", _CODE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is the parent's to handle
        )
        pickle.dump((sys.path, self._bench, self._forks), _pipes(process)[0])
        return process


def _pipes(process: subprocess.Popen[bytes]) -> tuple[BinaryIO, BinaryIO]:
    if process.stdin is None or process.stdout is None:
        raise AssertionError("the process was started with pipes")
    return process.stdin, process.stdout  # type: ignore[return-value]  # of bytes, as was asked for


def _stop(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    process.kill()


def serve() -> None:
    """Be the other process: read what is to be done, do it, say how it ended."""
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed must not get between the replies
    path, data, forks = pickle.load(requests)  # noqa: S301  # of our own parent
    sys.path[:] = path
    nursery: Nursery | None = None
    while True:
        try:
            word, task, kill_after, patience = pickle.load(requests)  # noqa: S301  # as above
        except EOFError:
            return
        try:
            if nursery is None:
                bench = pickle.loads(data)  # noqa: S301  # as above
                nursery = (ForkNursery if forks else OwnNursery)(bench, patience)
            ended = nursery.prepare(task) if word == "prepare" else nursery.live(task, kill_after)
        except Exception as error:  # noqa: BLE001  # the parent decides
            ended = Ended(value=error, has_value=True)
        pickle.dump(ended, replies)
        replies.flush()


class OwnNursery:
    """Does everything in this very process."""

    def __init__(self, bench: Bench, patience: float) -> None:
        self._bench = bench

    def prepare(self, task: Task) -> Ended:
        """Make an empty database."""
        prepare(task)
        return Ended(has_value=True)

    def live(self, task: Task, kill_after: float | None = None) -> Ended:
        """Live one life of a run; the parent kills it, if it is to be killed."""
        return Ended(value=live(self._bench, task), has_value=True)

    def close(self) -> None:
        """There is nothing to let go of."""
