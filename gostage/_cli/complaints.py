"""Complaints: what is wrong, what to do about it, and where, on standard error."""

from __future__ import annotations

import click


def complain(message: str, hint: str = "", place: str = "") -> None:
    """Say on standard error what is wrong, what to do about it, and where."""
    click.echo(f"gostage: {message}", err=True)
    if hint:
        click.echo(f"  hint: {hint}", err=True)
    if place:
        click.echo(f"  at: {place}", err=True)
