"""The plugin `notification`, its `Webhook`, and the middleware `notifying`."""

from __future__ import annotations

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gostage import Runner, Workflow, run
from gostage.errors import ConfigError, DefinitionError
from gostage_plugins.notification import Notice, Notification, Settings, Webhook, notifying
from tests.plugins.samples import failing, one, run_with

HERE = "tests.plugins.test_notification"

told: list[Notice] = []
"""What `tell` was told; emptied before every test."""


def tell(notice: Notice) -> None:
    """Be a handler of the project."""
    told.append(notice)


def fail(notice: Notice) -> None:
    """Be a handler that does not work."""
    raise RuntimeError("no line")


@pytest.fixture(autouse=True)
def _forget():
    told.clear()


class Receiver:
    """A web server on this machine that keeps what it is sent."""

    def __init__(self, status: int) -> None:
        self.received: list[tuple[str, dict, dict]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((self.path, json.loads(body), dict(self.headers)))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *args):
                """Keep silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver(request):
    """A web server that answers with a status, 204 by default."""
    made = Receiver(getattr(request, "param", 204))
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def paths() -> list[tuple[str, str]]:
    """What the handler was told, as paths and statuses."""
    return [(notice.path, notice.status) for notice in told]


def test_a_handler_is_told_how_a_run_ends():
    """It gets the run, the workflow, the status, the duration and the error."""
    result = run_with(
        "notification", one(failing(ValueError("boom"))), {"handlers": [f"{HERE}:tell"]}
    )

    (notice,) = told
    assert (notice.run, notice.workflow, notice.path) == (result.run_id, "w", "")
    assert (notice.status, notice.error) == ("failed", "ValueError: boom")
    assert isinstance(notice.duration, float)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param({}, [("", "failed")], id="runs"),
        pytest.param(
            {"stages": ["*"]}, [("a", "completed"), ("b", "failed"), ("", "failed")], id="stages"
        ),
        pytest.param({"stages": ["a"], "runs": False}, [("a", "completed")], id="one stage"),
        pytest.param(
            {"stages": ["*"], "on": ["failed"]}, [("b", "failed"), ("", "failed")], id="failures"
        ),
        pytest.param({"on": ["completed"]}, [], id="no success"),
    ],
)
def test_the_settings_say_what_to_tell(settings, expected):
    """Which statuses, of which stages, and whether of runs; in the order of what happens."""
    flow = Workflow("w").stage("a", lambda: None).stage("b", failing(ValueError()))
    run_with("notification", flow, {"handlers": [f"{HERE}:tell"], **settings})

    assert paths() == expected


def test_a_run_that_waits_can_be_told_of():
    """With "waiting" among the statuses."""
    settings = {"handlers": [f"{HERE}:tell"], "on": ["waiting"]}
    run_with("notification", one(lambda ctx: ctx.suspend("later")), settings)

    assert paths() == [("", "waiting")]


def test_a_handler_that_fails_fails_no_run(caplog):
    """The log says who was not told of what; the next handler is."""
    caplog.set_level(logging.WARNING, "gostage")
    settings = {"handlers": [f"{HERE}:fail", f"{HERE}:tell"]}
    result = run_with("notification", one(lambda: None), settings)

    assert result.ok
    assert paths() == [("", "completed")]
    assert f"nobody was told that run '{result.run_id}' is completed" in caplog.text
    assert "RuntimeError: no line" in caplog.text


def test_a_webhook_gets_the_notice_as_json(receiver, monkeypatch):
    """With headers, which may have variables of the environment in them."""
    monkeypatch.setenv("THE_TOKEN", "t0ken")
    settings = {"url": receiver.url, "headers": {"Authorization": "Bearer $THE_TOKEN"}}
    result = run_with("notification", one(lambda: None), settings)

    ((path, body, headers),) = receiver.received
    assert path == "/hook"
    assert headers["Authorization"] == "Bearer t0ken"
    assert headers["Content-Type"] == "application/json"
    assert body["run"] == result.run_id
    assert (body["workflow"], body["status"], body["path"], body["error"]) == (
        "w",
        "completed",
        "",
        "",
    )


@pytest.mark.parametrize("receiver", [500], indirect=True)
def test_a_webhook_that_refuses_fails_no_run(receiver, caplog):
    """The log says what it answered."""
    caplog.set_level(logging.WARNING, "gostage")

    assert run_with("notification", one(lambda: None), {"url": receiver.url}).ok
    assert "HTTPError: HTTP Error 500" in caplog.text


def test_a_webhook_that_is_not_there_fails_no_run(receiver, caplog):
    """Nobody listens at the address any more."""
    caplog.set_level(logging.WARNING, "gostage")
    nobody = Receiver(204)
    nobody.server.server_close()

    assert run_with("notification", one(lambda: None), {"url": nobody.url}).ok
    assert "URLError" in caplog.text


def test_a_run_does_not_wait_for_a_slow_handler():
    """The run has ended before the handler has; closing the runner waits for it."""
    go_on = threading.Event()
    plugin = Notification(Settings(handlers=(f"{HERE}:tell",)))
    plugin._handlers = [lambda notice: (go_on.wait(60), told.append(notice))]
    with Runner(plugins=[plugin]) as runner:
        assert runner.run(one(lambda: None)).ok
        assert told == []
        go_on.set()

    assert paths() == [("", "completed")]


@pytest.mark.parametrize("level", ["run", "workflow", "stage", "action"])
def test_the_middleware_works_at_every_level(level, receiver):
    """It tells functions and addresses how the inside has ended."""
    event = threading.Event()
    used = [notifying(tell, receiver.url, lambda notice: event.set(), on=["failed"])]
    flow = one(failing(ValueError("boom")), use=used if level == "action" else [])
    flow.use(*(used if level == "workflow" else []))
    flow.stages[0].use(*(used if level == "stage" else []))

    run(flow, middleware=used if level == "run" else [])
    assert event.wait(60)
    path = {"run": "", "action": "s/work"}.get(level, "s")
    assert paths() == [(path, "failed")]
    assert receiver.received[0][1]["error"] == "ValueError: boom"


@pytest.mark.parametrize(
    ("fn", "status"),
    [
        pytest.param(lambda: None, "completed", id="completed"),
        pytest.param(lambda ctx: ctx.bail("enough"), "bailed", id="bailed"),
        pytest.param(lambda ctx: ctx.suspend("later"), "waiting", id="waiting"),
    ],
)
def test_the_middleware_knows_how_an_action_has_ended(fn, status):
    """Interrupts are no failures."""
    event = threading.Event()
    use = [notifying(tell, lambda notice: event.set(), on=["completed", "bailed", "waiting"])]
    run(one(fn, use=use))

    assert event.wait(60)
    assert paths() == [("s/work", status)]


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        pytest.param({}, "tells nobody", id="nobody"),
        pytest.param({"url": "x://y"}, "no address of a webhook", id="no address"),
        pytest.param({"handlers": ["tell"]}, "names nothing", id="no module"),
        pytest.param({"handlers": [f"{HERE}:HERE"]}, "is no handler", id="no function"),
        pytest.param({"handlers": [f"{HERE}:tel"]}, "has no 'tel'", id="a typo"),
        pytest.param({"url": "http://x", "on": ["done"]}, "'on' of", id="no status"),
        pytest.param({"url": "http://x", "timeout": 0}, "'timeout' of", id="no time"),
        pytest.param(
            {"url": "http://x", "headers": {"A": "$NO_SUCH_VARIABLE"}},
            "environment has no",
            id="no variable",
        ),
    ],
)
def test_a_mistake_in_the_settings_is_refused(settings, complaint):
    """Before anything runs, with a hint."""
    with pytest.raises((ConfigError, DefinitionError), match=complaint) as caught:
        run_with("notification", one(lambda: None), settings)
    assert caught.value.hint


def test_a_mistake_in_the_middleware_is_refused():
    """Nobody to tell, no handler, a status that is none."""
    with pytest.raises(DefinitionError, match="nobody to tell"):
        notifying()
    with pytest.raises(DefinitionError, match="is no handler"):
        notifying(3)
    with pytest.raises(DefinitionError, match="cannot tell of 'canceled'") as caught:
        notifying(tell, on=["canceled"])
    assert caught.value.hint == "did you mean 'cancelled'?"


def test_a_webhook_is_a_handler_like_any_other(receiver):
    """It may be called by hand."""
    Webhook(receiver.url)(Notice(run="r", status="failed"))

    assert receiver.received[0][1]["run"] == "r"
