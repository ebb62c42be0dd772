"""The figures of de-identification: ``python -m tests.deidentify.figures [FOLDER of DICOM]``.

Attributes of PS3.15 table E.1-1, hiding places, reports, options, dose attributes; then the
verifier's checks of the outputs made of all of it, and of the files of a folder.
"""

from __future__ import annotations

import sys
import tempfile
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.deidentify import test_engine as engine
from tests.deidentify import test_structured as structured
from tests.deidentify.conftest import KEY
from tests.deidentify.options import results
from tests.deidentify.test_standard_tables import COMMAND_GROUPS, canaries, nested, permitted
from tests.verify.cases import scheme, write_originals, write_outputs
from workbench.deidentify.confidentiality_profile import load_profile
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.pseudonym import Pseudonyms
from workbench.verify.demands import Promise
from workbench.verify.verify import verify

DEIDENTIFIER = Deidentifier(load_profile(), Pseudonyms(KEY, "EPI-CT", "LU01"))
TIMES = "hour"  # as new surveys promise
OPTIONS = DEIDENTIFIER.profile.options


def say(what: str, good: int, of: int) -> bool:
    """Print one figure; say whether it is whole."""
    print(f"{what:58}{good:8,} of {of:,}{'' if good == of else '   <- not all'}")
    return good == of


def patient() -> Dataset:
    data = Dataset()
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    data.SOPInstanceUID, data.StudyInstanceUID = "1.2.826.0.1.55.1", "1.2.826.0.1.55.2"
    data.SeriesInstanceUID, data.Modality = "1.2.826.0.1.55.3", "CT"
    data.PatientName, data.PatientID = "Quixoteberg^Zelda", "P7301-44"
    data.PatientBirthDate, data.StudyDate, data.StudyTime = "19800312", "20210811", "101112"
    data.InstitutionName, data.ReferringPhysicianName = "Xanadu Spital", "Brontosau^Otto"
    return data


def is_gone(source: Dataset, text: str) -> bool:
    """Say whether a text is nowhere in the output of a data set, as a file and as JSON."""
    made = DEIDENTIFIER.apply(source).dataset
    buffer = BytesIO()
    for keyword in ("MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID"):
        if keyword not in made.file_meta:
            setattr(made.file_meta, keyword, "1.2.3")
    made.save_as(buffer, enforce_file_format=True)
    whole = buffer.getvalue() + made.to_json(suppress_invalid_tags=True).encode()
    return text.lower().encode() not in whole.lower()


def reread(data: Dataset, implicit: bool) -> Dataset:
    buffer = BytesIO()
    data.save_as(buffer, implicit_vr=implicit, little_endian=True)
    return dcmread(BytesIO(buffer.getvalue()), force=True)


def attributes(layout: str) -> tuple[int, int]:
    """Return how many attributes' canaries are gone, and how many were tested."""
    good = total = 0
    for tag, data, hidden in canaries(patient(), OPTIONS):
        shown = nested(data, patient()) if "nested" in layout else data
        if "VR" in layout:
            if tag >> 16 in COMMAND_GROUPS:
                continue  # cannot be written into a data set
            shown = reread(shown, "Implicit" in layout)
        gone = is_gone(shown, hidden)
        if gone or not permitted(tag, OPTIONS):
            total += 1
            good += gone
    return good, total


def places() -> tuple[int, int]:
    good = 0
    for place in engine.PLACES:
        data = patient()
        engine.hide(data, place)
        good += is_gone(data, engine.SECRET)
    return good, len(engine.PLACES)


def reports() -> tuple[int, int]:
    (mark,) = (
        one for one in structured.test_what_must_not_leave.pytestmark if one.name == "parametrize"
    )
    items = mark.args[1]
    good = sum(
        is_gone(structured.report(patient(), item), "1931" if "Date" in item else structured.SECRET)
        for item in items
    )
    return good, len(items)


def dose() -> tuple[int, int]:
    """Return how many dose attributes come out as they went in."""
    data = patient()
    for keyword, value in engine.DOSE.items():
        setattr(data, keyword, value)
    made = DEIDENTIFIER.apply(data).dataset
    good = sum(
        keyword in made and made[keyword].value == data[keyword].value for keyword in engine.DOSE
    )
    return good, len(engine.DOSE)


def verified(source: Path, target: Path):
    """De-identify the files of a folder into another, and check that independently."""
    write_outputs(source, target, TIMES)
    return verify(source, target, scheme(), None, Promise(TIMES))


def main(folders: list[str]) -> int:
    whole = [
        say(f"attributes of table E.1-1 gone, {layout}", *attributes(layout))
        for layout in ("top level", "nested", "Explicit VR", "Implicit VR", "nested Implicit VR")
    ]
    whole.append(say("hiding places empty", *places()))
    whole.append(say("items of reports clean", *reports()))
    for option, found in results(patient()).items():
        whole.append(say(f"option {option} honoured", sum(ok for _, ok in found), len(found)))
    whole.append(say("dose attributes kept", *dose()))
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary) / "made"
        write_originals(made)
        for number, source in enumerate([made, *map(Path, folders)]):
            done = verified(source, Path(temporary) / f"out{number}")
            what = "made files" if not number else "your files"
            passed = done.checks - len(done.failures)
            whole.append(say(f"checks of the verifier, {done.outputs} {what}", passed, done.checks))
    print("Speed: python -m benchmarks.deidentify")
    return 0 if all(whole) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
