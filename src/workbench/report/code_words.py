"""What codes of the tables are called on pages; files and tables keep the codes.

A code that is not listed here is shown as it is, with blanks for its underscores.
"""

from __future__ import annotations

from workbench.language import Words, data, mark, t

UNKNOWN = "unknown"
# Regions of the body, as workbench.mapping names them; and what is none, but has its dose.
REGIONS = {
    "abdomen": mark("abdomen"), "abdomen_pelvis": mark("abdomen pelvis"),
    "bolus_tracking": mark("bolus tracking"), "cardiac": mark("cardiac"),
    "cervical_spine": mark("cervical spine"), "chest": mark("chest"),
    "chest_abdomen": mark("chest abdomen"),
    "chest_abdomen_pelvis": mark("chest abdomen pelvis"),
    "chest_lowdose": mark("chest lowdose"), "chest_pe": mark("chest pe"),
    "extremity": mark("extremity"), "head": mark("head"), "head_neck": mark("head neck"),
    "interventional": mark("interventional"), "kub": mark("kub"), "localizer": mark("localizer"),
    "lumbar_spine": mark("lumbar spine"), "neck": mark("neck"),
    "neck_chest": mark("neck chest"),
    "neck_chest_abdomen_pelvis": mark("neck chest abdomen pelvis"),
    "pelvis_hip": mark("pelvis hip"), "petrous_bone": mark("petrous bone"),
    "phantom_qa": mark("phantom qa"), "sinus_facial": mark("sinus facial"),
    "thoracic_spine": mark("thoracic spine"), UNKNOWN: mark("unknown"),
    "virtual_colonoscopy": mark("virtual colonoscopy"),
}  # fmt: skip
AGE_GROUPS = {"adult": mark("adult"), "child": mark("child"), UNKNOWN: mark("unknown")}
VERDICTS = {
    "stored": mark("stored"), "duplicate": mark("duplicate"), "rejected": mark("rejected"),
    "quarantined": mark("quarantined"),
}  # fmt: skip
SOURCES = {"folder": mark("folder"), "network": mark("network")}
SEVERITIES = {"note": mark("note"), "warning": mark("warning"), "error": mark("error")}
# To what a reference level applies (the column scope of its table).
SCOPES = {
    "per sequence": mark("per sequence"), "complete exam": mark("complete exam"),
    "one acquisition": mark("one acquisition"), "one projection": mark("one projection"),
    "procedure": mark("procedure"), "not stated": mark("not stated"),
}  # fmt: skip
# Why an effective dose has no value (workbench.dose), and why a series is not mapped.
REASONS = {
    text: text
    for text in (
        mark("no DLP"), mark("DLP is not a dose"), mark("age unknown"), mark("age is negative"),
        mark("body region unknown"), mark("body region not in the list of regions"),
        mark("tube voltage unknown"), mark("CTDI phantom unknown"),
        mark("the study could not be mapped"),
        mark("the objects have no Series Instance UID"),
        mark("no dose method for this modality"),
        mark("no coefficient for an extremity"), mark("the table has no neck"),
        mark("an intervention may be anywhere in the body"),
        mark("bolus tracking may be anywhere in the body"),
        mark("a topogram without a known region"), mark("a phantom is not a patient"),
    )
}  # fmt: skip
# What is said of an effective dose (its column flags).
FLAGS = {
    "age_above_last_child_column": mark("age above last child column"),
    "age_interpolated_to_adult_column": mark("age interpolated to adult column"),
    "age_below_adult_column": mark("age below adult column"),
    "age_interpolated": mark("age interpolated"),
    "dlp_from_ctdi_vol_and_exposed_length": mark("dlp from ctdi vol and exposed length"),
    "first_of_several_x_ray_sources": mark("first of several x ray sources"),
    "kvp_interpolated": mark("kvp interpolated"),
    "kvp_not_considered": mark("kvp not considered"),
    "kvp_outside_table": mark("kvp outside table"),
    "region_approximated": mark("region approximated"),
    "scanner_spread_of_phantom_factor_not_stated": mark(
        "scanner spread of phantom factor not stated"
    ),
    "sd_log_unshared_not_stated": mark("sd log unshared not stated"),
    "table_phantom_inferred": mark("table phantom inferred"),
}
CODES = FLAGS | SOURCES | REGIONS | AGE_GROUPS | VERDICTS | SEVERITIES | SCOPES | REASONS


def kept_words(text: str) -> Words:
    """Return a sentence of ours that a table keeps in English; one with values stays English."""
    return t(text) if text else Words("")


def code_words(code: str) -> Words:
    """Return what a code is called."""
    return t(CODES[code]) if code in CODES else data(code.replace("_", " "))
