"""Projects: which plugins a folder, its configuration and the caller ask for, in their order."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from gostage._author.flow import Stage
from gostage._author.loading import load_file, make_importable
from gostage._plugins.installed import GROUP, announced
from gostage._plugins.manager import Plugins
from gostage._plugins.source import Source, contains, given, installed, named, same_name
from gostage._run.provided import is_of_use
from gostage.errors import PluginError, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeGuard

    from gostage._app.config import Config

_RUNNER: Final = "Runner(plugins=…)"
CONF: Final = "stageconf.py"
"""The local plugin file of a folder."""


def plugins_for(
    plugins: Iterable[object] | Plugins,
    config: Mapping[str, object] | str | PathLike[str] | None,
) -> Plugins | None:
    """The plugins of a runner; `None` where there are none, which is found out at little cost."""
    if isinstance(plugins, Plugins):
        return plugins
    extra = _listed(plugins)
    is_bare = config is None and not extra and not _is_asked_for()
    if is_bare and not any(each.group == GROUP for each in announced()):
        return None
    from gostage._app.config import Config  # 3 ms, and most runners need none

    if isinstance(config, (str, PathLike)):
        folder = Path(config).resolve()
        return assemble(Config.read(folder), extra=extra, folder=folder)
    settings = Config.read(None, given=config)
    return assemble(settings, extra=extra)


def _listed(plugins: Iterable[object]) -> list[object]:
    if isinstance(plugins, str) or not isinstance(plugins, Iterable):
        raise PluginError(
            f"plugins= must be a list, not {plugins!r}", hint="plugins=[my_plugin, 'timing']"
        )
    return list(plugins)


def _is_asked_for() -> bool:
    """Whether the environment may say something about plugins."""
    return any(name.startswith("GOSTAGE_") for name in os.environ)


def assemble(
    config: Config,
    *,
    built_in: Iterable[Source] = (),
    extra: Sequence[object] = (),
    folder: Path | None = None,
) -> Plugins:
    """Put plugins in order: built in, installed, asked for, and those of the folders on the way.

    Nothing is imported; `extra` are objects, modules or names that a runner was given.
    """
    if folder is not None:
        make_importable(config.root)  # where a project's own plugins are
    plugins = Plugins(config, is_of_use)
    plugins.add(built_in)
    if config.autoload:
        plugins.add(installed([each.name for each in plugins.sources]))
    off = {}
    for wanted in config.plugins:
        if wanted.is_off:
            off[wanted.name] = wanted.origin
        else:
            off.pop(wanted.name, None)
            if not contains([each.name for each in plugins.sources], wanted.name):
                plugins.add([named(wanted.name, wanted.origin)])
    off.update((each.removeprefix("no:"), _RUNNER) for each in extra if _is_off(each))
    plugins.add(list(_given([each for each in extra if not _is_off(each)], plugins)))
    if folder is not None:
        plugins.add(_confs(config.root, folder))
    for name, origin in off.items():
        plugins.block(name, origin)
    config.check_sections([source.name for source in plugins.sources])
    return plugins


def _is_off(thing: object) -> TypeGuard[str]:
    return isinstance(thing, str) and thing.startswith("no:")


def _given(things: Sequence[object], plugins: Plugins) -> Iterator[Source]:
    """What a runner is given; of one name, two objects are two plugins and are numbered."""
    installed_names = [each.name for each in plugins.sources]
    names: list[str] = []
    for number, thing in enumerate(things):
        if any(thing is each for each in things[:number]):
            raise PluginError(f"plugin {thing!r} is given twice", hint="once is enough")
        source = given(thing, _RUNNER)
        is_module = isinstance(thing, (str, ModuleType))
        taken = names if is_module else [*installed_names, *names]
        count = sum(1 for each in taken if same_name(each.partition("#")[0], source.name))
        name = f"{source.name}#{count + 1}" if count else source.name
        names.append(name)
        yield replace(source, name=name)


def stages_of(plugins: Plugins, path: Path) -> list[Stage]:
    """The stages that plugins make of a file."""
    stages: list[Stage] = []
    for found in plugins.call("gostage_collect_file", path=path, config=plugins.config):
        is_several = isinstance(found, Iterable) and not isinstance(found, (str, Stage))
        made = list(found) if is_several else [found]
        for each in made:
            if not isinstance(each, Stage):
                raise PluginError(
                    f"a plugin made {each!r} of {path.name!r}, which is no stage",
                    hint="gostage_collect_file returns a Stage, a list of stages, or None",
                    where=Where(file=str(path)),
                )
        stages += made
    return stages


def conf_files(root: Path, folder: Path) -> list[Path]:
    """Every `stageconf.py` from the root down to the folder."""
    above = [each for each in (folder, *folder.parents) if each.is_relative_to(root)] or [folder]
    files = [each / CONF for each in reversed(above)]
    return [file for file in files if file.is_file() or file.is_symlink()]


def _confs(root: Path, folder: Path) -> Iterator[Source]:
    for file in conf_files(root, folder):
        yield Source(_conf_name(root, file), "stageconf.py", _loader(file), may_be_empty=True)


def _conf_name(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


def _loader(file: Path) -> Callable[[], object]:
    def load() -> object:
        return load_file(file)

    return load
