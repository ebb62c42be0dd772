"""What a hospital examines: body regions, their names in three languages, ranges and currents.

Currents are chosen so that adult doses lie near the national reference levels (for instance
UKHSA 2022: chest 8.5 mGy, chest-abdomen-pelvis 660 mGy.cm); they are nobody's protocols.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Exam:
    """One kind of CT examination.

    Attributes
    ----------
    names
        Language to study description and protocol name.
    phases
        Whether contrast is given, one entry a scan: ``(False, True)`` is plain, then contrast.
    adult_length_mm, adult_ctdi_vol_mgy
        Scan length and CTDIvol aimed at for an adult, at the pitch and 120 kV.
    """

    region: str
    names: Mapping[str, tuple[str, str]]
    phases: tuple[bool, ...]
    adult_length_mm: float
    adult_ctdi_vol_mgy: float
    pitch: float
    head_phantom: bool = False
    sequenced: bool = False
    watch_contrast: bool = False

    @property
    def label(self) -> str:
        """Name in series descriptions, English as on the console."""
        return self.names["en"][1]


def _exam(region: str, en: str, de: str, fr: str, **details: object) -> tuple[str, Exam]:
    names = {
        language: (description.strip(), protocol.strip())
        for language, (description, protocol) in zip(
            ("en", "de", "fr"), (text.split("|") for text in (en, de, fr)), strict=True
        )
    }
    return region, Exam(region=region, names=MappingProxyType(names), **details)  # type: ignore[arg-type]


EXAMS: Mapping[str, Exam] = MappingProxyType(dict((
    _exam(
        "head", "CT Brain w/o contrast|Head Routine", "CT Schädel|Schädel nativ",
        "Scanner cérébral|Crâne sans injection",
        phases=(False,), adult_length_mm=153.6, adult_ctdi_vol_mgy=47.0, pitch=0.55,
        head_phantom=True,
    ),
    _exam(
        "neck", "CT Neck soft tissue|Neck soft tissue", "CT Hals mit KM|Hals KM",
        "Scanner du cou|Cou avec injection",
        phases=(True,), adult_length_mm=240.0, adult_ctdi_vol_mgy=11.0, pitch=0.9,
    ),
    _exam(
        "chest", "CT Chest|Chest routine", "CT Thorax|Thorax nativ",
        "Scanner thoracique|Thorax sans injection",
        phases=(False,), adult_length_mm=320.0, adult_ctdi_vol_mgy=8.0, pitch=1.2,
    ),
    _exam(
        "abdomen_pelvis", "CT Abdomen and pelvis|Abdomen Pelvis",
        "CT Abdomen Becken|Abdomen-Becken pv", "Scanner abdomino-pelvien|Abdomino-pelvien",
        phases=(False, True), adult_length_mm=450.0, adult_ctdi_vol_mgy=10.0, pitch=0.984,
    ),
    _exam(
        "chest_abdomen_pelvis", "CT Chest Abdomen Pelvis|Chest Abdomen Pelvis",
        "CT Thorax Abdomen Becken|Thorax Abdomen Becken",
        "Scanner thorax abdomen pelvis|Thorax abdomen pelvis",
        phases=(True,), adult_length_mm=640.0, adult_ctdi_vol_mgy=9.0, pitch=0.984,
        watch_contrast=True,
    ),
    _exam(
        "lumbar_spine", "CT Lumbar spine|Lumbar spine", "CT LWS|LWS Spirale",
        "Scanner du rachis lombaire|Rachis lombaire",
        phases=(False,), adult_length_mm=200.0, adult_ctdi_vol_mgy=14.0, pitch=0.55,
    ),
)))  # fmt: skip
