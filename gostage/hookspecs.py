"""Every hook there is: when it is called, with what, and what its result means.

A plugin is a module or an object with functions of these names, marked with `@hookimpl`:

    from gostage import hookimpl

    @hookimpl(wrapper=True)
    def gostage_action(ctx, action):
        ctx.log.info("before %s", action.name)
        try:
            return (yield)
        finally:
            ctx.log.info("after %s", action.name)

**Arguments** are given by name, and a hook takes only those it needs. One with a default value
never receives the real one.

**Order.** Plugins are called in the order in which they are loaded: built in, installed ones by
name, those of the configuration, the environment and `-p` as given, and `stageconf.py` from the
project's root to the folder that is run. Of wrappers the first is the outermost. `tryfirst=True`
moves an implementation to the front, `trylast=True` to the back. `gostage hooks NAME` shows what
comes of it.

**Wrappers** (`gostage_runner`, `gostage_workflow`, `gostage_stage`, `gostage_action`,
`gostage_spawn`, `gostage_child`) are generators: `yield` runs what is inside and gives back, or
raises, what came of it. Returning before the `yield` skips the inside, another `yield` runs it
again from its declaration, catching the error holds it. Middleware that belongs to one runner,
workflow, stage or action is inside them.

**Children.** A child process loads the same plugins anew, by their names, with the same
configuration; an object that is held by no module is sent there as it is. So wrappers run in the
process where what they are around runs. What happens in a child is told once, in its parent.

**Errors.** What a wrapper raises counts as an error of what it is around, and has a note that names
the plugin and the hook; what a hook for messages raises is an error of the action that sends. What
any other hook raises is a `PluginError` that names them, except for `gostage_event`: that one is
logged, and the run goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pluggy

from gostage._given import Config, Registry, Run, Spawn

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping
    from pathlib import Path

    import click
    from pluggy import PluginManager
    from rich.console import Console

    from gostage import Action, Context, Event, Message, Result, Stage, Workflow
    from gostage._db.protocol import (
        Commit,
        Database,
        Held,
        Inbox,
        Item,
        Lease,
        Listing,
        LogRow,
        NewRun,
        Owner,
        Plan,
        RunRow,
        Signal,
        Stop,
        Stored,
    )
    from gostage._spawn.backend import Backend, Capabilities, Child

__all__ = [
    "API_VERSION",
    "Backend",
    "Capabilities",
    "Child",
    "Commit",
    "Config",
    "Database",
    "Held",
    "Inbox",
    "Item",
    "Lease",
    "Listing",
    "LogRow",
    "NewRun",
    "Owner",
    "Plan",
    "Registry",
    "Run",
    "RunRow",
    "Signal",
    "Spawn",
    "Stop",
    "Stored",
    "gostage_action",
    "gostage_addhooks",
    "gostage_child",
    "gostage_child_message",
    "gostage_cli",
    "gostage_codecs",
    "gostage_collect_file",
    "gostage_collection_modify",
    "gostage_configure",
    "gostage_db",
    "gostage_event",
    "gostage_ipc_inbound",
    "gostage_ipc_outbound",
    "gostage_report_header",
    "gostage_runner",
    "gostage_spawn",
    "gostage_spawner",
    "gostage_stage",
    "gostage_summary",
    "gostage_unconfigure",
    "gostage_workflow",
    "hookimpl",
    "hookspec",
]

PROJECT: Final = "gostage"
"""The name of the entry-point group, and the prefix of every hook."""

hookimpl: Final = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's function as the implementation of the hook of its name."""

hookspec: Final = pluggy.HookspecMarker(PROJECT)
"""Marks a function as the specification of a hook, for plugins that offer hooks of their own."""

API_VERSION: Final = 1
"""The version of what stands on this page; a plugin may demand one with `GOSTAGE_API = 1`."""

# -------------------------------------------------------------------- what hooks are given
# `Config`, `Run`, `Spawn` and `Registry` are imported above.

# -------------------------------------------------------------------- set-up


@hookspec
def gostage_addhooks(pluginmanager: PluginManager) -> None:
    """Add hooks of your own, for other plugins to implement.

    Called once for each plugin, when all are loaded, before any other hook.

        def gostage_addhooks(pluginmanager):
            pluginmanager.add_hookspecs(my_package.hookspecs)
    """


@hookspec
def gostage_configure(config: Config) -> None:
    """Get ready: the configuration is known, nothing was collected yet.

    `config.root` is the project's folder, `config["timeout"]` a setting, and
    `config.section("name")` the table `[tool.gostage.name]` of your plugin.
    """


@hookspec
def gostage_unconfigure(config: Config) -> None:
    """Clean up: the runner is closed, or the command ends. Called if `gostage_configure` was."""


@hookspec
def gostage_cli(group: click.Group) -> None:
    """Add commands to `gostage`.

    Called when a command is asked for that is not built in, and by `gostage plugins`.

        def gostage_cli(group):
            group.add_command(my_command)
    """


# -------------------------------------------------------------------- discovery


@hookspec
def gostage_collect_file(path: Path, config: Config) -> Stage | Iterable[Stage] | None:
    """Make stages of a file that is not a stage module, such as a page of YAML.

    Called for every file of a folder that is run, in natural order; the stages stand where the file
    stands in that order. `None` leaves the file alone.
    """


@hookspec
def gostage_collection_modify(workflow: Workflow, config: Config) -> None:
    """Change what was collected before any of it runs.

    `workflow.stages` and `stage.actions` are lists: put in, take out, move. `workflow.disable(…)`
    leaves items in the plan and skips them.
    """


# -------------------------------------------------------------------- wrappers


# Any, here and below: what goes through a wrapper.
@hookspec
def gostage_runner(run: Run) -> Generator[None, Any, Any]:
    """Wrap a whole run, outside `runner.use(…)`."""


@hookspec
def gostage_workflow(run: Run, stage: Stage) -> Generator[None, Any, Any]:
    """Wrap a stage with its own middleware, outside `workflow.use(…)`.

    Not called for disabled stages, nor for steps outside any stage.
    """


@hookspec
def gostage_stage(run: Run, stage: Stage) -> Generator[None, Any, Any]:
    """Wrap all actions of a stage together, outside `stage.use(…)`."""


@hookspec
def gostage_action(ctx: Context, action: Action[..., Any]) -> Generator[None, Any, Any]:
    """Wrap one call of one action, outside its own `use=[…]`; every attempt is a call.

    What the outermost wrapper returns is the action's value.

        @hookimpl(wrapper=True)
        def gostage_action(ctx, action):
            started = time.perf_counter()
            try:
                return (yield)
            finally:
                ctx.log.info("%s took %.3fs", action.name, time.perf_counter() - started)
    """


# -------------------------------------------------------------------- children


@hookspec
def gostage_spawn(spawn: Spawn) -> Generator[None, Any, Any]:
    """Wrap the life of one child, in its parent, outside `runner.use_spawn(…)`.

    Before the `yield` nothing is started; after it the child has ended, and the `yield` gives its
    exit code or raises its error. Whoever was entered is always left, the last one first. A child
    that is kept warm for several items of a `for_each` has one life: an item that fails is no error
    of it. Catching the error lets the step count as completed, as around a stage.

        @hookimpl(wrapper=True)
        def gostage_spawn(spawn):
            try:
                return (yield)
            finally:
                print(f"child {spawn.id} of {spawn.path} took {spawn.duration:.1f}s")
    """


@hookspec
def gostage_child(run: Run) -> Generator[None, Any, Any]:
    """Wrap the work inside a child, once for every task it is given.

    It runs in the child, around the step, the item or the workflow that was sent there, and stands
    where `gostage_runner` stands in the first process. It yields once: what is to be done again is
    done in another child.
    """


@hookspec
def gostage_child_message(spawn: Spawn, message: Message) -> None:
    """Be told every message of a child, once, in its parent.

    It is told as it came, before `gostage_ipc_inbound` may change or drop it.
    """


@hookspec(firstresult=True)
def gostage_spawner(name: str, options: Mapping[str, Any]) -> Backend | None:
    """Supply the backend of a name that gostage does not know: what starts children elsewhere.

    Called when a run first needs it; `None` leaves it to the next plugin, and the first that is
    returned counts. `options` are the settings of the table `[tool.gostage.NAME]`. What is returned
    has the protocol `gostage.hookspecs.Backend`.
    """


# -------------------------------------------------------------------- parts


@hookspec
def gostage_db(url: str) -> Database | None:
    """Open a database of a kind that gostage does not know, such as `postgres://…`.

    Called where a database is asked for by such a URL; `None` leaves it to the next plugin. What is
    returned has the protocol `gostage.hookspecs.Database`, and passes
    `gostage.testing.DatabaseContract`.
    """


@hookspec
def gostage_codecs(registry: Registry) -> None:
    """Teach the store more types, so that their values can leave the process.

        def gostage_codecs(registry):
            registry.register(Money, "money", to_data=str, from_data=Money)

    `to_data` gives anything that can be stored, `from_data` makes the value of it again, and the
    tag names the type in the data for ever.
    """


# -------------------------------------------------------------------- messages


@hookspec
def gostage_ipc_outbound(message: Message) -> Message | None:
    """Change a message where it is sent: return it, another one, or `None` to drop it."""


@hookspec
def gostage_ipc_inbound(message: Message) -> Message | None:
    """Change a message where it arrives; called in the reverse order of `gostage_ipc_outbound`."""


# -------------------------------------------------------------------- watching


@hookspec
def gostage_event(event: Event) -> None:
    """Be told everything that happens, in order: see `gostage.Event` for the kinds.

    It is called where the event happens, so be quick. An error in it does not fail the run: it is
    logged, and this plugin is told no more of that run.
    """


@hookspec
def gostage_report_header(config: Config) -> str | Iterable[str] | None:
    """Say something before a run begins at the terminal; one line, or several."""


@hookspec
def gostage_summary(result: Result, console: Console) -> None:
    """Say something after a run has ended at the terminal, with `console.print(…)` of rich."""


def __getattr__(name: str) -> object:
    """Import a protocol when a plugin asks for it: those of the database take 7 ms to make."""
    if name in ("Backend", "Capabilities", "Child"):
        from gostage._spawn import backend as home
    elif name in __all__:
        from gostage._db import protocol as home  # type: ignore[no-redef]  # one name for both
    else:
        message = f"module 'gostage.hookspecs' has no attribute {name!r}"
        raise AttributeError(message)
    found: object = getattr(home, name)
    return found
