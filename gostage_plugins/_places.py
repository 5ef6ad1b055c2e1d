"""Places: what a middleware is around, in the words of a log line; it looks and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gostage import Context, Stage
    from gostage.hookspecs import Run


def place_of(run: Run, stage: Stage | None = None, ctx: Context | None = None) -> str:
    """Name the narrowest of what is known: the action, else the stage, else the run."""
    if ctx is not None:
        return f"action {ctx.path!r}" + ("" if ctx.item_index is None else f"[{ctx.item_index}]")
    return f"run {run.id!r}" if stage is None else f"stage {stage.id!r}"


def told(error: BaseException) -> str:
    """An error in one line: its class and what it says."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
