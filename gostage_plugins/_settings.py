"""Settings: a plugin's table of the configuration as a checked value; it knows no plugin.

A plugin declares a dataclass whose fields are its settings. An unknown name, or a value of another
type, is a `ConfigError` that says what would be right.
"""

from __future__ import annotations

from dataclasses import fields
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from gostage.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gostage.hookspecs import Config

S = TypeVar("S")

_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    object: "of any kind",
}


def read(cls: type[S], name: str, config: Config) -> S:
    """Make the settings of a plugin from the table `[tool.gostage.NAME]`."""
    hints = get_type_hints(cls)
    known = [each.name for each in fields(cls)]  # type: ignore[arg-type]  # every one is a dataclass
    given = {key.replace("-", "_"): value for key, value in config.section(name).items()}
    for key, value in given.items():
        if key not in known:
            raise ConfigError(
                f"[tool.gostage.{name}] has no setting {key!r}",
                hint=did_you_mean(key, known) or f"its settings are {', '.join(known)}",
            )
        if not _fits(value, hints[key]):
            raise wrong(name, key, value, _described(hints[key]))
    return cls(**{key: _made(value, hints[key]) for key, value in given.items()})


def wrong(name: str, key: str, value: object, expected: str) -> ConfigError:
    """Make the error for a setting whose value makes no sense."""
    return ConfigError(
        f"{key!r} of [tool.gostage.{name}] is {value!r}", hint=f"it has to be {expected}"
    )


def check_above_zero(name: str, **values: float | None) -> None:
    """Refuse numbers of zero and less, and those that are none."""
    for key, value in values.items():
        if value is not None and not 0 < value < float("inf"):
            raise wrong(name, key, value, "a number above zero")


# Any, here and below: annotations have no static type, and a TOML value may be anything.
def _fits(value: Any, hint: Any) -> bool:  # noqa: ANN401
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in arguments
    if origin is UnionType:
        return any(_fits(value, each) for each in arguments)
    if origin is tuple:
        is_list = isinstance(value, (list, tuple))
        return is_list and all(_fits(each, arguments[0]) for each in value)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(each, arguments[1]) for each in value.values())
    if hint in (int, float):
        return isinstance(value, (int, hint)) and not isinstance(value, bool)
    return isinstance(value, hint)


# Any: as above.
def _made(value: Any, hint: Any) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return tuple(value)
    return float(value) if hint is float else value


# Any: as above.
def _described(hint: Any) -> str:  # noqa: ANN401
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return "one of " + ", ".join(map(repr, arguments))
    if origin is UnionType:
        return _either(arguments)
    if origin is tuple:
        return f"a list, each {_described(arguments[0])}"
    if origin is dict:
        return f"a table, each value {_described(arguments[1])}"
    return _WORDS[hint]


# Any: as above.
def _either(hints: Iterable[Any]) -> str:
    return " or ".join(_described(each) for each in hints if each is not NoneType)
