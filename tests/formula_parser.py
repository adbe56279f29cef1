"""A second, tiny reader of the LaTeX of algebraic terms, as a judge of the writer's parentheses.

It knows only the conventions that every reader of mathematics has: a sum ends a product, big
operators reach to the end of their product, a superscript belongs to the symbol before it. Products
that mix juxtaposition, ``\\odot`` and ``\\otimes`` without parentheses are refused.
"""

from __future__ import annotations

import re
from functools import reduce

from strategies import Vocabulary, index_symbol
from sympy import Expr, Integer, Rational

from symbptt.core import terms as tm
from symbptt.core.terms import Term

_TOKEN = r"\\left\(|\\right\)|\\!|\\,|\\operatorname\{\w+\}|\\[A-Za-z]+|[0-9]+|[A-Za-z]|\s+|."
_SPACE = re.compile(r"\s+|\\[!,]")
_OPERATORS = {
    r"\operatorname{diag}": tm.Diag, r"\operatorname{tr}": tm.Trace, r"\operatorname{vec}": tm.Vec,
    r"\operatorname{softmax}": tm.Softmax,
}  # fmt: skip
_FUNCTIONS = {
    r"\tanh": "tanh", r"\operatorname{sigmoid}": "sigmoid", r"\exp": "exp", r"\sigma": r"\sigma",
    r"\phi": r"\phi",
}  # fmt: skip
_INFIX = {r"\odot": tm.Hadamard, r"\otimes": tm.Kron}
_ENDS = ("", "+", "-", ")", r"\right)")


def index(text: str) -> Expr:
    """An affine index such as ``T-t+1``."""
    total: Expr = Integer(0)
    for sign, part in re.findall(r"([+-]?)\s*(\w+)", text):
        value = Integer(part) if part.isdigit() else index_symbol(part)
        total += -value if sign == "-" else value
    return total


def conditions(text: str) -> list[Expr]:
    """``t < T, t = k`` as expressions that are >= 0."""
    out = []
    for part in text.split(", "):
        left, relation, right = re.fullmatch(r"(.+) (<|\\le|\\ge|=) (.+)", part).groups()
        gap = index(right) - index(left)
        out += {"<": [gap - 1], r"\le": [gap], r"\ge": [-gap], "=": [-gap, gap]}[relation]
    return out


class FormulaParser:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, text: str, words: Vocabulary) -> None:
        self.leaves = [(re.escape(p.name), p) for p in words.params]
        self.leaves += [(_element_pattern(e.name), e) for e in words.sequences]
        names = "|".join(pattern for pattern, _ in sorted(self.leaves, key=lambda x: -len(x[0])))
        tokens = (m[0] for m in re.finditer(f"{names}|{_TOKEN}", text))
        self.tokens = [token for token in tokens if not _SPACE.fullmatch(token)]
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        assert token and expected in ("", token), (token, expected, self.tokens[: self.at])
        self.at += 1
        return token

    def group(self, closing: str = "}") -> str:
        """The text up to the brace or bracket that closes the one just taken."""
        depth, start = 1, self.at
        opening = {"}": "{", "]": "["}[closing]
        while depth:
            depth += {opening: 1, closing: -1}.get(self.take(), 0)
        text = "".join(f" {t} " if t in ("<", "=", r"\le", r"\ge") else t for t in
                       self.tokens[start : self.at - 1])  # fmt: skip
        return text.replace(",", ", ")

    def whole(self) -> Term:
        term = self.sum()
        assert not self.peek(), self.tokens[self.at :]
        return term

    def sum(self) -> Term:
        minus = self.peek() == "-" and bool(self.take())
        total = -self.product() if minus else self.product()
        while self.peek() in ("+", "-"):
            total = total + self.product() if self.take() == "+" else total - self.product()
        return total

    def product(self) -> Term:
        factors, joints = [self.factor()], []
        while self.peek() not in _ENDS:
            joints.append(self.take() if self.peek() in (*_INFIX, r"\cdot") else "")
            factors.append(self.factor())
        if joints and isinstance(factors[0], tm.Const) and joints[0] not in _INFIX:
            return tm.Scale(factors[0], self.combine(factors[1:], joints[1:]))
        return self.combine(factors, joints)

    def combine(self, factors: list[Term], joints: list[str]) -> Term:
        joints = ["" if joint == r"\cdot" else joint for joint in joints]
        assert len(set(joints)) <= 1, f"mixed products: {joints}"
        if joints and joints[0]:
            assert len(factors) == 2 or joints[0] == r"\odot"
            return reduce(_INFIX[joints[0]], factors)
        return reduce(_beside, factors)

    def factor(self) -> Term:
        token = self.take()
        if token in (r"\sum", r"\prod"):
            self.take("_"), self.take("{")
            bound, lo = self.group().split(" = ")
            self.take("^"), self.take("{")
            hi = self.group()
            cls = tm.SumOver if token == r"\sum" else tm.OrderedProduct
            return cls(self.product(), index_symbol(bound), index(lo), index(hi))
        if token == "[":
            held = conditions(self.group("]"))
            return tm.When(self.product(), *held)
        return self.scripted(self.atom(token))

    def atom(self, token: str) -> Term:
        if token in ("(", r"\left("):
            inner = self.sum()
            self.take(")" if token == "(" else r"\right)")
            return inner
        if token == "{":  # a name that has a superscript of its own
            inner = self.name(self.take())
            self.take("}")
            return inner
        if token in _OPERATORS:
            return _OPERATORS[token](self.atom(self.take()))
        if token in _FUNCTIONS:
            order = 0
            while self.peek() == "'":
                order += len(self.take())
            return tm.Map(_FUNCTIONS[token], order, self.atom(self.take()))
        if token == r"\frac":
            self.take("{")
            above = int(self.group())
            self.take("{")
            return tm.Const(Rational(above, int(self.group())))
        return tm.Const(int(token)) if token.isdigit() else self.name(token)

    def name(self, token: str) -> Term:
        for pattern, leaf in self.leaves:
            if found := re.fullmatch(pattern, token):
                return leaf.at(index(found[1])) if isinstance(leaf, tm.Elem) else leaf
        raise AssertionError(f"unknown name {token}")

    def scripted(self, base: Term) -> Term:
        while self.peek() == "^":
            self.take(), self.take("{")
            power = self.group()
            if power == r"\top":
                base = base.T
            else:
                base = tm.Inverse(base) if power == "-1" else tm.Power(base, index(power))
            assert self.peek() != "^", "a double superscript"
        return base


def _beside(left: Term, right: Term) -> Term:
    return left @ right if left.shape[1] == right.shape[0] else tm.Scale(left, right)


def _element_pattern(name: str) -> str:
    head, sub = (name[:-1], ",") if name.endswith("}") and "_" in name else (f"{name}_{{", "")
    return re.escape(head + sub) + r"([^{}]*)\}"
