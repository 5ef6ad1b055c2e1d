"""Shows the plugin `injection`: settings and secrets are in the store before a run begins.

Output:

    3 batches for eu
    the key has 9 letters
    Store({'batch': 10, 'region': 'eu', 'api_key': ***})
    a caller who knows better: 2 batches for us
"""

from __future__ import annotations

import os

from gostage import Runner, Workflow, action


@action
def plan(batch: int, region: str) -> None:
    """Ask for the values by name, as for any key."""
    print(f"{-(-30 // batch)} batches for {region}")


@action
def call(api_key: str) -> None:
    """Ask for the secret; it is never shown."""
    print(f"the key has {len(api_key)} letters")


flow = Workflow("flow").do(plan).do(call)
SETTINGS = {
    "injection": {
        "values": {"batch": 10, "region": "eu"},
        "environ": {"api_key": "DEMO_API_KEY"},
    }
}

if __name__ == "__main__":
    os.environ["DEMO_API_KEY"] = "hush-hush"
    with Runner(plugins=["gostage_plugins.injection"], config=SETTINGS) as runner:
        print(runner.run(flow).store)
        print("a caller who knows better: ", end="")
        runner.run(Workflow("other").do(plan), {"batch": 15, "region": "us"})
