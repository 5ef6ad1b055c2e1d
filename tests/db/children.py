"""Python in processes of their own, which may be killed, limited or stripped of rights."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from textwrap import dedent

BEGINNING = """
import os, sys, time
from gostage._db.opening import open_database
from gostage._db.owner import this_process
from gostage._db.protocol import Commit, Lease, NewRun, Plan, Stop
from gostage.errors import DatabaseError

def new(run_id):
    return NewRun(run_id, "w", (), 1.0, Plan("digest", "{}"), "{}")

def begin(database, run_id="r"):
    return database.create(new(run_id), Commit(1.0, "[]"), this_process(), 4e9)
"""


def python(code: str, *words: object) -> str:
    """Run code with the words in `sys.argv`; gives what it prints, complains if it fails."""
    done = subprocess.run(_command(code, words), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def started(code: str, *words: object):
    """Start code; it is killed in the end, if it is still there."""
    pipe = subprocess.PIPE
    with subprocess.Popen(_command(code, words), stdin=pipe, stdout=pipe, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def _command(code: str, words: tuple[object, ...]) -> list[str]:
    return [sys.executable, "-c", BEGINNING + dedent(code), *map(str, words)]
