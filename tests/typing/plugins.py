"""What an editor infers for plugins: hooks, events, the run and the configuration; never run."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import Any

from typing_extensions import assert_type

from gostage import Action, Context, Event, Runner, Stage, Store, Workflow, hookimpl
from gostage.hookspecs import API_VERSION, Config, Run

API_VERSION.bit_length()


class Plugin:
    """A plugin with hooks of every form."""

    @hookimpl
    def gostage_configure(self, config: Config) -> None:
        """Read the configuration."""
        assert_type(config.root, Path)
        config.section("mine").keys()

    @hookimpl(wrapper=True)
    def gostage_stage(self, run: Run, stage: Stage) -> Generator[None, Any, Any]:
        """Look at the run."""
        assert_type(run.id, str)
        assert_type(run.workflow, Workflow)
        assert_type(run.store, Store)
        assert_type(run.resuming, bool)
        run.deadline(3.0)
        run.dedline(3.0)  # type: ignore[attr-defined]  # an editor marks the typing mistake
        return (yield)

    @hookimpl(wrapper=True, tryfirst=True)
    def gostage_action(self, ctx: Context, action: Action) -> Generator[None, Any, Any]:
        """Look at the call."""
        assert_type(action.name, str)
        return (yield)

    @hookimpl
    def gostage_event(self, event: Event) -> None:
        """Look at what happened."""
        assert_type(event.path, str)
        assert_type(event.at, datetime)
        if event.kind == "step_ended":
            event.data["status"]
        if event.kind == "step_endet":  # type: ignore[comparison-overlap]  # as above
            return


Plugin().gostage_event  # noqa: B018  # the mark keeps the method what it is
assert_type(Plugin().gostage_configure(3), None)  # type: ignore[arg-type]  # no configuration

Runner(plugins=[Plugin(), "timing"], config={"timing": {"top": 3}})
Runner(plugins=[Plugin()], config=Path())
Runner(plugin=[Plugin()])  # type: ignore[call-arg]  # the argument is called plugins
