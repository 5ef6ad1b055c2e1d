"""What commands cost before they do anything: with twenty plugins, and in a large project."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.measure import Sample, Subject, measure
from benchmarks.startup import CLICK, CLICK_PROGRAM, starting
from benchmarks.table import Row, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.effort import Effort

PLUGINS: Final = 20
MODULES: Final = 100
ACTIONS: Final = 10
HELP: Final = "gostage --help"
LIST: Final = "gostage list"
RUN: Final = "gostage run"
IN_MEMORY: Final = "gostage run --no-db"
MANY: Final = f"{{}}, {PLUGINS} plugins"
LARGE: Final = f"gostage list, {MODULES} modules"
BASE: Final = "python, import what a stage module imports"
BARE: Final = f"python, import the {MODULES} modules"
PLUGIN: Final = '''\
"""A plugin that listens and wraps."""

from gostage import hookimpl


@hookimpl
def gostage_event(event):
    """Do nothing."""


@hookimpl(wrapper=True)
def gostage_action(ctx, action):
    """Add nothing."""
    return (yield)
'''
STAGE: Final = '''\
"""One stage."""

from gostage import Context, action

'''
ACTION: Final = '''
@action(tags=["io"], provides="row")
def action_{number}(ctx: Context, row: int = 0) -> int:
    """Add one."""
    return row + 1

'''

FLOW: Final = '''\
"""A workflow of one step."""

from gostage import Context, Workflow


def hello(ctx: Context) -> None:
    """Do nothing."""


flow = Workflow("flow").do("hello", hello)
'''


def command_table(effort: Effort) -> Table:
    """Start each command in turn."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        subjects = _subjects(folder)
        samples = measure({name: Subject(work) for name, work in subjects.items()}, effort.starts)
    rows = tuple(_row(name, samples) for name in samples)
    notes = (
        f"median, least: ms. ratio: times `{CLICK}`.",
        f"each: ms for each of {MODULES} modules with {ACTIONS} actions, over a project of one.",
    )
    title = "What commands cost before they do anything"
    return Table("commands", title, ("what", "median", "least", "ratio", "each"), rows, notes)


def _row(name: str, samples: Mapping[str, Sample]) -> Row:
    sample = samples[name]
    base = {LARGE: samples[LIST], BARE: samples[BASE]}.get(name)
    return {
        "what": name,
        "median": sample.median * 1e3,
        "least": sample.least * 1e3,
        "ratio": sample.ratio(samples[CLICK]),
        "each": sample.surplus(base) * 1e3 / MODULES if base else None,
    }


def _subjects(folder: Path) -> dict[str, Callable[[], None]]:
    program = folder / "program.py"
    program.write_text(CLICK_PROGRAM, encoding="utf-8")
    plugins = _plugins(folder / "plugins")
    small, large = _project(folder / "small", 1), _project(folder / "large", MODULES)
    names = ", ".join(f"stage_{number}" for number in range(1, MODULES + 1))
    flow = folder / "flow.py"
    flow.write_text(FLOW, encoding="utf-8")
    gostage = ["-m", "gostage"]
    return {
        CLICK: starting([str(program), "--help"]),
        HELP: starting([*gostage, "--help"]),
        MANY.format(HELP): starting([*gostage, "--help"], plugins),
        LIST: starting([*gostage, "list", str(small)]),
        MANY.format(LIST): starting([*gostage, "list", str(small)], plugins),
        RUN: starting([*gostage, "run", str(flow), "--db", str(folder / "runs.db")]),
        IN_MEMORY: starting([*gostage, "run", str(flow), "--no-db"]),
        LARGE: starting([*gostage, "list", str(large)]),
        BASE: starting(["-c", "from gostage import Context, action"]),
        BARE: starting(["-c", f"import {names}"], large),
    }


def _plugins(folder: Path) -> Path:
    """Lay out what pip leaves of packages that are plugins."""
    for number in range(PLUGINS):
        info = folder / f"plugin_{number}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: plugin-{number}\n")
        (info / "entry_points.txt").write_text(f"[gostage]\nplugin-{number} = plugin_{number}\n")
        (folder / f"plugin_{number}.py").write_text(PLUGIN)
    return folder


def _project(folder: Path, modules: int) -> Path:
    folder.mkdir()
    body = STAGE + "".join(ACTION.format(number=number) for number in range(ACTIONS))
    for number in range(1, modules + 1):
        (folder / f"stage_{number}.py").write_text(body, encoding="utf-8")
    return folder
