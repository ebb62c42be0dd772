"""Dose screens: Secondary Capture objects with the doses of a study as text in the pixels.

The layout follows the columns each maker is known to use; the letters are a 3 x 5 font of our
own, twice enlarged, so the pages look like no scanner's screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import SecondaryCaptureImageStorage

from workbench.simulate.ct_images import general
from workbench.simulate.datasets import dates_and_times, finish, put
from workbench.simulate.makers import MAKERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from workbench.simulate.plan import Scan, Study

GLYPHS = (
    "0:75557 1:26227 2:71747 3:71717 4:55711 5:74717 6:74757 7:71111 8:75757 9:75717 A:25755 "
    "B:65656 C:34443 D:65556 E:74647 F:74644 G:34553 H:55755 I:72227 J:11152 K:55655 L:44447 "
    "M:57755 N:65555 O:25552 P:65644 Q:25563 R:65655 S:34216 T:72222 U:55557 V:55552 W:55775 "
    "X:55255 Y:55222 Z:71247 .:00002 ,:00024 -:00700 /:11244 (:24442 ):21112 *:05250 #:57575 "
    "::02020 =:07070 <:12421 >:42124"
)
GLYPH_ROWS = {pair[0]: pair[2:] for pair in GLYPHS.split()}
CELL_ROWS, CELL_COLUMNS, ENLARGED = 7, 4, 2
PAGE_ROWS, PAGE_COLUMNS = 256, 512
WHITE = 255


def draw(lines: list[str]) -> NDArray[np.uint8]:
    """Return a page of 256 x 512 grey values with these lines, white on black."""
    page = np.zeros((PAGE_ROWS // ENLARGED, PAGE_COLUMNS // ENLARGED), np.uint8)
    for row, line in enumerate(lines[: page.shape[0] // CELL_ROWS]):
        for column, letter in enumerate(line.upper()[: page.shape[1] // CELL_COLUMNS]):
            for drop, bits in enumerate(GLYPH_ROWS.get(letter, "00000")):
                top, left = row * CELL_ROWS + drop + 1, column * CELL_COLUMNS
                pattern = [WHITE * (int(bits) >> shift & 1) for shift in (2, 1, 0)]
                page[top, left : left + 3] = pattern
    return page.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)


def dose_screen(study: Study) -> Dataset:
    """Return the dose screen of a study, a complete Part 10 dataset."""
    maker = MAKERS[study.maker]
    written = study.moment(study.scans[-1], 60.0)
    page = general(study)
    put(page, {
        "SOPClassUID": SecondaryCaptureImageStorage,
        "SOPInstanceUID": study.uid("screen"),
        "SeriesInstanceUID": study.uid("series", "screen"),
        "InstanceNumber": 1,
        "Modality": "CT",
        "ConversionType": "WSD",
        "PatientOrientation": "",
        "BurnedInAnnotation": "YES",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": PAGE_ROWS,
        "Columns": PAGE_COLUMNS,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
    } | dates_and_times(
        {"Content": written, "InstanceCreation": written}, ["Content", "InstanceCreation"]
    ))  # fmt: skip
    maker.screen(study, page)
    put(page, {"PixelData": draw(list(text(study))).tobytes()})
    return finish(page, maker.scanner.transfer_syntax)


def text(study: Study) -> Iterator[str]:
    """Yield the lines of the page."""
    patient = study.patient
    yield f"{patient.patient_id}  {patient.study_date:%d-%m-%Y}"
    yield study.description
    yield ""
    yield from LAYOUTS[study.maker](study)


def ge_lines(study: Study) -> Iterator[str]:
    """Yield GE's table: series, type, range, CTDIvol, DLP, phantom; scouts have no dose."""
    yield "DOSE REPORT"
    yield "SERIES  TYPE     SCAN RANGE (MM)     CTDIVOL   DLP       PHANTOM"
    yield "                                    (MGY)     (MGY-CM)  CM"
    total = 0.0
    for scan in study.scans:
        technique = scan.technique
        if technique.localizer:
            yield f"{scan.number:<8}SCOUT    -                   -         -         -"
            continue
        total += round(technique.dlp_mgy_cm, 2)
        kind = "HELICAL" if technique.spiral else "AXIAL"
        yield (
            f"{scan.number:<8}{kind:<9}{scan_range(scan):<20}{technique.ctdi_vol_mgy:<10.2f}"
            f"{technique.dlp_mgy_cm:<10.2f}{phantom(scan)}"
        )
    yield f"                TOTAL EXAM DLP:     {total:.2f}"
    yield "1/1"


def scan_range(scan: Scan) -> str:
    """Return first and last location with S (superior) or I (inferior)."""
    ends = (scan.start_mm, scan.start_mm - scan.technique.scan_length_mm)
    return "-".join(f"{'S' if end >= 0 else 'I'}{abs(end):.3f}" for end in ends)


def phantom(scan: Scan) -> str:
    """Return the CTDI phantom as GE names it."""
    return "HEAD 16" if scan.technique.ctdi_phantom_cm == 16 else "BODY 32"


def siemens_lines(study: Study) -> Iterator[str]:
    """Yield Siemens' table: scan, kV, mAs, CTDIvol, DLP (a whole number), rotation, slice."""
    yield "PATIENT PROTOCOL"
    yield "             SCAN  KV   MAS / REF.  CTDIVOL*  DLP     TI    CSL"
    yield "                                    MGY       MGY*CM  S     MM"
    for scan in study.scans:
        technique = scan.technique
        letter = "S" if technique.ctdi_phantom_cm == 16 else "L"
        yield (
            f"{scan.name[:12]:<13}{scan.number:<6}{technique.kvp_kv:<5.0f}"
            f"{technique.effective_mas:<12.0f}{f'{technique.ctdi_vol_mgy:.2f} {letter}':<10}"
            f"{technique.dlp_mgy_cm:<8.0f}{technique.rotation_time_s:<6}"
            f"{technique.single_collimation_mm}"
        )
    used = [scan.technique for scan in study.scans]
    mas = sum(technique.mean_current_ma * technique.exposure_time_s for technique in used)
    dlp = sum(round(scan.technique.dlp_mgy_cm) for scan in study.scans)
    yield f"TOTAL MAS {mas:.0f}  TOTAL DLP {dlp} MGY*CM   *L = 32CM, S = 16CM"


def toshiba_lines(study: Study) -> Iterator[str]:
    """Yield Toshiba's summary and details."""
    exposed = [scan for scan in study.scans if not scan.technique.localizer]
    total = sum(round(scan.technique.dlp_mgy_cm, 1) for scan in exposed)
    head = any(scan.technique.ctdi_phantom_cm == 16 for scan in exposed)
    kind = "(HEAD)" if head else "(BODY)"
    yield "<< DOSE INFORMATION >>"
    yield f"TOTAL DLP(MGYCM) {kind} {total:.1f}"
    yield "<< DETAIL INFORMATION >>"
    for number, scan in enumerate(exposed, 1):
        technique = scan.technique
        yield f"{number}. {scan.name}"
        yield (
            f"   CTDIVOL(MGY) {technique.ctdi_vol_mgy:.1f} {kind}"
            f"   DLP(MGYCM) {technique.dlp_mgy_cm:.1f} {kind}"
        )


def philips_lines(study: Study) -> Iterator[str]:
    """Yield the doses as the header repeats them."""
    yield "DOSE INFORMATION"
    for scan in study.scans:
        technique = scan.technique
        yield (
            f"SERIES #{scan.number}  CTDIVOL={technique.ctdi_vol_mgy:.4g}"
            f"  DLP={technique.dlp_mgy_cm:.1f}"
        )


LAYOUTS = {
    "ge": ge_lines, "siemens": siemens_lines, "toshiba": toshiba_lines, "philips": philips_lines,
}  # fmt: skip
