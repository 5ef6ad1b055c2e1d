"""What crosses to a child: by reference where that is possible, else as it is, else by no way."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gostage import Runner, Workflow, hookimpl, resource, steps
from gostage._author.loading import load_file
from gostage._spawn import crossing
from gostage.errors import DefinitionError, NotImportable
from tests.spawn.far_side import arrived, packed, written

SHOP = """
from dataclasses import dataclass
from enum import Enum

from gostage import Context, Workflow, action

@dataclass
class Order:
    id: int

class Kind(Enum):
    RETAIL = 1

    def next(self):
        return self.value + 1

calls = 0

def count(by: int) -> int:
    global calls
    calls += by
    return calls

@action
def load(ctx: Context, size: int = 3) -> None:
    ctx.store["order"] = Order(size)
    ctx.store["kind"] = Kind.RETAIL
    ctx.store["calls"] = [count(2), count(3), Kind.RETAIL.next()]

flow = Workflow("shop").stage("loading", load)
"""
BOUGHT = {
    "order": {"$object": "script:Order", "fields": {"id": 3}},
    "kind": {"$object": "script:Kind", "fields": {"name": "RETAIL"}},
    "calls": [2, 5, 2],
}


def guarded(text: str) -> str:
    """Put a line under the guard of a script."""
    return f'\nif __name__ == "__main__":\n    {text}\n'


def noop() -> None:
    """Do nothing."""


def test_what_can_be_imported_goes_by_reference() -> None:
    """The definition, and nothing of its code."""
    around = Runner()._around

    pack = crossing.pack(Workflow("w").stage("s", noop), around, None, by_value=False)

    assert pack["workflow"]["definition"]["items"][0]["items"][0]["action"] == f"{__name__}:noop"
    assert (pack["values"], pack["plugins"]) == (None, None)
    assert json.loads(json.dumps(pack)) == pack


class TestScripts:
    """What is defined in the script that runs."""

    def test_a_guarded_script_is_imported(self, tmp_path: Path) -> None:
        """Nothing of it is sent."""
        script = written(tmp_path, SHOP + guarded("cross(flow)"))

        pack = packed(script)

        assert pack["values"] is None
        assert arrived(pack)["store"] == BOUGHT

    def test_a_script_without_a_guard_does_not_run_again(self, tmp_path: Path) -> None:
        """What its functions use is sent: one module has it all, as in the script."""
        script = written(tmp_path, SHOP + "\ncross(flow)\n")

        pack = packed(script)
        script.unlink()

        assert "definition" in pack["workflow"]
        assert arrived(pack)["store"] == BOUGHT

    def test_code_without_a_file_is_sent(self, tmp_path: Path) -> None:
        """As of a notebook, or of what is typed at a prompt."""
        script = written(tmp_path, SHOP + "\ncross(flow)\n")

        found = arrived(packed(script, "-", text=script.read_text()))

        assert found["store"]["calls"] == BOUGHT["calls"]
        assert found["store"]["order"]["$object"] == "__main__:Order"

    def test_what_stands_under_the_guard_is_sent(self, tmp_path: Path) -> None:
        """The rest of the script is imported, and is one with it."""
        lines = (
            "number = 7",
            "def mine(ctx): ctx.store['n'] = [count(number), isinstance(Order(1), Order)]",
            "cross(Workflow('w').do('mine', mine))",
        )
        script = written(tmp_path, SHOP + guarded("\n    ".join(lines)))

        assert arrived(packed(script))["store"] == {"n": [7, True]}

    @pytest.mark.parametrize("ends", ["cross({0})", "if __name__ == '__main__': cross({0})"])
    def test_lambdas_see_the_names_of_their_script(self, tmp_path: Path, ends: str) -> None:
        """Whether it is imported or sent."""
        flow = "Workflow('w').do('l', lambda ctx: ctx.store.put('n', count(4)))"
        script = written(tmp_path, f"{SHOP}\n{ends.format(flow)}\n")

        assert arrived(packed(script))["store"] == {"n": 4}

    def test_the_classes_of_a_script_are_there_for_values(self, tmp_path: Path) -> None:
        """Though nothing that runs in the child names them."""
        (tmp_path / "flows.py").write_text(
            "from gostage import Workflow\n"
            "def look(ctx): ctx.store['seen'] = ctx.store['order'].id\n"
            "flow = Workflow('w').do('look', look)\n"
        )
        text = SHOP + "\nfrom flows import flow\nflow.set_initial('order', Order(8))\ncross(flow)\n"
        script = written(tmp_path, text)

        assert arrived(packed(script), tmp_path)["store"]["seen"] == 8

    def test_a_script_may_be_its_own_plugin(self, tmp_path: Path) -> None:
        """Its hooks and resources go with it."""
        text = """
            import sys
            from gostage import Runner, Workflow, hookimpl, resource

            @resource
            def lent():
                return "lent"

            @hookimpl(wrapper=True)
            def gostage_action(ctx):
                ctx.store["hook"] = __name__
                return (yield)

            def use(ctx, lent):
                ctx.store["got"] = lent

            cross(Workflow("w").do("use", use), Runner(plugins=[sys.modules[__name__]]))
        """

        assert arrived(packed(written(tmp_path, text)))["store"] == {
            "hook": "__main__",
            "got": "lent",
        }

    def test_without_code_by_value_a_guard_is_asked_for(self, tmp_path: Path) -> None:
        """A backend may take only what can be imported."""
        script = written(tmp_path, SHOP + "\ncross(flow, by_value=False)\n")

        assert packed(script) == {
            "error": "NotImportable",
            "message": f"'{script}:load' of workflow 'shop' cannot be found again by a child of "
            "this backend, which takes only what can be imported",
        }


NESTED = """
import json
from dataclasses import dataclass
from gostage import Runner, Workflow, action, steps

@dataclass
class Order:
    id: int

def helper(size):
    return Order(size)

@action(isolate=True)
def load(ctx, size: int = 3):
    ctx.store["order"] = helper(size)

def deep(ctx):
    ctx.store["deep"] = [ctx.store["order"].id + 1, isinstance(ctx.store["order"], Order)]

flow = Workflow("w").stage("s", load).spawn("o", steps().spawn("i", steps().do("d", deep)))

def main():
    with Runner() as runner:
        result = runner.run(flow)
    result.raise_for_error()
    print(json.dumps([result.store["order"].id, *result.store["deep"]]))
"""


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        pytest.param("main()", (), id="a script without a guard"),
        pytest.param("if __name__ == '__main__': main()", (), id="a script with a guard"),
        pytest.param("main()", ("-",), id="code without a file"),
    ],
)
def test_values_of_a_script_come_and_go(tmp_path: Path, ends: str, words: tuple) -> None:
    """Through children, and children of children: the classes are the same everywhere."""
    script = tmp_path / "script.py"
    script.write_text(f"{NESTED}\n{ends}\n")

    assert packed(script, *words, text=script.read_text() if words else "") == [3, 4, True]


BY_VALUE = """
import json
from datetime import timedelta
from typing import Generic, TypeVar

import gostage
from gostage import Action, Retry, Stage, Workflow, action, resource, steps

T = TypeVar("T")

class Box(Generic[T]):
    def __init__(self, value):
        self.value = value

class Counted(Box[int]):
    def more(self):
        return self.value + 1

class Upload(Action):
    isolate = True
    timeout = timedelta(seconds=50)
    retry = Retry(attempts=2)
    provides = "url"

    def __init__(self, target):
        super().__init__(name=f"to {target}")
        self.target = target

    def when(self, ctx):
        return self.target != "nowhere"

    def run(self, ctx, file):
        return f"{file}>{self.target}{Counted(2).more()}"

class Again(Upload):
    name = "again"

    def __init__(self):
        self.target = "b"

    def run(self, ctx, file):
        return super().run(ctx, file) + "!"

class Plain(Action):
    def run(self):
        return None

@resource
def base():
    yield 5

@resource
def lent(base):
    yield base + 1

@resource
def other():
    return 7

@action
def use(ctx, lent):
    ctx.store["lent"] = lent

@action
def rename(ctx, it):
    ctx.store["it"] = it

is_lent = lambda lent: lent == 6
bound = action(lambda ctx, it: ctx.store.put("it", it), name="bound", inputs={"it": "other"})

def ends(*items):
    result = gostage.run(Workflow("w").add(Stage("s", *items, isolate=True)), {"file": "f"})
    return repr(result.error) if result.error else {**result.store}

def main():
    print(json.dumps([
        ends(Upload("a")), ends(Upload("nowhere")), ends(Upload("a").options(name="x")),
        ends(Upload("a").bind(file="g")), ends(Again()), ends(Plain()), ends(use),
        ends(rename.options(inputs={"it": "other"})), ends(bound),
        ends(use.options(when=is_lent)),
    ]))
"""


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        pytest.param("main()", (), id="a script without a guard"),
        pytest.param("if __name__ == '__main__': main()", (), id="a script with a guard"),
        pytest.param("main()", ("-",), id="code without a file"),
    ],
)
def test_class_actions_and_resources_of_a_script_are_there(
    tmp_path: Path, ends: str, words: tuple
) -> None:
    """Classes with what they declare, and the resources that are asked for by name."""
    script = tmp_path / "script.py"
    script.write_text(f"{BY_VALUE}\n{ends}\n")

    told = packed(script, *words, text=script.read_text() if words else "")

    assert [{key: row[key] for key in row if key != "file"} for row in told] == [
        {"url": "f>a3"},
        {},
        {"url": "f>a3"},
        {"url": "g>a3"},
        {"url": "f>b3!"},
        {},
        {"lent": 6},
        {"it": 7},
        {"it": 7},
        {"lent": 6},
    ]


UNDER_THE_GUARD = """
import json
import gostage
from gostage import Workflow, action, resource, steps

if __name__ == "__main__":
    seven = 7

    class Mine:
        three = 3

    @resource
    def lent():
        return seven

    def innermost(ctx, lent):
        ctx.store["seen"] = [seven, Mine.three, lent]

    def spawns(ctx):
        inner = ctx.spawn(Workflow("in").do("innermost", innermost)).raise_for_error()
        ctx.store["seen"] = inner.store["seen"]

    def runs(ctx):
        apart = action(spawns, isolate=True)
        ctx.store["seen"] = gostage.run(Workflow("w").do(apart)).raise_for_error().store["seen"]

    body = steps().spawn("one", steps().do("spawns", spawns)).do("runs", runs)
    result = gostage.run(Workflow("w").spawn("s", body)).raise_for_error()
    print(json.dumps(result.store["seen"]))
"""


def test_what_stands_under_the_guard_goes_on_to_children_of_children(tmp_path: Path) -> None:
    """A child imports the script too, and hands on what it was sent of it."""
    script = tmp_path / "script.py"
    script.write_text(UNDER_THE_GUARD)

    assert packed(script) == [7, 3, 7]


class TestValues:
    """What no module holds."""

    def test_a_closure_keeps_what_it_closed_over(self, tmp_path: Path) -> None:
        """Its module is imported, and is not sent."""
        (tmp_path / "maker.py").write_text(
            "import threading\n"
            "from gostage import Workflow\n"
            "lock = threading.Lock()\n"
            "seen = []\n"
            "def make(size):\n"
            "    def load(ctx):\n"
            "        with lock:\n"
            "            seen.append(size)\n"
            "        ctx.store['seen'] = seen\n"
            "    return Workflow('w').do('load', load)\n"
        )
        script = written(tmp_path, "import maker\ncross(maker.make(5))\n")

        assert arrived(packed(script), tmp_path)["store"] == {"seen": [5]}

    def test_a_module_that_only_its_file_finds_is_found(self, tmp_path: Path) -> None:
        """Of two files with one name, the second has a name of its own."""
        text = (
            "from gostage import Workflow\n"
            "MARK = {0!r}\n"
            "def make():\n"
            "    def load(ctx): ctx.store['mark'] = MARK\n"
            "    return Workflow('w').do('l', load)\n"
        )
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "job.py").write_text(text.format(name))
        script = written(
            tmp_path,
            f"""
            from pathlib import Path
            from gostage._author.loading import load_file
            one = load_file(Path({str(tmp_path / "one" / "job.py")!r}))
            two = load_file(Path({str(tmp_path / "two" / "job.py")!r}))
            cross(two.make())
            """,
        )

        assert arrived(packed(script))["store"] == {"mark": "two"}

    def test_a_class_of_ones_own_stays_what_it_is(self, tmp_path: Path) -> None:
        """A definition would make a plain workflow of it."""
        text = """
            from gostage import Stage, Workflow

            class Night(Stage):
                hour = 3

            def look(ctx):
                ctx.store["hour"] = ctx.stage.hour

            cross(Workflow("w").add(Night("s", look)))
        """
        pack = packed(written(tmp_path, text))

        assert "sent" in pack["workflow"]
        assert arrived(pack)["store"] == {"hour": 3}

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            pytest.param(
                "conn = sqlite3.connect(':memory:')\n"
                "def ask(): return conn.execute('select 1')\n"
                "def load(ctx): ask()\n"
                "cross(Workflow('w').do('l', load))",
                "'conn', which 'ask' uses, cannot be given to a child process: "
                "cannot pickle 'sqlite3.Connection' object",
                id="a name of the script",
            ),
            pytest.param(
                "def make(conn):\n"
                "    return lambda: conn.execute('select 1')\n"
                "load = make(sqlite3.connect(':memory:'))\n"
                "cross(Workflow('w').steps('g', steps().do('k', print).do('l', load)))",
                "'load' of the script cannot be given to a child process: "
                "cannot pickle 'sqlite3.Connection' object",
                id="in a closure",
            ),
            pytest.param(
                "def make(conn):\n"
                "    return lambda: conn.execute('select 1')\n"
                "def flow(): return Workflow('w').do('l', make(sqlite3.connect(':memory:')))\n"
                "cross(Workflow('v').spawn('c', steps().do('k', print).sub('s', flow())))",
                "action 'c/s/l' of workflow 'v' cannot be given to a child process: "
                "cannot pickle 'sqlite3.Connection' object",
                id="deep in a flow",
            ),
            pytest.param(
                "def make(file):\n"
                "    return lambda: file.read()\n"
                "cross(Workflow('w').do('l', make(open(__file__))))",
                "action 'l' of workflow 'w' cannot be given to a child process: "
                "it holds an open file: <_io.TextIOWrapper name=…",
                id="an open file",
            ),
            pytest.param(
                "class Plugin:\n"
                "    def __init__(self): self.file = open(__file__)\n"
                "    @hookimpl\n"
                "    def gostage_event(self, event): pass\n"
                "cross(Workflow('w').do('l', print), Runner(plugins=[Plugin()]))",
                "plugin 'Plugin' cannot be given to a child process: "
                "it holds an open file: <_io.TextIOWrapper name=…",
                id="a plugin",
            ),
        ],
    )
    def test_what_cannot_be_sent_is_named(self, tmp_path: Path, text: str, message: str) -> None:
        """The sentence says what it is, where it is used, and why it stays here."""
        header = "import sqlite3\nfrom gostage import Runner, Workflow, hookimpl, steps\n"

        found = packed(written(tmp_path, header + text))

        assert found["error"] == "NotImportable"
        start, _, _ = message.partition("…")
        assert found["message"].startswith(start)


PLUGINS = """
from gostage import Runner, Workflow, hookimpl, resource

class Marks:
    def __init__(self, mark):
        self.mark = mark
    @hookimpl
    def gostage_configure(self, config):
        self.timeout = config["timeout"]
    @hookimpl(wrapper=True)
    def gostage_action(self, ctx):
        ctx.store["seen"] = [*ctx.store.get("seen", list, default=[]), [self.mark, self.timeout]]
        return (yield)

class Held(Marks):
    pass

held = Held("held")

@resource
def conn():
    yield "conn"

def around(run):
    run.store["around"] = True
    yield

class Drop:
    def outbound(self, message):
        return None

def watch(spawn):
    yield

def use(ctx, conn):
    ctx.store["got"] = conn
    ctx.send("progress", {})

drop = Drop()
flow = Workflow("w").do("use", use)
runner = Runner(
    plugins=[Marks("own"), held, "side", "no:timing"],
    resources=[conn],
    middleware=[around],
    config={"timeout": 9, "side": {"level": 3}},
)
runner.use_ipc(drop).use_spawn(watch)
"""
SIDE = """
from gostage import hookimpl

def gostage_plugin(config):
    class Side:
        @hookimpl(wrapper=True)
        def gostage_runner(self, run):
            run.store["level"] = config.section("side")["level"]
            return (yield)
    return Side()
"""


class TestSurroundings:
    """What a runner puts around its runs."""

    @pytest.mark.parametrize("ends", ["cross({0})", "if __name__ == '__main__': cross({0})"])
    def test_plugins_are_made_again(self, tmp_path: Path, ends: str) -> None:
        """In their order, with the configuration, from objects, names and factories."""
        (tmp_path / "side.py").write_text(SIDE)
        text = PLUGINS + ends.format("flow, runner, whole=True")

        found = arrived(packed(written(tmp_path, text)), tmp_path)

        assert found["store"] == {
            "around": True,
            "level": 3,
            "seen": [["own", 9.0], ["held", 9.0]],
            "got": "conn",
        }
        assert found["heavy"] == []

    def test_a_project_is_there_in_the_child(self, tmp_path: Path) -> None:
        """Its configuration, its own plugins and the `stageconf.py` of each folder, in order."""
        (tmp_path / "pyproject.toml").write_text(
            "[tool.gostage]\nplugins = ['side', 'no:timing']\n[tool.gostage.side]\nlevel = 5\n"
        )
        (tmp_path / "side.py").write_text(SIDE)
        (tmp_path / "jobs").mkdir()
        conf = (
            "from gostage import hookimpl, resource\n"
            "@resource\n"
            "def conn():\n    return {0!r}\n"
            "@hookimpl\n"
            "def gostage_codecs(registry):\n"
            "    registry.register(type(registry), {0!r}, str, str)\n"
        )
        (tmp_path / "stageconf.py").write_text(conf.format("root").partition("@hookimpl")[0])
        (tmp_path / "jobs" / "stageconf.py").write_text(conf.format("near"))
        text = (
            "from gostage import Runner, Workflow\n"
            "def use(ctx, conn): ctx.store['got'] = conn\n"
            "if __name__ == '__main__':\n"
            "    cross(Workflow('w').do('use', use), Runner(config='jobs'))\n"
        )

        pack = packed(written(tmp_path, text))

        assert [row[0] for row in pack["plugins"]["sources"]] == [
            "side",
            "stageconf.py",
            "jobs/stageconf.py",
        ]
        assert arrived(pack, tmp_path)["store"] == {"level": 5, "got": "near"}

    def test_middleware_of_the_runner_stays_around_the_run(self, tmp_path: Path) -> None:
        """It goes along with a whole workflow only."""
        (tmp_path / "side.py").write_text(SIDE)
        pack = packed(written(tmp_path, f"{PLUGINS}\ncross(flow, runner)\n"))

        assert "around" not in arrived(pack, tmp_path)["store"]

    def test_plugins_of_the_command_line_stay_there(self, tmp_path: Path) -> None:
        """Nothing is shown by a child."""
        text = """
            import sys
            from gostage import Workflow
            from gostage._app.config import Config
            from gostage._app.project import assemble
            from gostage._cli.built_in import sources
            from gostage._cli.common import Common
            from gostage import Runner

            plugins = assemble(Config.read(None), built_in=sources(Common()))
            cross(Workflow("w").do("p", print), Runner(plugins=plugins))
        """
        pack = packed(written(tmp_path, text))

        assert pack["plugins"]["sources"] == []

    def test_a_method_is_sent_with_its_object(self, tmp_path: Path) -> None:
        """A resource that a runner was given may be a plugin's."""
        text = """
            from gostage import Runner, Workflow, resource

            class Lender:
                def __init__(self, what):
                    self.what = what
                @resource
                def lent(self):
                    return self.what

            def use(ctx, lent):
                ctx.store["got"] = lent

            cross(Workflow("w").do("use", use), Runner(resources=[Lender("a thing").lent]))
        """

        assert arrived(packed(written(tmp_path, text)))["store"] == {"got": "a thing"}


class Count:
    """Counts how often it is configured and cleaned up."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @hookimpl
    def gostage_configure(self, config) -> None:
        self.told.append("configure")

    @hookimpl
    def gostage_unconfigure(self, config) -> None:
        self.told.append("unconfigure")


COUNT = Count()


@resource
def held():
    """Stand in a module."""
    yield 1


def test_plugins_are_configured_once_for_several_workflows() -> None:
    """A second workflow of one parent shares what is around the first."""
    with Runner(plugins=[COUNT]) as runner:
        around = runner._around
        packs = [
            crossing.pack(Workflow(name).do("n", noop), around, around.plugins, by_value=True)
            for name in ("one", "two")
        ]
        COUNT.told.clear()
        one = crossing.unpack(packs[0])
        two = crossing.unpack(packs[1], one)

        assert (one.workflow.id, two.workflow.id) == ("one", "two")
        assert two.plugins is one.plugins
        assert two.around.hub is one.around.hub
        assert COUNT.told == ["configure"]
        two.close()
        one.close()
        assert COUNT.told == ["configure", "unconfigure"]


def test_a_backend_that_takes_no_code_says_what_it_cannot_take() -> None:
    """The action, the plugin or the middleware."""

    def local(spawn):
        yield

    around = Runner(resources=[held]).use_spawn(local)._around

    with pytest.raises(NotImportable, match="the action of step 'l' cannot be found again"):
        crossing.pack(Workflow("w").do("l", lambda: 1), around, None, by_value=False)
    with pytest.raises(NotImportable, match="spawn middleware 'local' cannot be found again"):
        crossing.pack(Workflow("w").do("n", noop), around, None, by_value=False)


def test_a_workflow_that_is_another_one_in_the_child_is_refused() -> None:
    """The sentence says which steps are not as they were."""
    pack = crossing.pack(Workflow("w").do("n", noop), Runner()._around, None, by_value=True)
    pack["workflow"]["structure"]["structure"].append(["m", "action"])

    with pytest.raises(DefinitionError, match="'w' is not the same in the child: 'm' is gone"):
        crossing.unpack(pack)


def test_what_does_not_load_is_an_error_with_its_cause() -> None:
    """A module may be missing where the child runs."""
    inner = steps().do("l", lambda: 1)
    pack = crossing.pack(Workflow("w").steps("g", inner), Runner()._around, None, by_value=True)
    pack["values"]["pickle"] = "gASVAAAAAAAAAAA="

    with pytest.raises(NotImportable, match="what its parent sent does not load in the child"):
        crossing.unpack(pack)


def test_classes_of_values_are_imported_when_they_are_needed(tmp_path: Path) -> None:
    """A store names them, and the code of the child need not."""
    file = tmp_path / "lodger.py"
    file.write_text("class Guest: ...\n")
    load_file(file)
    pack = crossing.pack(Workflow("w").do("n", noop), Runner()._around, None, by_value=True)
    del sys.modules["lodger"]
    here = crossing.unpack(pack)
    data = {"rows": [{"value": {"$object": "lodger:Guest", "fields": {}}}]}

    assert here.load_homes(data)
    assert sys.modules.pop("lodger").Guest.__module__ == "lodger"
