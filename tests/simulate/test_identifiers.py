"""UIDs of simulated objects: valid, the same for the same seed, and no two for two things."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.simulate.identifiers import derived_uid


@given(st.integers(), st.lists(st.text() | st.integers()))
def test_a_derived_uid_is_one_of_the_standard_and_repeats(seed: int, parts: list[object]) -> None:
    uid = derived_uid(seed, *parts)
    assert uid.is_valid
    assert len(uid) <= 64
    assert uid.startswith("2.25.")  # PS3.5 annex B.2
    assert uid == derived_uid(seed, *parts)


def test_seed_and_every_part_count() -> None:
    made = {
        derived_uid(seed, *parts) for seed in (1, 2) for parts in ((), ("a",), ("b",), ("a", 1))
    }
    assert len(made) == 8
