"""Completing: what the Tab key offers where a value is expected; it imports nothing of a project.

click offers commands and options by itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import click
    from click.shell_completion import CompletionItem

_CARD: Final = r"^stage\b[^=\n]*=\s*Stage\(\s*[\"']([^\"'\n]+)"
"""The id in a line such as `stage = Stage("extract", tags=["io"])`."""


def targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell: a target is a file or a folder."""
    from click.shell_completion import CompletionItem  # 2 ms: only a shell asks for it

    return [CompletionItem(incomplete, type="file")]


def stages(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the stages of the folder that is the target, as far as their files show them."""
    from pathlib import Path  # 3 ms, as above

    typed = [each for each in (ctx.params.get("target"), *ctx.args) if each]
    return _beginning(incomplete, _stages_in(Path(typed[0] if typed else ".")))


def plugins(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the installed plugins."""
    from gostage._plugins.source import known_names  # 4 ms, as above

    return _beginning(incomplete, known_names())


def hooks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the hooks of gostage; those that plugins add are known to them alone."""
    from gostage import hookspecs  # 5 ms for pluggy, as above

    return _beginning(incomplete, filter(_is_hook, hookspecs.__all__))


def settings(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the settings of gostage."""
    from gostage._app.settings import SETTINGS  # 4 ms, as above

    return _beginning(incomplete, (setting.name for setting in SETTINGS))


def _beginning(start: str, names: Iterable[str]) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem  # as above

    return [CompletionItem(name) for name in names if name.startswith(start)]


def _is_hook(name: str) -> bool:
    return name.startswith("gostage_")


def _stages_in(folder: Path) -> Iterator[str]:
    for file in sorted(folder.glob("stage_*.py")):
        try:
            card = re.search(_CARD, file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        except (OSError, ValueError):
            continue
        yield file.stem if card is None else card[1]
