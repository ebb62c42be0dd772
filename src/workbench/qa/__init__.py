"""Image quality: test profiles, verification, regions, phantoms and the QA tests themselves."""
