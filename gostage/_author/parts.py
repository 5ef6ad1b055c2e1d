"""The parts of a step: actions, sources of items and times to wait, checked as they come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from gostage._author import options
from gostage._author.action import Action
from gostage._author.function import Function
from gostage._author.tree import Flow
from gostage._engine import policy
from gostage._store.keys import Key
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from gostage._author.options import AnyKey, Seconds
    from gostage._author.tree import FlowKind

Called: TypeAlias = Callable[..., object]
"""A function of the shape of an action."""

HOW_TO_ADD: Final[dict[FlowKind, str]] = {
    "steps": "steps(name, body) appends a group of steps",
    "stage": "add(stage) appends a stage",
    "workflow": "sub(name, workflow) appends another workflow, spawn(name, workflow) a child",
}


# Any: whatever the action returns.
def as_action(value: object, owner: str) -> Action[..., Any]:
    """Let an action pass, and make one of a function; anything else is refused."""
    if isinstance(value, Action):
        return value
    if isinstance(value, type):
        raise DefinitionError(
            f"{owner} takes an action, and {value.__name__!r} is a class",
            hint=f"give an instance of it: {value.__name__}()",
        )
    if isinstance(value, Flow):
        raise DefinitionError(
            f"{owner} takes an action, not {value!r}", hint=HOW_TO_ADD[value.kind]
        )
    if not callable(value):
        raise DefinitionError(f"{owner} takes an action, not {value!r}", hint=_what_instead(value))
    return Action(value)


def _what_instead(value: object) -> str:
    if value is None:
        return "is a return missing where it comes from?"
    if isinstance(value, (list, tuple)):
        return "put a star in front of it: Stage(id, *actions)"
    return "give a function, an @action or an instance of an Action class"


def item_source(over: object, what: str) -> AnyKey | Function:
    """Let a store key or a function that gives the items pass."""
    if isinstance(over, (str, Key)):
        return options.check_key(over, f"over= of {what}")
    if not callable(over) and not isinstance(over, Function):
        raise DefinitionError(
            f"over= of {what} must be a store key or a function that gives the items, not {over!r}",
            hint="put the list into the store, or write lambda: items",
        )
    return Function.of(over, what="function")


def waiting_time(timeout: Seconds | None, what: str) -> float | None:
    """Turn the time that a step may wait into seconds; none at all is allowed, too."""
    return None if timeout is None else policy.as_seconds(timeout, what=f"timeout= of {what}")
