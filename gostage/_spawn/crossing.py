"""Crossing: what of a run's surroundings goes to a child, and how the child makes it again.

A parent packs, and only its child unpacks: what comes back from a child never passes here.
"""

from __future__ import annotations

import pickle
import sys
from base64 import b64decode, b64encode
from copy import copy
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from gostage._author.isolate import Isolate
from gostage._author.load import load_workflow
from gostage._author.loading import load_file
from gostage._author.middleware import Layer
from gostage._author.reference import find
from gostage._plugins.manager import Plugins
from gostage._plugins.source import BUILT_IN, Source
from gostage._run.beginning import default_log
from gostage._run.clock import SystemClock
from gostage._run.compiled import program_of
from gostage._run.difference import difference, sentence
from gostage._run.messages import Hub
from gostage._run.provided import is_of_use, surround
from gostage._run.structure import Structure, structure_of
from gostage._run.surroundings import Surroundings
from gostage._run.workflow import Workflow
from gostage._spawn.bundle import Bundle
from gostage._spawn.heritage import HERITAGE
from gostage._spawn.lodging import homes, load_homes
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping, Sequence

    from gostage._author.workflow import WorkflowDefinition

    # Any: JSON-able data.
    Json = Any


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a child has made of what its parent packed."""

    workflow: WorkflowDefinition
    around: Surroundings
    plugins: Plugins | None
    """Its own plugins; several workflows of one parent share them."""
    homes: Mapping[str, str]
    """Where modules are that an import statement does not find here."""

    def load_homes(self, data: Json) -> bool:
        """Import what encoded data names and is not loaded; whether it is worth another try."""
        return load_homes(data, self.homes)

    def close(self) -> None:
        """Let the plugins clean up, once."""
        if self.plugins is not None:
            self.plugins.close()


# ---------------------------------------------------------------------- in the parent


def pack(
    workflow: WorkflowDefinition,
    around: Surroundings,
    plugins: Plugins | None,
    *,
    by_value: bool,
    whole: bool = False,
) -> dict[str, Json]:
    """Pack a workflow and what is around it, as JSON-able data.

    With `by_value` what cannot be imported is sent as it is; what cannot be sent either is
    `NotImportable`, and is named. `whole` is for a workflow that a child runs as a whole: then the
    middleware of the runner goes with it, which else stays around the run in the parent.
    """
    bundle = Bundle(by_value=by_value)
    middleware, spawner = around.middleware if whole else (), around.spawner
    return {
        "workflow": bundle.workflow(workflow, around.codec),
        "plugins": None if plugins is None else _packed_plugins(plugins, bundle),
        "middleware": [_layer(bundle, each, "run") for each in middleware],
        "around": {
            "resources": [_resource(bundle, each) for each in around.own_resources],
            "ipc": [bundle.refer(each, f"message middleware {each!r}") for each in around.hub.ipc],
            "spawning": [_layer(bundle, each, "spawn") for each in around.spawn_middleware],
            "spawner": spawner if isinstance(spawner, str) else spawner.to_dict(),
            "log": None if around.log is default_log else around.log().name,
            "source": around.source,
            "root": around.root,
        },
        "levels": _levels(),
        "values": bundle.values(),
        "heritage": list(HERITAGE),
        "homes": homes(),
    }


def _levels() -> dict[str, int]:
    """From which level on loggers are heard, where anything has been logged at all."""
    if "logging" not in sys.modules:
        return {}
    from gostage._run import logs  # with logging, which may not be there

    return logs.levels()


# Any: a resource.
def _resource(bundle: Bundle, resource: Any) -> str | int:  # noqa: ANN401
    return bundle.refer(resource, f"resource {resource.name!r}")


def _layer(bundle: Bundle, layer: Layer, level: str) -> str | int:
    return bundle.refer(layer.fn, f"{level} middleware {layer.name!r}")


def _packed_plugins(plugins: Plugins, bundle: Bundle) -> Json:
    plugins.load()
    empty = {source.name for source in plugins.sources if source.may_be_empty}
    rows = []
    for each in plugins.loaded:
        if each.origin == BUILT_IN:
            continue
        what, holder = f"plugin {each.name!r}", each.holder
        at: str | int
        if isinstance(holder, ModuleType):
            kind, at = "module", bundle.module(holder, what)
        else:
            kind, at = "object", bundle.refer(holder, what)
        rows.append([each.name, each.origin, kind, at, each.name in empty])
    return {"config": _config(plugins.config, bundle), "sources": rows}


# Any: a configuration is whatever the hooks are to be given.
def _config(config: Any, bundle: Bundle) -> Json:  # noqa: ANN401
    try:
        return _pickled(config)
    except Exception:  # noqa: BLE001 - a value of the user's may fail in any way
        return bundle.send(config, "the configuration of the runner")


def _pickled(value: object) -> str:
    return b64encode(pickle.dumps(value, protocol=4)).decode("ascii")


# ---------------------------------------------------------------------- in the child


def unpack(data: Mapping[str, Json], earlier: Arrived | None = None) -> Arrived:
    """Make again what the parent has packed; plugins are loaded and configured here.

    Of an earlier workflow of the same parent they are there already, and so is what is around.
    """
    things: Sequence[object] = ()
    if data["heritage"] or data["values"] is not None:
        from gostage._spawn import values  # 30 ms for dill, as in the parent

        values.inherit(data["heritage"])
        if data["values"] is not None:
            things = values.unpack_values(data["values"])
    plugins = _plugins(data["plugins"], things) if earlier is None else earlier.plugins
    around = copy(earlier.around) if earlier else _surroundings(data["around"], plugins, things)
    layers = (_found(at, things) for at in data["middleware"])
    around.middleware = tuple(Layer.of(each, "run") for each in layers)
    workflow = _workflow(data["workflow"], around, things)
    return Arrived(workflow, around, plugins, data["homes"])


def _plugins(data: Json, things: Sequence[object]) -> Plugins | None:
    if data is None:
        return None
    config = data["config"]
    made = Plugins(things[config] if isinstance(config, int) else _unpickled(config), is_of_use)
    made.add(
        Source(name, origin, _loader(kind, at, things), may_be_empty=may_be_empty)
        for name, origin, kind, at, may_be_empty in data["sources"]
    )
    return made


def _loader(kind: str, at: str | int, things: Sequence[object]) -> Callable[[], object]:
    return lambda: _module(str(at)) if kind == "module" else _found(at, things)


def _module(address: str) -> ModuleType:
    path = Path(address)
    return load_file(path) if path.is_absolute() else import_module(address)


def _found(at: str | int, things: Sequence[object]) -> object:
    return things[at] if isinstance(at, int) else find(at)


def _surroundings(data: Json, plugins: Plugins | None, things: Sequence[object]) -> Surroundings:
    name = data["log"]
    around = Surroundings(SystemClock(), Hub(), default_log if name is None else _log(name))
    if plugins is not None:
        surround(around, plugins)
    # Any: what the parent has checked.
    own: Any = tuple(_found(each, things) for each in data["resources"])
    around.own_resources, around.resources = own, (*around.resources, *own)
    spawning = (_found(at, things) for at in data["spawning"])
    around.spawn_middleware = tuple(Layer.of(each, "spawn") for each in spawning)
    for at in data["ipc"]:
        around.hub.use(_found(at, things))
    spawner = data["spawner"]
    around.spawner = spawner if isinstance(spawner, str) else Isolate.from_dict(spawner)
    around.source, around.root = data["source"], data["root"]
    return around


def _log(name: str) -> Callable[[], logging.Logger]:
    def log() -> logging.Logger:
        import logging  # 6 ms, and many runs never log

        return logging.getLogger(name)

    return log


def _workflow(data: Json, around: Surroundings, things: Sequence[object]) -> WorkflowDefinition:
    if "sent" in data:
        workflow = cast("WorkflowDefinition", things[data["sent"]])
    else:
        workflow = load_workflow(data["definition"], Workflow, around.codec)
    before, now = Structure.from_data(data["structure"]), structure_of(program_of(workflow))
    if before != now:
        raise DefinitionError(
            f"workflow {workflow.id!r} is not the same in the child: "
            f"{sentence(difference(before, now))}",
            hint="its code has changed since this process imported it, or depends on the process; "
            "start again, and make what differs a parameter",
        )
    return workflow


# Any: what the parent has pickled.
def _unpickled(text: str) -> Any:  # noqa: ANN401
    return pickle.loads(b64decode(text))  # noqa: S301 - from the parent, which started this process
