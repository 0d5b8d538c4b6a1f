"""Runs in the PanDA server's container: its own configurator reads CRIC's files, before and after a change.

Prints lines [what, wanted, got]. One process does all, like the server's daemon.
"""

import json
import sys

from pandaserver.config import panda_config
from pandaserver.daemons.scripts import configurator
from pandaserver.taskbuffer.TaskBuffer import taskBuffer

PROGRAM = sys.argv[0]
taskBuffer.init(
    panda_config.dbhost, panda_config.dbpasswd, nDBConnection=1, useTimeout=True, requester="consumers"
)


def load(url):
    with open(url) as file:
        return json.load(file)


def run():
    configurator.main([PROGRAM], tbuf=taskBuffer)
    configurator.main([PROGRAM, "--json_dump"], tbuf=taskBuffer)
    configurator.main([PROGRAM, "--sw_tags"], tbuf=taskBuffer)


def names(sql):
    status, rows = taskBuffer.querySQLS(sql, {})
    return sorted(str(row[0]) for row in rows) if status else f"the query failed: {rows}"


def report(what, wanted, got):
    print("\n" + json.dumps([what, wanted, got]), flush=True)


schema = panda_config.schemaPANDA
sites, queues, endpoints = map(
    load, (panda_config.CRIC_URL_SITES, panda_config.CRIC_URL_SCHEDCONFIG, panda_config.CRIC_URL_DDMENDPOINTS)
)
run()
report("sites are loaded", sorted(sites), names(f"SELECT site_name FROM {schema}.site"))
resources = sorted(queue["panda_resource"] for queue in queues.values())
report("queues are loaded", resources, names(f"SELECT panda_site_name FROM {schema}.panda_site"))
report(
    "endpoints are loaded", sorted(endpoints), names(f"SELECT ddm_endpoint_name FROM {schema}.ddm_endpoint")
)
report("queues are kept whole", sorted(queues), names(f"SELECT panda_queue FROM {schema}.schedconfig_json"))
report("software tags are loaded", sorted(queues), names(f"SELECT panda_queue FROM {schema}.sw_tags"))

name = min(queues)
queues[name]["status"] = "brokeroff"
with open(panda_config.CRIC_URL_SCHEDCONFIG, "w") as file:
    json.dump(queues, file)
run()
query = f"SELECT data FROM {schema}.schedconfig_json WHERE panda_queue = '{name}'"
status, rows = taskBuffer.querySQLS(query, {})
data = rows[0][0] if status and rows else {}
report(
    "a changed file is noticed without a restart",
    "brokeroff",
    (json.loads(data) if isinstance(data, str) else data).get("status"),
)
