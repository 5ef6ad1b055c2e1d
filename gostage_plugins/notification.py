"""Notification: tells handlers and webhooks how stages and runs end; it never fails a run.

Notices are delivered by a thread of their own, so nothing waits for a slow receiver; the thread
ends when there is nothing left to deliver.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from collections import deque
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from time import perf_counter
from typing import TYPE_CHECKING, Final

from gostage import hookimpl
from gostage.errors import Bailed, ConfigError, DefinitionError, Suspended, did_you_mean
from gostage_plugins._places import told
from gostage_plugins._references import found
from gostage_plugins._settings import check_above_zero, read, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from gostage import Context, Event, Stage
    from gostage.hookspecs import Config, Run
    from gostage_plugins._types import Middleware, Wrapper

    Handler = Callable[["Notice"], object]

__all__ = [
    "GOSTAGE_API",
    "Notice",
    "Notification",
    "Settings",
    "Webhook",
    "gostage_plugin",
    "notifying",
]

GOSTAGE_API = 1
NAME = "notification"

STATUSES: Final = ("completed", "failed", "bailed", "cancelled", "waiting", "sleeping", "skipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project may set in `[tool.gostage.notification]`."""

    handlers: tuple[str, ...] = ()
    """Functions to call with a `Notice`, as `module:name`."""
    url: str = ""
    """A webhook: it gets the notice as JSON."""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers for the webhook; `$NAME` is taken from the environment."""
    timeout: float = 5.0
    """Seconds that the webhook may take."""
    on: tuple[str, ...] = ("completed", "failed", "bailed", "cancelled")
    """Statuses to tell of."""
    runs: bool = True
    stages: tuple[str, ...] = ()
    """Stages to tell of, by id; `*` stands for anything."""

    def __post_init__(self) -> None:
        check_above_zero(NAME, timeout=self.timeout)
        for each in self.on:
            if each not in STATUSES:
                raise wrong(NAME, "on", list(self.on), f"a list of {', '.join(STATUSES)}")
        if not (self.handlers or self.url):
            raise ConfigError(
                f"the plugin {NAME!r} is loaded and tells nobody",
                hint=f"[tool.gostage.{NAME}] has to have 'handlers' or 'url'",
            )


def gostage_plugin(config: Config) -> Notification:
    """Make the plugin of one project."""
    return Notification(read(Settings, NAME, config), config.root)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """How a run, a stage or a step has ended."""

    run: str
    status: str
    workflow: str = ""
    path: str = ""
    """Of the stage or step; empty for the run."""
    duration: float | None = None
    error: str = ""
    """The class of the error and what it says."""


class Webhook:
    """Sends notices to a URL as JSON."""

    def __init__(
        self, url: str, *, headers: Mapping[str, str] | None = None, timeout: float = 5.0
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise DefinitionError(
                f"{url!r} is no address of a webhook", hint="it begins with https:// or http://"
            )
        self.url = url
        self._headers = dict(headers or {})
        self._timeout = timeout

    def __call__(self, notice: Notice) -> None:
        """Send one notice; an answer of 400 and above is an error."""
        from urllib.request import Request, urlopen  # 25 ms, in the thread that delivers

        headers = {"Content-Type": "application/json", **self._headers}
        data = json.dumps(asdict(notice)).encode()
        request = Request(self.url, data, headers, method="POST")  # noqa: S310  # checked above
        with urlopen(request, timeout=self._timeout):  # noqa: S310  # as above
            pass

    def __repr__(self) -> str:
        return f"<webhook {self.url}>"


class Notification:
    """Tells handlers how stages and runs end."""

    def __init__(self, settings: Settings, root: Path | None = None) -> None:
        self._settings = settings
        owner = f"'handlers' of [tool.gostage.{NAME}]"
        self._handlers = [_handler(found(each, owner, root), owner) for each in settings.handlers]
        if settings.url:
            headers = {key: _filled(value) for key, value in settings.headers.items()}
            self._handlers.append(Webhook(settings.url, headers=headers, timeout=settings.timeout))
        self._outbox = Outbox()
        self._runs: dict[str, tuple[str, logging.Logger]] = {}

    @hookimpl(wrapper=True, tryfirst=True)
    def gostage_runner(self, run: Run) -> Wrapper:
        """Remember what events do not have: the workflow, and where the run logs to."""
        self._runs[run.id] = run.workflow.id, run.log
        return (yield)

    @hookimpl
    def gostage_event(self, event: Event) -> None:
        """Tell how a stage, or the run, has ended."""
        status, kind = event.data.get("status"), event.data.get("kind")
        is_run = event.kind in {"run_ended", "run_paused"}
        is_stage = event.kind == "step_ended" and kind == "stage"
        if not (is_run or is_stage):
            return
        known = self._runs.pop if is_run else self._runs.get
        workflow, log = known(event.run_id, ("", logging.getLogger("gostage")))
        if status in self._settings.on and self._is_meant(event, is_run=is_run):
            notice = Notice(
                run=event.run_id,
                workflow=workflow,
                path=event.path,
                status=str(status),
                duration=event.data.get("duration"),
                error=_text(event.data.get("error")),
            )
            self._outbox.put(self._handlers, notice, log)

    @hookimpl
    def gostage_unconfigure(self) -> None:
        """Wait until everybody was told."""
        self._outbox.join()

    def _is_meant(self, event: Event, *, is_run: bool) -> bool:
        if is_run:
            return self._settings.runs
        name = event.path.rpartition("/")[2]
        return any(fnmatchcase(name, each) for each in self._settings.stages)


class Outbox:
    """Delivers notices in their order, in a thread that lives as long as there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Handler, Notice, logging.Logger]] = deque()
        self._thread: threading.Thread | None = None

    def put(self, handlers: Iterable[Handler], notice: Notice, log: logging.Logger) -> None:
        """Have a notice delivered to each handler."""
        with self._lock:
            self._waiting.extend((handler, notice, log) for handler in handlers)
            if self._thread is None and self._waiting:
                self._thread = threading.Thread(target=self._deliver, name="gostage notification")
                self._thread.start()

    def join(self) -> None:
        """Wait until all is delivered."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _deliver(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                handler, notice, log = self._waiting.popleft()
            try:
                handler(notice)
            except BaseException as error:  # noqa: BLE001  # whatever it is, the run has not failed
                log.warning(
                    "nobody was told that %s: %r: %s", _sentence(notice), handler, told(error)
                )


def notifying(
    *handlers: Handler | str, on: Iterable[str] = ("completed", "failed", "bailed", "cancelled")
) -> Middleware:
    """Make middleware, for any level, that tells handlers, or URLs, how the inside ends."""
    statuses = tuple(on)
    wrong_one = next((each for each in statuses if each not in STATUSES), None)
    if wrong_one is not None or not handlers:
        raise DefinitionError(
            "notifying() is told nobody to tell"
            if wrong_one is None
            else f"notifying() cannot tell of {wrong_one!r}",
            hint='notifying(function, "https://…", on=["failed"])'
            if wrong_one is None
            else did_you_mean(wrong_one, STATUSES) or f"statuses are {', '.join(STATUSES)}",
        )
    tell = [
        Webhook(each) if isinstance(each, str) else _handler(each, "notifying()")
        for each in handlers
    ]
    outbox = Outbox()

    def notify(run: Run, stage: Stage | None = None, ctx: Context | None = None) -> Wrapper:
        path = "" if stage is None else stage.id
        started = perf_counter()
        status, text = "completed", ""
        try:
            return (yield)
        except BaseException as error:
            status, text = _status(error), told(error) if isinstance(error, Exception) else ""
            raise
        finally:
            if status in statuses:
                notice = Notice(
                    run=run.id,
                    workflow=run.workflow.id,
                    path=path if ctx is None else ctx.path,
                    status=status,
                    duration=perf_counter() - started,
                    error=text,
                )
                outbox.put(tell, notice, run.log)

    return notify


def _status(error: BaseException) -> str:
    if isinstance(error, Exception):
        return "failed"
    if isinstance(error, (Suspended, GeneratorExit)):
        return "waiting"
    return "bailed" if isinstance(error, Bailed) else "cancelled"


def _sentence(notice: Notice) -> str:
    what = f"{notice.path!r} of run {notice.run!r}" if notice.path else f"run {notice.run!r}"
    return f"{what} is {notice.status}"


def _text(error: Mapping[str, str] | None) -> str:
    return "" if error is None else f"{error['type']}: {error['message']}"


def _handler(given: object, owner: str) -> Handler:
    if callable(given) and not isinstance(given, type):
        return given
    raise DefinitionError(
        f"{given!r}, in {owner}, is no handler", hint="a handler is called as handler(notice)"
    )


def _filled(value: str) -> str:
    """Put environment variables where a header has `$NAME`."""

    def variable(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in os.environ:
            raise ConfigError(
                f"the environment has no {name!r}, which a header of [tool.gostage.{NAME}] needs",
                hint=did_you_mean(name, os.environ) or f"export {name}=…",
            )
        return os.environ[name]

    return re.sub(r"\$(?P<name>[A-Za-z_]\w*)", variable, value)
