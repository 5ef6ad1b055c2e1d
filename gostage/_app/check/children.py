"""Children: what of a definition no child could be given, or nobody could start; starts none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._app.check.findings import Finding
from gostage._engine import nodes
from gostage.errors import DefinitionError, GostageError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gostage._app.check.subject import Subject
    from gostage._app.check.tour import Stop
    from gostage._spawn.backend import Backend
    from gostage._store.codec import Codec

    Find = Callable[[str], Backend]


def of_children(subject: Subject, codec: Codec, find: Find, default: str) -> Iterator[Finding]:
    """Find what keeps children from being started, and from having what they need."""
    apart = [stop for stop in subject.stops if not stop.is_off and is_apart(stop)]
    if not apart:
        return
    found: dict[str, Backend] = {}
    for stop in apart:
        name = _backend(stop, default)
        try:
            found[name] = found.get(name) or find(name)
        except GostageError as error:
            yield Finding(
                code="unknown-backend", level="error", message=error.message, hint=error.hint
            ).at(stop)
        yield from _too_deep(stop)
    if found:
        by_value = all(each.capabilities.by_value for each in found.values())
        yield from _cannot_cross(subject, apart, codec, by_value=by_value)


def is_apart(stop: Stop) -> bool:
    """Whether a child does it."""
    return _isolate(stop) is not False


# Any: true or false, the name of a backend, or an `Isolate`.
def _isolate(stop: Stop) -> Any:  # noqa: ANN401
    if isinstance(stop.node, nodes.Spawn):
        return True if stop.node.backend is None else stop.node.backend
    if stop.action is not None:
        return stop.action.isolate
    return getattr(stop.node, "isolate", False)


def _backend(stop: Stop, default: str) -> str:
    isolate = _isolate(stop)
    name: str = default if isolate is True else getattr(isolate, "backend", isolate)
    return name


def _too_deep(stop: Stop) -> Iterator[Finding]:
    depth = sum(map(is_apart, stop.way()))
    if depth == 1:
        return
    from gostage._spawn.host import DEEPEST  # 40 ms with multiprocess: few children have children

    if depth == DEEPEST + 1:
        yield Finding(
            code="too-deep",
            level="error",
            message=f"{stop.what} would be child number {depth} in a row, and {DEEPEST} is the "
            "limit",
            hint="have some of what it stands in run where the rest runs",
        ).at(stop)


def _cannot_cross(
    subject: Subject, apart: list[Stop], codec: Codec, *, by_value: bool
) -> Iterator[Finding]:
    """Pack the workflow as a run would."""
    from gostage._spawn.bundle import Bundle  # 10 ms, and 30 for dill: few are of use apart

    bundle = Bundle(by_value=by_value)
    try:
        bundle.workflow(subject.workflow, codec)
        bundle.values()
    except (DefinitionError, StoreError) as error:
        told = Finding(
            code="cannot-cross",
            level="error",
            message=f"{apart[0].what} runs in a child, which {subject.workflow.id!r} cannot be "
            f"given: {error.message}",
            hint=error.hint,
        )
        yield told.at(apart[0], error.where.file, error.where.line)
