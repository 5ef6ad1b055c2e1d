"""A folder with flows of every kind, for tests that run the command in it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.cli.shell import started
from tests.folders import write

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

GREET = """
import sys

from gostage import Key, Retry, Workflow, action, steps


@action
def greet(ctx, name="World"):
    ctx.log.debug("about to greet")
    ctx.log.info("greeting %s", name)
    ctx.store["greeting"] = f"Hello, {name}!"


@action
def fail(ctx):
    ctx.log.error("this goes wrong")
    raise ValueError("no such row")


@action(retry=Retry(attempts=3))
def flaky(ctx):
    tries.append(1)
    if len(tries) < 3:
        raise OSError("not yet")


@action
def speak(ctx):
    import os

    print("from print")
    sys.stdout.flush()
    os.system("echo from a program")
    ctx.store[Key("token", str, secret=True)] = "hush-hush"
    ctx.store["odd"] = "\\udc80"


@action
def misplace(ctx):
    ctx.store["where"] = object()


@action
def pause(ctx):
    ctx.suspend("needs a look", by="Ada")


def leave():
    sys.exit("enough")


def end_early(ctx):
    ctx.bail("nothing new")


def never():
    return False


class Stop(BaseException):
    pass


def stop():
    raise Stop("for good")


tries = []
hello = Workflow("hello").stage("greeting", greet)
bad = Workflow("bad").stage("reading", greet, fail, greet).stage("writing", greet)
again = Workflow("again").do(flaky)
loud = Workflow("loud").do(speak)
lost = Workflow("lost").do(misplace)
asks = Workflow("asks").receive("approval")
paused = Workflow("paused").do(pause)
sleepy = Workflow("sleepy").sleep("nap", 3600)
early = Workflow("early").do("stop", end_early).do("rest", greet)
hasty = Workflow("hasty").do("leave", leave)
final = Workflow("final").do(stop)
empty = Workflow("empty")
shut = Workflow("shut").stage("closed", greet, when=never)


class Holder:
    inner = hello
"""

FILES = {
    "greet.py": GREET,
    "one.py": "from gostage import Workflow\n\n\ndef nothing():\n    pass\n\n\n"
    'flow = Workflow("only").do("a", nothing)\nalias = flow\n',
    "own.py": "from gostage import Workflow\n\n"
    'flow = Workflow("own").do("a", lambda ctx: ctx.store.put("a", 1))\n',
    "none.py": "x = 1\n",
    "notes.txt": "not Python\n",
    "broken.py": "x = 1\ny = (\n",
    "needy.py": "import no_such_module_at_all\n",
    "guarded.py": "import one\n\nraise RuntimeError('set the region first')\n",
    "twice.py": 'from gostage import Workflow\n\nWorkflow("w").do("a", print).do("a", print)\n',
    "leaving.py": "import sys\n\nsys.exit('bye')\n",
    "faulty.py": """
from gostage import Workflow


class Faulty(Workflow):
    @property
    def disabled(self):
        raise RuntimeError("not thought of")


flow = Faulty("faulty").do("a", lambda: None)
""",
    "flows/deep.py": "from beside import flow\n",
    "flows/beside.py": 'from gostage import Workflow\n\nflow = Workflow("near").do("a", print)\n',
    "pack/__init__.py": "",
    "pack/inner/__init__.py": "",
    "pack/inner/flow.py": "from ..parts import flow\n",
    "pack/parts.py": 'from gostage import Workflow\n\nflow = Workflow("packed").do("a", print)\n',
    "data.json": '{"rows": [1, 2]}',
    "data.txt": "[1, 2]",
    "bad.json": "{",
    "latin.txt": b"\xe9",
}


@pytest.fixture(scope="session")
def flows(tmp_path_factory) -> Path:
    """A folder with flows of every kind; nobody changes it."""
    folder: Path = tmp_path_factory.mktemp("flows")
    write(folder, FILES)
    return folder


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command in a folder of its own; whatever is left of it is killed."""
    with ExitStack() as stack:
        yield lambda *words: stack.enter_context(started(tmp_path, *words))
