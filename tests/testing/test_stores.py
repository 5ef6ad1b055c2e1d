"""The contract of stores, kept by the store; and stores that break it, which are found out."""

from __future__ import annotations

import pytest

from gostage.testing import StoreContract


class TestStore(StoreContract):
    """The store that comes with gostage."""


FORGETFUL = """
    def put(self, key, value, *, ttl=None, **options):
        super().put(key, value, **options)
"""
SORTED = """
    def __iter__(self):
        return iter(sorted(super().__iter__()))
"""


@pytest.mark.parametrize(
    "body",
    [pytest.param(FORGETFUL, id="no time to live"), pytest.param(SORTED, id="another order")],
)
def test_a_store_that_breaks_the_contract_is_found_out(body, pytester):
    """At least one of its tests fails."""
    pytester.makepyfile(
        f"""import pytest
from gostage import Store
from gostage.testing import StoreContract

class Broken(Store):
{body}

class TestBroken(StoreContract):
    @pytest.fixture
    def make_store(self):
        return Broken
"""
    )
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider")

    assert done.ret == 1
    assert done.parseoutcomes()["failed"] < done.parseoutcomes()["passed"]
