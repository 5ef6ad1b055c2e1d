"""Pools: what others have for calling one function with many items in two warm processes.

Each item is a piece of work of its own: nothing is put together into larger pieces, where it can be
told not to. Each of them is a `Peer`, but for what its chain is: so many items.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Final

from benchmarks.peers.peer import STANDARD, Peer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from benchmarks.measure import Work

ITEMS: Final = 2_000
WORKERS: Final = 2


def keep(item: int) -> int:
    """Give the item back."""
    return item


def _checked(kept: list[int], items: range) -> None:
    assert kept == list(items)


def _pool_of(package: str) -> Callable[[int], AbstractContextManager[Work]]:
    @contextmanager
    def prepare(items: int) -> Iterator[Work]:
        context = import_module(package).get_context("forkserver")
        with context.Pool(WORKERS) as pool:
            yield lambda: _checked(pool.map(keep, range(items), chunksize=1), range(items))

    return prepare


@contextmanager
def _futures(items: int) -> Iterator[Work]:
    futures = import_module("concurrent.futures")
    context = import_module("multiprocessing").get_context("forkserver")
    with futures.ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        yield lambda: _checked(list(pool.map(keep, range(items))), range(items))


@contextmanager
def _loky(items: int) -> Iterator[Work]:
    loky = import_module("loky")
    with loky.ProcessPoolExecutor(WORKERS) as pool:
        yield lambda: _checked(list(pool.map(keep, range(items))), range(items))


@contextmanager
def _dask(items: int) -> Iterator[Work]:
    distributed = import_module("distributed")
    options = {"n_workers": WORKERS, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:

        def once() -> None:
            # `pure=False`: else it would remember what it has done in the round before.
            told = client.gather(client.map(keep, range(items), pure=False))
            _checked(told, range(items))

        yield once


@contextmanager
def _ray(items: int) -> Iterator[Work]:
    ray = import_module("ray")
    ray.init(num_cpus=WORKERS, include_dashboard=False, log_to_driver=False, logging_level="error")
    remote = ray.remote(keep)
    try:
        yield lambda: _checked(
            ray.get([remote.remote(each) for each in range(items)]), range(items)
        )
    finally:
        ray.shutdown()


def _peer(
    name: str,
    package: str,
    prepare: Callable[[int], AbstractContextManager[Work]],
    items: int = ITEMS,
    *,
    is_slow: bool = False,
) -> Peer:
    return Peer(
        name=name,
        package=package,
        is_durable=False,
        steps=items,
        prepare=prepare,
        is_slow=is_slow,
    )


MULTIPROCESS: Final = _peer("multiprocess.Pool", "multiprocess", _pool_of("multiprocess"))
FUTURES: Final = _peer("ProcessPoolExecutor", STANDARD, _futures)
LOKY: Final = _peer("loky", "loky", _loky)
DASK: Final = _peer("Dask", "distributed", _dask, 500, is_slow=True)
RAY: Final = _peer("Ray", "ray", _ray, 500, is_slow=True)
MULTIPROCESSING: Final = _peer("multiprocessing.Pool", STANDARD, _pool_of("multiprocessing"))
