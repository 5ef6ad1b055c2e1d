"""Middleware: checked where it is registered."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import pytest

from gostage._author.middleware import ALLOWED, Layer, layers_of
from gostage.errors import DefinitionError
from tests.author import samples


def everything(run: Any, workflow: Any, stage: Any, action: Any, *, ctx: Any, store: Any) -> Any:
    """Asks for all there is."""
    yield


def nothing() -> Any:
    """Asks for nothing."""
    yield


def with_defaults(run: Any, limit: int = 3, *args: Any, **kwargs: Any) -> Any:
    """Has a parameter of its own."""
    yield


class Caller:
    """An object whose call is a middleware."""

    def __call__(self, *, store: Any) -> Any:
        """Run what is inside."""
        yield

    def method(self, stage: Any) -> Any:
        """Run what is inside."""
        yield


@pytest.mark.parametrize(
    ("fn", "level", "names"),
    [
        pytest.param(everything, "action", ALLOWED["action"], id="all"),
        pytest.param(nothing, "run", (), id="none"),
        pytest.param(with_defaults, "run", ("run",), id="defaults"),
        pytest.param(Caller(), "stage", ("store",), id="object"),
        pytest.param(Caller().method, "workflow", ("stage",), id="method"),
        pytest.param(functools.partial(with_defaults, limit=4), "run", ("run",), id="partial"),
        pytest.param(functools.partial(with_defaults, None), "run", (), id="partial by place"),
    ],
)
def test_a_layer_knows_which_names_to_pass(fn: Any, level: Any, names: tuple[str, ...]) -> None:
    """Only what the middleware asks for, in its own order."""
    layer = Layer.of(fn, level)

    assert (layer.fn, layer.names, layer.level) == (fn, names, level)


def test_a_layer_is_named_after_its_function() -> None:
    """Messages name the middleware."""
    assert Layer.of(nothing, "run").name == "nothing"
    assert Layer.of(Caller(), "stage").name == "Caller"


def test_a_layer_is_checked_again_at_another_level() -> None:
    """The same level gives the same layer; another has other names."""
    layer = Layer.of(with_defaults, "run")

    assert Layer.of(layer, "run") is layer
    assert Layer.of(layer, "stage").level == "stage"


async def a_coroutine(run: Any) -> None:
    """Never yields."""


async def an_async_generator(run: Any) -> Any:
    """Yields, but not like the others."""
    yield


def positional(run: Any, /) -> Any:
    """Cannot be called by name."""
    yield


@pytest.mark.parametrize(
    ("fn", "level", "message", "hint"),
    [
        pytest.param(
            samples.plain,
            "run",
            "middleware 'plain' is not a generator function",
            "run what is inside with a yield: return (yield)",
            id="no generator",
        ),
        pytest.param(
            a_coroutine,
            "run",
            "middleware 'a_coroutine' is async",
            "write it as a plain generator function; it works around async actions too",
            id="coroutine",
        ),
        pytest.param(
            an_async_generator,
            "run",
            "middleware 'an_async_generator' is async",
            "write it as a plain generator function; it works around async actions too",
            id="async generator",
        ),
        pytest.param(
            Caller,
            "run",
            "middleware 'Caller' is a class",
            "give an instance: Caller()",
            id="class",
        ),
        pytest.param(
            3,
            "run",
            "3 is no middleware: it cannot be called",
            "a middleware is a generator function: def m(run): … yield …",
            id="number",
        ),
        pytest.param(
            everything,
            "stage",
            "middleware 'everything' asks for 'action', which a stage middleware cannot have",
            "it can have run, workflow, stage, store, and parameters with a default",
            id="another level",
        ),
        pytest.param(
            samples.around_action,
            "run",
            "middleware 'around_action' asks for 'ctx', which a run middleware cannot have",
            "it can have run, workflow, store, and parameters with a default",
            id="ctx of a run",
        ),
        pytest.param(
            positional,
            "action",
            "middleware 'positional' asks for 'run', which an action middleware cannot have",
            "take the / out of its signature: it is called by name",
            id="positional",
        ),
    ],
)
def test_what_is_no_middleware_is_refused(fn: Any, level: Any, message: str, hint: str) -> None:
    """The form and every name are checked at once."""
    with pytest.raises(DefinitionError) as caught:
        Layer.of(fn, level)

    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_a_misspelt_name_gets_a_suggestion() -> None:
    """The closest allowed name is named."""

    def m(workflw: Any) -> Any:
        yield

    with pytest.raises(DefinitionError) as caught:
        Layer.of(m, "run")

    assert caught.value.hint == "did you mean 'workflow'?"


def test_layers_keep_their_order() -> None:
    """The first is the outermost."""
    layers = layers_of([nothing, with_defaults], "stage")

    assert [layer.name for layer in layers] == ["nothing", "with_defaults"]


@pytest.mark.parametrize(
    ("fn", "level", "asked"),
    [
        pytest.param(lambda: (yield "none"), "run", "none", id="nothing"),
        pytest.param(lambda run, store: (yield (run, store)), "run", ("R", "S"), id="some"),
        pytest.param(lambda limit=3, *, run: (yield (limit, run)), "run", (3, "R"), id="default"),
    ],
)
def test_a_layer_calls_its_middleware_with_what_it_asks_for(
    fn: Any, level: Any, asked: object
) -> None:
    """By name, from the attributes of one object; the rest is left out."""
    given = SimpleNamespace(run="R", store="S", workflow="W")

    assert next(Layer.of(fn, level).make(given)) == asked


def test_a_layer_around_an_action_is_given_the_context_itself() -> None:
    """The object that the names are taken from is the context."""
    given = SimpleNamespace(store="S")

    alone = Layer.of(lambda ctx: (yield ctx), "action")
    more = Layer.of(lambda ctx, store: (yield (ctx, store)), "action")

    assert next(alone.make(given)) is given
    assert next(more.make(given)) == (given, "S")
