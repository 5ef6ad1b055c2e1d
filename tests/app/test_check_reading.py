"""What is read out of the code of a function: what it takes, writes and deletes, and how surely."""

from __future__ import annotations

import contextlib
import functools

import pytest

from gostage import Key
from gostage._app.check.guess import returned
from gostage._app.check.reading import effects_of
from gostage._app.check.source import UNKNOWN, Sources

ROWS = Key("rows", list)
NAME = "total"


class Names:
    ROWS = ROWS
    total = "total"


def plain(ctx):
    ctx.store["a"] = 1
    ctx.store[ROWS] = [1]
    ctx.store[NAME] = "x"
    ctx.store[Names.ROWS] = []
    ctx.run.store["b"] = ctx.store["c"]
    del ctx.store["d"]


def methods(ctx):
    store = ctx.store
    store.put("a", {}, ttl=3)
    store.setdefault("b", 1.5)
    store.update({"c": 1}, d="x")
    store.update("e", {"f": 1})
    store.pop("g")
    store.pop("h", None)
    store.delete("i")
    store.get("j", int)
    store.get("k", int, default=1)
    store.meta("l")
    print(len(store), list(store), "m" in store, [key.upper() for key in store], store.keys())


def conditions(ctx):
    if ctx.attempt:
        ctx.store["a"] = 1
    for each in range(3):
        ctx.store["b"] = each
    with contextlib.suppress(KeyError):
        del ctx.store["c"]
    try:
        ctx.store["d"]
    finally:
        ctx.store["e"] = 1
    (ctx.attempt and ctx.store["f"]) or (ctx.store["g"] if ctx.attempt else 1)


def leaving(ctx):
    ctx.store["a"] = 1
    if ctx.attempt:
        return
    ctx.store["b"] = 1


def raising(ctx):
    if ctx.attempt:
        raise ValueError
    ctx.store["a"] = 1


def minded(ctx):
    if "a" in ctx.store:
        return ctx.store["a"]
    ctx.store["b"] = 1
    return ctx.store["b"]


def counting(ctx):
    ctx.store["a"] += 1


def emptying(ctx):
    ctx.store.clear()


async def asynchronous(ctx):
    async with ctx.item as thing:
        ctx.store["a"] = await thing
    async for each in ctx.item:
        ctx.store["b"] = each


def nested(ctx):
    def inner():
        ctx.store["a"] = 1
        return 1

    ctx.store["b"] = inner()
    return lambda: ctx.store["c"]


def matching(ctx):
    match ctx.item:
        case {"kind": "x"}:
            ctx.store["a"] = 1
        case _:
            ctx.store["b"] = 1


def yielding(ctx):
    ctx.store["a"] = 1
    yield
    ctx.store["b"] = 1


def effects(fn, role="ctx"):
    """The effects of a function of a context."""
    code = Sources().code_of(fn)
    return effects_of(code, {role: role})


def touched(fn) -> dict[str, str]:
    """What a function does, in short: `a` is read, `a!` surely; `+` is a write, `-` a deletion."""
    marks = {"read": "", "write": "+", "drop": "-", "clear": "*"}
    found = effects(fn)
    shown = [f"{marks[each.kind]}{each.key}{'!' if each.is_sure else ''}" for each in found.touches]
    return {"open": str(found.is_open), "touches": " ".join(shown)}


@pytest.mark.parametrize(
    ("fn", "touches"),
    [
        pytest.param(plain, "+a! +rows! +total! +rows! c! +b! -d!", id="items"),
        pytest.param(methods, "+a! +b +c! +d! e! g! -g! h -h! -i! j! k l", id="methods"),
        pytest.param(conditions, "+a +b -c d +e! f g", id="conditions"),
        pytest.param(leaving, "+a! +b", id="leaving early"),
        pytest.param(raising, "+a!", id="failing early"),
        pytest.param(minded, "a +b b", id="looking first"),
        pytest.param(counting, "a! +a!", id="counting"),
        pytest.param(emptying, "*!", id="emptying"),
        pytest.param(asynchronous, "+a +b", id="async"),
        pytest.param(nested, "+a +b! c", id="nested"),
        pytest.param(matching, "+a +b", id="matching"),
        pytest.param(yielding, "+a! +b", id="yielding"),
    ],
)
def test_what_code_does_to_the_store(fn, touches) -> None:
    """Reads, writes and deletions in order, and whether they happen whenever it completes."""
    assert touched(fn) == {"open": "False", "touches": touches}


def given_away(ctx):
    print(ctx)


def kept(ctx):
    holder.ctx = ctx


def in_a_list(ctx):
    return [ctx]


def by_name(ctx):
    getattr(ctx, "store")["a"] = 1  # noqa: B009


def computed(ctx):
    ctx.store[ctx.path] = 1


def merged(ctx):
    ctx.store.merge({})


def bound(ctx):
    return ctx.store.put


def spawned(ctx):
    ctx.spawn(None)


def sent(ctx):
    ctx.send("store_put", {})


def rebound(ctx):
    ctx = ctx.item
    ctx.store["a"] = 1


def with_locals(ctx):
    return locals()


def splatted(ctx):
    ctx.store.update(**ctx.item)


class holder:  # noqa: N801  # it only holds something
    ctx: object = None


@pytest.mark.parametrize(
    "fn",
    [
        *(given_away, kept, in_a_list, by_name, computed, merged, bound, spawned, sent, rebound),
        *(with_locals, splatted),
    ],
    ids=lambda fn: fn.__name__,
)
def test_what_cannot_be_followed_may_do_anything(fn) -> None:
    """The context handed on, a key that is computed, a store mixed with another."""
    assert effects(fn).is_open


def sends(ctx):
    ctx.send("progress", {"part": 1})
    ctx.log.info("%s", ctx.item)


def test_messages_and_logs_change_nothing() -> None:
    """What does not come near the store leaves it alone."""
    found = effects(sends)

    assert not found.is_open
    assert found.touches == []


def parts(ctx):
    ctx.store[f"path.{ctx.item}.raw"] = 1
    ctx.store[f"{ctx.item}"] = 1
    ctx.store[f"seconds.{ctx.item}"] = 1


def test_keys_made_of_parts_are_known_by_their_ends() -> None:
    """Only keys that begin and end like that can have been written."""
    found = effects(parts)

    assert found.patterns == [("path.", ".raw"), ("", ""), ("seconds.", "")]
    assert not found.is_open


def decorated(fn):
    @functools.wraps(fn)
    def around(*args):
        return fn(*args)

    return around


@decorated
def wrapped(ctx):
    ctx.store["a"] = 1


def test_a_decorator_may_do_anything() -> None:
    """Of the code around a function nothing is known."""
    found = effects(wrapped)

    assert found.is_open
    assert [each.key for each in found.writes] == ["a"]


class Callable:
    def __call__(self, ctx):
        ctx.store["a"] = 1

    def method(self, ctx):
        ctx.store["b"] = 1

    @staticmethod
    def static(ctx):
        ctx.store["c"] = 1


@pytest.mark.parametrize(
    ("fn", "touches"),
    [
        pytest.param(Callable(), "+a!", id="an instance"),
        pytest.param(Callable().method, "+b!", id="a method"),
        pytest.param(Callable.static, "+c!", id="a static method"),
        pytest.param(functools.partial(plain), touched(plain)["touches"], id="a partial"),
        pytest.param(lambda ctx: ctx.store.put("a", 1), "+a!", id="a lambda"),
    ],
)
def test_callables_of_all_kinds_are_read(fn, touches) -> None:
    """Whatever can be called has a function behind it."""
    assert touched(fn)["touches"] == touches


def test_what_is_not_written_in_python_is_not_read() -> None:
    """Builtins, classes of C, and code without a file."""
    space: dict = {}
    exec("def made(ctx): pass", space)

    assert [Sources().code_of(each) for each in (print, len, space["made"])] == [None] * 3


# -------------------------------------------------------------------- types


def list_of(ctx):
    ctx.store["a"] = [1, 2]
    ctx.store["b"] = [1, "x"]
    ctx.store["c"] = {"x": 1}
    ctx.store["d"] = f"{ctx.path}"
    ctx.store["e"] = str(1) if ctx.attempt else 2
    ctx.store["f"] = sorted([1])
    ctx.store["g"] = not ctx.attempt
    ctx.store["h"] = ctx.item
    ctx.store["i"] = Names()
    ctx.store["j"] = annotated()
    ctx.store[ROWS] = ctx.item
    ctx.store["k"] = ctx.store["l"] = ()


def annotated() -> dict[str, int]:
    return {}


def test_types_are_guessed_where_they_are_written_out() -> None:
    """A display, a constructor, an annotated function; of anything else nothing is known."""
    from typing import Any

    found = {each.key: each.type for each in effects(list_of).writes}

    assert found == {
        "a": list[int],
        "b": list,
        "c": dict,
        "d": str,
        "e": str | int,
        "f": list,
        "g": bool,
        "h": Any,
        "i": Names,
        "j": dict[str, int],
        "rows": list,
        "k": tuple,
        "l": tuple,
    }


@pytest.mark.parametrize(
    ("fn", "expected"),
    [
        pytest.param(annotated, dict[str, int], id="annotated"),
        pytest.param(lambda: [1], list[int], id="a lambda"),
        pytest.param(wrapped, None, id="decorated"),
        pytest.param(leaving, None, id="several ways"),
        pytest.param(print, None, id="a builtin"),
    ],
)
def test_what_a_function_returns(fn, expected) -> None:
    """Its annotation, or the one thing it surely returns."""
    from typing import Any

    found = returned(fn, Sources().code_of(fn))

    assert found == (Any if expected is None else expected)


def looked_up(ctx):
    return ROWS, Names.total, holder.ctx, missing, ctx.path, int, local  # noqa: F821


def test_names_stand_for_what_the_module_says() -> None:
    """Globals and attributes of classes are known; what only a run can tell is not."""
    code = Sources().code_of(looked_up)
    (last,) = code.body

    values = [code.value_of(each) for each in last.value.elts]

    assert values == [ROWS, "total", None, UNKNOWN, UNKNOWN, int, UNKNOWN]
