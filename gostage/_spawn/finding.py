"""Finding: the backend of a name, one that comes with gostage or one that a plugin supplies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._author.isolate import PROCESS
from gostage.errors import DefinitionError, PluginError, did_you_mean

if TYPE_CHECKING:
    from gostage._plugins.manager import Plugins
    from gostage._spawn.backend import Backend

_NEEDED = ("capabilities", "start", "close")


# Any: whatever a plugin supplies.
def _supplied(name: str, plugins: Plugins) -> list[Any]:
    options = {} if plugins.config is None else plugins.config.section(name)
    return plugins.call("gostage_spawner", name=name, options=options)


def find_backend(name: str, plugins: Plugins | None) -> Backend:
    """Make the backend; plugins are asked for whatever is not a process of this machine."""
    if name == PROCESS:
        from gostage._spawn.process import ProcessBackend  # 20 ms, with multiprocess

        return ProcessBackend()
    found = [] if plugins is None else _supplied(name, plugins)
    if not found:
        raise DefinitionError(
            f"there is no backend {name!r} for children",
            hint=did_you_mean(name, [PROCESS]) or "is the plugin installed, or named with -p?",
        )
    backend: Backend = found[0]
    if any(not hasattr(backend, word) for word in _NEEDED):
        raise PluginError(
            f"a plugin supplies {backend!r} for {name!r}, which is no backend",
            hint="gostage_spawner returns an object with the protocol gostage.hookspecs.Backend",
        )
    return backend
