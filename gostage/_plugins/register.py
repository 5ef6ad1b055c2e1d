"""Registering: turns sources into plugins that pluggy knows, and refuses what cannot work."""

from __future__ import annotations

import inspect
import traceback
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pluggy

from gostage import hookspecs
from gostage._plugins.source import Loaded
from gostage._plugins.wrappers import WRAPPERS
from gostage.errors import ConfigError, GostageError, PluginError, Where, did_you_mean
from gostage.hookspecs import PROJECT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pluggy import HookImpl, PluginManager

    from gostage._plugins.source import Source

FACTORY: Final = "gostage_plugin"
"""The function that makes the plugin, once the configuration is known."""

_HOOKS: Final = tuple(name for name in hookspecs.__all__ if name.startswith("gostage_"))

API: Final = "GOSTAGE_API"
"""Where a plugin says which version of the plugin API it needs."""


# Any: a configuration is whatever the hooks are to be given.
def loaded(source: Source, config: Any) -> Loaded:  # noqa: ANN401
    """Import a plugin and make it; say what is wrong with it."""
    try:
        plugin = holder = source.load()
    except Exception as error:  # noqa: BLE001  # a module may raise anything while it is imported
        _fail(source, "cannot be loaded", error)
    _check_version(source, plugin)
    factory = getattr(plugin, FACTORY, None)
    if factory is not None:
        _check_alone(source, plugin)
        try:
            plugin = factory(config)
        except ConfigError as error:
            if error.where == Where() and config is not None:
                error.where = config.place(source.name)
            raise
        except Exception as error:  # noqa: BLE001  # so may its function
            _fail(source, f"failed in {FACTORY}()", error)
    if isinstance(plugin, type):
        raise PluginError(
            f"plugin {source.name!r} is the class {plugin.__name__}",
            hint=f"give an instance of it: {plugin.__name__}()",
        )
    _check_marks(source, plugin)
    return Loaded(source.name, source.origin, holder, plugin)


def registered(plugins: Sequence[Loaded]) -> PluginManager:
    """Make a manager that knows them; the last is registered first, so that it is called last."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    for each in reversed(plugins):
        _check_hooks(manager, each)
        try:
            manager.register(each.plugin, name=each.name)
        except (ValueError, pluggy.PluginValidationError) as error:
            raise PluginError(
                f"plugin {each.name!r} cannot be registered: {error}",
                hint="is the same object registered under another name?",
            ) from error
    return manager


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
                    where=_place(impl.function),
                )


def _check_version(source: Source, plugin: object) -> None:
    wanted = getattr(plugin, API, None)
    if wanted is None or wanted == hookspecs.API_VERSION:
        return
    raise PluginError(
        f"plugin {source.name!r} needs version {wanted!r} of the plugin API, "
        f"and this gostage has version {hookspecs.API_VERSION}",
        hint="install versions of the two that fit together",
    )


def _check_alone(source: Source, plugin: object) -> None:
    """Hooks beside a factory would be those of another plugin than the one it makes."""
    for name in _HOOKS:
        if hasattr(getattr(plugin, name, None), f"{PROJECT}_impl"):
            raise PluginError(
                f"plugin {source.name!r} has {FACTORY}() and beside it the hook {name}, "
                "which nothing would call",
                hint=f"make it a method of what {FACTORY}() returns",
                where=_place(getattr(plugin, name)),
            )


def _check_marks(source: Source, plugin: object) -> None:
    """A function with the name of a hook that is no hook is a mistake that nobody would notice."""
    for name in _HOOKS:
        found = getattr(plugin, name, None)
        is_ours = getattr(found, "__module__", None) == hookspecs.__name__
        if not callable(found) or is_ours or hasattr(found, f"{PROJECT}_impl"):
            continue
        raise PluginError(
            f"{name} of plugin {source.name!r} is not marked as a hook, so nothing would call it",
            hint="put @hookimpl above it (from gostage import hookimpl)",
            where=_place(found),
        )


def _check_hooks(manager: PluginManager, each: Loaded) -> None:
    """Check every hook against its specification, before pluggy does it in fewer words."""
    for name in dir(each.plugin):
        options = manager.parse_hookimpl_opts(each.plugin, name)
        if options is None:
            continue
        fn = getattr(each.plugin, name)
        hook = options.get("specname") or name
        if options["hookwrapper"]:
            raise PluginError(
                f"{hook} of plugin {each.name!r} is a hookwrapper, the old form",
                hint="write @hookimpl(wrapper=True), and return (yield)",
                where=_place(fn),
            )
        spec = getattr(getattr(manager.hook, hook, None), "spec", None)
        if spec is not None:
            _check_form(each, hook, fn, is_wrapper=bool(options["wrapper"]))
            _check_arguments(each, hook, fn, spec.argnames)


# Any: a function of the plugin.
def _check_form(each: Loaded, hook: str, fn: Any, *, is_wrapper: bool) -> None:  # noqa: ANN401
    if inspect.iscoroutinefunction(fn) or inspect.isasyncgenfunction(fn):
        raise PluginError(
            f"{hook} of plugin {each.name!r} is async",
            hint="write it as a plain function; wrappers work around async actions too",
            where=_place(fn),
        )
    if hook in WRAPPERS and not is_wrapper:
        raise PluginError(
            f"{hook} of plugin {each.name!r} is a wrapper, and is not marked as one",
            hint="write @hookimpl(wrapper=True), and run what is inside with a yield",
            where=_place(fn),
        )
    if is_wrapper != inspect.isgeneratorfunction(fn):
        raise PluginError(
            f"{hook} of plugin {each.name!r} "
            + ("is marked as a wrapper, and never yields" if is_wrapper else "yields"),
            hint="a wrapper has @hookimpl(wrapper=True) and a yield; other hooks have neither",
            where=_place(fn),
        )


# Any: as above.
def _check_arguments(each: Loaded, hook: str, fn: Any, known: Sequence[str]) -> None:  # noqa: ANN401
    for parameter in inspect.signature(fn).parameters.values():
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            continue
        if parameter.default is not parameter.empty:
            if parameter.name in known:
                raise PluginError(
                    f"{hook} of plugin {each.name!r} gives {parameter.name!r} a default, "
                    "and would never get the real value",
                    hint="take the default out",
                    where=_place(fn),
                )
        elif parameter.name not in known:
            raise PluginError(
                f"{hook} of plugin {each.name!r} asks for {parameter.name!r}, "
                "which the hook does not have",
                hint=did_you_mean(parameter.name, known)
                or f"it has {', '.join(known) or 'no arguments'}",
                where=_place(fn),
            )


def _fail(source: Source, what: str, error: Exception) -> NoReturn:
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


# Any: as above.
def _place(fn: Any) -> Where:  # noqa: ANN401
    code = getattr(inspect.unwrap(fn), "__code__", None)
    return Where(
        file=getattr(code, "co_filename", None), line=getattr(code, "co_firstlineno", None)
    )


def where_of(plugin: object) -> str | None:
    """The file a plugin comes from."""
    module = plugin if isinstance(plugin, ModuleType) else inspect.getmodule(type(plugin))
    return getattr(module, "__file__", None)


def place_of(impl: HookImpl) -> Where:
    """The file and line of an implementation."""
    return _place(impl.function)
