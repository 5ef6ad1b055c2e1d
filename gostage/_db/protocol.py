"""The database protocol: what a database keeps of runs, as plain values; it decides nothing.

Texts named `…json` are JSON that the caller writes and reads; a database stores them as they are.
Times are seconds since the epoch, by the clock of the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike

FINISHED: Final = ("completed", "failed", "bailed", "cancelled")
"""The statuses of runs that have come to an end; the middle two and the last can be resumed."""

DONE: Final = ("completed", "bailed")
"""Those of them that cannot: nothing is left to do."""

OWNED: Final = "running"
"""The status of a run for as long as it has an owner, alive or not."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, so exactly that it is told from every other one, also after a reboot."""

    host: str
    boot: str
    """Which start of the host, and which process namespace on it."""
    pid: int
    started: str
    """When the process began; a process id is used again, this is not."""


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a run, and until when that counts without another heartbeat."""

    owner: Owner
    until: float


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to go on with one run, and to write what it does."""

    run_id: str
    fence: int
    """Grows with every owner of the run; an older one cannot write any more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run carries out; many runs share one."""

    digest: str
    json: str


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run that has not begun."""

    run_id: str
    workflow: str
    tags: tuple[str, ...]
    created: float
    plan: Plan
    json: str
    """What the caller wants to know of it later: how the workflow is found again, and so on."""
    status: str = "pending"
    due: float | None = None


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as it is stored."""

    run_id: str
    workflow: str
    tags: tuple[str, ...]
    status: str
    created: float
    updated: float
    """When something was last committed for it."""
    ended: float | None
    due: float | None
    """When somebody should look after it, if nobody holds it; `None` is never."""
    held: Held | None
    is_cancelled: bool
    """Whether it was asked to stop, and has not noticed yet."""
    plan: str
    """The digest of its plan."""
    json: str
    outcome_json: str | None
    """How it left its last owner: what it waits for, or how it ended."""
    seq: int
    """The number of its last commit."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Which runs to list, newest first; `after` is the last id seen."""

    statuses: tuple[str, ...] = ()
    workflow: str | None = None
    tag: str | None = None
    limit: int | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of what a step remembers about its items; written once, never changed."""

    branch: int
    step: str
    kind: str
    index: int
    json: str


class Commit(NamedTuple):
    """What one step did; it is written whole or not at all.

    A tuple, since one is made for every step: a dataclass takes four times as long.
    """

    at: float
    position_json: str | None = None
    """Where the run stands now; `None` leaves it where it stood."""
    events_json: str = "[]"
    changes_json: str = "[]"
    """What changed in the stores of branches, as rows `[branch, key, entry]`."""
    written: Sequence[tuple[int, str]] = ()
    """The branch and key of each change after which there is an entry: its value is in here."""
    erased: Sequence[tuple[int, str]] = ()
    """The branch and key of each entry that is no more."""
    left: Sequence[int] = ()
    """Branches whose stores are no more; they go before anything is written."""
    items: Sequence[Item] = ()
    dropped: Sequence[tuple[int, str]] = ()
    """The branch and step of items that are no more; they go before `items` come."""
    signals: Sequence[int] = ()
    """The numbers of the signals that were used up."""
    plan: Plan | None = None
    """What the run carries out from now on, if that has changed."""


@dataclass(frozen=True, slots=True)
class Stop:
    """How a run leaves its owner."""

    status: str
    due: float | None = None
    outcome_json: str | None = None
    has_ended: bool = False
    known: int = 0
    """The number of the last signal it knows; a newer one makes it due at once, unless it ended."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One commit as it is stored."""

    seq: int
    at: float
    position_json: str | None
    events_json: str
    changes_json: str


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that nobody has used yet; numbers grow in the order of arrival."""

    number: int
    name: str
    json: str


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a run stands: all that is needed to go on, whatever has run before."""

    seq: int
    position_json: str
    entries: Sequence[tuple[int, str, int]]
    """The branch and key of every entry there is, and the commit that holds it."""
    changes: Sequence[tuple[int, str]]
    """The number and `changes_json` of each of these commits."""
    items: Sequence[Item]
    signals: Sequence[Signal]


@dataclass(frozen=True, slots=True)
class Inbox:
    """What others have left for a run while it goes on."""

    run_id: str
    is_cancelled: bool
    signals: Sequence[Signal]
    """Those that came after the number that was asked for."""


class Database(Protocol):
    """Where runs are kept. Every method is one transaction, and safe to call from any thread.

    What cannot be done for a reason outside raises `DatabaseError`; nothing is lost then.
    """

    @property
    def url(self) -> str:
        """What opens the database again, from any process and folder."""

    # ---------------------------------------------------------------- owning

    def create(self, run: NewRun, first: Commit, owner: Owner | None, until: float) -> Lease | None:
        """Keep a new run with its first commit, number 1; with an owner it is held at once.

        Gives `None`, and changes nothing, if there is a run of this id already. Without an owner
        the fence of the lease is 0, and the lease good for nothing.
        """

    def take(
        self,
        run_id: str,
        owner: Owner,
        until: float,
        is_free: Callable[[RunRow], bool],
    ) -> Lease | RunRow | None:
        """Hold a run, if `is_free` says so of the row as it is in this very transaction.

        Gives the row if it does not, and `None` if there is no such run. A held run has the status
        "running" and no `due`; whether it is asked to stop stays as it is.
        """

    def renew(self, leases: Sequence[Lease], until: float) -> Sequence[Lease]:
        """Prolong leases; gives those that have been lost."""

    def commit(self, lease: Lease, commit: Commit, stop: Stop | None = None) -> int:
        """Write what a step did, if the lease still holds; gives the number of the commit.

        With a `stop` the run leaves its owner in the same transaction; if it ended, a request to
        stop it is forgotten, else one makes it due at once. A lease that was lost raises
        `RunOwned`, and nothing is written.
        """

    def release(self, lease: Lease, stop: Stop) -> bool:
        """Let a run go without a commit, with a `stop` as in `commit`; false if it was lost."""

    # ---------------------------------------------------------------- asking a run

    def signal(self, run_id: str, name: str, json: str, now: float) -> bool:
        """Leave a signal for a run, which is due now if nobody holds it; false if there is none.

        A run that has ended is not made due.
        """

    def ask_to_stop(self, run_id: str, now: float) -> bool:
        """Ask a run to stop, which is due now if nobody holds it.

        False, and nothing is asked, if there is none or it has ended.
        """

    def inbox(self, wanted: Sequence[tuple[str, int]]) -> Sequence[Inbox]:
        """Look for what was left for runs, each with the number of the last signal it knows.

        Gives nothing for runs for which there is nothing new.
        """

    def news(self) -> int:
        """A number that grows whenever somebody else has committed anything; it is cheap to ask.

        What is created, left or woken through this very object counts as well, and what runs commit
        through it does not.
        """

    def wake(self, run_id: str, due: float | None) -> bool:
        """Say when somebody should look after a run that nobody holds; false if somebody does."""

    # ---------------------------------------------------------------- looking

    def find(self, run_id: str) -> RunRow | None:
        """One run."""

    def runs(self, listing: Listing) -> Sequence[RunRow]:
        """The runs that fit, newest first; an unknown `after` gives nothing."""

    def counts(self) -> dict[str, int]:
        """How many runs there are of each status; it costs the same however many there are."""

    def ids(self, prefix: str, limit: int) -> Sequence[str]:
        """Ids of runs that begin so, newest first."""

    def due(self, now: float, limit: int) -> Sequence[RunRow]:
        """Runs that nobody holds and that are due, the earliest first."""

    def next_due(self) -> float | None:
        """When the next run that nobody holds is due."""

    def held(self) -> Sequence[RunRow]:
        """The runs that somebody holds, dead or alive."""

    def plan(self, digest: str) -> str | None:
        """The text of a plan."""

    def stored(self, run_id: str) -> Stored | None:
        """Where a run stands."""

    def items(self, run_id: str, until: int) -> Sequence[Item]:
        """The items there are now that were written up to a commit."""

    def log(
        self, run_id: str, after: int = 0, until: int | None = None, limit: int | None = None
    ) -> Sequence[LogRow]:
        """The commits of a run, oldest first: those after a number, up to another one."""

    # ---------------------------------------------------------------- keeping

    def delete(self, run_id: str, is_free: Callable[[RunRow], bool]) -> RunRow | None:
        """Forget a run, if `is_free` says so; gives its row as it was, or `None`: no such run.

        Whoever asked sees from the row whether it was free.
        """

    def purge(self, before: float, limit: int) -> int:
        """Forget runs that ended before a time, at most so many; gives how many."""

    def check(self) -> Sequence[str]:
        """Look for damage; gives a sentence for each, and nothing for a sound database."""

    def backup(self, path: str | PathLike[str]) -> None:
        """Copy the database while it is used; a file that is there already is refused."""

    def close(self) -> None:
        """Let go of it; what is not committed is not there."""
