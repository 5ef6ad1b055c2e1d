"""A database from its URL; it knows the kinds that come with gostage and opens nothing else."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from gostage.errors import DatabaseError, did_you_mean

if TYPE_CHECKING:
    from os import PathLike

    from gostage._db.protocol import Database

SCHEMES: Final = ("sqlite",)
"""The kinds of databases that need no plugin."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_ESCAPES: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_OPTIONS: Final = {"network": ("yes", "no"), "synchronous": ("full", "normal")}


def scheme_of(url: str | PathLike[str]) -> str | None:
    """The kind of database a URL names; a path names none."""
    match = _SCHEME.match(os.fspath(url))
    return match[1].lower() if match else None


def open_database(url: str | PathLike[str]) -> Database:
    """Open `sqlite:///runs.db`, `sqlite:////var/runs.db`, `sqlite://` (in memory), or a path."""
    text = os.fspath(url)
    scheme = scheme_of(text)
    if scheme is None and text.startswith("sqlite:"):
        raise DatabaseError(
            f"{text!r} is no URL of a database",
            hint=f"three slashes before a path: sqlite:///{text.removeprefix('sqlite:')}",
        )
    if scheme is None:
        from gostage._db.sqlite import SQLite  # 11 ms: not for those who only ask for the scheme

        return SQLite(text)
    if scheme not in SCHEMES:
        raise DatabaseError(
            f"there is no database of the kind {scheme!r}",
            hint=did_you_mean(scheme, SCHEMES)
            or "known: " + ", ".join(f"{each}://" for each in SCHEMES) + "; plugins offer others",
        )
    return _sqlite(text)


def _sqlite(url: str) -> Database:
    from gostage._db.sqlite import SQLite  # 11 ms, as above
    from gostage._db.sqlite_ways import MEMORY  # 2 ms

    place, _, query = url.partition("://")[2].partition("?")
    if place and not place.startswith("/"):
        raise DatabaseError(
            f"{url!r} names a host, and an SQLite database is a file",
            hint=f"three slashes before a path: sqlite:///{place}",
        )
    options = dict(_option(part) for part in query.split("&") if part)
    return SQLite(
        _ESCAPES.sub(_characters, place[1:]) or MEMORY,
        synchronous="NORMAL" if options.get("synchronous") == "normal" else "FULL",
        network=options.get("network") == "yes",
    )


def _option(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    values = _OPTIONS.get(name)
    if values is None:
        raise DatabaseError(
            f"SQLite has no option {name!r}",
            hint=did_you_mean(name, _OPTIONS) or f"known: {', '.join(_OPTIONS)}",
        )
    if value.lower() not in values:
        raise DatabaseError(
            f"the option {name!r} of SQLite cannot be {value!r}",
            hint=f"known: {', '.join(values)}",
        )
    return name, value.lower()


def _characters(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "surrogateescape")
