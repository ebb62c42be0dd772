"""Changed compressed images end as images or as a reason; ``python -m tests.fuzz.images`` goes on.

The longer run counts 5,000; here each kind of image is tried as often as some seconds allow.
"""

from __future__ import annotations

import random

from tests.dicom.decoding.compressed_images import KINDS, all_files
from tests.fuzz.changed_images import DECODED, changed, fate, tried

EACH = 8


def test_unchanged_images_are_decoded() -> None:
    assert {fate(content) for _, content in all_files()} == {DECODED}


def test_changed_images() -> None:
    outcomes = tried(EACH * len(KINDS), seed=5)
    assert outcomes.tried == EACH * len(KINDS)
    assert outcomes.hangs == 0
    assert set(outcomes.codes) == {str(kind) for kind in KINDS}
    assert outcomes.total(DECODED) > EACH  # else nothing but refusals was looked at
    assert outcomes.total("pixels_damaged") > EACH
    assert str(outcomes.total(DECODED)) in outcomes.table()


def test_changes_differ_and_come_again_with_their_seed() -> None:
    _, content = next(all_files())
    once, again = (
        [changed(content, random.Random(seed)) for seed in range(50)] for _ in range(2)
    )  # fmt: skip
    assert once == again
    assert len(set(once)) > 40
    assert sum(len(one) == len(content) for one in once) > 20
