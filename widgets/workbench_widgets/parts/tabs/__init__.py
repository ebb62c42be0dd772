"""A page of sections in tabs."""
