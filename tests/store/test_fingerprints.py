"""What a stage has worked on is noted by study; what is not spoken of stays as it is."""

from __future__ import annotations

import pytest

from workbench.store.catalogue import TABLES
from workbench.store.database import Database
from workbench.store.fingerprints import Fingerprints, StudyNotes


@pytest.fixture
def fingerprints(database: Database) -> Fingerprints:
    database.define(TABLES)
    return Fingerprints(database)


def test_a_note_changes_the_studies_it_names_and_no_others(fingerprints: Fingerprints) -> None:
    fingerprints.note(StudyNotes("map", {"1.2": "a", "1.3": "b", "": "c"}))
    fingerprints.note(StudyNotes("dose", {"1.2": "x"}))
    fingerprints.note(StudyNotes("map", {"1.3": "d", "1.4": "e"}, gone=["", "9.9"]))
    assert fingerprints.of("map") == {"1.2": "a", "1.3": "d", "1.4": "e"}
    assert fingerprints.of("dose") == {"1.2": "x"}
    assert fingerprints.of("none") == {}


def test_a_study_that_is_gone_and_done_at_once_is_done(fingerprints: Fingerprints) -> None:
    fingerprints.note(StudyNotes("map", {"1.2": "a"}, gone=["1.2"]))
    assert fingerprints.of("map") == {"1.2": "a"}


def test_all_notes_of_a_stage_can_be_replaced(fingerprints: Fingerprints) -> None:
    fingerprints.note(StudyNotes("dose", {"1.2": "x"}))
    fingerprints.note(StudyNotes("map", {"1.2": "a"}))
    fingerprints.replace("map", {"1.9": "z"})
    assert fingerprints.of("map") == {"1.9": "z"}
    fingerprints.replace("map", {})
    assert (fingerprints.of("map"), fingerprints.of("dose")) == ({}, {"1.2": "x"})


def test_it_belongs_to_the_transaction_it_stands_in(
    fingerprints: Fingerprints, database: Database
) -> None:
    with pytest.raises(RuntimeError), database.transaction():
        fingerprints.note(StudyNotes("map", {"1.2": "a"}))
        raise RuntimeError
    assert fingerprints.of("map") == {}
