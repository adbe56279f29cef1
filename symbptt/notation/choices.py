"""What notation leaves open, how it is decided, and a record of the decisions.

A note says how one piece of a text was read where it could have been read otherwise. It is data:
an id of NOTES with values for its slots, put into words where it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

NOTES: dict[str, tuple[str, ...]] = {
    "layout": ("layout",),  # Jacobians are in this layout
    "order": ("sign", "left"),  # which factor of a product sign stands leftmost: latest, earliest
    "immediate": ("what",),  # this derivative holds the states of other times
    "total": ("what",),  # this derivative goes through all times
    "inner": ("what",),  # a derivative times a vector is a row times a column
    "matrix": ("sign", "what"),  # this product of vectors is the matrix product
    "juxtaposed": ("what",),  # these vectors side by side are multiplied elementwise
    "hadamard": ("sign", "what"),  # this product is elementwise
    "entrywise": ("what",),  # this power is taken entry by entry
    "transpose": ("what",),  # ^T is a transpose although T is the length
    "dots": ("what", "pattern"),  # what stands at the dots
    "vec": (
        "what",
    ),  # a row of derivatives by the entries of a matrix is compared with that matrix
    "elided": ("what", "index"),  # a function without argument stands at its argument in the model
    "step": ("what", "index"),  # a name without index is the element at this step
    "gradient": ("what", "of", "by"),  # da is the gradient of the loss
    "second": ("what",),  # the derivative of the gradient, which is derived first
    "loss": ("what", "loss"),  # dL/dW where the model calls its loss otherwise
    "slot": ("what", "by"),  # the other arguments of f(x, h, w) are held
    "copy": ("what",),  # W^{(t)} is the copy of W that is used at step t
    "accumulated": ("what", "index"),  # += sums over the steps
    "member": ("group", "member"),  # a group of parameters, one of them at a time
    "unit": ("what", "index"),  # e_i is a column of the identity
    "every": ("what",),  # a letter that functions are stated of
    "rounded": ("what",),  # a number inside a formula is known to the digits printed
    "open": ("what",),  # a chain that ends in dots
}


@dataclass(frozen=True)
class Choices:
    """One consistent way of reading what notation leaves open.

    ``layout`` of Jacobians; ``order``: whether the "latest" or "earliest" factor of a product sign
    stands leftmost; ``immediate``: bare derivatives of states by parameters are immediate by the
    "rule" (inside a sum over their time), "always" or "never"; ``rows``: whether a derivative by a
    vector is a row where a vector follows; ``members``: which member each group
    of parameters stands for.
    """

    layout: str = "numerator"
    order: str = "latest"
    immediate: str = "rule"
    rows: bool = True
    members: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Note:
    """How a piece of the text was read; ``slots`` are the values for NOTES[id], in order."""

    id: str
    slots: tuple[str, ...]
    at: int = 0

    def __post_init__(self) -> None:
        assert len(self.slots) == len(NOTES[self.id]), self.id
