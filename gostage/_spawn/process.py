"""The process backend: children on this machine; it starts and ends them, and knows no task."""

from __future__ import annotations

import os
import pickle
import select
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from multiprocess import connection

from gostage._run.endings import NOT_KNOWN
from gostage._spawn import entry, launch
from gostage._spawn.alarm import ALARM
from gostage._spawn.backend import Capabilities
from gostage._spawn.environment import environment
from gostage._spawn.exits import Exit
from gostage._spawn.family import FAMILY, NAME
from gostage._spawn.link import Link
from gostage._spawn.output import Tail
from gostage._spawn.watcher import WATCHER
from gostage._spawn.wire import FROM_CHILD
from gostage.errors import ChildError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._author.isolate import Isolate

MAIN: Final = "gostage._spawn.worker:main"
"""Where a child's work is found."""

GOODBYE: Final = 1.0
"""Seconds that a child without any grace has to end by itself when its parent hangs up."""
AFTER_KILL: Final = 10.0
"""Seconds to wait for a process that was killed; the system may hold one in a call for longer."""
HURRY: Final = 0.01
"""Seconds between two looks at a process of which the system does not say when it ends."""


class ProcessBackend:
    """Starts children as processes of this machine."""

    name: Final = "process"
    capabilities: Final = Capabilities(streams=True, cancels=True, by_value=True, shares_files=True)

    def __init__(self, main: str = MAIN) -> None:
        self._main = main
        self._children: set[ProcessChild] = set()

    def warm(self) -> None:
        """Start what children are forked from, without waiting for it; a start does so as well."""
        if launch.DEFAULT == "forkserver":
            from gostage._spawn.server import server  # not where there is none

            server().ensure_running()

    def start(self, placement: Isolate, *, depth: int) -> ProcessChild:
        """Start a child and return at once; it may still fail to come up."""
        try:
            child = _start(self._main, placement, depth, self._children.discard)
        except (OSError, EOFError) as error:
            raise ChildError(
                f"no child process could be started: {error}",
                hint="the system refused it: too many processes, or too many open files?",
            ) from error
        self._children.add(child)
        return child

    def close(self) -> None:
        """End all of its children that are left."""
        children = list(self._children)
        for child in children:
            child.expire(GOODBYE)
        for child in children:
            child.link.close()  # all of them at once, and then one after the other
        for child in children:
            child.close()


class ProcessChild:
    """One child process; see `Child` for what each method promises."""

    def __init__(
        self,
        name: str,
        launched: Launched,
        placement: Isolate,
        gone: Callable[[ProcessChild], object],
    ) -> None:
        self.id = name
        self.pid: int = launched.popen.pid
        self.link = Link(launched.connection, accepts=FROM_CHILD)
        self._launched = launched
        self._grace = placement.grace
        self._gone = gone
        self._exit = Exit(launched.popen, by_server=launched.method == "forkserver")
        self._speech = select.poll()
        for tail in launched.tails:
            self._speech.register(tail.descriptor, select.POLLIN)
        # One lock for all that is said to the process: nothing is, once it is known to be dead.
        self._lock = threading.Lock()
        self._code: int | None = None
        self._has_ended = threading.Event()
        self._end: tuple[float, int] | None = None
        """When it will be killed, and the alarm's token for that."""
        self._is_asked = self._is_closed = False

    def __repr__(self) -> str:
        state = "alive" if self._code is None else f"exit code {self._code}"
        return f"<child {self.id!r}, process {self.pid}, {state}>"

    @property
    def exit_code(self) -> int | None:
        """`None` while it lives, negative for a signal."""
        self._look()
        return self._code

    def join(self, timeout: float | None = None) -> int | None:
        """Wait until it has ended."""
        if self.exit_code is None:
            self._has_ended.wait(timeout)
        return self._code

    def output(self) -> tuple[str, str]:
        """What it wrote since it was last asked."""
        out, err = self._launched.tails
        is_silent = not self._is_closed and not self._speech.poll(0)
        # Asked in this order: what is not in the pipe any more was kept before.
        if is_silent and not out.has_kept() and not err.has_kept():
            return "", ""  # by far the commonest, and asked for after every piece of work
        return out.take(), err.take()

    # ------------------------------------------------------------------ its end

    def stop(self, grace: float) -> None:
        """Ask it to end, and end it when the grace is over."""
        with self._lock:
            if self._code is None and not self._is_asked:
                self._is_asked = True
                self._send(signal.SIGTERM)
                self._send(signal.SIGCONT)  # one that was halted could not clean up
        self.expire(grace)

    def expire(self, seconds: float) -> None:
        """Kill it if it lives when these seconds are over; the earliest end counts."""
        when = time.monotonic() + seconds
        with self._lock:
            if self._code is not None or (self._end is not None and self._end[0] <= when):
                return
            if self._end is not None:
                ALARM.cancel(self._end[1])
            self._end = (when, ALARM.at(when, self.kill))

    def kill(self) -> None:
        """End it now."""
        with self._lock:
            if self._code is None:
                self._send(signal.SIGKILL)

    def close(self) -> None:
        """End it if it lives; afterwards nothing is left of it."""
        patience = max(self._grace, GOODBYE)
        self.expire(patience)  # before the link is closed, which may wait for it
        self.link.close()
        self.join(patience + AFTER_KILL)
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        WATCHER.remove(self._exit.descriptor)
        self._launched.close()
        self._exit.close()
        FAMILY.leave(self)
        self._gone(self)

    def watch(self) -> None:
        """Notice its end."""
        descriptor = self._exit.descriptor
        WATCHER.add(descriptor, partial(self._noticed, descriptor))

    def abandon(self) -> None:
        """Close everything in a forked copy of the parent, whose child this is not."""
        if self._is_closed:
            return
        self._is_closed = True
        self._code = NOT_KNOWN
        self._lock, self._has_ended = threading.Lock(), threading.Event()
        self._has_ended.set()
        self._launched.abandon()
        self._exit.close()

    def _noticed(self, watched: int) -> bool:
        """Called when it may have ended; whether to go on watching this descriptor."""
        self._look()
        now = self._exit.descriptor
        if self._code is not None:
            return False
        if now != watched:
            WATCHER.add(now, partial(self._noticed, now))
            return False
        if not self._exit.is_silent:
            return True
        # The pipe is closed, so it is about to end, and nothing will tell when it has.
        ALARM.at(time.monotonic() + HURRY, partial(self._noticed, watched))
        return False

    def _look(self) -> None:
        with self._lock:
            if self._code is not None or self._is_closed:
                return
            code = self._exit.ask()
            if code is None:
                return
            # What it left running would keep its pipes open, and is nobody's any more. The number
            # of a group is free when nobody is in it, and not used again so soon.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            self._code = code
            if self._end is not None:
                ALARM.cancel(self._end[1])
            self._launched.hear_no_more()
        self._has_ended.set()

    def _send(self, number: int) -> None:
        with suppress(PermissionError):  # it runs as somebody else by now
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                self._exit.send(number)  # it has not come as far as a group of its own


class Launched:
    """What the parent holds of a child: the process, its connection, and what it writes."""

    def __init__(self, method: str) -> None:
        self.method = method
        # Any: the package has no types.
        self.popen: Any = None
        self.connection: Any = None
        self._ear: socket.socket | None = None
        self.tails: list[Tail] = []
        self._of_the_child: list[Any] = []

    def go(self, name: str, setup: entry.Setup) -> None:
        """Start the process; what is the child's is closed here."""
        try:
            self._open()
            given = (*self._of_the_child, pickle.dumps(tuple(setup)))
            self.popen = launch.launch(self.method, name, entry.enter, given)
            for tail in self.tails:  # while the child comes up
                WATCHER.add(tail.descriptor, tail.read)
        finally:
            for end in self._of_the_child:
                end.close()

    def _open(self) -> None:
        self.connection, far = connection.Pipe(duplex=True)
        self._of_the_child.append(far)
        # A descriptor of its own: the link may be closed at any time.
        self._ear = socket.socket(fileno=os.dup(self.connection.fileno()))
        for _ in ("stdout", "stderr"):
            reader, writer = os.pipe()
            self.tails.append(Tail(reader))
            self._of_the_child.append(connection.Connection(writer, readable=False))

    def close(self) -> None:
        """Close what is the parent's, but for the process."""
        for tail in self.tails:
            WATCHER.remove(tail.descriptor)
            tail.close()
        self._hang_up()

    def abandon(self) -> None:
        """Close it in a forked copy, where other threads' locks may be held for good."""
        for tail in self.tails:
            tail.abandon()
        self._hang_up()

    def hear_no_more(self) -> None:
        """End the connection after what has arrived by now.

        It ends by itself when nobody has its other end; but the child may have left that to
        somebody who is in no group of it.
        """
        if self._ear is not None:
            with suppress(OSError):
                self._ear.shutdown(socket.SHUT_RD)

    def _hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
        if self._ear is not None:
            self._ear.close()


def _start(
    main: str, placement: Isolate, depth: int, gone: Callable[[ProcessChild], object]
) -> ProcessChild:
    if sys.platform == "win32":
        raise ChildError(
            "child processes need process groups and signals, which Windows does not have",
            hint="run it without isolate= and backend=, or in a Linux subsystem",
        )
    with FAMILY.starting() as name:
        launched = Launched(_method(placement))
        if launched.method == "fork":
            with suppress(Exception):  # the child says what is wrong with it
                entry.find_main(main)  # once here, and not in every copy
        try:
            with FAMILY.holding(launched):
                launched.go(
                    NAME + name,
                    _setup(main, name, depth, placement, is_copy=launched.method == "fork"),
                )
            child = ProcessChild(name, launched, placement, gone)
        except BaseException:
            launched.close()
            raise
        FAMILY.join(child)
    child.watch()
    return child


def _setup(main: str, name: str, depth: int, placement: Isolate, *, is_copy: bool) -> entry.Setup:
    limits = placement.limits
    return entry.Setup(
        main=main,
        child_id=name,
        depth=depth,
        env=None if is_copy and placement.env is None else environment(placement.env, os.environ),
        cwd=placement.cwd or _here(),
        is_copy=is_copy,
        memory=None if limits is None else limits.memory,
        cpu=None if limits is None else limits.cpu,
        files=None if limits is None else limits.files,
    )


def _method(placement: Isolate) -> str:
    return placement.method or launch.DEFAULT


def _here() -> str | None:
    with suppress(OSError):  # the folder may be gone
        return os.getcwd()  # noqa: PTH109 - as text, for another process
    return None
