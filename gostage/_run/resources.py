"""Resources: live things made on first use, once per scope, and torn down youngest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gostage._author.resource import Resource
from gostage._plugins.notes import add_note, notes_of, text_of
from gostage._run.inputs import gather
from gostage._run.requests import Await, Invoke, Pause
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gostage._author.function import Function
    from gostage._run.context import Context
    from gostage._run.requests import Flow

_WIDTH: Final = {"run": 3, "stage": 2, "action": 1}
_DONE: Final = object()


class Pool:
    """What one scope has made so far, in order; `None` stands for what is being made."""

    __slots__ = ("_made", "_teardowns", "scope")

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self._made: dict[int, tuple[Resource, list[object] | None]] = {}
        self._teardowns: list[Teardown] = []

    def __contains__(self, resource: Resource) -> bool:
        return id(resource) in self._made

    def is_ready(self, resource: Resource) -> bool:
        """Whether nobody is busy making it."""
        entry = self._made.get(id(resource))
        return entry is None or entry[1] is not None

    def reserve(self, resource: Resource) -> None:
        """Say that it is being made."""
        self._made[id(resource)] = (resource, None)

    def drop(self, resource: Resource) -> None:
        """Say that making it failed."""
        del self._made[id(resource)]

    def keep(self, resource: Resource, value: object, teardown: Teardown | None) -> None:
        """Hand it out from now on."""
        self._made[id(resource)] = (resource, [value])
        if teardown is not None:
            self._teardowns.append(teardown)

    def value(self, resource: Resource) -> object:
        """What was made."""
        held = self._made[id(resource)][1]
        return None if held is None else held[0]

    def close(self) -> Flow:
        """Tear everything down, youngest first; gives the first error."""
        first: BaseException | None = None
        while self._teardowns:
            error = yield from self._teardowns.pop().run()
            if first is None:
                first = error
            elif error is not None:
                add_note(first, f"and then, {notes_of(error)}: {text_of(error)}")
        self._made.clear()
        return first


class Teardown:
    """The second half of a resource's generator."""

    __slots__ = ("_generator", "_is_async", "_name")

    # Any: a user's generator.
    def __init__(self, name: str, generator: Any, *, is_async: bool) -> None:  # noqa: ANN401
        self._name = name
        self._generator = generator
        self._is_async = is_async

    def run(self) -> Flow:
        """Run it to its end; a second yield is a mistake of its author."""
        value, error = yield _advance(self._generator, is_async=self._is_async)
        if error is not None:
            add_note(error, f"while tearing down resource {self._name!r}")
            return error
        if value is not _DONE:
            return DefinitionError(
                f"resource {self._name!r} yields more than once",
                hint="what stands after its one yield is the teardown",
            )
        return None


# Any: a user's generator.
def _advance(generator: Any, *, is_async: bool) -> Await | Invoke:  # noqa: ANN401
    if is_async:
        return Await(_anext, (generator, _DONE))
    return Invoke(next, (generator, _DONE))


# Any: a user's generator.
async def _anext(generator: Any, default: object) -> object:  # noqa: ANN401
    try:
        return await generator.__anext__()
    except StopAsyncIteration:
        return default


class Resources:
    """The resources one action can see, and the pools they live in."""

    __slots__ = ("_busy", "_pools", "_provided", "_ring")

    def __init__(
        self,
        pools: tuple[Pool, ...],
        provided: Iterable[Resource],
        ring: Callable[[], None],
        busy: tuple[Resource, ...] = (),
    ) -> None:
        self._pools = pools
        self._provided = provided
        self._ring = ring
        self._busy = busy

    def find(self, function: Function, name: str) -> Resource | None:
        """The resource of this name: of the function's module first, then the runner's."""
        module = getattr(_plain(function.fn), "__globals__", {})
        found = module.get(name)
        if isinstance(found, Resource):
            return found
        return next((each for each in self._provided if each.name == name), None)

    def make(self, resource: Resource, ctx: Context) -> Flow:
        """Give the resource of the pool it belongs to; make it if this is its first use."""
        self._check(resource)
        pool = next((each for each in self._pools if each.scope == resource.scope), None)
        pool = pool or self._pools[-1]
        if not pool.is_ready(resource):
            yield Pause(None, lambda: pool.is_ready(resource))
        if resource in pool:
            return pool.value(resource)
        pool.reserve(resource)
        try:
            value = yield from self._set_up(resource, pool, ctx)
        except BaseException:
            pool.drop(resource)
            raise
        finally:
            self._ring()
        return value

    def _set_up(self, resource: Resource, pool: Pool, ctx: Context) -> Flow:
        inner = Resources(self._pools, self._provided, self._ring, (*self._busy, resource))
        function = resource.function
        arguments = yield from gather(function, ctx, inner, f"resource {resource.name!r}")
        value, error, teardown = None, None, None
        if resource.is_generator:
            generator = function.fn(**arguments)
            value, error = yield _advance(generator, is_async=resource.is_async)
            teardown = Teardown(resource.name, generator, is_async=resource.is_async)
        else:
            call = Await if function.is_async else Invoke
            value, error = yield call(function.fn, (), arguments)
        if error is not None:
            add_note(error, f"while setting up resource {resource.name!r}")
            raise error
        if value is _DONE:
            raise DefinitionError(
                f"resource {resource.name!r} never yields",
                hint="yield the thing once; what stands after the yield is the teardown",
            )
        pool.keep(resource, value, teardown)
        return value

    def _check(self, resource: Resource) -> None:
        if resource in self._busy:
            names = " -> ".join(repr(each.name) for each in (*self._busy, resource))
            raise DefinitionError(
                f"resources ask for each other in a circle: {names}",
                hint="take one of them out of the circle",
            )
        asking = self._busy[-1] if self._busy else None
        if asking is not None and _WIDTH[asking.scope] > _WIDTH[resource.scope]:
            raise DefinitionError(
                f"resource {asking.name!r} lives for the {asking.scope} and asks for "
                f"{resource.name!r}, which lives for the {resource.scope} only",
                hint=f"give {asking.name!r} scope={resource.scope!r}, or widen the other",
            )


# Any: a user's function may be wrapped in anything.
def _plain(fn: Any) -> Any:  # noqa: ANN401
    while True:
        inner = getattr(fn, "__wrapped__", None) or getattr(fn, "__func__", None)
        inner = inner or getattr(fn, "func", None)
        if inner is None:
            return fn
        fn = inner
