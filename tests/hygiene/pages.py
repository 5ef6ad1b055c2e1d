"""Documentation as tests, a pytest plugin: every runnable block of a Markdown page is a test.

A page is a story: its blocks run in order, in one namespace and one temporary folder, and a block
that is selected alone first runs the ones before it. What a block may look like:

* ```` ```python ```` is run; ```` ```python no-run ```` is not;
* ```` ```toml title="pyproject.toml" ```` (any language) is written into the page's folder;
* ```` ```console ```` runs its `$ gostage …` lines and compares what follows each with its output,
  if anything follows; `…` stands for anything, `exit=1` after `console` for the expected exit code.
"""

from __future__ import annotations

import importlib
import os
import re
import shlex
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

import pytest

from tests.hygiene.leaks import watched
from tests.hygiene.wildcards import explain, matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _pytest._code.code import TerminalRepr, TracebackStyle

COMMAND: Final = "gostage"
_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>.*)$")
_TITLE = re.compile(r'title="([^"]+)"')
_EXIT = re.compile(r"\bexit=(\d+)")


class PageError(Exception):
    """A block of a page does not do what the page says."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its info string, its text and the line where the text begins."""

    info: str
    text: str
    line: int

    @property
    def language(self) -> str:
        """The first word of the info string."""
        return self.info.split(maxsplit=1)[0] if self.info else ""

    @property
    def title(self) -> str | None:
        """The file name that the block shows, if it shows a file."""
        found = _TITLE.search(self.info)
        return found[1] if found else None

    @property
    def exit_code(self) -> int:
        """The exit code that the block's commands are expected to have."""
        found = _EXIT.search(self.info)
        return int(found[1]) if found else 0

    @property
    def is_runnable(self) -> bool:
        """Whether the block is a test."""
        if "no-run" in self.info.split():
            return False
        if self.language == "console":
            return any(line.startswith(f"$ {COMMAND} ") for line in self.text.splitlines())
        return self.title is not None or self.language == "python"


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a console block and the output the page shows for it."""

    words: tuple[str, ...]
    output: str


def blocks(text: str) -> list[Block]:
    """Read the fenced blocks of a Markdown page."""
    found: list[Block] = []
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, line in lines:
        opening = _FENCE.match(line)
        if opening:
            body = _body(lines, opening["fence"], len(opening["indent"]))
            found.append(Block(opening["info"].strip(), body, number + 1))
    return found


def _body(lines: Iterator[tuple[int, str]], fence: str, indent: int) -> str:
    body: list[str] = []
    for _, line in lines:
        if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            break
        body.append(line[indent:] if not line[:indent].strip() else line)
    return "".join(f"{line}\n" for line in body)


def commands(block: Block) -> list[Command]:
    """Read the commands of a console block; one that is not gostage's cannot be run here."""
    found: list[Command] = []
    for chunk in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        first, _, output = chunk.partition("\n")
        words = tuple(shlex.split(first, comments=True))
        if words[:1] != (COMMAND,):
            msg = f"{first!r} stands in a block that is run, but is not a {COMMAND} command"
            raise PageError(msg)
        found.append(Command(words[1:], output))
    return found


class Story:
    """A page while it is being run: its namespace, its folder and how far it has come."""

    def __init__(self, page: Path, runnable: list[Block], folder: Callable[[], Path]) -> None:
        self._page = page
        self._runnable = runnable
        self._make_folder = folder
        self._folder: Path | None = None
        self._done = 0
        self._failed: Block | None = None
        self._modules: frozenset[str] = frozenset()
        self._hidden: dict[str, ModuleType] = {}
        # A module that can be found: classes of a page are looked up by it, as anybody's are.
        self._module = ModuleType(f"page_{re.sub(r'[^a-z0-9]', '_', page.stem.lower())}")

    def run_to(self, index: int) -> None:
        """Run the page up to and with the block of that index, each block once."""
        for block in self._runnable[self._done : index + 1]:
            if self._failed is not None:
                msg = f"the block at line {self._failed.line} failed, so this one was not run"
                raise PageError(msg)
            self._failed = block  # until it is known to be good
            self._run(block)
            self._failed = None
            self._done += 1

    def close(self) -> None:
        """Forget the modules that the page brought with it."""
        if self._folder is not None:
            sys.modules.pop(self._module.__name__, None)
            self._forget(lambda name: name not in self._modules)
            sys.modules.update(self._hidden)

    def _run(self, block: Block) -> None:
        folder = self._opened()
        with _inside(folder):
            if block.title is not None:
                self._write(block, folder / block.title)
            elif block.language == "console":
                for command in commands(block):
                    run_command(command, folder, block.exit_code)
            else:
                self._execute(block)

    def _opened(self) -> Path:
        if self._folder is None:
            self._folder = self._make_folder()
            self._modules = frozenset(sys.modules)
            sys.modules[self._module.__name__] = self._module
        return self._folder

    def _write(self, block: Block, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        # A page may show a file again after a change: what was imported from it is out of date.
        self._forget(lambda name: name.rpartition(".")[2] == path.stem)
        if path.suffix == ".py" and path.stem in sys.modules:  # somebody else's of this name
            self._hidden[path.stem] = sys.modules.pop(path.stem)
        importlib.invalidate_caches()

    def _execute(self, block: Block) -> None:
        # The empty lines give tracebacks the line numbers of the page.
        source = "\n" * (block.line - 1) + block.text
        code = compile(source, str(self._page), "exec", dont_inherit=True)
        exec(code, self._module.__dict__)

    def _forget(self, is_meant: Callable[[str], bool]) -> None:
        root = str(self._folder)
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None) or ""
            if is_meant(name) and file.startswith(root):
                del sys.modules[name]


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Stand in the folder, import from it, and leave no bytecode that could be out of date."""
    was, path, bytecode = Path.cwd(), list(sys.path), sys.dont_write_bytecode
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        os.chdir(was)
        sys.path[:] = path
        sys.dont_write_bytecode = bytecode


def run_command(command: Command, folder: Path, exit_code: int = 0) -> None:
    """Run one command as a user would, and compare its exit code and output with the page's."""
    done = subprocess.run(
        [sys.executable, "-m", COMMAND, *command.words],
        cwd=folder,
        env=plain_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    line = shlex.join([COMMAND, *command.words])
    if done.returncode != exit_code:
        msg = f"{line!r} ended with {done.returncode} instead of {exit_code}:\n{done.stdout}"
        raise PageError(msg)
    if command.output.strip() and not matches(command.output, done.stdout):
        raise PageError(f"{line!r}: {explain(command.output, done.stdout)}")


def plain_environment() -> dict[str, str]:
    """Make the environment of a subprocess: no colours, this checkout, nothing of the test run."""
    root = str(Path(__file__).resolve().parents[2])
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GOSTAGE_", "PYTEST_", "COV_")) and name != "FORCE_COLOR"
    }
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    return kept | {
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": path,
    }


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect every Markdown page that pytest meets."""
    return Page.from_parent(parent, path=file_path) if file_path.suffix == ".md" else None


class Page(pytest.File):
    """A Markdown page with its runnable blocks."""

    story: Story

    def collect(self) -> Iterable[pytest.Item]:
        """Make one test of every runnable block."""
        found = blocks(self.path.read_text(encoding="utf-8"))
        runnable = [block for block in found if block.is_runnable]
        self.story = Story(self.path, runnable, self._new_folder)
        for index, block in enumerate(runnable):
            yield BlockItem.from_parent(self, name=f"line-{block.line}", block=block, index=index)

    def teardown(self) -> None:
        """Close the page after its last block."""
        self.story.close()

    def _new_folder(self) -> Path:
        factory: pytest.TempPathFactory = self.config._tmp_path_factory  # type: ignore[attr-defined]
        return factory.mktemp(self.path.stem)


class BlockItem(pytest.Item):
    """One block of a page as a test."""

    parent: Page

    def __init__(self, *, block: Block, index: int, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]  # what pytest hands to every node
        self._block = block
        self._index = index

    def runtest(self) -> None:
        """Run the page up to this block."""
        with watched():
            self.parent.story.run_to(self._index)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: TracebackStyle | None = None
    ) -> str | TerminalRepr:
        """Show what a page got wrong without the machinery around it."""
        if isinstance(excinfo.value, PageError):
            return str(excinfo.value)
        own = excinfo.traceback.filter(lambda entry: entry.path == self.path)
        if own:
            excinfo.traceback = own
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the page and the line of the block."""
        return self.path, self._block.line - 1, f"{self.path.name}, line {self._block.line}"
