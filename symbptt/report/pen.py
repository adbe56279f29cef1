"""How formulas are written: as LaTeX for a page, as one line of Unicode for a terminal."""

from __future__ import annotations

from sympy import Expr, Integer

from symbptt.core.terms import Const, Elem, Entry, Func, Gradient, Ones, Partial, Term
from symbptt.core.traverse import rebuild
from symbptt.notation.index import conditions_text, index_text
from symbptt.notation.latex import LATEX
from symbptt.notation.printer import Printer
from symbptt.notation.target import Style, Target
from symbptt.notation.unicode import UNICODE

from .document import Inline, Math, Text
from .lettering import lettered

ONE = Integer(1)
_SIGNS = {"=": "eq", "<=": "le", "<": "lt"}


class Pen:
    """Writes terms, indices and relations in one target.

    >>> from symbptt.core.terms import Param
    >>> LATEX_PEN.equation(Param("y", 2), Param("W", 2, 2) @ Param("x", 2))
    'y = W x'
    """

    def __init__(self, target: Target, on_page: bool) -> None:
        self.target, self.on_page = target, on_page
        self._printer = Printer(target, Style())

    def term(self, term: Term) -> str:
        """The text of a term."""
        return self._printer.text(lettered(familiar(term)))

    def index(self, index: Expr) -> str:
        """The text of an index, a size or a length."""
        return index_text(index, self.target)

    def relation(self, key: str) -> str:
        """= , <, <= or an arrow with its space: the key is eq, lt, le or to."""
        return self.target.templates[key]

    def conditions(self, conditions: tuple[Expr, ...]) -> str:
        """Conditions ``expression >= 0`` as they come."""
        return conditions_text(conditions, self.target)

    def equation(self, *sides: Term) -> str:
        """Equal terms."""
        return self.relation("eq").join(map(self.term, sides))

    def relation_of(self, relation: str, left: Term, right: Term) -> str:
        """Two terms with =, <= or < between them."""
        return self.sign(relation).join(map(self.term, (left, right)))

    def sign(self, relation: str) -> str:
        """= , <= or < as theorems call them, with its space."""
        return self.relation(_SIGNS[relation])

    def equation_of_texts(self, *sides: str) -> str:
        """Equal formulas, already written."""
        return self.relation("eq").join(sides)

    def cases(self, rows: list[tuple[str, str]]) -> str:
        """A brace with a row for each case: a formula and when it holds."""
        if self.on_page:
            body = r" \\[1ex] ".join(f"{text} & {when}" for text, when in rows)
            return rf"\begin{{dcases}} {body} \end{{dcases}}"
        return "{ " + ";  ".join(f"{text}  [{when}]" for text, when in rows)

    def aligned(self, rows: list[tuple[str, str, str]]) -> str:
        """Equations below each other, each with its range."""
        if not self.on_page:
            return "\n".join(f"{a} = {b}" + (f"  ({when})" if when else "") for a, b, when in rows)
        if len(rows) == 1 and not rows[0][2]:
            return f"{rows[0][0]} = {rows[0][1]}"
        texts = [f"{a} &= {b}" + (rf" & \qquad & {when}" if when else "") for a, b, when in rows]
        body = r" \\ ".join(texts)
        return rf"\begin{{alignedat}}{{2}} {body} \end{{alignedat}}"

    def summands(self, term: Term) -> tuple[str, ...]:
        """The top-level summands with their signs: where a long line may be broken."""
        (minus, first), *rest = self._printer.summands(lettered(familiar(term)))
        texts = [f"-{first}" if minus else first]
        return (*texts, *(f"{'-' if m else '+'} {text}" for m, text in rest))

    def math(self, text: str) -> Inline:
        """A formula inside a line of words."""
        return Math(text) if self.on_page else Text(text)

    def inline(self, term: Term) -> Inline:
        """A term inside a line of words."""
        return self.math(self.term(term))


LATEX_PEN = Pen(LATEX, on_page=True)
UNICODE_PEN = Pen(UNICODE, on_page=False)


def familiar(term: Term) -> Term:
    r"""The term with entries of derivatives as derivatives of entries.

    The entry (i, j) of \partial y/\partial x is \partial y_i/\partial x_j, that of \nabla_W L is
    \partial L/\partial w_{ij}: another way of writing the same number. Ones have the entry 1.
    """
    args = tuple(familiar(a) if isinstance(a, Term) else a for a in term.args)
    term = rebuild(term, args)
    if not isinstance(term, Entry):
        return term
    inner, row, col = term.args
    if isinstance(inner, Ones):
        return Const(1)
    if isinstance(inner, Gradient):
        return Partial(inner.args[0], _entry(inner.args[1], row, col))
    if isinstance(inner, Partial) and _is_vector(inner.args[0]) and _is_vector(inner.args[1]):
        return Partial(_entry(inner.args[0], row), _entry(inner.args[1], col), inner.args[2])
    if isinstance(inner, Func) and inner.slot and inner.shape[0] == ONE and inner.index is not None:
        (argument, *others) = inner.arguments
        if isinstance(argument, Elem) and not others and _is_vector(argument):
            return Partial(Elem(inner.name, inner.index, 1), _entry(argument, col))
    return term


def _is_vector(term: Term) -> bool:
    return bool(term.shape[1] == ONE)


def _entry(term: Term, row: Expr, col: Expr = ONE) -> Term:
    return term if term.is_scalar else Entry(term, row, col)
