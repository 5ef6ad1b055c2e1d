"""Wrapper hooks around runs, stages and calls: their powers, their order, and who is blamed."""

from __future__ import annotations

import asyncio
import contextvars

import pytest

import gostage
from gostage import Retry, Runner, Stage, Workflow, action, hookimpl, resource, steps
from gostage._plugins.manager import Plugins
from gostage._plugins.source import Source


def runner_with(*things, **options) -> Runner:
    """A runner with these plugins and no others."""
    plugins = Plugins()
    names = (getattr(thing, "name", type(thing).__name__) for thing in things)
    plugins.add(
        Source(name, "a test", lambda t=thing: t) for name, thing in zip(names, things, strict=True)
    )
    return Runner(plugins=plugins, **options)


class Levels:
    """Says when each level is entered and left."""

    def __init__(self, name, said):
        self.name = name
        self.said = said

    def around(self, level):
        self.said.append(f"{self.name} enters {level}")
        try:
            return (yield)
        finally:
            self.said.append(f"{self.name} leaves {level}")

    @hookimpl(wrapper=True)
    def gostage_runner(self, run):
        return (yield from self.around(f"run of {run.workflow.id}"))

    @hookimpl(wrapper=True)
    def gostage_workflow(self, run, stage):
        return (yield from self.around(f"workflow around {stage.id}"))

    @hookimpl(wrapper=True)
    def gostage_stage(self, stage):
        return (yield from self.around(f"stage {stage.id}"))

    @hookimpl(wrapper=True)
    def gostage_action(self, ctx, action):
        return (yield from self.around(f"action {action.name} of {ctx.stage.id}"))


@action
def noop():
    """Do nothing."""


def test_each_level_is_wrapped_from_the_outside_in() -> None:
    """Run, workflow, stage, action: entered in this order, left in the reverse."""
    said: list[str] = []

    runner_with(Levels("a", said)).run(Workflow("w").stage("s", noop))

    levels = ["run of w", "workflow around s", "stage s", "action noop of s"]
    entered = [f"a enters {level}" for level in levels]
    assert said == entered + [f"a leaves {level}" for level in reversed(levels)]


def test_the_first_plugin_is_outermost_and_local_middleware_is_inside() -> None:
    """Hooks of a level are outside the local middleware of that level."""
    said: list[str] = []

    def local(stage):
        said.append("local enters")
        yield
        said.append("local leaves")

    only_stage = [
        type("P", (), {"name": n, "gostage_stage": Levels("x", said).gostage_stage})()
        for n in ("a", "b")
    ]
    stages = [Levels(each.name, said) for each in only_stage]
    runner = runner_with(*stages)
    runner.run(Workflow("w").add(Stage("s", noop).use(local)))

    inner = [line for line in said if "stage s" in line or "local" in line]
    assert inner == [
        "a enters stage s",
        "b enters stage s",
        "local enters",
        "local leaves",
        "b leaves stage s",
        "a leaves stage s",
    ]


def test_a_wrapper_may_skip_what_is_inside() -> None:
    """Returning before the yield skips it, and its items count as skipped."""

    class Skips:
        @hookimpl(wrapper=True)
        def gostage_stage(self, stage):
            if stage.id == "no":
                return
            yield

    result = runner_with(Skips()).run(Workflow("w").stage("no", noop).stage("yes", noop))

    statuses = {step.path: step.status for step in result.steps}
    assert statuses["no/noop"] == "skipped"
    assert statuses["yes/noop"] == "completed"


def test_a_wrapper_may_run_an_action_again_and_change_its_value() -> None:
    """Another yield is another call; what the outermost returns is the action's value."""

    class Again:
        @hookimpl(wrapper=True)
        def gostage_action(self, ctx, action):
            try:
                value = yield
            except OSError:
                value = yield
            return value * 10

    calls = []

    @action(provides="n")
    def flaky():
        calls.append(1)
        if len(calls) == 1:
            raise OSError("busy")
        return 4

    result = runner_with(Again()).run(Workflow("w").do(flaky))

    assert (len(calls), result.store["n"]) == (2, 40)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_wrapper_is_around_every_kind_of_action(is_async: bool) -> None:
    """It sees the outcome of sync and async actions, from `run` and from `arun`."""
    seen = []

    class Sees:
        @hookimpl(wrapper=True)
        def gostage_action(self, ctx, action):
            seen.append((yield))

    @action
    async def later():
        await asyncio.sleep(0)
        return "async"

    @action
    def now():
        return "sync"

    runner = runner_with(Sees())
    workflow = Workflow("w").do(later).do(now)
    if is_async:
        asyncio.run(runner.arun(workflow))
    else:
        runner.run(workflow)

    assert seen == ["async", "sync"]


def test_what_a_wrapper_sets_is_seen_inside_it_in_every_branch() -> None:
    """A context variable reaches actions of parallel branches, which run in threads."""
    level = contextvars.ContextVar("level", default="none")
    seen = []

    class Sets:
        @hookimpl(wrapper=True)
        def gostage_runner(self, run):
            level.set("inside")
            yield

    body = steps().do("see", lambda: seen.append(level.get()))
    result = runner_with(Sets()).run(
        Workflow("w").parallel("p", a=body, b=steps().do("see", lambda: seen.append(level.get())))
    )

    assert result.ok
    assert seen == ["inside", "inside"]


def test_an_attempt_is_a_call() -> None:
    """`gostage_action` is around every attempt of an action that is retried."""
    attempts = []

    class Counts:
        @hookimpl(wrapper=True)
        def gostage_action(self, ctx):
            attempts.append(ctx.attempt)
            return (yield)

    @action(retry=Retry(3))
    def flaky(ctx):
        if ctx.attempt < 3:
            raise OSError("busy")

    assert runner_with(Counts()).run(Workflow("w").do(flaky)).ok
    assert attempts == [1, 2, 3]


class Breaks:
    """Raises at one level, before or after the inside."""

    name = "breaker"

    def __init__(self, hook, when):
        self.hook = hook
        self.when = when

    def around(self, hook):
        if hook == self.hook and self.when == "before":
            raise ValueError("boom")
        yield
        if hook == self.hook and self.when == "after":
            raise ValueError("boom")

    @hookimpl(wrapper=True)
    def gostage_runner(self, run):
        yield from self.around("gostage_runner")

    @hookimpl(wrapper=True)
    def gostage_workflow(self, run, stage):
        yield from self.around("gostage_workflow")

    @hookimpl(wrapper=True)
    def gostage_stage(self, run, stage):
        yield from self.around("gostage_stage")

    @hookimpl(wrapper=True)
    def gostage_action(self, ctx, action):
        yield from self.around("gostage_action")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("hook", "place"),
    [
        ("gostage_runner", ", around run 'r'"),
        ("gostage_workflow", ", around stage 's'"),
        ("gostage_stage", ", around stage 's'"),
        ("gostage_action", ""),
    ],
)
def test_a_wrapper_that_raises_is_named_with_plugin_hook_and_item(
    hook: str, place: str, when: str
) -> None:
    """The run fails with the plugin's own error, and a note says whose it is."""
    result = runner_with(Breaks(hook, when)).run(Workflow("w").stage("s", noop), run_id="r")

    assert result.status == "failed"
    assert isinstance(result.error, ValueError)
    assert f"in hook {hook} of plugin 'breaker'{place}" in result.error.__notes__


def test_local_middleware_that_raises_is_named_too() -> None:
    """A note says which middleware an error comes from."""

    def breaking(stage):
        yield
        raise ValueError("boom")

    result = gostage.run(Workflow("w").add(Stage("s", noop).use(breaking)))

    assert "in middleware 'breaking' of a stage" in result.error.__notes__


def test_a_wrapper_that_lets_an_error_pass_is_not_blamed() -> None:
    """Only who raises is named."""

    class Passes:
        @hookimpl(wrapper=True)
        def gostage_action(self, ctx, action):
            return (yield)

    def fail():
        raise ValueError("mine")

    result = runner_with(Passes()).run(Workflow("w").do("fail", fail))

    assert not any("plugin" in note for note in result.error.__notes__)


def test_messages_go_through_hooks_and_unwind() -> None:
    """Outbound hooks come before local middleware, inbound ones behind it in reverse."""
    seen = []

    class Marks:
        def __init__(self, name):
            self.name = name

        @hookimpl
        def gostage_ipc_outbound(self, message):
            seen.append(f"{self.name} out")
            return message

        @hookimpl
        def gostage_ipc_inbound(self, message):
            seen.append(f"{self.name} in")
            return message

    class Local:
        def outbound(self, message):
            seen.append("local out")
            return message

        def inbound(self, message):
            seen.append("local in")
            return message

    runner = runner_with(Marks("a"), Marks("b")).use_ipc(Local())
    runner.on_message("*", lambda message: seen.append(message.payload))
    runner.run(Workflow("w").do("send", lambda ctx: ctx.send("hello", "payload")))

    assert seen == ["a out", "b out", "local out", "local in", "b in", "a in", "payload"]


def test_a_hook_may_drop_a_message() -> None:
    """`None` means that the message goes no further."""
    seen = []

    class Drops:
        @hookimpl
        def gostage_ipc_outbound(self, message):
            return None if message.type == "secret" else message

    runner = runner_with(Drops()).on_message("*", lambda message: seen.append(message.type))

    def send(ctx):
        ctx.send("secret", 1)
        ctx.send("open", 2)

    assert runner.run(Workflow("w").do("send", send)).ok
    assert seen == ["open"]


def test_resources_of_plugins_come_before_those_of_the_runner() -> None:
    """Of two resources of one name the plugin's counts."""

    class Lends:
        where = resource(lambda: "plugin", name="where")

    other = resource(lambda: "runner", name="other")
    hidden = resource(lambda: "runner", name="where")
    seen = []

    def look(where, other):
        seen.append((where, other))

    runner = Runner(plugins=[Lends()], resources=[hidden, other])
    runner.run(Workflow("w").do("look", look)).raise_for_error()

    assert seen == [("plugin", "runner")]


def test_a_runner_unconfigures_its_plugins_when_it_is_closed() -> None:
    """Leaving the `with` tells every plugin to clean up."""
    told = []

    class Cleans:
        @hookimpl
        def gostage_unconfigure(self, config):
            told.append("unconfigured")

    with Runner(plugins=[Cleans()]) as runner:
        runner.run(Workflow("w").do("noop", noop))
        assert told == []

    assert told == ["unconfigured"]


def test_a_stop_iteration_passes_through_wrappers_as_it_is() -> None:
    """Python makes another error of it where a generator lets it pass; the run does not."""

    class Passes:
        @hookimpl(wrapper=True)
        def gostage_action(self, ctx):
            return (yield)

    def empty():
        return next(iter(()))

    result = runner_with(Passes()).run(Workflow("w").do("empty", empty))

    assert type(result.error) is StopIteration
    assert not any("plugin" in note for note in getattr(result.error, "__notes__", ()))


def test_a_wrapper_that_fails_while_its_run_is_left_is_named() -> None:
    """Cleanup code that raises is blamed like any other."""

    class Breaks:
        @hookimpl(wrapper=True)
        def gostage_stage(self, stage):
            try:
                yield
            except GeneratorExit:
                raise ValueError("on exit") from None

    result = runner_with(Breaks()).run(Workflow("w").add(Stage("s").receive("go")))

    assert result.status == "failed"
    assert "in hook gostage_stage of plugin 'Breaks', around stage 's'" in result.error.__notes__


@pytest.mark.parametrize("made", [True, "text", {}], ids=repr)
def test_what_is_no_message_is_refused_with_plugin_and_hook(made) -> None:
    """Whoever forgets that a hook gives a message back is named, and not the action."""

    class Returns:
        @hookimpl
        def gostage_ipc_outbound(self, message):
            return made

    result = runner_with(Returns()).run(Workflow("w").do("send", lambda ctx: ctx.send("x", 1)))

    assert "in hook gostage_ipc_outbound of plugin 'Returns': it returned" in str(result.error)
