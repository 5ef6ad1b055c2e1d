"""The wire: frames become lines and frames again, and nothing else becomes one."""

from __future__ import annotations

import math
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._run.text import to_text
from gostage._spawn.wire import FROM_CHILD, FROM_PARENT, KINDS, Text, WireError, decode, encode
from tests.spawn.frames import COMMIT, ENTRY, FRAMES, MESSAGE, RICH, frames


class TestThereAndBack:
    """What is written can be read."""

    @pytest.mark.parametrize("kind", FRAMES)
    def test_a_frame_of_every_kind_arrives_as_it_was(self, kind: str) -> None:
        """Each kind that there is."""
        assert decode(encode(kind, FRAMES[kind])) == (kind, FRAMES[kind])

    def test_there_is_a_sample_of_every_kind(self) -> None:
        """The tests leave none out."""
        assert FRAMES.keys() == KINDS == FROM_CHILD | FROM_PARENT

    @given(frames)
    def test_any_frame_arrives_as_it_was(self, frame: tuple) -> None:
        """Whatever texts, numbers and nesting it holds, lone surrogates among them."""
        kind, data = frame

        assert decode(encode(kind, data)) == (kind, data)

    @given(frames)
    def test_a_frame_is_one_line(self, frame: tuple) -> None:
        """The end of the line stands nowhere but at its end."""
        line = encode(*frame)

        assert line.index(b"\n") == len(line) - 1
        assert decode(line[:-1]) == frame

    def test_numbers_that_are_none_arrive_too(self) -> None:
        """Infinite ones, and "not a number"."""
        values = [math.inf, -math.inf, math.nan]
        _, data = decode(encode("define", {"key": "k", "values": values}))

        assert repr(data["values"]) == repr(values)

    def test_what_is_written_down_already_is_taken_over(self) -> None:
        """In a commit, and in the commit of an end; it is the same frame."""
        texts = ("position", "events", "changes", "items")
        commit = {**COMMIT, **{name: Text(to_text(COMMIT[name])) for name in texts}}
        ended = {**FRAMES["ended"], "commit": commit}

        assert decode(encode("commit", commit)) == ("commit", COMMIT)
        assert decode(encode("ended", ended)) == ("ended", FRAMES["ended"])


class TestWriting:
    """What JSON does not have is refused where it is written."""

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            pytest.param(b"bytes", "bytes is not JSON serializable", id="no JSON"),
            pytest.param({(1, 2): 3}, "keys must be str", id="a key that is none"),
        ],
    )
    def test_other_types_are_refused(self, value: object, reason: str) -> None:
        """The sentence says why."""
        with pytest.raises(WireError, match=reason):
            encode("define", {"key": "k", "value": value})

    def test_a_value_without_end_is_refused(self) -> None:
        """A list that holds itself."""
        endless: list = []
        endless.append(endless)
        with pytest.raises(WireError, match="nested too deeply"):
            encode("define", {"key": "k", "value": endless})


def read_if_any(payload: bytes) -> tuple | None:
    """Read a frame, or nothing where it is refused in a sentence; any other error comes out."""
    try:
        return decode(payload)
    except WireError as error:
        if not str(error):
            raise AssertionError(payload) from error
        return None


class TestStrangeBytes:
    """Any bytes are either a frame or refused."""

    @given(st.binary(max_size=300))
    def test_any_bytes_are_refused_or_read(self, payload: bytes) -> None:
        """No other error ever comes out."""
        read = read_if_any(payload)

        assert read is None or (read[0] in KINDS and isinstance(read[1], dict))

    @given(st.sampled_from(sorted(KINDS)), st.text(max_size=100))
    def test_any_text_after_a_kind_is_refused_or_read(self, kind: str, text: str) -> None:
        """The same for what begins well."""
        read = read_if_any(f"{kind} {text}".encode())

        assert read is None or read[0] == kind

    @given(frames, st.data())
    def test_a_truncated_frame_is_refused(self, frame: tuple, data) -> None:
        """Wherever it ends, it is no frame."""
        line = encode(*frame)
        end = data.draw(st.integers(0, len(line) - 2))
        with pytest.raises(WireError):
            decode(line[:end])

    @given(frames, st.data())
    def test_a_flipped_bit_is_refused_or_gives_a_frame(self, frame: tuple, data) -> None:
        """It may hit a letter of a text; then another frame arrives, whose shape is right."""
        line = bytearray(encode(*frame))
        place = data.draw(st.integers(0, len(line) - 1))
        line[place] ^= 1 << data.draw(st.integers(0, 7))
        read = read_if_any(bytes(line))

        assert read is None or decode(encode(*read)) == read

    @pytest.mark.parametrize(
        ("payload", "reason"),
        [
            pytest.param(b"", "begins with no kind", id="nothing"),
            pytest.param(b"\xff\xfe {}", "no text in UTF-8", id="no text"),
            pytest.param(b"Segmentation fault", "begins with no kind.*'Segmentation", id="a word"),
            pytest.param(b"exec {}", "'exec' is no kind", id="an unknown kind"),
            pytest.param(b"ack", "begins with no kind", id="no data"),
            pytest.param(b"ack {", "no JSON", id="half of it"),
            pytest.param(b'ack {"n":1} {"n":2}', "something follows", id="two of them"),
            pytest.param(b"ack [1]", "no object", id="a list"),
            pytest.param(b"ack " + b"[" * 100_000, "nested too deeply", id="100,000 brackets"),
            pytest.param(
                b'ack {"n":' + b'{"a":' * 100_000, "nested too deeply", id="100,000 braces"
            ),
            pytest.param(b'ack {"n":' + b"9" * 10_000 + b"}", "ack|no JSON", id="a huge number"),
        ],
    )
    def test_the_sentence_says_what_is_wrong(self, payload: bytes, reason: str) -> None:
        """In a few words, whatever the size of what came."""
        with pytest.raises(WireError, match=reason) as caught:
            decode(payload)

        assert len(str(caught.value)) < 200

    @pytest.mark.parametrize("kind", sorted(FROM_PARENT))
    def test_a_child_cannot_tell_its_parent_what_to_do(self, kind: str) -> None:
        """Who accepts the frames of children accepts no other."""
        with pytest.raises(WireError, match=f"{kind!r} is no kind of frame that is expected here"):
            decode(encode(kind, FRAMES[kind]), FROM_CHILD)


def but(data: dict, *path: str | int, to: object = ...) -> dict:
    """Make a copy in which one thing is another, or missing."""
    copied: dict = deepcopy(data)
    place = copied
    for step in path[:-1]:
        place = place[step]
    if to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return copied


MISFITS = {
    "a message without a type": ("message", but(MESSAGE, "type"), "'type' is missing"),
    "an empty type": ("message", but(MESSAGE, "type", to=""), "'type' is not a text with"),
    "a type that is no text": ("message", but(MESSAGE, "type", to=["x"]), "'type' is not"),
    "a field nobody knows": ("message", but(MESSAGE, "code", to="import os"), "no 'code'"),
    "a number that is true": ("message", but(MESSAGE, "seq", to=True), "'seq' is not"),
    "a number from 0": ("message", but(MESSAGE, "seq", to=0), "'seq' is not"),
    "a negative number": ("message", but(MESSAGE, "n", to=-1), "'n' is not"),
    "a number that is too large": ("message", but(MESSAGE, "seq", to=2**53), "'seq' is not"),
    "a sender that is a text": ("message", but(MESSAGE, "sender", to="me"), "'sender' is not"),
    "a sender without a run": ("message", but(MESSAGE, "sender", "run"), "'sender' is not"),
    "a sender with more": ("message", but(MESSAGE, "sender", "uid", to=0), "'sender' is not"),
    "the parent as sender": ("message", but(MESSAGE, "sender", "depth", to=0), "'sender' is not"),
    "a sender of no child": ("message", but(MESSAGE, "sender", "child_id", to=""), "'sender'"),
    "a stage that is a number": ("message", but(MESSAGE, "sender", "stage", to=1), "'sender'"),
    "a commit without a time": ("commit", but(COMMIT, "at"), "'at' is missing"),
    "a commit with a plan": ("commit", but(COMMIT, "plan", to={}), "no 'plan'"),
    "a time that is none": ("commit", but(COMMIT, "at", to=math.nan), "'at' is not a time"),
    "a time beyond all years": ("commit", but(COMMIT, "at", to=1e18), "'at' is not a time"),
    "changes that are an object": ("commit", but(COMMIT, "changes", to={}), "'changes' is not"),
    "a change of two": ("commit", but(COMMIT, "changes", 0, to=[0, "a"]), "'changes' is not"),
    "a branch that is a text": ("commit", but(COMMIT, "changes", 0, 0, to="0"), "'changes'"),
    "an entry of another key": ("commit", but(COMMIT, "changes", 0, 1, to="row"), "'changes'"),
    "an entry that is a value": ("commit", but(COMMIT, "changes", 0, 2, to=5), "'changes'"),
    "an entry without a value": (
        "commit",
        but(COMMIT, "changes", 0, 2, "value"),
        "'changes' is not",
    ),
    "an entry with more": ("commit", but(COMMIT, "changes", 0, 2, "x", to=1), "'changes'"),
    "a tag that is none": ("commit", but(COMMIT, "changes", 1, 2, "tags", to=[1]), "'changes'"),
    "an expiry that is a text": (
        "commit",
        but(COMMIT, "changes", 1, 2, "expires", to="soon"),
        "'changes' is not",
    ),
    "a key gone some other way": (
        "commit",
        but(COMMIT, "changes", 3, 2, "gone", to="stolen"),
        "'changes' is not",
    ),
    "bookkeeping that is an entry": ("commit", but(COMMIT, "changes", 4, 2, to=ENTRY), "'changes'"),
    "an unknown kind of event": ("commit", but(COMMIT, "events", 0, 0, to="boom"), "'events'"),
    "an event without data": ("commit", but(COMMIT, "events", 0, 3, to=None), "'events' is not"),
    "an item that is an object": ("commit", but(COMMIT, "items", 0, to={}), "'items' is not"),
    "a branch that is half": ("commit", but(COMMIT, "left", to=[0.5]), "'left' is not"),
    "a step row that is short": ("commit", but(COMMIT, "rows", 0, to=["a"]), "'rows' is not"),
    "an outcome that is a word": (
        "ended",
        but(FRAMES["ended"], "outcome", to="done"),
        "'outcome' is not",
    ),
    "an outcome that says nothing": (
        "ended",
        but(FRAMES["ended"], "outcome", "do"),
        "'outcome' is not an object with 'do'",
    ),
    "a last commit that is none": (
        "ended",
        but(FRAMES["ended"], "commit", "n", to="1"),
        "'commit' is not a commit",
    ),
    "a hello without a process": ("hello", but(FRAMES["hello"], "pid"), "'pid' is missing"),
}


@pytest.mark.parametrize(("kind", "data", "reason"), MISFITS.values(), ids=MISFITS)
def test_a_frame_of_another_shape_is_refused(kind: str, data: dict, reason: str) -> None:
    """Types, missing and unknown fields, bounds; the sentence names the kind and the field."""
    with pytest.raises(WireError, match=reason) as caught:
        decode(encode(kind, data))

    assert repr(kind) in str(caught.value)


def test_every_field_of_an_entry_may_be_there() -> None:
    """As a store exports it, in the store of the run and in a branch."""
    data = {**COMMIT, "changes": [[0, "token", RICH], [5, "rows", but(ENTRY, "key")]]}

    assert decode(encode("commit", data)) == ("commit", data)


def test_another_protocol_may_say_hello_with_more() -> None:
    """So that the parent can say which one it is."""
    data = {**FRAMES["hello"], "protocol": 2, "compression": "zstd"}

    assert decode(encode("hello", data), FROM_CHILD) == ("hello", data)
