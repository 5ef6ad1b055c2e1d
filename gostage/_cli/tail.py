"""`gostage tail`: the events of a run, in order and as they come; it reads the database alone."""

from __future__ import annotations

import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import click

from gostage._app.lines import Span
from gostage._cli.common import Common, common_options
from gostage._cli.database import database_option, looking
from gostage._cli.exits import ExitCode
from gostage._cli.looking import run_argument
from gostage._cli.output import data_channel
from gostage._cli.screen import Screen, let_go

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from gostage._app.lines import Line
    from gostage._app.past.saved import Happening, Saved
    from gostage._db.protocol import Database

_BATCH: Final = 200
"""How many commits are written at once, where there are so many."""


@click.command("tail", context_settings={"help_option_names": ["-h", "--help"]})
@run_argument()
@click.option(
    "-f",
    "--follow",
    "is_followed",
    is_flag=True,
    help="Go on with what is still to come, until the run has ended or has to wait.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each event as a line of JSON.")
@database_option
@common_options
@click.pass_obj
def command(common: Common, *, run: str, is_followed: bool, as_json: bool) -> int:
    """Follow what happens to a run.

    Without -f, only what has happened until now is shown. With -v, the beginnings of steps are
    told as well, and the number of each commit, which `gostage show --at` takes; with -q, only
    failures, and what happened to the run itself.
    """
    from gostage._app.past.finding import find_run  # 15 ms, with those below: where it is used
    from gostage._app.past.following import follow
    from gostage._app.past.saved import saved_of  # 2 ms

    with data_channel(as_json=as_json) as out, looking(common) as database:
        row = find_run(database, run)
        commits = follow(database, row.run_id) if is_followed else saved_of(database, row.run_id)
        if as_json:
            _write(row.run_id, commits, out)
        else:
            screen = Screen(out, has_color=common.has_color)
            is_heard = all(_shown(screen, batch, out) for batch in _batches(commits, common))
            if is_followed and is_heard:
                screen.show(_last_lines(database, row.run_id))
    return ExitCode.COMPLETED


def _shown(screen: Screen, lines: Iterable[Line], out: TextIO) -> bool:
    """Show lines; gives whether somebody could still read more."""
    screen.show(lines)
    return sys.stdout is out and _is_heard(out)


def _batches(commits: Iterable[Saved | None], common: Common) -> Iterator[list[Line]]:
    """The lines of commits, whenever there is nothing more at once, and of many at a time."""
    from gostage._app.past.telling import day  # 8 ms: --json needs no lines

    lines: list[Line] = []
    count = 0
    today = ""
    for saved in commits:
        for happening in saved.happenings if saved is not None else ():
            line = _line(happening, saved.seq if saved is not None else 0, common)
            if line is None:
                continue
            if day(happening.at) != today:
                today = day(happening.at)
                lines.append((Span(today, "quiet"),))
            lines.append(line)
        count += 1
        if saved is None or count % _BATCH == 0:
            yield lines
            lines = []
    yield lines


def _line(happening: Happening, seq: int, common: Common) -> Line | None:
    from gostage._app.past.telling import line_of  # 12 ms, as above

    is_mishap = happening.data.get("status") == "failed" or happening.kind == "step_retried"
    if common.is_quiet and not is_mishap and not happening.kind.startswith("run_"):
        return None
    line = line_of(happening, with_all=common.is_verbose)
    return (Span(f"{seq:>6}  ", "quiet"), *line) if line and common.is_verbose else line


def _last_lines(database: Database, run_id: str) -> Iterator[Line]:
    """What to say where a run that was followed goes on no more by itself."""
    from gostage._app.past.saved import outcome_of  # 1 ms, all three: where they are used
    from gostage._app.past.standing import note, standing
    from gostage._app.past.ways import ways_on  # 7 ms

    row = database.find(run_id)
    if row is None:
        return
    status = standing(row)
    if status in ("interrupted", "blocked"):
        yield Span(status, "notable"), Span(f": {note(row, status, row.updated)}")
    signal = outcome_of(row).data.get("signal")
    for way in ways_on(run_id, status, [signal] if isinstance(signal, str) else ()):
        yield (Span(way, "quiet"),)


def _write(run_id: str, commits: Iterable[Saved | None], out: TextIO) -> None:
    """Write each event as a line of JSON; a reader that has gone away is no error."""
    import json  # 2 ms: only --json needs it

    from gostage._app.past.data import happening_data  # 1 ms, as above

    try:
        for saved in commits:
            if saved is None:
                out.flush()
                if not _is_heard(out):
                    return
                continue
            for happening in saved.happenings:
                data = happening_data(run_id, saved.seq, happening)
                out.write(json.dumps(data, ensure_ascii=False) + "\n")
        out.flush()
    except BrokenPipeError:
        let_go(out)


def _is_heard(stream: TextIO) -> bool:
    """Whether somebody can still read what is written; of a pipe, that is known beforehand."""
    if not hasattr(select, "poll"):
        return True
    with suppress(OSError, ValueError):  # a stream that is no file, or closed
        poll = select.poll()
        poll.register(stream.fileno(), 0)
        return not poll.poll(0)
    return True
