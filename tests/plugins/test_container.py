"""The plugin `container` and its action `Container`.

Most tests use `engine`: a program called `podman` that takes the arguments of the real one and runs
the command on this machine, without a container. What needs a real one is skipped where none runs.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gostage import Key, Retry, Runner, Workflow, run
from gostage.errors import (
    ChildCrashed,
    ConfigError,
    DefinitionError,
    KeyMissing,
    PluginError,
    TimedOut,
    TypeMismatch,
)
from gostage.testing import FakeClock
from gostage_plugins.container import Container

PODMAN = """
import json, os, sys

words = sys.argv[1:]
with open(os.environ["CALLS"], "a") as file:
    file.write(json.dumps(words) + "\\n")
if words[0] == "run":
    options = [word for word in words[1:] if word.startswith("--")]
    image, *command = words[1 + len(options):]
    if image == "no-such-image":
        sys.exit("unable to find image" if print("no", file=sys.stderr) else 125)
    names = [option[6:] for option in options if option.startswith("--env=")]
    environment = {name: os.environ[name] for name in names}
    os.execvpe(command[0], command, {**environment, "PATH": os.environ["PATH"]})
"""


class Engine:
    """The program on the PATH, and what it was called with."""

    def __init__(self, folder: Path) -> None:
        self.calls_file = folder / "calls"
        self.program = folder / "podman"
        self.program.write_text(f"#!{sys.executable}\n{textwrap.dedent(PODMAN)}", encoding="utf-8")
        self.program.chmod(0o755)

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of every call."""
        lines = self.calls_file.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def engine(tmp_path, monkeypatch) -> Engine:
    """A `podman` that runs commands on this machine; there is no `docker` on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    made = Engine(folder)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("CALLS", str(made.calls_file))
    return made


def python(source: str, **options: object) -> Container:
    """Make a container that runs a line of Python."""
    return Container("python:3", [sys.executable, "-c", source], **options)


def ran(container: Container, **initial: object):
    """Run one container."""
    return run(Workflow("w").stage("s", container), initial=initial)


def test_the_engine_is_called_with_the_words_of_the_command():
    """No shell, a name, removal, and the names of the environment without their values."""
    container = Container(
        "registry/python:3.12",
        ["python", "-c", "print('a b')"],
        env={"MODE": "fast"},
        env_from={"TOKEN": "api.token"},
        volumes={"/data": "/in:ro"},
        options=["--network=none"],
    )

    assert container.arguments("gostage-1", ["--memory=1g"]) == [
        "run",
        "--rm",
        "--name=gostage-1",
        "--env=MODE",
        "--env=TOKEN",
        "--volume=/data:/in:ro",
        "--memory=1g",
        "--network=none",
        "registry/python:3.12",
        "python",
        "-c",
        "print('a b')",
    ]
    assert container.name == "python"


def test_a_relative_folder_is_mounted_from_where_the_run_is(tmp_path, monkeypatch):
    """Engines want whole paths."""
    monkeypatch.chdir(tmp_path)

    assert f"--volume={tmp_path}/data:/in" in Container("x", volumes={"data": "/in"}).arguments("n")


def test_what_the_command_prints_is_what_the_action_returns(engine):
    """As text, under the key it provides."""
    result = ran(python("print('hello')", provides="said"))

    assert result.store["said"] == "hello\n"
    (call,) = engine.calls
    assert call[:2] == ["run", "--rm"]
    assert call[2].startswith("--name=gostage-")


def test_json_is_read(engine):
    """With `output="json"`; what is none fails, and names the image."""
    good = python("print('{\"rows\": [1, 2]}')", output="json", provides="found")
    assert ran(good).store["found"] == {"rows": [1, 2]}

    error = ran(python("print('rows')", output="json")).error
    assert isinstance(error, TypeMismatch)
    assert str(error).startswith("container 'python:3' was to print JSON")


def test_the_environment_comes_from_the_definition_and_the_store(engine):
    """Texts as they are, other values as JSON; the command sees nothing else of ours."""
    source = "import os; print(os.environ['MODE'], os.environ['ROWS'], 'CALLS' in os.environ)"
    container = python(
        source, env={"MODE": "fast"}, env_from={"ROWS": Key("rows", list)}, provides="said"
    )

    assert ran(container, rows=[1, 2]).store["said"] == "fast [1, 2] False\n"
    assert isinstance(ran(container).error, KeyMissing)


def test_a_secret_is_on_no_command_line(engine):
    """Anybody on the machine may list processes with their arguments."""
    container = python("pass", env_from={"TOKEN": "token"})

    assert ran(container, token="hush-hush").ok
    assert "hush" not in str(engine.calls)


def test_output_is_logged_while_it_comes(engine, caplog):
    """Standard error as information; standard output too where nobody keeps it."""
    caplog.set_level(logging.INFO, "gostage")
    source = "import sys; print('out'); print('err', file=sys.stderr)"

    assert ran(python(source)).ok
    assert caplog.messages == ["err"]
    caplog.clear()
    assert ran(python(source, output="none", provides="said")).store["said"] is None
    assert sorted(caplog.messages) == ["err", "out"]


@pytest.mark.parametrize(
    ("source", "code", "text"),
    [
        pytest.param(
            "import sys; sys.exit('no rows')",
            1,
            "container 'python:3' failed, it ended with exit code 1: no rows",
            id="an error",
        ),
        pytest.param(
            "raise SystemExit(137)",
            -9,
            "container 'python:3' failed, it ended with exit code 137: it said nothing",
            id="killed by a signal",
        ),
        pytest.param(
            "raise SystemExit(127)",
            127,
            "container 'python:3' failed, its command was not found: it said nothing",
            id="no such command",
        ),
    ],
)
def test_a_command_that_fails_fails_the_action(engine, source, code, text):
    """The error has the exit code and the last thing it said."""
    error = ran(python(source)).error

    assert isinstance(error, ChildCrashed)
    assert (error.exit_code, str(error)) == (code, text)
    assert (error.where.stage, error.where.action) == ("s", "python")


def test_an_image_that_is_not_there_is_the_engines_error(engine):
    """The text is its own."""
    error = ran(Container("no-such-image")).error

    assert str(error) == "container 'no-such-image' failed, the engine could not start it: no"


def test_a_failing_container_is_tried_again(engine, tmp_path):
    """It is an action like any other; each attempt is a container with a name of its own."""
    mark = tmp_path / "mark"
    source = (
        f"import os; os.path.exists({str(mark)!r}) or exit(open({str(mark)!r}, 'w').close() or 3)"
    )
    container = python(source, retry=Retry(attempts=2))

    assert ran(container).ok
    names = [call[2] for call in engine.calls]
    assert len(names) == len(set(names)) == 2


FOREVER = "import threading; print('up', flush=True); threading.Event().wait()"


@contextmanager
def when_it_is_up(do: Callable[[], object]) -> Iterator[None]:
    """Do something as soon as the command says, through the log, that it has begun."""

    class Watcher(logging.Handler):
        def emit(self, record):
            if record.getMessage() == "up":
                do()

    log, watcher = logging.getLogger("gostage"), Watcher()
    level = log.level
    log.addHandler(watcher)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.setLevel(level)
        log.removeHandler(watcher)


@pytest.mark.parametrize("with_arun", [False, True], ids=["run", "arun"])
def test_a_container_is_removed_when_its_time_is_up(engine, with_arun):
    """The engine's command is ended, and the engine is told to remove the container."""
    clock = FakeClock()
    flow = Workflow("w").stage("s", python(FOREVER, timeout=60, output="none"))
    runner = Runner(clock=clock)
    with when_it_is_up(lambda: clock.pass_by(61)):
        result = asyncio.run(runner.arun(flow)) if with_arun else runner.run(flow)

    assert isinstance(result.error, TimedOut)
    start, remove = engine.calls
    assert remove == ["rm", "--force", start[2].removeprefix("--name=")]


def test_a_container_is_removed_when_the_run_is_cancelled(engine):
    """Nothing of it is left."""
    with Runner() as runner:
        flow = Workflow("w").stage("s", python(FOREVER, output="none"))
        cancelled = []
        with when_it_is_up(lambda: cancelled.append(runner.cancel("r"))):
            assert runner.run(flow, run_id="r").status == "cancelled"

    assert cancelled == [True]
    assert engine.calls[-1][:2] == ["rm", "--force"]


def test_a_machine_without_an_engine_is_said(tmp_path, monkeypatch):
    """The error names what was looked for and what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    error = ran(Container("x")).error

    assert isinstance(error, PluginError)
    assert str(error) == "there is no container engine: 'docker' and 'podman' cannot be found"
    assert error.hint.startswith("install docker or podman")


def test_the_plugin_gives_all_containers_their_engine_and_options(engine, tmp_path, monkeypatch):
    """A path to the engine, and options that stand before the container's own."""
    monkeypatch.setenv("PATH", os.defpath)
    config = {"container": {"engine": str(engine.program), "options": ["--network=none"]}}
    with Runner(plugins=["gostage_plugins.container"], config=config) as runner:
        flow = Workflow("w").stage("s", python("pass", options=["--memory=1g"]))
        assert runner.run(flow).ok

    (call,) = engine.calls
    assert call[3:5] == ["--network=none", "--memory=1g"]


def test_an_engine_of_the_settings_that_is_not_there_is_refused():
    """Before anything runs."""
    config = {"container": {"engine": "no-such-engine"}}
    with pytest.raises(ConfigError, match="no container engine 'no-such-engine'"):
        Runner(plugins=["gostage_plugins.container"], config=config)


@pytest.mark.parametrize(
    ("given", "options", "complaint"),
    [
        pytest.param([""], {}, "needs the name of an image", id="no image"),
        pytest.param(["x", "echo hello"], {}, "is a list of words", id="a text"),
        pytest.param(["x"], {"output": "yaml"}, "output= is", id="no such output"),
    ],
)
def test_a_container_that_cannot_work_is_refused(given, options, complaint):
    """Where it is made, with a hint."""
    with pytest.raises(DefinitionError, match=complaint) as caught:
        Container(*given, **options)
    assert caught.value.hint


def test_options_make_another_container(engine):
    """As of any action, and the first is as it was."""
    one = python("print(1)", provides="a")
    flow = Workflow("w").stage("s", one, one.options(name="other", provides="b"))

    assert dict(run(flow).store) == {"a": "1\n", "b": "1\n"}
    assert (one.name, one.provides) == ("python", "a")


def real_engine() -> str | None:
    """A container engine that runs here, if there is one."""
    for name in ("docker", "podman"):
        found = shutil.which(name)
        if found is None:
            continue
        told = subprocess.run([found, "info"], capture_output=True, check=False)
        if told.returncode == 0:
            return found
    return None


@pytest.mark.slow
def test_a_real_container_runs_a_command():
    """With docker or podman, where one of them works and can get the image."""
    found = real_engine()
    if found is None:
        pytest.skip("neither docker nor podman works here")
    container = Container("busybox:latest", ["echo", "hello"], engine=found, provides="said")

    assert ran(container).store["said"] == "hello\n"
