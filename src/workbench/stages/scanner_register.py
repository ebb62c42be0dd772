"""Name the scanners of a survey, merge what is one, split what is two.

::

    survey.scanner_names().scanners                     # what there is, with all spellings
    name_scanner(survey, "Siemens SOMATOM Force, CT01", "CT 1, emergency")
    merge_scanners(survey, ["CT 1, emergency", "Siemens Force"], "CT 1, emergency")

What is decided stands in ``scanners.toml`` of the workspace and holds from the next look on, in
every dashboard and report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workbench.errors import SettingsError
from workbench.rights import Right, needs
from workbench.scanners.device_signs import FoldedSigns
from workbench.scanners.scanner_file import (
    NamedScanner,
    ScannerFile,
    SignPattern,
    changing,
    checked_name,
    write_scanners,
)
from workbench.scanners.scanner_names import ScannerNames, ShownScanner
from workbench.survey import Survey


@needs(Right.DECIDE)
def name_scanner(survey: Survey, scanner: str, name: str, seen: str | None = None) -> None:
    """Show a scanner under another name from now on.

    ``seen`` is the digest of the ``ScannerFile`` that was looked at; when somebody has changed it
    since, ``SettingsError`` is raised and nothing is changed.  So it is for an unknown scanner,
    and for a name that another scanner has.
    """
    _settle(survey, [scanner], name, seen)


@needs(Right.DECIDE)
def merge_scanners(
    survey: Survey, scanners: Sequence[str], name: str, seen: str | None = None,
    *, different_serials: bool = False,
) -> None:  # fmt: skip
    """Make several scanners one, from now on under one name.

    Raises ``SettingsError`` as ``name_scanner`` does, and for scanners with different serial
    numbers unless ``different_serials`` says that this is known.
    """
    if len(set(scanners)) < 2:
        raise SettingsError("nothing was merged.", "Choose two scanners or more.")
    _settle(survey, scanners, name, seen, different_serials=different_serials)


@needs(Right.DECIDE)
def split_scanner(
    survey: Survey, scanner: str, signs: Iterable[FoldedSigns], name: str, seen: str | None = None
) -> None:
    """Make some spellings of a scanner a scanner of its own, under a name of its own.

    ``signs`` are some of the scanner's ``signs``, not all.  Raises ``SettingsError`` as
    ``name_scanner`` does.
    """
    with changing(survey.folder, seen) as file:
        names = survey.scanner_names()
        shown = _known(names, scanner)
        apart = {sign for sign in signs if sign in shown.signs}
        if not apart or len(apart) == len(shown.signs):
            raise SettingsError(
                "nothing was split.", "Choose some of the scanner's spellings, but not all."
            )
        _check_free(names, checked_name(name), ())
        # Both are written down: else what stays would be taken for the same machine again.
        stays = [
            pattern for pattern in _written(file, [scanner])
            if not any(pattern.fits(sign) for sign in apart)
        ]  # fmt: skip
        stays += [_pattern(shown, sign) for sign in shown.signs if sign not in apart]
        new = [_pattern(shown, sign) for sign in shown.signs if sign in apart]
        write_scanners(survey.folder, [
            *_others(file, [scanner]), _named(scanner, stays), _named(name, new),
        ])  # fmt: skip


@needs(Right.DECIDE)
def forget_scanner(survey: Survey, scanner: str, seen: str | None = None) -> None:
    """Take back what people decided of a scanner: its headers speak for themselves again."""
    with changing(survey.folder, seen) as file:
        left = [kept for kept in file.scanners if kept.name != scanner]
        if len(left) == len(file.scanners):
            raise SettingsError("nobody has named that scanner.", "Reload the page.")
        write_scanners(survey.folder, left)


def _settle(
    survey: Survey, scanners: Sequence[str], name: str, seen: str | None,
    *, different_serials: bool = True,
) -> None:  # fmt: skip
    with changing(survey.folder, seen) as file:
        names = survey.scanner_names()
        all_shown = [_known(names, scanner) for scanner in scanners]
        if not different_serials:
            _check_serials(all_shown)
        _check_free(names, checked_name(name), scanners)
        patterns = _written(file, scanners)
        for shown in all_shown:
            patterns += [_pattern(shown, sign) for sign in shown.signs]
        write_scanners(survey.folder, [*_others(file, scanners), _named(name, patterns)])


def _check_serials(scanners: Sequence[ShownScanner]) -> None:
    serials = sorted({serial for shown in scanners for serial in shown.serials})
    if len(serials) > 1:
        raise SettingsError(
            "these scanners have different serial numbers: {serials}.",
            "They are two machines, unless you know better: then say so.",
            serials=", ".join(serials),
        )


def _known(names: ScannerNames, scanner: str) -> ShownScanner:
    shown = names.scanner(scanner)
    if shown is None:
        raise SettingsError("there is no scanner of that name.", "Look at the list again.")
    return shown


def _check_free(names: ScannerNames, name: str, own: Sequence[str]) -> None:
    others = {shown.name.casefold() for shown in names.scanners if shown.name not in own}
    if name.casefold() in others:
        raise SettingsError(
            "another scanner has that name.", "Merge the two, or choose another name."
        )


def _written(file: ScannerFile, scanners: Sequence[str]) -> list[SignPattern]:
    """Return what is written of these scanners, whether a machine has it now or not."""
    return [sign for kept in file.scanners if kept.name in scanners for sign in kept.signs]


def _others(file: ScannerFile, scanners: Sequence[str]) -> list[NamedScanner]:
    return [kept for kept in file.scanners if kept.name not in scanners]


def _pattern(shown: ShownScanner, sign: FoldedSigns) -> SignPattern:
    """Return a sign as its headers spell it most; what they do not say is to stay unsaid."""
    raw = next(spelling for spelling, _ in shown.spellings if spelling.folded == sign)
    return SignPattern(*(text or "" for text in raw))


def _named(name: str, patterns: Iterable[SignPattern]) -> NamedScanner:
    return NamedScanner(checked_name(name), tuple(dict.fromkeys(patterns)))
