"""symbptt evaluate and symbptt classify."""

from __future__ import annotations

import json

from symbptt.core.errors import ReadError
from symbptt.report.evaluation import evaluation_blocks, growth_blocks
from symbptt.report.pen import UNICODE_PEN
from symbptt.report.plain import to_text
from symbptt.spectral.evaluation import evaluate
from symbptt.spectral.growth import classify
from symbptt.spectral.reading import read_matrix

from .deriving import find_model
from .failing import named
from .terminal import painter, width


def print_evaluation(expression: str, given: str, model: str, digits: int, as_json: bool) -> None:
    """Evaluates, checks, prints."""
    about = find_model(model) if model else None
    with named({"EXPRESSION": expression, "--with": given}):
        found = evaluate(expression, given, about, digits)
    if as_json:
        print(json.dumps(found.json(), ensure_ascii=False))
    else:
        blocks = evaluation_blocks(found, UNICODE_PEN)
        print(to_text(blocks, width=width(), paint=painter()))


def print_growth(text: str, as_json: bool) -> None:
    """Classifies a matrix and prints the verdict with its reasons."""
    with named({"MATRIX": text}):
        matrix = read_matrix(text)
    if matrix.free_symbols:
        letters = ", ".join(sorted(str(s) for s in matrix.free_symbols))
        raise ReadError(f"the matrix has letters in it: {letters}", hint="give numbers")
    growth = classify(matrix)
    if as_json:
        print(json.dumps(growth.json(), ensure_ascii=False))
    else:
        blocks = growth_blocks(growth, "W", UNICODE_PEN)
        print(to_text(blocks, width=width(), paint=painter()))
