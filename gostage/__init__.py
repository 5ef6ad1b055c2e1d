"""gostage: staged, stateful workflows that can change their own plan while they run.

Names are imported when they are first used, so that `import gostage` costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gostage import errors as errors  # public as modules
    from gostage import testing as testing
    from gostage._app.handle import RunHandle
    from gostage._app.runner import Runner
    from gostage._app.runs import RunInfo
    from gostage._app.shortcuts import arun, run
    from gostage._author.action import Action, action
    from gostage._author.flow import Stage, Steps, steps
    from gostage._author.isolate import Isolate, Limits
    from gostage._author.resource import resource
    from gostage._engine.backoff import exponential, fixed, jittered
    from gostage._engine.describe import Transition
    from gostage._engine.policy import Retry
    from gostage._run.context import Context
    from gostage._run.events import Event
    from gostage._run.messages import Message
    from gostage._run.records import StepRecord
    from gostage._run.result import Result, format_results
    from gostage._run.workflow import Workflow
    from gostage._store.entry import Metadata
    from gostage._store.keys import Key
    from gostage._store.store import Store
    from gostage.hookspecs import hookimpl, hookspec

_HOMES = {
    "Action": "_author.action",
    "Context": "_run.context",
    "Event": "_run.events",
    "Isolate": "_author.isolate",
    "Key": "_store.keys",
    "Limits": "_author.isolate",
    "Message": "_run.messages",
    "Metadata": "_store.entry",
    "Result": "_run.result",
    "Retry": "_engine.policy",
    "RunHandle": "_app.handle",
    "RunInfo": "_app.runs",
    "Runner": "_app.runner",
    "Stage": "_author.flow",
    "StepRecord": "_run.records",
    "Steps": "_author.flow",
    "Store": "_store.store",
    "Transition": "_engine.describe",
    "Workflow": "_run.workflow",
    "action": "_author.action",
    "arun": "_app.shortcuts",
    "errors": "errors",
    "exponential": "_engine.backoff",
    "fixed": "_engine.backoff",
    "format_results": "_run.result",
    "hookimpl": "hookspecs",
    "hookspec": "hookspecs",
    "jittered": "_engine.backoff",
    "resource": "_author.resource",
    "run": "_app.shortcuts",
    "steps": "_author.flow",
    "testing": "testing",
}

__all__ = [
    "Action",
    "Context",
    "Event",
    "Isolate",
    "Key",
    "Limits",
    "Message",
    "Metadata",
    "Result",
    "Retry",
    "RunHandle",
    "RunInfo",
    "Runner",
    "Stage",
    "StepRecord",
    "Steps",
    "Store",
    "Transition",
    "Workflow",
    "action",
    "arun",
    "errors",
    "exponential",
    "fixed",
    "format_results",
    "hookimpl",
    "hookspec",
    "jittered",
    "resource",
    "run",
    "steps",
    "testing",
]


def __getattr__(name: str) -> object:
    """Import a public name's home when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        message = f"module 'gostage' has no attribute {name!r}"
        raise AttributeError(message, name=name, obj=sys.modules[__name__])
    module = import_module(f"gostage.{home}")
    value = module if home == name else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Show what is public."""
    return sorted(__all__)
