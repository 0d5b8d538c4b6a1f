"""Runs in the PanDA server's image with its own STOMP client: tests which account may write and read which channel.

Reads a question as JSON, prints lines [what, wanted, got].
"""

import json
import logging
import sys
import time

import stomp

logging.disable(logging.CRITICAL)
SECONDS = 5
question = json.load(sys.stdin)
host, port = question["broker"].split(":")


class Listener(stomp.ConnectionListener):
    def __init__(self):
        self.errors, self.messages, self.receipts = [], [], set()

    def on_error(self, frame):
        self.errors.append(frame)

    def on_message(self, frame):
        self.messages.append(frame.body)

    def on_receipt(self, frame):
        self.receipts.add(frame.headers["receipt-id"])


def connected(account, password):
    connection, listener = stomp.Connection12([(host, int(port))], reconnect_attempts_max=1), Listener()
    connection.set_listener("", listener)
    try:
        connection.connect(account, password, wait=True)
    except stomp.exception.ConnectFailedException:
        return None, listener
    return connection, listener


def until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def act(account, action, destination):
    connection, listener = connected(account, question["passwords"][account])
    if connection is None:
        return "no log-in"
    if action == "write":
        connection.send(destination, "x", receipt="done")
    else:
        connection.subscribe(destination, id="1", ack="auto", headers={"receipt": "done"})
    until(lambda: listener.errors or "done" in listener.receipts)
    outcome = "refused" if listener.errors else "allowed" if listener.receipts else "no answer"
    if connection.is_connected():
        connection.disconnect()
    return outcome


def report(what, wanted, got):
    print(json.dumps([what, wanted, got]), flush=True)


def login(account, password):
    connection, _ = connected(account, password)
    if connection is None:
        return "refused"
    connection.disconnect()
    return "accepted"


for account, password in question["passwords"].items():
    report(f"log-in of {account}", "accepted", login(account, password))
    report(f"log-in of {account} with a wrong password", "refused", login(account, password + "x"))
    for other, foreign in question["passwords"].items():
        if other != account:
            report(f"log-in of {account} with the password of {other}", "refused", login(account, foreign))
for account, password in (("system", "manager"), ("nobody", ""), ("guest", "guest")):
    report(f"log-in of {account}", "refused", login(account, password))

for channel in filter(None, question["channels"].split(";")):
    name, writers, readers = channel.split(":")
    for kind in ("queue", "topic"):
        for account in question["passwords"]:
            for action, allowed in (("write", writers.split(",")), ("read", readers.split(","))):
                wanted = "allowed" if account in allowed else "refused"
                report(f"{account}: {action} /{kind}/{name}", wanted, act(account, action, f"/{kind}/{name}"))
for name in question["others"]:
    for account in question["passwords"]:
        for action in ("write", "read"):
            report(f"{account}: {action} /queue/{name}", "refused", act(account, action, f"/queue/{name}"))

# Messages of the server and JEDI on iDDS' topic must arrive where iDDS listens.
names = [channel.split(":")[0] for channel in question["channels"].split(";")]
for account in ("panda", "jedi") if "panda_idds" in names else ():
    reader, heard = connected("idds", question["passwords"]["idds"])
    reader.subscribe(question["topic"], id="1", ack="auto", headers={"receipt": "listening"})
    until(lambda heard=heard: "listening" in heard.receipts)
    writer, _ = connected(account, question["passwords"][account])
    writer.send("/topic/panda_idds", f"from {account}", receipt="sent")
    arrived = until(lambda text=f"from {account}", heard=heard: text in heard.messages)
    report(f"{account}'s message arrives at iDDS", True, bool(arrived))
