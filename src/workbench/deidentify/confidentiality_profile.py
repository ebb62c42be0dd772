"""Confidentiality profiles: which attributes leave the hospital, and in which form.

A profile is a TOML file: an allow-list of attributes, the options of PS3.15 annex E in use, and
what of dose reports and private attributes may stay.  Table E.1-1 of PS3.15 is the second net.
The built-in one, ``data/dose.toml``, keeps what a dose study needs and explains itself.

``ConfidentialityProfile.sha256`` covers everything that decides the output: the profile, the
tables, the vocabulary and the version of the engine's rules.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from workbench.deidentify import attribute_rules
from workbench.deidentify.attribute_rules import AttributeRule
from workbench.deidentify.patient_clock import Times
from workbench.deidentify.spellings import fold
from workbench.deidentify.standard_tables import METHOD_CODES, data_bytes, method_codes, vocabulary
from workbench.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

BUILT_IN = "dose.toml"
ENGINE_RULES = "5"  # to be raised whenever engine, values, structured or descriptors decide anew
DECIDING_DATA = ("ps3_15_table_e_1_1.csv", METHOD_CODES, "vocabulary.txt")
# Without pixels there is nothing for the two options on them to keep: pixels and overlays never
# leave, of graphics only their texts, cleaned.
OPTIONS = frozenset(
    {
        "rtn_safe_priv", "rtn_uids", "rtn_dev_id", "rtn_inst_id", "rtn_pat_chars",
        "rtn_long_full", "rtn_long_modif", "clean_desc", "clean_struct", "clean_graph",
    }
)  # fmt: skip

Concept = tuple[str, str]


def _known_options(names: list[str]) -> list[str]:
    unknown = sorted(set(names) - OPTIONS)
    if unknown:
        reason = f"unknown option {unknown[0]}; known are {', '.join(sorted(OPTIONS))}"
        raise ValueError(reason)
    if {"rtn_long_full", "rtn_long_modif"} <= set(names):
        raise ValueError("rtn_long_full and rtn_long_modif exclude each other")
    return names


def _concepts(texts: list[str]) -> list[str]:
    for text in texts:
        if len(text.split(" ", 1)) != 2:
            reason = f"{text!r} is not written as 'code scheme', such as '125203 DCM'"
            raise ValueError(reason)
    return texts


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReportContent(_Form):
    """What of structured reports stays, by concept code."""

    texts: Annotated[list[str], AfterValidator(_concepts)] = []
    plain: Annotated[list[str], AfterValidator(_concepts)] = []
    dropped: Annotated[list[str], AfterValidator(_concepts)] = []


class PrivateBlock(_Form):
    """Private attributes of one creator and group, as low byte (hex) -> VR."""

    creator: str = Field(min_length=1)
    group: int = Field(ge=0x0009, le=0xFFFF)
    elements: dict[
        Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{2}$")],
        Annotated[str, Field(pattern=rf"^({'|'.join(sorted(attribute_rules.KIND_OF_VR))})$")],
    ]


class ProfileFile(_Form):
    """The form of a profile file."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$")
    table_edition: str
    options: Annotated[list[str], AfterValidator(_known_options)] = []
    oldest_age_years: int = Field(default=89, ge=1, le=120)
    keep: dict[str, str]
    plain: list[str] = []
    report: ReportContent = ReportContent()
    private: list[PrivateBlock] = []
    times: Times = Times.EXACT
    known_words_only: bool = False
    words: list[str] = []


class ConfidentialityProfile:
    """A profile, resolved to one rule an attribute.

    Attributes
    ----------
    name, options, oldest_age_years
        As in the file.
    rules
        Rule by tag; an attribute without one is dropped.
    private
        Rule by (creator, group, low byte).
    times
        What becomes of times of day.
    claimed
        The options that an output may claim: times that were changed are not those of the
        option that keeps them, but of the one that modifies them.
    kept_texts, plain_texts, dropped_items
        Concepts (code, scheme) of structured reports.
    reviewed_words
        Words that people have reviewed, folded: descriptions are reduced to them where the
        character set is doubtful.
    known_words
        The same where all descriptions are; ``None`` where they are only cleaned.
    sha256
        Digest of everything that decides the output, 64 hex digits.
    """

    def __init__(self, form: ProfileFile) -> None:
        self.name = form.name
        self.options = frozenset(form.options)
        self.oldest_age_years = form.oldest_age_years
        keywords = [word for group in form.keep.values() for word in group.split()]
        self.times = form.times
        self.claimed = _claimed(self.options, self.times)
        rules = attribute_rules.resolve(keywords, frozenset(form.plain), self.options)
        self.rules = attribute_rules.of_times(rules, self.times)
        self.private = attribute_rules.of_times(_private_rules(form), self.times)
        self.kept_texts = _as_concepts(form.report.texts)
        self.plain_texts = _as_concepts(form.report.plain)
        self.dropped_items = _as_concepts(form.report.dropped)
        self.reviewed_words = vocabulary() | {fold(word) for word in form.words}
        self.known_words = self.reviewed_words if form.known_words_only else None
        self.sha256 = _digest(form)

    def __repr__(self) -> str:
        return f"ConfidentialityProfile({self.name!r}, {self.sha256[:12]})"

    def method_codes(self) -> tuple[tuple[str, str, str], ...]:
        """Return (code, scheme, meaning) of CID 7050 for the profile and its options."""
        return tuple(
            (row["code"], row["scheme"], row["meaning"])
            for row in method_codes()
            if row["option"] == "basic" or row["option"] in self.claimed
        )


def load_profile(path: Path | None = None) -> ConfidentialityProfile:
    """Read a profile file, or the built-in dose profile.

    Raises ``SettingsError``, with the place in the file and a remedy, when it is wrong.
    """
    return _built_in() if path is None else resolved(read_form(path))


@cache
def _built_in() -> ConfidentialityProfile:
    return resolved(read_form(None))


def read_form(path: Path | None) -> ProfileFile:
    """Return a profile file as written; raises ``SettingsError``."""
    return _form(data_bytes(BUILT_IN).decode("utf-8") if path is None else _text(path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            "the confidentiality profile cannot be read", "Name a TOML file in UTF-8."
        ) from None


def _form(text: str) -> ProfileFile:
    try:
        return ProfileFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            "the confidentiality profile is not TOML: {error}", "Correct that line.", error=error
        ) from None
    except ValidationError as error:
        _explain(error)


def resolved(form: ProfileFile) -> ConfidentialityProfile:
    """Return the profile that a file means; raises ``SettingsError``."""
    try:
        return ConfidentialityProfile(form)
    except attribute_rules.NotKeptError as error:
        raise SettingsError(
            "the confidentiality profile cannot keep {keyword}: {reason}",
            "Take it out of the list, or choose an option of PS3.15 that keeps it.",
            keyword=error.keyword,
            reason=error.reason,
        ) from None


def _explain(error: ValidationError) -> NoReturn:
    wrong: dict[str, Any] = dict(error.errors()[0])
    place = ".".join(str(part) for part in wrong["loc"])
    raise SettingsError(
        "the confidentiality profile is wrong at {place}: {reason}",
        "See docs/deidentify.md and the built-in dose.toml for the form.",
        place=place,
        reason=wrong["msg"],
    ) from None


def _private_rules(form: ProfileFile) -> dict[tuple[str, int, int], AttributeRule]:
    if form.private and "rtn_safe_priv" not in form.options:
        raise attribute_rules.NotKeptError(
            "private attributes", "the option rtn_safe_priv is not chosen"
        )
    rules = {}
    for block in form.private:
        if not block.group % 2:
            raise attribute_rules.NotKeptError(
                f"group {block.group:04X}", "private groups are odd (PS3.5 7.8)"
            )
        for element, vr in block.elements.items():
            place = (block.creator.strip(), block.group, int(element, 16))
            rules[place] = attribute_rules.private_rule(vr)
    return rules


def _claimed(options: frozenset[str], times: Times) -> frozenset[str]:
    if times is Times.EXACT or "rtn_long_full" not in options:
        return options
    return options - {"rtn_long_full"} | {"rtn_long_modif"}


def _as_concepts(texts: list[str]) -> frozenset[Concept]:
    split = (text.split(" ", 1) for text in texts)
    return frozenset((code, scheme) for code, scheme in split)


def _digest(form: ProfileFile) -> str:
    digest = hashlib.sha256(f"workbench deidentify {ENGINE_RULES}\n".encode())
    # Exact times are what profiles meant before they could say so.
    unsaid = {"times"} if form.times is Times.EXACT else None
    digest.update(form.model_dump_json(exclude=unsaid).encode("utf-8"))
    for name in DECIDING_DATA:
        digest.update(hashlib.sha256(data_bytes(name)).digest())
    return digest.hexdigest()
