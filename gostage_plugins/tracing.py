"""Tracing: one OpenTelemetry trace spans a run, its stages and its actions; it exports none itself.

It needs the extra `otel`. Where a provider of the application's exists, its spans go there.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from gostage import hookimpl
from gostage.errors import Bailed, PluginError, Suspended
from gostage_plugins._places import told
from gostage_plugins._settings import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from opentelemetry.context import Context as SpanContext
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer
    from opentelemetry.util.types import AttributeValue

    from gostage import Action, Context, Event, Stage
    from gostage.hookspecs import Config, Run
    from gostage_plugins._types import Middleware, Tagged, Wrapper

    Attributes = Mapping[str, AttributeValue]

__all__ = ["GOSTAGE_API", "Settings", "Tracing", "gostage_plugin", "tracing"]

GOSTAGE_API = 1
NAME = "tracing"
SCOPE = "gostage"
"""The name of the tracer."""
PARENT = "TRACEPARENT"
"""The environment variable with the trace that this process is part of."""


_PLACES = {"console": "to standard error", "otlp": "to the collector, by OTLP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project may set in `[tool.gostage.tracing]`."""

    exporter: Literal["application", "console", "otlp"] = "application"
    """Where spans go: to the provider the application has set up, to standard error, by OTLP."""
    service: str = "gostage"
    """The name of the service, where the provider is the plugin's own."""


def gostage_plugin(config: Config) -> Tracing:
    """Make the plugin of one project."""
    settings = read(Settings, NAME, config)
    trace = _opentelemetry("opentelemetry.trace")
    if settings.exporter == "application":
        return Tracing(trace.get_tracer(SCOPE))
    provider = _provider(settings)
    return Tracing(provider.get_tracer(SCOPE), provider.shutdown, _PLACES[settings.exporter])


class Tracing:
    """Makes a span of every run, stage and call; what is inside sees it as the current one."""

    def __init__(
        self,
        tracer: Tracer,
        close: Callable[[], object] | None = None,
        place: str = "where the application has set it up",
    ) -> None:
        self._tracer = tracer
        self._close = close
        self._place = place

    @hookimpl
    def gostage_report_header(self) -> str:
        """Say where the spans go: that they go nowhere is hard to notice."""
        return f"tracing: spans go {self._place}"

    @hookimpl(wrapper=True, tryfirst=True)
    def gostage_runner(self, run: Run) -> Wrapper:
        """Make a span of the run."""
        with _span_of_run(self._tracer, run):
            return (yield)

    @hookimpl(wrapper=True, tryfirst=True)
    def gostage_workflow(self, run: Run, stage: Stage) -> Wrapper:
        """Make a span of the stage."""
        with _span_of_stage(self._tracer, stage):
            return (yield)

    # Any: whatever the action takes and returns.
    @hookimpl(wrapper=True, tryfirst=True)
    def gostage_action(self, ctx: Context, action: Action[..., Any]) -> Wrapper:
        """Make a span of the call; each attempt has one of its own."""
        with _span_of_action(self._tracer, ctx):
            return (yield)

    @hookimpl
    def gostage_event(self, event: Event) -> None:
        """Note on the span around it that something is tried again."""
        if event.kind == "step_retried":
            error = event.data.get("error") or {}
            about = {
                "gostage.path": event.path,
                "gostage.attempt": int(event.data["attempt"]),
                "exception.type": str(error.get("type", "")),
                "exception.message": str(error.get("message", "")),
            }
            _opentelemetry("opentelemetry.trace").get_current_span().add_event("retry", about)

    @hookimpl
    def gostage_unconfigure(self) -> None:
        """Send what is left, if the provider is our own."""
        if self._close is not None:
            self._close()


def tracing(tracer: Tracer | None = None) -> Middleware:
    """Make middleware, for any level, with a span around the inside."""
    own: Tracer = tracer or _opentelemetry("opentelemetry.trace").get_tracer(SCOPE)

    def trace(run: Run, stage: Stage | None = None, ctx: Context | None = None) -> Wrapper:
        if ctx is not None:
            span = _span_of_action(own, ctx)
        else:
            span = _span_of_run(own, run) if stage is None else _span_of_stage(own, stage)
        with span:
            return (yield)

    return trace


@contextmanager
def _span_of_run(tracer: Tracer, run: Run) -> Iterator[None]:
    about = {"gostage.run.id": run.id, "gostage.workflow.id": run.workflow.id}
    with _span(tracer, f"run {run.workflow.id}", about, run.workflow, _parent()):
        yield


@contextmanager
def _span_of_stage(tracer: Tracer, stage: Stage) -> Iterator[None]:
    with _span(tracer, f"stage {stage.id}", {"gostage.stage.id": stage.id}, stage):
        yield


@contextmanager
def _span_of_action(tracer: Tracer, ctx: Context) -> Iterator[None]:
    about: dict[str, AttributeValue] = {
        "gostage.run.id": ctx.run.id,
        "gostage.path": ctx.path,
        "gostage.attempt": ctx.attempt,
    }
    if ctx.item_index is not None:
        about["gostage.item"] = ctx.item_index
    name = ctx.path.rpartition("/")[2]
    with _span(tracer, f"action {name}", about, ctx.action):
        yield


@contextmanager
def _span(
    tracer: Tracer,
    name: str,
    about: Attributes,
    item: Tagged | None,
    parent: SpanContext | None = None,
) -> Iterator[None]:
    tags = {"gostage.tags": tuple(item.tags)} if item is not None and item.tags else {}
    with tracer.start_as_current_span(
        name,
        context=parent,
        attributes={**about, **tags},
        record_exception=False,  # an interrupt is no error; see below
        set_status_on_exception=False,
    ) as span:
        try:
            yield
        except Exception as error:
            span.record_exception(error)
            status = _opentelemetry("opentelemetry.trace.status")
            span.set_status(status.Status(status.StatusCode.ERROR, told(error)))
            span.set_attribute("gostage.status", "failed")
            raise
        except BaseException as stop:
            span.set_attribute("gostage.status", _stopped(stop))
            raise
        span.set_attribute("gostage.status", "completed")


def _stopped(stop: BaseException) -> str:
    if isinstance(stop, (GeneratorExit, Suspended)):
        return "waiting"
    return "bailed" if isinstance(stop, Bailed) else "cancelled"


def _parent() -> SpanContext | None:
    """The trace this process was started in, unless the run is in one already."""
    trace = _opentelemetry("opentelemetry.trace")
    given = os.environ.get(PARENT)
    if given is None or trace.get_current_span().get_span_context().is_valid:
        return None
    found: SpanContext = _opentelemetry("opentelemetry.propagate").extract({"traceparent": given})
    return found


def _provider(settings: Settings) -> TracerProvider:
    """Make a provider that sends spans where the settings say."""
    sdk = _opentelemetry("opentelemetry.sdk.trace")
    export = _opentelemetry("opentelemetry.sdk.trace.export")
    resource = _opentelemetry("opentelemetry.sdk.resources").Resource
    provider: TracerProvider = sdk.TracerProvider(
        resource=resource.create({"service.name": settings.service}), shutdown_on_exit=False
    )
    if settings.exporter == "console":
        exporter = export.ConsoleSpanExporter(out=sys.stderr, formatter=_line)
        provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    else:
        otlp = _opentelemetry(
            "opentelemetry.exporter.otlp.proto.http.trace_exporter",
            "opentelemetry-exporter-otlp-proto-http",
        )
        provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    return provider


# Any: a span of the SDK.
def _line(span: Any) -> str:  # noqa: ANN401
    return f"{span.to_json(indent=None)}\n"


# Any: a module. 60 ms for the interface, 150 ms with the SDK, and only who traces needs it.
def _opentelemetry(module: str, package: str = "gostage[otel]") -> Any:  # noqa: ANN401
    try:
        return import_module(module)
    except ImportError as error:
        raise PluginError(
            f"the plugin {NAME!r} needs {module!r}, which is not installed",
            hint=f"pip install '{package}'",
        ) from error
