"""Runs in an image with PanDA's client: submits a job and reads it back. Prints lines [what, wanted, got]."""

import json
import sys
import uuid

from pandaclient import Client
from pandaclient.JobSpec import JobSpec


def report(what, wanted, got):
    print("\n" + json.dumps([what, wanted, got]), flush=True)


question = json.load(sys.stdin)
job = JobSpec()
job.jobDefinitionID = 1
job.jobName = f"consumers-{uuid.uuid4()}"
job.VO = "wlcg"
job.transformation = "http://example.org/script"
job.computingSite = question["queue"]
job.prodSourceLabel = "test"
job.processingType = "test"
job.currentPriority = 100
job.jobParameters = "--what is done"

status, answer = Client.submitJobs([job])
number = answer[0][0] if status == 0 and answer else None
report("a job is submitted", [0, True], [status, isinstance(number, int) and number > 0])
if number:
    status, jobs = Client.getJobStatus([number])
    read = jobs[0] if status == 0 and jobs else None
    got = [read.jobName, read.computingSite, read.jobParameters] if read else answer
    report("the job is read back", [job.jobName, job.computingSite, job.jobParameters], got)
