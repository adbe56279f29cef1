"""Which theorems of several derivations are shown, where, and once only.

Derivations of one model share lemmas: the same equation proved again is recognized by its two
sides, its range and what varies in it. Of all these
- an answer is a block of its own, and so is a lemma that two blocks need, that is proved by
  induction, or that makes sense without differentials;
- a theorem with which exactly one other proof begins is told as the beginning of that proof;
- any other is a claim (i), (ii), ... inside the one block that needs it.
Equations whose two sides are written the same way are not shown at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from sympy import Expr, Integer, Symbol

from symbptt.calculus.derive import Result
from symbptt.core.indices import irredundant
from symbptt.core.terms import D, Shock, Term
from symbptt.core.theory import Frame, Theory
from symbptt.core.traverse import contains, substitute
from symbptt.proof.objects import Assumed, Chain, Identification, Induction, Step, Theorem

from .lettering import lettered
from .pen import Pen
from .signs import telling

Key = tuple[Term, Term, frozenset[Expr], Frame | None, str]
"""Two sides, the range, what varies where that matters, and the relation."""


@dataclass(frozen=True)
class Derived:
    """A derivation to be told; ``length`` where the sequence has that many steps.

    ``matrices``: what is proved by components is also written out as a matrix. ``table``: after the
    theorems all gradients are listed.
    """

    result: Result
    length: int | None = None
    matrices: bool = False
    table: bool = False


@dataclass(frozen=True)
class Reference:
    """A use of a shown theorem: ``opens`` if the proof begins with it, ``length`` if it is used
    for a sequence of that many steps."""

    key: Key
    opens: bool
    length: int | None = None


@dataclass
class Node:
    """A theorem that is shown, with the theorems that its proof uses.

    ``known`` are those that its proof may take signs from, ``signs`` those that steps do take.
    """

    key: Key
    theorem: Theorem
    theory: Theory
    length: int | None = None
    known: tuple[Theorem, ...] = ()
    signs: dict[Step, tuple[Theorem, ...]] = field(default_factory=dict)
    uses: dict[str, Reference] = field(default_factory=dict)
    order: list[Reference] = field(default_factory=list)


REFERRING = ("lemma", "bound")  # kinds of steps that may name a theorem


class Plan:
    """The order of blocks and what each contains."""

    def __init__(self, derived: list[Derived], pen: Pen, length: Symbol | None) -> None:
        self.nodes: dict[Key, Node] = {}
        self.answers: list[list[Reference]] = []
        self._pen, self._length = pen, length
        for d in derived:
            self._add(d)
        self._asked = {r.key for rs in self.answers for r in rs}
        self._users: dict[Key, list[tuple[Key, bool]]] = {key: [] for key in self.nodes}
        for node in self._reachable():
            for ref in node.order:
                self._users[ref.key].append((node.key, ref.opens and ref.length is None))
        self.owner: dict[Key, Key] = {}
        self.blocks: set[Key] = set()
        for key in reversed(self.nodes):
            self._place(key)

    # ------------------------------------------------------------ reading the developments

    def _add(self, derived: Derived) -> None:
        development, reader = derived.result.development, _Reader(self, derived)
        agree = [t.id for t in development.theorems if t.title == "the forms agree"]
        shown = [reader.reference(id, False) for id in (*derived.result.answers, *agree)]
        once = {r.key: r for r in reversed(shown) if r is not None}
        self.answers.append(list(reversed(once.values())))

    def is_trivial(self, theorem: Theorem) -> bool:
        """Whether both sides are written the same way."""
        return self._pen.term(theorem.left) == self._pen.term(theorem.right)

    def at_length(self, length: int) -> dict[Key, Key]:
        """What the theorems known so far say about a sequence of that length."""
        if self._length is None:
            return {}
        mapping = {self._length: Integer(length)}
        return {_instance(key, mapping): key for key in self.nodes}

    # ------------------------------------------------------------ placing

    def _reachable(self) -> Iterator[Node]:
        seen: set[Key] = set()
        todo = [r.key for rs in self.answers for r in rs]
        while todo:
            key = todo.pop()
            if key not in seen:
                seen.add(key)
                yield self.nodes[key]
                todo += [r.key for r in self.nodes[key].order]

    def _place(self, key: Key) -> None:
        """Decides about a theorem after all that use it."""
        users = self._users[key]
        owners = dict.fromkeys(self.owner.get(user, user) for user, _ in users)
        if key in self._asked or len(owners) > 1 or (users and self._stands_alone(key)):
            self.blocks.add(key)
        elif owners:
            self.owner[key] = next(iter(owners))

    def _stands_alone(self, key: Key) -> bool:
        """Proofs by induction are lemmas, and so is what makes sense without differentials, unless
        the proof that uses it begins with it."""
        users = self._users[key]
        theorem = self.nodes[key].theorem
        if isinstance(theorem.proof, Induction):
            return not (len(users) == 1 and self._identifies(users[0][0]))
        return not _is_about_changes(theorem) and not (len(users) == 1 and users[0][1])

    def _identifies(self, key: Key) -> bool:
        return isinstance(self.nodes[key].theorem.proof, Identification)

    def is_opening(self, key: Key) -> bool:
        """Whether the theorem is told as the beginning of the proof that uses it."""
        users = self._users[key]
        return key not in self.blocks and len(users) == 1 and users[0][1]

    def claims(self, block: Key) -> list[Key]:
        """The claims inside a block, each after those that it uses."""
        out: dict[Key, None] = {}

        def visit(key: Key) -> None:
            for ref in self.nodes[key].order:
                if ref.key not in self.blocks and ref.key not in out:
                    visit(ref.key)
                    if not self.is_opening(ref.key):
                        out[ref.key] = None

        visit(block)
        return list(out)

    def needed(self, block: Key) -> list[Key]:
        """The blocks that a block refers to, in the order of use."""
        inside = [block, *self.inside(block)]
        used = [r.key for key in inside for r in self.nodes[key].order]
        return [key for key in dict.fromkeys(used) if key in self.blocks and key != block]

    def inside(self, block: Key) -> list[Key]:
        """Everything that is told inside a block."""
        return [key for key in self.nodes if self.owner.get(key) == block]


def _instance(key: Key, mapping: dict[Symbol, Integer]) -> Key:
    left, right, facts, frame, relation = key
    if frame is not None:
        vary = tuple(substitute(x, mapping) for x in frame.vary)
        frame = Frame(vary, frame.shocks, frame.step)
    kept = frozenset(f for f in (x.xreplace(mapping) for x in facts) if f.free_symbols)
    return substitute(left, mapping), substitute(right, mapping), kept, frame, relation


class _Reader:
    """Adds the theorems of one development to a plan, as far as its answers need them."""

    def __init__(self, plan: Plan, derived: Derived) -> None:
        self.plan, self.length = plan, derived.length
        self.theory = derived.result.development.theory
        self.theorems = {t.id: t for t in derived.result.development.theorems}
        self.known = {} if self.length is None else plan.at_length(self.length)
        self._free: dict[str, bool] = {}

    def reference(self, id: str, opens: bool) -> Reference | None:
        """A reference to the theorem, added if it is new; None for what is not shown."""
        theorem = self._original(self.theorems[id])
        if self.plan.is_trivial(theorem):
            return None
        key = self.key(theorem)
        if key in self.known and key not in self.plan.nodes:
            return Reference(self.known[key], opens, self.length)
        opens = opens and not isinstance(theorem.proof, Assumed)
        if key not in self.plan.nodes:
            known = tuple(takewhile(lambda t: t.id != theorem.id, self.theorems.values()))
            signs = telling(theorem, self.theory, known)
            node = Node(key, theorem, self.theory, self.length, known, signs)
            told = dict.fromkeys(t.id for found in signs.values() for t in found)
            for used, at_start in (*references(theorem), *((id, False) for id in told)):
                if used not in self.theorems:  # a row that is an inequality
                    continue
                ref = self.reference(used, at_start)
                if ref is not None:
                    node.uses[used] = ref
                    node.order.append(ref)
            self.plan.nodes[key] = node
        return Reference(key, opens)

    def _original(self, theorem: Theorem) -> Theorem:
        """The theorem that this one only repeats, else itself."""
        for used, at_start in references(theorem):
            source = self.theorems.get(used) if at_start else None
            if source is not None and self.key(source) == self.key(theorem):
                return self._original(source)
        return theorem

    def key(self, theorem: Theorem) -> Key:
        facts = frozenset(irredundant(theorem.facts))
        frame = None if self.ignores_frame(theorem) else theorem.frame
        return lettered(theorem.left), lettered(theorem.right), facts, frame, theorem.relation

    def ignores_frame(self, theorem: Theorem) -> bool:
        """Whether the theorem holds whatever varies: nothing is dropped as fixed in its proof."""
        if not _is_about_changes(theorem):
            return True
        if theorem.id not in self._free:
            steps = list(all_steps(theorem))
            plain = not any(s.by in ("vanish", "shock") for s in steps)
            self._free[theorem.id] = plain and all(
                self.ignores_frame(self.theorems[s.name])
                for s in steps
                if s.by in REFERRING and s.name in self.theorems
            )
        return self._free[theorem.id]


def _is_about_changes(theorem: Theorem) -> bool:
    """Whether differentials occur in the statement."""
    sides = (theorem.left, theorem.right)
    return any(contains(side, kind) for side in sides for kind in (D, Shock))


def all_steps(theorem: Theorem) -> Iterator[Step]:
    """The steps of a proof."""
    proof = theorem.proof
    if isinstance(proof, Chain):
        yield from proof.steps
    elif isinstance(proof, Induction):
        yield from proof.base.steps
        yield from proof.step.steps


def references(theorem: Theorem) -> Iterator[tuple[str, bool]]:
    """The theorems that a proof uses; whether the proof begins with it and goes on from there.

    Where the proof is that of an inequality, rows of the rules that are ones are named too.
    """
    proof = theorem.proof
    if isinstance(proof, Identification):
        yield proof.source, True
        return
    if isinstance(proof, Assumed):
        return
    chains = (proof,) if isinstance(proof, Chain) else (proof.base, proof.step)
    for chain in chains:
        for number, step in enumerate(chain.steps):
            if step.by in REFERRING and step.name:
                yield step.name, number == 0 and is_plain(step) and chain is chains[0]


def is_plain(step: Step) -> bool:
    """Whether a lemma replaces the whole line, its indices as they are."""
    same = all(isinstance(e, Symbol) and e.name == name for name, e in step.bind)
    return not step.path and step.span is None and not step.reverse and same
