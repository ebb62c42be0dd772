"""Fetch a phantom's images from the hospital's PACS, by the patient ID they were filed under."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from workbench.collect.connections import source_of
from workbench.collect.expected import ExpectedStudy
from workbench.collect.patient_list import ListedPatient
from workbench.collect.phantom_folder import PhantomFolder
from workbench.collect.retrieval import Source
from workbench.errors import SettingsError
from workbench.rights import Right, needs
from workbench.settings import Settings


@dataclass(frozen=True)
class PhantomArchive:
    """The PACS as a place of phantom images; they come whole, into the workspace."""

    source: Source

    def studies(self, patient_id: str) -> tuple[ExpectedStudy, ...]:
        """Return the studies filed under a phantom's ID; raises ``NetworkError``."""
        return tuple(self.source.expect(ListedPatient(patient_id)).studies)

    def fetch(self, study: ExpectedStudy) -> int:
        """Fetch a study; return how many images were sent.  Raises ``NetworkError``."""
        outcomes = self.source.fetch(study, study.instances)
        return sum(outcome.completed or 0 for outcome in outcomes)


@needs(Right.COLLECT)
def phantom_archive(settings: Settings, folder: Path, phantoms: PhantomFolder) -> PhantomArchive:
    """Return the way to the PACS of the settings.

    Always by C-MOVE to the phantom title, at which a receiver must listen: what comes by C-GET
    or DICOMweb is cut to its header on the way in.  Raises ``SettingsError`` with the remedy.
    """
    local, pacs = settings.local, settings.pacs
    if not local.phantom_title:
        raise SettingsError(
            "no title for phantom images is set.",
            "Set [local] phantom_title, tell the PACS of it, and run workbench receive.",
        )
    phantom_settings = replace(
        settings, local=replace(local, title=local.phantom_title), filter={},
        pacs=pacs and replace(pacs, retrieve="move"),
    )  # fmt: skip
    return PhantomArchive(source_of(phantom_settings, folder, phantoms.keep))
