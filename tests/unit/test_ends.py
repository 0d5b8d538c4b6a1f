"""The end of a credential is read from its text, whatever text that is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from panda_infra.ends import Validity, span, validity
from tests.support.credentials import certificate, encoded, grid_proxy, token

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

moments = st.datetimes(
    min_value=datetime(1990, 1, 1),
    max_value=datetime(2200, 1, 1),
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=0))
spans = st.integers(3600, 900 * 86400).map(lambda seconds: timedelta(seconds=seconds))


def named(name: str, issuer: str, end: datetime) -> str:
    return certificate((name,), (issuer,), start=end - 400 * DAY, end=end)


def end_of(text: str | bytes) -> datetime | None:
    found = validity(text)
    return found.end if found else None


@given(start=moments, life=spans, owner=spans)
def test_a_grid_proxy_ends_with_the_first_of_its_chain(
    start: datetime, life: timedelta, owner: timedelta
) -> None:
    text = grid_proxy(start, start + life, owner_ends=start + owner)
    assert end_of(text) == start + min(life, owner)
    assert end_of(text.encode()) == start + min(life, owner)


@given(end=moments, life=spans)
def test_a_token_ends_as_it_says(end: datetime, life: timedelta) -> None:
    text = token(end, start=end - life)
    assert validity(f" {text}\n") == Validity(end, end - life)
    assert end_of(json.dumps({"access_token": text, "expires_in": 5})) == end
    assert end_of(json.dumps({"id_token": text, "refresh_token": "renews it"})) is None


@given(ends=st.permutations([1, 2, 3]), order=st.permutations([0, 1, 2]))
def test_the_order_of_a_chain_does_not_matter(ends: list[int], order: list[int]) -> None:
    chain = [
        named("host", "intermediate", NOW + ends[0] * DAY),
        named("intermediate", "root", NOW + ends[1] * DAY),
        named("root", "root", NOW + ends[2] * DAY),
    ]
    assert end_of("".join(chain[index] for index in order)) == NOW + DAY


def test_a_list_of_authorities_has_no_end() -> None:
    """One of them may well have expired: nobody shows them."""
    authorities = [named(name, name, NOW - DAY) for name in ("one", "other")]
    assert end_of("".join(authorities)) is None
    assert end_of(authorities[0]) == end_of(authorities[0] * 2) == NOW - DAY


def test_authorities_behind_a_proxy_do_not_count() -> None:
    assert end_of(grid_proxy(NOW, NOW + DAY) + named("other", "other", NOW - DAY)) == NOW + DAY


@given(st.one_of(st.text(), st.binary()))
@example("")
@example("a.b.c")
@example("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")
@example("{")
@example('{"access_token": 5}')
@example("[" * 100_000)
@example('{"a":' * 100_000)
def test_what_says_nothing_has_no_end(text: str | bytes) -> None:
    assert validity(text) is None


@pytest.mark.parametrize(
    "claims",
    [
        [],
        "exp",
        {},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": 1e300},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": [1]},
        {"exp": 5, "iat": "yesterday"},
    ],
)
def test_a_token_with_odd_claims_is_taken_for_any_other_text(claims: object) -> None:
    assert validity(f"{encoded({})}.{encoded(claims)}.") is None


_WHOLE = grid_proxy(NOW, NOW + DAY)


@given(at=st.integers(0, len(_WHOLE) - 1), put=st.characters(), cut=st.integers(0, 200))
def test_a_damaged_proxy_never_ends_in_an_exception(at: int, put: str, cut: int) -> None:
    damaged = _WHOLE[:at] + put + _WHOLE[at + cut :]
    found = validity(damaged)
    assert found is None or isinstance(found.end, datetime)


@given(life=spans, share=st.floats(0, 1))
def test_a_credential_is_good_then_ends_soon_then_is_over(life: timedelta, share: float) -> None:
    good = Validity(NOW + life, NOW)
    now = NOW + life * share
    assert good.is_over(now) == (now >= good.end)
    assert not (good.is_over(now) and good.ends_soon(now))
    assert not good.ends_soon(NOW) or life <= DAY * 1.5
    assert good.ends_soon(good.end - HOUR / 2)
    assert good.ends_soon(now) <= (good.end - now < 30 * DAY)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=25, hours=3), "expires in 25 days, on 2026-12-26 15:00 UTC"),
        (11 * HOUR, "expires in 11 hours, on 2026-12-01 23:00 UTC"),
        (timedelta(minutes=95), "expires in 95 minutes, on 2026-12-01 13:35 UTC"),
        (-DAY, "expired on 2026-11-30 12:00 UTC, 24 hours ago"),
        (-8 * DAY, "expired on 2026-11-23 12:00 UTC, 8 days ago"),
    ],
)
def test_an_end_is_reported_with_what_is_left(left: timedelta, words: str) -> None:
    assert Validity(NOW + left).described(NOW) == words


@given(st.timedeltas(min_value=timedelta(0), max_value=10_000 * DAY))
def test_no_span_is_longer_than_what_it_stands_for(duration: timedelta) -> None:
    count, unit = span(duration).split()
    assert int(count) * timedelta(**{unit: 1}) <= duration
