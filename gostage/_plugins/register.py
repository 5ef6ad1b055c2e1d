"""Registering: turns sources into plugins that pluggy knows, and refuses what cannot work."""

from __future__ import annotations

import inspect
import traceback
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

import pluggy

from gostage import hookspecs
from gostage._plugins.checks import (
    FACTORY,
    check_alone,
    check_hooks,
    check_made,
    check_marks,
    check_names,
    check_version,
    place_of_function,
)
from gostage._plugins.source import Loaded
from gostage.errors import ConfigError, GostageError, PluginError, Where, did_you_mean
from gostage.hookspecs import PROJECT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pluggy import HookImpl, PluginManager

    from gostage._plugins.source import Source


# Any: a configuration is whatever the hooks are to be given.
def loaded(source: Source, config: Any) -> Loaded:  # noqa: ANN401
    """Import a plugin and make it; say what is wrong with it."""
    try:
        plugin = holder = source.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a module may raise anything
        _fail(source, "cannot be loaded", error)
    check_version(source, plugin)
    check_names(source, plugin)
    factory = getattr(plugin, FACTORY, None)
    if factory is not None:
        check_alone(source, plugin)
        try:
            plugin = factory(config)
        except ConfigError as error:
            if error.where == Where() and config is not None:
                error.where = config.place(source.name)
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001  # so may its function
            _fail(source, f"failed in {FACTORY}()", error)
    check_made(source, plugin, is_made=factory is not None)
    check_marks(source, plugin)
    check_names(source, plugin)
    return Loaded(source.name, source.origin, holder, plugin)


def registered(plugins: Sequence[Loaded]) -> PluginManager:
    """Make a manager that knows them, and calls the first of them first."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    for each in plugins:
        check_hooks(manager, each)
        try:
            manager.register(each.plugin, name=each.name)
        except (ValueError, pluggy.PluginValidationError) as error:
            raise PluginError(
                f"plugin {each.name!r} cannot be registered: {error}",
                hint="is the same object registered under another name?",
            ) from error
    put_in_order(manager)
    return manager


def put_in_order(manager: PluginManager) -> None:
    """Make every hook call its plugins in the order of their registration.

    pluggy has it the other way round, but for those that are marked `trylast`.
    """
    number = {name: place for place, (name, _) in enumerate(manager.list_name_plugin())}

    def rank(impl: HookImpl) -> tuple[bool, int, int]:
        return impl.wrapper, impl.tryfirst - impl.trylast, -number[impl.plugin_name]

    for caller in vars(manager.hook).values():
        impls = sorted(caller.get_hookimpls(), key=rank)
        # The list is called from its end. There is no other way to it than this.
        caller._hookimpls[:] = impls  # noqa: SLF001


def check_all(manager: PluginManager) -> None:
    """Refuse hooks that nobody knows, once every plugin could add its own."""
    known = [name for name in vars(manager.hook) if getattr(manager.hook, name).has_spec()]
    for name, caller in list(vars(manager.hook).items()):
        if caller.has_spec():
            continue
        for impl in caller.get_hookimpls():
            if not impl.optionalhook:
                close = did_you_mean(name, known, limit=1)
                raise PluginError(
                    f"plugin {impl.plugin_name!r} implements {name!r}, and there is no such hook",
                    hint=close or "`gostage hooks` lists what there is",
                    where=place_of_function(impl.function),
                )


def _fail(source: Source, what: str, error: BaseException) -> NoReturn:
    if isinstance(error, GostageError):
        raise error
    trace = traceback.extract_tb(error.__traceback__)
    place = Where(file=trace[-1].filename, line=trace[-1].lineno) if len(trace) > 1 else Where()
    if isinstance(error, SyntaxError):
        place = Where(file=error.filename, line=error.lineno)
    raise PluginError(
        f"plugin {source.name!r} ({source.origin}) {what}: {type(error).__name__}: {error}",
        hint=f"mend it, or switch it off: -p no:{source.name}",
        where=place,
    ) from error


def where_of(plugin: object) -> str | None:
    """The file a plugin comes from."""
    module = plugin if isinstance(plugin, ModuleType) else inspect.getmodule(type(plugin))
    return getattr(module, "__file__", None)


def place_of(impl: HookImpl) -> Where:
    """The file and line of an implementation."""
    return place_of_function(impl.function)
