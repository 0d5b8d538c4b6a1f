"""Writes the broker's files from the variables of the Secret, as the script of PanDA's chart does."""

import os
from pathlib import Path
from string import Template

CONF = Path(os.environ["ACTIVEMQ_HOME"], "conf")
PASSWORD = os.environ["ACTIVEMQ_BASE_PASSWD"]
ACCOUNTS = os.environ["ACTIVEMQ_ACCOUNTS"].split(";")
CHANNELS = [channel.split(":") for channel in os.environ["ACTIVEMQ_CHANNELS"].split(";") if channel]

users = {"system": PASSWORD, **{account: f"{PASSWORD}_{account}" for account in ACCOUNTS}}
groups = {"admins": "system", "users": ",".join(ACCOUNTS), **{name: f"system,{name}" for name in ACCOUNTS}}
entries = [("queue", ">", "admins", "admins", "admins"), ("topic", ">", "admins", "admins", "admins")]
entries.append(("topic", "ActiveMQ.Advisory.>", "users", "users", "users"))
for channel, writers, readers in CHANNELS:
    entries += [(kind, f"{channel}.>", readers, writers, "users") for kind in ("queue", "topic")]

for name, lines in (("users", users), ("groups", groups)):
    text = "".join(f"{key}={value}\n" for key, value in lines.items())
    (CONF / f"{name}.properties").write_text(text)
rules = "\n".join(
    f'<authorizationEntry {kind}="{pattern}" read="{read}" write="{write}" admin="{admin}"/>'
    for kind, pattern, read, write, admin in entries
)
broker = Template(Path(__file__).with_name("activemq.xml").read_text())
(CONF / "activemq.xml").write_text(broker.safe_substitute(rules=rules))
