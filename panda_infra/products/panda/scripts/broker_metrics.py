"""Makes metrics of the broker's queues from its web console: an HTTP server by the standard library alone."""

import base64
import json
import os
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_QUEUES = (
    "/api/jolokia/read/org.apache.activemq:type=Broker,brokerName=*,destinationType=Queue,destinationName=*/"
)
_SECONDS = 10
_OK, _NONE = 200, 404
# Attribute of a queue -> name, kind and description of the metric.
_METRICS = {
    "QueueSize": ("activemq_queue_size", "gauge", "Messages that nobody has taken yet"),
    "ConsumerCount": ("activemq_queue_consumers", "gauge", "Those who read the queue"),
    "EnqueueCount": ("activemq_queue_enqueued_total", "counter", "Messages that were sent to the queue"),
    "DequeueCount": ("activemq_queue_dequeued_total", "counter", "Messages that were taken from the queue"),
}


def asked(address, login):
    """Every queue, as the console describes it.

    Raises:
        OSError: the console does not answer.
        ValueError: it answers something else.
    """
    request = urllib.request.Request(address + _QUEUES + ",".join(["Name", *_METRICS]))
    request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    # Without this header the console refuses clients that are no browsers.
    request.add_header("Origin", "http://localhost")
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
        found = json.load(answer)
    if not isinstance(found, dict):
        raise ValueError("the console answers no object")
    # A broker has no queue before the first message.
    if found.get("status") == _NONE:
        return []
    if found.get("status") != _OK:
        raise ValueError(f"the console answers {found.get('error', found.get('status'))}")
    return list(found["value"].values())


def text(queues):
    """The metrics in Prometheus' form."""
    lines = ["# TYPE activemq_up gauge", f"activemq_up {int(queues is not None)}"]
    for attribute, (name, kind, about) in _METRICS.items():
        lines += [f"# HELP {name} {about}.", f"# TYPE {name} {kind}"]
        for queue in queues or ():
            label = queue["Name"].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            lines.append(f'{name}{{queue="{label}"}} {queue[attribute]}')
    return "\n".join(lines) + "\n"


class Handler(BaseHTTPRequestHandler):
    """Asks the console at each scrape."""

    def do_GET(self):
        """The metrics, whatever the path."""
        try:
            queues = asked(os.environ["CONSOLE"], os.environ["LOGIN"])
        except (OSError, ValueError) as error:
            print(error, file=sys.stderr)
            queues = None
        body = text(queues).encode()
        self.send_response(_OK)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        """Log nothing: a line for each scrape would be noise."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
