"""The configuration: what all sources together say, and where each value comes from.

It is read once and never changes; it loads no plugin.
"""

from __future__ import annotations

import os
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gostage._app.pyproject import Root, find_root
from gostage._app.settings import SETTINGS, find, plain
from gostage._app.sources import (
    from_environment,
    from_file,
    from_options,
    from_python,
    nearly,
)
from gostage._plugins.source import known_names
from gostage.errors import NOWHERE, ConfigError, NotFound, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gostage._app.settings import Setting
    from gostage._app.sources import Said
    from gostage.errors import Where

# Any, in the whole module: a setting is of its own type, which no checker sees behind a name.

DEFAULT: Final = "default"
LOCAL: Final = "stageconf"
"""The section of the project's own plugin files."""


class Wanted(NamedTuple):
    """A plugin that somebody asks for, or switches off."""

    name: str
    is_off: bool
    origin: str

    @classmethod
    def of(cls, text: str, said: Said) -> Wanted:
        """Read `NAME` or `no:NAME`."""
        name = text.removeprefix("no:").strip()
        if not name:
            raise ConfigError(
                f"{said.subject} holds {text!r}, which names no plugin",
                hint="NAME loads a plugin, and no:NAME switches it off",
                where=said.where,
            )
        return cls(name, text.startswith("no:"), said.origin)


class _Value:
    __slots__ = ("origins", "value")

    def __init__(self, value: Any) -> None:  # noqa: ANN401
        self.value = value
        self.origins: list[str] = []

    @property
    def origin(self) -> str:
        return ", ".join(dict.fromkeys(self.origins)) or DEFAULT


class Config:
    """The settings of a project, the sections of its plugins, and where each value comes from.

    From the lowest rank to the highest: defaults, `[tool.gostage]` in `pyproject.toml`,
    environment, command line, `Runner(config=…)`. `plugins` and `set` add up; of all others the
    highest counts.
    """

    __slots__ = ("_root", "_sections", "_values", "_wanted")

    def __init__(self, root: Root, told: Iterable[Said]) -> None:
        self._root = root
        self._values = {each.name: _Value(_default(each)) for each in SETTINGS}
        self._sections: dict[str, list[Said]] = {}
        self._wanted: list[Wanted] = []
        for said in told:
            self._take(said)

    @classmethod
    def read(
        cls,
        start: Path | None,
        flags: Mapping[str, object] | None = None,
        environ: Mapping[str, str] = os.environ,
        given: Mapping[str, object] | None = None,
    ) -> Config:
        """Read the configuration that counts in a folder, or for a file in it.

        `flags` are the values given on the command line, by the long names of their options;
        `given` is what a runner got. Without a start there is no project and no file.
        """
        root = Root.bare(Path.cwd()) if start is None else find_root(start)
        sources = (from_file(root), from_environment(environ))
        return cls(root, chain(*sources, from_options(flags or {}), from_python(given or {})))

    # ---------------------------------------------------------------- looking

    @property
    def root(self) -> Path:
        """The folder of the project."""
        return self._root.folder

    @property
    def file(self) -> Path | None:
        """The `pyproject.toml` of the project."""
        return self._root.pyproject

    @property
    def autoload(self) -> bool:
        """Whether plugins are loaded for being installed."""
        return not self["disable-plugin-autoload"]

    @property
    def plugins(self) -> tuple[Wanted, ...]:
        """What is asked for or switched off, in order; of two for one plugin the later counts."""
        return tuple(self._wanted)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401
        """The value of a setting."""
        return self._values[self._known(name).name].value

    def __contains__(self, name: object) -> bool:
        """Whether there is such a setting."""
        return isinstance(name, str) and find(name) is not None

    def __iter__(self) -> Iterator[str]:
        """The names of the settings."""
        return iter(self._values)

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        """The value of a setting, or the default if there is none."""
        setting = find(name)
        value = None if setting is None else self._values[setting.name].value
        return default if value is None else value

    def section(self, name: str) -> Mapping[str, Any]:
        """The settings of a plugin: `[tool.gostage.NAME]`, and what other sources add to it."""
        return {key: each.value for key, each in self._lines(name).items()}

    def place(self, plugin: str) -> Where:
        """The file and line where a plugin's settings begin."""
        said = self._sections.get(plain(plugin), ())
        return next((each.where for each in said), NOWHERE)

    def origin(self, name: str) -> str:
        """Where a value comes from; that of a plugin is called `plugin.key`."""
        plugin, dot, key = name.partition(".")
        if not dot:
            return self._values[self._known(name).name].origin
        lines = self._lines(plugin)
        if key not in lines:
            raise NotFound(
                f"nothing sets {key!r} for plugin {plugin!r}", hint=did_you_mean(key, lines)
            )
        return lines[key].origin

    def settings(self) -> list[tuple[str, Any, str]]:
        """Every setting with its value and where that comes from, then those of the plugins."""
        rows = [(name, each.value, each.origin) for name, each in self._values.items()]
        for plugin in self._sections:
            lines = self._lines(plugin)
            rows += [(f"{plugin}.{key}", each.value, each.origin) for key, each in lines.items()]
        return rows

    # ---------------------------------------------------------------- checking

    def check_sections(self, known: Iterable[str]) -> None:
        """Refuse sections that are of no plugin: of these, asked for, or installed."""
        names = [*known, *(each.name for each in self._wanted), *known_names(), LOCAL]
        spellings = {spelling for name in names for spelling in _spellings(name)}
        for plugin, lines in self._sections.items():
            if plugin not in spellings:
                where = self._root.where(str(lines[0].section))
                _refuse_section(lines[0], {*names, *self}, where)

    # ---------------------------------------------------------------- inside

    def _take(self, said: Said) -> None:
        if said.section is not None:
            self._sections.setdefault(plain(said.section), []).append(said)
            return
        setting = find(said.name)
        if setting is None:
            raise _unknown(said)
        value = _checked(setting, said)
        held = self._values[setting.name]
        if setting.kind.add is None:
            held.value, held.origins = value, [said.origin]
        else:
            held.value = setting.kind.add(held.value, value)
            held.origins.append(said.origin)
        if setting.name == "plugins":
            self._wanted += [Wanted.of(text, said) for text in value]

    @staticmethod
    def _known(name: str) -> Setting:
        setting = find(name)
        if setting is None:
            raise NotFound(
                f"there is no setting {name!r}",
                hint=did_you_mean(name, [each.name for each in SETTINGS])
                or "`gostage config` lists what there is",
            )
        return setting

    def _lines(self, plugin: str) -> dict[str, Said]:
        """What counts in a section, by key."""
        lines: dict[str, Said] = {}
        for said in self._sections.get(plain(plugin), ()):
            if said.name:
                same = next((key for key in lines if plain(key) == plain(said.name)), said.name)
                lines[same] = said
        return lines


def _default(setting: Setting) -> Any:  # noqa: ANN401
    """The default; one that things are added to is made anew."""
    add = setting.kind.add
    return setting.default if add is None else add(setting.default, setting.default)


def _checked(setting: Setting, said: Said) -> Any:  # noqa: ANN401
    try:
        return setting.kind.check(said.value)
    except ValueError:
        kind = setting.kind
        expected = kind.in_text if said.is_variable and kind.in_text else kind.expected
        raise ConfigError(
            f"{said.subject} is {said.value!r}",
            hint=f"it has to be {expected}",
            where=said.where,
        ) from None


def _unknown(said: Said) -> ConfigError:
    names = [each.name for each in SETTINGS]
    hint = did_you_mean(said.name, names) or "`gostage config` lists what there is"
    if any(plain(said.name) == plain(each) for each in known_names()):
        hint = f"{said.name!r} is a plugin; its settings stand in a table of their own"
    return ConfigError(f"{said.place} has no setting {said.name!r}", hint=hint, where=said.where)


def _spellings(name: str) -> Iterator[str]:
    """The sections that a plugin of this name may have: `shop.slow` is `slow` as well."""
    short = plain(name).rpartition(".")[2]
    yield from (plain(name), short, short.removeprefix("gostage_"))


def _refuse_section(said: Said, known: Iterable[str], where: Where) -> None:
    section = str(said.section)
    if said.is_variable and nearly(section, known) is None:
        return  # a variable of something else
    raise ConfigError(
        f"{said.place} has settings for plugin {section!r}, which is not there",
        hint=did_you_mean(section, known) or "`gostage plugins` lists what is there",
        where=said.where if said.where is NOWHERE else where,
    )
