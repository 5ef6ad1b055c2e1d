"""What is around the life of a child: who is entered, who is left, and what comes of it."""

from __future__ import annotations

import pytest

from gostage import Runner, hookimpl
from gostage._run.messages import Message, Sender
from gostage._spawn.spawning import Left, Life, Spawn, tell
from gostage.errors import DefinitionError, PluginError


class Clock:
    """Time that a test moves."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def a_spawn(clock=None):
    clock = clock or Clock()
    return Spawn("run-1", "flow", "risky", backend="process", depth=1, now=clock)


def layer(name, log):
    """Make a middleware that writes down how it is entered and left."""

    def around(spawn):
        log.append(f"{name} in")
        try:
            code = yield
        except ValueError as error:
            log.append(f"{name} sees {error}")
            raise
        else:
            log.append(f"{name} out {code}")
            return code

    return around


def lived(runner, error=None, exit_code=0):
    """Live one life after the other, until nobody asks for another; gives how it was left."""
    life = Life(a_spawn(), runner._around)
    left = life.enter()
    starts = 0
    while left is None:
        starts += 1
        life.spawn.began("c1", 4711)
        life.spawn.ended(exit_code, error)
        left = life.leave()
    return left, starts


def test_the_first_is_entered_first_and_left_last() -> None:
    """Each is given the exit code, as what is inside it returns it."""
    log: list[str] = []
    runner = Runner().use_spawn(layer("one", log)).use_spawn(layer("two", log))

    left, starts = lived(runner)

    assert log == ["one in", "two in", "two out 0", "one out 0"]
    assert (left, starts) == (Left(None, skipped=False), 1)


def test_hooks_are_outside() -> None:
    """Those of plugins are entered before what the runner was given."""
    log: list[str] = []

    class Watch:
        @hookimpl(wrapper=True)
        def gostage_spawn(self, spawn):
            log.append(f"hook of {spawn.path} in")
            yield
            log.append(f"hook out, pid {spawn.pid}")

    lived(Runner(plugins=[Watch()]).use_spawn(layer("own", log)))

    assert log == ["hook of risky in", "own in", "own out 0", "hook out, pid 4711"]


def test_an_error_of_the_child_is_seen_by_all() -> None:
    """From the inside out, and it stays the error."""
    log: list[str] = []
    error = ValueError("boom")

    left, _ = lived(Runner().use_spawn(layer("one", log)).use_spawn(layer("two", log)), error, 1)

    assert log == ["one in", "two in", "two sees boom", "one sees boom"]
    assert left.error is error


def test_whoever_was_entered_is_left_when_another_cannot_be_entered() -> None:
    """No child is started, and the error is that of the middleware, with its name."""
    log: list[str] = []

    def broken(spawn):
        raise ValueError("no room")
        yield

    runner = Runner().use_spawn(layer("one", log)).use_spawn(broken).use_spawn(layer("two", log))

    left, starts = lived(runner)

    assert log == ["one in", "one sees no room"]
    assert starts == 0
    assert str(left.error) == "no room"
    assert left.error.__notes__ == ["in middleware 'broken' of a spawn"]


def test_whoever_fails_on_the_way_out_skips_nobody() -> None:
    """Its error takes the place of what was there."""
    log: list[str] = []

    def broken(spawn):
        yield
        raise ValueError("cannot clean up")

    left, _ = lived(Runner().use_spawn(layer("one", log)).use_spawn(broken))

    assert log == ["one in", "one sees cannot clean up"]
    assert str(left.error) == "cannot clean up"


def test_an_error_in_a_hook_names_the_plugin() -> None:
    """And the child."""

    class Broken:
        @hookimpl(wrapper=True)
        def gostage_spawn(self, spawn):
            yield
            raise ValueError("no")

    left, _ = lived(Runner(plugins=[Broken()]))

    assert left.error.__notes__ == ["in hook gostage_spawn of plugin 'Broken', around child 'c1'"]


def test_an_error_may_be_held() -> None:
    """Then there is none; what is known of the child stays."""

    def hold(spawn):
        try:
            yield
        except ValueError:
            assert str(spawn.error) == "boom"

    assert lived(Runner().use_spawn(hold), ValueError("boom"))[0] == Left(None, skipped=False)


def test_no_yield_starts_no_child() -> None:
    """The step is skipped."""

    def skip(spawn):
        return
        yield

    assert lived(Runner().use_spawn(skip)) == (Left(None, skipped=True), 0)


def test_another_yield_starts_another_child() -> None:
    """As in any middleware, it runs the inside again."""

    def again(spawn):
        yield
        yield

    assert lived(Runner().use_spawn(again))[1] == 2


def test_what_is_no_spawn_middleware_is_refused() -> None:
    """Where it is registered; it is given the spawn and nothing else."""

    def wrong(run):
        yield

    with pytest.raises(DefinitionError, match="asks for 'run', which a spawn middleware cannot"):
        Runner().use_spawn(wrong)
    with pytest.raises(DefinitionError, match="is not a generator function"):
        Runner().use_spawn(lambda spawn: None)


def test_a_spawn_knows_how_long_it_lived() -> None:
    """Nothing before it is started, and no more after its end."""
    clock = Clock()
    spawn = a_spawn(clock)
    assert spawn.duration == 0.0

    clock.now = 10.0
    spawn.began("c1", None)
    clock.now = 12.5
    assert spawn.duration == 2.5
    spawn.ended(0, None)
    clock.now = 99.0

    assert spawn.duration == 2.5


MESSAGE = Message("progress", {"pct": 5}, Sender("run-1", "flow", None, "a", "c1", 4711, True), 1)


def test_messages_of_a_child_are_told_to_every_plugin() -> None:
    """With what each asks for; an error of one is raised when all were told."""
    told = []

    class Broken:
        @hookimpl
        def gostage_child_message(self, message):
            raise ValueError("full")

    class Count:
        @hookimpl
        def gostage_child_message(self, message, spawn):
            told.append((spawn.path, message.type))

    runner = Runner(plugins=[Broken(), Count()])

    with pytest.raises(PluginError, match="'Broken' failed in hook gostage_child_message: Value"):
        tell(runner._around, a_spawn(), MESSAGE)

    assert told == [("risky", "progress")]


def test_an_error_of_our_own_gets_a_note() -> None:
    """It stays what it is."""

    class Strict:
        @hookimpl
        def gostage_child_message(self):
            raise DefinitionError("no such progress")

    with pytest.raises(DefinitionError) as caught:
        tell(Runner(plugins=[Strict()])._around, a_spawn(), MESSAGE)

    assert "in hook gostage_child_message of plugin 'Strict'" in caught.value.__notes__
