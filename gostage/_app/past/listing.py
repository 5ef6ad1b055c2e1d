"""A listing of runs, as cells and lines for people; pure but for asking whether owners live."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING, Final

from gostage._app.lines import Span, printable
from gostage._app.past.finding import short_id
from gostage._app.past.standing import ago, note, standing
from gostage._app.past.values import cut
from gostage._app.report import STYLES, counted
from gostage._db.protocol import Listing
from gostage.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gostage._app.lines import Line
    from gostage._db.protocol import Database, RunRow

HEAD: Final = ("run", "workflow", "status", "created", "updated", "")
_KNOWN: Final = 500  # of the newest runs, which a mistyped name is compared with
_LEAST: Final = 20  # characters of a note
_OWNED: Final = "running"
_LOST: Final = "interrupted"


def cells_of(rows: Sequence[RunRow], now: float, width: int) -> list[Sequence[Span]]:
    """A row of cells for each run; notes are cut to the width."""
    short = Counter(short_id(row.run_id) for row in rows)
    table = [
        _cells(row, row.run_id if short[short_id(row.run_id)] > 1 else short_id(row.run_id), now)
        for row in rows
    ]
    columns = list(zip(*[[cell.text for cell in row[:-1]] for row in table], strict=True))
    taken = sum(max(map(len, (head, *col))) + 2 for head, col in zip(HEAD, columns, strict=False))
    room = max(_LEAST, width - taken)
    return [(*row[:-1], Span(cut(row[-1].text, room), row[-1].style)) for row in table]


def counts_of(database: Database, now: float) -> dict[str, int]:
    """How many runs stand how; which of those that are held were interrupted is asked of each."""
    counts = dict(database.counts())
    lost = sum(standing(row, now) == _LOST for row in database.held()) if _OWNED in counts else 0
    if lost:
        counts[_OWNED] -= lost
        counts[_LOST] = lost
    return {status: count for status, count in counts.items() if count > 0}


def counts_line(counts: dict[str, int]) -> Line:
    """How many runs there are."""
    total = sum(counts.values())
    if not total:
        return (Span("no runs yet", "strong"),)
    return (
        Span("1 run" if total == 1 else f"{total} runs", "strong"),
        Span(f": {counted(counts)}"),
    )


def next_page(last: RunRow, chosen: Iterable[tuple[str, str | None]]) -> Line:
    """The command that lists the runs after the last one, with the same options."""
    words = [word for option, value in chosen if value is not None for word in (option, value)]
    command = shlex.join(["gostage", "runs", *words, "--after", short_id(last.run_id)])
    return (Span(f"older ones: {command}", "quiet"),)


def doubts(database: Database, workflow: str | None, tag: str | None) -> Iterator[tuple[str, str]]:
    """What no run has of what was asked for, each with what may have been meant."""
    known = database.runs(Listing(limit=_KNOWN))
    if workflow is not None and not database.runs(Listing(workflow=workflow, limit=1)):
        close = did_you_mean(workflow, {row.workflow for row in known})
        yield f"no run is of workflow {workflow!r}", close
    if tag is not None and not database.runs(Listing(tag=tag, limit=1)):
        close = did_you_mean(tag, {each for row in known for each in row.tags})
        yield f"no run has the tag {tag!r}", close


def _cells(row: RunRow, name: str, now: float) -> Sequence[Span]:
    status = standing(row, now)
    text = next(iter(note(row, status, now).splitlines()), "")
    return (
        Span(printable(name)),
        Span(printable(row.workflow)),
        Span(status, STYLES.get(status, "notable")),
        Span(f"{ago(now - row.created)} ago"),
        Span(f"{ago(now - row.updated)} ago"),
        Span(printable(text), "quiet"),
    )
