"""Discovery: which actions a module makes itself, and the stage that it becomes."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from gostage import Stage, Workflow, action
from gostage._author.discover import (
    action_classes,
    card_of,
    copy_of,
    files_of,
    is_stage_file,
    natural,
    stage_of,
)
from gostage._author.loading import load_file
from gostage._author.members import own_actions, own_workflows
from tests.folders import fresh_imports, write

HELPERS = """
import functools
from gostage import Action, Workflow, action

@action
def load(ctx): ...

@action
def save(ctx): ...

class Send(Action):
    def run(self, ctx): ...

send = Send()
bound = load.options(name="bound")
spare = Workflow("spare")

def plain(ctx): ...

def timed(fn):
    def wrapper(ctx): ...
    return wrapper

def make(text):
    return action(lambda ctx: None, name=text)
"""


@pytest.fixture(autouse=True)
def _fresh_imports():
    """Forget what a test imported."""
    with fresh_imports():
        yield


def module_of(folder, text: str) -> ModuleType:
    """Load a module with this text, beside one with helpers."""
    write(folder, {"helpers.py": HELPERS, "stage_x.py": text})
    return load_file(folder / "stage_x.py")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param(
            "from gostage import action\n@action\ndef b(): ...\n@action\ndef a(): ...\n",
            ["b", "a"],
            id="in the order of definition",
        ),
        pytest.param("from helpers import load, save", [], id="imported"),
        pytest.param("from helpers import *", [], id="imported with a star"),
        pytest.param("import helpers\nload = helpers.load", [], id="imported under an alias"),
        pytest.param("from helpers import send, bound", [], id="imported instances and variants"),
        pytest.param(
            "try:\n    from helpers import load\nexcept ImportError:\n    load = None\n",
            [],
            id="imported if possible",
        ),
        pytest.param(
            "from helpers import load\nload_eu = load.options(name='eu')",
            ["eu"],
            id="a variant of an imported one",
        ),
        pytest.param(
            "import helpers\nload_eu = helpers.load.bind()", ["load"], id="a binding of one"
        ),
        pytest.param(
            "from helpers import load\nfrom gostage import action\n"
            "@action\ndef first(): ...\nload = load.bind()\n",
            ["first", "load"],
            id="an imported name that is bound again stands where it is bound again",
        ),
        pytest.param(
            "from helpers import load\nfrom gostage import action\n"
            "@action\ndef first(): ...\n@action\ndef load(): ...\n",
            ["first", "load"],
            id="an imported name that is defined again",
        ),
        pytest.param(
            "from gostage import action\n@action\ndef a(): ...\n@action\ndef b(): ...\n"
            "a = a.options(name='c')\n",
            ["c", "b"],
            id="a name that is bound again stays where it was",
        ),
        pytest.param(
            "from helpers import Send\none, two = Send(name='1'), Send(name='2')",
            ["1", "2"],
            id="instances of an imported class",
        ),
        pytest.param(
            "from gostage import Action\nclass Own(Action):\n    def run(self): ...\nown = Own()",
            ["Own"],
            id="an instance of a class of its own",
        ),
        pytest.param(
            "from helpers import plain\nfrom gostage import action\nmine = action(plain)",
            ["plain"],
            id="an imported function",
        ),
        pytest.param(
            "from helpers import timed\nfrom gostage import action\n"
            "@action(name='t')\n@timed\ndef t(ctx): ...",
            ["t"],
            id="a function in a decorator that forgets where it is from",
        ),
        pytest.param("from helpers import make\na = make('made')", ["made"], id="a factory's"),
        pytest.param(
            "import functools\nfrom helpers import plain\nfrom gostage import action\n"
            "a = action(functools.partial(plain), name='part')",
            ["part"],
            id="a partial",
        ),
        pytest.param(
            "from gostage import action\n@action\ndef a(): ...\nb = a\n", ["a"], id="an alias"
        ),
        pytest.param(
            "from gostage import action\n@action\ndef _a(): ...\nb = _a.bind()\n",
            ["a"],
            id="private names are left out, variants of theirs are not",
        ),
        pytest.param(
            "from helpers import make\nfor each in 'ab':\n    globals()[each] = make(each)\n"
            "from gostage import action\n@action\ndef last(): ...\ndel each\n",
            ["a", "b", "last"],
            id="bound by magic",
        ),
    ],
)
def test_a_module_has_the_actions_that_it_makes_itself(tmp_path, text, names) -> None:
    """However they come about; what it imports belongs elsewhere."""
    found = [each.name.lstrip("_") for each in own_actions(module_of(tmp_path, text))]

    assert found == names


def test_relative_imports_are_imports(tmp_path) -> None:
    """Of a module, a package or what is above it."""
    write(
        tmp_path,
        {
            "top/__init__.py": HELPERS,
            "top/sub/__init__.py": "from .. import save",
            "top/sub/near.py": "from .. import bound",
            "top/sub/stage_x.py": "from .. import send\nfrom . import save, near\n"
            "from .near import bound as other\nmine = near.bound.bind()\nyours = near.bound\n",
        },
    )

    found = own_actions(load_file(tmp_path / "top/sub/stage_x.py"))

    assert len(found) == 1
    assert found == [sys.modules["top.sub.stage_x"].mine]


def test_without_its_source_a_module_is_judged_by_who_else_has_its_actions(tmp_path) -> None:
    """A variant that no other module holds was made here."""
    module = module_of(tmp_path, "from helpers import load, bound\nmine = load.options(name='m')")
    (tmp_path / "stage_x.py").unlink()

    assert [each.name for each in own_actions(module)] == ["m"]


def test_a_module_has_the_workflows_that_it_makes_itself(tmp_path) -> None:
    """An imported one may be a part of its own."""
    module = module_of(
        tmp_path,
        "from gostage import Workflow\nfrom helpers import spare\n"
        "flow = also = Workflow('flow').sub('inner', spare)\n_hidden = Workflow('hidden')",
    )

    assert {name: each.id for name, each in own_workflows(module).items()} == {"flow": "flow"}


def test_action_classes_are_named(tmp_path) -> None:
    """For the hint that says to make an instance of one."""
    module = module_of(
        tmp_path,
        "from gostage import Action\nfrom helpers import Send\nclass Own(Action):\n"
        "    def run(self): ...\n",
    )

    assert action_classes(module) == ["Own"]


# -------------------------------------------------------------------- stages


def test_a_module_is_a_stage(tmp_path) -> None:
    """Its name is the file's, its description the first line of the docstring."""
    module = module_of(
        tmp_path,
        '"""Load it.\n\nAll of it.\n"""\nfrom gostage import action\n@action\ndef a(): ...\n',
    )

    stage = stage_of(module, "stage_x")

    assert stage is not None
    assert (stage.id, stage.description) == ("stage_x", "Load it.")
    assert list(stage.actions) == [module.a]


def test_a_module_without_anything_is_no_stage(tmp_path) -> None:
    """Nor is one whose `stage` is something else."""
    assert stage_of(module_of(tmp_path, "stage = 'production'"), "x") is None


CARD = """
from datetime import timedelta
from gostage import Retry, Stage, action

def around(run): yield

stage = Stage("load", name="Load", description="Says it.", tags=["io"], initial={"a": 1},
              when=lambda: True, retry=Retry(attempts=2), timeout=timedelta(seconds=3))
stage.use(around)

@action
def one(): ...
"""


def test_a_stage_without_actions_is_the_card(tmp_path) -> None:
    """Everything it says counts, and the actions are those of the module."""
    module = module_of(tmp_path, CARD)

    stage = stage_of(module, "stage_x")

    assert stage is not None
    assert (stage.id, stage.name, stage.tags) == ("load", "Load", ["io"])
    assert (stage.description, stage.timeout) == ("Says it.", 3)
    assert stage.retry_policy == module.stage.retry_policy
    assert stage.when is module.stage.when
    assert stage.middleware == module.stage.middleware
    assert stage.initial["a"].value == 1
    assert list(stage.actions) == [module.one]


def test_making_the_stage_again_doubles_nothing(tmp_path) -> None:
    """What is made is a copy, and the card stays as it is."""
    module = module_of(tmp_path, CARD)

    one, two = stage_of(module, "x"), stage_of(module, "x")
    assert one is not None
    assert two is not None
    one.add(print).use(module.around).add_tag("new").set_initial("b", 2)

    assert len(module.stage.actions) == 0
    assert list(two.actions) == [module.one]
    for each in (module.stage, two):
        assert (each.tags, list(each.initial), len(each.middleware)) == (["io"], ["a"], 1)


def test_a_card_alone_is_a_stage_without_actions(tmp_path) -> None:
    """It may have initial data."""
    stage = stage_of(module_of(tmp_path, "from gostage import Stage\nstage = Stage('s')"), "x")

    assert stage is not None
    assert list(stage.actions) == []


def test_a_stage_with_actions_is_the_stage_as_it_is(tmp_path) -> None:
    """Other actions of the module do not come into it."""
    module = module_of(
        tmp_path,
        "from gostage import Stage, action\n@action\ndef a(): ...\n@action\ndef b(): ...\n"
        "stage = Stage('s', b)\n",
    )

    stage = stage_of(module, "x")

    assert stage is not None
    assert stage is not module.stage
    assert (stage.id, list(stage.actions)) == ("s", [module.b])


# -------------------------------------------------------------------- folders


def test_stages_are_in_natural_order(tmp_path) -> None:
    """People count past nine; hidden files and those of the folder itself are none."""
    names = ["stage_10.py", "stage_2.py", "stage_2b.py", "Stage_3.toml", "stage_1_a.py", "notes.md"]
    hidden = [".stage_4.py", "stageconf.py", "__init__.py"]
    write(tmp_path, dict.fromkeys([*names, *hidden], ""))
    (tmp_path / "stage_5.py").mkdir()

    found = [each.name for each in files_of(tmp_path)]

    assert found == [
        "notes.md", "stage_1_a.py", "stage_2.py", "stage_2b.py", "Stage_3.toml", "stage_10.py",
    ]  # fmt: skip
    assert [name for name in found if is_stage_file(tmp_path / name)] == [
        "stage_1_a.py", "stage_2.py", "stage_2b.py", "stage_10.py",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "names",
    [
        ["a1", "a2", "a10"],
        ["1a", "a1"],
        ["", "1", "x"],
        ["stage_02", "stage_2", "stage_2_b"],
        ["stage_9", "stage_٣٠", "stage_b"],
    ],
)
def test_numbers_in_names_count_as_numbers(names) -> None:
    """Names of any form can be compared."""
    given = names[::-1]

    given.sort(key=natural)

    assert given == names


def test_the_card_of_a_folder_is_its_workflow() -> None:
    """Only a workflow is one."""
    module = ModuleType("stageconf")
    assert card_of(module) is None
    module.workflow = "nightly"
    assert card_of(module) is None
    module.workflow = Workflow("nightly")
    assert card_of(module) is module.workflow


def test_a_copy_of_a_workflow_stands_alone() -> None:
    """Its stages are copies too; what stands in them is not."""

    @action
    def one() -> None: ...

    flow = Workflow("w", Stage("s", one), tags=["a"], version=2)
    copied = copy_of(flow)
    copied.add_tag("b").set_initial("x", 1).add(Stage("t", one))
    copied.stages[0].add(one)
    copied.disable(stage="s")

    assert [stage.id for stage in flow.stages] == ["s"]
    assert (flow.tags, dict(flow.initial), flow.disabled) == (["a"], {}, frozenset())
    assert list(flow.stages[0].actions) == [one]
    assert (copied.id, copied.version, [stage.id for stage in copied.stages]) == (
        "w",
        2,
        ["s", "t"],
    )
