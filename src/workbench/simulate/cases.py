"""Who comes to the simulated hospital, and what is odd about each study.

The first dozen patients cover the makers, ages, languages, ways of reporting dose and blemishes
that a survey meets; further patients repeat the list with other numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

BLEMISHES = (
    "no_protocol_name",
    "unknown_region",
    "unknown_age",
    "odd_manufacturer",
    "no_phantom_code",
)
"""no_protocol_name: ProtocolName is absent in the images; unknown_region: protocol and descriptions
name no body region; unknown_age: neither age nor birth date; odd_manufacturer: the manufacturer
in another case; no_phantom_code: the dose report names no CTDI phantom."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One patient's CT study in outline.

    Attributes
    ----------
    report
        ``rdsr`` one dose report, ``cumulative`` one after each event, each repeating the earlier
        ones, ``none`` no dose report.
    screen
        Whether a dose screen is stored.
    child_phantom_cm
        CTDI phantom in which this scanner reports a child's body scan.
    """

    maker: str
    exam: str
    age: float
    sex: str
    language: str
    report: str = "rdsr"
    screen: bool = True
    child_phantom_cm: int = 32
    sequenced: bool = False
    blemishes: frozenset[str] = frozenset()


CASES = (
    Case(maker="ge", exam="chest_abdomen_pelvis", age=63, sex="M", language="en"),
    Case(maker="siemens", exam="chest", age=54, sex="F", language="de"),
    Case(maker="philips", exam="head", age=71, sex="M", language="fr", report="none"),
    Case(maker="toshiba", exam="abdomen_pelvis", age=45, sex="F", language="fr",
         blemishes=frozenset({"no_phantom_code"})),
    Case(maker="siemens", exam="chest", age=7, sex="M", language="de"),
    Case(maker="ge", exam="abdomen_pelvis", age=4, sex="F", language="en", child_phantom_cm=16),
    Case(maker="siemens", exam="chest_abdomen_pelvis", age=60, sex="F", language="de",
         report="cumulative"),
    Case(maker="philips", exam="chest", age=11, sex="F", language="en", report="none",
         screen=False),
    Case(maker="toshiba", exam="neck", age=58, sex="M", language="en", report="none",
         screen=False),
    Case(maker="siemens", exam="head", age=38, sex="F", language="de", report="none",
         screen=False, sequenced=True,
         blemishes=frozenset({"no_protocol_name", "unknown_age"})),
    Case(maker="ge", exam="lumbar_spine", age=49, sex="M", language="fr", report="none",
         blemishes=frozenset({"odd_manufacturer"})),
    Case(maker="philips", exam="abdomen_pelvis", age=1.2, sex="F", language="fr", report="none",
         blemishes=frozenset({"unknown_region"})),
)  # fmt: skip
