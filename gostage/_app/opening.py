"""Opening: a database by its URL, one that comes with gostage or one that a plugin offers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from gostage._db import opening
from gostage.errors import DefinitionError, PluginError

if TYPE_CHECKING:
    from os import PathLike

    from gostage._db.protocol import Database
    from gostage._plugins.manager import Plugins


def open_database(url: str | PathLike[str], plugins: Plugins | None = None) -> Database:
    """Open it; plugins are asked first where a kind of database is named."""
    if plugins is not None and opening.scheme_of(url) not in (None, *opening.SCHEMES):
        found = plugins.call("gostage_db", url=os.fspath(url))
        offered = [each for each in found if each is not None]
        if offered:
            return _checked(offered[0], os.fspath(url))
    return opening.open_database(url)


def given_database(db: Database | str | PathLike[str], plugins: Plugins | None = None) -> Database:
    """The database a runner is given, opened if it is a path or a URL."""
    if isinstance(db, (str, os.PathLike)):
        return open_database(db, plugins)
    if not _is_database(db):
        raise DefinitionError(
            f"db= takes a path, a URL or a database, not {db!r}", hint='such as db="runs.db"'
        )
    return db


def _is_database(thing: object) -> bool:
    """Whether it looks like one; the rest of the protocol is checked by its contract suite."""
    return hasattr(thing, "commit") and hasattr(thing, "take")


def _checked(offered: object, url: str) -> Database:
    if not _is_database(offered):
        raise PluginError(
            f"a plugin opened {url!r} and gave {offered!r}, which is no database",
            hint="gostage_db returns an object with the protocol gostage.hookspecs.Database",
        )
    return cast("Database", offered)
