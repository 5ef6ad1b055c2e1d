"""Closes the databases of runs that were made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.app.hand import OPEN

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    OPEN.close()
