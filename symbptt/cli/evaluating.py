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


def print_evaluation(expression: str, given: str, model: str, digits: int, as_json: bool) -> None:
    """Evaluates, checks, prints."""
    found = evaluate(expression, given, find_model(model) if model else None, digits)
    if as_json:
        print(json.dumps(found.json(), ensure_ascii=False))
    else:
        print(to_text(evaluation_blocks(found, UNICODE_PEN)))


def print_growth(text: str, as_json: bool) -> None:
    """Classifies a matrix and prints the verdict with its reasons."""
    matrix = read_matrix(text)
    if matrix.free_symbols:
        letters = ", ".join(sorted(str(s) for s in matrix.free_symbols))
        raise ReadError(f"the matrix has letters in it: {letters}", hint="give numbers")
    growth = classify(matrix)
    if as_json:
        print(json.dumps(growth.json(), ensure_ascii=False))
    else:
        print(to_text(growth_blocks(growth, "W", UNICODE_PEN)))
