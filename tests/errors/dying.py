"""What brings children down, each in its own way."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from gostage import Context, Stage, Workflow, action, run


def leave() -> None:
    os._exit(3)


def exit_() -> None:
    sys.exit(4)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def abort() -> None:
    os.abort()


def reach_nowhere() -> None:
    ctypes.string_at(0)


def hang_up() -> None:
    os.kill(os.getpid(), signal.SIGHUP)


def signal_in_real_time() -> None:
    os.kill(os.getpid(), signal.SIGRTMIN + 1)


def spin() -> None:
    while True:
        pass


def fill_memory() -> None:
    held = bytearray(10**9)
    del held


def import_nothing() -> None:
    import there_is_no_such_module  # noqa: F401


def ask(ctx: Context) -> None:
    ctx.send("question", {"of": 1}, wait=True)


def tell(ctx: Context) -> None:
    ctx.send("question", {"of": 1})


def refuse(message: object) -> None:
    raise ValueError("no questions, please")


def send_an_object(ctx: Context) -> None:
    ctx.send("thing", object())


def dig(ctx: Context) -> None:
    ctx.spawn(Workflow("deeper").do("dig", dig)).raise_for_error()


def dig_with_runners(depth: int = 0) -> None:
    if depth > 20:
        raise AssertionError("nobody has stopped it")
    deeper = action(dig_with_runners).bind(depth=depth + 1)
    run(Workflow("w").add(Stage("s", deeper, isolate=True))).raise_for_error()


def need(rows: int) -> None:
    raise AssertionError(rows)


def send_on(ctx: Context) -> None:
    """Leave a thread behind that sends as long as it can."""

    def send() -> None:
        while True:
            ctx.send("more", 1)

    threading.Thread(target=send).start()


def write(data: bytes) -> None:
    """Write to every socket that is open, as a library that guesses descriptors might."""
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if str(each.readlink()).startswith("socket:"):
                os.write(int(each.name), data)
    time.sleep(600)


def babble() -> None:
    write(b"what nobody understands\n")


def end_another_task() -> None:
    write(b'ended {"n":77,"outcome":{"do":"done","value":null},"commit":null}\n')


def speak_of_tomorrow() -> None:
    write(b'hello {"protocol":99,"python":"3","pid":1}\n')


def take_over() -> None:
    write(b'task {"n":1}\n')
