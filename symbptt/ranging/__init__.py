r"""Where the entries of a model's sequences lie: proved ends, and examples of what is attained.

>>> from symbptt.models import Model
>>> row = ranges_of(Model.named("lstm")).rows[0]
>>> row.symbol(), row.interval()
('f_{t,j}', '(0, 1)')
"""

from .found import ModelRanges, RangeRow, ranges_of

__all__ = ["ModelRanges", "RangeRow", "ranges_of"]
