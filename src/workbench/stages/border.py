"""Objects come in, from files or from a PACS, and leave their names at the border.

bytes -> header (dicom) -> de-identified header (deidentify) -> row of the instance table (store)
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from workbench.collect.dimse.header_stream import MAX_HEADER_BYTES
from workbench.collect.expected import Expected
from workbench.collect.filters import SurveyFilter
from workbench.collect.patient_list import ListedPatient
from workbench.collect.received import LEFT_OUT, SET_ASIDE, STORED, ReceivedObject
from workbench.collect.retrieval import PARTIAL
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.header_rows import HeaderRows, InstanceRow
from workbench.deidentify.switches import profile_of
from workbench.dicom.files import Candidate
from workbench.dicom.process import quiet_pydicom
from workbench.dicom.read import Header, HeaderLimits
from workbench.dicom.reader import HeaderReader
from workbench.errors import DamagedObject, NotWanted, ReadError, StoreError
from workbench.language import Saying
from workbench.model import Finding, Verdict
from workbench.stages.identity_case import AskedPatient
from workbench.stages.study_identities import IdentityAwaited, StudyIdentities
from workbench.store.objects import Origin, Taken
from workbench.survey import Survey

LOGGER = logging.getLogger(__name__)

# What a sender is answered, PS3.4 table B.2-1.
ANSWERS = {
    Verdict.STORED: STORED,
    Verdict.DUPLICATE: STORED,
    Verdict.QUARANTINED: SET_ASIDE,
    Verdict.REJECTED: LEFT_OUT,
}
ANSWER_WITHIN_S = 10.0  # as long as Orthanc waits for an answer (DicomScuTimeout, its default)
NETWORK = HeaderLimits(
    header=MAX_HEADER_BYTES
)  # of what strangers send; a deflated one grows to it


@dataclass(frozen=True)
class Intake:
    """What came in.

    Attributes
    ----------
    verdicts
        Number of objects by verdict; every object has exactly one.
    codes
        Number of objects not stored, by the reason's code: each of them has one, so that the
        codes add up to the verdicts.
    long_way
        Number of rows that were made without the help of neighbours, by the reason: the first of
        a patient, a report, an unusual way of writing, or the class of an exception.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    long_way: Counter[str] = field(default_factory=Counter)

    def count(
        self,
        verdicts: Iterable[Verdict],
        codes: Iterable[str] = (),
        long_way: Iterable[str] = (),
    ) -> None:
        """Add verdicts, and the codes of reasons (an empty one is none)."""
        self.verdicts.update(str(verdict) for verdict in verdicts)
        self.codes.update(code for code in codes if code)
        self.long_way.update(reason for reason in long_way if reason)

    def as_json(self) -> dict[str, dict[str, int]]:
        """Return the counts, all verdicts named."""
        return {
            "verdicts": {str(verdict): self.verdicts[verdict] for verdict in Verdict},
            "codes": dict(sorted(self.codes.items())),
            "long_way": dict(sorted(self.long_way.items())),
        }


class Border:
    """Where names end: takes headers, keeps de-identified rows.

    What it remembers of headers (``HeaderReader``, ``HeaderRows``) is gone with it.  Raises
    ``StoreError`` where objects of this site were stored under another key.
    """

    def __init__(self, survey: Survey) -> None:
        quiet_pydicom()  # again: a notebook may have changed what pydicom does meanwhile
        self.files, self._network = HeaderReader(), HeaderReader(NETWORK)
        self.store = survey.store
        self.pseudonyms = survey.pseudonyms()
        self.store.claim(self.pseudonyms.site, self.pseudonyms.fingerprint)
        self.profile = profile_of(survey.settings.protection, survey.folder)
        self.rows = HeaderRows(Deidentifier(self.profile, self.pseudonyms))
        self.identities = StudyIdentities(self.store, self.pseudonyms)
        self.wanted = SurveyFilter.from_settings(survey.settings.filter)
        self.intake = Intake()
        self._counting = threading.Lock()

    def take(
        self, read: Callable[[], Header], origin: Origin, findings: tuple[Finding, ...] = ()
    ) -> Verdict:
        """Read, de-identify and keep one object; return its verdict, never raise ``ReadError``.

        ``findings`` are noted of it besides those that reading it brings.
        """
        taken = self.taken(read, origin)
        if findings:
            taken = replace(taken, findings=(*taken.findings, *findings))
        (decision,) = self.store.decided([taken])
        with self._counting:
            self.intake.count([decision.verdict], [decision.counted_as], [taken.long_way])
        return decision.verdict

    def taken(self, read: Callable[[], Header], origin: Origin, waits: bool = False) -> Taken:
        """Read and de-identify one object; it is not kept yet.

        Raises ``IdentityAwaited``, only where it ``waits``, for an object without a PatientID of
        a study of which nothing is known: others of the study may say whose it is.
        """
        try:
            row, findings, long_way = self.instance(read(), waits)
        except ReadError as error:
            return Taken(origin, error=error)
        return Taken(origin, row, findings=findings, long_way=long_way)

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def instance(self, header: Header, waits: bool = False) -> InstanceRow:
        """Return the de-identified row of a header; raises ``ReadError`` if it must not pass.

        It is kept under its study's patient (``StudyIdentities``); ``waits`` is as for ``taken``.
        """
        refusal = "" if self.wanted.everything else self.wanted.refusal(header.dataset)
        if refusal:
            raise NotWanted(
                "not_wanted", "the survey's filter leaves it out: {refusal}", refusal=refusal
            )
        try:
            return self.rows.row(header, self.identities.under(header, waits))
        except (ReadError, StoreError, IdentityAwaited):
            raise
        except Exception as error:
            raise DamagedObject(
                "not_deidentified", "the object could not be de-identified or written as a row"
            ) from error

    def from_file(self, candidate: Candidate) -> Origin:
        """Name a file by a keyed digest: recognisable again, readable by nobody."""
        digest = self.pseudonyms.digest
        stamp = int.from_bytes(bytes.fromhex(digest(candidate.stamp))[:8], "big", signed=True)
        return Origin("folder", digest(candidate.place), stamp=stamp)

    def from_peer(self, received: ReceivedObject) -> Origin:
        """Name a received object by its pseudonymous UID, so that it is not asked for again."""
        uid = self.pseudonyms.uid(received.sop_instance)
        content = hashlib.sha256(received.encoded).digest()
        return Origin("network", self.pseudonyms.digest(uid.encode() + content), uid)

    def receive(self, received: ReceivedObject) -> int:
        """Take one object off the network and return what to answer: see ``ANSWERS``.

        0x0000 means that it is in the store, on disk.  What is put aside has its row with the
        reason and is answered with a warning, because some PACS stop a whole study at a refusal.
        Raises ``StoreError`` where the catalogue is locked or away for longer than a peer waits.
        """
        with self.store.waits.at_most(ANSWER_WITHIN_S):
            verdict = self.take(
                lambda: self._network.received(received.encoded, received.transfer_syntax),
                self.from_peer(received),
                received.findings,
            )
        return ANSWERS[verdict]

    def decided(self, uids: Iterable[str]) -> set[str]:
        """Return those original SOP Instance UIDs whose fate is decided here."""
        return set(self.fates(uids))

    def fates(self, uids: Iterable[str]) -> dict[str, str]:
        """Return what became of original SOP Instance UIDs: stored, or the reason's code."""
        ours = {self.pseudonyms.uid(uid): uid for uid in uids}
        return {ours[uid]: fate for uid, fate in self.store.fates(ours).items()}

    def aside(self) -> int:
        """Return how many objects have come so far and were put aside, whosever they are."""
        verdicts = self.intake.verdicts
        return verdicts[Verdict.QUARANTINED] + verdicts[Verdict.REJECTED]

    def partial(self, uids: Iterable[str]) -> int:
        """Return how many original SOP Instance UIDs are stored without some of their values."""
        ours = {self.pseudonyms.uid(uid) for uid in uids}
        return len(self.store.with_finding(ours, PARTIAL))

    def stored_in(self, uid: str) -> int:
        """Return how many objects of a series or study, by its original UID, are stored."""
        return self.store.stored_in(self.pseudonyms.uid(uid))

    def asked(self, patient: ListedPatient, expected: Expected) -> None:
        """Note for whom an archive told of studies, before their objects come."""
        for study in expected.studies:
            issuer = patient.issuer or study.study.issuer
            birth = study.study.birth_date or patient.birth_date
            born = birth.isoformat() if birth else ""
            asked = AskedPatient(patient.patient_id, issuer, born, bool(patient.issuer))
            self.identities.asked([study.study.study_uid], asked)

    def caution(self, patient: ListedPatient, expected: Expected) -> Saying | None:
        """Say whether studies are here whose objects name another patient than was asked for."""
        studies = [study.study.study_uid for study in expected.studies]
        asked = AskedPatient(patient.patient_id, patient.issuer)
        other = self.identities.told_otherwise(studies, asked)
        if not other:
            return None
        return Saying.counted(
            "In {count} of its studies objects name the patient otherwise than was asked; the "
            "table finding says in what, and how they are kept.",
            "In {count} of its studies objects name the patient otherwise than was asked; the "
            "table finding says in what, and how they are kept.",
            other,
        )

    def patients_of(self, study_uids: Iterable[str]) -> dict[str, str]:
        """Return the pseudonym that stored objects of original studies carry."""
        ours = {self.pseudonyms.uid(uid): uid for uid in study_uids}
        return {ours[uid]: name for uid, name in self.store.patients_of(ours).items()}
