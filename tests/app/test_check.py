"""The check finds planted mistakes where they are, and nothing where there are none."""

from __future__ import annotations

import pytest

from tests.app.planted import found_in
from tests.folders import fresh_imports

MISTAKES = {
    # ---------------------------------------------------------------- missing inputs
    "a misspelt input": (
        """
@action(provides="customers")
def load() -> list[str]:
    return ["Ada"]

@action
def tell(custmers: list[str]) -> None:  # warning missing-input
    print(custmers)

flow = Workflow("w").stage("s", load, tell)
""",
        "action 'tell' needs 'custmers', which nothing provides; 'customers' is provided",
        "did you mean 'customers'?",
    ),
    "an input that comes later": (
        """
@action
def tell(
    ctx: Context,
    total: int,  # warning missing-input
) -> None:
    ctx.log.info("%s", total)

@action(provides="total")
def add_up() -> int:
    return 1

flow = Workflow("w").stage("first", tell).stage("then", add_up)
""",
        "needs 'total', which only action 'add_up' provides, and that comes later",
        "move it before this one, or give it from outside: -s total=…",
    ),
    "an input of a loop that its own end provides": (
        """
def is_done(done: bool) -> bool:
    return done

@action
def use(cursor: int) -> None:  # note missing-input
    print(cursor)

@action(provides="cursor")
def turn() -> int:
    return 1

@action(provides="done")
def ask() -> bool:
    return bool(input())

flow = Workflow("w").loop_until("pages", is_done, steps(use, turn, ask))
""",
        "needs 'cursor', which only action 'turn' provides, and that comes later in the loop",
        "for the first pass, give it from outside: -s cursor=…",
    ),
    "an input of the branch beside": (
        """
@action(provides="prices")
def price() -> list[int]:
    return [1]

@action
def count(prices: list[int]) -> None:  # warning missing-input
    print(len(prices))

flow = Workflow("w").parallel("both", left=price, right=count)
""",
        "which only branch 'left' of step 'both' provides, at the same time",
        "provide it before step 'both'",
    ),
    "an input of one way only": (
        """
def is_new(ctx: Context) -> bool:
    return ctx.attempt == 1

@action(provides="user")
def create() -> str:
    return "Ada"

@action
def greet(user: str) -> None:  # warning missing-input
    print(user)

flow = Workflow("w").case("new", is_new, create).do(greet)
""",
        "needs 'user', which only some ways through step 'new' provide: those with action 'create'",
        "provide it on every way, or give the parameter a default",
    ),
    "an input of what has a condition": (
        """
def is_new(ctx: Context) -> bool:
    return ctx.attempt == 1

@action(provides="user", when=is_new)
def create() -> str:
    return "Ada"

@action
def greet(user: str) -> None:  # warning missing-input
    print(user)

flow = Workflow("w").stage("s", create, greet)
""",
        "which only action 'create' provides, and action 'create' runs only if its when= holds",
        "",
    ),
    "an input of what is switched off": (
        """
@action(provides="user")
def create() -> str:
    return "Ada"

@action
def greet(user: str) -> None:  # warning missing-input
    print(user)

flow = Workflow("w").stage("s", create, greet)
flow.disable(action="create")
""",
        "needs 'user', which only action 'create' provides, and that is switched off",
        "switch it on, or give it from outside: -s user=…",
    ),
    "an input that was deleted": (
        """
@action
def forget(ctx: Context) -> None:
    del ctx.store["rows"]

@action
def tell(rows: list[int]) -> None:  # error missing-input
    print(rows)

flow = Workflow("w", initial={"rows": [1]}).stage("s", forget, tell)
""",
        "needs 'rows', which action 'forget' deletes before",
        "",
    ),
    "an input of an emptied store": (
        """
@action
def forget(ctx: Context) -> None:
    ctx.store.clear()

@action
def tell(rows: list[int]) -> None:  # error missing-input
    print(rows)

flow = Workflow("w").stage("s", forget, tell)
""",
        "needs 'rows', which action 'forget' deletes before",
        "",
    ),
    "an input of a condition": (
        """
@action(provides="is_ready")
def look() -> bool:
    return True

def is_done(is_raedy: bool) -> bool:  # warning missing-input
    return is_raedy

flow = Workflow("w").do(look).wait_for("ready", is_done)
""",
        "condition 'is_done' needs 'is_raedy', which nothing provides; 'is_ready' is provided",
        "",
    ),
    "an input of a resource": (
        """
@resource
def connection(databse: str):  # warning missing-input
    yield databse

@action
def load(connection: Any) -> None:
    print(connection)

flow = Workflow("w", initial={"database": "x.db"}).stage("s", load)
""",
        "resource 'connection' needs 'databse', which nothing provides; 'database' is provided",
        "",
    ),
    "a misspelt resource": (
        """
@resource
def connection():
    yield "c"

@action
def load(conection: Any) -> None:  # warning missing-input
    print(conection)

flow = Workflow("w").stage("s", load)
""",
        "action 'load' needs 'conection'",
        "did you mean 'connection'?",
    ),
    "a key that code takes": (
        """
@action
def load(ctx: Context) -> None:
    ctx.store["customers"] = ["Ada"]

@action
def tell(ctx: Context) -> None:
    print(ctx.store["custmers"])  # warning missing-input

flow = Workflow("w").stage("s", load, tell)
""",
        "action 'tell' needs 'custmers', which nothing provides; 'customers' is provided",
        "",
    ),
    "a key that code gets": (
        """
CUSTOMERS = Key("customers", list)
OTHER = Key("custmers", list)

@action
def load(ctx: Context) -> None:
    ctx.store.put(CUSTOMERS, ["Ada"])

@action
def tell(ctx: Context) -> None:
    store = ctx.store
    print(store.get(OTHER))  # warning missing-input

flow = Workflow("w").stage("s", load, tell)
""",
        "action 'tell' needs 'custmers'",
        "",
    ),
    "items that nothing provides": (
        """
@action(provides="customers")
def load() -> list[str]:
    return ["Ada"]

@action
def tell(item: str) -> None:
    print(item)

flow = Workflow("w").do(load)
flow.for_each("each", "custmers", tell)  # warning missing-input
""",
        "step 'each' needs 'custmers', which nothing provides; 'customers' is provided",
        "",
    ),
    "an item by another name": (
        """
@action(provides="customers")
def load() -> list[str]:
    return ["Ada"]

@action
def tell(customer: str) -> None:  # warning missing-input
    print(customer)

flow = Workflow("w").do(load).for_each("each", "customers", tell)
""",
        "action 'tell' needs 'customer', which nothing provides",
        "the item is called 'item': @action(inputs={'customer': 'item'})",
    ),
    "one instead of many": (
        """
@action(provides="orders")
def load() -> list[int]:
    return [1]

@action
def tell(order: list[int]) -> None:  # warning missing-input
    print(order)

flow = Workflow("w").stage("s", load, tell)
""",
        "action 'tell' needs 'order', which nothing provides; 'orders' is provided",
        "did you mean 'orders'?",
    ),
    "the store as a parameter": (
        """
@action
def tell(store: Store) -> None:  # warning missing-input
    print(store)

flow = Workflow("w").stage("s", tell)
""",
        "action 'tell' needs 'store', which nothing provides",
        "take the context, `ctx: Context`, and use ctx.store",
    ),
    "an input from outside": (
        """
@action
def tell(rows: list[int]) -> None:  # note missing-input
    print(rows)

flow = Workflow("w").stage("s", tell)
""",
        "action 'tell' needs 'rows', which comes from outside",
        "give it from outside: -s rows=…, or initial={'rows': …}",
    ),
    "a key under another name": (
        """
@action(inputs={"rows": "extract.rows"})
def tell(rows: list[int]) -> None:  # note missing-input
    print(rows)

flow = Workflow("w").stage("s", tell)
""",
        "action 'tell' needs 'rows' (the key 'extract.rows'), which comes from outside",
        "",
    ),
    # ---------------------------------------------------------------- types
    "an input of another type": (
        """
@action(provides="rows")
def load() -> list[int]:
    return [1]

@action
def tell(rows: dict[str, int]) -> None:  # error input-type
    print(rows)

flow = Workflow("w").stage("s", load, tell)
""",
        "action 'tell' takes 'rows' as dict[str, int], but action 'load' provides list[int]",
        "nothing is converted silently",
    ),
    "an int for a float": (
        """
@action(provides="price")
def load() -> int:
    return 1

@action
def tell(price: float) -> None:  # error input-type
    print(price)

flow = Workflow("w").stage("s", load, tell)
""",
        "action 'tell' takes 'price' as float, but action 'load' provides int",
        "",
    ),
    "items of another type": (
        """
@action(provides="rows")
def load() -> list[int]:
    return [1]

@action
def tell(rows: list[str]) -> None:  # warning input-type
    print(rows)

flow = Workflow("w").stage("s", load, tell)
""",
        "but action 'load' provides list[int] (which fits only while it is empty)",
        "",
    ),
    "an item of another type": (
        """
@action(provides="rows")
def load() -> list[int]:
    return [1]

@action
def tell(item: str) -> None:  # error input-type
    print(item)

flow = Workflow("w").do(load).for_each("each", "rows", tell)
""",
        "action 'tell' takes 'item' as str, but the for_each around it provides int",
        "",
    ),
    "the type of several values": (
        """
@action(provides=("rows", "count"))
def load() -> tuple[list[int], int]:
    return [1], 1

@action
def tell(count: str) -> None:  # error input-type
    print(count)

flow = Workflow("w").stage("s", load, tell)
""",
        "action 'tell' takes 'count' as str, but action 'load' provides int",
        "",
    ),
    "the type of initial data": (
        """
@action
def tell(timeout: float) -> None:  # warning input-type
    print(timeout)

flow = Workflow("w", initial={"timeout": 30}).stage("s", tell)
""",
        "takes 'timeout' as float, but the initial data of workflow 'w' says int",
        "",
    ),
    "an initial value that says there is none": (
        """
@action
def tell(rows: list[int]) -> None:  # note input-type
    print(rows)

flow = Workflow("w", initial={"rows": None}).stage("s", tell)
""",
        "takes 'rows' as list[int], but the initial data of workflow 'w' says None",
        "",
    ),
    "the type of a stage's initial data": (
        """
@action
def tell(timeout: float) -> None:  # error input-type
    print(timeout)

flow = Workflow("w").stage("s", tell, initial={"timeout": 30})
""",
        "takes 'timeout' as float, but the initial data of stage 's' provides int",
        "",
    ),
    "the type of what code writes": (
        """
@action
def load(ctx: Context) -> None:
    ctx.store["rows"] = {}

@action
def tell(rows: list[int]) -> None:  # error input-type
    print(rows)

flow = Workflow("w").stage("s", load, tell)
""",
        "takes 'rows' as list[int], but action 'load' provides dict",
        "",
    ),
    "the type of a key": (
        """
ROWS = Key("rows", list)

@action(provides=ROWS)
def load() -> Any:
    return [1]

@action
def tell(rows: str) -> None:  # error input-type
    print(rows)

flow = Workflow("w").stage("s", load, tell)
""",
        "takes 'rows' as str, but action 'load' provides list",
        "",
    ),
    "what code asks for": (
        """
@action(provides="rows")
def load() -> list[int]:
    return [1]

@action
def tell(ctx: Context) -> None:
    print(ctx.store.get("rows", str))  # error input-type

flow = Workflow("w").stage("s", load, tell)
""",
        "action 'tell' takes 'rows' as str, but action 'load' provides list[int]",
        "",
    ),
    "two types from outside": (
        """
@action
def load(rows: list[int]) -> None:
    print(rows)

@action
def tell(rows: dict[str, int]) -> None:  # error input-type
    print(rows)

flow = Workflow("w").stage("s", load, tell)
""",
        "takes 'rows' as dict[str, int], but action 'load' takes it as list[int]",
        "",
    ),
    "the collected values": (
        """
@action
def double(item: int) -> int:
    return 2 * item

@action
def tell(doubled: dict[str, int]) -> None:  # error input-type
    print(doubled)

flow = Workflow("w", initial={"rows": [1]})
flow.for_each("double", "rows", double, into="doubled").do(tell)
""",
        "takes 'doubled' as dict[str, int], but step 'double' provides list[int]",
        "",
    ),
    "items of what has none": (
        """
@action(provides="rows")
def load() -> int:
    return 1

@action
def tell(item: int) -> None:
    print(item)

flow = Workflow("w").do(load)
flow.for_each("each", "rows", tell)  # error input-type
""",
        "step 'each' cannot go over int, which action 'load' gives",
        "give it a list, or a function that returns one",
    ),
    "two providers": (
        """
@action(provides="rows")
def load() -> list[int]:
    return [1]

@action(provides="rows")
def again() -> str:  # warning provider-types
    return "1"

flow = Workflow("w").stage("s", load, again)
""",
        "'rows' is list[int] from action 'load' and str from action 'again'",
        "use two keys, or one type",
    ),
    "a key that changes its type": (
        """
@action(provides="rows")
def load() -> list[int]:
    return [1]

@action(provides="rows")
def shown(rows: list[int]) -> str:  # note provider-types
    return str(rows)

flow = Workflow("w").stage("s", load, shown)
""",
        "'rows' is list[int] from action 'load' and str from action 'shown'",
        "",
    ),
    # ---------------------------------------------------------------- items
    "what follows the end": (
        """
@action
def stop(ctx: Context) -> None:
    ctx.bail("enough")

@action
def rest() -> None:  # warning unreachable
    print("never")

flow = Workflow("w").stage("s", stop, rest)
""",
        "action 'rest' never runs: action 'stop' before it always ends the run",
        "",
    ),
    "what follows a stage with the end": (
        """
@action
def stop(ctx: Context) -> None:
    ctx.bail("enough")

@action
def rest() -> None:
    print("never")

flow = (
    Workflow("w")
    .stage("s", stop)
    .stage("t", rest)  # warning unreachable
)
""",
        "stage 't' never runs: stage 's' before it always ends the run",
        "",
    ),
    "an arm that is never chosen": (
        """
def never() -> bool:
    return False

@action
def work() -> None:
    print("never")

flow = Workflow("w")
flow.case("c", never, work)  # warning unreachable
""",
        "body 1 of step 'c' never runs: condition 'never' is always false",
        "",
    ),
    "an arm behind one that always is": (
        """
@action
def work() -> None:
    print("never")

flow = Workflow("w")
flow.branch("c", (lambda: True, work), (lambda ctx: ctx.resuming, work))  # warning unreachable
""",
        "what stands behind it in step 'c' never runs: condition 'lambda' is always true",
        "",
    ),
    "an otherwise that is never chosen": (
        """
@action
def work() -> None:
    print("never")

flow = Workflow("w")
flow.case("c", lambda: True, work, otherwise=work)  # warning unreachable
""",
        "its otherwise= in step 'c' never runs",
        "",
    ),
    "an action with a constant condition": (
        """
def never() -> bool:
    return False

@action(when=never)
def work() -> None:  # warning unreachable
    print("never")

flow = Workflow("w").stage("s", work)
""",
        "action 'work' never runs: condition 'never' is always false",
        "",
    ),
    "a loop that begins never": (
        """
@action
def work() -> None:
    print("never")

flow = Workflow("w")
flow.loop_while("l", lambda: False, work)  # warning unreachable
""",
        "the body of step 'l' never runs",
        "",
    ),
    "a wait for nothing": (
        """
flow = Workflow("w")
flow.wait_for("w", lambda: False)  # warning never-ends
""",
        "step 'w' waits for ever: condition 'lambda' is never true",
        "",
    ),
    "a loop that nothing ends": (
        """
def is_done(done: bool) -> bool:
    return done

@action
def work(ctx: Context) -> None:
    ctx.store["count"] = 1

flow = Workflow("w", initial={"done": False})
flow.loop_until("l", is_done, work)  # warning never-ends
""",
        "ends after the first pass or never: condition 'is_done' looks at 'done' alone",
        "write it in the body, or limit the loop with max_passes=",
    ),
    "a loop for ever": (
        """
@action
def work() -> None:
    print("again")

flow = Workflow("w")
flow.loop_while("l", lambda: True, work)  # note never-ends
""",
        "step 'l' goes on until something in it fails",
        "",
    ),
    "two actions of one name": (
        """
def one() -> None:
    print(1)

def two() -> None:  # note duplicate
    print(2)

flow = Workflow("w").stage("s", action(name="load")(one), action(name="load")(two))
""",
        "two different actions are called 'load' here",
        "",
    ),
    "an action twice": (
        """
@action
def load() -> None:  # note duplicate
    print(1)

flow = Workflow("w").stage("s", load, load)
""",
        "action 'load#2' does the same as 'load' once more",
        "",
    ),
    "a stage twice": (
        """
@action
def load() -> None:
    print(1)

shared = Stage("s", load)
flow = Workflow("w").add(shared)
flow.steps("g", steps(shared))  # note duplicate
""",
        "stage 's' at 'g/s': the same stage stands at 's'",
        "",
    ),
    "an empty stage": (
        """
flow = Workflow("w")
flow.stage("s")  # note empty
""",
        "stage 's' holds nothing to run",
        "",
    ),
    "an item that is switched off": (
        """
@action
def load() -> None:  # note disabled
    print(1)

flow = Workflow("w").stage("s", load)
flow.disable(action="load")
""",
        "action 'load' is switched off, so runs skip it",
        "",
    ),
    # ---------------------------------------------------------------- processes
    "an isolated lambda": (
        """
flow = Workflow("w").stage("s", action(isolate=True)(lambda: 1))  # note not-importable
""",
        "action 'lambda' cannot be found again by another process: it is a lambda",
        "define it at the top level of a module that can be imported",
    ),
    "what cannot be given to a child": (
        """
def made() -> Any:
    numbers = (number for number in range(3))

    @action
    def count() -> None:
        print(next(numbers))
    return count

@action
def load() -> None:
    print(1)

flow = Workflow("w").do(made())
flow.stage("s", load, isolate=True)  # error cannot-cross
""",
        "stage 's' runs in a child, which 'w' cannot be given: action 'count' of workflow 'w'",
        "make it a @resource",
    ),
    "a value that a child cannot be given": (
        """
@action
def load() -> None:
    print(1)

far = Stage("s", load, isolate=True, initial={"lock": object()})
flow = Workflow("w").add(far)  # error not-storable
""",
        "initial value 'lock' of stage 's' cannot leave the process",
        "",
    ),
    "a backend that is not there": (
        """
@action
def load() -> None:
    print(1)

flow = Workflow("w").spawn("s", steps().do(load), backend="proces")  # error unknown-backend
""",
        "there is no backend 'proces' for children",
        "did you mean 'process'?",
    ),
    "children in children in children": (
        """
@action
def load() -> None:
    print(1)

inner = Workflow("w").do(load)
for _ in range(8):
    inner = Workflow("w").spawn("s", inner)  # error too-deep
flow = Workflow("w").spawn("s", inner)
""",
        "step 's' would be child number 9 in a row, and 8 is the limit",
        "",
    ),
    "a closure": (
        """
def made(word: str) -> Any:
    @action
    def inner() -> None:  # note not-importable
        print(word)
    return inner

flow = Workflow("w").stage("s", made("x"))
""",
        "it is defined inside the function 'made', so a run with it cannot go on in another",
        "",
    ),
    "an action with state": (
        """
class Load(Action):
    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows

    def run(self, ctx: Context) -> None:  # note not-importable
        print(self.rows)

flow = Workflow("w").stage("s", Load(1))
""",
        "this Load has state of its own (rows)",
        "",
    ),
    "a parameter that cannot travel": (
        """
@action
def load(lock: object) -> None:  # note not-storable
    print(lock)

flow = Workflow("w").stage("s", load.bind(lock=object()))
""",
        "parameter 'lock' of action 'load' cannot leave the process",
        "",
    ),
    # ---------------------------------------------------------------- time
    "a timeout of a plain function": (
        """
import time

@action(timeout=30)
def load() -> None:  # warning timeout-not-enforced
    time.sleep(60)

flow = Workflow("w").stage("s", load)
""",
        "the timeout of action 'load', 30 s, is only noticed when it has returned",
        "call ctx.check() in its loops",
    ),
    "a timeout of a stage": (
        """
import time

@action
def load() -> None:
    time.sleep(60)

flow = Workflow("w")
flow.stage("s", load, timeout=30)  # note timeout-not-enforced
""",
        "is looked at between its steps: action 'load' is a plain function",
        "",
    ),
    "an async function that blocks": (
        """
import time

@action(timeout=30)
async def load() -> None:
    time.sleep(60)  # warning async-blocking

flow = Workflow("w").stage("s", load)
""",
        "action 'load' is async and calls time.sleep(), which keeps everything else waiting",
        "await asyncio.sleep(…) instead, or make it a plain function",
    ),
    # ---------------------------------------------------------------- words
    "an unknown tag": (
        """
@action(tags=["slow"])
def load(ctx: Context) -> None:
    ctx.disable(tag="slwo")  # warning unknown-tag

flow = Workflow("w").stage("s", load)
""",
        "action 'load' calls disable(tag='slwo'), and nothing has that tag",
        "did you mean 'slow'?",
    ),
    "an unknown tag in an expression": (
        """
@action(tags=["slow"])
def load(ctx: Context) -> None:
    print(ctx.find_actions("slow and not oi"))  # warning unknown-tag

flow = Workflow("w").stage("s", load)
""",
        "action 'load' calls find_actions('oi'), and nothing has that tag",
        "its tags are 'slow'",
    ),
    "an expression that cannot be read": (
        """
@action(tags=["slow"])
def load(ctx: Context) -> None:
    print(ctx.find_actions("slow and"))  # error bad-expression

flow = Workflow("w").stage("s", load)
""",
        "action 'load': cannot read the tag expression 'slow and'",
        "",
    ),
    "an unknown stage to add to": (
        """
@action
def load(ctx: Context) -> None:
    ctx.add_action_to("ennd", load)  # error unknown-stage

flow = Workflow("w").stage("s", load).stage("end", load)
""",
        "action 'load' calls add_action_to('ennd'), and there is no such stage",
        "did you mean 'end'?",
    ),
    "an unknown stage to remove": (
        """
@action
def load(ctx: Context) -> None:
    ctx.remove_stage("ennd")  # warning unknown-stage

flow = Workflow("w").stage("s", load).stage("end", load)
""",
        "action 'load' calls remove_stage('ennd'), and there is no such stage",
        "",
    ),
    "an unknown action": (
        """
@action
def load(ctx: Context) -> None:
    ctx.disable(action="laod")  # warning unknown-action

flow = Workflow("w").stage("s", load)
""",
        "action 'load' calls disable(action='laod'), and there is no such action",
        "did you mean 'load'?",
    ),
    # ---------------------------------------------------------------- shapes
    "a condition without an answer": (
        """
def is_ready() -> None:  # error no-answer
    print("yes")

flow = Workflow("w").wait_for("ready", is_ready)
""",
        "condition 'is_ready' returns nothing, and a condition has to give a bool",
        "return true or false; is there a return missing?",
    ),
    "a condition that gives a text": (
        """
def is_ready() -> str:  # error no-answer
    return "yes"

flow = Workflow("w").wait_for("ready", is_ready)
""",
        "condition 'is_ready' returns a text, and a condition has to give a bool",
        "",
    ),
    "a condition that suspends": (
        """
def is_ready(ctx: Context) -> bool:
    ctx.suspend("look at it")  # error only-in-actions
    return True

flow = Workflow("w").wait_for("ready", is_ready)
""",
        "condition 'is_ready' calls ctx.suspend(), which only an action can",
        "",
    ),
    "a handler of another shape": (
        """
def handle(error: Exception) -> bool:  # error handler-shape
    return True

@action
def load() -> None:
    print(1)

flow = Workflow("w").retry("r", load, handler=handle)
""",
        "handler 'handle' of step 'r' cannot be called with (ctx, error, attempt)",
        "",
    ),
    "a handler without an answer": (
        """
def handle(ctx: Context, error: Exception, attempt: int) -> None:  # warning no-answer
    ctx.log.info("%s", error)

@action(retry=Retry(handler=handle))
def load() -> None:
    print(1)

flow = Workflow("w").stage("s", load)
""",
        "handler 'handle' of action 'load' returns nothing, so it always gives up",
        "",
    ),
    "nothing to provide": (
        """
@action(provides="rows")
def load() -> None:  # warning no-result
    print(1)

flow = Workflow("w").stage("s", load)
""",
        "action 'load' provides 'rows', and returns nothing",
        "",
    ),
    "too little to provide": (
        """
@action(provides=("rows", "count"))
def load() -> tuple[int, int, int]:  # error no-result
    return 1, 2, 3

flow = Workflow("w").stage("s", load)
""",
        "action 'load' provides 'rows', 'count', and returns a tuple of 3",
        "",
    ),
    "nothing to collect": (
        """
@action
def double(item: int) -> None:  # warning no-result
    print(2 * item)

flow = Workflow("w", initial={"rows": [1]}).for_each("double", "rows", double, into="doubled")
""",
        "action 'double' returns nothing, and its for_each collects what it returns",
        "",
    ),
    "a stage behind none": (
        """
@action
def load(ctx: Context) -> None:
    ctx.add_stage(Stage("more"))  # error no-current-stage

flow = Workflow("w").do(load)
""",
        "action 'load' calls ctx.add_stage(), and stands in no stage",
        "",
    ),
    # ---------------------------------------------------------------- resources, definitions
    "a circle of resources": (
        """
@resource
def hen(egg: Any):  # error resource-circle
    yield 1

@resource
def egg(hen: Any):
    yield 1

@action
def load(hen: Any) -> None:
    print(hen)

flow = Workflow("w").stage("s", load)
""",
        "resources ask for each other in a circle: 'hen' -> 'egg' -> 'hen'",
        "",
    ),
    "a resource that lives too long": (
        """
@resource(scope="stage")
def cursor():
    yield 1

@resource
def pool(cursor: Any):  # error resource-scope
    yield cursor

@action
def load(pool: Any) -> None:
    print(pool)

flow = Workflow("w").stage("s", load)
""",
        "resource 'pool' lives for the run and asks for 'cursor', which lives for the stage only",
        "give 'pool' scope='stage', or widen the other",
    ),
}


@pytest.mark.parametrize(("text", "message", "hint"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_found_where_it_is(tmp_path, text, message, hint) -> None:
    """The finding has the line, the code, a sentence and what to do; and it is the only one."""
    with fresh_imports():
        findings, seen, expected = found_in(tmp_path, text)

    assert expected
    isolated = [each for each in seen if each.code == "cannot-run"]
    assert [each for each in seen if each not in isolated] == expected
    line, _, code = expected[0]
    (one,) = [each for each in findings if (each.line, each.code) == (line, code)]
    assert message in one.message
    assert hint in one.hint
    assert one.hint
    assert one.file == str(tmp_path / "planted.py")


FINE = {
    "an input that code provides under a condition": """
@action
def load(ctx: Context) -> None:
    if ctx.attempt > 1:
        ctx.store["rows"] = [1]

@action
def tell(rows: list[int]) -> None:
    print(rows)

flow = Workflow("w").stage("s", load, tell)
""",
    "an input of a context that is handed on": """
def fill(ctx: Context) -> None:
    ctx.store["row"] = 1

@action
def load(ctx: Context) -> None:
    fill(ctx)

@action(provides="total_")
def late(total: int) -> int:
    return total

@action
def tell(totl: int) -> None:
    print(totl)

flow = Workflow("w").stage("s", load, late, tell)
""",
    "an input under a computed key": """
@action
def load(ctx: Context, names: list[str]) -> None:
    for name in names:
        ctx.store[name] = 1

@action
def tell(totl: int) -> None:
    print(totl)

@action(provides="total")
def late() -> int:
    return 1

flow = Workflow("w").stage("s", load, tell, late)
""",
    "an input under a key made of parts": """
@action
def load(ctx: Context, item: str) -> None:
    ctx.store[f"rows.{item}.raw"] = [1]

@action(inputs={"rows": "rows.a.raw"})
def tell(rows: list[int]) -> None:
    print(rows)

@action(provides="rows.a.raw")
def late() -> list[int]:
    return [1]

flow = Workflow("w", initial={"names": ["a"]}).for_each("f", "names", load).do(tell).do(late)
""",
    "an input that is changed on the way": """
@action
def check(rows: list[int]) -> None:
    print(rows)

@action(provides="rows")
def clean(rows: list[int]) -> list[int]:
    return rows[1:]

flow = Workflow("w").stage("s", check, clean)
""",
    "an input of every way": """
def is_new(ctx: Context) -> bool:
    return ctx.attempt == 1

@action(provides="user")
def create() -> str:
    return "Ada"

@action(provides="user")
def find() -> str:
    return "Bob"

@action
def greet(user: str) -> None:
    print(user)

flow = Workflow("w").case("new", is_new, create, otherwise=find).do(greet)
""",
    "an input of one way for somebody with a condition": """
def is_new(ctx: Context) -> bool:
    return ctx.attempt == 1

@action(provides="user")
def create() -> str:
    return "Ada"

@action(when=is_new)
def greet(user: str) -> None:
    print(user)

flow = Workflow("w").case("new", is_new, create).do(greet).case("again", is_new, greet)
""",
    "an input with a default": """
def is_new(ctx: Context) -> bool:
    return ctx.attempt == 1

@action(provides="customers")
def create() -> list[str]:
    return ["Ada"]

@action
def greet(customers: list[str] | None = None, custmers: int = 3) -> None:
    print(customers)

flow = Workflow("w").case("new", is_new, create).do(greet)
""",
    "an input that is replaced by initial data": """
def is_new(ctx: Context) -> bool:
    return ctx.attempt == 1

@action(provides="user")
def create() -> str:
    return "Ada"

@action
def greet(user: str) -> None:
    print(user)

flow = Workflow("w", initial={"user": "Bob"}).case("new", is_new, create).do(greet)
""",
    "an input of another workflow": """
@action
def greet(user: str, size: int) -> None:
    print(user, size)

inner = Workflow("inner", initial={"user": "Ada"}).stage("s", greet, initial={"size": 1})
flow = Workflow("w").sub("inner", inner)
""",
    "an input of middleware": """
def prepared(store: Store) -> Any:
    store["customers"] = ["Ada"]
    return (yield)

@action
def greet(customers: list[str]) -> None:
    print(customers)

@action(provides="custmers")
def late() -> str:
    return ""

flow = Workflow("w").stage("s", greet, late).use(prepared)
""",
    "an input of an action that was added": """
@action(provides="total")
def more() -> int:
    return 1

@action
def load(ctx: Context) -> None:
    ctx.add_action(more)

@action
def tell(total: int) -> None:
    print(total)

flow = Workflow("w").stage("s", load, tell, more)
""",
    "an input that was deleted under a condition": """
@action
def forget(ctx: Context, rows: list[int]) -> None:
    if not rows:
        del ctx.store["rows"]

@action
def tell(rows: list[int]) -> None:
    print(rows)

flow = Workflow("w", initial={"rows": [1]}).stage("s", forget, tell)
""",
    "an input that is looked for": """
@action
def load(ctx: Context) -> None:
    ctx.store["customers"] = ["Ada"]

@action
def tell(ctx: Context) -> None:
    if "custmers" in ctx.store:
        print(ctx.store["custmers"])
    print(ctx.store.get("custommers", default=None), ctx.store.pop("costumers", None))
    ctx.store.setdefault("customrs", [])
    print(ctx.store["customrs"])

flow = Workflow("w").stage("s", load, tell)
""",
    "names that differ on purpose": """
@action(provides=("rows_1", "left_rows", "port", "min_value"))
def load() -> tuple[int, int, int, int]:
    return 1, 2, 3, 4

@action
def tell(rows_2: int, right_rows: int, post: int, max_value: int, row: int) -> None:
    print(rows_2, right_rows, post, max_value, row)

flow = Workflow("w").stage("s", load, tell)
""",
    "bound parameters, items and resources": """
@resource
def connection():
    yield 1

@action
def load(connection: str, size: int, item: int, index: int) -> int:
    return size

flow = Workflow("w").for_each("f", lambda: [1, 2], load.bind(size=1), into="sizes")
""",
    "types that go together": """
from collections.abc import Sequence

@action(provides=("a", "b", "c", "d", "e"))
def load() -> tuple[list[int], dict[str, Any], int | None, float, object]:
    return [1], {}, 1, 1.0, 1

@action
def tell(a: Sequence[int], b: dict[str, int], c: int, d: int | float, e: str) -> None:
    print(a, b, c, d, e)

flow = Workflow("w").stage("s", load, tell)
""",
    "an initial value that stands for none": """
@action(provides="rows")
def load() -> list[int]:
    return [1]

@action(provides="total")
def add_up(rows: list[int]) -> float:
    return sum(rows) / 2

flow = Workflow("w", initial={"rows": None, "total": 0}).stage("s", load, add_up)
""",
    "a type that depends on the way": """
def is_new(ctx: Context) -> bool:
    return ctx.attempt == 1

@action
def load(ctx: Context) -> None:
    ctx.store["rows"] = [1] if ctx.attempt > 1 else [2]
    if ctx.resuming:
        ctx.store["rows"] = {}

@action
def tell(rows: dict[str, int]) -> None:
    print(rows)

flow = Workflow("w").stage("s", load, tell)
""",
    "a type that middleware may change": """
def shown(ctx: Context) -> Any:
    return str((yield))

@action(provides="rows", use=[shown])
def load() -> list[int]:
    return [1]

@action
def tell(rows: str) -> None:
    print(rows)

flow = Workflow("w").stage("s", load, tell)
""",
    "a folded key": """
import operator

TOTAL = Key("total", int, merge=operator.add)

@action
def add(ctx: Context, item: int) -> None:
    ctx.store[TOTAL] = item

@action
def tell(total: int) -> None:
    print(total)

flow = Workflow("w", initial={"rows": [1]}).for_each("f", "rows", add, concurrency=2).do(tell)
""",
    "an end under a condition": """
@action
def stop(ctx: Context, rows: list[int]) -> None:
    if not rows:
        ctx.bail("nothing to do")

@action
def rest() -> None:
    print("rest")

flow = Workflow("w").stage("s", stop, rest)
""",
    "an end in one way only": """
@action
def stop(ctx: Context) -> None:
    ctx.bail("enough")

@action
def rest() -> None:
    print("rest")

def is_new(ctx: Context) -> bool:
    return ctx.attempt == 1

flow = Workflow("w").case("c", is_new, stop).do(rest).stage("s", stop, when=is_new).do("r", rest)
flow.for_each("f", lambda: [], stop).do("last", rest)
""",
    "an end that may be switched off": """
@action
def stop(ctx: Context) -> None:
    ctx.bail("enough")

@action
def rest(ctx: Context) -> None:
    ctx.disable(action="stop")

flow = Workflow("w").stage("s", rest, stop, rest.options(name="again"))
""",
    "an action that suspends": """
@action
def ask(ctx: Context) -> None:
    ctx.suspend("look at it")

@action
def rest() -> None:
    print("rest")

flow = Workflow("w").stage("s", ask, rest)
""",
    "loops that may end": """
import time

START = time.time()

def is_late() -> bool:
    return time.time() > START

def is_done(done: bool) -> bool:
    return done

def is_empty(rows: list[int]) -> bool:
    return not rows

@action(provides="done")
def work() -> bool:
    return True

@action
def change(ctx: Context) -> None:
    ctx.store["done"] = True

@action
def end(ctx: Context, size: int) -> None:
    if size:
        ctx.bail("enough")

flow = (
    Workflow("w", initial={"done": False, "rows": [], "size": 1})
    .loop_until("a", is_late, end)
    .loop_until("b", is_done, work)
    .loop_until("c", is_done, change)
    .loop_until("d", is_empty, work)
    .loop_until("e", is_done, end, max_passes=3)
    .loop_while("f", lambda: True, end)
    .wait_for("g", lambda: True)
    .wait_for("h", is_late)
)
""",
    "timeouts that hold": """
import subprocess
import time

@action(timeout=1)
async def sleep() -> None:
    print("async")

@action(timeout=1)
def check(ctx: Context) -> None:
    while True:
        ctx.check()

@action(timeout=1)
def look(ctx: Context) -> None:
    while not ctx.cancelled:
        time.sleep(1)

def handed(ctx: Context) -> None:
    ctx.check()

@action(timeout=1)
def hand_on(ctx: Context) -> None:
    handed(ctx)

@action(timeout=1)
def limited() -> None:
    subprocess.run(["true"], timeout=1)

@action(timeout=1)
def nothing(ctx: Context) -> None:
    ctx.log.info("%d", len("x"))

@action(timeout=1)
def later() -> Any:
    return sleep.function.fn()

async def pause() -> None:
    print("pause")

flow = Workflow("w").stage(
    "s", sleep, check, look, hand_on, limited, nothing, later, action(timeout=1)(lambda: pause())
)
""",
    "words that are there": """
@action(tags=["slow", "io.read"])
def load(ctx: Context) -> None:
    ctx.disable(tag="slow")
    ctx.disable(tag="stage-tag", kind="stage")
    ctx.find_actions("slow and not io.*", tags_any=["slow", "io.read"])
    ctx.find_stages(tag="stage-tag")
    ctx.remove_action("load#2")
    ctx.remove_stage("end")
    ctx.is_enabled(action="load", stage="end")
    ctx.disable(where=lambda each: True)
    ctx.disable(tag=ctx.path)

flow = Workflow("w").stage("s", load, load, tags=["stage-tag"]).stage("end", load)
""",
    "words that may be there by then": """
@action
def load(ctx: Context) -> None:
    ctx.add_action(load.options(name="new", tags=["fresh"]))
    ctx.disable(tag="fresh")
    ctx.disable(action="new")

flow = Workflow("w").stage("s", load)
""",
    "conditions and handlers of all shapes": """
class Ready:
    def __call__(self, ctx: Context) -> bool:
        return ctx.attempt > 1

class Work(Action):
    def when(self, ctx: Context) -> bool:
        return ctx.attempt > 1

    def run(self, ctx: Context) -> None:
        print(1)

async def is_ready(ctx: Context) -> bool:
    return ctx.attempt > 1

def not_yet() -> bool:
    raise NotImplementedError

def stub() -> bool: ...

def handle(ctx: Context, error: Exception, attempt: int) -> float | None:
    return 0.5 if attempt < 3 else None

def other(*args: object) -> bool:
    return bool(args)

flow = (
    Workflow("w")
    .wait_for("a", is_ready)
    .wait_for("b", Ready())
    .wait_for("c", not_yet)
    .wait_for("d", stub)
    .retry("e", Work(), handler=handle)
    .retry("f", Work(), handler=other)
    .retry("g", Work(), handler=lambda ctx, error, attempt: attempt < 3)
)
""",
    "results that are there": """
@action(provides="rows")
def load(ctx: Context) -> list[int]:
    if ctx.attempt > 1:
        return []
    return [1]

@action(provides="answer")
def ask(ctx: Context) -> None:
    ctx.suspend("tell me")

@action(provides="nothing")
def fail() -> int:
    raise ValueError("no")

@action(provides=("a", "b"))
def pair() -> tuple[int, ...]:
    return 1, 2

@action(provides=("c", "d"))
def listed() -> list[int]:
    return [1, 2]

flow = Workflow("w").stage("s", load, ask, fail, pair, listed)
""",
    "decorated functions": """
import functools

def traced(fn: Any) -> Any:
    @functools.wraps(fn)
    def around(*args: Any, **kwargs: Any) -> Any:
        print("called")
        return fn(*args, **kwargs)
    return around

@action(provides="rows", timeout=1)
@traced
def load(ctx: Context) -> None:
    print("load")

@action
def tell(rows: list[int], custmers: int) -> None:
    print(rows)

@action(provides="customers")
def late() -> int:
    return 1

flow = Workflow("w").stage("s", load, tell, late)
""",
    "an isolated item of ordinary code": """
@action
def load(size: int) -> None:
    print(size)

flow = Workflow("w").stage("s", load.bind(size=1), isolate=True, initial={"rows": [1]})
""",
    "a context that is handed on in every way": """
class Holder:
    pass

@action
def load(ctx: Context) -> Any:
    holder = Holder()
    holder.ctx = ctx
    made = [ctx]
    put = ctx.store.put
    f = lambda: ctx
    print(f"{ctx.store}", *ctx.store, dict(**ctx.store), {**ctx.store}, made, put, f)
    store, other = ctx.store, 1
    ctx.run.store["b"] = 1
    ctx.spawn(flow)
    return locals()

@action
def tell(rows: list[int]) -> None:
    print(rows)

@action(provides="rows")
def late() -> list[int]:
    return [1]

flow = Workflow("w").stage("s", load, tell, late)
""",
}


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_what_may_be_right_is_let_through(tmp_path, text) -> None:
    """There is neither an error nor a warning where nobody can be sure that it is a mistake."""
    with fresh_imports():
        findings, seen, _ = found_in(tmp_path, text)

    told = [each for each in findings if each.level != "note" and each.code != "cannot-run"]
    assert told == []
    assert [each for each in seen if each.code == "cannot-run"] == seen
