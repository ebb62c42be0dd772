"""A survey: what an epidemiologist opens and reads as polars frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from workbench.deidentify.key import load_key
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.dicom.values import DAYS_A_YEAR
from workbench.errors import SettingsError, StoreError
from workbench.language import data, listed
from workbench.scanners.scanner_file import read_scanners
from workbench.scanners.scanner_names import COLUMNS, ScannerNames
from workbench.schema import ALERT, COVERAGE, EXAM, PATIENT, PATIENT_DOSE, STUDY_DOSE, TABLES
from workbench.settings_file import read_settings
from workbench.store import Store
from workbench.survey.dose_frames import doses, estimates
from workbench.survey.exam_frames import exams, patient_doses, with_estimates
from workbench.survey.tags_beside import Level, Take, key_of, tags_beside

KEY_FILE = "hospital.key"
# A table has one name in the command line and in files; a method's name stands for its table.
METHODS = {
    "instances": "instance", "events": "irradiation_event", "doses": "dose_estimate",
    "findings": "finding", "patients": "patient", "runs": "run", "exams": "exam",
    "patient_doses": "patient_dose", "study_doses": "study_dose", "alerts": "alert",
}  # fmt: skip


class Survey:
    """One epidemiological survey in one workspace folder.

    All frames are pseudonymous.  ``schema.TABLES`` says what each column means.  What has a row an
    object (``instances``, ``tag``, and any table by ``lazy``) is read when it is collected, for
    there may be millions; every other method returns a frame.
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

    def series(self) -> pl.DataFrame:
        """One row a series with role and state (``schema.SERIES``)."""
        return self.store.table("series")

    def event_series(self, roles: Sequence[str] = ()) -> pl.DataFrame:
        """One row an event that counts and series that shows or reports it, with the series' role.

        ``roles`` keeps some: ``("SCAN",)`` for what was scanned.  An event without such a series
        has a row with an empty ``SeriesInstanceUID``.
        """
        shown = self.series().select("SeriesInstanceUID", "role")
        kept = shown.filter(pl.col("role").is_in(list(roles))) if roles else shown
        pairs = self.events(preferred=True).select(
            "irradiation_event_uid", "StudyInstanceUID",
            pl.col("SeriesInstanceUIDs").alias("SeriesInstanceUID"),
        ).explode("SeriesInstanceUID", empty_as_null=True)  # fmt: skip
        found = pairs.join(kept, on="SeriesInstanceUID", how="inner")
        alone = pairs.select("irradiation_event_uid", "StudyInstanceUID").unique().join(
            found, on="irradiation_event_uid", how="anti"
        )  # fmt: skip
        return pl.concat([found, alone], how="diagonal").sort(
            "irradiation_event_uid", "SeriesInstanceUID"
        )

    def tags(
        self, names: Sequence[str], level: Level = "series", take: Take = "only"
    ) -> pl.DataFrame:
        """Return elements of all headers side by side, a row a series, event, study or patient.

        ``take`` says which value stands for several: ``only`` (empty where they differ),
        ``first``, ``min``, ``max``, ``mean``.  Beside each stands how many different ones there
        are.  Raises ``SettingsError`` for what is no tag, level or way.
        """
        key = key_of(level, take)
        asked = [self.tag(name) for name in ([names] if isinstance(names, str) else names)]
        if level == "event":
            pairs = self.event_series().select(key, "SeriesInstanceUID")
            return tags_beside(pairs.select(key).unique(), asked, take, pairs)
        units = self.lazy("instance").select(key).unique().collect()
        return tags_beside(units, asked, take, None)

    def sql(self, question: str) -> pl.DataFrame:
        """Return the answer to a question in SQL (DuckDB's) over all tables by their names.

        Raises ``SettingsError`` with what DuckDB says where it does not take it.
        """
        from workbench.survey.questions import TableSource, asked, named_in

        def read() -> pl.DataFrame:
            named = named_in(question, TABLES)
            sources = {name: TableSource(*self._lies(name), TABLES[name].names) for name in named}
            return asked(question, sources)

        return self.store.seen_at_once(read)

    def _lies(self, name: str) -> tuple[list[Path], pl.LazyFrame]:
        if name in self._counted():
            return [], self.lazy(name)
        try:
            return self.store.files(name), self.store.beside_files(name)
        except StoreError:
            return [], self.lazy(name)

    def files(self, name: str) -> list[Path]:
        """Return the Parquet files of a table that count now, for other readers.

        What came in since the last compaction is in none of them (``lazy`` has it).
        """
        return self.store.files(_named(name))

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

    def estimates(self) -> pl.DataFrame:
        """Return the estimates there are: name, quantity, method, table, how many have a value."""
        return estimates(self.store.table("dose_estimate"))

    def doses(self, estimate: str | None = None, *, wide: bool = False) -> pl.DataFrame:
        """One row an event that counts, with an estimate beside it: value, unit or reason.

        ``estimate`` is a name of ``estimates()``; it may be left out where there is only one.
        ``wide`` gives a column for each.  ``table("dose_estimate")`` has a row each.  Raises
        ``SettingsError`` for an estimate that is not there, or where one has to be chosen.
        """
        rows = self.store.table("dose_estimate")
        return doses(self.events(preferred=True), rows, estimate, wide=wide)

    def exams(self, estimates: bool = False) -> pl.DataFrame:
        """One row a study and modality (``schema.cohort_tables.EXAM``).

        Sums are empty unless every scan has its value; ``reasons`` says why.  ``estimates`` adds
        the sum of each estimate, a column each, named as in ``estimates()``.
        """
        events = self.events(preferred=True)
        rows = exams(self.settings.survey.site, events, self.series())
        return with_estimates(rows, *self._wide(events)) if estimates else rows

    def _wide(self, events: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
        stored = self.store.table("dose_estimate")
        return doses(events, stored, wide=True), estimates(stored)["estimate"].to_list()

    def patient_doses(self) -> pl.DataFrame:
        """One row a patient with cumulative doses (``schema.cohort_tables.PATIENT_DOSE``).

        Behind its columns stands the cumulative sum of each estimate, named as in ``estimates()``.
        """
        return patient_doses(self.exams(estimates=True), self.estimates()["estimate"].to_list())

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
        table = _named(name)
        return self.table(table).lazy() if table in self._counted() else self.store.scan(table)

    def table(self, name: str) -> pl.DataFrame:
        """Return any table of ``schema.TABLES`` by its name."""
        table = _named(name)
        counted = self._counted().get(table)
        return TABLES[table].fit(counted()) if counted else self.store.table(table)

    def _counted(self) -> dict[str, Callable[[], pl.DataFrame]]:
        """Return the tables that are counted from others whenever they are asked for."""
        return {
            PATIENT.name: self.patients, STUDY_DOSE.name: self.study_doses,
            ALERT.name: self.alerts, COVERAGE.name: self.coverage, EXAM.name: self.exams,
            PATIENT_DOSE.name: self.patient_doses,
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


def _named(name: str) -> str:
    """Return the name of a table; raises ``SettingsError`` with the nearest for another."""
    table = METHODS.get(name, name)
    if table in TABLES:
        return table
    near = get_close_matches(name, [*TABLES, *METHODS], n=1)
    raise SettingsError(
        "there is no table {name}.",
        "Did you mean {near}?" if near else "There are: {names}.",
        name=data(repr(name)), near=data(near[0] if near else ""), names=listed(map(data, TABLES)),
    )  # fmt: skip
