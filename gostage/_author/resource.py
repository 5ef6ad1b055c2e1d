"""Resources: live things that actions ask for by name; nothing here makes one."""

from __future__ import annotations

import keyword
from types import MethodType
from typing import TYPE_CHECKING, Any, Final, Literal, final, get_args, overload

from gostage._author.function import Function
from gostage._author.signature import first_line
from gostage.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

Scope = Literal["run", "stage", "action"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
"""The scopes, widest first."""


@final
class Resource:
    """A live thing by name: made on first use, once per scope, torn down when the scope ends."""

    __slots__ = ("description", "function", "name", "scope")

    def __init__(
        self,
        fn: Callable[..., Any],  # Any: a resource is whatever it is
        *,
        scope: Scope = "run",
        name: str | None = None,
    ) -> None:
        self.function = Function.of(fn, what="resource", generators=True)
        self.name = self.function.name if name is None else name
        self.scope = _check_scope(scope, self.name)
        self.description = first_line(getattr(fn, "__doc__", None))
        if not str(self.name).isidentifier() or keyword.iskeyword(self.name):
            raise DefinitionError(
                f"resource name {self.name!r} cannot be the name of a parameter",
                hint="actions ask for it by that name, so it must be an identifier",
            )

    def __get__(self, instance: object, owner: type | None = None) -> Resource:
        """Bind a method of a plugin to the plugin it is asked of."""
        code = getattr(self.function.fn, "__code__", None)
        if instance is None or code is None or code.co_varnames[:1] != ("self",):
            return self
        bound = MethodType(self.function.fn, instance)
        return Resource(bound, scope=self.scope, name=self.name)

    @property
    def is_generator(self) -> bool:
        """Whether it yields, async or not: what follows the yield tears it down."""
        return self.function.is_generator

    @property
    def is_async(self) -> bool:
        """Whether it is an async function or an async generator."""
        return self.function.is_async

    # Any: the arguments and the value are those of the function.
    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Call the plain function."""
        return self.function.fn(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<resource {self.name!r} scope={self.scope!r}>"


@overload
def resource(fn: Callable[..., Any], /) -> Resource: ...
@overload
def resource(
    *, scope: Scope = "run", name: str | None = None
) -> Callable[[Callable[..., Any]], Resource]: ...
def resource(
    fn: Callable[..., Any] | None = None, /, *, scope: Scope = "run", name: str | None = None
) -> Resource | Callable[[Callable[..., Any]], Resource]:
    """Make a function a resource: `@resource`, or `@resource(scope="stage")`."""
    if fn is not None:
        return Resource(fn, scope=scope, name=name)
    _check_scope(scope, name)
    return lambda function: Resource(function, scope=scope, name=name)


def _check_scope(scope: object, name: str | None) -> Scope:
    for known in SCOPES:
        if scope == known:
            return known
    owner = "a resource" if name is None else f"resource {name!r}"
    raise DefinitionError(
        f"scope of {owner} cannot be {scope!r}",
        hint=(did_you_mean(scope, SCOPES) if isinstance(scope, str) else "")
        or 'it is "run", "stage" or "action"',
    )
