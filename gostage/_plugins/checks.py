"""Checks of a plugin, before pluggy makes them in fewer words; what cannot work is refused."""

from __future__ import annotations

import inspect
from types import CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any, Final

from gostage import hookspecs
from gostage._plugins.source import known_names
from gostage._plugins.wrappers import WRAPPERS
from gostage.errors import PluginError, Where, did_you_mean
from gostage.hookspecs import PROJECT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pluggy import PluginManager

    from gostage._plugins.source import Loaded, Source

FACTORY: Final = "gostage_plugin"
"""The function that makes the plugin, once the configuration is known."""

_HOOKS: Final = tuple(name for name in hookspecs.__all__ if name.startswith("gostage_"))

API: Final = "GOSTAGE_API"
"""Where a plugin says which version of the plugin API it needs."""


def check_made(source: Source, plugin: object, *, is_made: bool) -> None:
    """Refuse what a plugin cannot be."""
    what = f"{FACTORY}() of plugin {source.name!r} returned" if is_made else ""
    if isinstance(plugin, type):
        raise PluginError(
            f"{what} the class {plugin.__name__}"
            if is_made
            else f"plugin {source.name!r} is the class {plugin.__name__}",
            hint=f"give an instance of it: {plugin.__name__}()",
        )
    if is_made and (plugin is None or isinstance(plugin, (GeneratorType, CoroutineType))):
        if isinstance(plugin, CoroutineType):
            plugin.close()
        raise PluginError(
            f"{what} {'nothing' if plugin is None else f'a {type(plugin).__name__}'}",
            hint="it is a plain function that ends with: return MyPlugin(…)",
        )


def check_useful(each: Loaded, *, is_useful: bool) -> None:
    """Refuse a plugin without anything in it: most likely another one was meant."""
    if not is_useful:
        raise PluginError(
            f"plugin {each.name!r} has no hook and no resource, so it would do nothing",
            hint=did_you_mean(each.name, known_names())
            or "mark its hooks with @hookimpl (from gostage import hookimpl)",
        )


# Any: as above.
def place_of_function(fn: Any) -> Where:  # noqa: ANN401
    code = getattr(inspect.unwrap(fn), "__code__", None)
    return Where(
        file=getattr(code, "co_filename", None), line=getattr(code, "co_firstlineno", None)
    )


def check_version(source: Source, plugin: object) -> None:
    wanted = getattr(plugin, API, None)
    if wanted is None or wanted == hookspecs.API_VERSION:
        return
    if not isinstance(wanted, int):
        raise PluginError(
            f"{API} of plugin {source.name!r} is {wanted!r}, and not a number",
            hint=f"{API} = {hookspecs.API_VERSION} is the version of this gostage",
        )
    raise PluginError(
        f"plugin {source.name!r} needs version {wanted!r} of the plugin API, "
        f"and this gostage has version {hookspecs.API_VERSION}",
        hint="install versions of the two that fit together",
    )


def check_alone(source: Source, plugin: object) -> None:
    """Hooks beside a factory would be those of another plugin than the one it makes."""
    for name in _HOOKS:
        if hasattr(getattr(plugin, name, None), f"{PROJECT}_impl"):
            raise PluginError(
                f"plugin {source.name!r} has {FACTORY}() and beside it the hook {name}, "
                "which nothing would call",
                hint=f"make it a method of what {FACTORY}() returns",
                where=place_of_function(getattr(plugin, name)),
            )


def check_marks(source: Source, plugin: object) -> None:
    """A function with the name of a hook that is no hook is a mistake that nobody would notice."""
    for name in _HOOKS:
        found = getattr(plugin, name, None)
        is_ours = getattr(found, "__module__", None) == hookspecs.__name__
        if not callable(found) or is_ours or hasattr(found, f"{PROJECT}_impl"):
            continue
        raise PluginError(
            f"{name} of plugin {source.name!r} is not marked as a hook, so nothing would call it",
            hint="put @hookimpl above it (from gostage import hookimpl)",
            where=place_of_function(found),
        )


def check_names(source: Source, plugin: object) -> None:
    """A function that is nearly called like a hook would never be called."""
    for name, found in vars(plugin).items() if hasattr(plugin, "__dict__") else ():
        is_hook = name in _HOOKS or name == FACTORY or hasattr(found, f"{PROJECT}_impl")
        if name.startswith("gostage_") and inspect.isfunction(found) and not is_hook:
            close = did_you_mean(name, [*_HOOKS, FACTORY], limit=1)
            if close and not hasattr(found, f"{PROJECT}_spec"):
                raise PluginError(
                    f"{name} of plugin {source.name!r} is no hook, so nothing would call it",
                    hint=close,
                    where=place_of_function(found),
                )


def check_hooks(manager: PluginManager, each: Loaded) -> None:
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
                where=place_of_function(fn),
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
            where=place_of_function(fn),
        )
    if hook in WRAPPERS and not is_wrapper:
        raise PluginError(
            f"{hook} of plugin {each.name!r} is a wrapper, and is not marked as one",
            hint="write @hookimpl(wrapper=True), and run what is inside with a yield",
            where=place_of_function(fn),
        )
    if is_wrapper != inspect.isgeneratorfunction(fn):
        raise PluginError(
            f"{hook} of plugin {each.name!r} "
            + ("is marked as a wrapper, and never yields" if is_wrapper else "yields"),
            hint="a wrapper has @hookimpl(wrapper=True) and a yield; other hooks have neither",
            where=place_of_function(fn),
        )


# Any: as above.
def _check_arguments(each: Loaded, hook: str, fn: Any, known: Sequence[str]) -> None:  # noqa: ANN401
    for parameter in inspect.signature(fn).parameters.values():
        if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            raise PluginError(
                f"{hook} of plugin {each.name!r} takes {str(parameter)!r}, which is never given",
                hint=f"name what it needs: {', '.join(known) or 'it has no arguments'}",
                where=place_of_function(fn),
            )
        if parameter.default is not parameter.empty:
            if parameter.name in known:
                raise PluginError(
                    f"{hook} of plugin {each.name!r} gives {parameter.name!r} a default, "
                    "and would never get the real value",
                    hint="take the default out",
                    where=place_of_function(fn),
                )
        elif parameter.name not in known:
            raise PluginError(
                f"{hook} of plugin {each.name!r} asks for {parameter.name!r}, "
                "which the hook does not have",
                hint=did_you_mean(parameter.name, known)
                or f"it has {', '.join(known) or 'no arguments'}",
                where=place_of_function(fn),
            )
