"""The kinds of files that a worksheet gives, and the ways of printing its report."""

from __future__ import annotations

from dataclasses import dataclass

from symbptt.report.words import LANGUAGES

KINDS = ("py", "json", "tex", "html", "md", "pdf")
TEXTS = ("py", "json", "tex", "html", "md")
PRINTED = ("tex", "html", "md", "pdf")
"""The kinds that print the report."""


def kind_of(name: str) -> str:
    """The kind of a file: the end of its name."""
    return name.rpartition(".")[2]


LANGS = (*LANGUAGES, "both")
DETAILS = ("brief", "normal", "full")
REPORTS = ("report", "questions", "solution", "slides")


@dataclass(frozen=True)
class Style:
    """How a report is printed; what is None is as the head of the worksheet says.

    ``detail`` brief says what each proof uses, normal tells the proofs, full adds every step of the
    kernel. ``kind``: the report; its questions without the answers; a solution sheet with room for
    the answers; or slides.
    """

    lang: str | None = None
    detail: str | None = None
    kind: str | None = None


def name_of(sheet: str, kind: str) -> str:
    """The name of the printed files of a worksheet, without their ends."""
    return sheet if kind == "report" else f"{sheet}-{kind}"


def other_kind(file: str, sheet: str) -> bool:
    """Whether a file is a report of another kind than the usual one."""
    return any(file.rpartition(".")[0] == name_of(sheet, kind) for kind in REPORTS[1:])
