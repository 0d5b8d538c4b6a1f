"""Runs in iDDS' container: the conductor's sender with its own configuration sends a text from standard input."""

import logging
import queue
import sys

from idds.common.plugin.plugin_utils import load_plugins

SECONDS = 20
logging.disable(logging.CRITICAL)
sender = load_plugins("conductor", logger=logging.getLogger())["notifier"]
sent, done = queue.Queue(), queue.Queue()
sender.set_request_queue(sent)
sender.set_response_queue(done)
sender.daemon = True
sender.start()
content = {"msg_type": "consumers", "text": sys.stdin.read()}
sent.put({"msg_id": 1, "msg_type": "consumers", "msg_content": content})
done.get(timeout=SECONDS)
sender.stop()
