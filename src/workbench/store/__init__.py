"""Where state lives: one folder, written by one process, read by any number.

A small relational catalogue (SQLite, WAL) knows every object, its verdict and the list of
immutable Parquet parts that hold the tables.  An object is durable when ``Store.add`` returns;
``Store.compact`` moves what has come in into a part.
"""

from workbench.store.store import Store

__all__ = ["Store"]
