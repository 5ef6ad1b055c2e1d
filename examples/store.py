"""Shows the store: types, typed keys, metadata, secrets, dotted updates and an export.

Output:

    order ORD-1 for Ada in Paris
    key 'order.id' takes str, not int
    active keys: ['order.id']
    Store({'order.id': 'ORD-1', 'customer': Customer(name='Ada', city='Paris'), 'token': ***})
    round trip: True
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

import gostage
from gostage import Context, Key, Store, Workflow, action, errors

ORDER = Key("order.id", str)


@dataclass(frozen=True)
class Customer:
    """Whose order it is."""

    name: str
    city: str


@action
def take_order(ctx: Context) -> None:
    """Fill the store in several ways."""
    ctx.store[ORDER] = "ORD-1"
    ctx.store.set_prop(ORDER, "status", "active")
    ctx.store["customer"] = Customer("Ada", "Rome")
    ctx.store.put("token", "s3cret", ttl=timedelta(hours=24), tags=["sensitive"])


@action
def move(ctx: Context) -> None:
    """Change one field of a stored value."""
    ctx.store.update("customer", {"city": "Paris"})


shop = Workflow("shop").stage("order", take_order, move)

if __name__ == "__main__":
    store = gostage.run(shop).raise_for_error().store
    customer = store.get("customer", Customer)
    print(f"order {store[ORDER]} for {customer.name} in {customer.city}")
    try:
        store.put(ORDER, 17)
    except errors.TypeMismatch as error:
        print(error)
    print("active keys:", store.keys(prop=("status", "active")))
    print(store)
    print("round trip:", dict(Store.load(json.loads(json.dumps(store.export())))) == dict(store))
