"""The compiler for workflows: every check of a definition, in one list; nothing of it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage._app.check import children, live, order, processes, shapes, timeouts, twice
from gostage._app.check.findings import Finding, in_order
from gostage._app.check.inputs import Inputs
from gostage._app.check.mismatch import conflicts
from gostage._app.check.subject import Subject
from gostage._app.check.words import Vocabulary
from gostage._run.compiled import program_of
from gostage._store.codec import STANDARD
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from gostage._author.resource import Resource
    from gostage._author.workflow import WorkflowDefinition
    from gostage._spawn.backend import Backend
    from gostage._store.codec import Codec

__all__ = ["Finding", "check"]


def check(
    workflow: WorkflowDefinition,
    resources: Iterable[Resource] = (),
    initial: Mapping[str, object] | Iterable[str] = (),
    expressions: Iterable[str] = (),
    *,
    is_all: bool = False,
    wrappers: Iterable[Callable[..., object]] = (),
    left_out: Collection[str] = (),
    codec: Codec = STANDARD,
    find: Callable[[str], Backend] | None = None,
    spawner: str = "process",
) -> list[Finding]:
    """Find what is wrong with a workflow, sorted by place.

    `resources` are those that any action gets. `initial` are the values, or only the keys, that are
    put into the store from outside; with `is_all` nothing else will be. `expressions` are over
    tags. `wrappers` are the functions of hooks around the run, its stages and actions. `left_out`
    are the paths that are switched off for this time only. `find` finds the backend of a name,
    and `spawner` is that of children of which the definition does not say it.
    """
    refused = list(_refused(workflow))
    try:
        subject = Subject(
            workflow, resources=resources, initial=initial, is_all=is_all, wrappers=wrappers
        )
    except DefinitionError:  # what cannot be walked through has been refused before
        return refused
    found = [*refused, *_all(subject, expressions, left_out, codec)]
    if not refused:
        found += children.of_children(subject, codec, find or _process_alone, spawner)
    return in_order(found)


def _process_alone(name: str) -> Backend:
    from gostage._spawn.finding import find_backend  # 8 ms, where there are children

    return find_backend(name, None)


def _refused(workflow: WorkflowDefinition) -> Iterator[Finding]:
    try:
        program_of(workflow)
    except DefinitionError as error:
        yield Finding(
            code="cannot-run",
            level="error",
            message=error.message,
            hint=error.hint,
            file=error.where.file,
            line=error.where.line,
        )


def _all(
    subject: Subject, expressions: Iterable[str], left_out: Collection[str], codec: Codec
) -> Iterator[Finding]:
    inputs = Inputs(subject)
    inputs.follow()
    yield from inputs.findings
    yield from conflicts(inputs.index)
    yield from order.unreachable(subject)
    yield from order.never_ends(subject, inputs.index)
    yield from twice.duplicates(subject)
    yield from twice.empty(subject)
    yield from twice.disabled(subject, left_out)
    yield from processes.not_importable(subject)
    yield from processes.not_storable(subject, codec)
    yield from timeouts.not_enforced(subject)
    yield from timeouts.blocking(subject)
    yield from Vocabulary(subject).unknown(expressions)
    yield from shapes.conditions(subject)
    yield from shapes.handlers(subject)
    yield from shapes.results_of_actions(subject)
    yield from shapes.stages_of_actions(subject)
    yield from live.resources(subject)
