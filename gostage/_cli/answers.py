"""Answers: what a run that waits is given on the command line, as a table or as one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gostage._cli.values import value_of, values_of

if TYPE_CHECKING:
    from gostage._cli.common import Decorated


def answer_options(command: Decorated) -> Decorated:
    """Give a command `-s` and `--data`; see `answer`."""
    table = click.option(
        "-s",
        "--set",
        "pairs",
        multiple=True,
        metavar="KEY=VALUE",
        help="What it gets, as a dict: JSON if it parses, else text; @FILE reads a file.",
    )
    value = click.option(
        "--data", metavar="VALUE", help="What it gets, as one value, written like that of -s."
    )
    return table(value(command))


def answer(pairs: tuple[str, ...], data: str | None) -> object:
    """What the run gets: a dict of the pairs, one value, or nothing."""
    if data is None:
        return values_of(pairs) if pairs else None
    if pairs:
        raise click.UsageError("-s and --data exclude each other: it gets a dict or one value")
    return value_of(data)
