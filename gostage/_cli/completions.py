"""`gostage completions`: print the script that completes commands; it installs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from gostage._cli.common import common_options
from gostage.errors import NotFound, did_you_mean

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SHELLS: Final = ("bash", "zsh", "fish")
_NAME: Final = "gostage"
_VARIABLE: Final = "_GOSTAGE_COMPLETE"  # what click looks for in the environment of `gostage`


def _shells(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem  # 2 ms: only completion needs it

    return [CompletionItem(shell) for shell in SHELLS if shell.startswith(incomplete)]


@click.command("completions", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("shell", metavar="bash|zsh|fish", shell_complete=_shells)
@common_options
def command(*, shell: str) -> int:
    """Print a script that completes commands.

    With it, the Tab key completes what begins with `gostage`: commands, options, stages, files. Let
    the shell load it when it starts:

    \b
      bash   echo 'source <(gostage completions bash)' >> ~/.bashrc
      zsh    echo 'source <(gostage completions zsh)' >> ~/.zshrc
      fish   gostage completions fish > ~/.config/fish/completions/gostage.fish

    In ~/.zshrc it stands below the line with compinit. bash has to be 4.4 or newer.
    """  # noqa: D301  # \b is how click is told to leave lines as they are
    click.echo(script(shell), nl=False)
    return 0


def script(shell: str) -> str:
    """The script for a shell; it calls `gostage` for what it completes, so it needs no update."""
    from click.shell_completion import ShellComplete, get_completion_class  # 2 ms: as above

    made_for = get_completion_class(shell) if shell in SHELLS else None
    if made_for is None:
        known = ", ".join(map(repr, SHELLS))
        raise NotFound(
            f"there are no completions for {shell!r}",
            hint=did_you_mean(shell, SHELLS) or f"the shells it knows are {known}",
        )
    # That of the class for bash would start a bash to learn its version.
    return ShellComplete.source(made_for(click.Command(_NAME), {}, _NAME, _VARIABLE))
