"""Audit: a file of what was run, by whom and when, line after line; it never holds a value."""

from __future__ import annotations

import getpass
import json
import os
import socket
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from gostage import hookimpl
from gostage.errors import ConfigError
from gostage_plugins._settings import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gostage import Action, Context, Event, Stage
    from gostage.hookspecs import Config, Run
    from gostage_plugins._types import Middleware, Tagged, Wrapper

__all__ = ["GOSTAGE_API", "Audit", "AuditFile", "Settings", "auditing", "gostage_plugin"]

GOSTAGE_API = 1
NAME = "audit"

_KINDS = frozenset(
    (
        "run_started",
        "run_resumed",
        "run_paused",
        "run_ended",
        "step_started",
        "step_ended",
        "step_retried",
        "plan_changed",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project may set in `[tool.gostage.audit]`."""

    path: str = "audit.jsonl"
    """The file, from the root of the project."""
    fsync: bool = False
    """Whether each line is on the disk before the run goes on."""
    messages: bool = False
    """Whether to write what errors say; they may quote values."""


def gostage_plugin(config: Config) -> Audit:
    """Make the plugin of one project."""
    settings = read(Settings, NAME, config)
    file = AuditFile(config.root / settings.path, fsync=settings.fsync)
    file.check()
    return Audit(file, messages=settings.messages)


class AuditFile:
    """A file of JSON lines that only grows. Several processes may write to it at the same time."""

    def __init__(self, path: str | Path, *, fsync: bool = False) -> None:
        self.path = Path(path)
        self._fsync = fsync
        self._who = {"user": _user(), "host": socket.gethostname()}

    def check(self) -> None:
        """Refuse a path that cannot be written to, before anything runs."""
        try:
            os.close(self._open())
        except OSError as error:
            raise ConfigError(
                f"the audit file {str(self.path)!r} cannot be opened: {error.strerror}",
                hint=f"'path' of [tool.gostage.{NAME}] is a file in a folder that is there",
            ) from error

    # Any: JSON-able data.
    def write(self, entry: Mapping[str, Any], at: datetime | None = None) -> None:
        """Add one line, in one piece: a line of another process is before it or behind it."""
        when = (at or datetime.now(timezone.utc)).isoformat()
        line = json.dumps({"at": when, **entry, **self._who, "pid": os.getpid()}) + "\n"
        data = line.encode()
        file = self._open()
        try:
            written = os.write(file, data)
            if self._fsync:
                os.fsync(file)
        finally:
            os.close(file)
        if written != len(data):
            raise OSError(f"only {written} of {len(data)} bytes of a line fit into {self.path}")

    def _open(self) -> int:
        # For each line, so that no process keeps a file that somebody has moved away.
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)


class Audit:
    """Writes down what happens to runs, stages and steps, those that were skipped too."""

    def __init__(self, file: AuditFile, *, messages: bool = False) -> None:
        self._file = file
        self._messages = messages
        self._tags: dict[str, dict[tuple[str, str], list[str]]] = {}

    @hookimpl
    def gostage_report_header(self) -> str:
        """Say which file is written to."""
        return f"audit: {self._file.path}"

    @hookimpl(wrapper=True, tryfirst=True)
    def gostage_workflow(self, run: Run, stage: Stage) -> Wrapper:
        """Remember the tags of a stage: events do not have them."""
        self._remember(run.id, ("stage", stage.id), stage)
        return (yield)

    # Any: whatever the action takes and returns.
    @hookimpl(wrapper=True, tryfirst=True)
    def gostage_action(self, ctx: Context, action: Action[..., Any]) -> Wrapper:
        """Remember the tags of an action."""
        self._remember(ctx.run.id, ("action", ctx.path), action)
        return (yield)

    @hookimpl
    def gostage_event(self, event: Event) -> None:
        """Write a line."""
        if event.kind in _KINDS:
            self._file.write(self._entry(event), event.at)
        if event.kind in {"run_paused", "run_ended"}:
            self._tags.pop(event.run_id, None)

    def _remember(self, run_id: str, place: tuple[str, str], item: Tagged) -> None:
        if item.tags:
            self._tags.setdefault(run_id, {})[place] = list(item.tags)

    # Any: JSON-able data.
    def _entry(self, event: Event) -> dict[str, Any]:
        kind = event.data.get("kind", "")
        name = event.path.rpartition("/")[2] if kind == "stage" else event.path
        tags = self._tags.get(event.run_id, {}).get((kind, name))
        data = {**event.data}
        if data.get("error") is not None:
            data["error"] = _shown(data["error"], messages=self._messages)
        return {
            "event": event.kind,
            "run": event.run_id,
            **({"path": event.path} if event.path else {}),
            **data,
            **({"tags": tags} if tags else {}),
        }


def auditing(file: AuditFile | str | Path) -> Middleware:
    """Make middleware, for any level, that writes a line when what it is around has ended."""
    audit_file = file if isinstance(file, AuditFile) else AuditFile(file)

    def audit(run: Run, stage: Stage | None = None, ctx: Context | None = None) -> Wrapper:
        entry = _about(run, stage, ctx)
        started = perf_counter()
        try:
            value = yield
        except BaseException as error:
            took = round(perf_counter() - started, 6)
            name = type(error).__name__
            status = "failed" if isinstance(error, Exception) else _STOPS.get(name, "cancelled")
            audit_file.write({**entry, "status": status, "duration": took, "error": name})
            raise
        took = round(perf_counter() - started, 6)
        audit_file.write({**entry, "status": "completed", "duration": took, "error": None})
        return value

    return audit


_STOPS = {"GeneratorExit": "waiting", "Suspended": "waiting", "Bailed": "bailed"}


# Any: JSON-able data.
def _about(run: Run, stage: Stage | None, ctx: Context | None) -> dict[str, Any]:
    item: Tagged = run.workflow if stage is None else stage
    entry: dict[str, Any] = {"event": "run_ended", "run": run.id}
    if stage is not None:
        entry |= {"event": "step_ended", "path": stage.id, "kind": "stage"}
    if ctx is not None and ctx.action is not None:
        item = ctx.action
        entry |= {"event": "step_ended", "path": ctx.path, "kind": "action"}
    return {**entry, **({"tags": list(item.tags)} if item.tags else {})}


# Any: an error as events have it.
def _shown(error: Mapping[str, Any], *, messages: bool) -> object:
    return dict(error) if messages else error["type"]


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user id without a name
        return str(os.getuid()) if hasattr(os, "getuid") else ""
