"""How a user's function is read: what it takes, and what fills its parameters."""

from __future__ import annotations

import decimal
import functools
import gc
import weakref
from typing import TYPE_CHECKING, Annotated, Any

import pytest

from gostage._author.function import EMPTY, Function
from gostage._author.signature import first_line, name_of_function
from gostage.errors import DefinitionError
from tests.author import samples

if TYPE_CHECKING:
    from nowhere import Unknown  # type: ignore[import-not-found]


class Context:
    """Named like the run's context, which is all that is looked at."""


class Child(Context):
    """A context of a user's own."""


def test_a_function_knows_where_it_is_defined() -> None:
    """Name, file and line are those of the function."""
    function = Function.of(samples.plain)

    assert function.name == "plain"
    assert function.file == samples.__file__
    assert function.line == samples.plain.__code__.co_firstlineno
    assert repr(function) == "<function 'plain'>"


def only_star(*args: object, **kwargs: object) -> None:
    """Takes anything and needs nothing."""


@pytest.mark.parametrize(
    ("fn", "takes"),
    [
        pytest.param(lambda: 1, "nothing", id="no parameters"),
        pytest.param(lambda ctx: 1, "ctx", id="ctx"),
        pytest.param(lambda ctx, *args, **kw: 1, "ctx", id="ctx and stars"),
        pytest.param(lambda rows: 1, "more", id="a key"),
        pytest.param(lambda rows=1: 1, "more", id="a default"),
        pytest.param(lambda ctx, rows: 1, "more", id="both"),
        pytest.param(lambda *, ctx: 1, "more", id="keyword ctx"),
        pytest.param(lambda ctx, /: 1, "ctx", id="positional ctx"),
        pytest.param(lambda rows=1, /: 1, "nothing", id="positional default"),
        pytest.param(only_star, "nothing", id="stars"),
        pytest.param(functools.partial(lambda ctx, rows: 1, rows=3), "ctx", id="partial"),
        pytest.param(functools.partial(lambda ctx, rows: 1, None), "more", id="partial by place"),
        pytest.param(max, "ctx", id="builtin without signature"),
    ],
)
def test_a_function_is_called_in_one_of_three_ways(fn: object, takes: str) -> None:
    """With nothing, with the context alone, or with more by name."""
    assert Function.of(fn).takes == takes


def test_parameters_have_names_keys_annotations_and_defaults() -> None:
    """Everything needed to fill them is read from the signature."""

    def fn(ctx: Context, rows: list[int], limit: int | None = None, *, mode: str = "x") -> None: ...

    ctx, rows, limit, mode = Function.of(fn).parameters

    assert (ctx.name, ctx.role) == ("ctx", "ctx")
    assert (rows.name, rows.role, rows.key, rows.annotation) == ("rows", "value", "rows", list[int])
    assert rows.default is EMPTY
    assert rows.is_required
    assert limit.annotation == int | None
    assert not limit.is_required
    assert (mode.default, mode.annotation) == ("x", str)


@pytest.mark.parametrize(
    "fn",
    [
        pytest.param(lambda first, ctx: 1, id="by name, anywhere"),
        pytest.param(samples.plain, id="by name"),
    ],
)
def test_the_context_is_found_by_name(fn: object) -> None:
    """A parameter called ctx is the context."""
    roles = {each.name: each.role for each in Function.of(fn).parameters}

    assert roles["ctx"] == "ctx"
    assert list(roles.values()).count("ctx") == 1


def test_the_context_is_found_by_its_class() -> None:
    """A parameter annotated Context is the context, whatever it is called."""

    def by_class(c: Context, rows: int) -> None: ...
    def by_text(c: somewhere.Context, rows: int) -> None: ...  # type: ignore[name-defined]  # noqa: F821
    def by_child(c: Child, rows: int) -> None: ...

    by_class.__annotations__["c"] = Context
    by_child.__annotations__["c"] = Child

    for fn in (by_class, by_text, by_child):
        first, second = Function.of(fn).parameters
        assert (first.name, first.role, second.role) == ("c", "ctx", "value")


def test_a_context_of_the_standard_library_is_a_value() -> None:
    """decimal.Context is something else that has the same name."""

    def fn(rounding: decimal.Context, rows: int) -> None: ...

    assert [each.role for each in Function.of(fn).parameters] == ["value", "value"]


def test_annotations_that_cannot_be_resolved_accept_anything() -> None:
    """A name that exists for type checkers only does no harm to the others."""

    def fn(a: Unknown, b: int) -> None: ...

    first, second = Function.of(fn).parameters

    assert (first.annotation, second.annotation) == (Any, int)


def test_annotations_defined_later_are_found_once_they_are_there() -> None:
    """Nothing is remembered of an annotation that could not be resolved yet."""
    scope: dict[str, Any] = {}
    exec("def fn(a: 'Later'): ...", scope)
    assert Function.of(scope["fn"]).parameters[0].annotation is Any

    scope["Later"] = int

    assert Function.of(scope["fn"]).parameters[0].annotation is int


def test_annotations_of_enclosing_functions_are_found() -> None:
    """A class of the function around is known if the function itself uses it."""

    class Row: ...

    def fn(row: Row) -> object:
        return Row

    assert Function.of(fn).parameters[0].annotation is Row


def test_annotated_keeps_its_extras() -> None:
    """What is said besides the type is not thrown away."""

    def fn(row: Annotated[int, "positive"]) -> None: ...

    assert Function.of(fn).parameters[0].annotation == Annotated[int, "positive"]


def test_inputs_rename_the_keys() -> None:
    """A parameter can be filled from a key of another name."""
    function = Function.of(samples.plain, inputs={"rows": "extract.rows"})

    assert function.parameters[1].key == "extract.rows"
    assert Function.of(samples.plain).parameters[1].key == "rows"


def test_bound_parameters_are_marked() -> None:
    """What is fixed is not looked for anywhere."""
    function = Function.of(samples.load, params={"batch": 3})

    assert [each.role for each in function.parameters] == ["ctx", "params-bound", "value"]
    assert function.params == {"batch": 3}


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        pytest.param(
            {"inputs": {"row": "x"}},
            "action 'plain' has no parameter 'row' to rename",
            "did you mean 'rows'?",
            id="rename",
        ),
        pytest.param(
            {"params": {"zzz": 1}},
            "action 'plain' has no parameter 'zzz' to bind",
            "it takes 'rows'",
            id="bind",
        ),
        pytest.param(
            {"params": {"ctx": 1}},
            "action 'plain' cannot bind its parameter 'ctx': the run gives it",
            "leave it out; every call gets a context of its own",
            id="ctx",
        ),
    ],
)
def test_unknown_parameters_are_refused(options: dict[str, Any], message: str, hint: str) -> None:
    """A name that the function does not have is a mistake, at once."""
    with pytest.raises(DefinitionError) as caught:
        Function.of(samples.plain, **options)

    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_a_function_without_parameters_says_so() -> None:
    """The hint does not list what is not there."""
    with pytest.raises(DefinitionError) as caught:
        Function.of(lambda: 1, params={"x": 1})

    assert caught.value.hint == "it takes none by name"


def test_methods_partials_and_callables_are_functions_too() -> None:
    """Whatever can be called is read the same way."""

    class Caller:
        async def __call__(self, ctx: object, size: int) -> None: ...
        def method(self, ctx: object, size: int) -> None: ...

    caller = Caller()
    read = [
        Function.of(caller),
        Function.of(caller.method),
        Function.of(functools.partial(caller.method)),
    ]

    assert [each.name for each in read] == ["Caller", "method", "method"]
    assert [each.is_async for each in read] == [True, False, False]
    for each in read:
        assert [(one.name, one.annotation) for one in each.parameters] == [
            ("ctx", object),
            ("size", int),
        ]


def test_a_wrapped_function_asks_for_what_the_inner_one_asks() -> None:
    """functools.wraps keeps the signature, and so does this."""

    @functools.wraps(samples.plain)
    def wrapper(*args: Any, **kwargs: Any) -> None: ...

    assert [each.name for each in Function.of(wrapper).parameters] == ["ctx", "rows"]


def test_the_parameters_that_a_partial_fixes_are_not_filled() -> None:
    """A keyword of a partial is the caller's decision, not the store's."""
    function = Function.of(functools.partial(samples.plain, rows=[1]))

    assert [each.name for each in function.parameters] == ["ctx"]


def test_an_action_stands_for_its_function() -> None:
    """What is bound to the action is bound to the function."""
    bound = samples.load.bind(batch=3)

    assert Function.of(bound) is bound.function
    assert Function.of(bound, params={"source": "x"}).params == {"batch": 3, "source": "x"}


def test_async_functions_are_known() -> None:
    """Calling one gives an awaitable."""

    async def fn(ctx: object) -> None: ...

    assert Function.of(fn).is_async
    assert not Function.of(samples.plain).is_async


def gen() -> Any:
    """Yields."""
    yield


async def agen() -> Any:
    """Yields, too."""
    yield


@pytest.mark.parametrize(
    "fn", [gen, agen, functools.partial(gen)], ids=["sync", "async", "partial"]
)
def test_a_function_that_yields_is_no_action(fn: object) -> None:
    """Nothing would run its body; the error says what to use instead."""
    with pytest.raises(DefinitionError) as caught:
        Function.of(fn)

    name = name_of_function(fn)
    assert str(caught.value) == f"action {name!r} yields, and nothing would run its body"
    assert "@resource" in caught.value.hint
    assert Function.of(fn, generators=True).is_generator


@pytest.mark.parametrize(
    ("fn", "message"),
    [
        pytest.param(3, "3 is no action: it cannot be called", id="number"),
        pytest.param(dict, "action 'dict' is a class", id="class"),
        pytest.param(
            lambda rows, /: 1,
            "action 'lambda' takes 'rows' by position only, and parameters are filled by name",
            id="positional",
        ),
        pytest.param(
            lambda ctx, /, rows: 1,
            "action 'lambda' takes 'ctx' by position only, and parameters are filled by name",
            id="positional ctx and more",
        ),
    ],
)
def test_what_cannot_be_called_by_name_is_refused(fn: object, message: str) -> None:
    """The error names the thing and says what is expected."""
    with pytest.raises(DefinitionError) as caught:
        Function.of(fn)

    assert str(caught.value) == message
    assert caught.value.hint


def test_functions_compare_by_what_they_call_and_what_is_bound() -> None:
    """Two readings of one function are equal, and share a hash."""
    assert Function.of(samples.plain) == Function.of(samples.plain)
    assert hash(Function.of(samples.plain)) == hash(Function.of(samples.plain))
    assert Function.of(samples.load) != Function.of(samples.load, params={"batch": 2})
    assert Function.of(samples.plain) != samples.plain


def test_short_signatures_are_read_like_long_ones() -> None:
    """A function of the context alone has a shortcut, which finds the same."""

    async def short(ctx: object) -> None: ...
    async def long(ctx: object, *, _: object = None) -> None: ...

    def yields(ctx: object) -> Any:
        yield

    class Holder:
        def method(self, ctx: object) -> None: ...
        def nothing(self) -> None: ...

    one, other = Function.of(short), Function.of(long)
    assert one.parameters == other.parameters[:1]
    assert (one.is_async, one.is_generator, one.file) == (other.is_async, False, other.file)
    assert one.line == short.__code__.co_firstlineno
    assert Function.of(yields, generators=True).is_generator
    assert Function.of(Holder().method).takes == "ctx"
    assert Function.of(Holder().nothing).takes == "nothing"


def test_a_function_that_is_gone_leaves_nothing_behind() -> None:
    """What is remembered about a function goes when the function does."""

    def fn(ctx: object, rows: list[int]) -> None: ...

    Function.of(fn).parameters  # noqa: B018 - reading them is what is remembered
    gone = weakref.ref(fn)
    del fn
    gc.collect()

    assert gone() is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(None, "", id="none"),
        pytest.param("\n\n  Say hello.\n\n  More.\n", "Say hello.", id="indented"),
    ],
)
def test_the_first_line_of_a_docstring(text: str | None, line: str) -> None:
    """It is the first that says something."""
    assert first_line(text) == line
