"""A hand on the machine: plays the driver's part, with outcomes that a test gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gostage import errors
from gostage._engine import effects as fx
from gostage._engine import nodes, position
from gostage._engine.branch import Branch
from gostage._engine.machine import Machine
from gostage._engine.plan import Plan
from gostage._engine.program import compile_definition

MOST = 5_000
"""More effects than any flow here takes; beyond it, one goes round in circles."""


class Boom(Exception):
    """What a failing action raises."""


class Halt(BaseException):
    """What stops a run from outside."""


@dataclass(frozen=True)
class Flow:
    """A definition, or the body of a step."""

    items: list[nodes.Item]
    id: str = "flow"


def body(*items: nodes.Item) -> Flow:
    """Put items together as the body of a step."""
    return Flow(list(items))


def do(name: str, **options: Any) -> nodes.Do:
    """Make an action that is its own name."""
    return nodes.Do(name, name, **options)


def stage(name: str, *items: nodes.Item, **options: Any) -> nodes.Stage:
    """Make a stage."""
    return nodes.Stage(name, body(*items), **options)


def until(name: str, *items: nodes.Item, **options: Any) -> nodes.Loop:
    """Make a loop that does its body first."""
    return nodes.Loop(name, "done?", body(*items), ends_on=True, asks_first=False, **options)


def parallel(name: str, **branches: nodes.Item) -> nodes.Parallel:
    """Make branches of one item each."""
    return nodes.Parallel(name, tuple((key, body(item)) for key, item in branches.items()))


def each(name: str, *items: nodes.Item, **options: Any) -> nodes.ForEach:
    """Make a body per item."""
    return nodes.ForEach(name=name, over="rows", body=body(*items), **options)


Script = Callable[[str], "fx.Outcome | None"]
Answers = Mapping[str, Sequence[fx.Outcome]]


class Hand:
    """A run of some items, one outcome at a time; the run's own scope is open already."""

    def __init__(self, *items: nodes.Item, disabled: Sequence[str] = ()) -> None:
        self.program = compile_definition(Flow(list(items)))
        self.plan = Plan(self.program, frozenset(disabled))
        self.machine = Machine(self.plan)
        self.noted: dict[str, str] = {}
        self.start()
        self.feed(fx.Opened())

    @property
    def wanted(self) -> list[str]:
        """What the branches want that are not waiting for others, oldest first."""
        return [wish(branch.effect) for branch in self._branches()]

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self.machine.end is not None

    def feed(self, outcome: fx.Outcome, at: str | None = None) -> list[str]:
        """Feed the branch that wants this, or the only one; say what is wanted now."""
        self.machine.feed(self.branch(at), outcome)
        self.start()
        return self.wanted

    def feed_item(self, index: int, outcome: fx.Outcome) -> None:
        """Feed the branch of one item of a for-each that the root has forked for."""
        self.machine.feed(self.machine.root.children[index], outcome)
        self.start()

    def branch(self, at: str | None = None) -> Branch:
        """Find the branch that wants this, or the only one."""
        found = [b for b in self._branches() if at is None or wish(b.effect) == at]
        assert len(found) == 1, f"{len(found)} branches want {at!r}: {self.wanted}"
        return found[0]

    def first(self) -> Branch:
        """Find the branch that is played next: the oldest that wants something."""
        return self._branches()[0]

    def until(self, wanted: str, answers: Answers | None = None) -> Branch:
        """Play until this is wanted, for the first time."""
        self._play(_script(answers or {}), lambda: wanted in self.wanted)
        return next(b for b in self._branches() if wish(b.effect) == wanted)

    def play(self, answers: Answers | None = None) -> list[str]:
        """Play to the end: outcomes by wish in turn, else what a run without trouble gives."""
        return self._play(_script(answers or {}), lambda: self.ended)

    def follow(self, script: Script, before: Callable[[], object] = lambda: None) -> list[str]:
        """Play to the end by a script; None from it is the usual outcome."""
        return self._play(script, lambda: self.ended or bool(before()))

    def reload(self) -> None:
        """Put the run through JSON, into a machine of its own."""
        self.stand(json.loads(json.dumps(position.dump(self.machine, PACKING))))

    def stand(self, data: Any) -> None:
        """Stand where this position says, with a machine of its own."""
        plan = Plan(self.program)
        self.machine = position.load(plan, data, PACKING)
        self.plan = plan

    def _play(self, script: Script, is_over: Callable[[], bool]) -> list[str]:
        trace: list[str] = []
        for _ in range(MOST):
            if is_over():
                return trace
            branch = self.first()
            asked = wish(branch.effect)
            trace.append(asked)
            self.machine.feed(branch, script(asked) or usual(branch))
            self.start()
        raise AssertionError(f"{MOST} effects were not enough: {trace[-10:]}")

    def start(self) -> None:
        """Give new branches their first effect."""
        while True:
            fresh = [b for b in self.machine.branches.values() if b.effect is None]
            if not fresh:
                break
            self.machine.begin(fresh[0])
        for note in self.machine.notes:
            self.noted[note.op.id] = note.status
        self.machine.notes.clear()

    def _branches(self) -> list[Branch]:
        live = self.machine.branches.values()
        return [branch for branch in live if not isinstance(branch.effect, fx.Fork)]


def wish(effect: fx.Effect | None) -> str:
    """Write an effect as text: `call load`, `ask choose:1`, `pause push 2 backoff`."""
    assert effect is not None
    text = f"{type(effect).__name__.lower()} {effect.op.id}".strip()
    if isinstance(effect, fx.Ask) and effect.arm is not None:
        return f"{text}:{effect.arm}"
    if isinstance(effect, fx.Pause):
        return f"{text} {effect.seconds:g} {effect.why}"
    return text


def usual(branch: Branch) -> fx.Outcome:
    """Give the outcome of an effect where nothing goes wrong (any more)."""
    effect = branch.effect
    if isinstance(effect, fx.Judge):
        return fx.GiveUp(branch.error or Boom("nothing"))
    if isinstance(effect, fx.Close):
        return passed_on(branch.error)
    if isinstance(effect, fx.Join):
        frame = branch.frames[effect.op.id]
        return passed_on(frame["interrupt"] or frame["error"])
    plain: dict[type, fx.Outcome] = {
        fx.Open: fx.Opened(),
        fx.Ask: fx.Answer(holds=True),
        fx.Items: fx.Listed(()),
    }
    return plain.get(type(effect), fx.DONE)


def passed_on(error: BaseException | None) -> fx.Outcome:
    """Give the outcome of a scope or join that only passes on what happened inside."""
    if error is None:
        return fx.Closed()
    return fx.Failed(error) if isinstance(error, Exception) else fx.Stopped(error)


def _script(answers: Answers) -> Script:
    left = {asked: list(outcomes) for asked, outcomes in answers.items()}
    return lambda asked: left[asked].pop(0) if left.get(asked) else None


def order(plan: Plan) -> list[str]:
    """List every visible item's id, in the order of the plan."""
    return [op.id for op in plan.walk() if not op.hidden]


def names_of(items: Iterator[Any]) -> list[str]:
    """List the ids of ops."""
    return [op.id for op in items]


class PlainPacking:
    """Values are data already; errors go by class and text, actions by name."""

    def pack_value(self, value: object) -> object:
        return value

    def unpack_value(self, data: object) -> object:
        return data

    def pack_error(self, error: BaseException) -> object:
        return [type(error).__name__, str(error)]

    def unpack_error(self, data: Any) -> BaseException:
        kinds: dict[str, type[BaseException]] = {"Boom": Boom, "Halt": Halt}
        name, text = data
        made: BaseException = (kinds.get(name) or getattr(errors, name))(text)
        return made

    def pack_item(self, item: Any) -> object:
        return [item.name, [self.pack_item(each) for each in _inside(item)]]

    def unpack_item(self, data: Any) -> nodes.Item:
        name, inside = data
        return stage(name, *map(self.unpack_item, inside)) if inside else do(name)


def _inside(item: Any) -> Sequence[nodes.Item]:
    return item.stage.items if isinstance(item, nodes.Stage) else ()


PACKING = PlainPacking()
