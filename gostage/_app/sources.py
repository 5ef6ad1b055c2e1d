"""Sources: what file, environment, options and Python say, each with its place; nothing is judged.

A value of a source is a setting, or one line of the section of a plugin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gostage._app.pyproject import FILE, TABLE
from gostage._app.settings import SETTINGS, find, json_or_text, plain
from gostage.errors import NOWHERE, ConfigError, Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gostage._app.pyproject import Root
    from gostage._app.settings import Setting

PREFIX: Final = "GOSTAGE_"
RUNNER: Final = "Runner(config=…)"
_NEARLY: Final = 0.85  # so that only a typo is one, and GOSTAGE_STATE belongs to somebody else


class Said(NamedTuple):
    """One value, as one source gives it."""

    name: str
    # Any: a setting is of its own type.
    value: Any
    origin: str
    """Where it comes from, for people: `pyproject.toml:12`."""
    subject: str
    """How an error about it begins."""
    place: str
    """What has the name."""
    section: str | None = None
    """The plugin that it is for."""
    where: Where = NOWHERE

    @property
    def is_variable(self) -> bool:
        """Whether it stands in the environment."""
        return self.place.startswith(PREFIX)


def from_file(root: Root) -> Iterator[Said]:
    """What the table `[tool.gostage]` says."""
    for section, name, value in _flat(root.table, TABLE, root.where()):
        path = (name,) if section is None else (section, name)
        where = root.where(*(path if name else path[:1]))
        origin = FILE if where.line is None else f"{FILE}:{where.line}"
        place = TABLE if section is None else f"[tool.gostage.{section}]"
        yield Said(name, value, origin, f"{name!r} of {place}", place, section, where)


def from_python(given: Mapping[str, Any]) -> Iterator[Said]:  # Any: as above
    """What a runner is given."""
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"{RUNNER} is {given!r}",
            hint="it has to be a folder, or a mapping such as {'timeout': 30}",
        )
    for section, name, value in _flat(given, RUNNER):
        yield Said(name, value, RUNNER, f"{name!r} of {RUNNER}", RUNNER, section)


def from_options(flags: Mapping[str, Any]) -> Iterator[Said]:  # Any: as above
    """What is given on the command line, by the long names of the options."""
    for name, value in flags.items():
        setting = find(name)
        option = (setting.option if setting else "") or f"--{'no-' * (value is False)}{name}"
        yield Said(name, value, option, option, "the command line")


def from_environment(environ: Mapping[str, str]) -> Iterator[Said]:
    """What the variables say whose names begin with `GOSTAGE_`; an empty one says nothing."""
    for variable, text in environ.items():
        name = variable.removeprefix(PREFIX)
        if name == variable or not text:
            continue
        table, double, key = name.partition("__")
        if double and table and key:
            yield _keyed(variable, plain(table), key, text)
        elif (setting := find(name)) is not None:
            yield Said(setting.name, _parsed(setting, text), variable, variable, variable)
        else:
            _check_variable(variable, plain(name))


def _keyed(variable: str, table: str, key: str, text: str) -> Said:
    key = key.lower() if key.isupper() else key
    value = json_or_text(text)
    setting = find(table)
    if setting is not None:
        return Said(setting.name, {key: value}, variable, variable, variable)
    return Said(key, value, variable, variable, variable, table)


def _parsed(setting: Setting, text: str) -> object:
    try:
        return setting.kind.parse(text)
    except (ValueError, RecursionError):
        return text  # which is none of its values, as the check will say


def _check_variable(variable: str, name: str) -> None:
    """Refuse a variable that is nearly one of ours; others belong to somebody else."""
    meant = nearly(name, [each.name for each in SETTINGS])
    if meant:
        raise ConfigError(
            f"there is no setting for the variable {variable!r}",
            hint=f"did you mean {f'{PREFIX}{meant.upper()}'!r}?",
        )


def nearly(name: str, known: Iterable[str]) -> str | None:
    """The name that a part of a variable is a typo of, if it is one."""
    from difflib import get_close_matches  # 3 ms, and hardly anybody has such a variable

    close = get_close_matches(plain(name), map(plain, known), 1, _NEARLY)
    return close[0] if close else None


# Any: what TOML or Python holds.
def _flat(
    table: Mapping[str, Any], place: str, where: Where = NOWHERE
) -> Iterator[tuple[str | None, str, Any]]:
    """Give every setting, and every line of a section; an empty one gives a line without name."""
    _check_once(table, place, where)
    for name, value in table.items():
        if not isinstance(value, Mapping) or find(name) is not None:
            yield None, name, value
        elif not value:
            yield name, "", None
        else:
            yield from ((name, str(key), each) for key, each in value.items())


def _check_once(table: Mapping[str, object], place: str, where: Where) -> None:
    """Refuse two spellings of one name, of which nobody could say which counts."""
    seen: dict[str, str] = {}
    for name in table:
        if not isinstance(name, str):
            raise ConfigError(f"{name!r} of {place} is no name", hint="names are texts")
        if plain(name) in seen:
            raise ConfigError(
                f"{place} has {seen[plain(name)]!r} and {name!r}, which are one name",
                hint="take one of them out",
                where=where,
            )
        seen[plain(name)] = name
