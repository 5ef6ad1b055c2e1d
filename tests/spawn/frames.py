"""Frames for tests: one of each kind as it is sent, and strategies for many of them."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import strategies as st

SENDER = {
    "run": "run-1",
    "workflow": "backup",
    "stage": "files",
    "action": "copy",
    "child_id": "c1",
    "pid": 4711,
    "depth": 1,
}
MESSAGE = {"n": None, "type": "progress", "payload": {"pct": 50}, "sender": SENDER, "seq": 1}
ENTRY = {"key": "rows", "value": [1, 2], "order": 3, "created": 10.0, "updated": 11.5}
RICH = {
    **ENTRY,
    "key": "token",
    "expires": 60.5,
    "tags": ["sensitive"],
    "props": {"source": "api"},
    "description": "what opens the door",
    "merge": [],
}
COMMIT = {
    "n": 1,
    "at": 12.5,
    "position": {"0": ["copy", {}]},
    "events": [["step_started", 12.0, "files/copy", {"kind": "action", "attempt": 1}]],
    "changes": [
        [0, "rows", ENTRY],
        [0, "token", RICH],
        [0, "old", None],
        [2, "gone", {"gone": "deleted"}],
        [-1, "insert:0:x", [1, [], []]],
        [-1, "remove:0:y", None],
    ],
    "left": [2],
    "dropped": [[0, "each"]],
    "items": [[0, "each", "item", 0, {"a": 1}]],
    "signals": [7],
    "rows": [["files/copy", "completed", 1, 12.0, 0.5, None]],
}
FRAMES = {
    "hello": {"protocol": 1, "python": "3.11.2", "pid": 4711},
    "define": {"key": "k", "workflow": {"id": "w"}},
    "task": {"n": 1, "at": "files/copy"},
    "ack": {"n": 1},
    "reply": {"n": 1, "error": None},
    "message": MESSAGE,
    "commit": COMMIT,
    "ended": {"n": 1, "outcome": {"do": "done", "value": 3}, "commit": COMMIT},
}

texts = st.text(st.characters(), max_size=20)
"""Lone surrogates are among them."""
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
messages = st.fixed_dictionaries(
    {
        "n": st.none() | st.integers(0, 2**53 - 1),
        "type": texts.filter(bool),
        "payload": json_values,
        "sender": st.fixed_dictionaries(
            {
                "run": texts,
                "workflow": texts,
                "stage": st.none() | texts,
                "action": st.none() | texts,
                "child_id": texts.filter(bool),
                "pid": st.integers(1, 2**53 - 1),
                "depth": st.integers(1, 8),
            }
        ),
        "seq": st.integers(1, 2**53 - 1),
    }
)
definitions = st.builds(lambda more: {**more, "key": "k"}, st.dictionaries(texts, json_values))
ends = st.builds(
    lambda value: {"n": 1, "outcome": {"do": "done", "value": value}, "commit": None}, json_values
)
frames = st.one_of(
    st.tuples(st.just("message"), messages),
    st.tuples(st.just("define"), definitions),
    st.tuples(st.just("ended"), ends),
    st.sampled_from(list(FRAMES.items())).map(deepcopy),
)
