"""Fingerprints: they change when what code does may change, and not when its text is moved."""

from __future__ import annotations

import functools
import subprocess
import sys
import textwrap
from types import FunctionType, ModuleType
from typing import Any

import pytest

from gostage import Action, Workflow, action, steps
from gostage._author.fingerprint import changed, digest, fingerprint, fingerprints_of
from gostage._author.mentions import mentions
from gostage._author.reference import find
from tests.author import samples
from tests.author.test_definition import everything
from tests.folders import write
from tests.hygiene.pages import plain_environment

BEFORE = """
LIMIT = 3

def act(ctx, size=1, *, names=("a", "b")):
    # A comment.
    try:
        total = sum(size for _ in names)
    except ValueError:
        return None
    if total > LIMIT and size:
        ctx.store["x"] = total
    return [each.upper() for each in names if each not in {"p", "q", "r"}]
"""


def made(source: str, name: str = "act") -> Any:
    """The function, or whatever it is, that a text defines."""
    module = ModuleType("made")
    exec(compile(textwrap.dedent(source), f"{len(source)}.py", "exec"), vars(module))
    return vars(module)[name]


def test_a_fingerprint_is_short_and_stays() -> None:
    """The same text gives the same one."""
    assert fingerprint(made(BEFORE)) == fingerprint(made(BEFORE))
    assert len(fingerprint(made(BEFORE))) == 16


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("\nLIMIT", "\n\n\n# Further down.\nLIMIT", id="moved"),
        pytest.param("# A comment.", "# Another one,\n    # and one more.", id="commented"),
        pytest.param("# A comment.", '"""A docstring."""', id="given a docstring"),
        pytest.param(
            "total > LIMIT and size",
            "(\n        total > LIMIT\n        and size\n    )",
            id="laid out",
        ),
        pytest.param('"x"', "'x'", id="quoted otherwise"),
        pytest.param("LIMIT = 3", "LIMIT = 4", id="what it uses"),
        pytest.param("\nLIMIT", "\ndef helper(): ...\n\nLIMIT", id="with others beside it"),
    ],
)
def test_what_changes_nothing_in_the_code_keeps_the_fingerprint(old, new) -> None:
    """People move, comment and format their code."""
    assert old in BEFORE

    assert fingerprint(made(BEFORE.replace(old, new))) == fingerprint(made(BEFORE))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("total > LIMIT", "total >= LIMIT", id="an operator"),
        pytest.param('"x"', '"y"', id="a text"),
        pytest.param('"q", "r"', '"q"', id="a set"),
        pytest.param(".upper()", ".lower()", id="a method"),
        pytest.param("sum(", "max(", id="a function that is called"),
        pytest.param("size=1", "size=True", id="a default"),
        pytest.param('("a", "b")', '("a", "c")', id="a default by name"),
        pytest.param("size=1, *,", "size=1,", id="how it is called"),
        pytest.param("size for", "size + 1 for", id="a comprehension"),
        pytest.param("except ValueError", "except KeyError", id="what it catches"),
        pytest.param("def act", "async def act", id="async"),
        pytest.param(
            "        return None\n    if total",
            "        return None\n    size = size or 2\n    if total",
            id="a line more",
        ),
        pytest.param(
            '        ctx.store["x"] = total\n    return',
            '        pass\n    ctx.store["x"] = total\n    return',
            id="what a condition is for",
        ),
    ],
)
def test_what_changes_the_code_changes_the_fingerprint(old, new) -> None:
    """In the body, its constants, names and defaults."""
    assert old in BEFORE

    assert fingerprint(made(BEFORE.replace(old, new))) != fingerprint(made(BEFORE))


def test_a_docstring_does_not_count() -> None:
    """Neither that there is one, nor what it says."""
    texts = ("return 1", '"""One."""\n    return 1', '"""Two."""\n    return 1')

    assert len({fingerprint(made(f"def act():\n    {text}\n")) for text in texts}) == 1


def test_a_class_in_a_function_may_be_moved() -> None:
    """Python notes the line of a class in its body."""
    text = "def act():\n    class A:\n        def f(self): self.x = 1\n    return A\n"

    assert fingerprint(made(text)) == fingerprint(made(f"{'#' * 9}\n" * 300 + text))
    assert fingerprint(made(text)) != fingerprint(made(text.replace("= 1", "= 2")))


WRAPPED = """
import functools

def noting(fn):
    @functools.wraps(fn)
    def inner(*args):
        return fn(*args)
    return inner

def plain(fn):
    def inner(*args):
        return fn(*args)
    return inner

@{0}
def act(ctx):
    return 1
"""


@pytest.mark.parametrize(
    "decorator", ["noting", "plain", "functools.cache", "staticmethod", "noting\n@plain"]
)
def test_a_decorated_function_is_the_function_inside(decorator) -> None:
    """And the decorator, where that is a function, too."""
    text = WRAPPED.format(decorator)
    one = fingerprint(made(text))

    assert one == fingerprint(made(text))
    assert one != fingerprint(made(text.replace("return 1", "return 2")))
    if decorator == "noting":
        assert one != fingerprint(made(text.replace("fn(*args)", "(fn(*args))()", 1)))


CLASS = """
from gostage import Action

class Base(Action):
    def helper(self):
        return 1

class act(Base):
    timeout = 3

    def run(self, ctx):
        return self.helper()

    @property
    def size(self):
        return 2

    @staticmethod
    def tool():
        return super
"""


def test_an_action_class_is_all_its_methods() -> None:
    """Those of its own bases count, those of gostage do not; nor does their order."""
    one = fingerprint(made(CLASS))

    assert one == fingerprint(made(CLASS))
    assert one == fingerprint(made(CLASS)())[:0] + one
    for old, new in (
        ("return 1", "return 3"),
        ("return 2", "return 3"),
        ("return super", "return"),
    ):
        assert one != fingerprint(made(CLASS.replace(old, new)))
    assert fingerprint(made(CLASS)()) != fingerprint(made(CLASS.replace("return 1", "return 3"))())


def test_what_is_called_may_be_of_any_kind() -> None:
    """Everything that can stand in a workflow has one, and equal things have equal ones."""

    class Ready:
        def __init__(self, limit):
            self.limit = limit

        def __call__(self, ctx):
            return True

    def itself(depth=1):
        return itself(depth - 1)

    things = [
        samples.plain,
        samples.load,
        samples.Step,
        samples.copy_here,
        samples.Tools.look,
        samples.Tools.check,
        samples.Copy("x").run,
        functools.partial(samples.plain, rows=[1, {2: {3}}]),
        Ready(3),
        print,
        lambda: 1,
        itself,
        samples.load.function,
        samples.load.options(use=[samples.around_action]).middleware[0],
        str.upper,
    ]

    found = [fingerprint(thing) for thing in things]

    assert found == [fingerprint(thing) for thing in things]
    assert fingerprint(Ready(3)) == fingerprint(Ready(4))
    assert fingerprint(functools.partial(print, 1)) != fingerprint(functools.partial(print, 2))


def test_what_an_action_brings_along_counts() -> None:
    """Its condition, its handler and its middleware are called with it."""

    def act(ctx): ...

    def plain(*, when=lambda ctx: True):
        return action(act, when=when)

    one = fingerprint(plain())

    assert one == fingerprint(plain())
    assert one != fingerprint(plain(when=lambda ctx: False))
    assert one != fingerprint(action(act, use=[samples.around_action]))
    assert fingerprint(action(act, timeout=3)) == fingerprint(action(act, name="other"))


def test_defaults_without_a_stable_text_count_by_their_type() -> None:
    """An address in memory is another one in each process."""

    def with_default(value):
        def act(ctx, value=value): ...

        return fingerprint(act)

    looped: list[Any] = []
    looped.append(looped)
    assert with_default(object()) == with_default(object())
    assert with_default(object()) != with_default(ValueError())
    assert with_default(looped) == with_default(looped)
    assert with_default(ValueError) != with_default(KeyError)
    assert with_default(len) != with_default(max)


def test_every_process_gives_the_same_fingerprints(tmp_path) -> None:
    """Whatever the order of its sets and the addresses of its objects."""
    write(tmp_path, {"code.py": BEFORE})
    text = (
        "import sys; sys.path.insert(0, sys.argv[1]); import code_of_users as m; "
        "from gostage._author.fingerprint import fingerprint; print(fingerprint(m.act))"
    )
    (tmp_path / "code.py").rename(tmp_path / "code_of_users.py")

    found = {
        subprocess.run(
            [sys.executable, "-c", text, str(tmp_path)],
            env={**plain_environment(), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert found == {f"{fingerprint(made(BEFORE))}\n"}


# -------------------------------------------------------------------- of whole definitions


def test_every_piece_of_code_of_a_definition_has_a_fingerprint() -> None:
    """Actions, conditions, handlers, sources of items, backoffs, merges and middleware."""
    found = fingerprints_of(everything().to_dict())

    home = "tests.author.samples"
    names = (
        "Guarded Step Tools.check Tools.look a_lambda around around_action copy_here draw "
        "give_up is_ready load pause plain save"
    )
    assert set(found) == {"_operator:add", *(f"{home}:{name}" for name in names.split())}
    assert found[f"{home}:plain"] == fingerprint(samples.plain)


def test_a_function_is_read_once_however_often_it_stands_there() -> None:
    """A thousand steps may share ten functions."""
    flow = Workflow("w").stage("s", *[samples.plain] * 1000)

    assert list(fingerprints_of(flow.to_dict())) == ["tests.author.samples:plain"]


def test_code_is_mentioned_step_by_step() -> None:
    """In the order of the plan, the workflow itself first, and a branch as a step."""
    home = "tests.author.samples"
    flow = (
        Workflow("w")
        .use(samples.around)
        .do("a", samples.load.options(when=samples.is_ready))
        .case("c", samples.is_ready, steps().do("x", samples.plain), steps().do("y", samples.save))
        .parallel("p", left=samples.plain)
        .sub("sub", Workflow("inner").use(samples.around).do("z", samples.plain))
        .sleep("s", 1)
    )

    assert list(mentions(flow.to_dict())) == [
        (f"{home}:around",),
        (f"{home}:load", f"{home}:is_ready"),
        (f"{home}:is_ready",),
        (f"{home}:plain",),
        (f"{home}:save",),
        (),
        (),
        (f"{home}:plain",),
        (f"{home}:around",),
        (f"{home}:plain",),
        (),
    ]


def test_values_are_never_taken_for_code() -> None:
    """Whatever the words in them."""
    data = {"action": "os:abort", "cond": "x:y", "items": [{"kind": "action", "action": "a:b"}]}
    flow = Workflow("w", initial={"k": data}).do("a", samples.load.bind(source=data))

    assert list(mentions(flow.to_dict())) == [(), ("tests.author.samples:load",)]


def test_what_is_changed_was_there_before_and_still_is() -> None:
    """What is new, or gone, is another matter."""
    assert changed({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "9", "d": "4"}) == ["b"]


def test_a_digest_takes_any_text() -> None:
    """Also one that cannot be written down in UTF-8."""
    assert digest("\ud800") != digest("?")
    assert len(digest("x", 24)) == 24


def test_all_mentions_can_be_found() -> None:
    """They are references like any other."""
    for step in mentions(everything().to_dict()):
        for each in step:
            assert isinstance(find(each), (Action, FunctionType, type)) or callable(find(each))
