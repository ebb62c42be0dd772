"""The buttons of the stages: they do the work, say what was done, and can be stopped."""

from __future__ import annotations

import threading
from io import BytesIO
from zipfile import ZipFile

import polars as pl
import pytest

from tests.language.unmarked import wrong_in_text
from tests.report.report_frames import scans
from workbench import create_survey, open_survey
from workbench.errors import SettingsError
from workbench.language import settle_language, t
from workbench.model import ApplicationEntity
from workbench.schema import IRRADIATION_EVENT
from workbench.settings import CollectSettings, EntitySettings, Settings
from workbench.simulate.hospital import simulate_hospital
from workbench.simulate.pacs import EmbeddedPacs
from workbench.simulate.peers import free_port
from workbench.stages import importing
from workbench_widgets.pages.explore.stage_buttons import ESTIMATE, IMPORT, MAP, Export, Stages
from workbench_widgets.parts.tabs.tabs import sentence


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hospital")
    simulate_hospital(seed=1, patients=2).write(folder)
    return folder


@pytest.fixture
def survey(tmp_path):
    survey = create_survey(tmp_path / "workspace")
    yield survey
    survey.close()


def press(stages, name):
    """Press a button and wait for the end of its stage; the buttons are off meanwhile."""
    ended, off = threading.Event(), []

    def look(change):
        off.append(all(button.disabled for button in stages._buttons))
        if not change.new:
            ended.set()

    stages.observe(look, "running")
    next(one for one in stages._buttons if one.description == name).click()
    assert ended.wait(120)
    stages.unobserve(look, "running")
    assert off == [True, False]
    return stages.message


def test_the_three_buttons_take_files_to_dose_estimates(survey, files):
    stages = Stages(survey)
    stages._folder.value = str(files)
    assert press(stages, "Import a folder").startswith("Import is done: ")
    assert press(stages, "Map").startswith("Mapping is done: ")
    assert press(stages, "Estimate doses").startswith("Doses are estimated: ")
    assert survey.events().height > 0
    assert survey.table("dose_estimate").height > 0
    assert not stages.running
    assert not any(button.disabled for button in stages._buttons)
    assert survey.runs()["outcome"].to_list() == ["done"] * 3


def test_a_stopped_import_keeps_what_it_has_and_goes_on_when_started_again(
    survey, files, monkeypatch
):
    monkeypatch.setattr(importing, "FILES_A_TASK", 5)
    stages = Stages(survey)
    stages._folder.value = str(files)
    stages.observe(lambda _: stages._stop.click(), "message")  # at the first word of progress
    assert press(stages, "Import a folder").startswith("The work was stopped.")
    stages.unobserve_all("message")
    first = survey.table("instance").height
    assert press(stages, "Import a folder").startswith("Import is done")
    whole = survey.table("instance")
    assert first < whole.height
    assert whole["SOPInstanceUID"].n_unique() == whole.height
    assert survey.runs()["outcome"].to_list() == ["failed", "done"]


@pytest.mark.parametrize("folder", ["", "  ", "no/such/folder"])
def test_a_folder_that_is_not_there_is_one_sentence_without_its_name(survey, folder):
    stages = Stages(survey)
    stages._folder.value = folder
    said = press(stages, "Import a folder")
    assert said == "There is no such folder. Type the path of a folder of files."


def test_stop_is_offered_where_it_works(survey):
    stages = Stages(survey)
    assert stages._stop.disabled
    offered = []
    stages.observe(lambda change: offered.append(not stages._stop.disabled), "running")
    press(stages, "Import a folder")
    press(stages, "Map")
    assert offered == [True, False, False, False]


def test_a_second_stage_waits_for_the_first(survey):
    stages = Stages(survey)
    stages.running = True
    assert stages.run("Map") is None


def test_an_error_that_is_not_ours_tells_its_kind_and_nothing_of_its_text():
    assert "DOE" not in sentence(ValueError("DOE^JANE"))
    assert "ValueError" in sentence(ValueError("DOE^JANE"))
    missing = FileNotFoundError(2, "No such file or directory", "/data/DOE_JANE.dcm")
    assert sentence(missing) == "A file could not be read or written: No such file or directory."
    assert sentence(SettingsError("it is wrong.", "Mend it.")) == "It is wrong. Mend it."


def handed(export):
    """Return what an export hands to its page: the files by name."""
    told = []
    export.downloads.send = lambda message, buffers: told.append((message, buffers))
    assert export.write()
    ((message, (content,)),) = told
    assert message["file"] in export.message
    if not message["file"].endswith(".zip"):
        return {message["file"]: content}
    with ZipFile(BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_an_export_goes_to_the_browser_with_its_codebook(survey, suffix):
    survey.store.publish({IRRADIATION_EVENT.name: scans({}, {"protocol": "=1+1"})})
    export = Export(survey)
    export._format.value = suffix
    files = handed(export)
    assert export.message.startswith("2 rows. ")
    (table,) = [name for name in files if name.endswith(suffix) and name.count(".") == 1]
    assert table.startswith("irradiation_event_")
    if suffix == ".parquet":
        assert pl.read_parquet(BytesIO(files[table])).height == 2
    if suffix == ".csv":
        assert "'=1+1" in files[table].decode()
    assert len(files) == (1 if suffix == ".xlsx" else 3)
    assert "irradiation_event" not in str(export.downloads.get_state())


def test_every_table_can_be_exported(survey):
    export = Export(survey)
    export.downloads.send = lambda *_: None
    for _, name in export._table.options:
        export._table.value = name
        assert export.write(), name


def test_an_export_that_cannot_be_written_is_one_sentence(survey):
    (survey.folder / "exports").write_text("in the way")
    export = Export(survey)
    assert not export.write()
    assert export.message.startswith("A file could not be read or written")


def test_the_survey_a_page_reads_sees_what_the_thread_wrote(survey, files):
    stages = Stages(survey)
    stages._folder.value = str(files)
    press(stages, "Import a folder")
    other = open_survey(survey.folder)
    assert other.table("instance").height == survey.table("instance").height > 0
    other.close()


def test_a_patient_list_is_collected_from_the_pacs_of_the_settings(tmp_path, files):
    local = ApplicationEntity("WORKBENCH", port=free_port())
    pacs = ApplicationEntity("PACS", port=free_port())
    listed = tmp_path / "patients.txt"
    listed.write_text("\n".join(simulate_hospital(seed=1, patients=2).patient_ids), "utf-8")
    settings = Settings(
        local=EntitySettings.of(local), pacs=EntitySettings.of(pacs),
        collect=CollectSettings(pause_s=0.0),
    )  # fmt: skip
    survey = create_survey(tmp_path / "workspace", settings)
    stages = Stages(survey)
    assert "one patient ID a line" in press(stages, "Collect patients")
    stages._patients.value = str(listed)
    with EmbeddedPacs(pacs, tmp_path / "pacs", {local.title: local}) as archive:
        archive.load(path for path in files.rglob("*") if path.is_file())
        said = press(stages, "Collect patients")
    assert said.startswith("Collection is done. Patients: ")
    assert "complete" in said
    assert survey.table("instance").height > 0
    survey.close()


def test_nothing_is_left_in_english(survey, files):
    settle_language("xx")  # a stage runs in a thread of its own
    try:
        stages, export = Stages(survey), Export(survey)
        stages._folder.value = str(files)
        said = [button.description for button in (*stages._buttons, stages._stop)]
        said += [stages.message, stages._folder.description, export._table.description]
        stages.observe(lambda change: said.append(change.new), "message")
        for name in (IMPORT, MAP, ESTIMATE):
            press(stages, t(name))
        export.write()
        said.append(export.message)
    finally:
        settle_language("en")
    assert len(said) > 12
    for text in said:
        assert wrong_in_text(text) == []
