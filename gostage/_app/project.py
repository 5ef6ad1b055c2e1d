"""Projects: which plugins a folder, its configuration and the caller ask for, in their order."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from gostage._author.flow import Stage
from gostage._author.loading import load_file, make_importable
from gostage._author.resource import Resource
from gostage._plugins.installed import GROUP, announced
from gostage._plugins.manager import Plugins
from gostage._plugins.notes import add_note
from gostage._plugins.source import Source, contains, given, installed, named
from gostage._store.codec import STANDARD, Codec
from gostage.errors import PluginError, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pluggy import HookImpl

    from gostage._app.config import Config

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
    extra: Iterable[object] = (),
    folder: Path | None = None,
) -> Plugins:
    """Put plugins in order: built in, installed, asked for, and those of the folders on the way.

    Nothing is imported; `extra` are objects, modules or names that a runner was given.
    """
    if folder is not None:
        make_importable(config.root)  # where a project's own plugins are
    plugins = Plugins(config)
    plugins.add(built_in)
    if config.autoload:
        plugins.add(installed())
    off = {}
    for wanted in config.plugins:
        if wanted.is_off:
            off[wanted.name] = wanted.origin
        else:
            off.pop(wanted.name, None)
            plugins.add([named(wanted.name, wanted.origin)])
    for each in extra:
        plugins.add([_distinct(given(each, "Runner(plugins=…)"), each, plugins)])
    if folder is not None:
        plugins.add(_confs(config.root, folder))
    for name, origin in off.items():
        plugins.block(name, origin)
    config.check_sections([source.name for source in plugins.sources])
    return plugins


def _distinct(source: Source, thing: object, plugins: Plugins) -> Source:
    """Number an object whose name another one has: two of one class are two plugins."""
    if isinstance(thing, (str, ModuleType)):
        return source
    names = [each.name for each in plugins.sources]
    numbered = (source.name, *(f"{source.name}#{number}" for number in range(2, len(names) + 3)))
    return replace(source, name=next(name for name in numbered if not contains(names, name)))


def resources_of(plugins: Plugins) -> tuple[Resource, ...]:
    """The resources that plugins hold, those of the nearest `stageconf.py` first."""
    found = (value for _, value in plugins.attributes() if isinstance(value, Resource))
    return tuple(dict.fromkeys(found))


# Any: a message, and what becomes of it.
def ipc_of(plugins: Plugins) -> tuple[list[Callable[..., Any]], list[Callable[..., Any]]]:
    """What plugins do to messages on their way out, and, in reverse order, on their way in."""
    out = [_blaming(each) for each in plugins.implementations("gostage_ipc_outbound")]
    back = [_blaming(each) for each in plugins.implementations("gostage_ipc_inbound")]
    return out, back[::-1]


# Any: as above.
def _blaming(impl: HookImpl) -> Callable[..., Any]:
    def change(message: object) -> object:
        try:
            return impl.function(*([message] if impl.argnames else []))
        except Exception as error:
            add_note(error, f"in hook {impl.function.__name__} of plugin {impl.plugin_name!r}")
            raise

    return change


def codec_of(plugins: Plugins) -> Codec:
    """How values leave the process: as ever, and those of the types that plugins add."""
    if not plugins.implementations("gostage_codecs"):
        return STANDARD
    codec = Codec()
    plugins.call("gostage_codecs", registry=codec)
    return codec.seal()


def stages_of(plugins: Plugins, path: Path) -> list[Stage]:
    """The stages that plugins make of a file."""
    stages: list[Stage] = []
    for found in plugins.call("gostage_collect_file", path=path, config=plugins.config):
        made = [found] if isinstance(found, Stage) else list(found)
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
    return [file for each in reversed(above) if (file := each / CONF).is_file()]


def _confs(root: Path, folder: Path) -> Iterator[Source]:
    for file in conf_files(root, folder):
        yield Source(_conf_name(root, file), "stageconf.py", _loader(file))


def _conf_name(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


def _loader(file: Path) -> Callable[[], object]:
    def load() -> object:
        return load_file(file)

    return load
