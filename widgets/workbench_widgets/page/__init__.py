"""Pages that Python writes, in tabs: what the collector's and the quality page have in common."""
