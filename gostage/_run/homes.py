"""Homes: the modules in which the code of a run stands; nothing is looked for there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._engine.plan import Plan


def homes_of(plan: Plan) -> Iterator[str]:
    """The names of the modules of all actions and conditions."""
    for op in plan.walk():
        for word in ("action", "condition", "when"):
            thing: Any = getattr(op, word, None)  # Any: opaque to the engine
            code = getattr(getattr(thing, "function", thing), "fn", thing)
            if code is not None:
                yield getattr(code, "__module__", None) or type(code).__module__
