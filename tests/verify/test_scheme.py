"""The verifier's own pseudonyms: worked out anew from the published scheme, and those of the engine."""

from __future__ import annotations

import hashlib
import hmac
import uuid

from hypothesis import given
from hypothesis import strategies as st

from workbench.deidentify.pseudonym import Pseudonyms
from workbench.verify.scheme import Scheme, near

KEY = bytes(range(32))
SCHEME, ENGINE = Scheme(KEY, "lung", "HD"), Pseudonyms(KEY, "lung", "HD")
texts = st.text(max_size=20)


@given(texts, texts)
def test_two_programs_that_share_no_code_give_one_pseudonym(issuer: str, patient: str) -> None:
    assert SCHEME.patient(issuer, patient) == ENGINE.patient(issuer, patient)


@given(st.from_regex(r"[0-9.]{1,64}", fullmatch=True))
def test_a_uid_is_a_uuid_of_version_8_below_2_25(uid: str) -> None:
    made = SCHEME.uid(uid)
    assert made == ENGINE.uid(uid)
    number = uuid.UUID(int=int(made.removeprefix("2.25.")))
    assert (number.version, number.variant) == (8, uuid.RFC_4122)


def test_key_survey_and_site_all_count() -> None:
    others = [
        Scheme(bytes(32), "lung", "HD"),
        Scheme(KEY, "liver", "HD"),
        Scheme(KEY, "lung", "MA"),
    ]
    made = {one.patient("", "1") for one in (SCHEME, *others)}
    assert len(made) == 4
    assert SCHEME.patient("", "1").startswith("HD-")


def test_the_fingerprint_is_that_of_the_secret_by_hand() -> None:
    secret = hmac.new(KEY, b"wb-deid/v1/lung", hashlib.sha256).digest()
    assert SCHEME.fingerprint == hashlib.sha256(secret).hexdigest()[:16] == ENGINE.fingerprint


def test_a_time_may_be_gone_or_of_another_clock_but_its_day_and_zone_stay() -> None:
    expected = "20150607101112.5+0100"
    for good in ("20150607", "20150607+0100", "20150607103000+0100", "2015060710+0100"):
        assert near(good, expected), good
    for bad in ("20150608", "20150608101112+0100", "20150607101112", "20150607151112+0100", "2015"):
        assert not near(bad, expected), bad
    assert not near("20150607", "20150608")
    assert near("20150607103000", "20150607101112+0530"), "a zone that names few places is left out"
    assert not near("20150607103000+0500", "20150607101112+0530")
