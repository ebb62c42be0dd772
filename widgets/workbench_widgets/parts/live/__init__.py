"""A part of a page that Python writes, shown without blinking."""
