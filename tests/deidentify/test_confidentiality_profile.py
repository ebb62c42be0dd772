"""The profile: what it keeps, what its digest covers, how it explains a mistake."""

from pathlib import Path

import pytest
from pydicom.datadict import tag_for_keyword

from workbench.deidentify.attribute_rules import Kind
from workbench.deidentify.confidentiality_profile import BUILT_IN, load_profile
from workbench.deidentify.standard_tables import attribute_actions, data_bytes, method_codes
from workbench.errors import SettingsError
from workbench.schema import INSTANCE

DOSE = data_bytes(BUILT_IN).decode("utf-8")


def changed(tmp_path: Path, old: str, new: str) -> Path:
    assert old in DOSE
    path = tmp_path / "profile.toml"
    path.write_text(DOSE.replace(old, new, 1), encoding="utf-8")
    return path


def test_every_copied_column_of_the_instance_table_may_leave() -> None:
    kept = load_profile().rules
    for column in INSTANCE.columns:
        if column.copied:
            assert kept[tag_for_keyword(column.name)].kind is not Kind.EMPTY, column.name


def test_the_table_has_656_rows_of_which_four_are_groups_of_tags() -> None:
    assert len(attribute_actions()) == 652
    assert len(method_codes()) == 13


def test_the_same_profile_from_a_file_is_the_same_profile(tmp_path: Path) -> None:
    path = changed(tmp_path, "# Confidentiality", "# Our confidentiality")
    assert load_profile(path).sha256 == load_profile().sha256


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("StudyDescription SeriesDescription", "SeriesDescription"),
        ("oldest_age_years = 89", "oldest_age_years = 85"),
        ('"121106 DCM",', ""),
        ("23 = ", "22 = "),
        ('"GantryID",', ""),
    ],
)
def test_whatever_decides_the_output_changes_the_digest(tmp_path: Path, old: str, new: str) -> None:
    assert load_profile(changed(tmp_path, old, new)).sha256 != load_profile().sha256


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('object = """', 'object = """PatientName ', "PatientName"),
        ('object = """', 'object = """AccessionNumber ', "AccessionNumber"),
        ('object = """', 'object = """PixelData ', "PixelData"),
        ('object = """', 'object = """StudyDescripton ', "StudyDescripton"),
        ('"clean_desc",', "", "StudyDescription"),
        ('"rtn_safe_priv",', "", "private"),
        ('"clean_desc",', '"clean_descriptors",', "clean_descriptors"),
        ('"rtn_long_modif",', '"rtn_long_modif", "rtn_long_full",', "exclude"),
        ("group = 0x0019", "group = 0x0018", "0018"),
        ('54 = "DS"', '54 = "PN"', "private"),
        ('"125203 DCM"', '"125203"', "125203"),
        ("oldest_age_years = 89", "oldest_age = 89", "oldest_age"),
        ('name = "dose"', "name = dose", "line"),
    ],
)
def test_a_wrong_profile_is_explained(tmp_path: Path, old: str, new: str, named: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_profile(changed(tmp_path, old, new))
    assert named in str(refused.value)
    assert refused.value.remedy


def test_a_missing_profile_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        load_profile(tmp_path / "none.toml")


def test_retain_uids_keeps_instance_uids(tmp_path: Path) -> None:
    path = changed(tmp_path, "options = [", 'options = [ "rtn_uids",')
    kind = load_profile(path).rules[tag_for_keyword("StudyInstanceUID")].kind
    assert kind is Kind.KEPT_UID


def test_full_dates_are_kept_when_chosen(tmp_path: Path) -> None:
    path = changed(tmp_path, '"rtn_long_modif"', '"rtn_long_full"')
    assert load_profile(path).rules[tag_for_keyword("StudyDate")].kind not in (
        Kind.DATE,
        Kind.EMPTY,
    )
