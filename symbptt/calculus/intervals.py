"""Where the entries of a model's sequences lie, by interval reasoning, as theorems.

Every definition gives its entries a lower and an upper end where there is one; a state that refers
to itself one step before gets its ends by induction (``invariants``). Untrusted: the kernel replays
the chains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sympy import Expr

from symbptt.core.indices import entails, index_symbol
from symbptt.core.norms import Norm
from symbptt.core.scope import Scope
from symbptt.core.terms import Const, Elem, Entry, Param, Plus, Scale, Term
from symbptt.core.theory import Definition, Theory
from symbptt.core.traverse import nodes_of
from symbptt.proof.objects import Chain, Development, Theorem

from .builder import Builder
from .enclosing import Enclosing, number
from .entrywise import ONE, entry
from .joining import joined
from .simplify import assumed

Facts = tuple[Expr, ...]
Prepare = Callable[[Builder], None]
LETTERS = "ijpqrlsuv"


def _as_it_is(_: Builder) -> None:
    """Nothing is written in."""


@dataclass(frozen=True)
class Range:
    """What is proved of a number: low <= head and head <= high (None where nothing is)."""

    head: Term
    facts: Facts
    low: Theorem | None
    high: Theorem | None

    @property
    def theorems(self) -> tuple[Theorem, ...]:
        """Those that say so."""
        return tuple(th for th in (self.low, self.high) if th is not None)


@dataclass
class Intervals:
    """The ranges of a theory."""

    theory: Theory
    theorems: list[Theorem] = field(default_factory=list)
    needs: dict[str, dict[str, None]] = field(default_factory=dict)
    _tried: set[Term] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.scope = Scope(self.theory)
        self.theorems += [a for a in assumed(self.theory) if a.relation != "="]

    # ------------------------------------------------------------ entries

    def place(self, leaf: Elem | Param) -> tuple[Term, Facts]:
        """The general entry of a name, and where it exists: f_t -> (f_t)_i with 1 <= i <= n."""
        taken = {s.name for s in (*self.scope.symbols, *leaf.free_symbols)}
        taken |= {key.removesuffix("[]") for key in self.scope.shapes}
        letters = iter(index_symbol(x) for x in LETTERS if x not in taken)
        at, facts = [], []
        for size in leaf.shape:
            at.append(ONE if size == 1 else next(letters))
            facts += [] if size == 1 else [at[-1] - 1, size - at[-1]]
        return entry(leaf, *at), tuple(facts)

    def unfolding(self, at: Term) -> Prepare:
        """Writes the definition of a name in, and spreads the entry."""
        row, col = at.args[1:] if isinstance(at, Entry) else (ONE, ONE)

        def prepare(build: Builder) -> None:
            path = (0,) if isinstance(at, Entry) else ()
            build.unfold(path)
            body = build.line.args[0] if path else build.line
            build.algebra(entry(body, row, col))

        return prepare

    # ------------------------------------------------------------ theorems

    def enclosing(self, build: Builder, up: bool, hypothesis: Theorem | None = None) -> Enclosing:
        """A chain that is moved up or down."""
        facts = build.facts
        return Enclosing(
            build, self.scope, self.theorems, up, hypothesis,
            lambda x: self.certain(x, facts), lambda x: self.size(x, facts),
        )  # fmt: skip

    def certain(self, term: Term, facts: Facts) -> bool:
        """Proves that a sum is not negative, if it has such an end, and keeps that."""
        if not isinstance(term, Plus | Scale) or term in self._tried:
            return False
        self._tried.add(term)
        found = self.end(term, self._about(term, facts), False)
        value = None if found is None else number(found.left)
        if found is None or value is None or value < 0:
            return False
        self.keep(found)
        return True

    def size(self, term: Term, facts: Facts) -> Expr | None:
        """Proves that a number lies between -M and M, if those are its ends, and keeps that."""
        facts = self._about(term, facts)
        low, high = (self.end(term, facts, up) for up in (False, True))
        most = None if high is None else number(high.right)
        if low is None or most is None or number(low.left) != -most:
            return None
        self.keep(low)
        self.keep(high)
        return most

    def _about(self, term: Term, facts: Facts) -> Facts:
        """The facts that may matter to a term."""
        known = term.free_symbols | self.scope.symbols
        facts = tuple(dict.fromkeys(f for f in facts if f.free_symbols <= known))
        return tuple(f for f in facts if not entails(self.theory.facts, f))

    def end(
        self,
        first: Term,
        facts: Facts,
        up: bool,
        prepare: Prepare = _as_it_is,
        reach: Callable[[Enclosing], bool] | None = None,
    ) -> Theorem | None:
        """first <= end, or end <= first; ``reach`` moves the line where parts alone do not."""
        build = Builder(self.theory, first, facts)
        prepare(build)
        e = self.enclosing(build, up)
        if not (e.move((), up) if reach is None else reach(e)) or build.line == first:
            return None
        value = number(build.line)
        if value is not None:
            build.algebra(Const(value))
        return self.theorem(first, build.line, self.chain(e), facts, e)

    def chain(self, e: Enclosing) -> Chain:
        """The steps of a line moved up; of one moved down, from its end back to its beginning."""
        if e.upward:
            return e.build.chain()
        return joined(Builder(self.theory, e.build.line, e.build.facts), e.build)

    def theorem(self, first: Term, end: Term, proof: Chain, facts: Facts, e: Enclosing) -> Theorem:
        """The inequality that a chain proves."""
        left, right = (first, end) if e.upward else (end, first)
        id = f"range {len(self.needs) + 1}"
        relation = "<" if e.strict else "<="
        found = Theorem(
            id, left, right, proof, facts, title="range", subject=(first,), relation=relation
        )
        self.needs[id] = dict(e.used)
        return found

    def keep(self, theorem: Theorem | None) -> Theorem | None:
        """Makes a theorem known to those that come after it."""
        if theorem is not None and theorem not in self.theorems:
            self.theorems.append(theorem)
        return theorem

    def range_of(self, first: Term, facts: Facts, prepare: Prepare = _as_it_is) -> Range:
        """Both ends of a number; they are known from here on."""
        low, high = (self.keep(self.end(first, facts, up, prepare)) for up in (False, True))
        return Range(first, facts, low, high)

    def absolute(self, head: Term, low: Theorem, high: Theorem) -> None:
        """|z| <= U from -U <= z <= U."""
        bound = high.right
        value = number(bound)
        opposite = Const(-value) if value is not None else Scale(Const(-1), bound)
        if low.left != opposite or low.facts != high.facts:
            return
        build = Builder(self.theory, Norm(head), high.facts)
        e = self.enclosing(build, True)
        name = "absolute-below" if low.relation == high.relation == "<" else "absolute-at-most"
        if e.put((), True, bound, name):
            e.used |= {low.id: None, high.id: None}
            self.keep(self.theorem(Norm(head), bound, build.chain(), high.facts, e))

    def development(self, wanted: Iterator[Theorem] | tuple[Theorem, ...]) -> Development:
        """The theorems with all that their proofs use, in order."""
        needed: set[str] = set()
        todo = [th.id for th in wanted]
        while todo:
            id = todo.pop()
            if id not in needed:
                needed.add(id)
                todo += self.needs.get(id, ())
        return Development(self.theory, tuple(th for th in self.theorems if th.id in needed))


def refers_to_itself(d: Definition) -> bool:
    """Whether the body mentions elements of the sequence that it defines."""
    return any(x.key == d.key for _, x in nodes_of(d.body, Elem))
