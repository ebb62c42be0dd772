"""Words of descriptions that nobody has reviewed yet, for a person at the hospital to look at."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from pydicom.datadict import dictionary_VR, keyword_for_tag

from workbench.deidentify.attribute_rules import Kind
from workbench.deidentify.confidentiality_profile import ConfidentialityProfile
from workbench.deidentify.dataset_elements import texts
from workbench.deidentify.descriptors import is_known_word
from workbench.deidentify.identity import WORD
from workbench.dicom.files import candidates
from workbench.dicom.reader import HeaderReader
from workbench.errors import ReadError

OWNER_ONLY = 0o600
HEAD = (
    "# Words of descriptions that are not in the vocabulary, the most frequent first.\n"
    "# They may be names: keep this file in the hospital.  Take out what names or describes a\n"
    '# person, then name the file as words in [protect], with descriptions = "known words".\n'
)


def unknown_words(source: Path, profile: ConfidentialityProfile) -> Counter[str]:
    """Count the unknown words of all kept descriptions in the files below ``source``."""
    tags = [tag for tag, rule in profile.rules.items() if rule.kind is Kind.TEXT]
    known = profile.reviewed_words
    counts: Counter[str] = Counter()
    reader = HeaderReader()
    for candidate in candidates([source]):
        try:
            data = candidate.read(reader).dataset
        except ReadError:
            continue
        for tag in tags:
            element = data.get_item(tag)
            if element is not None and keyword_for_tag(tag):
                for text in _texts(element, data, dictionary_VR(tag)):
                    counts.update(word for word in WORD.findall(text) if _is_unknown(word, known))
    return counts


def _texts(element: object, data: object, vr: str) -> list[str]:
    try:
        return texts(element, data, vr)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - a value nobody can read is dropped by the engine, with a finding
        return []


def _is_unknown(word: str, known: frozenset[str]) -> bool:
    return not is_known_word(word, known) and not word.isdigit()


def write_words(counts: Counter[str], target: Path) -> None:
    """Write words one a line into a file that only its owner may read."""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), OWNER_ONLY)
        file.write(HEAD)
        file.writelines(f"{word}\n" for word, _ in counts.most_common())
