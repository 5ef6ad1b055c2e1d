"""Resources: how they are declared."""

from __future__ import annotations

from typing import Any

import pytest

from gostage._author.resource import Resource, resource
from gostage.errors import DefinitionError


def plain(ctx: object) -> int:
    """A number.

    And no more.
    """
    return 3


def generator(ctx: object, dsn: str = "x") -> Any:
    """A generator."""
    yield 1


async def coroutine() -> int:
    """Is async."""
    return 1


async def async_generator() -> Any:
    """Is async, and is torn down."""
    yield 1


@pytest.mark.parametrize(
    ("fn", "is_generator", "is_async"),
    [
        pytest.param(plain, False, False, id="plain"),
        pytest.param(generator, True, False, id="generator"),
        pytest.param(coroutine, False, True, id="async"),
        pytest.param(async_generator, True, True, id="async generator"),
    ],
)
def test_a_resource_has_one_of_four_kinds(fn: Any, is_generator: bool, is_async: bool) -> None:
    """Sync or async, with or without a teardown."""
    made = resource(fn)

    assert isinstance(made, Resource)
    assert (made.is_generator, made.is_async) == (is_generator, is_async)
    assert (made.name, made.scope) == (fn.__name__, "run")


def test_a_resource_can_be_told_its_scope_and_name() -> None:
    """With parentheses the decorator takes options."""
    made = resource(scope="stage", name="db")(generator)

    assert (made.name, made.scope, made.description) == ("db", "stage", "A generator.")
    assert [each.name for each in made.function.parameters] == ["ctx", "dsn"]
    assert repr(made) == "<resource 'db' scope='stage'>"


def test_calling_a_resource_calls_the_function() -> None:
    """This is how it is tested on its own."""
    assert resource(plain)(None) == 3


@pytest.mark.parametrize(
    ("make", "message", "hint"),
    [
        pytest.param(
            lambda: resource(scope="stag"),  # type: ignore[call-overload]
            "scope of a resource cannot be 'stag'",
            "did you mean 'stage'?",
            id="scope",
        ),
        pytest.param(
            lambda: Resource(plain, scope=3),  # type: ignore[arg-type]
            "scope of resource 'plain' cannot be 3",
            'it is "run", "stage" or "action"',
            id="no text",
        ),
        pytest.param(
            lambda: resource(name="my db")(plain),
            "resource name 'my db' cannot be the name of a parameter",
            "actions ask for it by that name, so it must be an identifier",
            id="name",
        ),
        pytest.param(
            lambda: resource(lambda: 1),
            "resource name 'lambda' cannot be the name of a parameter",
            "actions ask for it by that name, so it must be an identifier",
            id="lambda",
        ),
        pytest.param(
            lambda: resource(dict),
            "resource 'dict' is a class",
            "give an instance of it",
            id="class",
        ),
    ],
)
def test_a_resource_that_makes_no_sense_is_refused(make: Any, message: str, hint: str) -> None:
    """Mistakes raise where the resource is declared."""
    with pytest.raises(DefinitionError) as caught:
        make()

    assert str(caught.value) == message
    assert caught.value.hint.startswith(hint)
