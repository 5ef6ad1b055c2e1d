"""`gostage list`: what it finds, what it leaves alone, and what it says about it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.shell import environment, gostage
from tests.folders import write

if TYPE_CHECKING:
    from pathlib import Path

STAGE = '''"""{doc}"""
from gostage import Stage, action
{card}
@action(tags=["{tag}"])
def {name}(ctx):
    """Do {name}."""
'''
FLOWS = """
from gostage import Stage, Workflow, action, steps

from shared import spare

@action(tags=["io"])
def load(ctx): ...

def is_late(): return False

etl = Workflow("etl", tags=["nightly"], description="All of it.")
etl.stage("extract", load).case("late", is_late, steps().add(Stage("inner", load))).do("end", load)
empty = Workflow("empty")
_hidden = Workflow("hidden").do(load)
other = alias = Workflow("other").sub("part", spare)
"""
BOOM = "from gostage import Workflow\nraise RuntimeError('imported')\nflow = Workflow('x')\n"
FILES = {
    "stage_2_load.py": STAGE.format(
        doc="Load it.", card='\nstage = Stage("load", tags=["db"])', tag="io", name="save"
    ),
    "stage_1_extract.py": STAGE.format(doc="Read it.", card="", tag="slow", name="fetch"),
    "stageconf.py": "from gostage import Workflow\nworkflow = Workflow('nightly', tags=['all'])\n",
    "flows/etl.py": FLOWS,
    "shared.py": "from gostage import Workflow\ndef note(): ...\n"
    "spare = Workflow('spare').do('a', note)\n",
    "alias.py": "from shared import spare\n",
    "weekly/stage_1.py": STAGE.format(doc="", card="", tag="x", name="weigh"),
    "own/stageconf.py": "from gostage import Workflow\n\n"
    "def note(): ...\nworkflow = Workflow('own').do('a', note)",
    "card/stageconf.py": "from gostage import Workflow\nworkflow = Workflow('card')\n",
    "others/stage_fright.py": "def shiver(): ...\n",
    "script.py": "raise RuntimeError('not a word of a workflow')\n",
    "broken.py": "from gostage import Workflow\nflow = Workflow('x', nmae='y')\n",
    "bad/stage_1.py": "raise LookupError('no region')\n",
    "tests/test_flow.py": BOOM,
    "tests/flow_test.py": BOOM,
    "conftest.py": BOOM,
    ".hidden/flow.py": BOOM,
    ".secret.py": BOOM,
    "venv/pyvenv.cfg": "",
    "venv/flow.py": BOOM,
    "node_modules/x/flow.py": BOOM,
    "build/flow.py": BOOM,
    "dist/flow.py": BOOM,
    "__pycache__/flow.py": BOOM,
    "page.txt": "Workflow(",
}
LIST = """\
.  nightly  [all]
├─ ■ stage_1_extract  Read it.
│  └─ • fetch         [slow]  Do fetch.
└─ ■ load             [db]  Load it.
   └─ • save          [io]  Do save.

shared.py:spare  spare
└─ • a  note()

flows/etl.py:etl  etl  [nightly]  All of it.
├─ ■ extract
│  └─ • load        [io]
├─ ◇ late
│  └─ if is_late
│     └─ ■ inner
│        └─ • load  [io]
└─ • end            load()  [io]

flows/etl.py:other  other
└─ □ part  workflow spare
   └─ • a  note()

own  own
└─ • a  note()

weekly  weekly
└─ ■ stage_1
   └─ • weigh  [x]  Do weigh.
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with something to run of every kind; nobody changes it."""
    made: Path = tmp_path_factory.mktemp("project")
    write(made, dict(FILES))
    return made


def test_all_that_can_be_run_in_a_folder_is_listed(folder) -> None:
    """What fails to import is told at the end, and the rest is listed."""
    done = gostage("list", folder=folder)

    assert done.code == 0
    assert done.out == LIST
    assert "RuntimeError" not in done.err
    assert "'bad/stage_1.py' cannot be imported: LookupError: no region" in done.err
    assert "'broken.py' cannot be imported: TypeError: " in done.err
    assert f"at: {folder / 'broken.py'}:2" in done.err


@pytest.mark.parametrize(
    ("line", "targets"),
    [
        pytest.param("list -q", [line.split()[0] for line in LIST.split("\n") if "  " in line
                                 and not line.startswith((" ", "├", "│", "└"))], id="all"),
        pytest.param("list -q flows", ["flows/etl.py:etl", "flows/etl.py:other"], id="folder"),
        pytest.param("list -q flows/etl.py", ["flows/etl.py:etl", "flows/etl.py:other"], id="file"),
        pytest.param("list -q flows.etl", ["flows.etl:etl", "flows.etl:other"], id="module"),
        pytest.param("list -q flows.etl:etl", ["flows.etl:etl"], id="attribute"),
        pytest.param("list -q shared", ["shared"], id="module with one workflow"),
        pytest.param("list -q stage_1_extract.py", ["stage_1_extract.py"], id="stage module"),
        pytest.param("list -q -k weigh", ["weekly"], id="name"),
        pytest.param("list -q -t io", [".", "flows/etl.py:etl"], id="tag"),
        pytest.param("list -q --stage inner", ["flows/etl.py:etl"], id="stage"),
        pytest.param("list -q --from load --until load", ["."], id="bounds"),
    ],
)  # fmt: skip
def test_what_is_listed_can_be_run(folder, line, targets) -> None:
    """`-q` lists the targets alone, one on a line."""
    done = gostage(*line.split(), folder=folder)

    assert (done.code, done.out.split()) == (0, targets)


def test_a_selection_leaves_lines_out(folder) -> None:
    """What is not chosen is not listed."""
    done = gostage("list", "flows/etl.py:etl", "-k", "inner", folder=folder)

    assert done.out == (
        "flows/etl.py:etl  etl  [nightly]  All of it.\n"
        "└─ ◇ late\n   └─ if is_late\n      └─ ■ inner\n         └─ • load  [io]\n"
    )


def test_json_says_where_everything_is(folder) -> None:
    """The data alone is on standard output; prints of modules are not."""
    done = gostage("list", "--json", "-k", "save or inner or part", folder=folder)
    nightly, etl, other = json.loads(done.out)

    assert nightly == {
        "target": ".",
        "id": "nightly",
        "name": "nightly",
        "description": "",
        "tags": ["all"],
        "file": str(folder / "stage_1_extract.py"),
        "stages": [
            {
                "id": "load",
                "path": "load",
                "name": "load",
                "description": "Load it.",
                "tags": ["db"],
                "file": str(folder / "stage_2_load.py"),
                "line": 4,
                "actions": [
                    {
                        "name": "save",
                        "path": "load/save",
                        "tags": ["io"],
                        "description": "Do save.",
                        "file": str(folder / "stage_2_load.py"),
                        "line": 5,
                        "reference": f"{folder / 'stage_2_load.py'}:save",
                    }
                ],
            }
        ],
        "actions": [],
    }
    assert [each["target"] for each in (etl, other)] == ["flows/etl.py:etl", "flows/etl.py:other"]
    assert [stage["path"] for stage in etl["stages"]] == ["late/inner"]
    assert etl["stages"][0]["line"] == etl["stages"][0]["actions"][0]["line"]
    assert [action["path"] for action in other["actions"]] == ["part/a"]


def test_the_place_of_a_stage_is_the_line_that_puts_it_there(folder) -> None:
    """In a file of its own, it is that of the module."""
    listed = json.loads(gostage("list", "--json", folder=folder).out)
    lines = {
        f"{each['target']} {stage['id']}": stage["line"]
        for each in listed
        for stage in each["stages"]
    }

    assert lines == {
        ". stage_1_extract": 1,
        ". load": 4,
        "flows/etl.py:etl extract": 12,
        "flows/etl.py:etl inner": 6,
        "weekly stage_1": 1,
    }


MISUSES = {
    "nothing there": ("list empty", 5, "there is nothing to run in 'empty'", "stage_*.py"),
    "all broken": ("list bad", 5, "'bad/stage_1.py' cannot be imported", "nothing to run in 'bad'"),
    "broken file": ("list broken.py", 5, "'broken.py' cannot be imported", "hint"),
    "no stages": ("list others", 5, "there is nothing to run in 'others'", "stage_*.py"),
    "no such folder": ("list ./flow", 4, "there is no file or folder 'flow'", "mean 'flows'?"),
    "no such name": ("list . -k zzz", 5, "nothing in workflow 'nightly' is chosen by", "names are"),
    "no such stage": ("list --stage lod", 5, "workflow 'nightly' has no stage", "mean 'load'?"),
    "bad expression": ("list -t io(", 4, "-t: cannot read the tag expression 'io('", "hint"),
}


@pytest.mark.parametrize(("line", "code", "text", "hint"), MISUSES.values(), ids=MISUSES)
def test_what_cannot_be_listed_is_explained(folder, line, code, text, hint) -> None:
    """Nothing found is an error, and what failed on the way is told first."""
    (folder / "empty").mkdir(exist_ok=True)
    done = gostage(*line.split(), folder=folder)

    assert (done.code, done.out) == (code, "")
    assert text in done.err
    assert hint in done.err
    assert "Traceback" not in done.err


def test_nothing_found_is_an_empty_list_for_programs(folder) -> None:
    """Besides the error."""
    done = gostage("list", "flows", "--json", "-k", "zzz", folder=folder)

    assert (done.code, json.loads(done.out)) == (5, [])


def test_verbose_shows_why_a_module_failed(folder) -> None:
    """The whole traceback of each."""
    done = gostage("list", "-v", folder=folder)

    assert "LookupError: no region" in done.err.splitlines()
    assert "Traceback (most recent call last):" in done.err


def test_the_configured_target_is_the_default(tmp_path) -> None:
    """From a folder below the project too."""
    write(
        tmp_path,
        {
            "pyproject.toml": "[tool.gostage]\ntarget = 'flows/etl.py:etl'\n",
            "flows/etl.py": FLOWS,
            "shared.py": FILES["shared.py"],
        },
    )

    done = gostage("list", "-q", folder=tmp_path)

    assert (done.code, done.out) == (0, "flows/etl.py:etl\n")


PLUGIN = """
from gostage import Stage, hookimpl

@hookimpl
def gostage_collect_file(path):
    return Stage(path.stem, print) if path.suffix == ".page" else None
"""


def test_plugins_of_a_folder_below_make_stages_there(tmp_path) -> None:
    """Its own `stageconf.py` counts, as when it is run."""
    stage = STAGE.format(doc="", card="", tag="x", name="a")
    write(
        tmp_path,
        {
            "one/stage_1.py": stage,
            "one/two.page": "",
            "two/stage_1.py": stage,
            "two/two.page": "",
            "two/stageconf.py": PLUGIN,
        },
    )

    done = gostage("list", "--json", folder=tmp_path)

    stages = {each["target"]: [s["id"] for s in each["stages"]] for each in json.loads(done.out)}
    assert stages == {"one": ["stage_1"], "two": ["stage_1", "two"]}


def loaded_by(code: str, folder: Path) -> set[str]:
    """The modules that are there when Python has run this."""
    tell = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
    done = subprocess.run(
        [sys.executable, "-c", tell + code],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return set(done.stderr.splitlines()[-1].split())


def test_listing_loads_nothing_that_runs(folder) -> None:
    """Nor anything else of the kind that the listed modules do not import themselves."""
    needed = loaded_by("from gostage import Context, Workflow, action", folder)
    # These only look at what plugins hold, and run nothing: 0.4 ms.
    needed |= {"gostage._run.provided", "gostage._run.printing"}
    command = "sys.argv[1:] = ['list', '-q']; from gostage._cli import main; sys.exit(main())"
    loaded = loaded_by(command, folder)

    assert "gostage._app.collect" in loaded
    assert {name for name in loaded if name.startswith("gostage._run")} <= needed
    assert not loaded & {"asyncio", "rich", "multiprocess", "gostage._app.runner"}


def test_a_thousand_actions_in_a_hundred_modules_are_listed_in_natural_order(tmp_path) -> None:
    """Every stage with every action, `stage_2` before `stage_10`."""
    actions = "".join(
        f"@action\ndef action_{number}():\n    return {number}\n" for number in range(10)
    )
    for number in range(1, 101):
        (tmp_path / f"stage_{number}.py").write_text(f"from gostage import action\n{actions}")

    listed = json.loads(gostage("list", "--json", folder=tmp_path).out)
    run = json.loads(gostage("run", ".", "--json", folder=tmp_path).out)

    stages = listed[0]["stages"]
    assert [stage["id"] for stage in stages] == [f"stage_{number}" for number in range(1, 101)]
    assert all(
        [each["name"] for each in stage["actions"]] == [f"action_{n}" for n in range(10)]
        for stage in stages
    )
    assert run["status"] == "completed"
    assert sum(step["kind"] == "action" for step in run["steps"]) == 1000
