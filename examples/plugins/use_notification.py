"""Shows the plugin `notification`: a function and a webhook hear how stages and runs end.

Output:

    function: publish failed
    webhook: {'path': 'publish', 'status': 'failed', 'error': 'OSError: no room'}
    function: the run failed
    webhook: {'path': '', 'status': 'failed', 'error': 'OSError: no room'}
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from gostage import Runner, Workflow, action
from gostage_plugins.notification import Notice


class Receiver(BaseHTTPRequestHandler):
    """What listens at the address of the webhook: a web server on this machine."""

    def do_POST(self) -> None:
        """Show what came."""
        notice = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        print("webhook:", {key: notice[key] for key in ("path", "status", "error")})
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the server's own log out of the output."""


def tell(notice: Notice) -> None:
    """Be told; a real one would send a message to somebody."""
    print(f"function: {notice.path or 'the run'} {notice.status}")


@action
def upload() -> None:
    """Fail."""
    raise OSError("no room")


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    settings = {
        "notification": {
            "url": f"http://127.0.0.1:{server.server_port}/hook",
            "handlers": ["use_notification:tell"],
            "on": ["failed"],
            "stages": ["*"],
        }
    }
    with Runner(plugins=["gostage_plugins.notification"], config=settings) as runner:
        runner.run(Workflow("nightly").stage("publish", upload))
    server.shutdown()
    thread.join()
    server.server_close()
