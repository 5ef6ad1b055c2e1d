"""Settings: every key of the configuration with its type and default; it reads nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, NoReturn

# Any, in the whole module: a setting is of its own type, which no checker sees behind a name.
Table = dict[str, Any]

# Tuples with names, here and in the modules that read: every command pays for defining them, and
# a dataclass takes 0.5 ms.


class Kind(NamedTuple):
    """A type of setting: how a value is checked, and what a text of the environment means.

    `check` and `parse` give the value, or raise a `ValueError`. Where there is no `add`, what one
    source says replaces what the sources before it say.
    """

    expected: str
    check: Callable[[Any], Any]
    parse: Callable[[str], Any] = str
    add: Callable[[Any, Any], Any] | None = None
    in_text: str = ""
    """What a text has to be, if that is not simply what is expected."""


class Setting(NamedTuple):
    """One key that the configuration knows."""

    name: str
    kind: Kind
    default: Any
    commands: str
    """Which commands it is for."""
    summary: str
    option: str = ""
    """What sets it on the command line, if that is not simply `--name`."""


def plain(name: str) -> str:
    """A name without its spelling: `exit_first` and `exit-first` are one."""
    return name.replace("-", "_").lower()


def find(name: str) -> Setting | None:
    """The setting of a name, however that is spelled."""
    return _BY_NAME.get(plain(name))


def json_or_text(text: str) -> object:
    """What JSON makes of a text, else the text itself."""
    try:
        return _json(text)
    except (ValueError, RecursionError):
        return text


# -------------------------------------------------------------------- types


def _text(value: object) -> str:
    return value if isinstance(value, str) else _refuse(value)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)) and all(value):
        return tuple(_text(each) for each in value)
    return _refuse(value)


def _names(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _switch(value: object) -> bool:
    return value if isinstance(value, bool) else _refuse(value)


def _word(text: str) -> object:
    return _WORDS.get(text.lower(), text)


def _auto(value: object) -> object:
    return value if value == "auto" else _switch(value)


def _count(value: object) -> int:
    return int(value) if isinstance(value, int) and value >= 0 else _refuse(value)


def _number(text: str) -> object:
    return int(text) if text.isdecimal() else _word(text)


def _seconds(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    return _refuse(value)


def _table(value: object) -> Table:
    return dict(value) if isinstance(value, Mapping) else _refuse(value)


def _json(text: str) -> object:
    import json  # 2 ms, and few write JSON into their environment

    value: object = json.loads(text, parse_constant=_refuse)
    return value


def _joined(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return one + other


def _united(one: Table, other: Table) -> Table:
    return {**one, **other}


def _refuse(value: object) -> NoReturn:
    """Refuse what is of another type, or what Python takes for JSON, as `NaN`."""
    raise ValueError(repr(value))


_WORDS: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}
TEXT: Final = Kind("a text", _text)
TEXTS: Final = Kind('a list of texts, such as ["a", "b"]', _texts, _names)
NAMES: Final = Kind('a list of names, such as ["timing", "no:audit"]', _texts, _names, _joined)
SWITCH: Final = Kind("true or false", _switch, _word)
AUTO: Final = Kind('true, false or "auto"', _auto, _word)
COUNT: Final = Kind("a number from 0 on", _count, _number)
SECONDS: Final = Kind("a number of seconds above zero, such as 30", _seconds, float)
TABLE: Final = Kind(
    'a table, such as {name = "Ada"}', _table, _json, _united, 'JSON, such as {"name": "Ada"}'
)

# -------------------------------------------------------------------- the settings

_GO_ON: Final = "resume, signal, fork"

SETTINGS: Final = (
    Setting(
        "target", TEXT, None, "run, list, graph, check", "What is meant where no target is given."
    ),
    Setting("plugins", NAMES, (), "all", "Plugins to load; `no:NAME` switches one off.", "-p"),
    Setting("disable-plugin-autoload", SWITCH, False, "all", "Load no plugin unless asked to."),
    Setting("verbose", COUNT, 0, "all", "Log at DEBUG and show whole tracebacks."),
    Setting("quiet", COUNT, 0, "all", "Show only what went wrong."),
    Setting("color", SWITCH, True, "all", "Use colours where the terminal has them."),
    Setting("set", TABLE, {}, "run, check", "Values for the store, before a run begins."),
    Setting("names", TEXT, None, "run, list, graph, check", "Choose by a part of a name."),
    Setting("tags", TEXT, None, "run, list, graph, check", "Choose by tag."),
    Setting("stage", TEXTS, (), "run, list, graph, check", "Choose these stages."),
    Setting("from", TEXT, None, "run, list, graph, check", "Leave out what comes before it."),
    Setting("until", TEXT, None, "run, list, graph, check", "Leave out what comes after it."),
    Setting("exit-first", SWITCH, False, "run", "End at the first failure: nothing is retried."),
    Setting("timeout", SECONDS, None, "run", "Fail the run when it takes longer."),
    Setting(
        "spawner",
        TEXT,
        "process",
        f"run, {_GO_ON}, worker",
        "Where children run of which the code does not say it.",
    ),
    Setting("db", TEXT, None, "run, runs, …", "The database of the runs: a path or a URL."),
    Setting("no-db", SWITCH, False, "run", "Keep the run in memory: it cannot be resumed."),
    Setting("wait", SWITCH, False, "run", "Sit out a receive too, until the signal comes."),
    Setting("detach", SWITCH, False, f"run, {_GO_ON}", "Come back instead of sitting out a sleep."),
    Setting(
        "progress",
        AUTO,
        "auto",
        f"run, {_GO_ON}",
        "Show a live view; `auto` does so on a terminal.",
    ),
)
_BY_NAME: Final = {plain(each.name): each for each in SETTINGS}
