"""Scenes: which commands are recorded, in which project, and when a picture is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One picture: a command in the project below."""

    name: str
    words: tuple[str, ...]
    title: str
    exit_code: int = 0
    columns: int = 100
    rows: int = 40
    until: tuple[str, ...] = ()
    """Take the picture when all of this stands on the screen, and not at the end."""

    @property
    def line(self) -> str:
        """The command as a reader would type it."""
        return " ".join(("gostage", *self.words))


SCENES: Final = (
    Scene(
        name="run",
        words=("run",),
        title="gostage run: each stage and action with its time, and a summary",
    ),
    Scene(
        name="live",
        words=("run", "nightly.py"),
        title="gostage run, half-way: what is done, what is running, what waits",
        until=("12/40", "14 completed"),
    ),
    Scene(
        name="failure",
        words=("run", "faulty.py", "--run-id", "tuesday"),
        title="gostage run when an action fails: the error, and the lines of code that led to it",
        exit_code=1,
    ),
    Scene(
        name="list",
        words=("list",),
        title="gostage list: what can be run in a folder",
    ),
    Scene(
        name="check",
        words=("check", "doubtful.py"),
        columns=120,
        title="gostage check: mistakes that are found before anything runs",
        exit_code=1,
    ),
    Scene(
        name="plugins",
        words=("plugins",),
        title="gostage plugins: what is loaded, and where it comes from",
    ),
    Scene(
        name="graph",
        words=("graph", "nightly.py"),
        title="gostage graph: a workflow as a tree",
    ),
)

HELD: Final = "go"
"""The file that lets a recorded workflow go on."""

PROJECT: Final = {
    "pyproject.toml": """\
[tool.gostage]
""",
    "stageconf.py": '''\
"""What all workflows of the shop share."""

import gostage


@gostage.hookimpl
def gostage_report_header(config):
    return "shop: the orders of one day"


@gostage.hookimpl
def gostage_event(event):
    """Here, somebody could be told."""
''',
    "stage_1_fetch.py": '''\
"""Fetch what was ordered."""

from gostage import Context, action


@action(tags=["io"], provides="orders")
def fetch_orders(ctx: Context) -> list[int]:
    """Fetch the orders of the day."""
    ctx.log.info("40 orders")
    return list(range(40))


@action(tags=["io"], provides="prices")
def fetch_prices(ctx: Context) -> dict[int, int]:
    """Fetch today's prices."""
    return dict.fromkeys(range(40), 10)
''',
    "stage_2_check.py": '''\
"""Refuse what cannot be delivered."""

from gostage import action


@action
def check_prices(orders: list[int], prices: dict[int, int]) -> None:
    """Every order has a price."""
    missing = [order for order in orders if order not in prices]
    if missing:
        raise ValueError(f"no price for {missing}")


@action(tags=["slow"])
def check_stock(orders: list[int]) -> None:
    """Everything is in stock."""
''',
    "stage_10_report.py": '''\
"""Tell the others."""

from gostage import Context, action


@action(tags=["mail"])
def send_report(ctx: Context, orders: list[int]) -> None:
    """Send the report of the day."""
    ctx.log.info("sent: %d orders", len(orders))
''',
    "nightly.py": '''\
"""The orders of a night, each of them packed and sent."""

import time
from pathlib import Path

from gostage import Context, Retry, Workflow, action, exponential, steps


@action(tags=["io"], provides="orders", retry=Retry(attempts=3, backoff=exponential(0.1)))
def fetch_orders() -> list[int]:
    """Fetch the orders of the night."""
    return list(range(40))


@action(tags=["io"], timeout=30)
def fetch_prices(ctx: Context) -> None:
    """Fetch the prices."""
    wait_until_told()


@action
def fetch_stock(ctx: Context) -> None:
    """Fetch what is in stock."""


@action
def pack(ctx: Context, item: int) -> None:
    """Pack one order."""
    if item >= 12:
        wait_until_told()


@action(retry=Retry(attempts=5))
def call_courier(ctx: Context) -> None:
    """Call for somebody to take it all."""
    if ctx.attempt == 1:
        raise ConnectionError("nobody answers")
    wait_until_told()


@action(tags=["mail"])
def tell(ctx: Context) -> None:
    """Tell everybody."""


def note(ctx: Context) -> None:
    """Say that there is nothing to tell."""
    ctx.log.info("nothing to tell")


def is_open(ctx: Context) -> bool:
    return True


def wait_until_told() -> None:
    while not Path("go").exists():
        time.sleep(0.01)


nightly = (
    Workflow("nightly", tags=["prod"])
    .stage("reading", fetch_orders, fetch_stock)
    .parallel(
        "at once",
        orders=steps().for_each("packing", "orders", pack),
        prices=steps().do(fetch_prices),
        courier=steps().do(call_courier),
    )
    .wait_for("opened", is_open, every=5, timeout=600)
    .case("worth it", is_open, tell, otherwise=steps().do("log", note))
)
''',
    "faulty.py": '''\
"""A workflow with an action that fails."""

from gostage import Context, Workflow, action


@action
def fetch_orders(ctx: Context) -> None:
    ctx.store["orders"] = [{"id": 7, "total": "12,50"}]


@action
def add_up(orders: list[dict]) -> float:
    """Add up what was paid."""
    return sum(amount(order) for order in orders)


@action
def send_report(ctx: Context) -> None:
    """Send the report of the day."""


def amount(order: dict) -> float:
    return float(order["total"])


faulty = Workflow("faulty").stage("reading", fetch_orders, add_up).stage("telling", send_report)
''',
    "doubtful.py": '''\
"""A workflow with mistakes in it."""

import time

from gostage import Context, Workflow, action


@action(provides="orders", tags=["slow"])
def fetch_orders() -> list[int]:
    """Fetch the orders of the day."""
    return [1, 2, 3]


@action(timeout=5)
def check(order: list[int]) -> None:
    """Every order has a price."""
    time.sleep(60)


@action
def report(ctx: Context, orders: dict) -> None:
    """Send the report of the day."""
    ctx.disable(tag="slwo")


doubtful = Workflow("doubtful").stage("reading", fetch_orders, check).stage("end", report)
''',
}
