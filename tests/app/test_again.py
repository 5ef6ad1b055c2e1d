"""Workflows found again: by their module, by their project, or by what is stored of them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gostage import Workflow, action, steps
from gostage._app.again import compare, find_again, source_of, workflow_for
from gostage._app.collect import collect, locate
from gostage._app.config import Config
from gostage._app.project import assemble
from gostage._author.loading import load_file
from gostage._db.protocol import RunRow, Stored
from gostage._run.planned import plan_of
from gostage._store.codec import Codec
from gostage.errors import (
    DatabaseError,
    DefinitionError,
    NotFound,
    NotImportable,
    PluginError,
    RunBlocked,
)
from tests.folders import fresh_imports, write
from tests.hygiene.pages import plain_environment

FLOW = """
from gostage import Workflow, action

@action
def first(ctx): ctx.store["first"] = 1

@action
def second(ctx): ctx.store["second"] = 2

flow = Workflow("flow").do(first).do(second)
_hidden = Workflow("hidden").do(first)
"""
LATE = """
from gostage import Stage, hookimpl

def late(ctx): ctx.store["late"] = 3

@hookimpl
def gostage_collection_modify(workflow, config):
    workflow.add(Stage("late", late))

@hookimpl
def gostage_configure(config):
    print("configured")

@hookimpl
def gostage_unconfigure(config):
    print("left")
"""


@pytest.fixture(autouse=True)
def _fresh_imports(monkeypatch, tmp_path):
    """Stand in the temporary folder; forget what a test imported, and from where."""
    monkeypatch.chdir(tmp_path)
    with fresh_imports():
        yield


@action
def act(ctx): ...


@action
def other(ctx): ...


here = Workflow("here").do(act)
_private = Workflow("private").do(act)
_twice = twice = Workflow("twice").do(act)


def elsewhere(folder: Path, code: str, *arguments: str) -> str:
    """What another process prints that stands in another folder."""
    (folder / "elsewhere").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder / "elsewhere",
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


FIND = """
import sys
from gostage._app.again import find_again
from gostage._run.planned import plan_of
flow = find_again(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None, None)
print(flow.id, [step.path for step in __import__("gostage").run(flow).steps], plan_of(flow).digest)
"""


# -------------------------------------------------------------------- where a workflow is held


def test_a_workflow_is_found_by_the_module_that_holds_it() -> None:
    """Under a public name if it has one."""
    assert source_of(here) == f"{__name__}:here"
    assert source_of(_private) == f"{__name__}:_private"
    assert source_of(twice) == f"{__name__}:twice"


def test_a_workflow_that_no_module_holds_has_no_source() -> None:
    """It is made from its definition."""
    assert source_of(Workflow("w").do(act)) is None


def test_a_workflow_that_was_replaced_has_no_source(monkeypatch) -> None:
    """Its name leads to another one."""
    before = here
    assert source_of(before) is not None
    monkeypatch.setattr(sys.modules[__name__], "here", Workflow("here"))

    assert source_of(before) is None


def test_a_copy_is_not_what_it_was_made_from() -> None:
    """It may be changed, and the module does not hold it."""
    assert source_of(here) is not None
    assert source_of(collect(locate(f"{__name__}:here", Path.cwd())).workflow) is None


def test_a_workflow_that_compares_in_its_own_way_is_itself(monkeypatch) -> None:
    """Equal ones are not the same."""

    class Equal(Workflow):
        def __eq__(self, other):
            return True

        __hash__ = None  # type: ignore[assignment]  # as Python sets it

    held, free = Equal("w"), Equal("w")
    monkeypatch.setattr(sys.modules[__name__], "held", held, raising=False)

    assert (source_of(held), source_of(free)) == (f"{__name__}:held", None)


def test_a_workflow_of_a_file_is_found_by_the_file(tmp_path) -> None:
    """Where no import of another process would find its module."""
    write(tmp_path, {"a/job.py": FLOW})
    module = load_file(tmp_path / "a/job.py")

    assert source_of(module.flow) == f"{tmp_path}/a/job.py:flow"


def test_a_workflow_of_the_script_is_found_by_its_file(tmp_path) -> None:
    """Unless it is there only when the script is run."""
    text = FLOW + (
        "from gostage._app.again import find_again, source_of\n"
        "if __name__ == '__main__':\n"
        "    late = Workflow('late').do(first)\n"
        "    print(source_of(flow), source_of(late))\n"
        "    assert find_again(source_of(flow), None, None) is flow\n"
    )
    write(tmp_path, {"a/job.py": text})

    found = elsewhere(
        tmp_path, "import runpy, sys; runpy.run_path(sys.argv[1])", str(tmp_path / "a/job.py")
    )
    assert found == ""
    done = subprocess.run(
        [sys.executable, "a/job.py"],
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == f"{tmp_path}/a/job.py:flow None\n", done.stderr


# -------------------------------------------------------------------- finding it


def test_nothing_is_found_where_there_is_no_source() -> None:
    """The stored definition is what there is then."""
    assert find_again(None, None, None) is None


def test_the_very_workflow_is_found_in_the_same_process(tmp_path) -> None:
    """It is not made a second time."""
    write(tmp_path, {"job.py": FLOW})
    module = load_file(tmp_path / "job.py")

    assert find_again(source_of(module.flow), None, None) is module.flow
    assert find_again(f"{__name__}:here", None, None) is here


def test_another_process_finds_it_from_any_folder(tmp_path) -> None:
    """And its plan is the same, since nothing was changed."""
    write(tmp_path, {"a/job.py": FLOW})
    flow = load_file(tmp_path / "a/job.py").flow

    found = elsewhere(tmp_path, FIND, str(source_of(flow)))

    assert found == f"flow ['first', 'second'] {plan_of(flow).digest}"


def test_another_process_finds_the_code_as_it_is_now(tmp_path) -> None:
    """An edited body is what runs, and makes another plan of the same structure."""
    write(tmp_path, {"a/job.py": FLOW})
    source = f"{tmp_path}/a/job.py:flow"
    before = elsewhere(tmp_path, FIND, source)
    write(tmp_path, {"a/job.py": FLOW.replace("= 2", "= 3")})

    after = elsewhere(tmp_path, FIND, source)

    assert before.split("]")[0] == after.split("]")[0]
    assert before != after


@pytest.mark.parametrize(
    ("text", "source", "error", "message"),
    [
        pytest.param(None, "job.py:flow", NotImportable, "there is no file", id="file gone"),
        pytest.param("x = 1", "job.py:flow", NotFound, "there is no 'flow' in", id="name gone"),
        pytest.param("1 / 0", "job.py:flow", NotImportable, "division by zero", id="breaks"),
        pytest.param("flow = 3", "job.py:flow", NotFound, "no workflow any more", id="other"),
    ],
)
def test_a_source_that_leads_nowhere(tmp_path, text, source, error, message) -> None:
    """The error says what is missing, and what to do."""
    write(tmp_path, {} if text is None else {"job.py": text})

    with pytest.raises(error, match=message) as caught:
        find_again(f"{tmp_path}/{source}", None, None)

    assert caught.value.hint


# -------------------------------------------------------------------- collecting it again


def project(folder: Path) -> Path:
    """A project whose plugins take part in collecting."""
    write(
        folder,
        {
            "shop/pyproject.toml": "[tool.gostage]\n",
            "shop/flows/job.py": FLOW,
            "shop/flows/stageconf.py": LATE,
            "shop/stages/stage_1.py": FLOW,
        },
    )
    return folder / "shop"


def test_a_collected_workflow_is_collected_again(tmp_path) -> None:
    """The plugins of its project take part, in whatever folder the process stands."""
    root = project(tmp_path)
    place = locate("flows/job.py:flow", root)
    plugins = assemble(Config.read(place.folder), folder=place.folder)
    flow = find_again(f"{root}/flows/job.py:flow", str(root), plugins)
    assert flow is not None

    found = elsewhere(tmp_path, FIND, f"{root}/flows/job.py:flow", str(root))

    assert [stage.id for stage in flow.stages] == ["late"]
    assert found.splitlines() == [
        "configured",
        "left",
        f"flow ['first', 'second', 'late', 'late/late'] {plan_of(flow).digest}",
    ]


def test_a_folder_is_collected_again(tmp_path) -> None:
    """Its stages are the modules there are now."""
    root = project(tmp_path)

    found = elsewhere(tmp_path, FIND, f"{root}/stages", str(root))

    assert found.startswith("stages ['stage_1', 'stage_1/first', 'stage_1/second']")


def test_the_plugins_of_the_same_folder_are_used_as_they_are(tmp_path, capsys) -> None:
    """They are configured once; those of another folder are put together for the moment."""
    root = project(tmp_path)
    source = f"{root}/flows/job.py:flow"
    own = assemble(Config.read(root / "flows"), folder=root / "flows")

    find_again(source, str(root), own)
    assert capsys.readouterr().out == "configured\n"
    find_again(source, str(root), own)
    assert capsys.readouterr().out == ""
    for others in (None, assemble(Config.read(root), folder=root), assemble(Config.read(None))):
        find_again(source, str(root), others)
        assert capsys.readouterr().out == "configured\nleft\n"


@pytest.mark.parametrize(
    ("files", "error", "message"),
    [
        pytest.param({"shop/flows/job.py": None}, NotFound, "there is no file", id="file gone"),
        pytest.param(
            {"shop/flows/job.py": "floww = 1"}, NotFound, "there is no 'flow' in", id="name gone"
        ),
        pytest.param(
            {"shop/flows/job.py": "\n1 / 0"}, NotImportable, "ZeroDivisionError", id="breaks"
        ),
        pytest.param({"shop/flows/job.py": "flow = 3"}, NotImportable, "no workflow", id="other"),
        pytest.param({"shop/flows/stageconf.py": "1 / 0"}, PluginError, "stageconf", id="plugin"),
    ],
)
def test_a_target_that_cannot_be_collected_again(tmp_path, files, error, message) -> None:
    """The error says what is missing, where, and what to do."""
    root = project(tmp_path)
    for name, text in files.items():
        (tmp_path / name).unlink()
        write(tmp_path, {} if text is None else {name: text})

    with pytest.raises(error, match=message):
        find_again(f"{root}/flows/job.py:flow", str(root), None)


def test_a_project_that_is_gone(tmp_path) -> None:
    """With everything in it."""
    with pytest.raises(NotFound, match="there is no file"):
        find_again(f"{tmp_path}/gone/job.py:flow", f"{tmp_path}/gone", None)


# -------------------------------------------------------------------- of a stored run


def row_of(flow: Workflow, source: str | None = None) -> RunRow:
    return RunRow(
        run_id="run-1",
        workflow=flow.id,
        tags=(),
        status="failed",
        created=1.0,
        updated=1.0,
        ended=None,
        due=None,
        held=None,
        is_cancelled=False,
        plan=plan_of(flow).digest,
        json=json.dumps({"source": source, "root": None, "timeout": None}),
        outcome_json=None,
        seq=1,
    )


def stands_at(*places: str) -> Stored:
    position = {"branches": {str(key): {"at": at} for key, at in enumerate(places)}}
    return Stored(1, json.dumps(position), (), (), (), ())


def plan_data(flow: Workflow):
    return json.loads(plan_of(flow).json)


def test_what_is_found_is_the_workflow_of_a_run() -> None:
    """Else it is made from the definition in its plan."""
    free = Workflow("here", initial={"k": 1}).do(act)

    assert workflow_for(row_of(here), plan_data(here), lambda: here) is here
    made = workflow_for(row_of(free), plan_data(free), lambda: None)
    assert plan_of(made) == plan_of(free)


def test_a_definition_is_read_with_the_codec_of_the_runner() -> None:
    """Its values may be of types that only a plugin knows."""
    codec = Codec()
    codec.register(RunRow, "row", lambda row: row.run_id, lambda data: data)
    flow = Workflow("w", initial={"k": row_of(here)}).do(act)
    plan = plan_of(flow, codec)
    row = replace(row_of(here), workflow="w", plan=plan.digest)
    made = workflow_for(row, json.loads(plan.json), lambda: None, codec)

    assert made.initial["k"].value == "run-1"


@pytest.mark.parametrize(
    ("text", "error", "message", "hint"),
    [
        pytest.param(
            "x = 1",
            NotFound,
            "there is no 'flow' in '{file}', which '{file}:flow' names",
            "it was renamed, moved or removed",
            id="name gone",
        ),
        pytest.param(
            "1 / 0",
            NotImportable,
            "file '{file}', which '{file}:flow' names, cannot be imported: "
            "ZeroDivisionError: division by zero",
            "is everything that it imports installed here?",
            id="breaks",
        ),
        pytest.param(
            "from gostage import Workflow\nflow = Workflow('other')",
            NotFound,
            "it is called 'other' now",
            "give it its id back",
            id="another id",
        ),
    ],
)
def test_a_run_whose_workflow_is_lost_says_so(tmp_path, text, error, message, hint) -> None:
    """With the run, its workflow, its source, and the reason."""
    file = tmp_path / "job.py"
    write(tmp_path, {"job.py": text})
    row = row_of(here, f"{file}:flow")

    with pytest.raises(error) as caught:
        workflow_for(row, plan_data(here), lambda: find_again(f"{file}:flow", None, None))

    assert str(caught.value) == (
        f"run 'run-1' cannot go on, since its workflow 'here' of '{file}:flow' "
        f"cannot be found again: {message.format(file=file)}"
    )
    assert caught.value.hint == hint
    assert caught.value.where.run == "run-1"


def test_a_definition_that_leads_nowhere_says_so() -> None:
    """The code that it names is not here, or it makes no sense."""
    plan = plan_data(here)
    plan["definition"]["items"][0]["action"] = "no_such_module:act"

    with pytest.raises(NotImportable, match="run 'run-1' cannot go on, since its workflow 'here'"):
        workflow_for(row_of(here), plan, lambda: None)
    with pytest.raises(DefinitionError, match=r"run 'run-1' cannot go on.* must be an object"):
        workflow_for(row_of(here), {}, lambda: None)


def test_nothing_is_noted_where_nothing_has_changed() -> None:
    """Whatever the position."""
    assert (
        compare(row_of(here), plan_data(here), plan_of(here), stands_at("x"), accepts=False) == []
    )


def test_changed_code_is_noted() -> None:
    """The run goes on with it; code that does the same is the same, whatever it is called."""
    old, same, new = (Workflow("w").do("a", each) for each in (act, other, print))
    plan, place = plan_data(old), stands_at("a")

    assert compare(row_of(old), plan, plan_of(same), place, accepts=False) == []
    assert compare(row_of(old), plan, plan_of(new), place, accepts=False) == [
        ("code_changed", {"actions": ["a"]})
    ]


def test_another_structure_blocks_a_run() -> None:
    """Until somebody accepts it, which is noted."""
    old = Workflow("w").do("a", act).do("b", act)
    new = Workflow("w").do("a", act).do("c", act)

    with pytest.raises(RunBlocked, match="'b' is gone, 'c' is new") as caught:
        compare(row_of(old), plan_data(old), plan_of(new), stands_at("a"), accepts=False)
    assert "gostage resume run-1 --accept-changes" in caught.value.hint
    assert compare(row_of(old), plan_data(old), plan_of(new), stands_at("a"), accepts=True) == [
        ("plan_accepted", {"added": ["c"], "removed": ["b"]})
    ]


@pytest.mark.parametrize("places", [["b"], ["a", "b"], ["g/x"], ["g/inserted"]], ids=str)
def test_a_run_whose_place_is_gone_stays_blocked(places) -> None:
    """Also when the changes are accepted: it has nowhere to go on."""
    old = Workflow("w").do("a", act).do("b", act).steps("g", steps().do("x", act))
    new = Workflow("w").do("a", act)

    with pytest.raises(RunBlocked, match="run 'run-1' is blocked") as caught:
        compare(row_of(old), plan_data(old), plan_of(new), stands_at(*places), accepts=True)

    assert "gostage fork run-1 --from a" in caught.value.hint


def test_a_position_that_does_not_read_is_an_error_of_the_database() -> None:
    """It is looked at only where something has changed."""
    old, new = Workflow("w").do("a", act), Workflow("w").do("b", act)
    broken = Stored(1, "[]", (), (), (), ())

    with pytest.raises(DatabaseError, match="where run 'run-1' stands does not read"):
        compare(row_of(old), plan_data(old), plan_of(new), broken, accepts=True)
