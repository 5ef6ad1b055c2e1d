"""Actions that fork processes of their own, and end them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

from gostage import Context, Isolate, action

APART = Isolate(grace=0.5)


@action(isolate=APART, timeout=20)
def end_at_once(ctx: Context) -> None:
    """End processes before any of them has come far."""
    for _ in range(20):
        process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
        process.start()
        process.terminate()
        process.join()
        ctx.store["code"] = process.exitcode


@action(isolate=APART, timeout=20)
def end_later(ctx: Context) -> None:
    """End a process that is on its way, and one that was forked while calls are watched."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writer, b"x")
        time.sleep(60)
        os._exit(0)
    os.read(reader, 1)
    os.kill(pid, signal.SIGTERM)
    ctx.store["code"] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@action(isolate=APART, timeout=20)
def keep_own_handler(ctx: Context) -> None:
    """Fork a process that has the handler of this action."""
    before = signal.signal(signal.SIGTERM, lambda *_: os._exit(9))
    pid = os.fork()
    if pid == 0:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    ctx.store["code"] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    signal.signal(signal.SIGTERM, before)


@action(isolate=APART, timeout=20)
def work_in_a_pool(ctx: Context) -> None:
    """Use what ends its processes by a signal."""
    with multiprocessing.get_context("fork").Pool(2) as pool:
        ctx.store["code"] = sum(pool.map(abs, [-1, -2]))
