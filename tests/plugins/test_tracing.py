"""The plugin `tracing`, and the middleware of that name, with OpenTelemetry's own SDK."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gostage import Result, Retry, Runner, Stage, Workflow, action, run
from gostage.errors import ConfigError, PluginError
from gostage_plugins.tracing import Tracing, tracing
from tests.hygiene.pages import plain_environment
from tests.plugins.samples import Flaky, failing, one, run_with


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    """Where the spans of one test end up."""
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exporter):
    """A tracer that exports there, and nowhere else."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider.get_tracer("tests")
    provider.shutdown()


def traced(tracer: trace.Tracer, workflow: Workflow, **initial: object) -> Result:
    """Run a workflow with the plugin."""
    with Runner(plugins=[Tracing(tracer)]) as runner:
        return runner.run(workflow, initial)


def parents(exporter: InMemorySpanExporter) -> dict[str, str | None]:
    """The name of every span, and that of the one it is in."""
    spans = exporter.get_finished_spans()
    names = {span.context.span_id: span.name for span in spans}
    return {span.name: names.get(span.parent.span_id) if span.parent else None for span in spans}


def the(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    """The only span of this name."""
    (span,) = (each for each in exporter.get_finished_spans() if each.name == name)
    return span


def test_one_trace_spans_run_stages_and_actions(tracer, exporter):
    """Each is in the one around it."""
    flow = Workflow("w").stage("a", action(lambda: None, name="x"))
    flow.stage("b", action(lambda: None, name="y"))
    assert traced(tracer, flow).ok

    assert parents(exporter) == {
        "run w": None,
        "stage a": "run w",
        "action x": "stage a",
        "stage b": "run w",
        "action y": "stage b",
    }
    assert len({span.context.trace_id for span in exporter.get_finished_spans()}) == 1


def test_spans_say_what_they_are_about(tracer, exporter):
    """Ids, path, attempt, tags and status are attributes."""
    result = traced(tracer, one(lambda: None, tags=["io"]))

    assert dict(the(exporter, "run w").attributes) == {
        "gostage.run.id": result.run_id,
        "gostage.workflow.id": "w",
        "gostage.status": "completed",
    }
    assert dict(the(exporter, "action work").attributes) == {
        "gostage.run.id": result.run_id,
        "gostage.path": "s/work",
        "gostage.attempt": 1,
        "gostage.tags": ("io",),
        "gostage.status": "completed",
    }


def test_an_error_is_recorded_all_the_way_up(tracer, exporter):
    """The action, its stage and the run have the status of an error, and the exception."""
    traced(tracer, one(failing(ValueError("boom"))))

    for name in ("action work", "stage s", "run w"):
        span = the(exporter, name)
        assert span.status.status_code is trace.StatusCode.ERROR
        assert span.status.description == "ValueError: boom"
        (event,) = span.events
        assert event.attributes["exception.type"] == "ValueError"


@pytest.mark.parametrize(
    ("fn", "status"),
    [
        pytest.param(lambda ctx: ctx.bail("enough"), "bailed", id="bailed"),
        pytest.param(lambda ctx: ctx.suspend("later"), "waiting", id="waiting"),
    ],
)
def test_an_interrupt_is_no_error(tracer, exporter, fn, status):
    """Every span says what became of it."""
    traced(tracer, one(fn))

    for span in exporter.get_finished_spans():
        assert span.status.status_code is trace.StatusCode.UNSET
        assert span.attributes["gostage.status"] == status


def test_each_attempt_is_a_span_and_an_event_of_the_stage(tracer, exporter):
    """The failed one has the error, and the stage says that it was tried again."""
    flow = one(Flaky(1), retry=Retry(attempts=2))
    assert traced(tracer, flow).ok

    attempts = [each for each in exporter.get_finished_spans() if each.name == "action work"]
    assert [(each.attributes["gostage.attempt"], each.status.is_ok) for each in attempts] == [
        (1, False),
        (2, True),
    ]
    (event,) = the(exporter, "stage s").events
    assert event.name == "retry"
    assert event.attributes["gostage.path"] == "s/work"
    assert event.attributes["exception.type"] == "OSError"


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
@pytest.mark.parametrize("with_arun", [False, True], ids=["run", "arun"])
def test_spans_of_the_user_are_inside_the_action(tracer, exporter, is_async, with_arun):
    """Whatever the kind of the action and of the run, its own span is the current one."""

    def plain():
        with tracer.start_as_current_span("own"):
            pass

    async def async_():
        await asyncio.sleep(0)
        plain()

    flow = Workflow("w").stage("s", action(async_ if is_async else plain, name="work"))
    with Runner(plugins=[Tracing(tracer)]) as runner:
        assert (asyncio.run(runner.arun(flow)) if with_arun else runner.run(flow)).ok

    assert parents(exporter) == {
        "own": "action work",
        "action work": "stage s",
        "stage s": "run w",
        "run w": None,
    }


@pytest.mark.parametrize("with_arun", [False, True], ids=["run", "arun"])
def test_branches_do_not_mix(tracer, exporter, with_arun):
    """Actions that run side by side, in threads or tasks, have spans of their own in one stage."""

    def work(name):
        def own():
            with tracer.start_as_current_span(f"own {name}"):
                pass

        return action(own, name=name)

    stage = Stage("s").parallel("p", **{f"branch_{name}": work(name) for name in "abc"})
    with Runner(plugins=[Tracing(tracer)]) as runner:
        flow = Workflow("w", stage)
        assert (asyncio.run(runner.arun(flow)) if with_arun else runner.run(flow)).ok

    found = parents(exporter)
    assert {found[f"own {name}"] for name in "abc"} == {"action a", "action b", "action c"}
    assert {found[f"action {name}"] for name in "abc"} == {"stage s"}
    assert all(found[f"own {name}"] == f"action {name}" for name in "abc")


def test_items_are_told_apart(tracer, exporter):
    """Each call for an item says which one it was."""
    flow = Workflow("w").for_each("all", "rows", action(lambda item: item, name="x"))
    traced(tracer, flow, rows=[1, 2])

    spans = [each for each in exporter.get_finished_spans() if each.name == "action x"]
    assert [each.attributes["gostage.item"] for each in spans] == [0, 1]


def test_nothing_is_current_after_a_run(tracer):
    """The context is as it was."""
    traced(tracer, one(failing(ValueError())))

    assert not trace.get_current_span().get_span_context().is_valid


def test_a_run_is_part_of_the_trace_around_it(tracer, exporter):
    """A span of the caller is the parent of the run's."""
    with tracer.start_as_current_span("caller"):
        traced(tracer, one(lambda: None))

    assert parents(exporter)["run w"] == "caller"


def test_a_run_goes_on_with_the_trace_of_its_process(tracer, exporter, monkeypatch):
    """TRACEPARENT, as continuous integration sets it, is the parent of the run."""
    trace_id, span_id = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    monkeypatch.setenv("TRACEPARENT", f"00-{trace_id}-{span_id}-01")
    traced(tracer, one(lambda: None))

    span = the(exporter, "run w")
    assert f"{span.context.trace_id:032x}" == trace_id
    assert f"{span.parent.span_id:016x}" == span_id


@pytest.mark.parametrize(
    ("level", "name"),
    [
        pytest.param("run", "run w", id="run"),
        pytest.param("workflow", "stage s", id="workflow"),
        pytest.param("stage", "stage s", id="stage"),
        pytest.param("action", "action work", id="action"),
    ],
)
def test_the_middleware_works_at_every_level(tracer, exporter, level, name):
    """One span around the inside."""
    used = [tracing(tracer)]
    flow = one(lambda: None, use=used if level == "action" else [])
    flow.use(*(used if level == "workflow" else []))
    flow.stages[0].use(*(used if level == "stage" else []))

    assert run(flow, middleware=used if level == "run" else []).ok
    assert parents(exporter) == {name: None}


def test_spans_may_go_to_standard_error(capsys):
    """With the exporter "console" each span is a line of JSON, and standard output has none."""
    assert run_with("tracing", one(lambda: None), {"exporter": "console", "service": "shop"}).ok

    captured = capsys.readouterr()
    spans = [json.loads(line) for line in captured.err.splitlines()]
    assert [span["name"] for span in spans] == ["action work", "stage s", "run w"]
    assert spans[0]["resource"]["attributes"]["service.name"] == "shop"
    assert captured.out == ""


def test_the_provider_of_the_application_is_used_by_default():
    """Where it has set up none, tracing costs little and nothing is exported."""
    assert run_with("tracing", one(lambda: None)).ok


def test_an_exporter_that_is_not_installed_is_said():
    """With the package to install."""
    with pytest.raises(PluginError, match="which is not installed") as caught:
        run_with("tracing", one(lambda: None), {"exporter": "otlp"})
    assert caught.value.hint == "pip install 'opentelemetry-exporter-otlp-proto-http'"


def test_without_opentelemetry_the_plugin_says_what_to_install():
    """In a process that cannot import it."""
    program = (
        "import sys\n"
        "sys.modules['opentelemetry'] = None\n"
        "from gostage import Runner, errors\n"
        "try:\n"
        "    Runner(plugins=['gostage_plugins.tracing'])\n"
        "except errors.PluginError as error:\n"
        "    print(error, '|', error.hint)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=plain_environment(),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    assert done.stdout.strip() == (
        "the plugin 'tracing' needs 'opentelemetry.trace', which is not installed "
        "| pip install 'gostage[otel]'"
    )


def test_a_mistake_in_the_settings_is_refused():
    """An exporter that is none."""
    with pytest.raises(ConfigError, match=r"'exporter' of .* is 'stdout'") as caught:
        run_with("tracing", one(lambda: None), {"exporter": "stdout"})
    assert caught.value.hint == "it has to be one of 'application', 'console', 'otlp'"
