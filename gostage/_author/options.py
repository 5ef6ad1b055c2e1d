"""The options that actions and stages share: what may be given, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from gostage._author.function import Function
from gostage._author.tags import tag_list
from gostage._engine.policy import Retry, as_seconds
from gostage._store.keys import Key, name_of
from gostage.errors import DefinitionError, StoreError

if TYPE_CHECKING:
    from datetime import timedelta
    from typing import Any

    from gostage._author.isolate import Isolate
    from gostage._author.middleware import Layer

    AnyKey: TypeAlias = str | Key[Any]  # Any: a key of any type
    Provides: TypeAlias = AnyKey | tuple[AnyKey, ...]
    Seconds: TypeAlias = float | timedelta
    Isolated: TypeAlias = bool | str | Isolate


def check_name(value: object, owner: str, word: str = "name") -> str:
    """Let a name pass; it is a text that is not empty."""
    if isinstance(value, str) and value.strip():
        return value
    raise DefinitionError(
        f"the {word} of {owner} must be a text that is not empty, not {value!r}",
        hint="names are how a run finds its place again, and what people see",
    )


def check_description(value: object, owner: str) -> str:
    """Let a description pass; it is a text."""
    if isinstance(value, str):
        return value
    raise DefinitionError(
        f"the description of {owner} must be a text, not {value!r}",
        hint="leave it out to use the first line of the docstring",
    )


def check_tags(value: object, owner: str) -> list[str]:
    """Copy tags into a list of its own."""
    return tag_list(value, owner)


def check_provides(value: object, owner: str) -> Provides | None:
    """Let one key, or a tuple of keys, pass."""
    if isinstance(value, list):
        value = tuple(value)
    keys = value if isinstance(value, tuple) else (value,)
    if value is not None and not keys:
        raise DefinitionError(
            f"provides= of {owner} names no key", hint="leave it out if nothing is stored"
        )
    for key in () if value is None else keys:
        check_key(key, f"provides= of {owner}")
    return value  # type: ignore[return-value]  # every key was just checked


def check_key(value: object, what: str) -> AnyKey:
    """Let a store key pass: a text that is not empty, or a `Key`."""
    try:
        name_of(value)
    except StoreError as error:
        raise DefinitionError(f"{what}: {error.message}", hint='for example "rows"') from None
    return value  # type: ignore[return-value]  # name_of lets nothing else pass


def check_when(value: object, owner: str) -> Function | None:
    """Let a condition pass."""
    return None if value is None else check_condition(value, f"when= of {owner}")


def check_condition(value: object, what: str) -> Function:
    """Read a condition: a function of the same shape as an action that gives a bool."""
    if not callable(value) and not isinstance(value, Function):
        raise DefinitionError(
            f"{what} must be a function that gives a bool, not {value!r}",
            hint="give the function itself, without calling it: is_workday, not is_workday()",
        )
    return Function.of(value, what="condition")


def check_retry(value: object, owner: str) -> Retry | None:
    """Let a retry policy pass."""
    if value is None or isinstance(value, Retry):
        return value
    raise DefinitionError(
        f"retry= of {owner} must be a Retry, not {value!r}",
        hint=f"write retry=Retry(attempts={value})"
        if isinstance(value, int) and not isinstance(value, bool) and value > 0
        else "write retry=Retry(attempts=3, backoff=exponential(0.1))",
    )


def check_timeout(value: object, owner: str) -> float | None:
    """Turn a timeout into seconds above zero."""
    if value is None:
        return None
    return as_seconds(value, what=f"timeout= of {owner}", above_zero=True)


def check_isolate(value: object, owner: str, word: str = "isolate=") -> Isolated:
    """Let a placement pass: true or false, a backend's name, or an `Isolate`."""
    if isinstance(value, bool) or (isinstance(value, str) and value.strip()):
        return value
    from gostage._author.isolate import Isolate  # 8 ms for dataclasses, and few are given one

    if isinstance(value, Isolate):
        return value
    raise DefinitionError(
        f"{word} of {owner} must be true, false, a backend's name or an Isolate, not {value!r}",
        hint=f'write {word}True, {word}"process" or {word}Isolate(keys=["rows"])',
    )


def check_use(value: object, owner: str) -> tuple[Layer, ...]:
    """Check the middleware of an action."""
    from gostage._author.middleware import layers_of  # 1 ms, and few actions have any

    try:
        return layers_of(value, "action")
    except DefinitionError as error:
        raise DefinitionError(f"{owner}: {error.message}", hint=error.hint) from None


def check_inputs(value: object, owner: str) -> Mapping[str, AnyKey]:
    """Let a mapping of parameters to store keys pass; the function checks the names."""
    if not isinstance(value, Mapping):
        raise DefinitionError(
            f"inputs= of {owner} must be a dict, not {value!r}",
            hint='it maps parameters to store keys: inputs={"rows": "extract.rows"}',
        )
    return {name: check_key(key, f"inputs= of {owner}") for name, key in value.items()}
