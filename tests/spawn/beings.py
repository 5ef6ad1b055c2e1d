"""What children of the tests do in place of work; each is the main of a child process."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from gostage._author.isolate import Isolate
from gostage._spawn.link import Link, LinkLost
from gostage._spawn.process import ProcessBackend


def say_hello(link: Link) -> None:
    link.send("hello", {"protocol": 1, "python": "3", "pid": os.getpid()})


def wait(link: Link) -> None:
    """Wait for the end, as a child does that has nothing to do."""
    with suppress(LinkLost):
        while True:
            link.receive()


def waits(link, child_id, depth):
    print(f"{child_id} at depth {depth}")
    say_hello(link)
    wait(link)


def tells(link, child_id, depth):
    """Tell of the surroundings, as lines of output."""
    import resource

    main = sys.modules["__main__"]
    for value in (
        sorted(os.environ.items()),
        str(Path.cwd()),
        resource.getrlimit(resource.RLIMIT_AS),
        resource.getrlimit(resource.RLIMIT_NOFILE),
        resource.getrlimit(resource.RLIMIT_CPU)[0],
        sys.path,
        sys.argv,
        getattr(main, "__file__", None),
        sys.stdin.read(),
        {number: int(signal.getsignal(number)) for number in (2, 15, 17, 24)},
        os.getsid(0) == os.getpgid(0) == os.getpid(),
    ):
        print(repr(value))
    say_hello(link)
    wait(link)


def ends_well(link, child_id, depth):
    say_hello(link)


def exits(link, child_id, depth):
    say_hello(link)
    sys.exit(7)


def exits_at_once(link, child_id, depth):
    os._exit(3)


def raises(link, child_id, depth):
    say_hello(link)
    raise ValueError("no way out")


def is_killed(link, child_id, depth):
    say_hello(link)
    os.kill(os.getpid(), signal.SIGKILL)


def faults(link, child_id, depth):
    if not faulthandler.is_enabled():  # a fork of pytest has it
        faulthandler.enable()
    say_hello(link)
    _no_core()
    ctypes.string_at(0)


def aborts(link, child_id, depth):
    if not faulthandler.is_enabled():  # a fork of pytest has it
        faulthandler.enable()
    say_hello(link)
    _no_core()
    os.abort()


def hoards(link, child_id, depth):
    say_hello(link)
    kept = []
    while True:
        kept.append(bytearray(1 << 24))


def burns(link, child_id, depth):
    say_hello(link)
    sum(range(10**12))


def hangs(link, child_id, depth):
    sum(range(10**12))  # in C, with the interpreter's lock held


def hangs_in_a_pattern(link, child_id, depth):
    say_hello(link)
    re.match(r"(a+)+$", "a" * 60 + "b")


def sleeps(link, child_id, depth):
    say_hello(link)
    time.sleep(1000)


def halts(link, child_id, depth):
    say_hello(link)
    os.kill(os.getpid(), signal.SIGSTOP)
    wait(link)


def ignores_signals(link, child_id, depth):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say_hello(link)
    time.sleep(1000)


def cleans_up(link, child_id, depth):
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    say_hello(link)
    while not done.wait(0.01):
        pass
    print("cleaned up")


def floods(link, child_id, depth):
    say_hello(link)
    line = b"x" * 1000 + b"\n"
    while True:
        os.write(1, line)


def writes_much(link, child_id, depth):
    for number in range(100_000):
        print(f"line {number}")
    print("é" * 40_000, file=sys.stderr)
    say_hello(link)
    wait(link)


def leaves_a_program(link, child_id, depth):
    print(subprocess.Popen(["sleep", "1000"]).pid)
    say_hello(link)
    wait(link)


def leaves_a_copy(link, child_id, depth):
    """Die with a forked copy alive, which has every descriptor of this process."""
    copy = os.fork()
    if copy == 0:
        time.sleep(1000)
    print(copy)
    say_hello(link)
    os.kill(os.getpid(), signal.SIGKILL)


def leaves_a_daemon(link, child_id, depth):
    """Say much and end; a process that nobody knows of has the connection still."""
    daemon = os.fork()
    if daemon == 0:
        os.setsid()
        for number in (1, 2):
            os.close(number)
        time.sleep(1000)
    print(daemon)
    say_hello(link)
    for number in range(500):
        link.send("ended", {"n": number, "outcome": {"do": "done"}, "commit": None})


def leaves_a_daemon_thread(link, child_id, depth):
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    say_hello(link)
    wait(link)


def has_children(link, child_id, depth):
    """Start two more of each kind, and tell who they are."""
    backend = ProcessBackend("tests.spawn.beings:hangs_in_a_pattern")
    for method in ("forkserver", "fork"):
        child = backend.start(Isolate(method=method), depth=depth + 1)
        child.link.receive()
        print(child.id, child.pid, flush=True)
    say_hello(link)
    sum(range(10**12))


def _no_core() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
