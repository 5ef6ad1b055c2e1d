"""The database of a command: which one is meant, and how it is opened.

By default it is `.gostage/runs.db` in the project's root. A path in the configuration counts from
there too, one that is given on the command line or in the environment from the current folder.
"""

from __future__ import annotations

import os
import shlex
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gostage._app.config import Config
from gostage._cli.common import Common, setting
from gostage._cli.output import short
from gostage._db.opening import SCHEMES, scheme_of
from gostage.errors import ConfigError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gostage._db.protocol import Database
    from gostage._plugins.manager import Plugins

    # Any: click decorates functions and commands alike.
    Decorated = TypeVar("Decorated", bound=Callable[..., Any])

DEFAULT: Final = ".gostage/runs.db"
_IGNORE: Final = "# runs are not for version control\n*\n"


def database_option(command: Decorated) -> Decorated:
    """Give a command `--db`."""
    return _db(command)


def database_options(command: Decorated) -> Decorated:
    """Give a command `--db` and `--no-db`."""
    return _db(_no_db(command))


_db = setting(
    "--db", metavar="PATH", help=f"The database of the runs; by default {DEFAULT} in the project."
)
_no_db = setting("--no-db", is_flag=True, help="Keep the run in memory: it cannot be resumed.")


def database_url(config: Config, common: Common) -> str | None:
    """The path or URL of the database that is meant, if one is."""
    if config["no-db"] and "db" not in common.given:
        return None
    text: str = config["db"] or DEFAULT
    if config["no-db"] and "no-db" in common.given:
        raise ConfigError("--db and --no-db contradict each other", hint="leave out one of them")
    is_typed = "db" in common.given or "GOSTAGE_DB" in os.environ
    base = Path.cwd() if is_typed else config.root
    if scheme_of(text) is None and not text.startswith("sqlite:"):
        return str(base / os.path.expanduser(text))  # noqa: PTH111 - an unknown ~user is no error
    head, slashes, rest = text.partition(":///")
    is_relative = scheme_of(text) == "sqlite" and rest and not rest.startswith("/")
    return f"{head}{slashes}{base / rest}" if is_relative else text


def file_of(url: str) -> Path | None:
    """The file that a database is in, if it is in one."""
    if scheme_of(url) is None:
        return Path(url)
    place = url.partition("://")[2].partition("?")[0]
    return Path(place[1:]) if scheme_of(url) == "sqlite" and place[1:] else None


def db_option(config: Config, common: Common) -> str:
    """What a command has to be given to find the database that is used here, if it needs any."""
    url = database_url(config, common)
    plain = Common()
    if url is None or url == database_url(Config.read(Path.cwd()), plain):
        return ""
    return shlex.quote(url if scheme_of(url) else short(url))


def open_database(url: str, plugins: Plugins | None = None) -> Database:
    """Open the database of a command that may be the first to use it."""
    from gostage._app.opening import open_database as opened  # 14 ms for SQLite: where it is used

    folder = Path(url).parent
    is_new = scheme_of(url) is None and not folder.exists()
    database = opened(url, plugins)
    if is_new and folder.name == ".gostage":
        (folder / ".gitignore").write_text(_IGNORE, encoding="utf-8")
    return database


@contextmanager
def looking(
    common: Common, plugins: Plugins | None = None, *, makes: bool = False
) -> Iterator[Database]:
    """The database of a command that makes none: where there is none yet there are no runs.

    With `makes` it is made, for a command that waits for runs to come.
    """
    config = Config.read(Path.cwd(), common.flags())
    common.follow(config)
    url = database_url(config, common)
    if url is None:
        raise ConfigError(
            "the configuration says no-db, and this command is about runs in a database",
            hint="name one with --db PATH",
        )
    file = file_of(url)
    if not makes and file is not None and not file.exists():
        is_named = "db" in common.given
        raise NotFound(
            f"there is no database {url!r}" if is_named else f"there are no runs yet in {url!r}",
            hint="`gostage run` begins one; --db PATH names another database",
        )
    with ExitStack() as stack:
        if plugins is None and scheme_of(url) not in (None, *SCHEMES):
            from gostage._app.project import assemble  # 20 ms, where a plugin has the database

            plugins = assemble(config, folder=Path.cwd())
            stack.callback(plugins.close)
        yield stack.enter_context(closing(open_database(url, plugins)))
