"""The plugin `validation`, and the middleware `requires` and `ensures`."""

from __future__ import annotations

import pytest

from gostage import Key, Runner, Stage, Workflow, action, run
from gostage.errors import ConfigError, DefinitionError, KeyMissing, MissingInput, TypeMismatch
from gostage_plugins.validation import ensures, requires
from tests.plugins.samples import one, run_with

HERE = "tests.plugins.test_validation"
COUNT = Key("count", int)


class Row:
    """What some keys hold."""


def test_a_stage_that_lacks_a_key_is_not_begun():
    """The error names the stage, the key and a close one, and no action was called."""
    calls = []
    flow = one(lambda: calls.append(1))
    result = run_with("validation", flow, {"require": {"s": ["rows"]}}, row=[1])

    assert isinstance(result.error, MissingInput)
    assert str(result.error) == "stage 's' needs 'rows', and the store does not have it"
    assert result.error.hint == "did you mean 'row'?"
    assert result.error.where.stage == "s"
    assert calls == []


def test_all_missing_keys_are_named():
    """One error for all of them."""
    error = run_with("validation", one(lambda: None), {"require": {"s": ["a", "b"]}}).error

    assert "needs 'a' and 'b'" in str(error)
    assert error.hint.startswith("put it there before")


def test_the_initial_data_of_a_stage_counts():
    """It is in the store before the stage is checked."""
    flow = Workflow("w", Stage("s", lambda: None, initial={"rows": [1]}))

    assert run_with("validation", flow, {"require": {"s": ["rows"]}}).ok


@pytest.mark.parametrize(
    ("type_name", "value", "is_fine"),
    [
        pytest.param("int", 3, True, id="it is"),
        pytest.param("int", "3", False, id="it is a text"),
        pytest.param("int", True, False, id="a bool is no int"),
        pytest.param("object", None, True, id="anything"),
        pytest.param(f"{HERE}:Row", Row(), True, id="a class of the project"),
        pytest.param(f"{HERE}:Row", 3, False, id="another class"),
    ],
)
def test_types_are_checked(type_name, value, is_fine):
    """As `store.get(key, type)` checks them."""
    settings = {"require": {"s": {"x": type_name}}}
    result = run_with("validation", one(lambda: None), settings, x=value)

    assert result.ok is is_fine
    assert is_fine or isinstance(result.error, TypeMismatch)


def test_a_stage_that_leaves_no_key_fails():
    """What it was to leave is checked once it has succeeded."""
    settings = {"ensure": {"s": {"rows": "list"}}}

    assert run_with("validation", one(lambda: [1], provides="rows"), settings).ok
    error = run_with("validation", one(lambda: None), settings).error
    assert isinstance(error, KeyMissing)
    assert str(error) == "stage 's' was to leave 'rows' in the store, and has not"


def test_a_star_stands_for_any_stage():
    """Rules of several patterns add up."""
    settings = {"require": {"*": ["a"], "s*": ["b"], "t": ["c"]}}

    assert run_with("validation", one(lambda: None), settings, a=1, b=1).ok
    assert not run_with("validation", one(lambda: None), settings, a=1).ok


@pytest.mark.parametrize("level", ["run", "workflow", "stage", "action"])
@pytest.mark.parametrize("make", [requires, ensures])
def test_the_middleware_works_at_every_level(level, make):
    """It checks plain keys, keys with types, and typed keys."""
    used = [make("rows", COUNT, name=str)]
    flow = one(lambda: None, use=used if level == "action" else [])
    flow.use(*(used if level == "workflow" else []))
    flow.stages[0].use(*(used if level == "stage" else []))
    good = {"rows": [], "count": 1, "name": "n"}

    with Runner(middleware=used if level == "run" else []) as runner:
        assert runner.run(flow, good).ok
        assert not runner.run(flow, {**good, "name": 1}).ok
        assert not runner.run(flow, {**good, "count": "1"}).ok
        assert not runner.run(flow, {"count": 1, "name": "n"}).ok


def test_an_error_of_an_action_is_not_hidden():
    """What the inside was to leave is not asked for if it failed."""

    def fail():
        raise ValueError("boom")

    assert str(run(one(fail, use=[ensures("rows")])).error) == "boom"


def test_an_expired_key_is_missing():
    """Its time to live has run out."""
    stage = Stage("s", lambda: None).set_initial("token", "t", ttl=1e-6)
    error = run(Workflow("w", stage.use(requires("token")))).error

    assert isinstance(error, MissingInput)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        pytest.param({"require": {"s": "rows"}}, "'require' of", id="a text for a list"),
        pytest.param({"require": {"s": {"n": "integer"}}}, "is no type", id="no builtin"),
        pytest.param({"require": {"s": {"n": f"{HERE}:COUNT"}}}, "is no type", id="no class"),
        pytest.param({"requires": {}}, "no setting 'requires'", id="a typo"),
    ],
)
def test_a_mistake_in_the_settings_is_refused(settings, complaint):
    """What makes no sense is a `ConfigError` with a hint."""
    with pytest.raises(ConfigError, match=complaint) as caught:
        run_with("validation", one(lambda: None), settings)
    assert caught.value.hint


def test_middleware_without_keys_is_refused():
    """It would check nothing."""
    with pytest.raises(DefinitionError, match=r"requires\(\) takes keys"):
        requires()
    with pytest.raises(DefinitionError, match=r"ensures\(\) takes keys, not 3"):
        ensures(3)


def test_an_action_is_named_with_its_path():
    """The error says which of the actions it is about."""
    flow = Workflow("w").stage("s", action(lambda: None, name="load", use=[requires("rows")]))

    assert str(run(flow).error).startswith("action 's/load' needs 'rows'")


@pytest.mark.parametrize("is_local", [False, True], ids=["plugin", "middleware"])
def test_a_stage_that_waits_is_not_asked_again(is_local):
    """What it has used up before it waited need not be there when it goes on."""
    stage = Stage("s", action(lambda ctx: ctx.store.delete("rows"), name="use"))
    stage.receive("approval").use(*([requires("rows")] if is_local else []))
    config = {"validation": {"require": {} if is_local else {"s": ["rows"]}}}
    with Runner(plugins=["gostage_plugins.validation"], config=config) as runner:
        waiting = runner.run(Workflow("w", stage), {"rows": [1]})
        assert runner.signal(waiting.run_id, "approval").ok
        assert not runner.run(Workflow("w", stage)).ok
