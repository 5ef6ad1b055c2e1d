"""Actions: how they are declared, bound, told otherwise, and refused."""

from __future__ import annotations

import asyncio
import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from gostage._author.action import Action, action
from gostage._author.function import Function
from gostage._author.middleware import Layer
from gostage._engine import nodes
from gostage._engine.policy import Retry
from gostage._store.keys import Key
from gostage.errors import DefinitionError
from tests.author import samples


def test_a_decorated_function_is_an_action() -> None:
    """Name and description come from the function."""

    @action
    def greet(ctx: object, name: str = "World") -> str:
        """Say hello.

        And no more.
        """
        return name

    assert isinstance(greet, Action)
    assert (greet.name, greet.description, greet.tags) == ("greet", "Say hello.", [])
    assert repr(greet) == "<action 'greet'>"


def test_calling_an_action_calls_the_plain_function() -> None:
    """This is the unit test of an action."""
    assert samples.load(None, batch=7) == 7


def test_an_async_action_stays_async() -> None:
    """Calling it gives what the function gives: a coroutine."""

    @action
    async def fetch(ctx: object) -> int:
        return 3

    assert fetch.function.is_async
    assert asyncio.run(fetch(None)) == 3


def test_options_are_attributes() -> None:
    """What the decorator was told can be read."""
    policy = Retry(attempts=2)
    rows = Key("rows", list)

    @action(
        name="load",
        description="Loads.",
        tags=["io", "critical", "io"],
        provides=rows,
        when=samples.is_ready,
        retry=policy,
        timeout=timedelta(minutes=1),
        isolate=True,
        use=[samples.around_action],
        inputs={"size": "rows.size"},
    )
    def fn(ctx: object, size: int) -> list[int]:
        return []

    assert (fn.name, fn.description, fn.tags) == ("load", "Loads.", ["io", "critical"])
    assert (fn.provides, fn.retry, fn.timeout, fn.isolate) == (rows, policy, 60.0, True)
    assert fn.when == Function.of(samples.is_ready)
    assert fn.use == fn.middleware == (Layer.of(samples.around_action, "action"),)
    assert fn.inputs == {"size": "rows.size"}
    assert fn.function.parameters[1].key == "rows.size"


def test_several_keys_may_be_provided() -> None:
    """A list of keys becomes a tuple."""
    assert action(provides=["a", "b"])(samples.plain).provides == ("a", "b")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {"name": ""},
            "the name of action 'f' must be a text that is not empty, not ''",
            id="name",
        ),
        pytest.param(
            {"description": 3}, "the description of action 'f' must be a text, not 3", id="text"
        ),
        pytest.param(
            {"tags": "io"}, "tags of action 'f' must be a list of texts, not 'io'", id="bare tag"
        ),
        pytest.param({"tags": 3}, "tags of action 'f' must be a list of texts, not 3", id="tags"),
        pytest.param(
            {"tags": ["", "a"]},
            "tags of action 'f' must be texts that are not empty, not ['', 'a']",
            id="empty tag",
        ),
        pytest.param(
            {"tags": [["a"]]},
            "tags of action 'f' must be texts that are not empty, not [['a']]",
            id="tag in a tag",
        ),
        pytest.param({"provides": ()}, "provides= of action 'f' names no key", id="no key"),
        pytest.param(
            {"provides": 3},
            "provides= of action 'f': a store key must be a text that is not empty, or a Key, "
            "not 3 of type int",
            id="key",
        ),
        pytest.param(
            {"when": True},
            "when= of action 'f' must be a function that gives a bool, not True",
            id="when",
        ),
        pytest.param(
            {"when": samples.around},
            "condition 'around' yields, and nothing would run its body",
            id="generator",
        ),
        pytest.param({"retry": 3}, "retry= of action 'f' must be a Retry, not 3", id="retry"),
        pytest.param(
            {"timeout": -1}, "timeout= of action 'f' must be above zero, not -1", id="less"
        ),
        pytest.param(
            {"timeout": "3s"},
            "timeout= of action 'f' must be a number or a timedelta, not '3s'",
            id="timeout",
        ),
        pytest.param(
            {"isolate": 3},
            "isolate= of action 'f' must be true, false, a backend's name or an Isolate, not 3",
            id="isolate",
        ),
        pytest.param(
            {"use": samples.around_action},
            "action 'f': use= of an action must be a list of middleware, not ",
            id="use",
        ),
        pytest.param(
            {"use": [samples.plain]},
            "action 'f': middleware 'plain' is not a generator function",
            id="middleware",
        ),
        pytest.param(
            {"inputs": ["a"]}, "inputs= of action 'f' must be a dict, not ['a']", id="inputs"
        ),
        pytest.param(
            {"inputs": {"rwos": "a"}}, "action 'f' has no parameter 'rwos' to rename", id="input"
        ),
        pytest.param(
            {"inputs": {"rows": ""}},
            "inputs= of action 'f': a store key must be a text that is not empty, or a Key, "
            "not an empty text",
            id="input key",
        ),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_at_once(
    options: dict[str, Any], message: str
) -> None:
    """The error names the action and says what is expected, and so does options()."""

    def f(ctx: object, rows: int = 1) -> None: ...

    for attempt in (lambda: action(**options)(f), lambda: action(f).options(**options)):
        with pytest.raises(DefinitionError) as caught:
            attempt()
        assert str(caught.value).startswith(message)
        assert caught.value.hint


def test_an_unknown_option_is_refused_with_the_closest_one() -> None:
    """A typing mistake is found at once, in the decorator and in options()."""
    with pytest.raises(DefinitionError) as caught:
        samples.load.options(timout=3)
    assert str(caught.value) == "action 'load' has no option 'timout'"
    assert caught.value.hint == "did you mean 'timeout'?"

    with pytest.raises(DefinitionError, match="an action has no option 'timout'"):
        action(timout=3)  # type: ignore[call-overload]


def test_a_retry_as_a_number_is_told_how_to_write_it() -> None:
    """The hint is what to write instead."""
    with pytest.raises(DefinitionError) as caught:
        action(retry=3)(samples.plain)  # type: ignore[call-overload]

    assert caught.value.hint == "write retry=Retry(attempts=3)"


def test_assigning_an_option_checks_it() -> None:
    """An attribute cannot be set to something that makes no sense."""
    mine = samples.load.options()
    mine.timeout = timedelta(seconds=2)

    assert mine.timeout == 2.0
    with pytest.raises(DefinitionError, match="tags of action 'load'"):
        mine.tags = "io"


def test_bind_makes_a_new_action() -> None:
    """Two bindings of one action never share anything."""
    rows = [1]
    first = action(samples.plain).bind(rows=rows)
    second = action(samples.plain).bind(rows=[2])
    rows.append(99)

    assert (first.params, second.params) == ({"rows": [1]}, {"rows": [2]})
    assert first.function.params == {"rows": [1]}


def test_bindings_add_up() -> None:
    """A second bind keeps what the first fixed."""
    bound = samples.load.bind(batch=1).bind(source="x").bind(batch=2)

    assert bound.params == {"batch": 2, "source": "x"}
    assert samples.load.params == {}


def test_bound_parameters_cannot_be_changed_from_outside() -> None:
    """What is read is a picture of them."""
    bound = samples.load.bind(batch=1)

    with pytest.raises(TypeError):
        bound.params["batch"] = 2  # type: ignore[index]


def test_binding_what_is_not_there_is_refused() -> None:
    """The closest parameter is named."""
    with pytest.raises(DefinitionError) as caught:
        samples.load.bind(bacth=1)

    assert str(caught.value) == "action 'load' has no parameter 'bacth' to bind"
    assert caught.value.hint == "did you mean 'batch'?"


def test_options_makes_a_new_action() -> None:
    """The original keeps what it was told."""
    other = samples.load.options(name="load-eu", tags=["eu"])
    other.add_tag("more")

    assert (other.name, other.tags) == ("load-eu", ["eu", "more"])
    assert (samples.load.name, samples.load.tags) == ("load", ["io"])
    assert other(None, batch=5) == 5


def test_copies_do_not_share_tags() -> None:
    """A tag added to a bound action is not the original's."""
    bound = samples.load.bind(batch=1)
    bound.add_tag("mine")

    assert samples.load.tags == ["io"]


def test_decorating_an_action_again_tells_it_otherwise() -> None:
    """The options of the outer decorator win."""
    assert action(name="again")(samples.load).name == "again"
    assert action(name="again")(samples.load).tags == ["io"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        pytest.param({"all": ["io"]}, True, id="all"),
        pytest.param({"all": ["io", "slow"]}, False, id="not all"),
        pytest.param({"all": []}, True, id="all of nothing"),
        pytest.param({"any": ["slow", "io"]}, True, id="any"),
        pytest.param({"any": []}, False, id="any of nothing"),
        pytest.param({"all": ["io"], "any": ["slow"]}, False, id="both"),
    ],
)
def test_tags_can_be_asked_for(question: dict[str, list[str]], answer: bool) -> None:
    """All of nothing holds, any of nothing does not."""
    assert samples.load.has_tags(**question) is answer


def test_one_tag_can_be_asked_for() -> None:
    """has_tag is exact."""
    assert samples.load.has_tag("io")
    assert not samples.load.has_tag("i")


@pytest.mark.parametrize(
    ("question", "message"),
    [
        pytest.param({}, "has_tags() needs to be told which tags to look for", id="nothing"),
        pytest.param({"all": "io"}, "tags of all= must be a list of texts, not 'io'", id="text"),
    ],
)
def test_a_question_without_sense_is_refused(question: dict[str, Any], message: str) -> None:
    """A bare text would be looked for letter by letter."""
    with pytest.raises(DefinitionError) as caught:
        samples.load.has_tags(**question)

    assert str(caught.value) == message


def test_a_tag_is_added_once() -> None:
    """Adding a tag gives the action back; a second time changes nothing."""
    mine = samples.load.options(tags=[])

    assert mine.add_tag("a").add_tag("a") is mine
    assert mine.tags == ["a"]


def test_an_action_makes_its_node() -> None:
    """The node says what the action says now; its name may be numbered."""
    mine = samples.load.options(when=samples.is_ready, retry=Retry())

    assert mine.as_node() == nodes.Do(
        "load", mine, named=False, when=Function.of(samples.is_ready), retry=Retry()
    )


def test_a_subclass_is_an_action() -> None:
    """Class attributes are its options; the name is that of the class."""

    class Load(Action):
        """Loads rows.

        And more.
        """

        tags = ("io",)
        timeout = timedelta(seconds=3)
        use = (samples.around_action,)

        def run(self, ctx: object, rows: int) -> int:
            return rows

    load = Load()

    assert (load.name, load.description, load.tags) == ("Load", "Loads rows.", ["io"])
    assert load.timeout == 3.0
    assert load.middleware == (Layer.of(samples.around_action, "action"),)
    assert load(None, 4) == 4
    assert [each.name for each in load.function.parameters] == ["ctx", "rows"]
    assert Load(name="other", tags=["x"]).name == "other"


def test_a_subclass_need_not_call_the_init_of_action() -> None:
    """What the class declares holds for every instance."""

    class Copy(Action):
        name = "copy"

        def __init__(self, path: str) -> None:
            self.path = path

        def run(self, ctx: object, size: int = 0) -> str:
            """Copy a file."""
            return self.path

    one, two = Copy("a"), Copy("b")
    one.add_tag("x")
    bound = one.bind(size=3)

    assert (one.name, one.description, two.tags) == ("copy", "Copy a file.", [])
    assert (one(None), two(None), bound(None)) == ("a", "b", "a")
    assert (type(bound), bound.params, one.params) == (Copy, {"size": 3}, {})
    assert one.as_node().name == "copy"


def test_bound_copies_of_a_class_action_are_their_own() -> None:
    """The run method and the condition belong to the copy, not to the original."""

    class Switch(Action):
        on = False

        def run(self, ctx: object) -> bool:
            return self.on

        def when(self, ctx: object) -> bool:
            return self.on

    original = Switch()
    other = original.options(name="other")
    other.on = True

    assert (original(None), other(None)) == (False, True)
    assert (original.when.fn(None), other.when.fn(None)) == (False, True)


def test_a_condition_in_a_class_may_be_a_plain_function() -> None:
    """A function that does not take self is not made a method."""

    class Load(Action):
        when = samples.is_ready

        def run(self, ctx: object) -> None: ...

    class Static(Load):
        when = staticmethod(lambda ctx: False)

    assert Load().when == Function.of(samples.is_ready)
    assert Static().when.fn(None) is False


def test_a_name_may_be_a_property() -> None:
    """Each instance can have its own way of saying it."""

    class Named(Action):
        def __init__(self, part: str) -> None:
            self.part = part

        @property
        def name(self) -> str:  # type: ignore[override]
            return f"named-{self.part}"

        def run(self, ctx: object) -> None: ...

    assert Named("x").as_node().name == "named-x"


def test_a_subclass_of_a_subclass_inherits_options_and_takes_its_own_name() -> None:
    """Only a name that was declared is passed on."""

    class Base(Action):
        tags = ("io",)

        def run(self, ctx: object) -> None: ...

    class Derived(Base):
        """Derived."""

    class Named(Base):
        name = "explicit"

    class Last(Named): ...

    assert (Derived().name, Derived().tags, Last().name) == ("Derived", ["io"], "explicit")


def test_a_class_that_declares_nonsense_is_refused_where_it_is_declared() -> None:
    """The error names the class."""
    with pytest.raises(DefinitionError, match="tags of action class 'Bad' must be a list"):

        class Bad(Action):
            tags = "io"


def test_an_action_without_anything_to_run_is_refused() -> None:
    """Neither a function nor a run method: there is nothing to do."""

    class Empty(Action): ...

    class Quiet(Action):
        def __init__(self) -> None: ...

    for make in (Action, Empty, lambda: Quiet().as_node()):
        with pytest.raises(DefinitionError, match="has nothing to run"):
            make()


def test_a_run_method_that_yields_is_refused() -> None:
    """A class action is checked like a function."""

    class Yields(Action):
        def run(self, ctx: object) -> Any:
            yield

    with pytest.raises(DefinitionError, match="action 'Yields' yields"):
        Yields()


def test_binding_what_a_class_action_does_not_take_is_refused() -> None:
    """The error names the action, not its run method."""
    with pytest.raises(DefinitionError, match="action 'Step' has no parameter 'sze' to bind"):
        samples.Step().bind(sze=1)


def test_a_placement_is_kept_as_it_is() -> None:
    """The value that says where to run, or the name of a backend."""
    place = samples.PLACE

    assert action(isolate=place)(samples.plain).isolate is place
    assert action(isolate="process")(samples.plain).isolate == "process"


def test_actions_can_be_copied() -> None:
    """A deep copy is an action of its own."""
    other = copy.deepcopy(samples.load.bind(batch=3))

    assert (other.name, other.params, other(None)) == ("load", {"batch": 3}, 1)


@dataclass
class Row:
    """A value of a user's."""

    size: int


def test_bound_values_are_copied_through_and_through() -> None:
    """Changing a value after binding it does not change the action."""
    row = Row(1)
    bound = samples.load.bind(source=row)
    row.size = 2

    assert bound.params["source"] == Row(1)


@pytest.mark.parametrize(
    ("made", "reference"),
    [
        pytest.param(samples.load, "tests.author.samples:load", id="decorated"),
        pytest.param(samples.load.bind(batch=1), "tests.author.samples:load", id="bound"),
        pytest.param(samples.copy_here, "tests.author.samples:copy_here", id="instance"),
        pytest.param(samples.a_lambda, "tests.author.samples:a_lambda", id="named lambda"),
        pytest.param(
            samples.copy_here.options(name="x").options(tags=["y"]),
            "tests.author.samples:copy_here",
            id="variant of an instance",
        ),
        pytest.param(Action(lambda ctx: 1), None, id="lambda"),
        pytest.param(Action(lambda ctx: 1).options(name="x"), None, id="variant of a lambda"),
        pytest.param(samples.Copy("x"), None, id="other instance"),
    ],
)
def test_an_action_knows_where_it_is_found(made: Action[..., Any], reference: str | None) -> None:
    """The reference leads to the module attribute, if there is one."""
    assert made.reference == reference


def test_a_variant_with_another_state_is_not_found_by_its_origin() -> None:
    """What was changed besides the options would be lost."""
    variant = samples.copy_here.options(name="x")
    variant.path = "elsewhere"

    assert variant.reference is None
