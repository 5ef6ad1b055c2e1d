"""The shapes of frames: which fields each kind has, and of which types; it only ever complains."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_args

from gostage._run.events import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    # Any: JSON of any shape.
    Json = Any
    Fields = dict[str, Any]

LARGEST: Final = 2**53
"""Whole numbers are smaller: what every reader of JSON keeps."""
LATEST: Final = 253_402_300_799.0
"""Times are before the year 10000, and as long after what they count from."""
EVENTS: Final = frozenset(get_args(Kind))
EDITS: Final = -1
"""The branch whose changes are bookkeeping: lists, and no entries of a store."""


class WireError(Exception):
    """What came is no frame, or none that makes sense; its text says why, and quotes little."""


class Rule(NamedTuple):
    """What a value has to be, in words and as a question."""

    words: str
    holds: Callable[[Json], bool]


Shape = dict[str, Rule]


def shown(text: str, limit: int = 60) -> str:
    """A text of strangers, as much of it as fits into a sentence."""
    return repr(text if len(text) <= limit else f"{text[:limit]}…")


def check(kind: str, data: Mapping[str, Json]) -> None:
    """Raise WireError unless the data is what a frame of this kind holds."""
    if kind == "message" and _is_message(data):
        return
    may_lack = EMPTY if kind == "commit" else ()
    problem = misfit(data, SHAPES[kind], is_free=kind in FREE, may_lack=may_lack)
    if problem is not None:
        raise WireError(f"in a {kind!r}, {problem}")


def misfit(
    data: Mapping[str, Json],
    shape: Shape,
    *,
    is_free: bool = False,
    may_lack: Container[str] = (),
) -> str | None:
    """What is wrong with an object, in words; a free one may have more fields than these."""
    if data.keys() != shape.keys():
        missing = next((n for n in shape if n not in data and n not in may_lack), None)
        if missing is not None:
            return f"{missing!r} is missing"
        if not is_free and not data.keys() <= shape.keys():
            return f"there is no {shown(next(name for name in data if name not in shape))}"
    for name, value in data.items():
        rule = shape.get(name)
        if rule is not None and not rule.holds(value):
            return f"{name!r} is not {rule.words}"
    return None


# -------------------------------------------------------------------- single values


def _is_text(value: Json) -> bool:
    return type(value) is str


def _is_word(value: Json) -> bool:
    return type(value) is str and value != ""


def _is_integer(value: Json) -> bool:
    return type(value) is int and -LARGEST < value < LARGEST


def _is_count(value: Json) -> bool:
    return type(value) is int and 0 <= value < LARGEST


def _is_positive(value: Json) -> bool:
    return type(value) is int and 0 < value < LARGEST


def _is_time(value: Json) -> bool:
    # Neither infinite nor "not a number": both fail the comparison.
    return (type(value) is float or type(value) is int) and -LATEST < value < LATEST


def _is_object(value: Json) -> bool:
    return type(value) is dict


def _is_anything(value: Json) -> bool:
    return True


TEXT: Final = Rule("a text", _is_text)
WORD: Final = Rule("a text with something in it", _is_word)
INTEGER: Final = Rule("a whole number", _is_integer)
COUNT: Final = Rule("a whole number from 0", _is_count)
POSITIVE: Final = Rule("a whole number from 1", _is_positive)
TIME: Final = Rule("a time", _is_time)
OBJECT: Final = Rule("an object", _is_object)
ANYTHING: Final = Rule("anything", _is_anything)


def _or_null(rule: Rule) -> Rule:
    holds = rule.holds
    return Rule(f"{rule.words}, or null", lambda value: value is None or holds(value))


# -------------------------------------------------------------------- values of values


def _list_of(rule: Rule) -> Rule:
    holds = rule.holds
    return Rule(
        f"a list, each {rule.words}", lambda value: type(value) is list and all(map(holds, value))
    )


def _row(*rules: Rule) -> Rule:
    asked = tuple(rule.holds for rule in rules)

    def holds(value: Json) -> bool:
        if type(value) is not list or len(value) != len(asked):
            return False
        for ask, each in zip(asked, value, strict=True):  # noqa: SIM110 - a third of the time
            if not ask(each):
                return False
        return True

    return Rule(f"[{'; '.join(rule.words for rule in rules)}]", holds)


def _object_of(words: str, shape: Shape, may_lack: Container[str] = ()) -> Rule:
    return Rule(
        words,
        lambda value: type(value) is dict and misfit(value, shape, may_lack=may_lack) is None,
    )


_ENTRY: Final[Shape] = {"value": ANYTHING, "order": COUNT, "created": TIME, "updated": TIME}
_MORE: Final[Shape] = {
    "key": TEXT,
    "expires": TIME,
    "tags": _list_of(TEXT),
    "props": OBJECT,
    "description": TEXT,
    "merge": Rule("a list", lambda value: type(value) is list),
}
_MARKS: Final = ("deleted", "expired")


def _is_entry(record: Json, key: str) -> bool:
    if type(record) is not dict or record.get("key", key) != key:
        return False
    if "gone" in record:
        return len(record) == 1 and record["gone"] in _MARKS
    own = {name: record[name] for name in record if name in _ENTRY}
    more = {name: rule for name, rule in _MORE.items() if name in record}
    if len(own) + len(more) != len(record) or misfit(own, _ENTRY) is not None:
        return False
    return all(rule.holds(record[name]) for name, rule in more.items())


def _is_change(row: Json) -> bool:
    if type(row) is not list or len(row) != 3:
        return False
    branch, key, entry = row
    if not _is_integer(branch) or type(key) is not str:
        return False
    if branch == EDITS:
        return entry is None or type(entry) is list
    return entry is None or _is_entry(entry, key)


def _is_event(value: Json) -> bool:
    return type(value) is str and value in EVENTS


_CHANGE: Final = Rule("[branch; key; entry or null]", _is_change)
_EVENT: Final = _row(Rule("a kind of event", _is_event), TIME, TEXT, OBJECT)
_STEP_ROW: Final = _row(TEXT, WORD, COUNT, _or_null(TIME), _or_null(TIME), _or_null(OBJECT))


# -------------------------------------------------------------------- frames

SENDER: Final[Shape] = {
    "run": TEXT,
    "workflow": TEXT,
    "stage": _or_null(TEXT),
    "action": _or_null(TEXT),
    "child_id": WORD,
    "pid": POSITIVE,
    "depth": POSITIVE,
}
_MESSAGE: Final[Shape] = {
    "n": _or_null(COUNT),
    "type": WORD,
    "payload": ANYTHING,
    "sender": _object_of("a sender", SENDER),
    "seq": POSITIVE,
}
COMMIT: Final[Shape] = {
    "n": COUNT,
    "at": TIME,
    "position": ANYTHING,
    "events": _list_of(_EVENT),
    "changes": _list_of(_CHANGE),
    "left": _list_of(INTEGER),
    "dropped": _list_of(_row(INTEGER, TEXT)),
    "items": _list_of(_row(INTEGER, TEXT, TEXT, COUNT, ANYTHING)),
    "signals": _list_of(COUNT),
    "rows": _list_of(_STEP_ROW),
}
EMPTY: Final[Mapping[str, Json]] = MappingProxyType(
    {
        "position": None,
        "events": (),
        "changes": (),
        "left": (),
        "dropped": (),
        "items": (),
        "signals": (),
        "rows": (),
    }
)
"""The fields of a commit that may be left out, with what that means."""
SHAPES: Final[dict[str, Shape]] = {
    "hello": {"protocol": COUNT, "python": TEXT, "pid": POSITIVE},
    "define": {"key": TEXT},
    "task": {"n": COUNT},
    "ack": {"n": COUNT},
    "reply": {"n": COUNT, "error": ANYTHING},
    "message": _MESSAGE,
    "commit": COMMIT,
    "ended": {
        "n": COUNT,
        "outcome": Rule(
            "an object with 'do'", lambda value: type(value) is dict and _is_word(value.get("do"))
        ),
        "commit": _or_null(_object_of("a commit", COMMIT, EMPTY)),
    },
}
FREE: Final = frozenset({"hello", "define", "task"})
"""The kinds that may have further fields: of another protocol, or for who gets a task."""


def _is_message(data: Mapping[str, Json]) -> bool:
    """Whether it is a message; many come at once, and the rules take three times as long."""
    if data.keys() != _MESSAGE.keys() or type(data["sender"]) is not dict:
        return False
    sender = data["sender"]
    number, seq, word = data["n"], data["seq"], data["type"]
    if sender.keys() != SENDER.keys():
        return False
    pid, depth, child = sender["pid"], sender["depth"], sender["child_id"]
    stage, action = sender["stage"], sender["action"]
    return (
        (number is None or (type(number) is int and 0 <= number < LARGEST))
        and type(seq) is type(pid) is type(depth) is int
        and 0 < seq < LARGEST
        and 0 < pid < LARGEST
        and 0 < depth < LARGEST
        and type(word) is type(child) is type(sender["run"]) is type(sender["workflow"]) is str
        and word != "" != child
        and (stage is None or type(stage) is str)
        and (action is None or type(action) is str)
    )
