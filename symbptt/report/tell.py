"""Statements and proofs in words and formulas: every step with its reason."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Sequence
from dataclasses import replace

from sympy import Expr, Integer, Symbol

from symbptt.core.indices import index_symbol
from symbptt.core.terms import D, Shock, Term
from symbptt.core.traverse import find
from symbptt.proof.objects import Assumed, Chain, Identification, Induction, Step, Theorem
from symbptt.rules import rule

from .document import (
    Block, Content, Display, Emph, Phrase, ProofLine, Prose, Replay, Text, phrase,
)  # fmt: skip
from .frames import what_varies
from .identify import applied, seed_of
from .lettering import letters
from .numbers import EquationNumbers
from .pen import Pen
from .plan import Key, Node, Plan, is_plain
from .reasons import GIVEN, listed
from .replay import replays
from .sentences import conditions, range_sentence, roman, slug, spaced
from .steps import Chains, Line, Uses, continued, proof_lines
from .supposed import Supposed
from .told import Told, at, steps_of

_SHORT = 3  # lines; a shorter computation is rather repeated than referred to


class Teller:
    """Writes statements and proofs of one plan; ``names`` grows as blocks are numbered.

    ``names`` says what a theorem is called where it is referred to: Lemma 3, (ii); ``titles`` are
    those of blocks. What is a block with ``before``, which tells of the same model without
    assumptions, is not told again.
    ``length`` is how the length of the sequences is written, ``numbers`` are those of equations.
    """

    def __init__(
        self, plan: Plan, pen: Pen, length: str, supposed: Supposed, before: Teller | None,
        numbers: EquationNumbers,
    ) -> None:  # fmt: skip
        self.plan, self.pen, self.length, self.supposed = plan, pen, length, supposed
        self.numbers = numbers
        theories = [n.theory for n in plan.nodes.values()]
        given = (k for k, n in plan.nodes.items() if supposed.is_assumption(n.theorem, theories))
        self._labels: dict[Key, Content] = {key: (GIVEN,) for key in given}
        self.titles: dict[Key, Content] = {}
        earlier = [] if before is None else [before.titles]
        self.names = ChainMap(self._labels, self.titles, *earlier)
        self._told: dict[tuple[Term, tuple[Line, ...]], Content] = {}

    # ------------------------------------------------------------ statements

    def statement(self, *keys: Key) -> list[Block]:
        """Equations as displays, after what varies in them and for which indices they hold."""
        out: list[Block] = []
        said: Content | None = None
        for key in keys:
            theorem = self.plan.nodes[key].theorem
            head = spaced((self._frame_of(key), self._range_of(key)))
            if head and head != said:
                out.append(Prose(head))
            said = head
            out.append(self.stated(theorem))
        return out

    def stated(self, theorem: Theorem) -> Display:
        """The two sides of a theorem as a display."""
        text = self.pen.relation_of(theorem.relation, theorem.left, theorem.right)
        return Display(text, summands=self.pen.summands(theorem.right))

    def display(self, *sides: Term) -> Display:
        """Equal terms as a display."""
        return Display(self.pen.equation(*sides), summands=self.pen.summands(sides[-1]))

    def _frame_of(self, key: Key) -> Content:
        frame, node = key[3], self.plan.nodes[key]
        return () if frame is None else (what_varies(frame, node.theory, self.pen),)

    def _range_of(self, key: Key) -> Content:
        node = self.plan.nodes[key]
        if node.length is None:
            return range_sentence(node.theorem.facts, self.pen)
        gap = index_symbol(self.length) - node.length
        return range_sentence((gap, -gap, *node.theorem.facts), self.pen)

    # ------------------------------------------------------------ proofs

    def proof(self, *keys: Key) -> tuple[ProofLine | Block, ...]:
        """The proof of the statements of a block, after the claims that they need."""
        self._block = self.names[keys[0]]
        if sentence := self._brief(keys):
            return (Prose(sentence),)
        told = Told(frame=keys[0][3])
        claims = list(dict.fromkeys(c for key in keys for c in self.plan.claims(key)))
        for number, group in enumerate(self._claim_groups(claims), 1):
            self._claims(told, group, f"({roman(number)})")
        claimed = len(told.items)
        cases = len({key[2] for key in keys}) > 1
        for number, key in enumerate(keys):
            node = self.plan.nodes[key]
            if cases:
                told.say(self._range_of(key))
            opening = self._opening(node, node.theorem.proof)
            if number and opening == keys[number - 1]:
                self._go_on(told, node, self.plan.nodes[opening].theorem)
            elif number and opening is None and self._is_next(keys[number - 1], key):
                steps = steps_of(node)
                told.items += continued(
                    self._chains(node).lines(node.theorem.left, steps), self.pen
                )
            else:
                self._tell(told, node)
        if claims and isinstance(told.items[claimed], ProofLine):
            told.items.insert(claimed, Prose((Phrase("statement.together"),)))
        return tuple(told.items)

    def replays(self, *keys: Key) -> tuple[Replay, ...]:
        """The kernel's steps for all that is told in a block: lemmas without a block first."""
        order = {key: n for n, key in enumerate(self.plan.nodes)}
        told = {k for key in keys for k in (key, *self.plan.inside(key))}
        nodes = [self.plan.nodes[key] for key in sorted(told, key=order.__getitem__)]
        return tuple(
            part
            for node in nodes
            for part in replays(node.theorem, self._chains(node).reasons, self.pen)
        )

    def _is_next(self, before: Key, key: Key) -> bool:
        """Whether a computation begins where the one before has ended."""
        one, two = (self.plan.nodes[k].theorem for k in (before, key))
        chains = isinstance(one.proof, Chain) and isinstance(two.proof, Chain)
        return chains and one.right == two.left

    def _claim_groups(self, claims: Sequence[Key]) -> list[list[Key]]:
        """Neighbouring claims of one title for the same indices have one label."""
        groups: list[list[Key]] = []
        for key in claims:
            same = groups and self._claim_kind(groups[-1][-1]) == self._claim_kind(key)
            frames = {k[3] for k in groups[-1]} - {None} if same else set()
            if same and (key[3] is None or frames <= {key[3]}):
                groups[-1].append(key)
            else:
                groups.append([key])
        return groups

    def _claim_kind(self, key: Key) -> tuple[object, ...]:
        return self.plan.nodes[key].theorem.title, key[2]

    def _claims(self, told: Told, keys: Sequence[Key], label: str) -> None:
        """(i) One step. Only W varies: ... For 1 <= t <= T, and the computations."""
        nodes = [self.plan.nodes[key] for key in keys]
        title: Content = (Emph((Phrase(f"claim.{slug(nodes[0].theorem.title)}"),)),)
        frame = next((f for f in (self._new_frame(told, n) for n in nodes) if f), ())
        head = spaced(((Text(label),), title, frame, self._range_of(keys[0])))
        told.items.append(Prose(head))
        for key, node in zip(keys, nodes, strict=True):
            self._labels[key] = (Text(label),)
            self._tell(told, node)

    def _brief(self, keys: Sequence[Key]) -> Content:
        """A sentence instead of a chain that would only repeat a long statement."""
        node = self.plan.nodes[keys[0]]
        steps = steps_of(node)
        if node.theorem.title != "written out" or not steps or steps[0].by != "lemma":
            return ()
        ref = node.uses.get(steps[0].name)
        if len(keys) > 1 or ref is None or ref.key not in self.names:
            return ()
        return (phrase("statement.written_out", reference=self._refer(node, steps[0])),)

    def _new_frame(self, told: Told, node: Node) -> Content:
        """The sentence about what varies, if it has not just been said."""
        frame = node.key[3]
        if frame is None or frame == told.frame:
            return ()
        told.frame = frame
        return (what_varies(frame, node.theory, self.pen),)

    def _tell(self, told: Told, node: Node) -> None:
        proof = node.theorem.proof
        if isinstance(proof, Identification):
            self._identification(told, node, proof)
        elif isinstance(proof, Induction):
            told.say(self._new_frame(told, node))
            self._induction(told, node, proof)
        elif isinstance(proof, Assumed):
            told.say((Phrase("statement.assumed"),))
        else:
            self._chain(told, node, proof)

    def _chain(self, told: Told, node: Node, chain: Chain) -> None:
        opening = self._opening(node, chain)
        if opening is None or not self.plan.is_opening(opening):
            told.say(self._new_frame(told, node))
            lines = self._chains(node).lines(node.theorem.left, chain.steps)
            self._once(told, node.theorem, lines)
            return
        before = self.plan.nodes[opening]
        if isinstance(before.theorem.proof, Chain):
            whole = Chain((*before.theorem.proof.steps, *chain.steps[1:]))
            theorem = replace(node.theorem, proof=whole)
            merged = replace(node, theorem=theorem, uses={**before.uses, **node.uses})
            self._chain(told, merged, whole)
            return
        self._tell(told, before)
        self._go_on(told, node, before.theorem)

    def _once(self, told: Told, theorem: Theorem, lines: list[Line]) -> None:
        """A computation, or where it has been done before, line by line the same."""
        if not lines:  # both sides read alike
            told.items.append(self.stated(theorem))
            return
        before = self._told.setdefault((theorem.left, tuple(lines)), self._block)
        if before == self._block or len(lines) < _SHORT or theorem.relation != "=":
            told.items += proof_lines(theorem.left, lines, self.pen)
            return
        told.say((phrase("statement.as_before", reference=before),))
        told.items.append(self.display(theorem.left, lines[-1].term))

    def _go_on(self, told: Told, node: Node, before: Theorem) -> None:
        """The chain goes on from a theorem that has just been proved."""
        assert isinstance(node.theorem.proof, Chain)
        steps = node.theorem.proof.steps
        line = Line(before.right, (), "", before.relation)
        told.items += proof_lines(before.left, [line], self.pen)
        told.items += continued(self._chains(node).lines(before.right, steps[1:]), self.pen)

    def _opening(self, node: Node, chain: object) -> Key | None:
        """The theorem with which a chain begins, if it uses it as it is."""
        if not isinstance(chain, Chain) or not chain.steps:
            return None
        first = chain.steps[0]
        ref = node.uses.get(first.name) if first.by == "lemma" and is_plain(first) else None
        return ref.key if ref is not None and ref.length is None else None

    def _chains(self, node: Node) -> Chains:
        def refer(step: Step) -> Content:
            return self._refer(node, step)

        def is_claim(step: Step) -> bool:
            ref = node.uses.get(step.name)
            return ref is not None and ref.key not in self.plan.blocks

        def relation(step: Step) -> str:
            return self._relation(node, step)

        def is_given(step: Step) -> bool:
            return self.supposed.is_given(step, node.theory)

        uses = Uses(refer, is_claim, relation, is_given, self.numbers, node.signs, node.known)
        return Chains(node.theory, node.theorem.facts, self.pen, uses)

    def _relation(self, node: Node, step: Step) -> str:
        """Of the inequality that a step uses: the hypothesis, a theorem, or a rule."""
        if not step.name:
            return node.theorem.relation
        ref = node.uses.get(step.name)
        return rule(step.name).relation if ref is None else ref.key[4]

    def _refer(self, node: Node, step: Step) -> Content:
        """Lemma 3; Lemma 3 with t = s+1; Theorem 5 with T = 3."""
        ref = node.uses.get(step.name)
        if ref is None:
            return (Phrase("reason.algebra"),)
        name = self.names.get(ref.key, (Phrase("reason.above"),))  # told without a name
        names = letters(step.result)
        bound = [(index_symbol(s), e.xreplace(names)) for s, e in step.bind]
        values = [(s, e) for s, e in bound if e != s]
        if ref.length is not None:
            values.append((index_symbol(self.length), Integer(ref.length)))
        if not values:
            return name
        shown = listed(tuple(self._value(s, e) for s, e in values))
        return (phrase("step.instance", reference=name, values=shown),)

    def _value(self, symbol: Symbol, value: Expr) -> Phrase:
        """k = 0, or t+1 for t."""
        old, new = self.pen.index(symbol), self.pen.index(value)
        if value.has(symbol):
            return phrase("step.replaced", new=self.pen.math(new), old=self.pen.math(old))
        return phrase("step.equal", equation=self.pen.math(self.pen.equation_of_texts(old, new)))

    # ------------------------------------------------------------ induction, identification

    def _induction(self, told: Told, node: Node, proof: Induction) -> None:
        pen, start = self.pen, proof.start
        index = pen.index(proof.variable)
        word = "proof.induction" if proof.direction == 1 else "proof.induction_down"
        intro: Content = ()
        if node.key in self.names:
            intro = (phrase(word, variable=pen.math(index)),)
        else:
            word = "statement.inductively" if proof.direction == 1 else "statement.inductively_down"
            where = conditions(node.theorem.facts, pen)
            told.say((phrase(word, variable=pen.math(index), conditions=where),))
            told.items.append(self.stated(node.theorem))
        case = pen.equation_of_texts(index, pen.index(start))
        told.say(intro, (phrase("proof.base", case=pen.math(case)),))
        self._chain(told, at(node, proof, start), proof.base)
        hypothesis = phrase("proof.hypothesis", case=pen.math(index))
        told.say((Phrase("proof.step"),), (hypothesis,))
        ahead = at(node, proof, proof.variable + proof.direction)
        both = (*node.theorem.facts, *ahead.theorem.facts)
        ahead = replace(ahead, theorem=replace(ahead.theorem, facts=both))
        self._chain(told, ahead, proof.step)

    def _identification(self, told: Told, node: Node, proof: Identification) -> None:
        """d y = R is compared with d y = (the derivative) d x."""
        ref = node.uses[proof.source]
        source = self.plan.nodes[ref.key]
        seed = seed_of(proof.wrt, source.theorem.frame, node.theory, node.theorem.facts)
        changes = {x for _, x in find(source.theorem.right, lambda x: isinstance(x, D | Shock))}
        product = self.pen.term(applied(node.theorem.left, seed))
        slots: dict[str, Content] = {"change": (self.pen.inline(seed),)}
        word = "identify.terms"
        if self.plan.is_opening(ref.key):
            self._tell(told, source)
            if changes == {seed}:
                product = self.pen.equation_of_texts(self.pen.term(source.theorem.left), product)
                word, slots = "identify.whole", {}
        else:
            word, slots["reference"] = "identify.there", self.names[ref.key]
        told.say((phrase(word, product=self.pen.math(product), **slots),))
