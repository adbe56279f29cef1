"""Which answers and lemmas make one block, and what it is called."""

from __future__ import annotations

from symbptt.core.terms import Elem, Entry, Gradient, Partial, Term
from symbptt.proof.objects import Theorem

from .document import Block, Blocks, Content, Display, Phrase, Prose, Text, content, phrase
from .pen import Pen
from .plan import Key, Plan, Reference
from .ranges import Facts
from .sentences import slug


CLAIM = "claim"
"""The title of what was stated and had to be proved: each is a theorem without a name."""


def conditions_first(statement: list[Block]) -> tuple[Content, Blocks]:
    """The range that opens a statement, taken out of it."""
    first, *rest = statement
    if isinstance(first, Prose) and len(first.content) == 1:
        (phrase_,) = first.content
        if isinstance(phrase_, Phrase) and phrase_.key == "theorem.conditions":
            (_, where), *_ = phrase_.slots
            return tuple(x for x in content(where) if not isinstance(x, Phrase)), tuple(rest)
    return (), tuple(statement)


def title_key(theorem: Theorem) -> str:
    """The key of a title; that of components says of what they are."""
    inner = theorem.left.args[0] if isinstance(theorem.left, Entry) else None
    if theorem.title != "components" or inner is None:
        return slug(theorem.title)
    kind = "jacobian" if isinstance(inner, Partial) else "recursion"
    return f"components-of-{'gradient' if isinstance(inner, Gradient) else kind}"


def title_of(theorem: Theorem, asked: bool, pen: Pen) -> Content:
    """What a theorem is called in its head; ``asked`` if it is an answer."""
    if theorem.title == CLAIM:
        return ()
    subject = tuple(pen.inline(x) for x in theorem.subject)
    first, last = (subject[0], subject[-1]) if subject else (Text(""), Text(""))
    title, way = title_key(theorem), theorem.subject
    if asked and title == "direct-derivative":  # an answer: the path of this one edge
        title, way = "path", way[::-1]
    path = pen.math(pen.relation("to").join(map(pen.term, way)))
    return (phrase(f"title.{title}", subject=first, variable=last, path=path),)


def linked(theorems: list[Theorem], pen: Pen) -> Display:
    """a = b <= c, where each theorem goes on where the one before ends."""
    rest = (pen.sign(t.relation) + pen.term(t.right) for t in theorems)
    return Display(pen.term(theorems[0].left) + "".join(rest))


def at_point(general: Term, special: Term) -> Facts:
    """The index at which a special case stands, as facts about the general index."""
    a, b = (x.args[0] if isinstance(x, Entry) else x for x in (general, special))
    if isinstance(a, Elem) and isinstance(b, Elem) and a != b:
        return a.index - b.index, b.index - a.index
    return ()


def groups(plan: Plan, refs: list[Reference]) -> list[list[Reference]]:
    """Answers that make one block: the cases of a recursion, or one quantity in two forms."""
    groups: list[list[Reference]] = []
    for ref in refs:
        if groups and _together(plan, groups[-1][-1], ref):
            groups[-1].append(ref)
        else:
            groups.append([ref])
    return groups


def _together(plan: Plan, a: Reference, b: Reference) -> bool:
    one, two = (plan.nodes[r.key].theorem for r in (a, b))
    if one.title == two.title and is_link(one, two):
        return True
    if CLAIM in (one.title, two.title) or not one.relation == two.relation == "=":
        return False
    if one.left == two.left:
        return True
    return one.title == two.title and root_of(one.left) == root_of(two.left) is not None


def is_link(one: Theorem, two: Theorem) -> bool:
    """Whether the second goes on where the first ends: a = b <= c."""
    return one.right == two.left and {*one.facts} == {*two.facts}


def root_of(term: Term) -> str | None:
    """The name of the sequence whose element, or the entry of whose element, a term is."""
    inner = term.args[0] if isinstance(term, Entry) else term
    return inner.name if isinstance(inner, Elem) else None


def general_of(theorems: list[Theorem]) -> Term | None:
    """The left side that is about a running index, where all are about one sequence."""
    for theorem in theorems:
        left = theorem.left
        inner = left.args[0] if isinstance(left, Entry) else left
        running = {s for f in theorem.facts for s in f.free_symbols}
        if isinstance(inner, Elem) and inner.index in running:
            return left
    return None


def alike(plan: Plan, keys: list[Key]) -> list[list[Key]]:
    """Neighbouring lemmas of one kind under the same conditions make one block."""
    groups: list[list[Key]] = []
    for key in keys:
        last = groups[-1][-1] if groups else None
        if last is not None and _kind_of(plan, last) == _kind_of(plan, key):
            groups[-1].append(key)
        else:
            groups.append([key])
    return groups


def _kind_of(plan: Plan, key: Key) -> tuple[object, ...]:
    theorem = plan.nodes[key].theorem
    if theorem.title == "adjoint recursion":
        return theorem.title, root_of(theorem.left)
    return theorem.title, key[2], key[3]
