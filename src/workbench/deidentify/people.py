"""Finding the words by which an object names people and places, before they are removed.

Every person name at any depth counts, and the attributes below; in reports also the texts
under concepts that name observers, physicians and organisations.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pydicom.datadict import tag_for_keyword

from workbench.deidentify import dataset_elements, structured
from workbench.deidentify.identity import Identity
from workbench.deidentify.identity_sources import Sources
from workbench.dicom.values import parse_date

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def _tags(keywords: str) -> frozenset[int]:
    tags = (tag_for_keyword(keyword) for keyword in keywords.split())
    return frozenset(tag for tag in tags if tag is not None)


PATIENT_IDS = _tags("PatientID OtherPatientIDs")
IDENTIFIERS = _tags(
    "AccessionNumber StudyID AdmissionID ServiceEpisodeID "
    "RequestedProcedureID ScheduledProcedureStepID PerformedProcedureStepID "
    "PlacerOrderNumberImagingServiceRequest FillerOrderNumberImagingServiceRequest "
    "MedicalRecordLocator InsurancePlanIdentification PatientTelephoneNumbers "
    "ReferringPhysicianTelephoneNumbers PersonTelephoneNumbers OrderCallbackPhoneNumber "
    "ClinicalTrialSubjectID ClinicalTrialSubjectReadingID SpecimenAccessionNumber ResultsID "
    "InterpretationID"
)
PLACES = _tags(
    "InstitutionName InstitutionAddress InstitutionalDepartmentName PatientAddress "
    "ReferringPhysicianAddress PersonAddress CurrentPatientLocation IssuerOfPatientID "
    "PatientInstitutionResidence ScheduledPatientInstitutionResidence PerformedLocation "
    "RequestedProcedureLocation ScheduledProcedureStepLocation OrderEntererLocation "
    "RequestingService HumanPerformerOrganization ResponsibleOrganization VerifyingOrganization "
    "ClinicalTrialSiteName ClinicalTrialCoordinatingCenterName"
)
OWN_NAMES = _tags("PatientName OtherPatientNames PatientBirthName PatientMotherBirthName NameToUse")
NAMES = dataset_elements.name_tags() - OWN_NAMES
BIRTH = _tags("PatientBirthDate")
CONTENT_TEXT, CONTENT_CONCEPT = 0x0040A160, 0x0040A043
# PS3.16 TID 1002-1007 and CID 7452: texts that name a person or an organisation.
PERSON_CONCEPTS = frozenset(
    {(code, "DCM") for code in ["121008", "121022", "121029", "121114", "113871", "113724"]}
    | {("027", "99PHI-IXR-XPER")}
)
IDENTIFIER_CONCEPTS = frozenset((code, "DCM") for code in ["121030", "121018", "121022", "113871"])
PLACE_CONCEPTS = frozenset((code, "DCM") for code in ["113873", "121009", "121017"])
KINDS = (*(("own", tag) for tag in OWN_NAMES), *(("name", tag) for tag in NAMES),
         *(("id", tag) for tag in IDENTIFIERS),
         *(("patient", tag) for tag in PATIENT_IDS),
         *(("place", tag) for tag in PLACES), *(("birth", tag) for tag in BIRTH))  # fmt: skip
SOURCES = {tag: kind for kind, tag in KINDS}


class _Words:
    def __init__(self) -> None:
        kinds = ("own", "name", "id", "patient", "place", "birth")
        self.of: dict[str, set[str]] = {kind: set() for kind in kinds}
        self.doubtful = False

    def read(self, dataset: Dataset, depth: int) -> None:
        sequences = dataset_elements.sequence_tags()
        for tag, element in dataset_elements.elements(dataset):
            kind = SOURCES.get(tag)
            if kind is not None:
                self._take(kind, element, dataset)
            elif tag == CONTENT_TEXT:
                self._take_content(element, dataset)
            elif depth > 0 and (tag in sequences or element.VR == "SQ"):
                for item in _items(element, dataset):
                    self.read(item, depth - 1)

    def _take(self, kind: str, element: dataset_elements.Element, dataset: Dataset) -> None:
        with suppress(Exception):  # a value nobody can read names nobody, and is dropped
            values, doubtful = dataset_elements.name_readings(element, dataset)
            self.of[kind].update(values)
            self.doubtful |= doubtful

    def _take_content(self, element: dataset_elements.Element, dataset: Dataset) -> None:
        meant = structured.concept(dataset)
        for kind, concepts in (
            ("name", PERSON_CONCEPTS), ("id", IDENTIFIER_CONCEPTS), ("place", PLACE_CONCEPTS)
        ):  # fmt: skip
            if meant in concepts:
                self._take(kind, element, dataset)


def _items(element: dataset_elements.Element, dataset: Dataset) -> list[Dataset]:
    try:
        return dataset_elements.items(element, dataset)
    except Exception:  # noqa: BLE001 - pydicom raises a dozen kinds; the engine reports the element
        return []


def speaks_of_people(dataset: Dataset, depth: int) -> bool:
    """Say whether ``people_in`` finds anything in ``dataset``."""
    words = _Words()
    words.read(dataset, depth)
    return any(words.of.values())


def people_in(dataset: Dataset, depth: int, places: bool = True) -> Identity:
    """Return the words that name people in ``dataset``, down to ``depth``, and ``places``."""
    words = _Words()
    words.read(dataset, depth)
    births = _birth_forms(words.of["birth"])
    of = words.of
    named_places = of["place"] if places else ()
    sources = Sources(
        of["name"], of["id"], of["patient"], named_places, births, of["own"], words.doubtful
    )
    return sources.identity()


def _birth_forms(births: set[str]) -> set[str]:
    forms = set()
    for birth in births:
        day = parse_date(birth)
        if day is None:
            continue
        written = f"{day.year:04d}", f"{day.month:02d}", f"{day.day:02d}"
        for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
            for sign in ("", ".", "/", "-"):
                form = sign.join(written[part] for part in order)
                forms |= {form, form.replace(written[0], written[0][2:])}
    return forms
