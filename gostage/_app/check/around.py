"""The check of a workflow in its project: with its plugins, its settings and what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage._app.check.compiler import check
from gostage._app.check.files import near_misses, redefined
from gostage._app.check.findings import in_order
from gostage._plugins.wrappers import WRAPPERS
from gostage._run.provided import codec_of, resources_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from gostage._app.check.findings import Finding
    from gostage._app.config import Config
    from gostage._author.workflow import WorkflowDefinition
    from gostage._plugins.manager import Plugins
    from gostage._spawn.backend import Backend


def check_in_project(
    workflow: WorkflowDefinition,
    config: Config,
    plugins: Plugins,
    left_out: Collection[str] = (),
    *,
    is_all: bool = False,
    folder: Path | None = None,
    files: Iterable[Path] = (),
) -> list[Finding]:
    """Check a workflow that was collected; with `is_all`, no values come but those that are set.

    `folder` is where its stage modules are, if it was made of a folder; `files` are those that it
    was made of.
    """
    tags = config["tags"]
    found = check(
        workflow,
        resources_of(plugins),
        config["set"],
        [tags] if tags else [],
        is_all=is_all,
        wrappers=_wrappers(plugins),
        left_out=left_out,
        codec=codec_of(plugins),
        find=lambda name: _found(name, plugins),
        spawner=config["spawner"],
    )
    beside = () if folder is None else near_misses(folder)
    return in_order([*found, *beside, *redefined(files)])


def _found(name: str, plugins: Plugins) -> Backend:
    from gostage._spawn.finding import find_backend  # 8 ms, where there are children

    return find_backend(name, plugins)


def _wrappers(plugins: Plugins) -> Iterator[Callable[..., object]]:
    """What plugins put around runs; those that are built in leave the store alone."""
    for hook in WRAPPERS:
        for impl in plugins.implementations(hook):
            if not getattr(impl.function, "__module__", "").startswith("gostage."):
                yield impl.function
