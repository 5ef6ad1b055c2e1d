"""The rows of the peers: starts a child for each and reads what it found; it measures nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.effort import QUICK, Effort
from benchmarks.far import BARE_PAIR, LOOP
from benchmarks.limits import HAND
from benchmarks.measure import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.peers.peer import Peer
    from benchmarks.table import Row

GOSTAGE: Final = "gostage"
MODULES: Final = ("hamilton", "burr", "pydantic_graph", "doit", "langgraph", "dbos", "prefect")
DURABLE: Final = ("langgraph_sqlite", "burr_sqlite", "dbos")
"""Those that keep each step in SQLite, once with their defaults and once as `NORMAL`."""
POOLS: Final = ("MULTIPROCESS", "FUTURES", "LOKY", "DASK", "RAY", "MULTIPROCESSING")
"""Those that call a function for each of many items, in processes that stay."""
ROOT: Final = Path(__file__).resolve().parents[2]
LONGEST: Final = 180.0
"""Seconds that a peer may take, to start and to stop included."""


def peer_rows(effort: Effort) -> Iterator[Row]:
    """Measure every peer that is installed; the others have the reason instead of figures."""
    for module in MODULES:
        peer: Peer = import_module(f"benchmarks.peers.{module}").PEER
        yield _row(peer, _found(module, "PEER", peer, effort))


def durable_rows(effort: Effort) -> Iterator[Row]:
    """Measure every peer that keeps its steps in SQLite, beside gostage at the same setting."""
    for module in DURABLE:
        for name in ("DEFAULT", "NORMAL"):
            peer: Peer = getattr(import_module(f"benchmarks.peers.{module}"), name)
            yield _durable_row(peer, _found(module, name, peer, effort))


def item_rows(effort: Effort) -> Iterator[Row]:
    """Measure every pool of processes that is installed, beside gostage and a pair without any."""
    for name in POOLS:
        peer: Peer = getattr(import_module("benchmarks.peers.pools"), name)
        yield _item_row(peer, _found("pools", name, peer, effort))


def _item_row(peer: Peer, found: dict[str, Any]) -> Row:  # Any: as below
    if "reason" in found:
        return {"what": peer.name, "remark": f"skipped: {found['reason']}"}
    times = {name: Sample(tuple(each)) for name, each in found["times"].items()}
    own, ours, bare = times[peer.name], times[LOOP], times[BARE_PAIR]
    beside = f"{own.ratio(ours):.2f} times gostage, which takes {ours.median * 1e6:.0f}"
    return {
        "what": f"{peer.name} {found['version']}".strip(),
        "units": peer.steps,
        "median": own.median * 1e6,
        "least": own.least * 1e6,
        "ratio": own.ratio(bare),
        "remark": beside,
    }


def _durable_row(peer: Peer, found: dict[str, Any]) -> Row:  # Any: as below
    if "reason" in found:
        return {"what": peer.name, "remark": f"skipped: {found['reason']}"}
    times = {name: Sample(tuple(each)) for name, each in found["times"].items()}
    own, ours = times[peer.name], times[GOSTAGE]
    return {
        "what": peer.name,
        "steps": peer.steps,
        "median": own.median * 1e6,
        "least": own.least * 1e6,
        "ratio": own.ratio(ours),
        GOSTAGE: ours.median * 1e6,
        "remark": found["version"],
    }


def _row(peer: Peer, found: dict[str, Any]) -> Row:  # Any: what JSON holds
    shared: Row = {"what": peer.name, "durable": "yes" if peer.is_durable else "no"}
    if "reason" in found:
        return {**shared, "remark": f"skipped: {found['reason']}"}
    times = {name: Sample(tuple(each)) for name, each in found["times"].items()}
    own = times[peer.name]
    return {
        **shared,
        "steps": peer.steps,
        "median": own.median * 1e6,
        "least": own.least * 1e6,
        "ratio": own.ratio(times[HAND]),
        "remark": found["version"],
    }


def _found(module: str, name: str, peer: Peer, effort: Effort) -> dict[str, Any]:
    if peer.is_slow and effort is QUICK:
        return {"reason": "it takes many seconds to start, and this is --quick"}
    rounds = min(effort.rounds, 5) if peer.is_durable else effort.rounds
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder, "found.json")
        work = Path(folder, "work")
        work.mkdir()
        words = [sys.executable, "-m", "benchmarks.peers", module, name, str(rounds), str(file)]
        said = _run(words, work)
        if file.exists():
            found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            return found
    return {"reason": said}


def _run(words: list[str], folder: Path) -> str:
    """Run a child with all that it starts, and give back the last thing it said."""
    child = subprocess.Popen(
        words,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _, said = child.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return f"it took more than {LONGEST:.0f} seconds"
    return said.strip().rpartition("\n")[2] or "it ended without a word"
