"""Limits of a child, kept by the system; they protect from accidents, not from an enemy."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def confine(
    *, memory: int | None = None, cpu: float | None = None, files: int | None = None
) -> None:
    """Limit this process and what it starts; used in the child alone.

    `memory` is bytes of address space, of which what is used is a part; `cpu` is seconds, and
    `files` is how many files, pipes and sockets may be open at once.
    """
    if memory is not None:
        _lower("RLIMIT_AS", memory)
    if files is not None:
        _lower("RLIMIT_NOFILE", files)
    if cpu is not None:
        _lower("RLIMIT_CORE", 0)  # the signal at the limit would write one
        renew_cpu(cpu)


def renew_cpu(seconds: float) -> None:
    """Allow this much CPU from now on: a worker that is used again has it for each piece of work.

    The system counts whole seconds, so it may be up to one more.
    """
    import resource  # does not exist on Windows

    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = ceil(used.ru_utime + used.ru_stime + seconds)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    _set(resource.RLIMIT_CPU, soft, hard, resource.setrlimit)


def _lower(name: str, value: int) -> None:
    import resource  # does not exist on Windows

    kind = getattr(resource, name, None)
    if kind is None:
        return  # a system without this limit
    hard = resource.getrlimit(kind)[1]
    if hard == resource.RLIM_INFINITY or value < hard:
        hard = value
    _set(kind, value, hard, resource.setrlimit)


def _set(
    kind: int, soft: int, hard: int, setrlimit: Callable[[int, tuple[int, int]], None]
) -> None:
    # A limit that is there already may be narrower, and nobody may go beyond it.
    setrlimit(kind, (soft if hard < 0 else min(soft, hard), hard))
