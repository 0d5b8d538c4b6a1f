import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.openstack_bed.faults import Answer, FaultFile, Faults


@pytest.fixture
def file(tmp_path: Path) -> FaultFile:
    return FaultFile(tmp_path)


def test_none_by_default(file: FaultFile) -> None:
    assert file.read() == Faults()
    assert file.take("magnum", "GET", "/v1/clusters") is None


@given(
    reason=st.none() | st.text(),
    seconds=st.floats(0, 60),
    answers=st.lists(
        st.builds(Answer, status=st.integers(400, 599), retry_after=st.none() | st.integers(0, 9))
    ),
)
def test_read_is_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, reason: str | None, seconds: float, answers: list[Answer]
) -> None:
    file = FaultFile(tmp_path_factory.mktemp("faults"))
    faults = Faults(create_failed=reason, scale_seconds=seconds, answers=tuple(answers))
    file.write(faults)
    assert file.read() == faults


@pytest.mark.parametrize(
    ("service", "method", "path"),
    [
        ("magnum", "POST", "/v1/clusters/7"),
        ("magnum", "GET", "/v1/certificates/7"),
        ("nova", "GET", "/v1/clusters/7"),
        ("magnum", "GETS", "/v1/clusters/7"),
    ],
)
def test_only_what_matches_is_answered(file: FaultFile, service: str, method: str, path: str) -> None:
    answer = Answer(500, method="GET", path=r"/clusters/\d$")
    file.write(Faults(answers=(answer,)))
    assert file.take(service, method, path) is None
    assert file.take("magnum", "GET", "/v1/clusters/7") == answer


def test_answers_follow_each_other(file: FaultFile) -> None:
    file.write(Faults(answers=(Answer(429, count=2, retry_after=1), Answer(500))))
    taken = [file.take("magnum", "GET", "/v1/clusters") for _ in range(4)]
    assert [answer and answer.status for answer in taken] == [429, 429, 500, None]


def test_each_answer_is_given_once_to_many_askers(file: FaultFile) -> None:
    file.write(Faults(answers=(Answer(500, count=10),)))
    with ThreadPoolExecutor(max_workers=8) as pool:
        taken = list(pool.map(lambda _: file.take("magnum", "GET", "/"), range(40)))
    assert sum(answer is not None for answer in taken) == 10


def test_counting_keeps_the_other_faults(file: FaultFile) -> None:
    faults = Faults(create_failed="no quota", answers=(Answer(500),))
    file.write(faults)
    file.take("magnum", "GET", "/")
    assert file.read() == dataclasses.replace(faults, answers=(Answer(500, count=0),))
