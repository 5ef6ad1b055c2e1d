"""The contract finds out databases that do not keep it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gostage._db.protocol import Lease
from gostage._db.sqlite import SQLite


class TakenTwice(SQLite):
    """Lets an owner write that has lost its run."""

    def commit(self, lease, commit, stop=None):
        held = self.find(lease.run_id)
        if held is not None and held.held is not None:
            with self._here().writing as connection:
                (fence,) = connection.execute("SELECT fence FROM leases").fetchone()
            lease = Lease(lease.run_id, fence)
        return super().commit(lease, commit, stop)


class Deaf(SQLite):
    """Does not see what came while a run was held."""

    def commit(self, lease, commit, stop=None):
        stop = stop and replace(stop, known=10**9)
        return super().commit(lease, commit, stop)


class Hoarder(SQLite):
    """Keeps the plans of runs that are gone."""

    def delete(self, run_id, is_free):
        row = self.find(run_id)
        text = self.plan(row.plan) if row else None
        deleted = super().delete(run_id, is_free)
        if row and self.find(run_id) is None and self.plan(row.plan) is None:
            with self._here().writing as connection:
                connection.execute(
                    "INSERT INTO plans (digest, json) VALUES (?, ?)", (row.plan, text)
                )
        return deleted


@pytest.mark.parametrize("kind", [TakenTwice, Deaf, Hoarder])
def test_a_database_that_breaks_the_contract_is_found_out(kind, pytester):
    """At least one of its tests fails, and not all do."""
    pytester.makepyfile(
        f"""
        import pytest
        from gostage.testing import DatabaseContract
        from tests.db.test_broken import {kind.__name__}

        class TestBroken(DatabaseContract):
            LONG = 20

            @pytest.fixture
            def database(self):
                database = {kind.__name__}(":memory:")
                yield database
                database.close()
        """
    )
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-k", "not huge")

    assert done.ret == 1
    assert 0 < done.parseoutcomes()["failed"] < done.parseoutcomes()["passed"] / 4
