"""A survey: what an epidemiologist opens and reads as polars frames."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import polars as pl

from workbench.deidentify.key import create_key, load_key
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.dicom.values import DAYS_A_YEAR
from workbench.errors import SettingsError
from workbench.file_modes import (
    GROUP_FOLDER,
    OTHERS,
    OWNER_FOLDER,
    is_shared,
    make_private_folder,
)
from workbench.scanners.scanner_file import read_scanners
from workbench.scanners.scanner_names import COLUMNS, ScannerNames
from workbench.schema import ALERT, COVERAGE, PATIENT, STUDY_DOSE
from workbench.settings import FILE, Settings, SurveySettings
from workbench.settings_file import read_settings
from workbench.store import Store
from workbench.store.database_wait import RETRY_LIMIT_S

KEY_FILE = "hospital.key"
NEW_SURVEY = SurveySettings(times="hour")  # older ones keep what they began with


class Survey:
    """One epidemiological survey in one workspace folder.

    All frames are pseudonymous.  ``schema.TABLES`` says what each column means.
    """

    def __init__(self, folder: Path, answered: bool = False) -> None:
        self.folder = folder
        self.settings = read_settings(folder)
        self.store = Store.open(folder, self.settings.store, answered)

    def instances(self) -> pl.LazyFrame:
        """One row a DICOM object kept (``schema.INSTANCE``), read when collected.

        There may be millions: filter and select first, then ``.collect()``; ``.to_pandas()``
        behind that gives a pandas frame.  Rows have no promised order.
        """
        return self.lazy("instance")

    def series(self) -> pl.LazyFrame:
        """One row a series with role and state (``schema.SERIES``), read when collected."""
        return self.lazy("series")

    def tag(self, tag: str, creator: str | None = None, kind: str | None = None) -> pl.LazyFrame:
        """Return any element of all headers as a column, read when collected.

        ``tag`` is a keyword, ``"0019,1092"``, or a path into sequences with slashes; a private
        one needs its ``creator``.  ``kind`` is what its values become (docs/tags.md).  Raises
        ``SettingsError`` for what is no tag.
        """
        from workbench.store.tagpath import TagPath  # the dictionary of private tags is large
        from workbench.store.tags import tag_frame

        return tag_frame(self.lazy("instance"), TagPath.parse(tag, creator), kind)

    def events(self, preferred: bool = False) -> pl.DataFrame:
        """One row an irradiation event and source; one row an event when ``preferred``.

        The column ``scanner`` is added: the name of its machine, as people gave it.
        """
        events = self.store.table("irradiation_event")
        frame = self._scanner_names(events).label(events)
        return frame.filter(pl.col("preferred")) if preferred else frame

    def scanner_names(self) -> ScannerNames:
        """Return the scanners of all events and the name of each; raises ``SettingsError``."""
        return self._scanner_names(self.lazy("irradiation_event").select(COLUMNS).collect())

    def _scanner_names(self, events: pl.DataFrame) -> ScannerNames:
        return ScannerNames.of_events(events, read_scanners(self.folder).scanners)

    def doses(self) -> pl.DataFrame:
        """One row an event, quantity and method (``schema.DOSE_ESTIMATE``)."""
        return self.store.table("dose_estimate")

    def findings(self) -> pl.DataFrame:
        """Return what could not be read, mapped or matched (``schema.FINDING``)."""
        return self.store.table("finding")

    def rejected(self) -> pl.DataFrame:
        """Files and objects that were not stored, with the reason (``schema.REJECTED``)."""
        return self.store.table("rejected")

    def runs(self) -> pl.DataFrame:
        """Return what was done, when and with which version (``schema.RUN``)."""
        return self.store.table("run")

    def patients(self) -> pl.DataFrame:
        """One row a patient (``schema.PATIENT``), counted from the instances."""
        days = pl.col("patient_age_days") / DAYS_A_YEAR  # of objects stored before schema 4
        years = pl.coalesce("patient_age_years", days)
        counted = (
            self.lazy("instance")
            .group_by("patient")
            .agg(
                pl.col("PatientSex").drop_nulls().mode().sort().first(),
                pl.col("StudyInstanceUID").n_unique().cast(pl.Int64).alias("studies"),
                pl.col("SeriesInstanceUID").n_unique().cast(pl.Int64).alias("series"),
                pl.len().cast(pl.Int64).alias("instances"),
                (pl.col("StudyDate").max() - pl.col("StudyDate").min())
                .dt.total_days()
                .alias("study_span_days"),
                years.min().alias("age_first_years"),
            )
            .sort("patient")
            .collect()
        )
        return PATIENT.fit(counted)

    def study_doses(self) -> pl.DataFrame:
        """Totals of each study, and beside them what its report says (``schema.STUDY_DOSE``)."""
        from workbench.mapping.study_totals import study_doses

        return study_doses(self.store.table("irradiation_event"))

    def alerts(self) -> pl.DataFrame:
        """Dose checks of reports: configured values and estimates (``schema.ALERT``)."""
        from workbench.mapping.dose_alerts import alerts

        return alerts(self.store.table("irradiation_event"))

    def coverage(self) -> pl.DataFrame:
        """From which attribute values of scans were read (``schema.COVERAGE``)."""
        from workbench.mapping.coverage import coverage

        return coverage(self.store.table("irradiation_event"))

    def lazy(self, name: str) -> pl.LazyFrame:
        """Return any table as a lazy frame; its rows have no promised order."""
        return self.table(name).lazy() if name in self._counted() else self.store.scan(name)

    def table(self, name: str) -> pl.DataFrame:
        """Return any table of ``schema.TABLES`` by its name."""
        counted = self._counted().get(name)
        return counted() if counted else self.store.table(name)

    def _counted(self) -> dict[str, Callable[[], pl.DataFrame]]:
        """Return the tables that are counted from others whenever they are asked for."""
        return {
            PATIENT.name: self.patients, STUDY_DOSE.name: self.study_doses,
            ALERT.name: self.alerts, COVERAGE.name: self.coverage,
        }  # fmt: skip

    def pseudonyms(self) -> Pseudonyms:
        """Return the pseudonyms of this survey; needs the hospital's key."""
        key = load_key(self.folder / KEY_FILE)
        survey = self.settings.survey
        return Pseudonyms(key, survey.name, survey.site, survey.issuer)

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def __repr__(self) -> str:
        return f"Survey({self.settings.survey.name!r})"


def open_survey(
    folder: str | Path, *, answered: bool = False, wait_s: float = RETRY_LIMIT_S
) -> Survey:
    """Open the survey of a workspace folder; raises ``SettingsError`` with the remedy.

    ``answered``: whoever asks for it has had it open, so a database server that does not answer
    now is away for a while, and is waited for.  ``wait_s``: for how long a catalogue is waited for
    that is locked or away; a page takes less, for it shows nothing new meanwhile.
    """
    survey = Survey(Path(folder), answered)
    survey.store.waits.limit_s = wait_s
    return survey


def _make_folder(workspace: Path, group: str) -> None:
    """Make the folder of a workspace, or see that one that is there is closed to others.

    An empty folder of ours is closed; one that holds other things is its owner's to close.
    """
    if not workspace.is_dir():
        if group:
            workspace.parent.mkdir(parents=True, exist_ok=True)  # which the group must pass
        make_private_folder(workspace)
    state = workspace.stat()
    ours = state.st_uid == os.geteuid()
    loose = state.st_mode & (stat.S_IRWXO if group else OTHERS)
    if loose and not (ours and not any(workspace.iterdir())):
        raise SettingsError(
            "others may open this folder, and there is something in it or it is not yours.",
            "Close it: chmod 700 FOLDER; or name a folder that does not exist yet.",
        )
    if group:
        _share(workspace, group)
    elif ours:
        workspace.chmod(OWNER_FOLDER)


def _share(workspace: Path, group: str) -> None:
    try:
        shutil.chown(workspace, group=group)
        workspace.chmod(GROUP_FOLDER)
        shared = is_shared(workspace)  # the system takes the bit away from one who is no member
    except (LookupError, OSError):
        shared = False
    if not shared:
        raise SettingsError(
            "the folder cannot be given to that group.",
            "Name a group of this computer that you are a member of (id -Gn lists them).",
        )


def create_survey(folder: str | Path, settings: Settings | None = None) -> Survey:
    """Make a workspace: settings, an empty store and the hospital's key.

    A new survey tells times of day to the hour only, where its settings say nothing else.  The
    folder becomes its owner's alone, or the ``[store] group``'s.  Raises ``SettingsError`` where
    there is a workspace already, and where a folder is not ours to close to others.
    """
    workspace = Path(folder)
    if (workspace / FILE).exists():
        raise SettingsError("there is a workspace in this folder already.", "Choose another.")
    _make_folder(workspace, settings.store.group if settings else "")
    create_key(workspace / KEY_FILE)
    (settings or Settings(survey=NEW_SURVEY)).write(workspace)
    return Survey(workspace)
