"""A user's function, and what it asks for by name; it may not call the function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, final

from gostage._author.reference import find, reference_of
from gostage._author.signature import (
    EMPTY,
    name_of_function,
    resolve_hints,
    signature_of,
)
from gostage._engine.value import Value
from gostage._store.keys import name_of
from gostage.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gostage._author.signature import Raw, Signature

__all__ = ["EMPTY", "Function", "Parameter"]

Role = Literal["ctx", "value", "params-bound"]


class Parameter(Value):
    """One parameter: its role, the key that fills it, the annotation and the default.

    An annotation that is missing or cannot be resolved is `Any`, which accepts everything.
    """

    __slots__ = ("annotation", "default", "key", "name", "role")

    def __init__(
        self, name: str, role: Role, key: str, annotation: object, default: object = EMPTY
    ) -> None:
        self.name: Final = name
        self.role: Final = role
        self.key: Final = key
        self.annotation: Final = annotation
        self.default: Final = default

    @property
    def is_required(self) -> bool:
        """Whether the function cannot be called without it."""
        return self.default is EMPTY


@final
class Function:
    """How a user's function is called: with nothing, with the context, or with more by name."""

    __slots__ = (
        "_parameters",
        "_signature",
        "fn",
        "inputs",
        "is_async",
        "name",
        "params",
        "takes",
    )

    def __init__(
        self,
        fn: Callable[..., Any],  # Any: a user's function returns what it likes
        signature: Signature,
        params: Mapping[str, object],
        inputs: Mapping[str, str],
        name: str,
    ) -> None:
        self.fn = fn
        self.name = name
        self.params = params
        self.inputs = inputs
        self.is_async = signature.is_async
        """Whether calling it gives an awaitable."""
        self.takes = signature.takes
        """How it is called: `fn()`, `fn(ctx)`, or with more by name."""
        self._signature = signature
        self._parameters: tuple[Parameter, ...] | None = None

    @classmethod
    def of(
        cls,
        fn: object,
        *,
        params: Mapping[str, object] | None = None,
        inputs: Mapping[str, object] | None = None,
        what: str = "action",
        generators: bool = False,
        name: str | None = None,
    ) -> Function:
        """Read a function, method, partial or callable; what cannot be called is refused.

        An action given where a function belongs stands for its own function, bindings included.
        """
        made = fn if isinstance(fn, Function) else getattr(fn, "function", None)
        if isinstance(made, Function):
            return made if params is None and inputs is None else made.bound(params, inputs)
        called = _check_callable(fn, what)
        signature = signature_of(called, what)
        own_name = name or name_of_function(called)
        if signature.is_generator and not generators:
            raise DefinitionError(
                f"{what} {own_name!r} yields, and nothing would run its body",
                hint="return the value instead; what is set up and torn down around "
                "others is a @resource or a middleware",
            )
        function = cls(called, signature, {}, {}, own_name)
        if params is None and inputs is None:
            return function
        return function.bound(params, inputs, what=what)

    def bound(
        self,
        params: Mapping[str, object] | None = None,
        inputs: Mapping[str, object] | None = None,
        *,
        what: str = "action",
    ) -> Function:
        """Make the same function with parameters fixed, or with other keys for them."""
        renamed = self.inputs if inputs is None else self._check_inputs(inputs, what)
        for name in params or {}:
            self._check_known(name, what, "bind")
        merged = self.params if params is None else {**self.params, **params}
        return Function(self.fn, self._signature, merged, renamed, self.name)

    @property
    def is_generator(self) -> bool:
        """Whether it yields, async or not."""
        return self._signature.is_generator

    @property
    def file(self) -> str | None:
        """The file it is defined in, where known."""
        return self._signature.file

    @property
    def line(self) -> int | None:
        """The line it is defined at, where known."""
        return self._signature.line

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What it asks for, in order; annotations are resolved when this is first read."""
        if self._parameters is None:
            self._parameters = tuple(self._resolved())
        return self._parameters

    # Any: the arguments and the value are those of the function.
    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Call the plain function."""
        return self.fn(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<function {self.name!r}>"

    # Any: what the pickle protocol says.
    def __reduce__(self) -> tuple[Any, ...]:
        # A decorated function cannot be pickled by its name, which is the action's now.
        reference = reference_of(self.fn)
        code = self.fn if reference is None else reference
        return restored, (code, dict(self.params), dict(self.inputs), self.name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Function):
            return NotImplemented
        mine, its = (self.fn, self.params, self.inputs), (other.fn, other.params, other.inputs)
        return bool(mine == its)

    def __hash__(self) -> int:
        # Callables need not be hashable; equal ones share their name.
        return hash(name_of_function(self.fn))

    def _resolved(self) -> Iterator[Parameter]:
        if not self._signature.raw:
            return
        hints = self._signature.hints
        if hints is None:
            hints, is_final = resolve_hints(self.fn)
            # What cannot be resolved yet may be defined further down in its module.
            self._signature.hints = hints if is_final else None
        for raw in self._signature.raw:
            key = self.inputs.get(raw.name, raw.name)
            yield Parameter(raw.name, self._role(raw), key, hints.get(raw.name, Any), raw.default)

    def _role(self, raw: Raw) -> Role:
        if raw.is_ctx:
            return "ctx"
        return "params-bound" if raw.name in self.params else "value"

    def _check_known(self, name: str, what: str, verb: str) -> None:
        raw = next((each for each in self._signature.raw if each.name == name), None)
        if raw is not None and not raw.is_ctx:
            return
        if raw is not None:
            raise DefinitionError(
                f"{what} {self.name!r} cannot {verb} its parameter {name!r}: the run gives it",
                hint="leave it out; every call gets a context of its own",
            )
        known = [each.name for each in self._signature.raw if not each.is_ctx]
        raise DefinitionError(
            f"{what} {self.name!r} has no parameter {name!r} to {verb}",
            hint=did_you_mean(name, known)
            or (f"it takes {', '.join(map(repr, known))}" if known else "it takes none by name"),
        )

    def _check_inputs(self, inputs: Mapping[str, object], what: str) -> dict[str, str]:
        for name in inputs:
            self._check_known(name, what, "rename")
        return {name: name_of(key) for name, key in inputs.items()}


def _check_callable(fn: object, what: str) -> Callable[..., Any]:
    if isinstance(fn, type):
        raise DefinitionError(
            f"{what} {fn.__name__!r} is a class",
            hint=f"give an instance of it, {fn.__name__}(), or a function",
        )
    if not callable(fn):
        raise DefinitionError(
            f"{fn!r} is no {what}: it cannot be called",
            hint="give a function, such as def load(ctx): …",
        )
    return fn


def restored(
    code: object, params: dict[str, object], inputs: dict[str, str], name: str
) -> Function:
    """Make a function again of its code, or of a reference to it: what a pickle calls."""
    fn = find(code) if isinstance(code, str) else code
    made = Function.of(fn, generators=True, name=name)
    return Function.of(made.fn, generators=True, name=name).bound(params, inputs)
