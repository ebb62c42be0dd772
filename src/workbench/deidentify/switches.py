"""The switches of ``[protect]``: a profile changed in words that a user knows.

Each switch stands for an option of PS3.15 annex E.  What the changed options no longer keep is
taken off the allow-list, so that a switch needs no list to be edited; what is then in force has
a digest of its own, which every output carries.
"""

from __future__ import annotations

from pathlib import Path

from pydicom.datadict import keyword_for_tag, tag_for_keyword

from workbench.deidentify.attribute_rules import may_be_kept
from workbench.deidentify.confidentiality_profile import (
    ConfidentialityProfile,
    ProfileFile,
    ReportContent,
    load_profile,
    read_form,
    resolved,
)
from workbench.deidentify.patient_clock import Times, stricter
from workbench.deidentify.standard_tables import attribute_actions
from workbench.errors import SettingsError
from workbench.settings import ProtectSettings

DATES = {"moved": {"rtn_long_modif"}, "kept": {"rtn_long_full"}, "removed": set[str]()}


def profile_of(protect: ProtectSettings, folder: Path) -> ConfidentialityProfile:
    """Return the profile in force in a workspace at ``folder``; raises ``SettingsError``."""
    path = folder / protect.profile if protect.profile else None
    if protect == ProtectSettings(profile=protect.profile):
        return load_profile(path)
    if protect == ProtectSettings(profile=protect.profile, times=protect.times):
        return resolved(_timed(read_form(path), protect))
    return resolved(switched(read_form(path), protect, _words(protect, folder)))


def switched(form: ProfileFile, protect: ProtectSettings, words: list[str]) -> ProfileFile:
    """Return the form of a profile under the switches; raises ``SettingsError``."""
    _check_keywords((*protect.keep, *protect.drop))
    options = _options(frozenset(form.options), protect)
    keep = {group: _kept(listed.split(), options, protect) for group, listed in form.keep.items()}
    keep["institution"] = " ".join(_institution()) if protect.institution else ""
    keep["settings"] = " ".join(protect.keep)
    return _timed(form, protect).model_copy(
        update={
            "options": sorted(options),
            "keep": keep,
            "report": form.report
            if protect.report_texts
            else ReportContent(dropped=form.report.dropped),
            "private": form.private if protect.private else [],
            "known_words_only": protect.descriptions == "known words" or form.known_words_only,
            "words": sorted({*form.words, *words}),
        }
    )


def _timed(form: ProfileFile, protect: ProtectSettings) -> ProfileFile:
    """Return a form whose times are the coarser of its own and the switch's."""
    return form.model_copy(update={"times": stricter(form.times, protect.times or Times.EXACT)})


def _options(options: frozenset[str], protect: ProtectSettings) -> frozenset[str]:
    chosen = {
        "rtn_pat_chars": protect.patient_details,
        "rtn_dev_id": protect.devices,
        "rtn_inst_id": protect.institution,
        "rtn_safe_priv": protect.private,
        "clean_desc": protect.descriptions != "removed",
    }
    others = options - chosen.keys() - {"rtn_long_full", "rtn_long_modif"}
    return others | DATES[protect.dates] | {name for name, on in chosen.items() if on}


def _kept(listed: list[str], options: frozenset[str], protect: ProtectSettings) -> str:
    return " ".join(
        keyword
        for keyword in listed
        if keyword not in protect.drop and may_be_kept(keyword, options)
    )


def _institution() -> list[str]:
    rows = attribute_actions().items()
    return [keyword_for_tag(tag) for tag, row in rows if row["rtn_inst_id"] == "K"]


def _check_keywords(keywords: tuple[str, ...]) -> None:
    for keyword in keywords:
        if tag_for_keyword(keyword) is None:
            raise SettingsError(
                "[protect] names {keyword}, which is no keyword of DICOM.",
                "Write keywords as PS3.6 has them, such as SliceThickness.",
                keyword=f"{keyword!r}",
            )


def _words(protect: ProtectSettings, folder: Path) -> list[str]:
    if not protect.words:
        return []
    try:
        lines = (folder / protect.words).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            "the file of known words in [protect] cannot be read.",
            "Name a text file in UTF-8, one word a line.",
        ) from None
    return [word for line in lines if not line.startswith("#") for word in line.split()]
