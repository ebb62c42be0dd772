"""Which storage classes and transfer syntaxes to offer a PACS that is to send by C-GET.

An association has room for 128 presentation contexts (PS3.8 section 9.3.2.2: odd numbers below
256), and a compressed object comes as it is only if its transfer syntax has a context of its own.
So the classes that a study is known or likely to have are offered first, with every usual
syntax; the rest of the standard's follows, over further associations, while objects are missing.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydicom import uid
from pynetdicom import AllStoragePresentationContexts

from workbench.collect.received import is_uid

ROOM = 126  # contexts, beside the two of the information models
UNCOMPRESSED = (str(uid.ExplicitVRLittleEndian), str(uid.ImplicitVRLittleEndian))
# Those that PACS keep images in get a context each; of the rest the peer may choose one.
USUAL = tuple(
    str(syntax)
    for syntax in (
        uid.JPEGLosslessSV1,
        uid.JPEG2000Lossless,
        uid.JPEG2000,
        uid.JPEGBaseline8Bit,
        uid.JPEGExtended12Bit,
        uid.JPEGLSLossless,
        uid.RLELossless,
    )
)
RARE = tuple(
    str(syntax)
    for syntax in (
        uid.JPEGLossless,
        uid.JPEGLSNearLossless,
        uid.HTJ2KLossless,
        uid.HTJ2KLosslessRPCL,
        uid.HTJ2K,
        uid.ExplicitVRBigEndian,
        uid.DeflatedExplicitVRLittleEndian,
    )
)
# Image storage classes by modality (PS3.4 annex B.5 with PS3.3 C.7.3.1.1.1); the first digits are
# those of the standard's storage classes.
STORAGE = "1.2.840.10008.5.1.4.1.1."
CLASSES = {
    "CT": ("2", "2.1", "2.2"),
    "MR": ("4", "4.1", "4.3", "4.4"),
    "CR": ("1",),
    "DX": ("1.1", "1.1.1"),
    "PX": ("1.1", "1.1.1"),
    "MG": ("1.2", "1.2.1", "13.1.3", "13.1.4", "13.1.5"),
    "IO": ("1.3", "1.3.1"),
    "XA": ("12.1", "12.1.1", "13.1.1"),
    "RF": ("12.2", "12.2.1"),
    "PT": ("128", "130", "128.1"),
    "NM": ("20",),
    "US": ("6.1", "3.1"),
}
SECONDARY_CAPTURE = f"{STORAGE}7"
# Most likely first, where a PACS tells nothing: CT, projection, mammography, angiography, PET, NM.
LIKELY = ("2", "1", "1.1", "1.2", "12.1", "12.2", "128", "20")
# Dose reports, other structured reports, key objects and presentation states go with any study.
REPORTS = ("88.67", "88.22", "88.11", "88.33", "88.34", "88.68", "88.73", "88.76", "88.59", "11.1")

Offer = tuple[str, tuple[str, ...]]


def offers(classes: Iterable[str], modalities: Iterable[str]) -> list[list[Offer]]:
    """Return what to offer over one association after the other.

    Parameters
    ----------
    told
        SOP Class UIDs that the PACS says are in the study; what is no UID is left out.
    modalities
        Of the study, as far as the PACS tells them.
    """
    every = [str(context.abstract_syntax) for context in AllStoragePresentationContexts]
    first = sorted(sop_class for sop_class in set(classes) if is_uid(sop_class)) or [
        *(f"{STORAGE}{end}" for kind in sorted(modalities) for end in CLASSES.get(kind, ())),
        SECONDARY_CAPTURE,
        *(f"{STORAGE}{end}" for end in LIKELY if not set(modalities) & CLASSES.keys()),
    ]
    reports = [f"{STORAGE}{end}" for end in REPORTS]
    wanted = dict.fromkeys([*first, *reports])
    rest = [sop_class for sop_class in every if sop_class not in wanted]
    return [
        *_packed(
            [
                *((sop_class, UNCOMPRESSED) for sop_class in wanted),
                *(
                    (sop_class, (syntax,))
                    for sop_class in first
                    if sop_class not in reports
                    for syntax in USUAL
                ),
                *((sop_class, RARE) for sop_class in wanted),
            ]
        ),
        # A class of the rest is rare: uncompressed, or in the one syntax the peer likes best.
        *_packed(
            offer
            for sop_class in rest
            for offer in ((sop_class, UNCOMPRESSED), (sop_class, USUAL + RARE))
        ),
    ]


def _packed(contexts: Iterable[Offer]) -> list[list[Offer]]:
    """Deal contexts to associations."""
    every = list(contexts)
    return [every[start : start + ROOM] for start in range(0, len(every), ROOM)]
