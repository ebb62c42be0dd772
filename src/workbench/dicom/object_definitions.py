"""Which attributes an object can have, by its SOP class: the standard's object definitions (PS3.3).

``data/README.md`` says where the tables come from.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pydicom.datadict import keyword_for_tag

DATA = files("workbench.dicom") / "data"
IMAGE_MODULES = frozenset({"general-image", "image-pixel", "multi-frame-functional-groups"})
PRIVATE = 1  # odd groups (PS3.5 7.8)


@cache
def _table(name: str) -> Mapping[str, str]:
    rows = csv.reader((DATA / name).read_text("ascii").splitlines()[1:])
    return dict(rows)


@cache
def modules_of(sop_class: str) -> frozenset[str]:
    """Return the modules of a storage SOP class's objects; nothing for one that is not known."""
    iod = _table("sop_classes.csv").get(sop_class, "")
    return frozenset(_table("iod_modules.csv").get(iod, "").split())


@cache
def _attributes_of(sop_class: str) -> frozenset[str]:
    attributes = _table("module_attributes.csv")
    return frozenset(word for name in modules_of(sop_class) for word in attributes[name].split())


def is_image(sop_class: str) -> bool:
    """Whether objects of a SOP class are images; what is not known is taken for one."""
    modules = modules_of(sop_class)
    return not modules or bool(modules & IMAGE_MODULES)


def can_have_any(tag: int) -> bool:
    """Whether an object of any SOP class can have an attribute at its top level."""
    return any(can_have(sop_class, tag) for sop_class in _table("sop_classes.csv"))


def can_have(sop_class: str, tag: int) -> bool:
    """Whether an object can have an attribute at its top level.

    Of a SOP class that is not known, any; private attributes stand in images.
    """
    if not modules_of(sop_class):
        return True
    if tag >> 16 & PRIVATE:
        return is_image(sop_class)
    return keyword_for_tag(tag) in _attributes_of(sop_class)
