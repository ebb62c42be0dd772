"""Verify a folder of outputs against the folder of originals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import pydicom

from workbench.errors import IdentityError
from workbench.verify import demands
from workbench.verify.checks import Pair, Result, failures
from workbench.verify.folder_checks import FolderOrder
from workbench.verify.folder_times import FolderTimes
from workbench.verify.original_people import people_of, uids_of
from workbench.verify.other_patients import FolderPatients
from workbench.verify.pairs import Original, Output, digest_of, originals, outputs
from workbench.verify.result import Action, Category, Failure, Verification
from workbench.verify.scheme import Scheme


def verify(
    source: Path,
    target: Path,
    scheme: Scheme,
    profile: Path | None = None,
    promise: demands.Promise = demands.NO_PROMISE,
) -> Verification:
    """Check every file below ``target`` against the original it was made of, below ``source``.

    ``scheme`` holds the hospital's key: only with it can an output be matched with its original
    for certain, and a pseudonym be told from an accident.  ``profile`` is the profile file whose
    list of private attributes applies, where it is not the built-in one.  ``promise`` is what the
    survey promises of times of day; without it they are not checked, which the result says.

    Raises ``IdentityError`` when one of the folders holds no file.
    """
    done = Verification()
    known = _originals(source, done)
    original_of = {scheme.uid(uid): uid for uid in known} | {uid: uid for uid in known}
    private = demands.safe_private(profile)
    owners: dict[str, tuple[str, str]] = {}
    taken: set[str] = set()
    order, clocks = FolderOrder(), FolderTimes(promise.times)
    compare = Comparison(scheme, private, FolderPatients(chain(*known.values())), promise)
    for output in outputs(target):
        done.outputs += 1
        # An output that kept its UID is matched too, and fails for that.
        uid = original_of.get(str(output.data.get("SOPInstanceUID") or ""), "")
        if uid not in known or uid in taken:
            done.failures.append(_unmatched(output, uid in taken))
            continue
        taken.add(uid)
        original, results = compare.best(known[uid], output)
        for check, failure in results:
            _count(done, check[0], check[1], failure)
        _owner(done, output, original, owners)
        order.add(original, output)
        clocks.add(original, output)
    if not done.inputs or not done.outputs:
        raise IdentityError(
            "there is nothing to verify.", "Name the folder of originals and that of the outputs."
        )
    for failure in order.failures():
        _count(done, Action.PATID_CONSISTENT, Category.PRACTICE, failure)
    for failure in clocks.failures():
        _count(done, Action.DATE_SHIFTED, Category.PRACTICE, failure)
    done.unchecked = clocks.unchecked()
    done.refused = len(known.keys() - taken)
    done.about = _about(source, target, scheme)
    return done


def _originals(source: Path, done: Verification) -> dict[str, list[Original]]:
    """Return originals by SOP Instance UID, which two different files may share."""
    known: dict[str, list[Original]] = {}
    for original in originals(source):
        done.inputs += 1
        if original is None:
            done.unread += 1
        else:
            known.setdefault(original.sop_instance, []).append(original)
    return known


@dataclass(frozen=True, repr=False)
class Comparison:
    """What every output of a folder is compared with beside its original."""

    scheme: Scheme
    private: frozenset[tuple[str, int, int]]
    patients: FolderPatients
    promise: demands.Promise

    def best(self, candidates: list[Original], output: Output) -> tuple[Original, list[Result]]:
        """Check an output against the original it fits best."""
        options = options_of(output)
        tried = []
        for original in candidates:
            words, uids = people_of(original.found, options), uids_of(original.found, options)
            pair = Pair(
                original, output, options, self.scheme, words, uids, self.private, self.patients,
                self.promise,
            )  # fmt: skip
            results = list(failures(pair))
            tried.append((sum(failure is not None for _, failure in results), original, results))
        _, original, results = min(tried, key=lambda attempt: attempt[0])
        return original, results


def options_of(output: Output) -> frozenset[str]:
    """Return the codes of the options that an output claims in (0012,0064)."""
    items = output.data.get("DeidentificationMethodCodeSequence") or []
    codes = {str(item.get("CodeValue")) for item in items}
    return demands.OPTIONS & codes


def _count(done: Verification, action: Action, category: Category, failure: Failure | None) -> None:
    if failure is None:
        done.passed[action, category] += 1
    else:
        done.failures.append(failure)


def _unmatched(output: Output, twice: bool) -> Failure:
    what = (
        "a second output of one original" if twice
        else "it cannot be read" if not output.found
        else "no original has this SOP Instance UID under this key"
    )  # fmt: skip
    return Failure(Action.UID_CONSISTENT, Category.DICOM, output.number, "SOPInstanceUID", what)


def _owner(
    done: Verification, output: Output, original: Original, owners: dict[str, tuple[str, str]]
) -> None:
    pseudonym = str(output.data.get("PatientID") or "")
    issuer, identifier = original.who
    who = issuer.strip(), identifier.strip()
    merged = owners.setdefault(pseudonym, who) != who
    failure = (
        Failure(
            Action.PATID_CONSISTENT, Category.HIPAA, output.number, "PatientID",
            "two patients share this pseudonym",
        )
        if merged
        else None
    )  # fmt: skip
    _count(done, Action.PATID_CONSISTENT, Category.HIPAA, failure)


def _about(source: Path, target: Path, scheme: Scheme) -> dict[str, str]:
    return {
        "verified": datetime.now(UTC).isoformat(timespec="seconds"),
        "workbench": version("workbench"),
        "pydicom": pydicom.__version__,
        "PS3.15 table E.1-1": demands.EDITION,
        "key fingerprint": scheme.fingerprint,
        "SHA-256 of the originals": digest_of(source),
        "SHA-256 of the outputs": digest_of(target),
    }
