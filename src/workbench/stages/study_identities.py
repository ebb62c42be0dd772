"""One study, one patient: under which pseudonym its objects are kept when they name several.

Objects of one study may name its patient in several ways: an issuer in a part of them, leading
zeros lost, no ID, an ID that the archive has merged into another since.  The first object of a
study decides, for all objects that can be of the same person; of those that cannot, a person must
decide, and both that and every joining is a finding.  Only here, at the border, are identities
known: the catalogue holds digests, and secrets of pseudonyms sealed under the hospital's key.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from workbench.deidentify.patient_evidence import (
    QUALIFIERS,
    KnownPatient,
    PatientEvidence,
    issuer_names,
    own_pseudonym,
)
from workbench.errors import StoreError
from workbench.model import Finding
from workbench.stages.identity_case import (
    AskedPatient,
    Home,
    IdentityCase,
    alike_digest,
    otherwise_digest,
    patient_digest,
    study_digest,
)
from workbench.store.patient_identities import IdentityRow

if TYPE_CHECKING:
    from workbench.deidentify.pseudonym import PatientPseudonym, Pseudonyms
    from workbench.dicom.read import Header
    from workbench.store import Store

# What an object is known by: studies, names, IDs, issuer, birth and sex, and how they are written.
ASKED_TAGS = (
    0x00080005, 0x0020000D, 0x00100010, 0x00100020, 0x00100021, QUALIFIERS, 0x00100030, 0x00100040,
    0x00101000, 0x00101002,
)  # fmt: skip
MAX_REMEMBERED = 10_000  # ways in which studies name their patients
MAX_TRIES = 20  # that another process may be quicker
JOINED, IN_DOUBT = "several_identities", "identity_in_doubt"
BEFORE = "earlier objects of it named the issuer of the PatientID otherwise"


class IdentityAwaited(Exception):  # noqa: N818  nothing is wrong
    """An object without a PatientID came before any other of its study: look at it again later."""


class StudyIdentities:
    """Says under which pseudonym an object is kept; remembers within one border.

    Parameters
    ----------
    store, pseudonyms
        Of the survey.
    """

    def __init__(self, store: Store, pseudonyms: Pseudonyms) -> None:
        self._store = store
        self._pseudonyms = pseudonyms
        self._cipher = pseudonyms.cipher()
        self._known: dict[tuple[bytes | None, ...], PatientPseudonym | None] = {}
        self._erasures = store.erasures()
        self._asked: dict[str, AskedPatient] = {}
        self._lock = threading.Lock()

    def asked(self, studies: Iterable[str], patient: AskedPatient) -> None:
        """Note that an archive told of studies (original UIDs) when it was asked for a patient."""
        with self._lock:
            for study in studies:
                self._asked.pop(study, None)  # what was told last is dropped last
                self._asked[study] = patient
            while len(self._asked) > MAX_REMEMBERED:
                del self._asked[next(iter(self._asked))]

    def under(self, header: Header, waits: bool = False) -> PatientPseudonym | None:
        """Return what an object is kept under; ``None`` where that is its own identity's.

        Raises ``IdentityAwaited``, only where it ``waits``, when nothing says yet whose it is.
        """
        self._forget_erased()
        key = None
        if header.cut is not None:
            elements = header.cut.elements
            key = (bytes([header.cut.explicit]), *(elements.get(tag) for tag in ASKED_TAGS))
            with self._lock:
                if key in self._known:
                    return self._known[key]
        with self._lock:
            under = self._settled(PatientEvidence.of(header.dataset), waits)
            if key is not None:
                if len(self._known) >= MAX_REMEMBERED:
                    self._known.clear()
                self._known[key] = under
        return under

    def _forget_erased(self) -> None:
        """Look everybody up again when patients were erased since, by whichever process."""
        erasures = self._store.erasures()
        with self._lock:
            if erasures != self._erasures:
                self._known.clear()
                self._erasures = erasures

    def told_otherwise(self, studies: Iterable[str], patient: AskedPatient) -> int:
        """Return how many studies (original UIDs) have objects that name another patient.

        Another one than was asked for, by ID or by an issuer that both tell.
        """
        uids = [self._pseudonyms.uid(uid) for uid in studies]
        names = [name for uid in uids for name in (otherwise_digest(uid), study_digest(uid))]
        known = self._store.identities(names)
        asked = self._of_asked(PatientEvidence("", ""), patient)
        return sum(self._differs(uid, known, asked) for uid in uids)

    def _differs(self, uid: str, known: Mapping[bytes, IdentityRow], asked: KnownPatient) -> bool:
        kept = known.get(study_digest(uid))
        if kept is None:
            return False
        if otherwise_digest(uid) in known:
            return True
        stored = self._load(kept.patient)
        return stored.patient_id != asked.patient_id or not stored.has_issuer_of(asked)

    # --- deciding ------------------------------------------------------------------------------

    def _settled(self, told: PatientEvidence, waits: bool) -> PatientPseudonym | None:
        if not told.study_uid:
            return None
        for _ in range(MAX_TRIES):
            decision = self._decide(self._case(told), waits)
            if self._store.settle(decision.rows, decision.findings):
                own = decision.patient.name == decision.case.words.name
                return None if own else decision.patient.pseudonym
        raise StoreError("others kept settling the same patients.", "Try again.")

    def _case(self, told: PatientEvidence) -> IdentityCase:
        words, uid = own_pseudonym(told, self._pseudonyms), self._pseudonyms.uid(told.study_uid)
        own = KnownPatient.of(told, self._pseudonyms)
        asked = self._asked.get(told.study_uid)
        hint = self._of_asked(told, asked) if asked else None
        if asked is None or hint is None or hint.patient_id != own.patient_id:
            return IdentityCase(told, own, uid, words, hint)
        if asked.listed and not own.issuers:  # the same ID of another issuer is another patient
            listed = frozenset(issuer_names([asked.issuer]))
            told = replace(told, issuer=asked.issuer, issuers=listed)
            own = KnownPatient.of(told, self._pseudonyms)
        return IdentityCase(told, own, uid, words)

    def _of_asked(self, told: PatientEvidence, asked: AskedPatient) -> KnownPatient:
        """Return the patient that was asked for, as known by an object that came for it."""
        issuer = asked.issuer or told.issuer
        names = frozenset(issuer_names([issuer])) if asked.issuer else told.issuers
        as_asked = replace(
            told, patient_id=asked.patient_id.strip(), issuer=issuer, issuers=names,
            birth=asked.birth or told.birth,
        )  # fmt: skip
        return KnownPatient.of(as_asked, self._pseudonyms)

    def _decide(self, case: IdentityCase, waits: bool) -> _Decision:
        known = self._store.identities(case.names())
        pair, study = known.get(case.pair), known.get(case.study)
        if pair is not None:
            return _Decision(self._load(pair.patient), case)
        if study is not None:
            if study.patient == case.own.name:
                return _Decision(self._load(study.patient), case)
            return self._in_known_study(case, known, self._load(study.patient))
        if waits and not case.told.patient_id and case.asked is None:
            raise IdentityAwaited
        return self._first_of_study(case, known)

    def _first_of_study(self, case: IdentityCase, known: Mapping[bytes, IdentityRow]) -> _Decision:
        before = self._study_before(case)
        home = Home(before, BEFORE) if before is not None else self._home(case, known)
        decision = _Decision(home.patient, case)
        decision.rows.append(IdentityRow(case.study, home.patient.name))
        self._place(decision, known)
        self._tell(decision, known, home)
        return decision

    def _in_known_study(
        self, case: IdentityCase, known: Mapping[bytes, IdentityRow], first: KnownPatient
    ) -> _Decision:
        contradiction = first.contradiction(case.own)
        if contradiction:
            home = self._home(case, known)
            differ = f"{first.difference(case.own)}, and {contradiction}"
            decision = _Decision(home.patient, case)
            self._place(decision, known)
            doubt = f"one study names two patients: {differ}"
            self._tell(decision, known, replace(home, doubt=doubt, as_one=False))
            return decision
        decision = _Decision(first, case)
        own = patient_digest(case.own.name)
        if case.told.patient_id and own not in known and _may_be_linked(first, case.own):
            decision.rows.append(IdentityRow(own, first.name))
        why = first.difference(case.own)
        if own in known and known[own].patient != first.name:
            why += "; other studies of the patient are kept under another pseudonym"
        self._tell(decision, known, Home(first, why))
        return decision

    def _home(self, case: IdentityCase, known: Mapping[bytes, IdentityRow]) -> Home:
        """Return under which patient an identity is kept, whatever its study says."""
        if case.asked is not None:
            return self._home_of_asked(case, case.asked, known)
        own = known.get(patient_digest(case.own.name))
        if own is not None:
            return self._linked(case, self._load(own.patient))
        earlier = self._patient_before(case)
        if earlier is not None:
            return Home(earlier)
        return self._home_of_alike(case, known)

    def _linked(self, case: IdentityCase, patient: KnownPatient) -> Home:
        contradiction = patient.contradiction(case.own)
        same = patient.name == case.own.name
        if contradiction:
            doubt = f"another study names its patient by the same ID, and {contradiction}"
            return Home(patient if same else case.own, doubt=doubt, as_one=same)
        return Home(patient, "" if same else patient.difference(case.own))

    def _home_of_asked(
        self, case: IdentityCase, asked: KnownPatient, known: Mapping[bytes, IdentityRow]
    ) -> Home:
        why = "the archive tells the study under another PatientID than its objects"
        if not case.told.patient_id:
            why = "the archive tells the PatientID that the objects lack"
        row = known.get(patient_digest(asked.name)) or known.get(alike_digest(asked.alike))
        patient = self._load(row.patient) if row is not None else asked
        if not patient.has_issuer_of(asked):  # the same ID of another issuer: somebody else
            patient = asked
        contradiction = asked.contradiction(case.own) or patient.contradiction(case.own)
        if contradiction:
            own = known.get(patient_digest(case.own.name))
            home = case.own if own is None else self._load(own.patient)
            return Home(home, doubt=f"{why}, and {contradiction}")
        return Home(patient, why)

    def _home_of_alike(self, case: IdentityCase, known: Mapping[bytes, IdentityRow]) -> Home:
        doubt = ""
        for name in case.alikes:
            patient = self._load(known[name].patient) if name in known else None
            if patient is None or not patient.has_issuer_of(case.own):
                continue
            if patient.is_surely(case.own):
                return Home(patient, patient.difference(case.own))
            reason = patient.contradiction(case.own) or "whether it is one person is not told"
            doubt = doubt or f"{patient.difference(case.own)} from another study's, and {reason}"
        return Home(case.own, doubt=doubt)

    def _patient_before(self, case: IdentityCase) -> KnownPatient | None:
        """Return the patient under whom the ID was kept before its issuer was known here."""
        default = set(issuer_names([self._pseudonyms.issuer]))
        ours = case.words.name != case.own.name or not case.told.issuers - default
        before = self._pseudonyms.of_no_issuer(case.told.patient_id)
        if not (case.told.patient_id and ours) or before.name == case.own.name:
            return None
        stored = self._store.patients_among([case.own.name, before.name])
        if before.name not in stored or case.own.name in stored:
            return None
        return KnownPatient.of(case.told, self._pseudonyms, before)

    def _study_before(self, case: IdentityCase) -> KnownPatient | None:
        """Return another patient under whom an older version kept the study, if that can be known.

        From a pseudonym nobody is known; but the IDs of this object, without an issuer or with
        its own one, can be tried.
        """
        stored = self._store.patients_of([case.uid]).get(case.uid)
        if stored is None or stored == case.own.name:
            return None
        tried = [self._pseudonyms.of_no_issuer(case.told.patient_id), case.words]
        found = next((each for each in tried if each.name == stored), None)
        return None if found is None else KnownPatient.of(case.told, self._pseudonyms, found)

    # --- writing it down -----------------------------------------------------------------------

    def _place(self, decision: _Decision, known: Mapping[bytes, IdentityRow]) -> None:
        """Note a patient who is not known yet, and what finds the patient again."""
        patient, case = decision.patient, decision.case
        name = patient_digest(patient.name)
        if name not in known and not self._store.identities([name]):
            sealed = self._cipher.encrypt(patient.written(), "identity", patient.name)
            decision.rows.append(IdentityRow(name, patient.name, sealed))
        own = patient_digest(case.own.name)
        linked = case.told.patient_id and case.own.is_surely(patient)
        if linked and own not in known and own != name:
            decision.rows.append(IdentityRow(own, patient.name))
        if patient.alike:
            decision.rows += [
                IdentityRow(alike_name, patient.name)
                for alike_name in case.alikes
                if alike_name not in known
            ]

    def _tell(self, decision: _Decision, known: Mapping[bytes, IdentityRow], home: Home) -> None:
        case, patient = decision.case, decision.patient
        if not (home.why or home.doubt):
            return
        decision.rows.append(IdentityRow(case.pair, patient.name))
        first = known.get(case.study)
        named = self._load(first.patient) if first is not None else patient
        other_id = case.own.patient_id != named.patient_id or case.asked is not None
        flag = otherwise_digest(case.uid)
        if other_id and not self._store.identities([flag]):
            decision.rows.append(IdentityRow(flag, patient.name))
        decision.findings += [(patient.name, found) for found in _findings(case.uid, home)]

    def _load(self, name: str) -> KnownPatient:
        row = self._store.identities([patient_digest(name)]).get(patient_digest(name))
        if row is None or row.content is None:
            raise StoreError(
                "the catalogue lacks a patient whom a study points to.",
                "Restore it from a backup; or erase that study's patient and import again.",
            )
        return KnownPatient.read(self._cipher.decrypt(row.content, "identity", name))


@dataclass(repr=False)
class _Decision:
    """What becomes of a case: the patient it is kept under, and what is to be written of it."""

    patient: KnownPatient
    case: IdentityCase
    rows: list[IdentityRow] = field(default_factory=list)
    findings: list[tuple[str, Finding]] = field(default_factory=list)


def _may_be_linked(first: KnownPatient, own: KnownPatient) -> bool:
    """Whether all studies of an identity are to be kept under a patient, not this one alone."""
    return not first.patient_id or first.is_surely(own)


def _findings(uid: str, home: Home) -> Iterator[Finding]:
    if home.why:
        yield Finding(
            "import", JOINED, f"the study is kept under one pseudonym though {home.why}", study=uid,
            column="PatientID",
        )  # fmt: skip
    if home.doubt:
        kept = "one patient" if home.as_one else "two patients"
        yield Finding(
            "import", IN_DOUBT, f"{home.doubt}: kept as {kept}; a person must decide", "error",
            column="PatientID", study=uid,
        )  # fmt: skip
