"""Endings: what is said of a child that ended without a word, or that came to its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gostage._plugins.notes import add_note
from gostage.errors import ChildCrashed, Interrupt, Where

if TYPE_CHECKING:
    from gostage._author.isolate import Limits

_LIBRARY: Final = "a library that is not Python did that; faulthandler.enable() shows where"
_HINTS: Final = {
    "SIGKILL": "nobody here did that: did the system run out of memory? "
    "With Limits(memory=…) it is a MemoryError instead",
    "SIGALRM": "a call in it held on beyond its timeout=, and not even Python could stop it; "
    "with isolate=True of its own it is a TimedOut",
    "SIGXCPU": "it used the seconds of its Limits(cpu=…); give it more, or less to do",
    "SIGABRT": _LIBRARY,
    "SIGBUS": _LIBRARY,
    "SIGFPE": _LIBRARY,
    "SIGILL": _LIBRARY,
    "SIGSEGV": _LIBRARY,
}
TERMINATED: Final = 15
"""The signal that asks a process to end."""
NOT_KNOWN: Final = 255
"""The exit code of a child when whoever could have told it is gone."""
_UNKNOWN: Final = "255 also stands for a child of which nobody can tell how it ended"
_EXIT: Final = "a step ends by returning or raising; sys.exit() and os._exit() end its child"
_ANY: Final = "what it printed last is with the step; retry= starts another child"


def crashed(
    label: str, exit_code: int | None, run_id: str, limits: Limits | None, *, is_up: bool = True
) -> ChildCrashed:
    """Say how a child ended that did not say so itself; `is_up` says that it had begun to work."""
    how, hint = _how(exit_code, limits)
    return ChildCrashed(
        f"the child of {label} {how}{'' if is_up else ' while it started'}",
        hint=hint if is_up else "what it printed says why",
        where=Where(run=run_id),
        exit_code=exit_code,
    )


def _how(exit_code: int | None, limits: Limits | None) -> tuple[str, str]:
    if exit_code is None:
        return "closed its connection and lives on", _ANY
    if exit_code == NOT_KNOWN:
        return f"ended with exit code {exit_code}", _UNKNOWN
    if exit_code >= 0:
        return f"ended with exit code {exit_code}", _EXIT
    name = _signal_name(-exit_code)
    how = f"was killed by signal {-exit_code}{f' ({name})' if name else ''}"
    hint = _HINTS.get(name, _ANY)
    if hint is _LIBRARY and limits is not None and limits.memory is not None:
        hint = f"it may have needed more memory than it may have: {limits!r}"
    if name == "SIGXCPU" and limits is not None and limits.cpu is not None:
        how = f"used up its limit of {limits.cpu:g} s of CPU and {how}"
    return how, hint


# Any: an `Isolate`, or what stands for one.
def explain(error: BaseException, isolate: Any) -> None:  # noqa: ANN401
    """Say of an error what its child can not have known: that it has limits."""
    limits: Limits | None = getattr(isolate, "limits", None)
    if isinstance(error, MemoryError) and limits is not None and limits.memory is not None:
        add_note(error, f"hint: its child has {limits!r}; give it more, or less to hold at once")


def _signal_name(number: int) -> str:
    import signal  # 3 ms, and few children are killed

    try:
        return signal.Signals(number).name
    except ValueError:
        return ""


def is_of_process(error: BaseException) -> bool:
    """Whether it ends a process or a run, and no child is believed to have raised it."""
    return isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit, Interrupt))
