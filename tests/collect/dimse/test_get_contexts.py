"""What is offered for a C-GET: every class once in a form it can be had, 128 contexts at most."""

from __future__ import annotations

import pytest
from pynetdicom import AllStoragePresentationContexts

from workbench.collect.dimse.get_contexts import CLASSES, SECONDARY_CAPTURE, STORAGE, offers

CT = f"{STORAGE}2"
RDSR = f"{STORAGE}88.67"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"


@pytest.mark.parametrize("told", [[], [CT], [CT, RDSR, "1.2.3.4"], ["no UID", ""]])
@pytest.mark.parametrize("modalities", [[], ["CT"], ["CT", "SR"], ["XX"]])
def test_no_association_has_more_contexts_than_there_are_numbers(
    told: list[str], modalities: list[str]
) -> None:
    made = offers(told, modalities)
    # Odd numbers from 1 to 255 (PS3.8 section 9.3.2.2); the services asked for need some.
    assert all(0 < len(one) <= 126 for one in made)


def test_every_storage_class_can_come_uncompressed_in_the_end() -> None:
    found = {uid for one in offers([], []) for uid, syntaxes in one if IMPLICIT in syntaxes}
    assert found >= {str(one.abstract_syntax) for one in AllStoragePresentationContexts}


def test_what_the_pacs_told_comes_first_and_private_classes_too() -> None:
    (first, *_) = offers([CT, "1.2.3.4"], ["CT"])
    assert {uid for uid, _ in first[:2]} == {CT, "1.2.3.4"}
    assert set(first[0][1]) >= {IMPLICIT, EXPLICIT}


def test_dose_reports_go_with_any_study() -> None:
    for told, modalities in (([CT], ["CT"]), ([], ["DX"]), ([], [])):
        assert RDSR in {uid for uid, _ in offers(told, modalities)[0]}


@pytest.mark.parametrize("modality", sorted(CLASSES))
def test_where_nothing_is_told_the_modality_decides(modality: str) -> None:
    (first, *_) = offers([], [modality])
    offered = {uid for uid, _ in first}
    assert {f"{STORAGE}{end}" for end in CLASSES[modality]} | {SECONDARY_CAPTURE} <= offered


def test_what_is_no_uid_is_never_offered() -> None:
    for one in offers(["../x", "1.2\x00", "1" * 65], []):
        assert all(set(uid) <= set("0123456789.") and len(uid) <= 64 for uid, _ in one)


def test_compressed_images_of_a_class_are_taken_in_contexts_of_their_own() -> None:
    (first, *_) = offers([CT], ["CT"])
    alone = [syntaxes for uid, syntaxes in first if uid == CT and len(syntaxes) == 1]
    assert len(alone) == len(set(alone)) > 0
