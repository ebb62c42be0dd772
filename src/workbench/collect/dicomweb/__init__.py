"""DICOMweb (PS3.18): asking by QIDO-RS, fetching by WADO-RS."""
