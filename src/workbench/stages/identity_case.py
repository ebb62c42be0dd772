"""What is to be decided of a study and an identity that an object of it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.deidentify.patient_evidence import KnownPatient, PatientEvidence
from workbench.store.catalogue import digest_of

if TYPE_CHECKING:
    from workbench.deidentify.pseudonym import PatientPseudonym


@dataclass(frozen=True, repr=False)
class AskedPatient:
    """Whom an archive was asked for, when it told of a study; never printed.

    Attributes
    ----------
    patient_id, issuer
        As asked; the issuer as the archive told it where the list names none.
    birth
        Birth date that the archive told, as ISO text.
    listed
        Whether the list names the issuer, so that it is that of objects that name none.
    """

    patient_id: str
    issuer: str = ""
    birth: str = ""
    listed: bool = False


@dataclass(frozen=True, repr=False)
class Home:
    """Under which patient an identity is kept, why it is not its own, and what is in doubt.

    ``as_one`` says whether those in doubt are kept as one patient.
    """

    patient: KnownPatient
    why: str = ""
    doubt: str = ""
    as_one: bool = False


@dataclass(frozen=True, repr=False)
class IdentityCase:
    """A study and an identity that an object of it names: digests to look them up.

    ``own`` is the identity, with the issuer of the list where the object names none; ``words`` the
    pseudonym that follows from the object's own words alone.
    """

    told: PatientEvidence
    own: KnownPatient
    uid: str
    words: PatientPseudonym
    asked: KnownPatient | None = None

    @property
    def study(self) -> bytes:
        """What stands for the study."""
        return study_digest(self.uid)

    @property
    def pair(self) -> bytes:
        """What stands for the study and the identity together."""
        return digest_of(f"pair {self.uid} {self.own.name} {self.own.birth} {self.own.sex}")

    @property
    def alikes(self) -> dict[bytes, None]:
        """What finds patients whose IDs are written almost as this one's, or are its other ones."""
        known = [self.own, self.asked] if self.asked else [self.own]
        words = [word for each in known for word in (each.alike, *sorted(each.others)) if word]
        return dict.fromkeys(map(alike_digest, words))

    def names(self) -> list[bytes]:
        """Return all digests that are to be looked up."""
        asked = [patient_digest(self.asked.name)] if self.asked else []
        return [self.study, self.pair, patient_digest(self.own.name), *asked, *self.alikes]


def study_digest(uid: str) -> bytes:
    """Return what stands for a study (pseudonymous UID) in the catalogue."""
    return digest_of(f"study {uid}")


def patient_digest(pseudonym: str) -> bytes:
    """Return what stands for a pseudonym."""
    return digest_of(f"patient {pseudonym}")


def alike_digest(word: str) -> bytes:
    """Return what stands for IDs that are written almost alike, by their keyed digest."""
    return digest_of(f"alike {word}")


def otherwise_digest(uid: str) -> bytes:
    """Return what stands for it that objects of a study name another PatientID."""
    return digest_of(f"otherwise {uid}")
