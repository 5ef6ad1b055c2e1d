"""Collecting: what becomes of a target, and that another process finds it again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gostage import Stage, Workflow, errors, run
from gostage._app.collect import collect, locate
from tests.folders import fresh_imports, write
from tests.hygiene.pages import plain_environment

PLAIN = "from gostage import action\n@action\ndef {0}(ctx): ctx.store['{0}'] = True\n"
CARD = "from gostage import Stage, action\nstage = Stage({0})\n@action\ndef act(): ...\n"


@pytest.fixture(autouse=True)
def _fresh_imports():
    """Forget what a test imported."""
    with fresh_imports():
        yield


class Pages:
    """Hooks that make a stage of every page, and remember what they were asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def collect_file(self, path: Path):
        self.asked.append(path.name)
        return [Stage(path.stem, print)] if path.suffix == ".page" else ()

    def modify(self, workflow: Workflow) -> None:
        workflow.add(Stage("last"))
        workflow.stages[0].add(print)


def outline(workflow: Workflow) -> dict[str, list[str]]:
    """The stages and the names of their actions."""
    return {stage.id: [each.name for each in stage.actions] for stage in workflow.stages}


# -------------------------------------------------------------------- modules and files


MODULE = """
from gostage import Stage, Workflow, action

@action
def greet(ctx): ...

extract = Stage("extract", greet)
flow = again = Workflow("flow").stage("s", greet)

class Holder:
    inner = Workflow("inner").do(greet)
"""


@pytest.mark.parametrize(
    ("text", "id_", "stages", "target"),
    [
        pytest.param("mod", "flow", ["s"], "/mod.py", id="module"),
        pytest.param("mod.py", "flow", ["s"], "/mod.py", id="file"),
        pytest.param("mod:flow", "flow", ["s"], "/mod.py:flow", id="workflow"),
        pytest.param("mod:again", "flow", ["s"], "/mod.py:again", id="by its other name"),
        pytest.param("mod.py:Holder.inner", "inner", [], "/mod.py:Holder.inner", id="deeper"),
        pytest.param("mod:extract", "extract", ["extract"], "/mod.py:extract", id="stage"),
        pytest.param("mod:greet", "greet", [], "/mod.py:greet", id="action"),
    ],
)
def test_a_target_becomes_a_workflow(tmp_path, text, id_, stages, target) -> None:
    """A stage and an action get one around them."""
    write(tmp_path, {"mod.py": MODULE})

    found = collect(locate(text, tmp_path))

    assert (found.workflow.id, list(outline(found.workflow))) == (id_, stages)
    assert found.target == f"{tmp_path}{target}"
    assert found.files == (tmp_path / "mod.py",)
    assert run(found.workflow).ok


def test_an_installed_module_is_found_by_its_name(tmp_path) -> None:
    """Where every process can import it."""
    found = collect(locate("tests.author.samples:load", tmp_path))

    assert found.target == "tests.author.samples:load"


def test_a_workflow_that_uses_an_imported_one_is_the_one_that_is_run(tmp_path) -> None:
    """The imported one is a part of it."""
    write(
        tmp_path,
        {
            "mod.py": MODULE,
            "outer.py": "from gostage import Workflow\nfrom mod import flow\n"
            "outer = Workflow('outer').sub('inner', flow)\n",
            "alias.py": "from mod import flow\n",
        },
    )

    assert collect(locate("outer", tmp_path)).workflow.id == "outer"
    assert collect(locate("alias.py", tmp_path)).workflow.id == "flow"


@pytest.mark.parametrize(
    ("text", "id_", "expected"),
    [
        pytest.param("job.py", "job", {"job": ["load"]}, id="actions"),
        pytest.param("my-job.v2.py", "my-job.v2", {"my-job.v2": ["load"]}, id="odd name"),
        pytest.param("pack.job", "job", {"job": ["load"]}, id="module of a package"),
        pytest.param("card.py", "card", {"load": ["act"]}, id="card"),
        pytest.param("pack", "pack", {"pack": ["load"]}, id="package"),
        pytest.param("./pack/__init__.py", "pack", {"pack": ["load"]}, id="file of a package"),
    ],
)
def test_a_module_without_a_workflow_is_a_stage(tmp_path, text, id_, expected) -> None:
    """The workflow around it has the module's name."""
    job = PLAIN.format("load")
    write(
        tmp_path,
        {
            "job.py": job,
            "my-job.v2.py": job,
            "pack/job.py": job,
            "pack/__init__.py": job,
            "card.py": CARD.format("'load'"),
        },
    )

    workflow = collect(locate(text, tmp_path)).workflow

    assert (workflow.id, outline(workflow)) == (id_, expected)


def test_plugins_make_stages_of_other_files(tmp_path) -> None:
    """A file that they know is a target like any other."""
    write(tmp_path, {"one.page": ""})

    found = collect(locate("one.page", tmp_path), Pages())

    assert outline(found.workflow) == {"one": ["print", "print"], "last": []}
    assert (found.workflow.id, found.target) == ("one", str(tmp_path / "one.page"))


def test_collecting_again_doubles_nothing(tmp_path) -> None:
    """What plugins change is a copy, and what the module holds stays as it is."""
    write(tmp_path, {"mod.py": MODULE})

    for text in ("mod:flow", "mod:extract", "mod:greet"):
        one, two = (outline(collect(locate(text, tmp_path), Pages()).workflow) for _ in "12")
        assert one == two
    module = sys.modules["mod"]
    assert outline(module.flow) == {"s": ["greet"]}
    assert len(module.extract.actions) == 1


def test_a_copy_is_compiled_anew(tmp_path) -> None:
    """What was made of the original does not count."""
    write(tmp_path, {"mod.py": MODULE + "flow.transitions()\n"})

    workflow = collect(locate("mod", tmp_path), Pages()).workflow

    assert [step.path for step in run(workflow).steps] == ["s", "s/greet", "s/print", "last"]


# -------------------------------------------------------------------- folders


def test_a_folder_is_a_workflow_of_its_stage_modules(tmp_path) -> None:
    """In natural order; nothing below it, and nothing hidden, comes into it."""
    write(
        tmp_path / "nightly",
        {
            "stage_10.py": PLAIN.format("ten"),
            "stage_2.py": PLAIN.format("two"),
            "helper.py": "raise RuntimeError('not a stage')",
            ".stage_3.py": "raise RuntimeError('hidden')",
            "below/stage_1.py": "raise RuntimeError('below')",
        },
    )

    found = collect(locate("nightly", tmp_path))

    assert found.workflow.id == "nightly"
    assert outline(found.workflow) == {"stage_2": ["two"], "stage_10": ["ten"]}
    assert found.target == str(tmp_path / "nightly")
    assert [file.name for file in found.files] == ["stage_2.py", "stage_10.py"]
    assert dict(run(found.workflow).store) == {"two": True, "ten": True}


def test_stages_of_other_files_stand_where_the_files_stand(tmp_path) -> None:
    """Plugins are asked for every file that is no stage module, and not for hidden ones."""
    write(
        tmp_path,
        {
            "stage_1.py": PLAIN.format("one"),
            "stage_2.page": "",
            "stage_3.py": PLAIN.format("three"),
            "zoo.page": "",
            "helper.py": "",
            ".hidden.page": "",
            "stageconf.py": "",
            "__init__.py": "",
            "below.page/x": "",
        },
    )
    pages = Pages()

    found = collect(locate(".", tmp_path), pages)

    assert list(outline(found.workflow)) == ["stage_1", "stage_2", "stage_3", "zoo", "last"]
    assert pages.asked == ["helper.py", "stage_2.page", "zoo.page"]


WORKFLOW_CARD = """
from gostage import Workflow

def around(run): yield

workflow = Workflow("etl", name="Nightly", description="All of it.", tags=["nightly"],
                    initial={"day": 1}, version="2")
workflow.use(around)
"""


@pytest.mark.parametrize("name", ["stageconf.py", "__init__.py"])
def test_a_workflow_without_stages_is_the_card_of_the_folder(tmp_path, name) -> None:
    """Everything it says counts, and collecting again doubles nothing."""
    write(tmp_path, {"flow/stage_1.py": PLAIN.format("one"), f"flow/{name}": WORKFLOW_CARD})
    place = locate("flow", tmp_path)

    workflows = [collect(place).workflow for _ in "12"]

    for workflow in workflows:
        assert (workflow.id, workflow.name, workflow.version) == ("etl", "Nightly", "2")
        assert (workflow.description, workflow.tags) == ("All of it.", ["nightly"])
        assert (workflow.initial["day"].value, len(workflow.middleware)) == (1, 1)
        assert outline(workflow) == {"stage_1": ["one"]}


def test_one_card_in_both_files_is_one_card(tmp_path) -> None:
    """One file may import it from the other."""
    write(
        tmp_path,
        {
            "flow/__init__.py": "from gostage import Workflow\nworkflow = Workflow('etl')",
            "flow/stageconf.py": "from . import workflow",
            "flow/stage_1.py": PLAIN.format("one"),
        },
    )

    assert collect(locate("flow", tmp_path)).workflow.id == "etl"


@pytest.mark.parametrize("name", ["stageconf.py", "__init__.py"])
def test_a_workflow_with_stages_is_run_where_there_are_no_stage_modules(tmp_path, name) -> None:
    """The folder is then only where it lives."""
    text = "from gostage import Workflow\nworkflow = Workflow('own').do('a', print)"
    write(tmp_path, {f"flow/{name}": text})

    found = collect(locate("flow", tmp_path))

    assert (found.workflow.id, found.target) == ("own", str(tmp_path / "flow"))
    assert run(found.workflow).ok


def test_a_package_holds_what_its_init_holds(tmp_path) -> None:
    """Where it has no stage modules."""
    text = "from gostage import Workflow\nflow = Workflow('own').do('a', print)"
    write(tmp_path, {"pack/__init__.py": text})

    assert collect(locate("pack", tmp_path)).workflow.id == "own"


def test_the_place_of_a_stage_is_its_file(tmp_path) -> None:
    """So that what is added later, under its id, is told where the first one is."""
    write(tmp_path, {"stage_1.py": PLAIN.format("one")})
    workflow = collect(locate(".", tmp_path)).workflow

    with pytest.raises(errors.DuplicateName, match=r"number 1 \(.*stage_1\.py\) and number 2"):
        workflow.add(Stage("stage_1"))


# -------------------------------------------------------------------- other processes


def test_a_folder_is_read_in_a_process_that_stands_elsewhere(tmp_path) -> None:
    """As a definition, and by its target; helpers and variants of theirs are found too."""
    write(
        tmp_path,
        {
            "flows/parts.py": PLAIN.format("load") + "def ready(ctx): return True\n",
            "flows/stage_1.py": "from gostage import Stage\nfrom parts import load, ready\n"
            "stage = Stage('extract', when=ready)\nload_eu = load.options(name='eu')\n",
            "flows/stage_2.py": PLAIN.format("two"),
            "other/stage_2.py": PLAIN.format("third"),
            "elsewhere/stage_2.py": "raise RuntimeError('not this one')",
        },
    )
    collect(locate("other/stage_2.py", tmp_path / "elsewhere" / ".."))
    found = collect(locate("flows", tmp_path))
    code = (
        "import json, sys\nfrom pathlib import Path\nfrom gostage import Workflow, run\n"
        "from gostage._app.collect import collect, locate\n"
        "given = json.load(sys.stdin)\n"
        "for flow in (Workflow.from_dict(given['data']),"
        " collect(locate(given['target'], Path.cwd())).workflow):\n"
        "    print(sorted(run(flow).store), [s.path for s in run(flow).steps])\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps({"data": found.workflow.to_dict(), "target": found.target}),
        cwd=tmp_path / "elsewhere",
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    line = "['load', 'two'] ['extract', 'extract/eu', 'stage_2', 'stage_2/two']"
    assert done.stdout.splitlines() == [line, line], done.stderr


# -------------------------------------------------------------------- mistakes


MISTAKES = {
    "module.py": PLAIN.format("a"),
    "many.py": "from gostage import Workflow\na, b = Workflow('a'), Workflow('b')\n",
    "none.py": "x = 1\n",
    "classes.py": "from gostage import Action\nclass Load(Action):\n    def run(self): ...\n",
    "broken.py": "x = 1\ny = (\n",
    "guarded.py": "import json\n\ndef start():\n    json.loads('{')\n\nstart()\n",
    "rude.py": "class Stop(BaseException):\n    def __str__(self): 1 / 0\n\nraise Stop\n",
    "leaving.py": "import sys\nsys.exit('bye')\n",
    "twice.py": "from gostage import Workflow\n\nWorkflow('w').do('a', print).do('a', print)\n",
    "magic.py": "def __getattr__(name):\n    raise RuntimeError('no ' + name)\n",
    "table.csv": "",
    "empty/notes.txt": "",
    "scripts/flow.py": "",
    "blank/stage_1.py": "x = 1\n",
    "bad/stage_1.py": PLAIN.format("a"),
    "bad/stage_2.py": "\nraise LookupError('no region')\n",
    "badconf/stageconf.py": "raise LookupError('no region')\n",
    "badconf/stage_1.py": "",
    "same/stage_1.py": CARD.format("'load'"),
    "same/stage_2.py": CARD.format("'load'"),
    "cards/stageconf.py": "from gostage import Workflow\nworkflow = Workflow('a')",
    "cards/__init__.py": "from gostage import Workflow\nworkflow = Workflow('b')",
    "cards/stage_1.py": PLAIN.format("a"),
    "full/stageconf.py": "from gostage import Workflow\nworkflow = Workflow('a').do('x', print)",
    "full/stage_1.py": PLAIN.format("a"),
    "only/stageconf.py": "from gostage import Workflow\nworkflow = Workflow('a')",
}


@pytest.mark.parametrize(
    ("text", "error", "message", "hint", "where"),
    [
        ("module:b", errors.NotFound, "there is no 'b' in 'module'", "no workflow", "module.py"),
        ("many:c", errors.NotFound, "there is no 'c' in 'many'", "'many:a', 'many:b'", "many.py"),
        ("many", errors.NotFound, "'many' holds 2 workflows", "'many:a', 'many:b'", ""),
        ("table.csv", errors.NotFound, "'table.csv' is no Python file", "end in .py", ""),
        ("none.py", errors.CollectionError, "'none.py' holds no workflow,", "@action", "none.py"),
        ("none:x", errors.CollectionError, "is no workflow, stage or action but an int", "", ""),
        ("classes", errors.CollectionError, "holds no workflow", "load = Load()", "classes.py"),
        ("broken", errors.CollectionError, "SyntaxError: '(' was never", "-v", "broken.py:2"),
        ("guarded", errors.CollectionError, "JSONDecodeError: Expecting", "-v", "guarded.py:4"),
        ("rude", errors.CollectionError, "'rude' cannot be imported: Stop", "-v", "rude.py:4"),
        ("leaving", errors.CollectionError, "SystemExit: bye", "-v", "leaving.py:2"),
        ("twice", errors.CollectionError, "DuplicateName: two", "rename one", "twice.py:3"),
        ("magic:x", errors.CollectionError, "RuntimeError: no x", "-v", "magic.py:2"),
        ("json:x", errors.NotFound, "there is no 'x' in 'json'", "no workflow", ""),
        ("empty", errors.CollectionError, "'empty' holds no stage", "stage_1_load.py", ""),
        ("scripts", errors.CollectionError, "holds no stage modules", "'scripts/flow.py'", ""),
        ("only", errors.CollectionError, "'only' holds no stage modules", "stageconf.py", ""),
        ("blank", errors.CollectionError, "'blank/stage_1.py' holds no", "@action", "stage_1.py"),
        ("bad", errors.CollectionError, "'bad/stage_2.py' cannot be", "-v", "bad/stage_2.py:2"),
        ("badconf", errors.CollectionError, "'badconf/stageconf.py' cannot", "-v", "conf.py:1"),
        (
            "same",
            errors.DuplicateName,
            "two stages of 'same' are called 'load': those of 'stage_1.py' and 'stage_2.py'",
            "rename one of them",
            "same/stage_2.py",
        ),
        (
            "cards",
            errors.DefinitionError,
            "both 'cards/__init__.py' and 'cards/stageconf.py' have a workflow",
            "keep one",
            "cards/stageconf.py",
        ),
        (
            "full",
            errors.CollectionError,
            "'a' in 'full/stageconf.py' has stages, and 'full' has stage modules, as 'stage_1.py'",
            "leave its stages out",
            "full/stageconf.py",
        ),
    ],
)
def test_what_cannot_be_collected_is_explained(  # noqa: PLR0917 - one row of a table
    tmp_path, text, error, message, hint, where
) -> None:
    """What is wrong, what to do about it, and in which file and line."""
    write(tmp_path, MISTAKES)

    with pytest.raises(error) as caught:
        collect(locate(text, tmp_path))

    assert message in str(caught.value)
    assert hint in caught.value.hint
    assert where in str(caught.value.where)


def test_ctrl_c_while_a_module_is_imported_is_ctrl_c(tmp_path) -> None:
    """It is not the module's fault."""
    write(tmp_path, {"slow.py": "raise KeyboardInterrupt\n"})

    with pytest.raises(KeyboardInterrupt):
        collect(locate("slow", tmp_path))


def test_a_plugin_that_makes_something_else_of_a_file_is_told_so(tmp_path) -> None:
    """Only stages stand in a folder's workflow."""
    write(tmp_path, {"rows.csv": ""})

    class Odd(Pages):
        def collect_file(self, path: Path):
            return [{"a": 1}]

    with pytest.raises(errors.CollectionError, match=r"of the file 'rows.csv', which is no stage"):
        collect(locate(".", tmp_path), Odd())


def test_what_is_collected_can_be_run_from_a_stage_module_alone(tmp_path) -> None:
    """The card of the module counts there too."""
    write(tmp_path, {"flow/stage_1.py": CARD.format("'load', tags=['io']")})

    workflow = collect(locate("flow/stage_1.py", tmp_path)).workflow

    assert (workflow.id, workflow.stages[0].tags) == ("stage_1", ["io"])
