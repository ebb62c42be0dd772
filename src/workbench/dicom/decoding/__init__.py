"""Pixels decoded where a damaged image can do no harm: in a process of its own, with limits.

Decoders are large C and C++ libraries that a crafted or damaged image can end, hang or fill the
memory of.  So no compressed image is decoded in the process of a page, a report or the quality
watch: ``stored_values`` is the one way in, ``decoder_process`` keeps the process that does it and
``decoder_program`` is what runs there.
"""
