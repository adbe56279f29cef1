r"""Counterexamples to false statements, small enough to be checked by hand.

>>> from symbptt.models import Model
>>> model = Model.parse(r"A, B \in \mathbb{R}^{n \times n}", equations=False)
>>> refute(model, "A B = B A").json()["dims"]
{'n': 2}
"""

from .counterexample import Counterexample
from .refute import SECONDS, refute, refute_claims, refute_links, refute_unproved

__all__ = [
    "SECONDS",
    "Counterexample",
    "refute",
    "refute_claims",
    "refute_links",
    "refute_unproved",
]
