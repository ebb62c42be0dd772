"""The programs of a workspace that stay: collector, quality watch, pages; and their one parent.

``supervisor`` starts them, each as a process of its own, and starts one again that has ended;
``service_board`` is where it tells how they stand, and is told what a person wants.  Nothing here
imports polars, pydicom or the pages: the parent is there day and night, and small.
"""
