"""The action: one unit of work, and how it is declared; nothing here runs it for a workflow."""

from __future__ import annotations

import copy
from types import FunctionType, MappingProxyType, MemberDescriptorType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, cast, overload

from gostage._author import options
from gostage._author.edits import EDITS
from gostage._author.function import Function
from gostage._author.reference import reference_of
from gostage._author.signature import first_line, name_of_function
from gostage._author.tags import Tagged
from gostage._engine import nodes
from gostage.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    # Type checkers bring their own; the defaults let `class Load(Action)` do without brackets.
    from typing_extensions import ParamSpec, Self, TypeVar

    from gostage._author.middleware import Layer, Middleware
    from gostage._author.options import AnyKey, Isolated, Provides, Seconds
    from gostage._engine.policy import Retry

    P = ParamSpec("P", default=...)
    R = TypeVar("R", default=Any)
    Q = ParamSpec("Q")
    S = TypeVar("S")
else:
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")

__all__ = ["OPTIONS", "Action", "action", "action_of", "state_of"]

OPTIONS: Final[Mapping[str, Callable[[object, str], object]]] = MappingProxyType(
    {
        "name": options.check_name,
        "description": options.check_description,
        "tags": options.check_tags,
        "provides": options.check_provides,
        "when": options.check_when,
        "retry": options.check_retry,
        "timeout": options.check_timeout,
        "isolate": options.check_isolate,
        "use": options.check_use,
        "inputs": options.check_inputs,
    }
)
"""What an action can be told besides its function, each with what checks it."""

# Any: it is empty, and so of any type.
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Action(Tagged, Generic[P, R]):
    """A unit of work: made by `@action`, or an instance of a subclass with `def run(self, ctx)`.

    Its options are attributes; a subclass may declare them as class attributes, `when` as a method
    too. Whatever is assigned to them is checked at once. A subclass need not call
    `Action.__init__`.
    """

    name: str = ""
    description: str = ""
    # Any, here and below: a class declares a list or a tuple, a function or a timedelta, and what
    # is read is always a list of texts, a `Function`, seconds, a tuple of `Layer`.
    tags: Any = ()
    provides: Provides | None = None
    when: Any = None
    retry: Retry | None = None
    timeout: Any = None
    isolate: Isolated = False
    use: Any = ()
    inputs: Mapping[str, AnyKey] = NOTHING

    _is_placed: bool = False
    _params: Mapping[str, object] = NOTHING
    _origin: Action[..., Any] | None = None
    _function: Function | None = None
    _is_plain: bool = False
    """Made from a function; any other action calls its run method."""
    _when_method: ClassVar[FunctionType | None] = None

    def __new__(cls, *_args: object, **_kwargs: object) -> Self:
        """Give the instance what its class declares, whether or not `__init__` is called."""
        self = super().__new__(cls)
        self.__dict__["tags"] = list(cls.tags) if isinstance(cls.tags, list) else []
        if cls is not Action:
            declared: object = cls.name  # a property, where each instance has its own way
            is_named = isinstance(declared, str) and bool(declared)
            self.__dict__["name"] = declared if is_named else cls.__name__
            self._bind_when()
        return self

    def __init__(
        self,
        fn: Callable[P, R] | None = None,
        /,
        *,
        name: str | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        provides: Provides | Sequence[AnyKey] | None = None,
        when: Callable[..., object] | None = None,
        retry: Retry | None = None,
        timeout: Seconds | None = None,
        isolate: Isolated | None = None,
        use: Sequence[Middleware] | None = None,
        inputs: Mapping[str, AnyKey] | None = None,
    ) -> None:
        if fn is not None:
            self._wrap(fn)
        given = {
            "name": name,
            "inputs": inputs,
            "description": description,
            "tags": tags,
            "provides": provides,
            "when": when,
            "retry": retry,
            "timeout": timeout,
            "isolate": isolate,
            "use": use,
        }
        for option, value in given.items():
            if value is not None:
                setattr(self, option, value)
        self._check()

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Check what the class declares where it is declared."""
        super().__init_subclass__(**kwargs)
        declared = vars(cls)
        for option in [each for each in OPTIONS if each in declared]:
            _declare(cls, option, declared[option])
        if "description" not in declared:
            run = declared.get("run")
            text = first_line(declared.get("__doc__")) or first_line(getattr(run, "__doc__", None))
            cls.description = text or cls.description

    def __setattr__(self, name: str, value: object) -> None:
        check = OPTIONS.get(name)
        if check is not None:
            value = check(value, self._owner())
        super().__setattr__(name, value)
        if self._is_placed and check is not None:
            EDITS.count += 1  # a program, or a plan, was made from what it said before
        if name == "inputs":
            self.__dict__["_function"] = self.function.bound(inputs=self.inputs)
            self.__dict__["inputs"] = self.function.inputs

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the plain function: this is how an action is tested on its own."""
        return cast("R", self.function.fn(*args, **kwargs))

    @property
    def function(self) -> Function:
        """What is called, and what it asks for by name."""
        found = self._function
        if found is None:
            made = Function.of(self._run_method(), inputs=self.inputs or None, name=self.name)
            found = self.__dict__["_function"] = made.bound(self._params) if self._params else made
        return found

    @property
    def params(self) -> Mapping[str, object]:
        """The parameters that `bind` fixed."""
        return MappingProxyType(dict(self._params))

    @property
    def middleware(self) -> tuple[Layer, ...]:
        """The middleware around one call of it."""
        return cast("tuple[Layer, ...]", self.use)

    @property
    def reference(self) -> str | None:
        """Where its code is found again, as `module:name`; `None` if it cannot be.

        What `bind` and `options` make is found by the action they made it from.
        """
        found = reference_of(self)
        if found is None and self._origin is not None and _is_alike(self, self._origin):
            return reference_of(self._origin)
        return found

    def bind(self, **params: object) -> Self:
        """Fix parameters of the function, in a new action; the values are copied in."""
        from gostage._store.copies import own_copy  # 1 ms: it knows dates

        function = self.function.bound({name: own_copy(value) for name, value in params.items()})
        new = self._copy()
        new.__dict__["_params"] = function.params
        if self._is_plain:
            new.__dict__["_function"] = function
        return new

    def options(self, **overrides: object) -> Self:
        """Say some options differently, in a new action."""
        new = self._copy()
        for option, value in overrides.items():
            if option not in OPTIONS:
                raise DefinitionError(
                    f"{self._owner()} has no option {option!r}",
                    hint=did_you_mean(option, OPTIONS)
                    or f"the options are {', '.join(OPTIONS)}; bind() fixes parameters",
                )
            setattr(new, option, value)
        return new

    def as_node(self, name: str | None = None) -> nodes.Do:
        """Make the node for what the action says now, under a name of its author's if any."""
        self._check()
        self.__dict__["_is_placed"] = True
        return nodes.Do(
            self.name if name is None else name,
            self,
            named=name is not None,
            when=self.when,
            retry=self.retry,
            isolate=self.isolate,
        )

    def __repr__(self) -> str:
        return f"<action {self.name!r}>"

    def _owner(self) -> str:
        return f"action {self.name!r}" if self.name else "an action"

    def _wrap(self, fn: Callable[P, R]) -> None:
        own = self.__dict__
        own["_is_plain"] = True
        own["_function"] = Function.of(fn)
        own["name"] = name_of_function(fn)
        own["description"] = first_line(getattr(fn, "__doc__", None))

    def _check(self) -> None:
        """Refuse an action that has nothing to run, or that asks for what nothing can give."""
        if self._function is None:
            _ = self.function

    # Any: a user's method returns what it likes.
    def _run_method(self) -> Callable[..., Any]:
        called = getattr(self, "run", None)
        if called is None:
            raise DefinitionError(
                f"{self._owner()} has nothing to run",
                hint="give it a function, or define run(self, ctx) in its class",
            )
        return cast("Callable[..., Any]", called)

    def _bind_when(self) -> None:
        bound = self._when_method  # a function in the class, and so a method here
        if bound is not None:
            self.when = bound

    def _copy(self) -> Self:
        if type(self) is Action:
            new = object.__new__(type(self))
            new.__dict__.update(self.__dict__, _is_placed=False)
        else:
            new = copy.copy(self)
            new.__dict__["_function"] = None  # its run method is bound to the original
            if getattr(getattr(self.when, "fn", None), "__self__", None) is self:
                new._bind_when()  # noqa: SLF001 - it is of this very class
        new.__dict__.pop("_is_placed", None)  # it stands nowhere yet
        new.__dict__["tags"] = list(self.tags)
        new.__dict__["_origin"] = self._origin or self
        return new


# Any: the state is whatever the class keeps.
def state_of(action: Action[..., Any]) -> dict[str, Any]:
    """What an action holds besides its options and bindings: the business of its class."""
    known = {*OPTIONS, "_function", "_is_plain", "_params", "_origin", "_is_placed"}
    state = {name: value for name, value in vars(action).items() if name not in known}
    for slot in _slots(type(action)):
        if hasattr(action, slot):
            state[slot] = getattr(action, slot)
    return state


def _slots(cls: type) -> list[str]:
    spaces = (vars(each) for each in cls.__mro__)
    return [
        n for space in spaces for n, slot in space.items() if type(slot) is MemberDescriptorType
    ]


def _is_alike(one: Action[..., Any], other: Action[..., Any]) -> bool:
    mine, its = state_of(one), state_of(other)
    return mine.keys() == its.keys() and all(mine[name] is its[name] for name in mine)


def _declare(cls: type[Action], option: str, value: object) -> None:
    """Check an option that is declared as a class attribute, and keep the checked value."""
    if isinstance(value, property):
        return  # it is computed for each instance
    if option == "when":
        is_method = isinstance(value, FunctionType) and "self" in value.__code__.co_varnames[:1]
        # What was declared before stands beside it in a copy of the class.
        known = vars(cls).get("_when_method") if value is None else None
        cls._when_method = cast("FunctionType", value) if is_method else known
        value = None if is_method else value
    if isinstance(value, staticmethod):
        value = value.__func__
    setattr(cls, option, OPTIONS[option](value, f"action class {cls.__name__!r}"))


@overload
def action(
    fn: Callable[Q, S],
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    tags: Iterable[str] | None = None,
    provides: Provides | Sequence[AnyKey] | None = None,
    when: Callable[..., object] | None = None,
    retry: Retry | None = None,
    timeout: Seconds | None = None,
    isolate: Isolated | None = None,
    use: Sequence[Middleware] | None = None,
    inputs: Mapping[str, AnyKey] | None = None,
) -> Action[Q, S]: ...
@overload
def action(
    *,
    name: str | None = None,
    description: str | None = None,
    tags: Iterable[str] | None = None,
    provides: Provides | Sequence[AnyKey] | None = None,
    when: Callable[..., object] | None = None,
    retry: Retry | None = None,
    timeout: Seconds | None = None,
    isolate: Isolated | None = None,
    use: Sequence[Middleware] | None = None,
    inputs: Mapping[str, AnyKey] | None = None,
) -> Callable[[Callable[Q, S]], Action[Q, S]]: ...
# Any: the overloads say which types come out.
def action(fn: Any = None, /, **options: Any) -> Any:
    """Make a function an action: `@action`, or `@action(tags=["io"], timeout=30)`."""
    unknown = next((each for each in options if each not in OPTIONS), None)
    if unknown is not None:
        raise DefinitionError(
            f"an action has no option {unknown!r}",
            hint=did_you_mean(unknown, OPTIONS) or f"the options are {', '.join(OPTIONS)}",
        )
    if fn is None:
        return lambda function: action_of(function, **options)
    return action_of(fn, **options)


# Any: whatever the decorator is put on, and the options as they are given.
def action_of(fn: Any, **options: Any) -> Action[..., Any]:  # noqa: ANN401
    """Make an action of a function; of an action, one with other options."""
    if isinstance(fn, Action):
        return fn.options(**options)
    return Action(fn, **options)
