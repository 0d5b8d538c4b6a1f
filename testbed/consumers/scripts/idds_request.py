"""Runs in an image with iDDS' client: submits a request and reads it back. Prints lines [what, wanted, got].

Reads {"host", "vo", "token"}.
"""

import json
import sys

from idds.client.clientmanager import ClientManager
from idds.workflowv2.work import Work
from idds.workflowv2.workflow import Workflow

question = json.load(sys.stdin)


def tell(what, wanted, got):
    print("\n" + json.dumps([what, wanted, got]), flush=True)


manager = ClientManager(host=question["host"])
manager.setup_local_configuration(
    local_config_root="/tmp/idds",
    host=question["host"],
    auth_type="oidc",
    oidc_token=question["token"],
    vo=question["vo"],
)
workflow = Workflow()
workflow.name = "consumers"
workflow.add_work(Work(executable="/bin/hostname", arguments=None, sandbox=None, work_id=1))
number = manager.submit(workflow)
tell("a request is submitted", True, type(number) is int)
if type(number) is int:
    requests = manager.get_requests(request_id=number)
    tell("the request is read back", ["consumers"], [each["name"] for each in requests])
