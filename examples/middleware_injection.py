"""Shows state injection: middleware that puts values into the store for everything inside it.

Output:

    rollout to https://staging.example.org, 3 replicas
    rollout to https://production.example.org, 12 replicas
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from gostage import Runner, Store, Workflow, action


def inject(**values: object) -> Callable[..., Generator[None, Any, Any]]:
    """Make middleware that puts these values into the store; a caller's own go first."""

    def injected(store: Store) -> Generator[None, Any, Any]:
        for key, value in values.items():
            store.setdefault(key, value)
        return (yield)

    return injected


@action
def roll_out(url: str, replicas: int) -> None:
    """Find what was injected in the parameters."""
    print(f"rollout to {url}, {replicas} replicas")


deploy = Workflow("deploy").stage("rollout", roll_out)

if __name__ == "__main__":
    staging = Runner(middleware=[inject(url="https://staging.example.org", replicas=3)])
    staging.run(deploy).raise_for_error()
    production = Runner(middleware=[inject(url="https://production.example.org", replicas=3)])
    production.run(deploy, {"replicas": 12}).raise_for_error()
