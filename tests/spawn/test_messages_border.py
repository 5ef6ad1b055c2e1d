"""Messages over the border: what is done where they are sent, and what where they arrive."""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import multiprocess
import pytest

from gostage import Context, Message, Runner, Workflow, action, errors
from gostage._run.logs import Forwarding, payload_of, take
from gostage._run.messages import Hub, Sender, Subscription
from gostage._spawn.letters import Known, from_frame, refusal, to_frame
from gostage._spawn.link import Link, LinkLost
from gostage._spawn.news import News
from gostage._spawn.wire import FROM_CHILD, WireError, decode, encode
from gostage._store.codec import STANDARD
from gostage._store.failures import decode_error, encode_error
from gostage.errors import MessageError, NotStorable

FORK = multiprocess.get_context("fork")
SENDER = Sender("run-1", "w", "s", "send", "c1", 4711, is_child=True, depth=1)
KNOWN = Known("c1", 4711, 1)


@dataclass(frozen=True)
class Point:
    """A value that is more than JSON."""

    x: int
    y: tuple[int, ...]


class Mark:
    """Message middleware that writes down where it was."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def outbound(self, message: Message) -> Message:
        return replace(message, payload=f"{message.payload} out:{self.mark}@{message.sender.pid}")

    def inbound(self, message: Message) -> Message:
        return replace(message, payload=f"{message.payload} in:{self.mark}@{os.getpid()}")


def hub_of(runner: Runner) -> Hub:
    return runner._around.hub


@contextmanager
def at_work(child: Runner, workflow: Workflow) -> Iterator[Link]:
    """Have a forked process run a workflow whose messages go up; gives the parent's link."""
    here, there = multiprocess.Pipe()

    def work() -> None:
        here.close()
        link = Link(there)
        hub = hub_of(child)

        def send(message: Message, wait: bool) -> None:
            link.send("message", to_frame(message, STANDARD, 1 if wait else None), flush=wait)
            if wait:
                _, reply = link.receive()
                if reply["error"] is not None:
                    raise refusal(message, decode_error(reply["error"]))

        hub.connect(send, child_id="c1", depth=1)
        result = child.run(workflow, run_id="run-1")
        error = None if result.error is None else encode_error(result.error)
        link.send("ended", {"n": 1, "outcome": {"do": "done", "error": error}, "commit": None})
        link.close()

    process = FORK.Process(target=work)
    process.start()
    there.close()
    link = Link(here, accepts=FROM_CHILD)
    try:
        yield link
    finally:
        link.close()
        process.join(20)
        assert process.exitcode == 0
        process.close()


def spoken(child: Runner, workflow: Workflow, parent: Runner) -> tuple[list, BaseException | None]:
    """Let all messages of a child arrive; gives what handlers raised, and the child's error."""
    raised: list[BaseException] = []
    failure = None
    hub = hub_of(parent)
    with at_work(child, workflow) as link, suppress(LinkLost):
        while True:
            received = link.receive(20)
            assert received is not None
            kind, data = received
            if kind == "ended":
                told = data["outcome"]["error"]
                failure = None if told is None else decode_error(told)
                continue
            message = from_frame(data, STANDARD, known_of(data))
            error = None
            try:
                hub.arrive(message, wait=data["n"] is not None)
            except Exception as refused:
                error = refused
                raised.append(refusal(message, refused))
            if data["n"] is not None:
                told = None if error is None else encode_error(error)
                link.send("reply", {"n": data["n"], "error": told})
    return raised, failure


def known_of(data: dict) -> Known:
    return Known("c1", data["sender"]["pid"], 1)


def says(*words: object, wait: bool = False) -> Workflow:
    """A workflow whose one action sends each word."""

    def send(ctx: Context) -> None:
        for word in words:
            ctx.send("word", word, wait=wait)

    return Workflow("w").stage("s", action(send))


class TestFromAChild:
    """What a handler in the parent gets."""

    def test_it_says_which_child_sent_it(self) -> None:
        """The step, the child and its process."""
        got: list[Message] = []
        spoken(Runner(), says("hello"), Runner().on_message("word", got.append))
        (message,) = got

        sender = message.sender
        assert (message.type, message.payload, message.seq) == ("word", "hello", 1)
        assert (sender.run, sender.workflow, sender.stage, sender.action) == (
            "run-1",
            "w",
            "s",
            "send",
        )
        assert (sender.is_child, sender.child_id, sender.depth) == (True, "c1", 1)
        assert sender.pid != os.getpid()

    def test_payloads_keep_their_types(self) -> None:
        """As values of the store do."""
        got: list[Message] = []
        words = (Point(1, (2, 3)), {1: b"bytes"}, 2**70, float("inf"), None, {"a", "b"})
        spoken(Runner(), says(*words), Runner().on_message("word", got.append))

        assert tuple(message.payload for message in got) == words

    def test_what_is_changed_after_it_was_sent_is_not_seen(self) -> None:
        """It is written down where it is sent, though it may leave a moment later."""
        got: list[Message] = []

        def work(ctx: Context) -> None:
            rows: list[int] = []
            for n in range(50):
                rows.append(n)
                ctx.send("rows", rows)

        parent = Runner().on_message("rows", got.append)
        spoken(Runner(), Workflow("w").do("work", work), parent)

        assert [len(message.payload) for message in got] == list(range(1, 51))
        assert [message.seq for message in got] == list(range(1, 51))

    @pytest.mark.parametrize("wait", [False, True], ids=["sent", "waited for"])
    def test_code_is_refused_where_it_is_sent(self, wait: bool) -> None:
        """The step of the child fails, and the parent hears nothing."""
        got: list[Message] = []
        parent = Runner().on_message("*", got.append)
        _, failure = spoken(Runner(), says(print, wait=wait), parent)

        assert isinstance(failure, NotStorable)
        assert got == []

    def test_outbound_runs_in_the_child_and_inbound_in_the_parent(self) -> None:
        """In the order that lets what is done on one side be undone on the other."""
        got: list[Message] = []
        child = Runner().use_ipc(Mark("a")).use_ipc(Mark("b"))
        parent = Runner().use_ipc(Mark("a")).use_ipc(Mark("b")).on_message("word", got.append)
        spoken(child, says("x"), parent)
        (message,) = got

        here, there = os.getpid(), message.sender.pid
        assert message.payload == f"x out:a@{there} out:b@{there} in:b@{here} in:a@{here}"

    def test_what_is_dropped_in_the_child_never_leaves_it(self) -> None:
        """The parent sees no message."""
        drop = type("Drop", (), {"outbound": lambda self, message: None})
        seen: list[Message] = []
        look = type("Look", (), {"inbound": lambda self, message: seen.append(message)})
        spoken(Runner().use_ipc(drop()), says("x"), Runner().use_ipc(look()))

        assert seen == []

    def test_handlers_of_the_child_are_not_called(self) -> None:
        """Messages arrive in one place."""
        got: list[Message] = []
        child = Runner().on_message("word", lambda message: 1 / 0)
        _, failure = spoken(child, says("x"), Runner().on_message("word", got.append))

        assert failure is None
        assert len(got) == 1


class TestErrors:
    """What a handler of the parent raises."""

    @pytest.fixture
    def parent(self) -> Runner:
        def refuse(message: Message) -> None:
            raise OSError(13, "cannot show it")

        return Runner().on_message("word", refuse)

    def test_a_sender_that_does_not_wait_goes_on(self, parent: Runner) -> None:
        """The error is there for the step's end, with the handler's as its cause."""
        raised, failure = spoken(Runner(), says("x", "y"), parent)

        assert failure is None
        assert [type(each) for each in raised] == [MessageError, MessageError]
        assert str(raised[1]) == (
            "message 'word' of 'send' (number 2) was not taken: [Errno 13] cannot show it"
        )
        assert isinstance(raised[0].__cause__, OSError)
        assert raised[0].where == errors.Where(run="run-1", stage="s", action="send")

    def test_a_sender_that_waits_gets_it_at_once(self, parent: Runner) -> None:
        """The first of its messages fails the step."""
        raised, failure = spoken(Runner(), says("x", "y", wait=True), parent)

        assert len(raised) == 1
        assert isinstance(failure, MessageError)
        assert isinstance(failure.__cause__, OSError)
        assert failure.__cause__.errno == 13

    def test_a_sender_that_waits_may_handle_it(self, parent: Runner) -> None:
        """And go on."""

        def work(ctx: Context) -> None:
            for _ in range(3):
                with suppress(MessageError):
                    ctx.send("word", wait=True)

        raised, failure = spoken(Runner(), Workflow("w").do("work", work), parent)

        assert len(raised) == 3
        assert failure is None

    def test_it_is_not_wrapped_twice(self) -> None:
        """One that comes from further up says all there is to say."""
        message = Message("word", None, SENDER, 1)
        refused = refusal(message, OSError("no"))

        assert refusal(message, refused) is refused

    def test_it_survives_pickling(self) -> None:
        """As every error does."""
        refused = refusal(Message("word", None, SENDER, 1), OSError("no"))
        again = pickle.loads(pickle.dumps(refused))

        assert (str(again), again.hint, again.where) == (str(refused), refused.hint, refused.where)


class TestImpersonation:
    """What a child says of itself counts as far as it can."""

    def frame(self, **told: object) -> dict:
        data = to_frame(Message("word", [1], SENDER, 1), STANDARD, None)
        return {**data, "sender": {**data["sender"], **told}}

    def test_its_id_and_process_are_those_the_parent_knows(self) -> None:
        """Whatever it says."""
        message = from_frame(self.frame(child_id="c2", pid=1), STANDARD, KNOWN)

        assert (message.sender.child_id, message.sender.pid) == ("c1", 4711)

    def test_it_speaks_for_children_of_its_own(self) -> None:
        """They are deeper down, and it alone knows them."""
        message = from_frame(self.frame(child_id="c1.1", pid=9, depth=2), STANDARD, KNOWN)

        assert (message.sender.child_id, message.sender.pid) == ("c1.1", 9)
        assert (message.sender.depth, message.sender.is_child) == (2, True)

    def test_it_does_not_speak_for_those_above_it(self) -> None:
        """A grandchild is no child."""
        with pytest.raises(WireError, match="of depth 1 came from depth 2"):
            from_frame(self.frame(), STANDARD, Known("c1.1", 9, 2))

    @pytest.mark.parametrize(
        "payload",
        [
            pytest.param({"$object": "os:system", "fields": {"x": 1}}, id="a function"),
            pytest.param({"$object": "antigravity:Window", "fields": {}}, id="a module to import"),
            pytest.param({"$nonsense": 1}, id="an unknown tag"),
        ],
    )
    def test_a_payload_that_is_no_data_is_refused(self, payload: object) -> None:
        """Nothing is made of it, and nothing is imported for it."""
        with pytest.raises(MessageError, match="message 'word' of 'send'"):
            from_frame({**self.frame(), "payload": payload}, STANDARD, KNOWN)

    def test_a_frame_carries_everything_of_a_message(self) -> None:
        """It arrives as it was sent."""
        message = Message("word", {"point": Point(1, (2,))}, SENDER, 7)
        _, data = decode(encode("message", to_frame(message, STANDARD, 3)))

        assert from_frame(data, STANDARD, KNOWN) == message
        assert data["n"] == 3


def collected(*types: str) -> tuple[Hub, list[Message]]:
    """A hub with a handler for each of these types."""
    hub, got = Hub(), []
    for type_ in types:
        hub.subscribe(Subscription(type_, got.append))
    return hub, got


class TestHandingOn:
    """A child between its parent and a child of its own."""

    def test_it_hands_messages_on_as_they_are(self) -> None:
        """No middleware and no handler of it sees them."""
        hub, got = collected("*")
        hub.use(Mark("a"))
        up: list[tuple[Message, bool]] = []
        hub.connect(lambda message, wait: up.append((message, wait)), child_id="c1", depth=1)
        message = Message("word", "x", replace(SENDER, child_id="c1.1", depth=2), 1)
        hub.arrive(message)
        hub.arrive(message, wait=True)

        assert up == [(message, False), (message, True)]
        assert got == []

    def test_handlers_are_asked_for_by_type(self) -> None:
        """One for all the rest asks for none."""
        hub, _ = collected("word", "*")

        assert hub.has_handlers("word")
        assert not hub.has_handlers("store_put")


def logger_with(handler: logging.Handler, name: str = "jobs") -> logging.Logger:
    """A logger that the rest of the process does not know."""
    logger = logging.Logger(name)  # noqa: LOG001  # one of the process would stay for ever
    logger.addHandler(handler)
    return logger


class TestLogs:
    """What is logged in a child."""

    LOG: Final = {"level": "WARNING", "logger": "jobs.load", "message": "half of it"}

    def test_a_record_becomes_data(self) -> None:
        """Level, logger, and the text with what belongs to it."""
        got: list[dict] = []
        logger = logger_with(Forwarding(got.append), "jobs.load")
        logger.warning("%s of it", "half")
        logger.log(15, "between")
        try:
            Path("/nowhere").stat()
        except OSError:
            logger.exception("no")

        assert got[0] == self.LOG
        assert got[1]["level"] == "15"
        assert got[2]["message"].startswith("no\nTraceback")
        assert got[2]["message"].endswith("directory: '/nowhere'")

    def test_what_is_logged_while_one_is_sent_is_not_sent(self) -> None:
        """There would be no end to it."""
        got: list[dict] = []

        def send(payload: dict) -> None:
            got.append(payload)
            logger.info("sent")

        logger = logger_with(Forwarding(send))
        logger.info("once")

        assert [each["message"] for each in got] == ["once"]

    def test_without_a_handler_it_is_logged_here(self, caplog) -> None:
        """By the logger of that name, at that level."""
        hub, got = collected("*")
        with caplog.at_level(logging.INFO):
            hub.arrive(Message("log", self.LOG, SENDER, 1))
            hub.arrive(Message("log", {**self.LOG, "level": "DEBUG"}, SENDER, 2))
            hub.arrive(Message("log", {**self.LOG, "level": "25"}, SENDER, 3))

        assert [(r.name, r.levelno, r.getMessage()) for r in caplog.records] == [
            ("jobs.load", logging.WARNING, "half of it"),
            ("jobs.load", 25, "half of it"),
        ]
        assert got == []

    def test_a_percent_sign_is_a_percent_sign(self, caplog) -> None:
        """The text is not filled in again."""
        assert take({**self.LOG, "message": "100 %s"})
        assert caplog.messages == ["100 %s"]

    def test_a_handler_takes_it(self, caplog) -> None:
        """Then nothing is logged."""
        hub, got = collected("log")
        hub.arrive(Message("log", self.LOG, SENDER, 1))

        assert [message.payload for message in got] == [self.LOG]
        assert caplog.records == []

    @pytest.mark.parametrize(
        "payload",
        [
            pytest.param("text", id="a text"),
            pytest.param({"message": "half"}, id="half of it"),
            pytest.param({**LOG, "level": "LOUD"}, id="an unknown level"),
            pytest.param({**LOG, "level": 30}, id="a level that is a number"),
            pytest.param({**LOG, "level": "9" * 100}, id="a level beyond all"),
            pytest.param({**LOG, "logger": None}, id="no logger"),
            pytest.param({**LOG, "extra": 1}, id="more"),
        ],
    )
    def test_what_only_has_its_name_is_a_message_like_any_other(self, payload: object) -> None:
        """Any type is allowed, with any payload."""
        hub, got = collected("*")
        hub.arrive(Message("log", payload, SENDER, 1))

        assert [message.payload for message in got] == [payload]

    def test_no_logger_is_made_for_it(self, caplog) -> None:
        """A child could fill the memory with their names; the nearest one above serves."""
        parent = logging.getLogger("jobs_of_this_test")
        known = set(logging.Logger.manager.loggerDict)
        for n in range(10):
            assert take({**self.LOG, "logger": f"{parent.name}.deep.{n}"})

        assert set(logging.Logger.manager.loggerDict) == known
        assert caplog.records[-1].name == "jobs_of_this_test.deep.9"

    def test_the_level_of_the_logger_counts(self, caplog) -> None:
        """As for one of this process."""
        quiet = logging.getLogger("quiet_in_this_test")
        quiet.setLevel(logging.ERROR)
        take({**self.LOG, "logger": "quiet_in_this_test.inner"})

        assert caplog.records == []

    def test_arguments_that_do_not_fit_are_no_end_of_the_sender(self, capsys) -> None:
        """`logging` says so on stderr, as for every handler."""
        logger = logger_with(Forwarding(lambda payload: None))
        logger.warning("%d", "x")

        assert "Logging error" in capsys.readouterr().err

    def test_a_record_without_more_is_its_text(self) -> None:
        """Nothing is added to it."""
        record = logging.LogRecord("a", logging.INFO, "", 0, "text", None, None)

        assert payload_of(record) == {"level": "INFO", "logger": "a", "message": "text"}


CHANGES = [
    [0, "rows", {"value": {"$tuple": [1]}, "order": 1, "created": 1.0, "updated": 2.0}],
    [
        0,
        "token",
        {
            "value": "t",
            "order": 2,
            "created": 1.0,
            "updated": 2.0,
            "expires": 62.0,
            "tags": ["sensitive"],
            "props": {"source": "api"},
        },
    ],
    [0, "old", None],
    [0, "older", {"gone": "deleted"}],
    [3, "aside", {"value": 1, "order": 1, "created": 1.0, "updated": 2.0}],
    [-1, "insert:0:x", [1, [], []]],
]


class TestNews:
    """What a child does, told to those who asked for it."""

    def news(self, hub: Hub) -> News:
        return News(hub, STANDARD, run="run-1", workflow="w", child=KNOWN)

    def test_changes_of_the_store_are_told_with_everything_that_belongs_to_them(self) -> None:
        """Values with their types, time to live, tags and properties."""
        hub, got = collected("store_put", "store_delete")
        self.news(hub).changed(CHANGES)

        assert [(message.type, message.payload) for message in got] == [
            ("store_put", {"key": "rows", "value": (1,), "ttl": None, "tags": [], "props": {}}),
            (
                "store_put",
                {
                    "key": "token",
                    "value": "t",
                    "ttl": 60.0,
                    "tags": ["sensitive"],
                    "props": {"source": "api"},
                },
            ),
            ("store_delete", {"key": "old"}),
            ("store_delete", {"key": "older"}),
        ]
        assert [message.seq for message in got] == [1, 2, 3, 4]
        assert got[0].sender == replace(SENDER, stage=None, action=None)

    def test_beginning_and_end_are_told(self) -> None:
        """With the step, how it ended, and why."""
        hub, got = collected("workflow_start", "workflow_result")
        news = self.news(hub)
        news.began("s/send")
        news.ended("s/send", "failed", "boom")

        assert [(message.type, message.payload) for message in got] == [
            ("workflow_start", {"workflow": "w", "step": "s/send"}),
            (
                "workflow_result",
                {"workflow": "w", "step": "s/send", "status": "failed", "error": "boom"},
            ),
        ]

    @pytest.mark.parametrize(
        "tell",
        [
            pytest.param(lambda news: news.changed(CHANGES), id="changes"),
            pytest.param(lambda news: news.began(""), id="beginning"),
            pytest.param(lambda news: news.ended("", "completed"), id="end"),
        ],
    )
    def test_who_did_not_ask_is_not_told(self, tell: Callable[[News], None]) -> None:
        """A handler for all the rest gets what somebody sends, and nobody sends these."""
        hub, got = collected("*", "word")
        tell(self.news(hub))

        assert got == []

    def test_middleware_of_both_directions_sees_them(self) -> None:
        """They are sent here, so what is done on the way out is undone on the way in."""
        hub, got = collected("store_delete")
        hub.use(Mark("a"))
        self.news(hub).changed([[0, "old", None]])

        assert got[0].payload.startswith("{'key': 'old'} out:a@4711 in:a@")

    def test_what_a_handler_raises_is_a_message_error(self) -> None:
        """With that as its cause."""
        hub = Hub()
        hub.subscribe(Subscription("workflow_start", lambda message: 1 / 0))
        with pytest.raises(MessageError, match=r"'workflow_start' \(number 1\)") as caught:
            self.news(hub).began("")

        assert isinstance(caught.value.__cause__, ZeroDivisionError)
