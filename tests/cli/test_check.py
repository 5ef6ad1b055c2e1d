"""`gostage check`: findings as text and as data, its exit codes, and what it is told."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import write
from tests.cli.shell import gostage

ROOT = Path(__file__).parents[2]

DOUBTFUL = """\
import time

from gostage import Context, Workflow, action


@action(provides="orders", tags=["slow"])
def fetch() -> list[int]:
    return [1]


@action(timeout=5)
def check(oders: list[int]) -> None:
    time.sleep(60)


@action
def report(ctx: Context, orders: dict[str, int]) -> None:
    ctx.log.info("%s", orders)


@action
def send(ctx: Context, address: str) -> None:
    ctx.log.info("%s", address)


wrong = Workflow("wrong").stage("reading", fetch, check).stage("end", report)
doubtful = Workflow("doubtful").stage("reading", fetch, check)
fine = Workflow("fine").stage("reading", fetch).stage("end", send)
empty = Workflow("empty")
"""

FILES = {
    "shop.py": DOUBTFUL,
    "broken.py": "x = (\n",
    "flows/stage_1_load.py": """\
from gostage import action


@action(provides="rows")
def load() -> list[int]:
    return [1]
""",
    "flows/stage_2_tell.py": """\
from gostage import action


@action
def tell(rows: list[int], factor: int) -> None:
    print(rows, factor)
""",
    "flows/stageconf.py": """\
from gostage import resource


@resource
def factor() -> int:
    return 2
""",
    "set/pyproject.toml": '[tool.gostage.set]\naddress = "Rome"\n',
    "set/flow.py": """\
from gostage import Workflow, action


@action
def send(address: int, size: int) -> None:
    print(address, size)


flow = Workflow("flow").do(send)
""",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """A folder with workflows that have mistakes in them; nobody changes it."""
    folder: Path = tmp_path_factory.mktemp("shop")
    write(folder, FILES)
    return folder


def test_findings_are_shown_as_a_compiler_does(shop) -> None:
    """Each has its file and line, its level and code, a sentence, and what to do."""
    done = gostage("check", "shop:wrong", folder=shop)

    assert (done.code, done.err) == (1, "")
    assert done.out == (
        "shop.py:12: warning: [missing-input] action 'check' needs 'oders', which nothing provides;"
        " 'orders' is provided\n"
        "    hint: did you mean 'orders'?\n"
        "shop.py:12: warning: [timeout-not-enforced] the timeout of action 'check', 5 s, is only"
        " noticed when it has returned: a plain function cannot be stopped from outside\n"
        "    hint: call ctx.check() in its loops, give what it calls a timeout=, or make it async\n"
        "shop.py:17: error: [input-type] action 'report' takes 'orders' as dict[str, int], but"
        " action 'fetch' provides list[int]\n"
        "    hint: nothing is converted silently: store the right type, or annotate what comes in\n"
        "wrong: 1 error, 2 warnings\n"
    )


def test_warnings_count_if_it_is_strict(shop) -> None:
    """Without errors the exit code is 0, with --strict only without warnings."""
    assert gostage("check", "shop:doubtful", folder=shop).code == 0
    assert gostage("check", "shop:doubtful", "--strict", folder=shop).code == 1
    assert gostage("check", "shop:fine", "--strict", folder=shop).code == 0


def test_notes_are_shown_to_who_wants_to_see_all(shop) -> None:
    """Without -v they are only counted."""
    done = gostage("check", "shop:fine", folder=shop)
    everything = gostage("check", "shop:fine", "-v", folder=shop)

    assert done.out == (
        "from outside: 'address' (shop.py:22)\nfine: nothing wrong (1 note: -v shows more)\n"
    )
    first, hint, last = everything.out.splitlines()
    assert first.startswith("shop.py:22: note: [missing-input] action 'send' needs 'address'")
    assert hint == "    hint: give it from outside: -s address=…, or initial={'address': …}"
    assert last == "fine: nothing wrong, 1 note"


def test_quiet_shows_what_is_wrong_alone(shop) -> None:
    """With -q there is no summary."""
    assert gostage("check", "shop:fine", "-q", folder=shop).out == ""
    assert gostage("check", "shop:wrong", "-q", folder=shop).out.count("\n") == 6


def test_findings_as_data(shop) -> None:
    """With --json standard output has everything, notes included, and whole paths."""
    done = gostage("check", "shop:fine", "--json", folder=shop)

    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == {
        "target": f"{shop / 'shop.py'}:fine",
        "workflow": "fine",
        "findings": [
            {
                "code": "missing-input",
                "level": "note",
                "message": "action 'send' needs 'address', which comes from outside: nothing in"
                " the workflow provides it",
                "hint": "give it from outside: -s address=…, or initial={'address': …}",
                "about": "address",
                "path": "end/send",
                "file": str(shop / "shop.py"),
                "line": 22,
            }
        ],
        "counts": {"error": 0, "warning": 0, "note": 1},
    }


def test_the_exit_code_is_the_same_for_data(shop) -> None:
    """A program that reads the data sees at the exit code whether there is an error."""
    done = gostage("check", "shop:wrong", "--json", folder=shop)

    assert done.code == 1
    assert json.loads(done.out)["counts"] == {"error": 1, "warning": 2, "note": 0}


def test_a_workflow_that_cannot_run_has_no_place(shop) -> None:
    """What is about the workflow as a whole is said of it by name."""
    done = gostage("check", "shop:empty", folder=shop)

    assert done.code == 1
    assert done.out.startswith("empty: error: [cannot-run] workflow 'empty' has nothing to run\n")


def test_values_are_those_of_the_run(shop) -> None:
    """With -s nothing else comes from outside, and the values are looked at."""
    assert gostage("check", "shop:fine", "-s", "address=Rome", folder=shop).out == (
        "fine: nothing wrong\n"
    )
    missing = gostage("check", "shop:fine", "-s", "adress=Rome", folder=shop)
    assert missing.code == 1
    assert "hint: did you mean 'adress'?" in missing.out
    wrong = gostage("check", "shop:fine", "-s", "address=17", folder=shop)
    assert wrong.code == 1
    assert "takes 'address' as str, but the value from outside provides int" in wrong.out


def test_values_of_the_configuration_count(shop) -> None:
    """What the project always puts into the store is there, but need not be all."""
    done = gostage("check", "flow.py", folder=shop / "set")

    assert done.code == 1
    assert "takes 'address' as int, but the value from outside provides str" in done.out
    assert done.out.endswith("flow: 1 error (1 note: -v shows more)\n")


def test_resources_of_the_project_count(shop) -> None:
    """A folder is checked with its `stageconf.py`."""
    done = gostage("check", "flows", "--strict", folder=shop)

    assert (done.code, done.out) == (0, "flows: nothing wrong\n")


def test_hooks_of_plugins_count(shop) -> None:
    """What a plugin may put into the store is not missed."""
    done = gostage(
        "check", "shop:fine", "-p", "gostage_plugins.injection", "-s", "x=1", folder=shop
    )

    assert (done.code, done.out) == (0, "fine: nothing wrong\n")


def test_what_is_not_chosen_is_not_checked(shop) -> None:
    """A selection leaves out what it leaves out of a run."""
    done = gostage("check", "shop:wrong", "--until", "reading", folder=shop)

    assert done.code == 0
    assert "input-type" not in done.out
    assert "disabled" not in gostage("check", "shop:wrong", "-k", "fetch", "-v", folder=shop).out


def test_what_was_left_out_is_missed(shop) -> None:
    """Somebody who needs what is left out is told so."""
    done = gostage("check", "shop:wrong", "--from", "end", folder=shop)

    assert done.code == 0
    assert "which only action 'fetch' provides, and that is switched off" in done.out


def test_words_of_the_selection_must_be_tags(shop) -> None:
    """A misspelt tag is found even where the rest of the expression chooses something."""
    done = gostage("check", "shop:fine", "-t", "slow or slwo", folder=shop)

    assert done.code == 0
    assert done.out.startswith(
        "fine: warning: [unknown-tag] nothing has the tag 'slwo' of the expression 'slow or slwo'\n"
        "    hint: did you mean 'slow'?\n"
    )


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        pytest.param(["shop:fin"], 4, "did you mean 'fine'", id="unknown target"),
        pytest.param(["broken.py"], 5, "broken.py", id="cannot be imported"),
        pytest.param(["shop:fine", "-t", "slwo"], 5, "slow", id="nothing chosen"),
        pytest.param(["shop:fine", "-t", "slow and"], 4, "-t", id="unreadable expression"),
        pytest.param(["shop:fine", "-s", "x"], 4, "-s", id="a value without a key"),
        pytest.param(["shop:fine", "--strickt"], 4, "--strict", id="unknown option"),
    ],
)
def test_what_cannot_be_checked_has_its_exit_code(shop, words, code, text) -> None:
    """As for a run: 4 for what cannot be meant, 5 where there is nothing."""
    done = gostage("check", *words, folder=shop)

    assert (done.code, done.out) == (code, "")
    assert text in done.err


def test_levels_have_colours(shop) -> None:
    """Errors and warnings are told apart at a glance, where colours are wanted."""
    done = gostage("check", "shop:wrong", folder=shop, env={"FORCE_COLOR": "1", "NO_COLOR": None})

    assert "\x1b[31merror:\x1b[0m" in done.out
    assert "\x1b[33mwarning:\x1b[0m" in done.out


def codes_in_use() -> set[str]:
    """Every code that the sources give a finding."""
    found: set[str] = set()
    for file in (ROOT / "gostage" / "_app" / "check").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.keyword) and node.arg == "code":
                value = node.value
                if isinstance(value, ast.Constant):
                    found.add(value.value)
        found |= set(re.findall(r'^CODE(?:: Final)? = "([a-z-]+)"', text, re.MULTILINE))
        found |= set(re.findall(r'finding\("([a-z-]+)"', text))
    return found | {"unknown-tag", "unknown-stage", "unknown-action"}


def test_every_code_has_its_section() -> None:
    """`docs/check.md` has a heading for every code, and for no other."""
    page = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")

    headings = set(
        re.findall(r"`([a-z-]+)`", " ".join(re.findall(r"^### .*$", page, re.MULTILINE)))
    )
    assert headings == codes_in_use()
    assert "missing-input" in headings
