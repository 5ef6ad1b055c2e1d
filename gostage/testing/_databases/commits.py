"""The contract of databases about commits: what stands in the store, and what has happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gostage._db.protocol import Commit, Item, LogRow, Plan, Stored
from gostage.testing._databases.samples import PLAN, Contract, always, begin, look

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gostage._db.protocol import Database

HUGE: Final = 10_000_000
"""Characters of a text that is larger than any page or buffer."""


# A test suite is made of asserts.
# ruff: noqa: S101
class CommitContract(Contract):
    """Commits, entries, items, plans."""

    LONG = 2_000
    """Commits of a long run; derive and raise it where a commit costs little."""

    def test_commits_are_counted_for_each_run(self, database: Database) -> None:
        """Whatever others do meanwhile."""
        first, second = begin(database, "a"), begin(database, "b")

        numbers = [database.commit(lease, Commit(at=2.0)) for lease in (first, second, first)]

        assert numbers == [2, 2, 3]
        assert (look(database, "a").seq, look(database, "b").seq) == (3, 2)

    def test_a_run_is_as_old_as_its_last_commit(self, database: Database) -> None:
        """By the clock of the caller, also if that went back."""
        lease = begin(database)
        database.commit(lease, Commit(at=50.0))
        assert look(database).updated == 50.0

        database.commit(lease, Commit(at=40.0))
        assert look(database).updated == 40.0

    def test_a_commit_is_read_as_it_was_written(self, database: Database) -> None:
        """Every text of it."""
        lease = begin(database)
        database.commit(
            lease,
            Commit(at=2.5, position_json="[2]", events_json='["e"]', changes_json='["c"]'),
        )

        assert list(database.log("r", after=1)) == [LogRow(2, 2.5, "[2]", '["e"]', '["c"]')]

    def test_the_log_is_read_in_parts(self, database: Database) -> None:
        """Those after a number, up to another one, and not more than asked for."""
        lease = begin(database)
        for at in range(2, 11):
            database.commit(lease, Commit(at=float(at)))

        def numbers(
            after: int = 0, until: int | None = None, limit: int | None = None
        ) -> list[int]:
            return [row.seq for row in database.log("r", after, until, limit)]

        assert numbers() == list(range(1, 11))
        assert numbers(after=7) == [8, 9, 10]
        assert numbers(until=2) == [1, 2]
        assert numbers(after=3, until=5) == [4, 5]
        assert numbers(after=3, limit=2) == [4, 5]
        assert numbers(after=3, until=4, limit=9) == [4]
        assert numbers(limit=0) == []
        assert numbers(after=10) == numbers(after=99) == numbers(until=0) == []
        assert numbers(after=5, until=5) == numbers(after=6, until=5) == []

    def test_logs_of_different_runs_do_not_mix(self, database: Database) -> None:
        """Also of those that were created one after the other."""
        leases = [begin(database, run_id) for run_id in "abc"]
        for lease in leases:
            database.commit(lease, Commit(at=2.0, events_json=f'["{lease.run_id}"]'))

        for run_id in "abc":
            assert [row.events_json for row in database.log(run_id)] == ["[]", f'["{run_id}"]']

    # ---------------------------------------------------------------- where it stands

    def test_the_position_is_the_last_one_that_was_said(self, database: Database) -> None:
        """Commits without one leave it."""
        lease = begin(database, first=Commit(at=1.0, position_json="[1]"))
        assert _stored(database).position_json == "[1]"

        database.commit(lease, Commit(at=2.0))
        assert _stored(database).position_json == "[1]"

        database.commit(lease, Commit(at=3.0, position_json="[3]"))
        for at in range(4, 60):
            database.commit(lease, Commit(at=float(at)))
        assert (_stored(database).position_json, _stored(database).seq) == ("[3]", 59)
        assert database.log("r")[-1].position_json is None

    def test_an_entry_is_in_the_last_commit_that_wrote_it(self, database: Database) -> None:
        """Only commits that hold one are given; the others are history."""
        lease = begin(database, first=Commit(1.0, "[]", changes_json="[1]", written=[(0, "a")]))
        both = [(0, "b"), (1, "a")]
        database.commit(lease, Commit(2.0, changes_json="[2]", written=both))
        database.commit(lease, Commit(3.0, changes_json="[3]", written=[(0, "a")]))
        database.commit(lease, Commit(4.0, changes_json="[4]"))

        assert _entries(database) == {(0, "a"): 3, (0, "b"): 2, (1, "a"): 2}
        assert sorted(_stored(database).changes) == [(2, "[2]"), (3, "[3]")]

    def test_an_entry_that_is_erased_is_gone(self, database: Database) -> None:
        """From its branch; the key may come back."""
        lease = begin(database, first=Commit(1.0, "[]", written=[(0, "a"), (1, "a"), (0, "b")]))

        database.commit(lease, Commit(2.0, erased=[(0, "a"), (0, "never there")]))
        assert _entries(database) == {(1, "a"): 1, (0, "b"): 1}

        database.commit(lease, Commit(3.0, written=[(0, "a")]))
        assert _entries(database)[0, "a"] == 3

    def test_a_branch_that_is_left_takes_its_entries_with_it(self, database: Database) -> None:
        """What of them is kept is written by the same commit, elsewhere."""
        lease = begin(
            database, first=Commit(1.0, "[]", written=[(0, "a"), (1, "a"), (1, "b"), (12, "a")])
        )

        database.commit(lease, Commit(2.0, written=[(0, "b")], left=[1, 7]))

        assert _entries(database) == {(0, "a"): 1, (12, "a"): 1, (0, "b"): 2}

    def test_entries_of_different_runs_do_not_mix(self, database: Database) -> None:
        """Nor does what is erased or left."""
        first, second = begin(database, "r"), begin(database, "s")
        database.commit(first, Commit(2.0, written=[(0, "a"), (1, "b")]))
        database.commit(second, Commit(2.0, written=[(0, "a"), (1, "b")]))

        database.commit(second, Commit(3.0, erased=[(0, "a")], left=[1], dropped=[(0, "s")]))

        assert _entries(database) == {(0, "a"): 2, (1, "b"): 2}

    def test_keys_and_branches_may_be_anything(self, database: Database) -> None:
        """Text of all kinds, numbers below zero."""
        keys = [
            (-1, "plan"),
            (0, ""),
            (0, "a b"),
            (0, "A"),
            (0, "a"),
            (0, "é\u0301😀'\"%"),
            (2**31, "z"),
        ]
        begin(database, first=Commit(1.0, "[]", written=keys))

        assert sorted(_entries(database)) == sorted(keys)

    # ---------------------------------------------------------------- items

    def test_items_are_kept_until_they_are_dropped(self, database: Database) -> None:
        """By their branch and step, whatever their kind."""
        first = [_item(0, "s", 0), _item(0, "s", 1), Item(0, "s", "other", 0, "[]")]
        more = [_item(0, "t", 0), _item(1, "s", 0)]
        lease = begin(database, first=Commit(1.0, "[]", items=first))
        database.commit(lease, Commit(2.0, items=more))
        assert _items(database) == _sorted([*first, *more])

        database.commit(lease, Commit(3.0, dropped=[(0, "s"), (0, "never there")]))

        assert _items(database) == _sorted(more)
        assert _sorted(database.items("r", 99)) == _sorted(more)

    def test_items_that_come_with_a_drop_stay(self, database: Database) -> None:
        """The old ones go before the new ones come."""
        lease = begin(database, first=Commit(1.0, "[]", items=[_item(0, "s", 0), _item(0, "s", 1)]))

        new = Item(0, "s", "done", 0, "[2]")
        database.commit(lease, Commit(2.0, dropped=[(0, "s")], items=[new]))

        assert _items(database) == [new]

    def test_items_are_found_as_they_were_at_a_commit(self, database: Database) -> None:
        """Those that were written until then and are still there."""
        lease = begin(database, first=Commit(1.0, "[]", items=[_item(0, "s", 0)]))
        database.commit(lease, Commit(2.0, items=[_item(0, "s", 1)]))
        database.commit(lease, Commit(3.0, items=[_item(0, "s", 2)]))

        found = [len(database.items("r", until)) for until in (0, 1, 2, 3, 99)]

        assert found == [0, 1, 2, 3, 3]

    # ---------------------------------------------------------------- plans

    def test_a_run_may_change_its_plan(self, database: Database) -> None:
        """The old one goes, unless another run carries it out."""
        lease, other = begin(database, "r"), begin(database, "s")

        database.commit(lease, Commit(2.0, plan=Plan("new", "[1]")))
        assert (look(database, "r").plan, look(database, "s").plan) == ("new", "digest")
        assert (database.plan("new"), database.plan("digest")) == ("[1]", PLAN.json)

        database.commit(other, Commit(2.0, plan=Plan("new", "[1]")))
        assert (database.plan("new"), database.plan("digest")) == ("[1]", None)

        database.commit(other, Commit(3.0, plan=Plan("new", "[1]")))
        assert database.plan("new") == "[1]"
        database.delete("r", always)
        assert database.plan("new") == "[1]"

    # ---------------------------------------------------------------- extremes

    def test_every_text_comes_back_as_it_was(self, database: Database) -> None:
        """Unicode in ids, names, tags, keys and texts."""
        odd = "ß é\u0301 漢字 😀 \u202e 'quoted' \"twice\" \\ \n\t%_;--"
        lease = begin(
            database,
            odd,
            workflow=odd,
            tags=(odd,),
            json=odd,
            first=Commit(1.0, odd, events_json=odd, changes_json=odd, written=[(0, odd)]),
        )
        database.signal(odd, odd, odd, 2.0)
        item = Item(0, odd, odd, 0, odd)
        database.commit(lease, Commit(2.0, items=[item]))

        row, stored = look(database, odd), database.stored(odd)
        assert stored is not None
        assert (row.run_id, row.workflow, row.tags, row.json) == (odd, odd, (odd,), odd)
        assert (stored.position_json, stored.signals[0].name) == (odd, odd)
        assert stored.signals[0].json == odd
        assert list(stored.items) == [item]
        assert [tuple(each) for each in stored.entries] == [(0, odd, 1)]
        assert database.log(odd)[0] == LogRow(1, 1.0, odd, odd, odd)

    def test_huge_values_come_back_as_they_were(self, database: Database) -> None:
        """Ten million characters, in every text of a commit."""
        huge = '"' + "ü" * HUGE + '"'
        lease = begin(database)
        item = Item(0, "s", "done", 0, huge)
        commit = Commit(2.0, huge, changes_json=huge, written=[(0, "k")], items=[item])

        database.commit(lease, commit)

        stored = _stored(database)
        assert stored.position_json == huge
        assert [tuple(each) for each in stored.changes] == [(2, huge)]
        assert list(stored.items) == [item]
        assert database.log("r", after=1)[0].changes_json == huge

    def test_a_long_run_stands_where_it_stands(self, database: Database) -> None:
        """What it needs to go on is no more than what is in its store."""
        lease = begin(database)
        for at in range(2, self.LONG + 1):
            key = f"k{at % 10}"
            database.commit(
                lease,
                Commit(float(at), f"[{at}]", "[]", f"[{at}]", written=[(0, key)]),
            )

        stored = _stored(database)
        assert (stored.seq, stored.position_json) == (self.LONG, f"[{self.LONG}]")
        last = list(range(self.LONG - 9, self.LONG + 1))
        assert _entries(database) == {(0, f"k{at % 10}"): at for at in last}
        assert sorted(stored.changes) == [(at, f"[{at}]") for at in last]
        assert look(database).seq == self.LONG
        tail = database.log("r", after=self.LONG - 2)
        assert [row.seq for row in tail] == [self.LONG - 1, self.LONG]
        assert len(database.log("r")) == self.LONG


def _stored(database: Database) -> Stored:
    stored = database.stored("r")
    assert stored is not None
    return stored


def _entries(database: Database) -> dict[tuple[int, str], int]:
    return {(branch, key): seq for branch, key, seq in _stored(database).entries}


def _item(branch: int, step: str, index: int) -> Item:
    return Item(branch, step, "done", index, f"[{branch}, {index}]")


def _items(database: Database) -> list[Item]:
    return _sorted(_stored(database).items)


def _sorted(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda each: (each.branch, each.step, each.kind, each.index))
