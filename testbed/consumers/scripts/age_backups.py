"""Runs in an image with Barman: gives base backups other times, which Barman judges them by.

Reads JSON: {"endpoint", "bucket", "days": {FILE: DAYS}}. It goes by the S3 server, because checksums are compared.
"""

import json
import sys
from datetime import UTC, datetime, timedelta

import boto3

asked = json.load(sys.stdin)
client = boto3.client("s3", endpoint_url=asked["endpoint"])
for file, days in asked["days"].items():
    place = {"Bucket": asked["bucket"], "Key": file}
    moment = datetime.now(UTC) - timedelta(days=days)
    lines = []
    for line in client.get_object(**place)["Body"].read().decode().splitlines():
        key, _, value = line.partition("=")
        if key in ("begin_time", "end_time"):
            value = moment.strftime("%c")
        elif key in ("begin_time_iso", "end_time_iso"):
            value = moment.isoformat()
        lines.append(f"{key}={value}\n")
    client.put_object(**place, Body="".join(lines).encode())
