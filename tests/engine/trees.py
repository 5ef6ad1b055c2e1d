"""Random trees for the engine, and chance in the driver's place."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from gostage._engine import effects as fx
from gostage._engine import nodes
from tests.engine.hand import Boom, Flow, Halt, Hand, body, do, each, passed_on

ENOUGH = 300
"""From this effect on nothing goes wrong any more, so that every run comes to an end."""


def trees(*, forks: bool = True) -> st.SearchStrategy[list[nodes.Item]]:
    """Draw the items of a flow, with a name of its own for each step."""
    return _items(st.recursive(_leaves(), lambda inner: _around(inner, forks), max_leaves=8))


def _items(shapes: st.SearchStrategy[Any]) -> st.SearchStrategy[list[nodes.Item]]:
    return st.lists(shapes, min_size=1, max_size=4).map(_named)


Make = Callable[[str], nodes.Item]


def _named(makers: list[Make]) -> list[nodes.Item]:
    return [make(f"{chr(97 + place)}") for place, make in enumerate(makers)]


def _inside(makers: list[Make]) -> Flow:
    return body(*_named(makers))


def _leaves() -> st.SearchStrategy[Make]:
    return st.one_of(
        st.builds(_action, st.booleans(), st.booleans()),
        st.just(lambda name: nodes.Wait(name, "?", timeout=3)),
        st.just(lambda name: nodes.Sleep(name, 1)),
        st.just(nodes.Receive),
        st.just(lambda name: nodes.Spawn(name, body(do("x")))),
    )


def _action(has_condition: bool, has_retry: bool) -> Make:
    options: dict[str, object] = {}
    if has_condition:
        options["when"] = "?"
    if has_retry:
        options["retry"] = "often"
    return lambda name: do(name, **options)


def _around(inner: st.SearchStrategy[Make], forks: bool) -> st.SearchStrategy[Make]:
    inside = st.lists(inner, max_size=3).map(_inside)
    kinds: list[st.SearchStrategy[Make]] = [
        st.builds(lambda b: lambda name: nodes.Group(name, b), inside),
        st.builds(lambda b: lambda name: nodes.Retry(name, b, "often"), inside),
        st.builds(lambda b: lambda name: nodes.Sub(name, b), inside),
        st.builds(_stage, inside, st.booleans(), st.booleans()),
        st.builds(_choice, inside, inside, st.booleans()),
        st.builds(_loop, inside, st.booleans(), st.booleans()),
        st.builds(_each, inside, st.just(1), st.sampled_from(["stop", "continue"])),
    ]
    if forks:
        kinds += [
            st.builds(_parallel, inside, inside),
            st.builds(_each, inside, st.just(2), st.sampled_from(["stop", "continue"])),
        ]
    return st.one_of(kinds)


def _stage(inside: Flow, has_condition: bool, has_retry: bool) -> Make:
    when, retry = "?" if has_condition else None, "often" if has_retry else None
    return lambda name: nodes.Stage(name, inside, when=when, retry=retry)


def _choice(first: Flow, second: Flow, has_rest: bool) -> Make:
    arms = (("?", first),) if has_rest else (("?", first), ("?", _again(second)))
    return lambda name: nodes.Choice(name, arms, _again(second) if has_rest else None)


def _again(flow: Flow) -> Flow:
    """Give a body names that do not meet those of another arm's."""
    return body(nodes.Group("second", flow))


def _loop(inside: Flow, ends_on: bool, asks_first: bool) -> Make:
    return lambda name: nodes.Loop(name, "?", inside, ends_on, asks_first, max_passes=4)


def _parallel(left: Flow, right: Flow) -> Make:
    return lambda name: nodes.Parallel(name, (("left", left), ("right", right)))


def _each(inside: Flow, concurrency: int, on_error: str) -> Make:
    options = {"into": "out", "concurrency": concurrency, "on_error": on_error}
    return lambda name: each(name, *inside.items, **options)


class Chance:
    """Answers what is wanted by chance: the same for the same seed, effect by effect."""

    def __init__(self, seed: int, hand: Hand, *, trouble: bool = True) -> None:
        self.random = random.Random(seed)
        self.hand = hand
        self.trouble = trouble
        self.count = 0

    def __call__(self, asked: str) -> fx.Outcome | None:
        self.count += 1
        kind = asked.partition(" ")[0]
        branch = self.hand.first()
        if kind in ("ask", "items") or (kind == "judge" and self.count < ENOUGH):
            return self._answer(kind, branch.error)
        if self.count >= ENOUGH:
            return None
        if self.trouble and branch.cancelled and kind not in ("close", "join", "judge"):
            return fx.Stopped(Halt("told to"))
        return self._trouble(kind, branch.error) if self.trouble else self._mild(kind)

    def _answer(self, kind: str, error: BaseException | None) -> fx.Outcome:
        if kind == "items":
            return fx.Listed([f"item{number}" for number in range(self.random.randint(0, 3))])
        if kind == "judge":
            wait = self.random.choice([0, 0, 2])
            again = self.random.random() < 0.6
            return fx.Again(wait) if again else fx.GiveUp(error or Boom())
        if self.trouble and self.count < ENOUGH and self.random.random() < 0.05:
            return fx.Failed(Boom(f"asking {self.count}"))
        return fx.Answer(holds=self.random.random() < 0.5, at=float(self.count))

    def _mild(self, kind: str) -> fx.Outcome | None:
        fails = kind == "call" and self.random.random() < 0.1
        return fx.Failed(Boom(f"call {self.count}")) if fails else None

    def _trouble(self, kind: str, error: BaseException | None) -> fx.Outcome | None:
        roll = self.random.random()
        if roll < 0.15:
            return fx.Failed(Boom(f"{kind} {self.count}"))
        if roll < 0.17:
            return fx.Stopped(Halt(f"{kind} {self.count}"))
        chances: dict[str, list[tuple[float, fx.Outcome]]] = {
            "call": [(0.2, fx.Suspend("why", {"n": self.count})), (1, fx.Done(self.count))],
            "open": [(0.25, fx.Skipped())],
            "close": [
                (0.3, fx.Closed()),
                (0.4, fx.Reopened(((error,),))),
                (1, passed_on(error)),
            ],
        }
        found = (outcome for below, outcome in chances.get(kind, ()) if roll < below)
        return next(found, None)
