"""Steps and stages: the fluent builder; it builds and checks, and never runs."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias, cast, overload

from gostage._author import options
from gostage._author.action import Action
from gostage._author.header import Headed
from gostage._author.parts import HOW_TO_ADD, Called, as_action, item_source, waiting_time
from gostage._author.tree import NODES, Flow
from gostage._author.views import View
from gostage._engine import nodes, policy
from gostage.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from typing_extensions import Self

    from gostage._author.function import Function
    from gostage._author.middleware import Level
    from gostage._author.options import AnyKey, Isolated, Seconds
    from gostage._engine.nodes import Item, OnError
    from gostage._engine.policy import Backoff, Retry

BodyLike: TypeAlias = Action[..., Any] | Called | Flow  # Any: whatever the action returns
"""What can be the body of a step: an action, a function, steps or a stage."""


class Steps(Flow):
    """A chain of steps; every method changes it and gives it back."""

    def __init__(self, *items: BodyLike) -> None:
        super().__init__()
        self.add(*items)

    def add(self, *items: BodyLike | Item) -> Self:
        """Append stages and actions; a plain function becomes an action."""
        for item in items:
            if isinstance(item, Action):
                self.items.append(item)
            else:
                self.put(as_item(item, self.label))
        return self

    @overload
    def do(self, name: str, fn: Called, /) -> Self: ...
    @overload
    def do(self, action: Called, /) -> Self: ...
    def do(self, name: str | Called, fn: Called | None = None, /) -> Self:
        """Append one action, by the name given here or by its own."""
        if not isinstance(name, str):
            self.put(as_action(name, f"do() in {self.label}"))
            return self
        self._check(name, "step")
        if fn is None:
            raise DefinitionError(
                f"step {name!r} has no function", hint=f"write do({name!r}, function)"
            )
        action = as_action(fn, f"step {name!r}")
        return self._step(action.as_node(name))

    def steps(self, name: str, body: BodyLike) -> Self:
        """Append a named group."""
        self._check(name, "group")
        return self._step(nodes.Group(name, as_body(body, f"group {name!r}")))

    def wait_for(
        self, name: str, cond: Called, every: Seconds = 1.0, timeout: Seconds | None = None
    ) -> Self:
        """Append a wait: the condition is asked every so often until it is true."""
        what = self._check(name, "wait")
        return self._step(
            nodes.Wait(
                name,
                options.check_condition(cond, f"the condition of {what}"),
                policy.as_seconds(every, what=f"every= of {what}", above_zero=True),
                waiting_time(timeout, what),
            )
        )

    def case(
        self, name: str, cond: Called, body: BodyLike, otherwise: BodyLike | None = None
    ) -> Self:
        """Append a decision: the body if the condition holds, else `otherwise`."""
        return self.branch(name, (cond, body), otherwise=otherwise)

    def branch(
        self, name: str, *arms: tuple[Called, BodyLike], otherwise: BodyLike | None = None
    ) -> Self:
        """Append a decision between several bodies: the first whose condition holds."""
        what = self._check(name, "branch")
        if not arms:
            raise DefinitionError(
                f"{what} has no condition",
                hint="write branch(name, (condition, body), …, otherwise=body)",
            )
        made = tuple(_arm(arm, what, number) for number, arm in enumerate(arms, 1))
        rest = None if otherwise is None else as_body(otherwise, f"otherwise= of {what}")
        return self._step(nodes.Choice(name, made, rest))

    def retry(  # noqa: PLR0917 - all of it may be given in this order
        self,
        name: str,
        body: BodyLike,
        attempts: int = 3,
        backoff: Backoff | None = None,
        on: type[Exception] | tuple[type[Exception], ...] = Exception,
        handler: Called | None = None,
    ) -> Self:
        """Append a body that starts over from its beginning when it fails."""
        what = self._check(name, "retry")
        inner = as_body(body, what)
        try:
            made = policy.Retry(attempts, backoff, on, handler)
        except DefinitionError as error:
            raise DefinitionError(f"{what}: {error.message}", hint=error.hint) from None
        return self._step(nodes.Retry(name, inner, made))

    def loop_until(
        self, name: str, cond: Called, body: BodyLike, max_passes: int | None = None
    ) -> Self:
        """Append a loop: the body first, then the condition; it ends when that is true."""
        return self._loop(name, cond, body, max_passes, ends_on=True)

    def loop_while(
        self, name: str, cond: Called, body: BodyLike, max_passes: int | None = None
    ) -> Self:
        """Append a loop: the condition first; the body as long as that is true."""
        return self._loop(name, cond, body, max_passes, ends_on=False)

    def parallel(self, name: str, /, **bodies: BodyLike) -> Self:
        """Append bodies that run side by side, each under the name it is given by."""
        what = self._check(name, "parallel step")
        if not bodies:
            raise DefinitionError(
                f"{what} has no branches",
                hint=f"write parallel({name!r}, left=steps()…, right=steps()…)",
            )
        branches = tuple(
            (
                options.check_name(branch, f"a branch of {what}"),
                as_body(body, f"{branch!r} of {what}"),
            )
            for branch, body in bodies.items()
        )
        return self._step(nodes.Parallel(name, branches))

    def for_each(  # noqa: PLR0917 - as above
        self,
        name: str,
        over: AnyKey | Called,
        body: BodyLike,
        into: AnyKey | None = None,
        concurrency: int = 1,
        isolate: Isolated = False,
        on_error: OnError = "stop",
    ) -> Self:
        """Append a body that is done once per item of a store key, or of what a function gives."""
        what = self._check(name, "for_each")
        known = ("stop", "continue")
        if on_error not in known:
            raise DefinitionError(
                f"on_error= of {what} cannot be {on_error!r}",
                hint=(did_you_mean(on_error, known) if isinstance(on_error, str) else "")
                or 'it is "stop" or "continue"',
            )
        return self._step(
            nodes.ForEach(
                name=name,
                over=item_source(over, what),
                body=as_body(body, what),
                into=None if into is None else options.check_key(into, f"into= of {what}"),
                concurrency=policy.check_count(concurrency, what=f"concurrency= of {what}"),
                on_error=on_error,
                isolate=options.check_isolate(isolate, what),
            )
        )

    def sleep(self, name: str, duration: Seconds) -> Self:
        """Append a timer: seconds, or a timedelta."""
        what = self._check(name, "sleep")
        return self._step(nodes.Sleep(name, policy.as_seconds(duration, what=f"time of {what}")))

    def receive(
        self, name: str, into: AnyKey | None = None, timeout: Seconds | None = None
    ) -> Self:
        """Append a wait for a signal of that name; its data goes into the key."""
        what = self._check(name, "receive")
        key = None if into is None else options.check_key(into, f"into= of {what}")
        return self._step(nodes.Receive(name, key, waiting_time(timeout, what)))

    def sub(self, name: str, workflow: Flow) -> Self:
        """Append another workflow, on the same store."""
        what = self._check(name, "sub")
        if not isinstance(workflow, Flow) or workflow.kind != "workflow":
            raise DefinitionError(
                f"{what} takes a workflow, not {workflow!r}",
                hint="steps(name, body) groups steps, add(stage) appends a stage",
            )
        return self._step(nodes.Sub(name, workflow))

    def spawn(
        self,
        name: str,
        body: BodyLike,
        backend: Isolated | None = None,
        timeout: Seconds | None = None,
    ) -> Self:
        """Append a body, or a whole workflow, that runs in a child."""
        what = self._check(name, "spawn")
        is_workflow = isinstance(body, Flow) and body.kind == "workflow"
        return self._step(
            nodes.Spawn(
                name,
                cast("Flow", body) if is_workflow else as_body(body, what),
                None if backend is None else options.check_isolate(backend, what, "backend="),
                waiting_time(timeout, what),
                is_workflow=is_workflow,
            )
        )

    def stage(
        self,
        id: str,
        *actions: BodyLike | Item,
        name: str | None = None,
        description: str = "",
        tags: Iterable[str] = (),
        initial: Mapping[AnyKey, object] | Mapping[str, object] | None = None,
        when: Called | None = None,
        retry: Retry | None = None,
        timeout: Seconds | None = None,
        isolate: Isolated = False,
    ) -> Self:
        """Append a new stage."""
        made = Stage(
            id,
            *actions,
            name=name,
            description=description,
            tags=tags,
            initial=initial,
            when=when,
            retry=retry,
            timeout=timeout,
            isolate=isolate,
        )
        return self._step(made)

    def __repr__(self) -> str:
        return f"<{self.kind} of {len(self.items)}>"

    def _check(self, name: object, kind: str) -> str:
        return f"{kind} {options.check_name(name, f'a {kind} in {self.label}')!r}"

    def _step(self, item: Item) -> Self:
        self.put(item)
        return self

    def _loop(
        self, name: str, cond: Called, body: BodyLike, max_passes: int | None, *, ends_on: bool
    ) -> Self:
        what = self._check(name, "loop")
        condition = options.check_condition(cond, f"the condition of {what}")
        if max_passes is not None:
            policy.check_count(max_passes, what=f"max_passes= of {what}")
        inner = as_body(body, what)
        return self._step(nodes.Loop(name, condition, inner, ends_on, not ends_on, max_passes))


def steps(*items: BodyLike) -> Steps:
    """Begin a chain of steps: `steps().do("build", build).do("push", push)`."""
    return Steps(*items)


STAGE_OPTIONS: Final[Mapping[str, Callable[[object, str], object]]] = MappingProxyType(
    {
        "when": options.check_when,
        "retry_policy": options.check_retry,
        "timeout": options.check_timeout,
        "isolate": options.check_isolate,
    }
)
"""The options of a stage that decide how it is run, each with what checks it."""


class Stage(Headed, Steps):
    """A stage: actions, and steps, in order, inside middleware of its own."""

    kind: ClassVar = "stage"
    level: ClassVar[Level] = "stage"

    # Any: a function or a timedelta may be assigned; what is read is a `Function`, or seconds.
    when: Any
    timeout: Any
    retry_policy: Retry | None
    isolate: Isolated

    def __init__(
        self,
        id: str,
        *actions: BodyLike | Item,
        name: str | None = None,
        description: str = "",
        tags: Iterable[str] = (),
        initial: Mapping[AnyKey, object] | Mapping[str, object] | None = None,
        when: Called | None = None,
        retry: Retry | None = None,
        timeout: Seconds | None = None,
        isolate: Isolated = False,
    ) -> None:
        Headed.__init__(self, id, name=name, description=description, tags=tags, initial=initial)
        self.when = when
        self.retry_policy = retry
        self.timeout = timeout
        self.isolate = isolate
        self.add(*actions)

    def __setattr__(self, name: str, value: object) -> None:
        check = STAGE_OPTIONS.get(name)
        if check is not None:
            value = check(value, self.label)
            self.changes += 1
        super().__setattr__(name, value)

    @property
    def actions(self) -> Actions:
        """Its actions, as a list that may be changed."""
        return Actions(self)

    @actions.setter
    def actions(self, values: Iterable[Called]) -> None:
        Actions(self)[:] = cast("Iterable[Action[..., Any]]", values)

    def as_node(self) -> nodes.Stage:
        """Make the node for what the stage says now."""
        return nodes.Stage(
            self.id,
            self,
            when=self.when,
            retry=self.retry_policy,
            timeout=self.timeout,
            isolate=self.isolate,
        )


class Actions(View[Action[..., Any]]):  # Any: whatever the actions return
    """The actions of a stage; those with a name of their own for the step keep it."""

    __slots__ = ()

    # Any: as above.
    def shown(self, item: Item) -> Action[..., Any] | None:
        """Give the action of an item."""
        if isinstance(item, Action):
            return item
        if isinstance(item, nodes.Do) and isinstance(item.action, Action):
            return item.action
        return None

    def made(self, value: object) -> Item:
        """Make an action of what is put in."""
        return as_action(value, self._flow.label)


def as_item(value: object, owner: str) -> Item:
    """Let stages and nodes pass, and make an action of anything else that can be one."""
    if isinstance(value, Stage):
        return value
    if isinstance(value, NODES):
        return cast("Item", value)
    return as_action(value, owner)


def as_body(value: object, what: str) -> Steps:
    """Make the body of a step from an action, a function, steps or a stage."""
    if value is steps:
        raise DefinitionError(f"the body of {what} is `steps` itself", hint="call it: steps()")
    if isinstance(value, Stage):
        return Steps(value)
    if isinstance(value, Steps) and value.kind == "steps":
        return value
    if isinstance(value, Flow):
        raise DefinitionError(
            f"the body of {what} cannot be {value!r} itself", hint=HOW_TO_ADD[value.kind]
        )
    return Steps(as_action(value, f"the body of {what}"))


def _arm(arm: object, what: str, number: int) -> tuple[Function, Steps]:
    if not isinstance(arm, tuple) or len(arm) != 2:
        raise DefinitionError(
            f"number {number} of {what} must be a pair of condition and body, not {arm!r}",
            hint="write branch(name, (condition, body), …, otherwise=body)",
        )
    condition = options.check_condition(arm[0], f"condition {number} of {what}")
    return condition, as_body(arm[1], what)
