"""The plugin: its hooks, and the resource that it brings."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gostage import Action, Context, Stage, action, hookimpl, resource
from gostage.errors import CollectionError, Where
from gostage_commands.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import click
    from rich.console import Console

    from gostage import Result
    from gostage_commands.settings import Settings

TAG = "command"


@action(tags=[TAG])
def run_command(ctx: Context, shell: Shell, words: list[str]) -> str:
    """Run one command; what it prints goes to the log."""
    printed = shell.run(words)
    for line in printed.splitlines():
        ctx.log.info("%s", line)
    return printed


class Commands:
    """The plugin of one project. Its public attributes are looked through for resources."""

    def __init__(self, root: Path, settings: Settings) -> None:
        self._root = root
        self._settings = settings
        self._stages: set[str] = set()
        self.shell = resource(name="shell")(self._shell)

    def _shell(self) -> Shell:
        """Give actions that ask for `shell` something to run commands with."""
        return Shell(self._root, self._settings.timeout)

    # ---------------------------------------------------------------- discovery

    @hookimpl
    def gostage_collect_file(self, path: Path) -> Stage | None:
        """Make a stage of a file `stage_*.commands`: an action of each line."""
        if not path.match("stage_*.commands"):
            return None
        self._stages.add(path.stem)
        actions = [
            run_command.bind(words=words).options(name=Path(words[0]).stem, description=line)
            for line, words in _commands(path)
        ]
        return Stage(path.stem, *actions)

    # ---------------------------------------------------------------- around an action

    @hookimpl(wrapper=True)
    def gostage_action(
        self,
        ctx: Context,
        action: Action[..., Any],  # Any: whatever it takes and returns
    ) -> Generator[None, Any, Any]:
        """Show each command before it runs; a dry run leaves it at that."""
        if not action.has_tag(TAG):
            return (yield)
        ctx.log.info("$ %s", action.description)
        if self._settings.dry:
            return None  # without a yield, so what is inside is skipped
        return (yield)

    # ---------------------------------------------------------------- at the terminal

    @hookimpl
    def gostage_report_header(self) -> str:
        """Say in which way commands are run."""
        how = "dry run" if self._settings.dry else f"at most {self._settings.timeout:g} s each"
        return f"commands: {how}"

    @hookimpl
    def gostage_summary(self, result: Result, console: Console) -> None:
        """Say how many commands came to their end."""
        done = [
            step.path
            for step in result.steps
            if step.path.rpartition("/")[0] in self._stages and step.status == "completed"
        ]
        if done:
            console.print(f"commands: {len(done)} done", highlight=False)

    @hookimpl
    def gostage_cli(self, group: click.Group) -> None:
        """Add `gostage commands`."""

        @group.command("commands", short_help="List the commands of the project's stages.")
        def commands() -> None:
            """List the commands of the project's stages, file by file, and run none."""
            for path in sorted(self._root.glob("stage_*.commands")):
                print(path.name)
                for line, _ in _commands(path):
                    print(f"  {line}")


def _commands(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Read the lines of a file and the words of each; empty lines and comments are left out."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            raise CollectionError(
                f"{line!r} is no command: {str(error).lower()}",
                hint="words are told apart as a POSIX shell does; close the quotation",
                where=Where(file=str(path), line=number),
            ) from error
        if words:
            yield shlex.join(words), words
