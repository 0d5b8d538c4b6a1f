"""Runs in a pod: logs in to the message broker, and sends itself a message if a destination is given.

The question has the names of variables of the pod: ``broker`` (HOST or HOST:PORT) and ``password``; the name of the
account as ``login``; and ``destination``, or an empty text.
"""

import os
import socket

_PORT = 61613
_SECONDS = 25


def main(question):
    """Print one line about the result and return the exit code."""
    host, _, port = os.environ[question["broker"]].partition(":")
    login, password = question["login"], os.environ[question["password"]]
    with socket.create_connection((host, int(port or _PORT)), _SECONDS) as connection:
        broker = connection.makefile("rb")
        send(connection, "CONNECT", "accept-version:1.1", "host:/", f"login:{login}", f"passcode:{password}")
        if received(broker, "CONNECTED") is None:
            print(f"the broker refuses the log-in of {login}")
            return 1
        if not question["destination"]:
            print(f"{login} is logged in")
            return 0
        return round_trip(connection, broker, question["destination"])


def round_trip(connection, broker, destination):
    """Receive a message that was sent over the same connection."""
    text = os.urandom(8).hex()
    send(connection, "SUBSCRIBE", "id:1", f"destination:{destination}")
    send(connection, "SEND", f"destination:{destination}", body=text)
    if received(broker, "MESSAGE") != text:
        print(f"a message to {destination} does not come back")
        return 1
    print("a message has come back")
    return 0


def send(connection, command, *headers, body=""):
    """Send a frame of STOMP."""
    connection.sendall(("\n".join((command, *headers)) + f"\n\n{body}\0").encode())


def received(broker, command):
    """The body of the next frame; None if it is of another kind."""
    frame = b""
    while not frame.endswith(b"\0"):
        byte = broker.read(1)
        if not byte:
            return None
        frame += byte
    head, _, body = frame[:-1].decode().lstrip("\n").partition("\n\n")
    return body if head.split("\n", 1)[0] == command else None
