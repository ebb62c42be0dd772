"""Text burned into pixels: what is done before a person at the hospital is shown an image.

``shown`` is the way in.  ``banners`` knows where devices write names, ``words`` what the header
says to look for, ``ocr`` reads the text of an image, ``matching`` compares the two.  This is a
detector: what it misses is shown.  The promise that pixels do not leave the hospital does not
rest on it.  ``docs/burned-in.md``.
"""
