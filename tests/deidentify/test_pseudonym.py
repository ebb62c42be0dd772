"""Pseudonyms: the published vectors, and what makes them safe."""

import pytest

from workbench.deidentify.pseudonym import Pseudonyms
from workbench.errors import IdentityError

KEY = bytes(range(32))
UID = "1.2.840.113619.2.55.3.1"
VECTORS = {
    "EPI-CT": [
        ("", "12345", "LU01-FPNHW4ORZ4YB6XZ5QPHF", 3232),
        ("LU-CHL", "12345", "LU01-VWSCMPQMD74O36W2ZZGW", 1711),
        ("LU-CHL", "  12345 ", "LU01-VWSCMPQMD74O36W2ZZGW", 1711),
        ("LU-CHL", "MÜLLER^1", "LU01-MPFLACLVN5VPIPIVKZ4B", 908),
    ],
    "STUDY2": [
        ("", "12345", "LU01-KASOXW3PQFIOUHUQR24J", 3561),
        ("LU-CHL", "12345", "LU01-4DRVYMDK73ZSTIDM5LAJ", 1443),
        ("LU-CHL", "MÜLLER^1", "LU01-CIUGKNR4LZGKJCGWRHSZ", 1386),
    ],
}


@pytest.mark.parametrize("project", VECTORS)
def test_vectors(project: str) -> None:
    made = Pseudonyms(KEY, project, "LU01")
    for issuer, patient_id, pseudonym, shift in VECTORS[project]:
        assert made.patient(issuer, patient_id) == pseudonym
        assert made.shift_days(issuer, patient_id) == shift


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        ("EPI-CT", "2.25.284450325031003756312983960488251850956"),
        ("STUDY2", "2.25.286179310591093062818361007496081921421"),
    ],
)
def test_uid_vectors(project: str, expected: str) -> None:
    assert Pseudonyms(KEY, project, "LU01").uid(UID) == expected


def test_uid_is_a_version_8_uuid_and_fits_64_letters() -> None:
    made = Pseudonyms(KEY, "EPI-CT", "LU01")
    for number in range(200):
        uid = made.uid(f"{UID}.{number}")
        value = int(uid.removeprefix("2.25."))
        assert len(uid) <= 64
        assert value >> 76 & 0xF == 8
        assert value >> 62 & 0x3 == 2


def test_decomposed_and_composed_names_are_one_patient() -> None:
    made = Pseudonyms(KEY, "EPI-CT", "LU01")
    assert made.patient("", "Mu\u0308ller") == made.patient("", "Müller")


def test_case_and_leading_zeros_count() -> None:
    made = Pseudonyms(KEY, "EPI-CT", "LU01")
    assert len({made.patient("", text) for text in ("a1", "A1", "0A1", "00A1")}) == 4


def test_another_key_another_fingerprint_and_pseudonym() -> None:
    one, other = Pseudonyms(KEY, "EPI-CT", "LU01"), Pseudonyms(KEY[::-1], "EPI-CT", "LU01")
    assert one.fingerprint != other.fingerprint
    assert one.patient("", "1") != other.patient("", "1")


def test_the_key_is_not_shown() -> None:
    shown = repr(Pseudonyms(KEY, "EPI-CT", "LU01"))
    assert KEY.hex() not in shown
    assert "c2b18a9e" not in shown  # start of the derived secret


@pytest.mark.parametrize(
    ("key", "project", "site"),
    [(b"short", "EPI-CT", "LU01"), (KEY, "", "LU01"), (KEY, "EPI-CT", "LU-01"), (KEY, "E", "")],
)
def test_wrong_parts_are_refused(key: bytes, project: str, site: str) -> None:
    with pytest.raises(IdentityError):
        Pseudonyms(key, project, site)
