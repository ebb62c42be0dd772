"""Whether what a PACS tells as ModalitiesInStudy may be relied on to leave a study out."""

from __future__ import annotations

from collections.abc import Iterable

# Defined terms of Modality (PS3.3 2024c, C.7.3.1.1.1), the retired ones too, without OT: "other"
# stands for whatever a PACS could not name.
DEFINED_TERMS = frozenset((
    "AR", "ASMT", "AU", "BDUS", "BI", "BMD", "CFM", "CR", "CT", "CTPROTOCOL", "DG", "DMS", "DOC",
    "DX", "ECG", "EEG", "EMG", "EOG", "EPS", "ES", "FID", "GM", "HC", "HD", "IO", "IOL", "IVOCT",
    "IVUS", "KER", "KO", "LEN", "LP", "LS", "M3D", "MG", "MR", "NM", "OAM", "OCT", "OP", "OPM",
    "OPT", "OPTBSV", "OPTENF", "OPV", "OSS", "PA", "PLAN", "POS", "PR", "PT", "PX", "REG", "RESP",
    "RF", "RG", "RTDOSE", "RTIMAGE", "RTINTENT", "RTPLAN", "RTRAD", "RTRECORD", "RTSEGANN",
    "RTSTRUCT", "RWV", "SEG", "SM", "SMR", "SR", "SRF", "STAIN", "TEXTUREMAP", "TG", "US", "VA",
    "XA", "XAPROTOCOL", "XC",
    "AS", "CD", "CF", "CP", "CS", "DD", "DF", "DM", "DS", "EC", "FA", "FS", "MA", "MS", "OPR",
    "ST", "VF",
))  # fmt: skip


def all_known(told: Iterable[str]) -> bool:
    """Whether a PACS names modalities, and each by a term that says what it is.

    Otherwise ("*", "OT", "UNKNOWN", nothing) there may be series of any modality.
    """
    named = frozenset(told)
    return bool(named) and named <= DEFINED_TERMS
