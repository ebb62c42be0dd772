"""The four makers of simulated CT scanners."""

from __future__ import annotations

from types import MappingProxyType

from workbench.simulate.makers.ge import GE
from workbench.simulate.makers.philips import PHILIPS
from workbench.simulate.makers.siemens import SIEMENS
from workbench.simulate.makers.template import Maker
from workbench.simulate.makers.toshiba import TOSHIBA

MAKERS = MappingProxyType({maker.name: maker for maker in (GE, SIEMENS, PHILIPS, TOSHIBA)})

__all__ = ["MAKERS", "Maker"]
