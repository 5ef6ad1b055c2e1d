"""Repetition: what stands there twice, holds nothing, or is switched off; these are no mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage._app.check.findings import Finding
from gostage._app.check.subject import layers_at
from gostage._app.check.tour import parting
from gostage._author.flow import Stage
from gostage._engine import nodes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gostage._app.check.subject import Subject
    from gostage._app.check.tour import Arm, Stop


def duplicates(subject: Subject) -> Iterator[Finding]:
    """Find actions of one name in one place, and stages that stand in several."""
    for arm in (subject.root, *(arm for stop in subject.stops for arm in stop.arms)):
        yield from _repeated_actions(arm)
    known: dict[str, Stop] = {}
    for stop in subject.stops:
        if not isinstance(stop.node, nodes.Stage):
            continue
        first = known.setdefault(stop.node.name, stop)
        if first is not stop:
            yield _two_stages(first, stop)


def empty(subject: Subject) -> Iterator[Finding]:
    """Find what holds nothing."""
    for stop in subject.stops:
        stage = stop.node.stage if isinstance(stop.node, nodes.Stage) else None
        has_other = isinstance(stage, Stage) and (stage.initial or any(layers_at(stop)))
        if has_other or not any(not arm.body.items for arm in stop.arms):
            continue
        what = stop.what if len(stop.arms) == 1 else f"a body of {stop.what}"
        yield Finding(
            code="empty",
            level="note",
            message=f"{what} holds nothing to run",
            hint="add an action to it, or take it out",
        ).at(stop)


def disabled(subject: Subject, left_out: Collection[str]) -> Iterator[Finding]:
    """Find what is switched off in the definition, and not only left out this time."""
    for stop in subject.stops:
        if stop.is_turned_off and stop.path not in left_out:
            yield Finding(
                code="disabled",
                level="note",
                message=f"{stop.what} is switched off, so runs skip it",
                hint="enable() switches it on again",
            ).at(stop)


def _repeated_actions(arm: Arm) -> Iterator[Finding]:
    first: dict[str, Stop] = {}
    for stop in arm.stops:
        if stop.action is None or not isinstance(stop.node, nodes.Do):
            continue
        earlier = first.setdefault(stop.node.name, stop)
        if earlier is stop or earlier.action is None:
            continue
        one, other = earlier.action, stop.action
        if one.function.fn != other.function.fn:
            text = f"two different actions are called {stop.node.name!r} here"
            hint = "options(name=…) tells them apart; ctx.disable(action=…) means both"
        elif dict(one.params) == dict(other.params):
            text = f"{stop.what} does the same as {earlier.name!r} once more"
            hint = "if that is meant, options(name=…) says what for; else take one out"
        else:
            continue
        yield Finding(code="duplicate", level="note", message=text, hint=hint).at(stop)


def _two_stages(first: Stop, second: Stop) -> Finding:
    owner, mine, theirs = parting(first, second)
    is_same = getattr(first.node, "stage", None) is getattr(second.node, "stage", None)
    word = "the same stage" if is_same else "another stage of this name"
    is_either = mine is not theirs and owner is not None and isinstance(owner.node, nodes.Choice)
    rest = ", of which only one is chosen" if is_either else ""
    return Finding(
        code="duplicate",
        level="note",
        message=f"{second.what} at {second.path!r}: {word} stands at {first.path!r}{rest}",
        hint="ctx.disable(stage=…) and find_stage(…) mean whichever has the name",
    ).at(second)
