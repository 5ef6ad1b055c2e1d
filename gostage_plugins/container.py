"""Container: an action that runs a command in a container of docker or podman; it has no shell."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import threading
import uuid
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal

from gostage import Action, Key, hookimpl
from gostage.errors import (
    ChildCrashed,
    ConfigError,
    DefinitionError,
    PluginError,
    TypeMismatch,
    Where,
)
from gostage_plugins._settings import read
from gostage_plugins._waiting import LOOK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gostage import Context
    from gostage.hookspecs import Config, Run
    from gostage_plugins._types import Wrapper

    # Any: a key of any type.
    AnyKey = str | Key[Any]
    Output = Literal["text", "json", "none"]

__all__ = ["GOSTAGE_API", "Container", "Containers", "Settings", "gostage_plugin"]

GOSTAGE_API = 1
NAME = "container"
ENGINES: Final = ("docker", "podman")
GRACE: Final = 5.0
"""Seconds that the engine's command has to end once it was told to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project may set in `[tool.gostage.container]`, for all containers of a run."""

    engine: str = ""
    """The command of the engine; by default docker, else podman."""
    options: tuple[str, ...] = ()
    """More options for `run`, such as `--network=none`."""


_settings: ContextVar[Settings | None] = ContextVar("gostage_plugins.container", default=None)


def gostage_plugin(config: Config) -> Containers:
    """Make the plugin of one project; an engine that is not there is said at once."""
    settings = read(Settings, NAME, config)
    if settings.engine and shutil.which(settings.engine) is None:
        raise ConfigError(
            f"there is no container engine {settings.engine!r}",
            hint=f"'engine' of [tool.gostage.{NAME}] is a command, such as podman, or a path",
        )
    return Containers(settings)


class Containers:
    """Gives the containers of a run their settings."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()

    @hookimpl(wrapper=True)
    def gostage_runner(self, run: Run) -> Wrapper:
        """Let the actions of the run see the settings."""
        token = _settings.set(self._settings)
        try:
            return (yield)
        finally:
            _settings.reset(token)


class Container(Action[..., Any]):  # Any: what it returns depends on `output`
    """Runs a command in a new container, and removes the container whatever happens.

    `env` is what the command finds in its environment; `env_from` takes values from the store, by
    key. Folders in `volumes` are mounted: `{"data": "/data:ro"}`. What the command prints is
    what the action returns, as text or as what its JSON holds; what it writes to standard error is
    logged. All options of an action may be given as well.
    """

    # Any: the options of an action, which checks them itself.
    def __init__(
        self,
        image: str,
        command: Sequence[str] = (),
        *,
        env: Mapping[str, str] | None = None,
        env_from: Mapping[str, AnyKey] | None = None,
        volumes: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
        output: Output = "text",
        engine: str = "",
        **more: Any,  # noqa: ANN401
    ) -> None:
        if not image or not isinstance(image, str):
            raise DefinitionError(
                f"a container needs the name of an image, not {image!r}",
                hint='Container("python:3.12-slim", ["python", "-V"])',
            )
        if isinstance(command, str):
            raise DefinitionError(
                f"the command of a container is a list of words, not {command!r}",
                hint=f"there is no shell: {command.split()!r}",
            )
        if output not in ("text", "json", "none"):
            raise DefinitionError(
                f"output= is 'text', 'json' or 'none', not {output!r}", hint='output="text"'
            )
        self.image = image
        self.command = tuple(command)
        self.env = dict(env or {})
        self.env_from = dict(env_from or {})
        self.volumes = dict(volumes or {})
        self.engine_options = tuple(options)
        self.output: Output = output
        self.engine = engine
        name = image.rpartition("/")[2].partition(":")[0].partition("@")[0]
        super().__init__(**{"name": name, "description": f"runs {image}", **more})

    def run(self, ctx: Context) -> object:
        """Run the command and wait for it."""
        settings = _settings.get() or Settings()
        engine = _engine(self.engine or settings.engine)
        name = f"gostage-{uuid.uuid4().hex[:12]}"
        words = [engine, *self.arguments(name, settings.options)]
        ctx.log.debug("container %s: %s", name, words)
        environment = {**os.environ, **self.env, **_from_store(ctx, self.env_from)}
        process = _start(words, environment)
        printed = Printed(process, ctx, is_kept=self.output != "none")
        try:
            _wait(process, ctx)
        finally:  # whatever happened, neither the engine's command nor the container is left
            if process.poll() is None:
                _stop(process)
                _remove(engine, name)
            printed.close()
        if process.returncode:
            raise self._failure(ctx, process.returncode, printed.complaints)
        return self._value(printed.text)

    def arguments(self, name: str, options: Iterable[str] = ()) -> list[str]:
        """What the engine is called with; values of the environment stand in its own."""
        given = [f"--env={each}" for each in (*self.env, *self.env_from)]
        mounted = [
            f"--volume={Path(host).absolute()}:{inside}" for host, inside in self.volumes.items()
        ]
        more = [*options, *self.engine_options]
        fixed = ["run", "--rm", f"--name={name}"]
        return [*fixed, *given, *mounted, *more, self.image, *self.command]

    def _value(self, text: str) -> object:
        if self.output == "none":
            return None
        if self.output == "text":
            return text
        try:
            return json.loads(text)
        except ValueError as error:
            raise TypeMismatch(
                f"container {self.image!r} was to print JSON: {error}",
                hint='print nothing else to standard output, or write output="text"',
            ) from None

    def _failure(self, ctx: Context, code: int, complaints: Sequence[str]) -> ChildCrashed:
        # An engine says what is wrong and then how to get help; a command ends with its error.
        complaint = complaints[0 if code == 125 else -1] if complaints else "it said nothing"
        known = {
            125: "the engine could not start it",
            126: "its command cannot be run",
            127: "its command was not found",
        }
        what = known.get(code, f"it ended with exit code {code}")
        stage = None if ctx.stage is None else ctx.stage.id
        return ChildCrashed(
            f"container {self.image!r} failed, {what}: {complaint}",
            exit_code=128 - code if code > 128 else code,  # a signal is below zero
            hint="what it wrote to standard error is in the log",
            where=Where(run=ctx.run.id, stage=stage, action=self.name),
        )


class Printed:
    """What a container prints, read while it runs, so that it never has to wait for a reader."""

    def __init__(self, process: subprocess.Popen[str], ctx: Context, *, is_kept: bool) -> None:
        self._out: list[str] = []
        self._err: list[str] = []
        self._streams = (process.stdout, process.stderr)
        level = logging.DEBUG if is_kept else logging.INFO
        self._readers = [
            threading.Thread(target=_read, args=each, name="gostage container")
            for each in (
                (process.stdout, self._out, ctx.log, level),
                (process.stderr, self._err, ctx.log, logging.INFO),
            )
        ]
        for reader in self._readers:
            reader.start()

    @property
    def text(self) -> str:
        """All of its standard output."""
        return "".join(self._out)

    @property
    def complaints(self) -> list[str]:
        """The lines of its standard error that say something."""
        return [line.strip() for line in self._err if line.strip()]

    def close(self) -> None:
        """Wait for what is on its way; who has inherited the pipes cannot hold this up for long."""
        for reader, stream in zip(self._readers, self._streams, strict=True):
            reader.join(GRACE)
            if stream is not None and not reader.is_alive():
                stream.close()


def _read(stream: IO[str] | None, lines: list[str], log: logging.Logger, level: int) -> None:
    for line in stream or ():
        lines.append(line)
        log.log(level, "%s", line.rstrip("\n"))


def _start(words: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  # running what the action says is what this is for
        words,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # Ctrl-C is for the run, which then removes the container
    )


def _wait(process: subprocess.Popen[str], ctx: Context) -> None:
    """Wait for its end; not if the run is cancelled or out of time."""
    while process.poll() is None:
        ctx.check()
        with suppress(subprocess.TimeoutExpired):
            process.wait(LOOK)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
    if process.poll() is None:
        process.kill()
        process.wait()


def _remove(engine: str, name: str) -> None:
    """Remove a container that may still be running; one that is not there is fine."""
    subprocess.run(  # noqa: S603  # as above
        [engine, "rm", "--force", name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=60,
    )


def _engine(wanted: str) -> str:
    candidates = (wanted,) if wanted else ENGINES
    found = next(filter(None, map(shutil.which, candidates)), None)
    if found is None:
        raise PluginError(
            f"there is no container engine: {' and '.join(map(repr, candidates))} cannot be found",
            hint="install docker or podman, or say where it is: Container(…, engine=…)",
        )
    return found


def _from_store(ctx: Context, env_from: Mapping[str, AnyKey]) -> dict[str, str]:
    values = {name: ctx.store.get(key) for name, key in env_from.items()}
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
    }
