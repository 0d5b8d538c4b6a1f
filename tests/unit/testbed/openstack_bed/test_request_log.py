from pathlib import Path

from testbed.openstack_bed.request_log import Request, read


def request(at: float, **more: object) -> Request:
    values: dict[str, object] = {
        "at": at,
        "service": "nova",
        "method": "POST",
        "path": "/v2.1/servers/7/metadata",
        "microversion": "2.37",
        "agent": "openstacksdk",
        "status": 200,
        "milliseconds": 12,
        "fault": False,
        "body": {"metadata": {"landb-alias": "a--load-1-"}},
        **more,
    }
    return Request(**values)  # type: ignore[arg-type]


def test_lines_come_back(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    requests = [
        request(1.0),
        request(2.0, body=None, microversion=None),
        request(3.0, body=[{"op": "replace"}]),
    ]
    log.write_text("".join(one.line() for one in requests))
    assert list(read(log)) == requests
    assert list(read(log, since=2.0)) == requests[1:]


def test_nothing_was_asked_yet(tmp_path: Path) -> None:
    assert list(read(tmp_path / "requests.jsonl")) == []


def test_half_a_line_is_left_for_later(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    log.write_text(request(1.0).line() + request(2.0).line()[:20])
    assert list(read(log)) == [request(1.0)]
