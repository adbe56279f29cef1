"""Passes over the loop IR: functions from ``Program`` to ``Program`` that keep what it computes.

``PASSES`` has them by name in the order in which they run. None knows any model: what may move
where follows from which elements statements read and write.
"""

from .run import DEFAULT, PASSES, checked, optimise

__all__ = ["DEFAULT", "PASSES", "checked", "optimise"]
