"""Runs in JEDI's container: its message processor receives from iDDS and sends. Prints lines [what, wanted, got].

Reads {"sent", "received"}: a text for iDDS, and one that iDDS sent before.
"""

import json
import os
import sys
import time

from pandacommon.pandamsgbkr.msg_bkr_utils import MsgBuffer
from pandajedi.jediconfig import jedi_config
from pandajedi.jediorder.JediMsgProcessor import MsgProcAgent

SECONDS = 20
question = json.load(sys.stdin)
agent = MsgProcAgent(config_file=jedi_config.msgprocessor.configFile)
proxies = agent.start_passive_mode(in_q_list=["idds"], out_q_list=["to-idds"])
buffer, heard, deadline = MsgBuffer(queue_name="idds"), [], time.monotonic() + SECONDS
while not any(question["received"] in data for data in heard) and time.monotonic() < deadline:
    message = buffer.get()
    if message is None:
        time.sleep(0.05)
        continue
    with message as one:
        heard.append(one.data)
arrived = any(question["received"] in data for data in heard)
print("\n" + json.dumps(["iDDS' message arrives at JEDI", True, arrived]), flush=True)
proxies["out"]["to-idds"].send(json.dumps({"msg_type": "consumers", "text": question["sent"]}))
agent.stop_passive_mode()
os._exit(0)  # threads of its connections would keep the process alive
