"""References: how code is found again by another process."""

from __future__ import annotations

import functools
import sys
from types import ModuleType
from typing import Any

import pytest

from gostage._author.action import action
from gostage._author.reference import find, reference_of, require_reference
from gostage.errors import NotFound, NotImportable
from tests.author import samples


def at_the_top() -> None:
    """Importable."""


def closure() -> Any:
    """Gives what is not."""

    def inside() -> None: ...

    return inside


@pytest.mark.parametrize(
    ("thing", "reference"),
    [
        pytest.param(samples.plain, "tests.author.samples:plain", id="function"),
        pytest.param(samples.load, "tests.author.samples:load", id="action"),
        pytest.param(samples.load.function.fn, "tests.author.samples:load", id="its function"),
        pytest.param(samples.Step, "tests.author.samples:Step", id="class"),
        pytest.param(samples.Tools.look, "tests.author.samples:Tools.look", id="static method"),
        pytest.param(samples.Tools.check, "tests.author.samples:Tools.check", id="class method"),
        pytest.param(samples.copy_here, "tests.author.samples:copy_here", id="instance"),
        pytest.param(samples.connection, "tests.author.samples:connection", id="resource"),
        pytest.param(samples.total, None, id="a value without a module"),
        pytest.param(OSError, "builtins:OSError", id="builtin"),
        pytest.param(closure(), None, id="closure"),
        pytest.param(lambda: 1, None, id="lambda"),
        pytest.param(functools.partial(samples.plain), None, id="partial"),
        pytest.param(samples.Copy("x").run, None, id="method of an object nobody holds"),
        pytest.param(samples.tools.use, "tests.author.samples:tools.use", id="method"),
        pytest.param(samples.some, "tests.author.samples:some", id="partial of a module"),
        pytest.param(samples.ready, "tests.author.samples:ready", id="callable of a module"),
        pytest.param(samples.wrapped, "tests.author.samples:wrapped", id="decorated"),
        pytest.param(3, None, id="number"),
    ],
)
def test_a_reference_leads_back_to_the_thing(thing: Any, reference: str | None) -> None:
    """Or there is none."""
    assert reference_of(thing) == reference
    if reference is not None:
        found = find(reference)
        assert found == thing or getattr(found, "function", found).fn is thing


def test_a_name_that_means_something_else_is_no_reference() -> None:
    """Importing must give this very thing."""

    def other() -> None: ...

    other.__qualname__ = "at_the_top"

    assert reference_of(other) is None
    assert reference_of(at_the_top) == f"{__name__}:at_the_top"


def test_what_has_no_file_is_not_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook and a prompt are of one process alone."""
    main = ModuleType("__main__")
    exec("def job(ctx): ...", vars(main))
    monkeypatch.setitem(sys.modules, "__main__", main)

    assert reference_of(main.job) is None
    with pytest.raises(NotImportable, match="in a notebook, at a prompt, or in code without a"):
        require_reference(main.job, "the action of step 'job'")


def test_what_stands_in_a_module_made_by_hand_is_not_found_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No import makes it again."""
    module = ModuleType("made_by_hand")
    exec("def job(ctx): ...", vars(module))
    monkeypatch.setitem(sys.modules, "made_by_hand", module)

    assert reference_of(module.job) is None


@pytest.mark.parametrize(
    ("thing", "why"),
    [
        pytest.param(lambda: 1, "it is a lambda", id="lambda"),
        pytest.param(closure(), "it is defined inside the function 'closure'", id="closure"),
        pytest.param(
            functools.partial(closure), "partial objects have no name of their own", id="partial"
        ),
        pytest.param(action(closure()), "it is defined inside the function 'closure'", id="action"),
        pytest.param(
            samples.Copy("x").run, "it is a method of a Copy that no module holds", id="method"
        ),
    ],
)
def test_the_error_says_why_and_what_to_do(thing: Any, why: str) -> None:
    """It names what was looked for, and where it is defined."""
    with pytest.raises(NotImportable) as caught:
        require_reference(thing, "the handler of step 'x'")

    assert str(caught.value) == (
        f"the handler of step 'x' cannot be found again by another process: {why}"
    )
    assert caught.value.hint == "define it at the top level of a module that can be imported"
    assert why.startswith(("partial", "it is a method")) or caught.value.where.file == __file__


def test_the_error_for_a_changed_name_says_what_is_there() -> None:
    """A module that was changed while it runs is told apart."""

    def other() -> None: ...

    other.__qualname__ = "at_the_top"

    with pytest.raises(NotImportable, match=r"at_the_top is something else than 'other' there"):
        require_reference(other, "it")


def test_what_has_a_reference_gives_it() -> None:
    """No error where there is nothing wrong."""
    assert require_reference(samples.plain, "it") == "tests.author.samples:plain"


@pytest.mark.parametrize(
    ("reference", "error", "message", "hint"),
    [
        pytest.param(
            "os.path",
            NotImportable,
            "'os.path' does not say where code is found",
            'a reference is "package.module:name"',
            id="no colon",
        ),
        pytest.param(
            "os:<lambda>",
            NotImportable,
            "'os:<lambda>' does not say where code is found",
            'a reference is "package.module:name"',
            id="lambda",
        ),
        pytest.param(
            "no_such_module:x",
            NotImportable,
            "module 'no_such_module', which 'no_such_module:x' names, cannot be imported: "
            "ModuleNotFoundError: No module named 'no_such_module'",
            "is it installed here, or its folder on sys.path?",
            id="no module",
        ),
        pytest.param(
            "tests.author.samples:conection",
            NotFound,
            "there is no 'conection' in 'tests.author.samples', which "
            "'tests.author.samples:conection' names",
            "did you mean 'connection' or 'action' or 'Action'?",
            id="no name",
        ),
        pytest.param(
            "tests.author.samples:Tools.zzzzz",
            NotFound,
            "there is no 'zzzzz' in 'tests.author.samples', which "
            "'tests.author.samples:Tools.zzzzz' names",
            "it was renamed, moved or removed",
            id="no attribute",
        ),
    ],
)
def test_a_reference_that_leads_nowhere(
    reference: str, error: type[Exception], message: str, hint: str
) -> None:
    """The error says which part of it is not there."""
    with pytest.raises(error) as caught:
        find(reference)

    assert str(caught.value) == message
    assert getattr(caught.value, "hint", None) == hint


def test_a_module_that_breaks_while_it_is_imported(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own error is the cause."""
    (tmp_path / "breaks_on_import.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(NotImportable, match="ZeroDivisionError: division by zero") as caught:
        find("breaks_on_import:x")

    assert isinstance(caught.value.__cause__, ZeroDivisionError)
