"""Complaints: what is wrong, what to do about it, and where, on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable


def complain(message: str, hint: str = "", place: str = "", notes: Iterable[str] = ()) -> None:
    """Say on standard error what is wrong, what to do about it, and where."""
    click.echo(f"gostage: {message}", err=True)
    if hint:
        click.echo(f"  hint: {hint}", err=True)
    if place:
        click.echo(f"  at: {place}", err=True)
    for note in notes:
        for line in note.splitlines():
            click.echo(f"  {line}", err=True)
