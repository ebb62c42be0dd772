"""From instances to series and irradiation events: tables in, tables out.

``application`` is the line: kinds of objects, series, events of the image headers, of dose
sequences and of dose reports, and which of them counts.  Facts about makers are data
(``vendors/*.toml``), as are body regions and unit codes (``data/*.csv``).
"""

from workbench.mapping.application import Mapped, map_instances
from workbench.mapping.study_isolation import MappingAttempt, map_apart, together

__all__ = ["Mapped", "MappingAttempt", "map_apart", "map_instances", "together"]
