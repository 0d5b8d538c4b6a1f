"""Runs in an image with PanDA's client: submits a request to iDDS through the PanDA server and reads it back.

Reads {"accepted", "user"}: whether the server accepts the user of the environment, and the user's name. Prints lines
[what, wanted, got].
"""

import json
import sys

from idds.common.utils import json_dumps, json_loads
from idds.workflowv2.work import Work
from idds.workflowv2.workflow import Workflow
from pandaclient import idds_api

NAME = "consumers"
question = json.load(sys.stdin)


def report(what, wanted, got):
    print("\n" + json.dumps([what, wanted, got]), flush=True)


api = idds_api.get_api(dumper=json_dumps, loader=json_loads, manager=True)
workflow = Workflow()
workflow.name = NAME
workflow.add_work(Work(executable="/bin/hostname", arguments=None, sandbox=None, work_id=1))
status, answer = api.submit(workflow)
relayed, number = answer if status == 0 else (False, answer)
submitted = relayed and type(number) is int
if not question["accepted"]:
    report("a request of somebody else is refused", False, submitted)
else:
    report("a request is submitted", "a number", "a number" if submitted else str(answer))
if submitted:
    _, (_, requests) = api.get_requests(request_id=number)
    read = [[each["name"], each["username"]] for each in requests]
    report("the request is read back with the user's name", [[NAME, question["user"]]], read)
