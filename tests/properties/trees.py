"""Random trees as plain data, the workflows they describe, and the journal their steps write.

Everything that runs stands at the top level of this module, so that a position can name it.
"""

from __future__ import annotations

import fcntl
import json
import operator
import os
import threading
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from gostage import Context, Key, Retry, Stage, Workflow, action, steps
from gostage._engine.forks import ForEach, Parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from gostage._engine.branch import Branch

TOTAL = Key("total", int, merge=operator.add)
AROUND = Key("around", str, merge=max)


class Boom(Exception):
    """What a step of a tree fails with."""


# ---------------------------------------------------------------- the journal


class Entry(NamedTuple):
    """One call: of an action or a condition, where, in which line of the run, the how-manieth."""

    kind: str
    key: str
    lane: tuple[tuple[str, int], ...]
    attempt: int
    earlier: int


class Journal:
    """Every call of the execution under test, in order."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._lock = threading.Lock()
        self._seen: Counter[tuple[str, str]] = Counter()

    def start(self, entries: list[Entry] | None = None) -> None:
        """Begin a new execution, or go on behind these calls of an earlier one."""
        self.entries = list(entries or ())
        self._seen = Counter((entry.kind, entry.key) for entry in self.entries)

    def note(self, ctx: Context, kind: str) -> int:
        """Enter a call; gives how many there were of the same step, pass and item before."""
        key = ctx.step_key.partition(":")[2]
        if FILE in os.environ:
            return _note_in_file(ctx, kind, key)
        with self._lock:
            earlier = self._seen[kind, key]
            self._seen[kind, key] += 1
            self.entries.append(Entry(kind, key, lane_of(ctx.branch), ctx.attempt, earlier))
        return earlier


FILE = "GOSTAGE_TREE_JOURNAL"
"""The variable that names the journal of an execution in several processes."""


def _note_in_file(ctx: Context, kind: str, key: str) -> int:
    """Enter a call where all processes do."""
    with Path(os.environ[FILE]).open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        known = [json.loads(line) for line in file]
        earlier = sum(each[:2] == [kind, key] for each in known)
        entry = Entry(kind, key, lane_of(ctx.branch), ctx.attempt, earlier)
        file.write(f"{json.dumps(entry)}\n")
    return earlier


def entries_in_file() -> list[Entry]:
    """The calls of all processes, in order."""
    rows = [json.loads(line) for line in Path(os.environ[FILE]).read_text().splitlines()]
    return [Entry(kind, key, tuple(map(tuple, lane)), *more) for kind, key, lane, *more in rows]


# Module-level state: the steps are found by reference and must reach it; tests begin it anew.
JOURNAL = Journal()


def lane_of(branch: Branch) -> tuple[tuple[str, int], ...]:
    """The branches around a step: calls of one lane have an order, those of two lanes have none.

    In a child, those around its piece of work come first.
    """
    lane = []
    while branch.parent is not None:
        lane.append((branch.root.id, branch.index))
        branch = branch.parent
    place = branch.root
    while place.parent is not None:
        parent = place.parent
        if isinstance(parent, Parallel):
            lane.append((place.id, parent.branches.index(place)))
        elif isinstance(parent, ForEach) and parent.concurrency > 1:
            lane.append((place.id, branch.around[parent.id]["index"]))
        place = parent
    return tuple(reversed(lane))


def by_lane(entries: list[Entry]) -> dict[tuple[tuple[str, int], ...], list[Entry]]:
    """The calls of each lane, in order."""
    lanes: dict[tuple[tuple[str, int], ...], list[Entry]] = {}
    for entry in entries:
        lanes.setdefault(entry.lane, []).append(entry)
    return lanes


# ---------------------------------------------------------------- what runs


def work(  # noqa: PLR0917 - passed on as they come
    ctx: Context, label: str, fails: int, bad: tuple[int, ...], does: str, to: str
) -> str:
    """Fail as often as told, leaving behind what must be taken back; else do one thing."""
    earlier = JOURNAL.note(ctx, "call")
    if earlier < fails or ctx.item in bad:
        ctx.store["dirty"] = label
        ctx.store.pop("seed", None)
        ctx.add_action(leaf.bind(label=f"{label}-never"))
        raise Boom(f"{label} fails for the {earlier + 1}. time")
    DOES[does](ctx, label, to)
    ctx.store["of " + ctx.step_key.partition(":")[2]] = (label, earlier)
    return f"{label}:{earlier}"


@action
def leaf(  # noqa: PLR0917 - they are always bound by name
    ctx: Context,
    label: str,
    fails: int = 0,
    bad: tuple[int, ...] = (),
    does: str = "nothing",
    to: str = "",
) -> str:
    """A plain step."""
    return work(ctx, label, fails, bad, does, to)


@action
async def async_leaf(  # noqa: PLR0917 - as above
    ctx: Context,
    label: str,
    fails: int = 0,
    bad: tuple[int, ...] = (),
    does: str = "nothing",
    to: str = "",
) -> str:
    """An async step."""
    return work(ctx, label, fails, bad, does, to)


def yes(ctx: Context) -> bool:
    """A condition that holds."""
    JOURNAL.note(ctx, "ask")
    return True


def no(ctx: Context) -> bool:
    """A condition that does not."""
    JOURNAL.note(ctx, "ask")
    return False


async def async_yes(ctx: Context) -> bool:
    """A condition that holds, async."""
    JOURNAL.note(ctx, "ask")
    return True


def at_first(ctx: Context) -> bool:
    """A condition that holds whenever an odd number of answers was given."""
    return JOURNAL.note(ctx, "ask") % 2 == 0


CONDITIONS = {"yes": yes, "no": no, "async": async_yes, "at first": at_first}


@action
def polls(ctx: Context, times: int) -> bool:
    """A condition that holds from its so-manieth answer on."""
    return JOURNAL.note(ctx, "ask") >= times


@action
def counted(ctx: Context, label: str, passes: int, when_done: bool) -> bool:
    """Whether a loop has made all its passes; the counter stands in the store."""
    JOURNAL.note(ctx, "ask")
    key = f"{label}{passes_of(ctx.step_key)}"
    if ctx.store.get(key, int, default=0) < passes:
        return not when_done
    ctx.store.pop(key)
    return when_done


@action
def tick(ctx: Context, label: str) -> None:
    """Count one pass of the loop around it."""
    JOURNAL.note(ctx, "call")
    key = f"{label}{passes_of(ctx.step_key).rpartition('[')[0]}"
    ctx.store[key] = ctx.store.get(key, int, default=0) + 1


def passes_of(step_key: str) -> str:
    """The passes and items at the end of a step key: `[2][0]`."""
    _, bracket, rest = step_key.partition("[")
    return bracket + rest


@action
def listed(ctx: Context, items: tuple[int, ...]) -> list[int]:
    """Give the items of a for-each; called once."""
    JOURNAL.note(ctx, "items")
    return list(items)


# ---------------------------------------------------------------- what steps do


@dataclass(frozen=True)
class Called:
    """Whether an item has a name."""

    name: str

    def __call__(self, item: Any) -> bool:
        return bool(item.name == self.name)


def _trail(ctx: Context, label: str, to: str) -> None:
    ctx.store.setdefault("trail", []).append(label)


def _total(ctx: Context, label: str, to: str) -> None:
    ctx.store[TOTAL] = ctx.store.get(TOTAL, default=0) + 1


def _forget(ctx: Context, label: str, to: str) -> None:
    ctx.store.pop("seed", None)


def _put(ctx: Context, label: str, to: str) -> None:
    """Store what needs a type, and everything that is said of an entry."""
    tags = ["a", label]
    ctx.store.put(
        f"put {label}", {1, label}, ttl=1e6, tags=tags, props={"n": (1,)}, description="d"
    )


def _add(ctx: Context, label: str, to: str) -> None:
    ctx.add_action(leaf.bind(label=f"{label}+a"))


def _add_two(ctx: Context, label: str, to: str) -> None:
    ctx.add_action(leaf.bind(label=f"{label}+1").options(retry=Retry(attempts=2)))
    ctx.add_action(async_leaf.bind(label=f"{label}+2", fails=1).options(retry=Retry(attempts=3)))


def _nest(ctx: Context, label: str, to: str) -> None:
    ctx.add_action(leaf.bind(label=f"{label}+n", does="add two"))
    ctx.add_action(leaf.bind(label=f"{label}+m"))


def _stage(ctx: Context, label: str, to: str) -> None:
    inner = (
        steps()
        .case("maybe", no, leaf.bind(label=f"{label}+no"), leaf.bind(label=f"{label}+else"))
        .retry("again", leaf.bind(label=f"{label}+r", fails=1), attempts=2)
    )
    passes = passes_of(ctx.step_key)
    stage = Stage(f"stage of {label}{passes}", leaf.bind(label=f"{label}+s", does="add"), when=yes)
    ctx.add_stage(stage.steps("inner", inner).use(again))


def _late_stage(ctx: Context, label: str, to: str) -> None:
    ctx.add_action(leaf.bind(label=f"{label}+l", does="stage"))


def _append(ctx: Context, label: str, to: str) -> None:
    ctx.add_action_to(to, leaf.bind(label=f"{label}+z"))


def _remove(ctx: Context, label: str, to: str) -> None:
    ctx.remove_action(to)


def _remove_stage(ctx: Context, label: str, to: str) -> None:
    ctx.remove_stage(to)


def _disable(ctx: Context, label: str, to: str) -> None:
    ctx.disable(where=Called(to))


def _enable(ctx: Context, label: str, to: str) -> None:
    ctx.enable(where=Called(to))


def _bail(ctx: Context, label: str, to: str) -> None:
    ctx.bail(label)


DOES: dict[str, Callable[[Context, str, str], object]] = {
    "nothing": lambda ctx, label, to: None,
    "total": _total,
    "forget": _forget,
    "put": _put,
    "add": _add,
    "add two": _add_two,
    "nest": _nest,
    "remove": _remove,
    "stage": _stage,
    "late stage": _late_stage,
    "append": _append,
    "trail": _trail,
    "remove stage": _remove_stage,
    "disable": _disable,
    "enable": _enable,
    "bail": _bail,
}
SIDE_BY_SIDE = ("nothing", "total", "forget", "add", "add two", "nest", "remove")
"""What a step may do beside others that run at the same time, and all of them still agree."""
IN_STAGE = ("stage", "late stage", "append", "remove stage")
"""What needs a stage around it, or some stage in the tree."""
ALONE = tuple(each for each in DOES if each not in IN_STAGE)


# ---------------------------------------------------------------- middleware


def plain(store: Any) -> Iterator[None]:
    """Let everything through; write a little, before and after."""
    store[AROUND] = "entered"
    value = yield
    store[AROUND] = "left"
    return value


def twice() -> Iterator[None]:
    """Run the inside two times."""
    yield
    return (yield)


def again() -> Iterator[None]:
    """Run the inside once more if it fails."""
    try:
        return (yield)
    except Boom:
        return (yield)


def swallow() -> Iterator[None]:
    """Hold every error."""
    try:
        return (yield)
    except Exception:
        return "swallowed"


def skip() -> Iterator[None]:
    """Let nothing run."""
    return "skipped"
    yield


MIDDLEWARE = {each.__name__: each for each in (plain, twice, again, swallow, skip)}


# ---------------------------------------------------------------- trees as data


@dataclass(frozen=True)
class Leaf:
    fails: int = 0
    attempts: int = 1
    is_async: bool = False
    named: bool = True
    when: str = ""
    use: tuple[str, ...] = ()
    does: str = "nothing"
    to: int = 0
    bad: tuple[int, ...] = ()


@dataclass(frozen=True)
class Group:
    body: tuple[Any, ...]


@dataclass(frozen=True)
class StageOf:
    body: tuple[Any, ...]
    when: str = ""
    use: tuple[str, ...] = ()
    attempts: int = 1
    seed: int | None = None


@dataclass(frozen=True)
class Case:
    conditions: tuple[str, ...]
    bodies: tuple[tuple[Any, ...], ...]
    otherwise: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Again:
    body: tuple[Any, ...]
    flaky: Leaf
    attempts: int


@dataclass(frozen=True)
class Loop:
    body: tuple[Any, ...]
    passes: int
    until: bool
    max_passes: int | None = None


@dataclass(frozen=True)
class Side:
    bodies: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Each:
    body: tuple[Any, ...]
    items: tuple[int, ...]
    concurrency: int = 1
    on_error: str = "stop"
    by_function: bool = False
    into: bool = True


@dataclass(frozen=True)
class Waiting:
    polls: int


@dataclass(frozen=True)
class SubFlow:
    body: tuple[Any, ...]
    use: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tree:
    """A whole workflow."""

    body: tuple[Any, ...]
    use: tuple[str, ...] = ()
    disabled: tuple[int, ...] = ()


# ---------------------------------------------------------------- from data to workflows


def build(tree: Tree, apart: Container[int] = ()) -> Workflow:
    """Make the workflow that a tree describes; the parts with these numbers run in children."""
    builder = Builder(tree, apart)
    workflow = Workflow("tree", initial={"seed": 1, "numbers": [1, 2, 3]})
    workflow.use(*(MIDDLEWARE[name] for name in tree.use))
    builder.fill(workflow, tree.body)
    for number in tree.disabled:
        workflow.disable(where=Called(builder.label_of(number)))
    return workflow


def size(value: object) -> int:
    """How many labels a part of a tree takes."""
    if isinstance(value, tuple):
        return sum(size(each) for each in value)
    if not hasattr(value, "__dataclass_fields__") or isinstance(value, Tree):
        return 0
    return 1 + sum(size(getattr(value, name)) for name in value.__dataclass_fields__)


class Builder:
    """Gives every part its label, in order, and turns it into steps."""

    def __init__(self, tree: Tree, apart: Container[int] = ()) -> None:
        self.apart = apart
        self.total = max(1, size(tree.body))
        self.stages = list(stage_numbers(tree.body, 0))
        self._count = 0

    def label_of(self, number: int) -> str:
        """Some label of the tree."""
        return f"n{number % self.total}"

    def is_apart(self, label: str) -> bool:
        """Whether the part of a label runs in a child."""
        return int(label[1:]) in self.apart

    def fill(self, flow: Any, body: tuple[Any, ...]) -> Any:
        """Append the parts of a body to a flow."""
        for number, part in enumerate(body):
            label = f"n{self._count}"
            self._count += 1
            following = None if number + 1 == len(body) else f"n{self._count + size(part) - 1}"
            getattr(self, f"_{type(part).__name__.lower()}")(flow, label, part, following)
        return flow

    def action(self, label: str, part: Leaf, following: str | None) -> Any:
        to = following or label
        if part.does in ("disable", "enable"):
            to = self.label_of(part.to)
        elif part.does in ("append", "remove stage"):
            to = f"n{self.stages[part.to % len(self.stages)]}" if self.stages else "nowhere"
        elif part.does == "remove" and part.to:
            to = self.label_of(part.to)
        made = async_leaf if part.is_async else leaf
        made = made.bind(label=label, fails=part.fails, bad=part.bad, does=part.does, to=to)
        made = made.options(name=label, use=[MIDDLEWARE[name] for name in part.use])
        made = made.options(isolate=self.is_apart(label))
        if part.attempts > 1:
            made = made.options(retry=Retry(attempts=part.attempts))
        return made.options(when=CONDITIONS[part.when]) if part.when else made

    def _leaf(self, flow: Any, label: str, part: Leaf, following: str | None) -> None:
        made = self.action(label, part, following)
        if part.named:
            flow.do(label, made)
        else:
            flow.add(made.options(name="repeated"))

    def _group(self, flow: Any, label: str, part: Group, following: str | None) -> None:
        body = self.fill(steps(), part.body)
        (flow.spawn if self.is_apart(label) else flow.steps)(label, body)

    def _stageof(self, flow: Any, label: str, part: StageOf, following: str | None) -> None:
        stage = Stage(
            label,
            when=CONDITIONS[part.when] if part.when else None,
            retry=Retry(attempts=part.attempts) if part.attempts > 1 else None,
            initial={} if part.seed is None else {"seed": part.seed},
            isolate=self.is_apart(label),
        )
        stage.use(*(MIDDLEWARE[name] for name in part.use))
        flow.add(self.fill(stage, part.body))

    def _case(self, flow: Any, label: str, part: Case, following: str | None) -> None:
        arms = [
            (CONDITIONS[condition], self.fill(steps(), body))
            for condition, body in zip(part.conditions, part.bodies, strict=True)
        ]
        rest = None if part.otherwise is None else self.fill(steps(), part.otherwise)
        flow.branch(label, *arms, otherwise=rest)

    def _again(self, flow: Any, label: str, part: Again, following: str | None) -> None:
        body = self.fill(steps(), (*part.body, part.flaky))
        flow.retry(label, body, attempts=part.attempts, on=Boom)

    def _loop(self, flow: Any, label: str, part: Loop, following: str | None) -> None:
        body = self.fill(steps().do("tick", tick.bind(label=label)), part.body)
        add = flow.loop_until if part.until else flow.loop_while
        passes = counted.bind(label=label, passes=part.passes, when_done=part.until)
        add(label, passes, body, max_passes=part.max_passes)

    def _side(self, flow: Any, label: str, part: Side, following: str | None) -> None:
        bodies = {f"b{n}": self.fill(steps(), body) for n, body in enumerate(part.bodies)}
        flow.parallel(label, **bodies)

    def _each(self, flow: Any, label: str, part: Each, following: str | None) -> None:
        flow.for_each(
            label,
            listed.bind(items=part.items) if part.by_function else "numbers",
            self.fill(steps(), part.body),
            into=f"into {label}" if part.into else None,
            concurrency=part.concurrency,
            isolate=self.is_apart(label),
            on_error=part.on_error,
        )

    def _waiting(self, flow: Any, label: str, part: Waiting, following: str | None) -> None:
        flow.wait_for(label, polls.bind(times=part.polls), every=0.01)

    def _subflow(self, flow: Any, label: str, part: SubFlow, following: str | None) -> None:
        inner = Workflow("inner").use(*(MIDDLEWARE[name] for name in part.use))
        self.fill(inner, part.body)
        (flow.spawn if self.is_apart(label) else flow.sub)(label, inner)


def stage_numbers(value: object, start: int) -> Iterator[int]:
    """The numbers of the labels that stages get."""
    if isinstance(value, tuple):
        for each in value:
            yield from stage_numbers(each, start)
            start += size(each)
    elif hasattr(value, "__dataclass_fields__"):
        if isinstance(value, StageOf):
            yield start
        start += 1
        for name in value.__dataclass_fields__:
            yield from stage_numbers(getattr(value, name), start)
            start += size(getattr(value, name))


# ---------------------------------------------------------------- strategies


@dataclass(frozen=True)
class Around:
    """What may stand at a place."""

    depth: int = 3
    alone: bool = True
    may_fail: bool = True
    in_stage: bool = False

    def deeper(self, **changes: Any) -> Around:
        """One level further in."""
        return replace(self, depth=self.depth - 1, **changes)


NUMBERS = st.integers(0, 30)


@lru_cache
def leaves(around: Around) -> st.SearchStrategy[Leaf]:
    """Steps that call an action."""
    does = ["nothing", "nothing", *(ALONE if around.alone else SIDE_BY_SIDE)]
    if around.in_stage:
        does += ["stage", "late stage"]
        if around.alone:
            does += ["append", "remove stage"]
    if "bail" in does and around.depth > 1:
        does.remove("bail")
    return st.builds(
        _sound,
        st.just(around.may_fail),
        fails=st.sampled_from([0, 0, 0, 1, 2]),
        attempts=st.sampled_from([1, 2, 3]),
        is_async=st.booleans(),
        named=st.sampled_from([True, True, True, False]),
        when=st.sampled_from(["", "", "", "yes", "no", "async"]),
        use=uses(around),
        does=st.sampled_from(does),
        to=NUMBERS if around.alone else st.just(0),
        bad=st.sampled_from([(), (1,), (2, 3)]) if around.may_fail else st.just(()),
    )


def _sound(may_fail: bool, **given: Any) -> Leaf:
    """A leaf; where nothing may fail, one that is tried often enough."""
    made = Leaf(**given)
    if made.fails and not may_fail:
        made = replace(made, attempts=made.fails + 1)
    return made


@lru_cache
@st.composite
def bodies(draw: st.DrawFn, around: Around) -> tuple[Any, ...]:
    """A few parts in order."""
    return tuple(draw(st.lists(parts(around), min_size=1, max_size=3 if around.depth > 1 else 2)))


@lru_cache
@st.composite
def parts(draw: st.DrawFn, around: Around) -> Any:
    """One step of any kind."""
    return draw(_kinds(around) if around.depth > 0 else leaves(around))


@lru_cache
def _kinds(around: Around) -> st.SearchStrategy[Any]:
    inner = bodies(around.deeper())
    beside = bodies(around.deeper(alone=False, may_fail=False, in_stage=False))
    return st.one_of(
        leaves(around),
        leaves(around),
        leaves(around),
        st.builds(Waiting, st.integers(0, 2)),
        st.builds(Group, inner),
        stages(around),
        cases(around),
        retries(around),
        loops(around),
        st.builds(Side, st.lists(beside, min_size=1, max_size=3).map(tuple)),
        eaches(around),
        st.builds(SubFlow, inner, uses(around)),
    )


@lru_cache
def uses(around: Around) -> st.SearchStrategy[tuple[str, ...]]:
    """Middleware of one level."""
    known = sorted(MIDDLEWARE) if around.alone else ["again", "skip", "swallow", "twice"]
    name = st.sampled_from(known)
    one, two = st.tuples(name), st.tuples(name, name)
    return st.one_of(st.just(()), st.just(()), st.just(()), one, two)


@lru_cache
def stages(around: Around) -> st.SearchStrategy[StageOf]:
    """Stages, nested or not."""
    return st.builds(
        StageOf,
        bodies(around.deeper(in_stage=True)),
        when=st.sampled_from(["", "", "yes", "no"]),
        use=uses(around),
        attempts=st.sampled_from([1, 1, 2]),
        seed=st.sampled_from([None, 5]) if around.alone else st.none(),
    )


@lru_cache
def cases(around: Around) -> st.SearchStrategy[Case]:
    """Decisions between one to three bodies."""
    body = bodies(around.deeper())

    def of(count: int) -> st.SearchStrategy[Case]:
        return st.builds(
            Case,
            st.tuples(*[st.sampled_from(sorted(CONDITIONS))] * count),
            st.tuples(*[body] * count),
            st.none() | body,
        )

    return st.integers(1, 3).flatmap(of)


@lru_cache
def retries(around: Around) -> st.SearchStrategy[Again]:
    """Bodies that start over."""

    def of(fails: int) -> st.SearchStrategy[Again]:
        flaky = leaves(around).map(lambda made: replace(made, fails=fails, attempts=1, bad=()))
        least = 1 if around.may_fail else fails + 1
        return st.builds(Again, bodies(around.deeper()), flaky, st.integers(least, fails + 2))

    return st.integers(0, 2).flatmap(of)


@lru_cache
def loops(around: Around) -> st.SearchStrategy[Loop]:
    """Bounded loops; some give up too early."""
    limit = st.sampled_from([None, None, None, 1]) if around.may_fail else st.none()
    return st.builds(Loop, bodies(around.deeper()), st.integers(1, 3), st.booleans(), limit)


@lru_cache
def eaches(around: Around) -> st.SearchStrategy[Each]:
    """A body per item, one after the other or side by side."""

    def of(concurrency: int, on_error: str) -> st.SearchStrategy[Each]:
        if concurrency == 1:
            inner = around.deeper()
        else:
            may_fail = around.may_fail and on_error == "continue"
            inner = around.deeper(alone=False, may_fail=may_fail, in_stage=False)
        items = st.lists(st.integers(1, 4), max_size=3).map(tuple)
        return st.builds(
            Each,
            bodies(inner),
            items,
            st.just(concurrency),
            st.just(on_error),
            st.booleans(),
            st.booleans() if around.alone else st.just(False),  # two items would write one key
        )

    kinds = [of(c, on_error) for c in (1, 3) for on_error in ("stop", "continue")]
    return st.one_of(kinds)


def has_settled_records(tree: Tree) -> bool:
    """Whether no step is done for several items at once: its record is then that of the last."""
    return "concurrency=3" not in repr(tree)


def trees(depth: int = 3) -> st.SearchStrategy[Tree]:
    """Whole workflows."""
    around = Around(depth=depth)
    return st.builds(
        Tree,
        st.lists(parts(around), min_size=1, max_size=4).map(tuple),
        use=uses(around),
        disabled=st.lists(NUMBERS, max_size=1).map(tuple),
    )


__all__ = ["JOURNAL", "Boom", "Tree", "build", "by_lane", "trees"]
