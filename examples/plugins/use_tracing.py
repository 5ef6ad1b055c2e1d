"""Shows the plugin `tracing`: one OpenTelemetry trace spans a run, and spans of the user's own.

It needs the extra `otel`.

Output:

    run checkout
      stage cart
        action price
          look up the price
      stage payment
        action pay: ERROR ValueError: card refused
    one trace: True
"""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gostage import Runner, Workflow, action


@action
def price() -> None:
    """Make a span; it is inside that of the action."""
    with trace.get_tracer("shop").start_as_current_span("look up the price"):
        pass


@action
async def pay() -> None:
    """Fail in an async action."""
    raise ValueError("card refused")


checkout = Workflow("checkout").stage("cart", price).stage("payment", pay)


def show(spans: list[ReadableSpan], parent: int | None = None, depth: int = 0) -> None:
    """Show spans as a tree."""
    for span in spans:
        if (span.parent.span_id if span.parent else None) == parent:
            is_leaf = span.name.startswith("action")
            error = (
                f": ERROR {span.status.description}" if is_leaf and not span.status.is_ok else ""
            )
            print(f"{'  ' * depth}{span.name}{error if span.events else ''}")
            show(spans, span.context.span_id, depth + 1)


if __name__ == "__main__":
    memory = InMemorySpanExporter()  # an application sets up an exporter of its own here
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    trace.set_tracer_provider(provider)

    with Runner(plugins=["gostage_plugins.tracing"]) as runner:
        runner.run(checkout)

    finished = sorted(memory.get_finished_spans(), key=lambda span: span.start_time or 0)
    show(list(finished))
    print("one trace:", len({span.context.trace_id for span in finished}) == 1)
