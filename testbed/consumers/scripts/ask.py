"""Runs in an image with its own HTTP client: requests each address of a list and prints lines [status, text].

Reads JSON: [{"url", "headers", "verify"}]; the status of an unreachable address is 0.
"""

import json
import sys

import requests

for question in json.load(sys.stdin):
    try:
        answer = requests.get(
            question["url"], headers=question["headers"], verify=question["verify"], timeout=60
        )
        reported = [answer.status_code, answer.text or answer.headers.get("ExceptionMessage", "")]
    except requests.RequestException as error:
        reported = [0, str(error)]
    print(json.dumps(reported), flush=True)
