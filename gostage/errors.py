"""Every error gostage raises: what happened, what to do next, and where.

GostageError
├── DefinitionError                a workflow, stage, action or flow that cannot be built
│   ├── DuplicateName              two siblings of one name
│   └── NotImportable              code that another process could not find again
├── StoreError
│   ├── KeyMissing (KeyError)      no such key
│   ├── KeyExpired (KeyMissing)    the key was there until its time to live ran out
│   ├── TypeMismatch (TypeError)   a value of another type
│   ├── MergeConflict              both stores hold the key
│   ├── UpdateError                a dotted path that does not fit the value
│   ├── NotStorable                a value that cannot leave the process
│   └── ConcurrentWrite            two branches wrote one key
├── RunFailed                      what `result.raise_for_error()` raises
├── MissingInput                   a parameter nothing provides
├── TimedOut (TimeoutError)
│   └── WaitTimeout                a `wait_for` or `receive` that took too long
├── TooManyPasses                  a loop beyond its `max_passes`
├── ItemsFailed                    a `for_each` that went on past failing items
├── NotFound (LookupError)         no such run, stage, action, hook or command key
├── UnknownState                   a state that does not fit the flow
├── RunOwned                       another live process has the run
├── RunBlocked                     the plan changed under a stored run
├── ChildError                     an error of a child process
│   └── ChildCrashed               a child that died
├── MessageError                   a handler failed on a child's message
├── PluginError, ConfigError, CollectionError, DatabaseError

`Interrupt` and its kinds stand apart: they derive from BaseException, so that `except Exception`
in an action or a middleware cannot eat them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "Bailed",
    "Cancelled",
    "ChildCrashed",
    "ChildError",
    "CollectionError",
    "ConcurrentWrite",
    "ConfigError",
    "DatabaseError",
    "DefinitionError",
    "DuplicateName",
    "GostageError",
    "Interrupt",
    "ItemFailure",
    "ItemsFailed",
    "KeyExpired",
    "KeyMissing",
    "MergeConflict",
    "MessageError",
    "MissingInput",
    "NotFound",
    "NotImportable",
    "NotStorable",
    "PluginError",
    "RunBlocked",
    "RunFailed",
    "RunOwned",
    "StoreError",
    "Suspended",
    "TimedOut",
    "TooManyPasses",
    "TypeMismatch",
    "UnknownState",
    "UpdateError",
    "WaitTimeout",
    "Where",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The place an error belongs to; what is not known is `None`."""

    run: str | None = None
    stage: str | None = None
    action: str | None = None
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        """The known parts in one line: `stage 'load', action 'read' (jobs.py:12)`."""
        parts = [
            f"{word} {value!r}"
            for word, value in (("run", self.run), ("stage", self.stage), ("action", self.action))
            if value is not None
        ]
        text = ", ".join(parts)
        if self.file is None:
            return text
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{text} ({place})" if text else place


NOWHERE = Where()


class GostageError(Exception):
    """The root of every error gostage raises on purpose."""

    default_hint: ClassVar[str] = ""
    # What an error has that was made without `__init__`, from data that says no more.
    message: str = ""
    hint: str = ""
    where: Where = NOWHERE

    def __init__(self, message: str = "", *, hint: str = "", where: Where = NOWHERE) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint
        self.where = where
        if self.hint:
            self._note(f"hint: {self.hint}")

    def __str__(self) -> str:
        """The message alone; the hint travels as a note, so tracebacks show it."""
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:  # Any: what the pickle protocol says
        """Rebuild without calling `__init__`, whatever arguments a subclass takes."""
        return _rebuild, (type(self), self.args, dict(self.__dict__))

    def _note(self, text: str) -> None:
        # add_note() exists from Python 3.11 on; the attribute works everywhere.
        notes = self.__dict__.setdefault("__notes__", [])
        notes.append(text)


def _rebuild(
    cls: type[GostageError], args: tuple[object, ...], state: Mapping[str, Any]
) -> GostageError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def did_you_mean(name: str, known: Iterable[str], *, limit: int = 3) -> str:
    """Make the sentence that names the closest of what is known, or nothing if none is close."""
    import difflib  # 1 ms, and only mistakes need it

    close = difflib.get_close_matches(name, sorted(set(known)), n=limit, cutoff=0.6)
    if not close:
        return ""
    return "did you mean " + " or ".join(repr(each) for each in close) + "?"


class DefinitionError(GostageError):
    """A definition that cannot work; raised when it is built, not when it runs."""


class DuplicateName(DefinitionError):
    """Two siblings of one name."""

    default_hint = "rename one of them; names are how a run finds its place again"


class NotImportable(DefinitionError):
    """Code that must be found again in another process and cannot be."""

    default_hint = "define it at the top level of a module, so that it can be found again by name"


class StoreError(GostageError):
    """Something about the store."""


class KeyMissing(StoreError, KeyError):
    """No such key."""


class KeyExpired(KeyMissing):
    """The key was there until its time to live ran out."""


class TypeMismatch(StoreError, TypeError):
    """A value of another type than asked for."""


class MergeConflict(StoreError):
    """Both stores hold the key; `keys` names them all."""

    def __init__(
        self, message: str, *, keys: Iterable[str] = (), hint: str = "", where: Where = NOWHERE
    ) -> None:
        super().__init__(message, hint=hint, where=where)
        self.keys = list(keys)


class UpdateError(StoreError):
    """A dotted path that does not fit the stored value; nothing was changed."""


class NotStorable(StoreError):
    """A value that cannot leave the process."""


class ConcurrentWrite(StoreError):
    """Two branches that run side by side wrote the same key."""

    default_hint = (
        "write different keys, or give the key a merge: Key(name, type, merge=operator.add)"
    )


class RunFailed(GostageError):
    """A run that failed; its cause is the original exception."""


class MissingInput(GostageError):
    """A parameter that no resource, store key or default provides."""


class TimedOut(GostageError, TimeoutError):
    """Something took longer than its timeout."""


class WaitTimeout(TimedOut):
    """A `wait_for` or `receive` that took too long."""


class TooManyPasses(GostageError):
    """A loop that went beyond its `max_passes`."""


@dataclass(frozen=True, slots=True)
class ItemFailure:
    """One failed item of a `for_each`."""

    index: int
    item: object
    error: BaseException


class ItemsFailed(GostageError):
    """A `for_each(on_error="continue")` with failing items; `failures` has one entry for each."""

    def __init__(
        self,
        message: str,
        *,
        failures: Iterable[ItemFailure] = (),
        hint: str = "",
        where: Where = NOWHERE,
    ) -> None:
        super().__init__(message, hint=hint, where=where)
        self.failures = list(failures)


class NotFound(GostageError, LookupError):
    """No such run, stage, action, hook or key of a command."""


class UnknownState(GostageError):
    """A state that does not fit the flow."""

    default_hint = "start over with state None, or apply the flow that made this state"


class RunOwned(GostageError):
    """Another live process has the run."""


class RunBlocked(GostageError):
    """The plan changed under a stored run."""


class ChildError(GostageError):
    """An error of a child process; of one whose class is not known here it has the name.

    `type_name` is that name, and `child_traceback` the traceback of the child as text; what is not
    known is empty.
    """

    type_name: str = ""
    child_traceback: str = ""

    def __init__(
        self,
        message: str = "",
        *,
        type_name: str = "",
        child_traceback: str = "",
        hint: str = "",
        where: Where = NOWHERE,
    ) -> None:
        super().__init__(message, hint=hint, where=where)
        self.type_name = type_name
        self.child_traceback = child_traceback


class ChildCrashed(ChildError):
    """A child that died; `exit_code` is negative for a signal, as in `subprocess`."""

    exit_code: int | None = None

    def __init__(
        self,
        message: str = "",
        *,
        exit_code: int | None = None,
        child_traceback: str = "",
        hint: str = "",
        where: Where = NOWHERE,
    ) -> None:
        super().__init__(message, child_traceback=child_traceback, hint=hint, where=where)
        self.exit_code = exit_code

    @property
    def signal(self) -> int | None:
        """The signal that ended it, if one did."""
        return -self.exit_code if self.exit_code is not None and self.exit_code < 0 else None


class MessageError(GostageError):
    """A handler failed on a child's message; its error is the cause."""


class PluginError(GostageError):
    """A plugin that cannot be loaded, or a hook that failed."""


class ConfigError(GostageError):
    """A configuration that makes no sense."""


class CollectionError(GostageError):
    """A target that cannot be imported, or holds nothing to run."""


class DatabaseError(GostageError):
    """A database that cannot be used."""


class Interrupt(BaseException):
    """The run is asked to stop here; not an error, and not for `except Exception`."""


class Suspended(Interrupt):
    """`ctx.suspend(reason, **data)`: stop the run here until it is resumed."""

    def __init__(self, reason: str, data: Mapping[str, object] | None = None) -> None:
        super().__init__(reason, data)
        self.reason = reason
        self.data = dict(data or {})


class Bailed(Interrupt):
    """`ctx.bail(reason)`: end the run early on purpose."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class Cancelled(Interrupt):
    """The run, or the branch, was cancelled."""
