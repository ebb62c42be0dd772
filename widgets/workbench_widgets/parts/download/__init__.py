"""Files that a page hands to its browser."""
