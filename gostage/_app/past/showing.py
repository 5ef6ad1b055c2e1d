"""A past run as lines: where it comes from, its sessions, its items, what failed and the way on."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from gostage._app.lines import Span, printable
from gostage._app.past.planned import owner_of
from gostage._app.past.standing import ago, clock_text, owner_text
from gostage._app.past.telling import said
from gostage._app.past.tree import NO_ERRORS, change_lines, item_lines
from gostage._app.past.values import readable, value_text
from gostage._app.past.ways import ways_on
from gostage._app.report import STYLES, counted, seconds, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gostage._app.lines import Line
    from gostage._app.past.overview import Overview
    from gostage._app.past.saved import Data, Happening
    from gostage._app.past.sessions import Session
    from gostage._app.past.steps import PastStep
    from gostage._app.past.stores import Entry
    from gostage._app.past.tree import Detail

_HINT: Final = "hint: "


def show_lines(past: Overview, detail: Detail) -> Iterator[Line]:
    """Everything about a run."""
    yield from _head(past, detail.base)
    yield from change_lines(past.first, detail, 0)
    yield ()
    yield from item_lines(past.steps, detail)
    yield from _failures(past, detail.base)
    yield from _waits(past)
    yield whole(
        printable(past.row.workflow),
        past.status,
        f"in {seconds(past.duration)}: {counted(counts_of(past.steps))}",
        past.outcome.bail_reason,
    )


def store_lines(store: Sequence[Entry], detail: Detail) -> Iterator[Line]:
    """What is in a store, a line for each key."""
    for entry in store:
        key = printable(str(entry.get("key")))
        room = None if detail.with_all else max(24, detail.width - len(key) - 3)
        tags = entry.get("tags")
        remark = f"  [{', '.join(map(str, tags))}]" if isinstance(tags, list) and tags else ""
        yield Span(key, "strong"), Span(f" = {value_text(entry, room)}"), Span(remark, "quiet")


def counts_of(steps: Sequence[PastStep]) -> Counter[str]:
    """How many items without items of their own stand how; what was taken out does not count."""
    kinds = {step.path: step.kind for step in steps}
    holders = {owner_of(step.path, kinds) for step in steps}
    kept = (step for step in steps if step.mark != "removed")
    return Counter(step.status for step in kept if step.path not in holders)


# -------------------------------------------------------------------- where it comes from


def _head(past: Overview, base: str | None) -> Iterator[Line]:
    row = past.row
    yield (Span("run "), Span(printable(row.run_id), "strong"))
    source = _seen_from(base, str(past.about.get("source") or ""))
    said = [f"begun {clock_text(row.created, past.now)}, {ago(past.now - row.created)} ago"]
    said += [f"of {printable(source)}"] if source else []
    said += [f"[{', '.join(map(printable, row.tags))}]"] if row.tags else []
    yield (Span(f"  {'  '.join(said)}", "quiet"),)
    if len(past.sessions) > 1 or any(each.notes for each in past.sessions):
        for session in past.sessions:
            yield from _session(session, past.now)
    if row.held is not None and past.status in ("running", "interrupted"):
        gone = "" if past.status == "running" else " is gone"
        style = STYLES.get(past.status, "notable")
        text = f"{owner_text(row.held.owner)}{gone}"
        yield (Span(f"  {past.status}: ", style), Span(text))


def _seen_from(base: str | None, place: str) -> str:
    """A path as seen from a folder, where that is shorter."""
    return place if base is None else place.removeprefix(f"{base.rstrip('/')}/")


def _session(session: Session, now: float) -> Iterator[Line]:
    told = [*session.notes, session.begun, session.ended]
    for happening in told:
        if happening is not None:
            yield _said(happening, now)


def _said(happening: Happening, now: float) -> Line:
    word, rest = said(happening)
    return (
        Span(f"  {clock_text(happening.at, now)}  ", "quiet"),
        Span(word, STYLES.get(word, "notable")),
        Span(f": {printable(rest)}" if rest else ""),
    )


# -------------------------------------------------------------------- what failed


def _failures(past: Overview, base: str | None) -> Iterator[Line]:
    """Every error once, at the innermost item it comes from, and all that is known of the last."""
    told = past.outcome.error
    last = None if told is None else (_class_of(told), str(told.get("message")))
    is_told = False
    for step in _failed(past.steps):
        error = (
            (str(step.error.get("type")), str(step.error.get("message"))) if step.error else None
        )
        where = step.path if step.item is None else f"{step.path}[{step.item}]"
        yield from _failure(where, *(error or ("", "")))
        if told is not None and error == last:
            is_told = True
            yield from _explained(past, told, base)
    if past.status == "blocked" or (told is None and past.outcome.text):
        yield ()
        yield (Span(printable(past.outcome.text), "bad"),)
        if past.outcome.hint:
            yield (Span(f"  {_HINT}{past.outcome.hint}"),)
    elif told is not None and last is not None and not is_told and last[0] not in NO_ERRORS:
        yield from _failure(past.row.workflow, *last)
        yield from _explained(past, told, base)


def _failed(steps: Sequence[PastStep]) -> Iterator[PastStep]:
    """The failed items, but not those that only hold one that failed the same way."""
    kinds = {step.path: step.kind for step in steps}
    told: set[tuple[str, str]] = set()
    found = []
    for step in reversed(steps):
        if step.status not in ("failed", "cancelled") or step.error is None:
            continue
        key = f"{step.error.get('type')}: {step.error.get('message')}"
        if (step.path, key) not in told and step.error.get("type") not in NO_ERRORS:
            found.append(step)
        told.add((owner_of(step.path, kinds), key))
    return reversed(found)


def _failure(where: str, kind: str, message: str) -> Iterator[Line]:
    first, *rest = (f"{kind}: {message}" if message else kind).splitlines() or [""]
    yield ()
    yield (Span(f"{printable(where)}: ", "strong"), Span(printable(first), "bad"))
    for line in rest:
        yield (Span(f"  {printable(line)}"),)


def _explained(past: Overview, told: Data, base: str | None) -> Iterator[Line]:
    """What is saved of an error beside its text: its hint, its notes, where it was, its cause."""
    for line in _remarks(told):
        yield (Span(f"  {printable(line)}"),)
    where = past.outcome.where
    if where.file is not None:
        place = f'File "{_seen_from(base, where.file)}"' + (
            "" if where.line is None else f", line {where.line}"
        )
        yield (Span(f"  {printable(place)}"),)
    cause = told.get("cause")
    if isinstance(cause, dict):
        message = str(cause.get("message"))
        yield (
            Span(f"  caused by {_class_of(cause)}{f': {printable(message)}' if message else ''}"),
        )
        for line in _remarks(cause):
            yield (Span(f"  {printable(line)}"),)


def _remarks(told: Data) -> Iterator[str]:
    notes: Any = told.get("notes")  # Any: JSON
    for note in notes if isinstance(notes, list) else ():
        yield from str(note).splitlines()


def _class_of(told: Data) -> str:
    return str(told.get("class")).rpartition(":")[2].rpartition(".")[2]


# -------------------------------------------------------------------- the way on


def _waits(past: Overview) -> Iterator[Line]:
    """What the run waits for, and what lets it go on."""
    kinds = {step.path: step.kind for step in past.steps}
    parked = [step for step in past.steps if step.status in ("waiting", "sleeping")]
    texts = list(_wait_texts(past, parked, kinds))
    signals = [_name(s, kinds) for s in parked if s.kind == "receive" and s.status == "waiting"]
    ways = list(ways_on(past.row.run_id, past.status, signals))
    if texts or ways:
        yield ()
    for text in texts:
        yield (Span(printable(text), "notable"),)
    for way in ways:
        yield (Span(way),)


def _wait_texts(past: Overview, parked: Sequence[PastStep], kinds: dict[str, str]) -> Iterator[str]:
    for step in parked:
        until = "" if step.until is None else f" until {clock_text(step.until, past.now)}"
        if step.kind == "receive" and step.status == "waiting":
            yield f"{step.path} waits for the signal {_name(step, kinds)!r}{until}"
        elif step.kind == "action" and step.status == "waiting":
            yield f"{step.path} is suspended: {_reason(past)}"
        elif step.status == "sleeping" and step.kind in ("sleep", "wait", "action", "retry"):
            yield f"{step.path} {_SLEEPS.get(step.kind, 'waits for its next attempt')}{until}"


_SLEEPS: Final = {"sleep": "sleeps", "wait": "waits for its condition"}


def _name(step: PastStep, kinds: dict[str, str]) -> str:
    above = owner_of(step.path, kinds)
    return step.path[len(above) + 1 :] if above else step.path


def _reason(past: Overview) -> str:
    outcome = past.outcome
    data = ", ".join(f"{key}={readable(value, 60)}" for key, value in outcome.data.items())
    return f"{outcome.reason} ({data})" if data else str(outcome.reason)
