"""What hooks cost: plugins that are there and wrap nothing, and wrappers next to pluggy's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pluggy

from benchmarks.measure import Sample, Subject, measure
from benchmarks.table import Row, Table
from gostage import Context, Runner, Stage, Workflow, action, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from benchmarks.effort import Effort
    from benchmarks.measure import Work

BARE: Final = "no plugin"
IDLE: Final = "a plugin that wraps no action"
WRAPPED: Final = "{} of gostage_action"
PLUGGY: Final = "pluggy's own call, {} around one implementation"
COUNTS: Final = (1, 2, 3)
COLUMNS: Final = ("what", "median", "least", "ratio", "adds")
NOTES: Final = (
    f"median, least: µs per action, or per call. ratio: times `{BARE}`, each round on its own.",
    "adds: µs for each wrapper, over the row without any.",
)
_spec = pluggy.HookspecMarker("bare")
_impl = pluggy.HookimplMarker("bare")


@action
def noop(ctx: Context) -> None:
    """Do nothing."""


class Idle:
    """Is told the configuration, and wraps stages."""

    @hookimpl
    def gostage_configure(self, config: object) -> None:
        """Do nothing."""

    @hookimpl(wrapper=True)
    def gostage_stage(self, stage: Stage) -> Generator[None, Any, Any]:
        """Add nothing."""
        return (yield)


class Passing:
    """Wraps every call."""

    @hookimpl(wrapper=True)
    def gostage_action(self, ctx: Context) -> Generator[None, Any, Any]:
        """Add nothing."""
        return (yield)


class _Spec:
    @_spec
    def call(self, ctx: object) -> None:
        """Call it."""


class _Inside:
    @_impl
    def call(self, ctx: object) -> None:
        """Do nothing."""


class _Around:
    @_impl(wrapper=True)
    def call(self, ctx: object) -> Generator[None, Any, Any]:
        return (yield)


def hook_table(effort: Effort) -> Table:
    """Measure runs and pluggy's calls side by side."""
    count = effort.actions
    work: Mapping[str, Work] = {
        BARE: _running(count),
        IDLE: _running(count, Idle()),
        **{WRAPPED.format(_wrappers(n)): _running(count, *_several(n)) for n in COUNTS},
        **{PLUGGY.format(_wrappers(n)): _calling(count, n) for n in (0, *COUNTS)},
    }
    samples = measure({name: Subject(each, count) for name, each in work.items()}, effort.rounds)
    rows = tuple(_row(name, samples) for name in samples)
    return Table("hooks", "What hooks cost", COLUMNS, rows, NOTES)


def _row(name: str, samples: Mapping[str, Sample]) -> Row:
    sample = samples[name]
    is_ours = name in {BARE, IDLE} or "gostage_action" in name
    base = samples[BARE] if is_ours else samples[PLUGGY.format(_wrappers(0))]
    wrappers = next((n for n in COUNTS if _wrappers(n) in name), 0)
    return {
        "what": name,
        "median": sample.median * 1e6,
        "least": sample.least * 1e6,
        "ratio": sample.ratio(samples[BARE]) if is_ours else None,
        "adds": sample.surplus(base) * 1e6 / wrappers if wrappers else None,
    }


def _wrappers(count: int) -> str:
    return f"{count} wrapper{'' if count == 1 else 's'}"


def _several(count: int) -> list[Passing]:
    # A class of its own for each: two plugins of one name are one plugin.
    return [type(f"Passing{number}", (Passing,), {})() for number in range(count)]


def _running(count: int, *plugins: object) -> Callable[[], None]:
    workflow = Workflow("w").add(Stage("stage", *[noop] * count))
    runner = Runner(plugins=plugins)

    def once() -> None:
        runner.run(workflow).raise_for_error()

    return once


def _calling(count: int, wrappers: int) -> Callable[[], None]:
    manager = pluggy.PluginManager("bare")
    manager.add_hookspecs(_Spec)
    manager.register(_Inside())
    for _ in range(wrappers):
        manager.register(_Around())
    ctx = object()

    def call() -> None:
        hook = manager.hook.call
        for _ in range(count):
            hook(ctx=ctx)

    return call
