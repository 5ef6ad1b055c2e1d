"""Provided: what plugins add to the surroundings of runs beside wrappers; it loads none itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._author.resource import Resource
from gostage._plugins.notes import add_note
from gostage._run.printing import Printer
from gostage._store.codec import STANDARD, Codec
from gostage.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pluggy import HookImpl

    from gostage._plugins.manager import Plugins
    from gostage._run.surroundings import Surroundings


def surround(around: Surroundings, plugins: Plugins) -> None:
    """Put everything that plugins provide around runs: in the first process, and in children."""
    around.plugins = plugins
    around.hooks = plugins.hooks()
    around.hub.use_hooks(*ipc_of(plugins))
    around.resources = resources_of(plugins)
    around.codec = codec_of(plugins)
    printers = (each.plugin for each in plugins.loaded if isinstance(each.plugin, Printer))
    around.printer = next(printers, around.printer)


def is_of_use(value: object) -> bool:
    """Whether something that a plugin holds is of use beside its hooks."""
    return isinstance(value, Resource)


def resources_of(plugins: Plugins) -> tuple[Resource, ...]:
    """The resources that plugins hold, those of the nearest `stageconf.py` first."""
    found = (value for value in plugins.attributes() if isinstance(value, Resource))
    return tuple(dict.fromkeys(found))


# Any: a message, and what becomes of it.
def ipc_of(plugins: Plugins) -> tuple[list[Callable[..., Any]], list[Callable[..., Any]]]:
    """What plugins do to messages on their way out, and, in reverse order, on their way in."""
    out = [_blaming(each) for each in plugins.implementations("gostage_ipc_outbound")]
    back = [_blaming(each) for each in plugins.implementations("gostage_ipc_inbound")]
    return out, back[::-1]


# Any: as above.
def _blaming(impl: HookImpl) -> Callable[..., Any]:
    from gostage._run.messages import Message  # 1 ms: where a plugin looks at messages

    def change(message: object) -> object:
        where = f"in hook {impl.function.__name__} of plugin {impl.plugin_name!r}"
        try:
            changed: object = impl.function(*([message] if impl.argnames else []))
        except Exception as error:
            add_note(error, where)
            raise
        if changed is None or isinstance(changed, Message):
            return changed
        raise PluginError(
            f"{where}: it returned {changed!r}, which is no message",
            hint="return the message, another one made with dataclasses.replace(), or None",
        )

    return change


def codec_of(plugins: Plugins) -> Codec:
    """How values leave the process: as ever, and those of the types that plugins add."""
    if not plugins.implementations("gostage_codecs"):
        return STANDARD
    codec = Codec()
    plugins.call("gostage_codecs", registry=codec)
    return codec.seal()
