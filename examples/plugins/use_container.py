"""Shows the action `Container`: a command in a container, with values of the store, and its output.

Where neither docker nor podman works, this is what it shows; where one does, the container says
hello and the run completes.

Output:

    podman run --rm --name=demo --env=WHO --network=none busybox:latest sh -c echo "hello, $WHO"
    …
"""

from __future__ import annotations

import gostage
from gostage import Workflow, errors
from gostage_plugins.container import Container

greet = Container(
    "busybox:latest",
    ["sh", "-c", 'echo "hello, $WHO"'],
    env_from={"WHO": "name"},
    options=["--network=none"],
    name="greet",
    provides="greeting",
    timeout=60,
)
flow = Workflow("flow").stage("greeting", greet)

if __name__ == "__main__":
    print("podman", *greet.arguments("demo"))
    result = gostage.run(flow, initial={"name": "Ada"})
    if isinstance(result.error, (errors.PluginError, errors.ChildCrashed)):
        print(f"{type(result.error).__name__}: {result.error}")
    else:
        print(result.raise_for_error().store["greeting"])
