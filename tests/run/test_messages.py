"""Messages from actions to handlers: who gets them, in which order, and what changes them."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from gostage import Context, Message, Retry, Runner, Stage, Workflow, action, run, steps
from gostage.errors import DefinitionError, NotStorable


def sender(type_: str, payload: object = None, name: str = "send"):
    """Make an action that sends one message."""

    def send(ctx: Context) -> None:
        ctx.send(type_, payload)

    return action(send, name=name)


@pytest.fixture
def got() -> list:
    """What handlers got, in order."""
    return []


def keeps(got: list, word: object):
    """Make a handler that writes down that it was called."""

    def handler(message: Message) -> None:
        got.append(word)

    return handler


def test_a_handler_gets_the_message_with_its_sender(got: list) -> None:
    """Type, payload, number, and everything about the step that sent it."""
    runner = Runner().on_message("progress", got.append)
    runner.run(Workflow("w").stage("s", sender("progress", {"pct": 50})), run_id="run-1")
    (message,) = got

    assert (message.type, message.payload, message.seq) == ("progress", {"pct": 50}, 1)
    assert message.sender.run == "run-1"
    assert message.sender.workflow == "w"
    assert message.sender.stage == "s"
    assert message.sender.action == "send"
    assert message.sender.pid == os.getpid()
    assert (message.sender.child_id, message.sender.is_child) == (None, False)


def test_a_step_outside_any_stage_has_none(got: list) -> None:
    """The sender says so."""
    Runner().on_message("word", got.append).run(Workflow("w").add(sender("word")))

    assert got[0].sender.stage is None


def test_the_narrowest_scope_is_called_first(got: list) -> None:
    """Action, stage, workflow, run, all; in whatever order they were registered."""
    runner = Runner()
    scopes: list[dict[str, str]] = [
        {},
        {"run": "run-1"},
        {"workflow": "w"},
        {"stage": "s"},
        {"action": "send"},
    ]
    for scope in scopes:
        runner.on_message("word", keeps(got, next(iter(scope), "global")), **scope)
    runner.run(Workflow("w").stage("s", sender("word")), run_id="run-1")

    assert got == ["action", "stage", "workflow", "run", "global"]


def test_handlers_of_one_scope_are_called_as_registered(got: list) -> None:
    """The first one first."""
    runner = Runner()
    for number in range(3):
        runner.on_message("word", keeps(got, number))
    runner.run(Workflow("w").add(sender("word")))

    assert got == [0, 1, 2]


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param({"run": "other"}, id="run"),
        pytest.param({"workflow": "other"}, id="workflow"),
        pytest.param({"stage": "other"}, id="stage"),
        pytest.param({"action": "other"}, id="action"),
        pytest.param({"stage": "s", "action": "other"}, id="all that is named must fit"),
    ],
)
def test_a_handler_of_another_scope_is_not_called(got: list, scope: dict[str, str]) -> None:
    """Everything it names must be true of the sender."""
    runner = Runner().on_message("word", got.append, **scope)
    result = runner.run(Workflow("w").stage("s", sender("word")))

    assert result.ok
    assert got == []


def test_a_handler_of_another_type_is_not_called(got: list) -> None:
    """A message nobody waits for is no mistake."""
    result = Runner().on_message("other", got.append).run(Workflow("w").add(sender("word")))

    assert result.ok
    assert got == []


class TestStar:
    """`on_message("*", …)` takes what others leave."""

    def test_it_gets_what_no_other_handler_took(self, got: list) -> None:
        """A message with a handler of its own does not reach it."""
        runner = Runner().on_message("known", keeps(got, "known"))
        runner.on_message("*", lambda message: got.append(f"* {message.type}"))
        runner.run(Workflow("w").stage("s", sender("known"), sender("unknown")))

        assert got == ["known", "* unknown"]

    def test_a_handler_whose_scope_does_not_fit_takes_nothing(self, got: list) -> None:
        """The message is left for the star."""
        runner = Runner().on_message("word", keeps(got, "word"), stage="other")
        runner.on_message("*", keeps(got, "*"))
        runner.run(Workflow("w").stage("s", sender("word")))

        assert got == ["*"]

    def test_it_may_have_a_scope_itself(self, got: list) -> None:
        """Then it takes what is left there."""
        runner = Runner().on_message("*", got.append, stage="a")
        runner.run(Workflow("w").stage("a", sender("x")).stage("b", sender("y")))

        assert [message.type for message in got] == ["x"]


class TestNumbers:
    """`seq` counts the messages of one sender."""

    def test_they_begin_at_one_for_each_sender(self, got: list) -> None:
        """Two steps count apart."""

        def chatter(ctx: Context) -> None:
            for _ in range(3):
                ctx.send("word")

        runner = Runner().on_message("word", lambda m: got.append((m.sender.action, m.seq)))
        runner.run(Workflow("w").do("a", chatter).do("b", chatter))

        assert got == [(name, seq) for name in "ab" for seq in (1, 2, 3)]

    def test_they_go_on_over_the_passes_of_a_loop(self, got: list) -> None:
        """The sender is the step, whichever pass it is in."""
        runner = Runner().on_message("word", lambda message: got.append(message.seq))
        body = steps().add(sender("word"))
        runner.run(Workflow("w").loop_until("l", lambda: len(got) == 3, body))

        assert got == [1, 2, 3]


class TestPayloads:
    """Payloads are data, and sender and receivers do not share them."""

    def test_what_the_sender_changes_later_is_not_seen(self, got: list) -> None:
        """The message holds what was sent."""

        def work(ctx: Context) -> None:
            rows = [1]
            ctx.send("rows", rows)
            rows.append(2)

        Runner().on_message("rows", got.append).run(Workflow("w").do("work", work))

        assert got[0].payload == [1]

    def test_what_a_handler_changes_does_not_reach_the_sender(self) -> None:
        """It has a copy."""
        kept = []

        def work(ctx: Context) -> None:
            rows = [1]
            ctx.send("rows", rows)
            kept.append(rows)

        runner = Runner().on_message("rows", lambda message: message.payload.append(2))
        runner.run(Workflow("w").do("work", work))

        assert kept == [[1]]

    def test_code_is_refused(self, got: list) -> None:
        """A function is no data: the step fails where it sends."""
        result = (
            Runner()
            .on_message("word", got.append)
            .run(Workflow("w").add(sender("word", lambda: None)))
        )

        assert isinstance(result.error, NotStorable)
        assert got == []

    @pytest.mark.parametrize("type_", [pytest.param("", id="empty"), pytest.param(3, id="number")])
    def test_a_type_is_a_word(self, type_: object) -> None:
        """Anything else is a mistake, and says so."""
        result = run(Workflow("w").add(sender(type_)))

        assert isinstance(result.error, DefinitionError)
        assert repr(type_) in str(result.error)


class TestErrors:
    """What a handler raises is raised at the sender."""

    def test_it_fails_the_step_that_sent(self) -> None:
        """As if the step had raised it."""

        def broken(message: Message) -> None:
            raise OSError("cannot show it")

        result = Runner().on_message("word", broken).run(Workflow("w").add(sender("word")))

        assert (result.status, str(result.error)) == ("failed", "cannot show it")

    def test_the_sender_may_handle_it(self, got: list) -> None:
        """It comes out of `ctx.send`."""

        def broken(message: Message) -> None:
            raise OSError("cannot show it")

        def work(ctx: Context) -> None:
            try:
                ctx.send("word", wait=True)
            except OSError as error:
                got.append(str(error))

        result = Runner().on_message("word", broken).run(Workflow("w").do("work", work))

        assert result.ok
        assert got == ["cannot show it"]

    def test_all_handlers_are_called_and_the_first_error_counts(self, got: list) -> None:
        """One that fails does not keep the message from the others."""

        def fails(word: str):
            def handler(message: Message) -> None:
                got.append(word)
                raise OSError(word)

            return handler

        runner = Runner().on_message("word", fails("wide"))
        runner.on_message("word", fails("narrow"), action="send")
        runner.on_message("word", keeps(got, "last"))
        result = runner.run(Workflow("w").add(sender("word")))

        assert got == ["narrow", "wide", "last"]
        assert str(result.error) == "narrow"


class Around:
    """Message middleware that writes its mark on what passes."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def outbound(self, message: Message) -> Message:
        return replace(message, payload=f"{message.payload}>{self.mark}")

    def inbound(self, message: Message) -> Message:
        return replace(message, payload=f"{message.payload}<{self.mark}")


class TestMiddleware:
    """`use_ipc` stands on the way of every message, in both directions."""

    def test_inbound_runs_in_the_reverse_order_of_outbound(self, got: list) -> None:
        """So that what one does on the way out is undone by the same on the way in."""
        runner = Runner().use_ipc(Around("a")).use_ipc(Around("b"))
        runner.on_message("word", got.append)
        runner.run(Workflow("w").add(sender("word", "x")))

        assert got[0].payload == "x>a>b<b<a"

    @pytest.mark.parametrize("direction", ["outbound", "inbound"])
    def test_one_direction_is_enough(self, got: list, direction: str) -> None:
        """The other passes it by."""
        one_way = type("OneWay", (), {direction: lambda self, message: replace(message, type="b")})
        runner = Runner().use_ipc(one_way()).on_message("b", got.append)
        runner.run(Workflow("w").add(sender("a")))

        assert [message.type for message in got] == ["b"]

    @pytest.mark.parametrize("direction", ["outbound", "inbound"])
    def test_none_drops_the_message(self, got: list, direction: str) -> None:
        """Nobody behind sees it, and the sender goes on."""
        drop = type("Drop", (), {direction: lambda self, message: None})
        runner = Runner().use_ipc(Around("a")).use_ipc(drop()).use_ipc(Around("b"))
        runner.on_message("*", got.append)
        result = runner.run(Workflow("w").add(sender("word")))

        assert result.ok
        assert got == []

    def test_what_it_raises_is_raised_at_the_sender(self) -> None:
        """A message that cannot be sent fails the step."""

        class Broken:
            def outbound(self, message: Message) -> Message:
                raise OSError("no line")

        result = Runner().use_ipc(Broken()).run(Workflow("w").add(sender("word")))

        assert str(result.error) == "no line"

    def test_what_is_neither_is_refused(self) -> None:
        """An object without the two methods, at once."""
        with pytest.raises(DefinitionError, match="no message middleware") as caught:
            Runner().use_ipc(object())
        assert "outbound(message)" in caught.value.hint


def test_a_handler_that_cannot_be_called_is_refused() -> None:
    """At once, where it is registered."""
    with pytest.raises(DefinitionError, match="cannot be called"):
        Runner().on_message("word", "handler")


def test_what_a_failed_attempt_sent_stays_sent(got: list) -> None:
    """The message has arrived, and cannot be called back."""

    def work(ctx: Context) -> None:
        ctx.send("word", ctx.attempt)
        if ctx.attempt == 1:
            raise OSError

    runner = Runner().on_message("word", lambda message: got.append(message.payload))
    result = runner.run(Workflow("w").add(action(work, retry=Retry(attempts=2))))

    assert result.ok
    assert got == [1, 2]


def test_branches_side_by_side_send_each_for_itself(got: list) -> None:
    """Each counts its own."""

    def chatter(ctx: Context) -> None:
        for _ in range(20):
            ctx.send("word")

    runner = Runner().on_message("word", lambda m: got.append((m.sender.action, m.seq)))
    stages = {name: Stage(name, action(chatter, name=name)) for name in "abc"}
    runner.run(Workflow("w").parallel("p", **stages))

    assert sorted(got) == [(name, seq) for name in "abc" for seq in range(1, 21)]
