"""The root command: it knows every command by name and imports one when it is called."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

import click

from gostage._cli.commands import COMMANDS
from gostage._cli.common import Common, common_options
from gostage._cli.complaints import complain
from gostage._cli.exits import ExitCode, code_of_error
from gostage._cli.screen import let_go
from gostage.errors import GostageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from click.shell_completion import CompletionItem


EXIT_CODES: Final = (
    "Exit codes: 0 completed, 1 failed, 2 interrupted or cancelled, 3 internal error, 4 usage, "
    "5 nothing to run, 6 waiting or sleeping, 7 blocked, 8 bailed. "
    "Plugins may add commands: `gostage plugins` lists them."
)


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order the help shows them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return _command_of_plugin(ctx, cmd_name)
        command: click.Command = import_module(entry.module).command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command without importing it."""
        from click.shell_completion import CompletionItem  # 2 ms: only completion needs it

        names = [name for name in COMMANDS if name.startswith(incomplete)]
        found = [CompletionItem(name, help=COMMANDS[name].summary) for name in names]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; an unknown one gets the closest names."""
        name = args[0]
        is_known = name in COMMANDS or name.startswith("-") or ctx.resilient_parsing
        if not is_known and _command_of_plugin(ctx, name) is None:
            known = [*COMMANDS, *_commands_of_plugins(ctx)]
            raise UnknownName(f"no such command {name!r}", name, known, ctx)
        return super().resolve_command(ctx, args)


def _command_of_plugin(ctx: click.Context, name: str) -> click.Command | None:
    if ctx.resilient_parsing:  # a completion runs no plugin
        return None
    found = _commands_of_plugins(ctx).get(name)
    if found is not None:
        ctx.ensure_object(Common).foreign = name
    return found


def _commands_of_plugins(ctx: click.Context) -> dict[str, click.Command]:
    """What plugins add; they are imported for that, so only when no command of ours is meant."""
    key = f"{__name__}.commands"
    if key not in ctx.meta:
        from gostage._cli.project import commands_of, open_project  # 20 ms: see above

        project = ctx.with_resource(open_project(ctx.ensure_object(Common)))
        ctx.meta[key] = commands_of(project.plugins)
    found: dict[str, click.Command] = ctx.meta[key]
    return found


class UnknownName(click.UsageError):
    """A name that is none; it knows the names that there are."""

    def __init__(self, message: str, name: str, known: Iterable[str], ctx: click.Context) -> None:
        super().__init__(message, ctx)
        self.hint = did_you_mean(name, known)


def _show_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version  # 26 ms: only this needs it

    try:
        number = version("gostage")
    except PackageNotFoundError:
        number = "(not installed)"
    click.echo(f"gostage {number}")
    ctx.exit()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXIT_CODES,
)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@common_options
@click.pass_context
def root(ctx: click.Context) -> None:
    """Run workflows: actions in stages, steps in a flow."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def invoke(args: Sequence[str] | None) -> int:
    """Run the command line; every way it can end has its exit code."""
    common = Common()
    try:
        code = root.main(args, prog_name="gostage", standalone_mode=False, obj=common)
        _flush()
    except click.ClickException as error:
        return _refuse(error)
    except click.Abort:  # what click makes of Ctrl-C
        complain("interrupted")
        return ExitCode.INTERRUPTED
    except GostageError as error:
        complain(str(error), error.hint, str(error.where), _notes(error))
        _show_traceback(error.__cause__, common)
        return code_of_error(error)
    except OSError as error:
        return _give_up(error, common)
    except Exception as error:  # noqa: BLE001  # the last one who can say that it is our bug
        return _confess(error, common)
    return code if isinstance(code, int) else ExitCode.COMPLETED


def _refuse(error: click.ClickException) -> int:
    """Say what is wrong with how a command was called, or, of a plugin's, what it says itself."""
    if isinstance(error, click.UsageError):
        complain(_message(error), _hint(error))
        return ExitCode.USAGE
    complain(error.format_message())
    return error.exit_code


def _notes(error: GostageError) -> list[str]:
    """What was said of an error on its way, such as which plugin it comes from."""
    notes: list[str] = getattr(error, "__notes__", [])
    return [note for note in notes if not note.startswith("hint: ")]


def _flush() -> None:
    """Write what is still to be written; a reader that has gone away is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        let_go(sys.stdout)


def _give_up(error: OSError, common: Common) -> int:
    """Say that the machine would not do something: the disk is full, a file is not ours."""
    what = "the output" if error.filename is None else repr(str(error.filename))
    complain(
        f"cannot read or write {what}: {error.strerror or error}",
        "is there room, and may you? `-v` shows where it happened",
    )
    _show_traceback(error, common)
    let_go(sys.stdout)
    return ExitCode.FAILED


def _message(error: click.UsageError) -> str:
    if isinstance(error, click.NoSuchOption):  # its own text has suggestions, as the hint does
        return f"no such option {error.option_name!r}"
    text = error.format_message().rstrip(".")
    return text[:1].lower() + text[1:]


def _hint(error: click.UsageError) -> str:
    known = getattr(error, "hint", "")
    if known:
        return str(known)
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        options = [word for each in error.ctx.command.params for word in each.opts]
        close = did_you_mean(error.option_name, options)
        if close:
            return close
    path = "gostage" if error.ctx is None else error.ctx.command_path
    return f"`{path} --help` shows what it takes"


def _confess(error: Exception, common: Common) -> int:
    if common.foreign:
        complain(
            f"command {common.foreign!r}, which a plugin adds, failed: "
            f"{type(error).__name__}: {error}",
            "`-v` shows the whole traceback, and `gostage hooks gostage_cli` who adds commands",
        )
        _show_traceback(error, common)
        return ExitCode.FAILED
    from gostage._author.loading import hiding  # 2 ms: only what should not happen needs it

    hidden = hiding()
    if hidden is not None:
        name, file = hidden
        complain(f"{file!r} hides the module {name!r} of Python", "give the file another name")
        _show_traceback(error, common)
        return ExitCode.USAGE
    complain(
        f"internal error: {type(error).__name__}: {error}",
        "this is a bug in gostage; please report it with what `-v` shows",
    )
    _show_traceback(error, common)
    return ExitCode.INTERNAL


def _show_traceback(error: BaseException | None, common: Common) -> None:
    if error is None or not common.is_verbose:
        return
    import traceback  # 3 ms: only for whom wants to see it

    traceback.print_exception(error, file=sys.stderr)
