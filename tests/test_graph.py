"""The computation graph: nodes, local rules, back-propagation, and its picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from symbptt.calculus.together import derive_all
from symbptt.cli.app import app
from symbptt.core.errors import NotSupported, SymbpttError
from symbptt.core.indices import contradictory
from symbptt.core.meaning import agree
from symbptt.core.terms import Const, Elem, Param, Plus, Term, When, Zero, index_symbol
from symbptt.core.traverse import substitute
from symbptt.graph import Graph, Level, Node, data, graph_of, picture, tables, to_svg, to_tikz
from symbptt.graph.drawing import Box, Head, Line
from symbptt.graph.excerpt import excerpt
from symbptt.graph.layout import rails_of
from symbptt.graph.plan import ASIDE, plan_of
from symbptt.graph.routes import nets_of
from symbptt.graph.wires import wires
from symbptt.models.builtin import builtins
from symbptt.models.model import Model
from symbptt.models.problem import problem_of
from symbptt.proof.kernel import check
from symbptt.report.pen import LATEX_PEN, UNICODE_PEN
from symbptt.report.html_writer import to_html
from symbptt.report.plain import to_text
from symbptt.report.tex_writer import to_tex
from symbptt.worksheet import read_sheet
from symbptt.worksheet.report import report
from symbptt.worksheet.run import run_sheet

WITH_LOSS = sorted(n for n in builtins() if Model.named(n).loss is not None)
SOME = ("rnn-softmax", "lstm", "gru", "bidirectional", "masked", "many-to-one", "encoder-decoder")


# ---------------------------------------------------------------- the graph


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("name", WITH_LOSS)
def test_nodes_come_after_their_parents(name: str, level: Level) -> None:
    graph = graph_of(Model.named(name), level)
    place = {(n.head, n.facts): i for i, n in enumerate(graph.nodes)}
    assert len(place) == len(graph.nodes)
    for node in graph.computed:
        for parent in node.parents:
            for other in graph.nodes:
                both = (*node.facts, *other.facts)
                if other.head == parent and not contradictory(both):
                    assert place[other.head, other.facts] < place[node.head, node.facts]
        assert {r.parent for r in node.rules} == set(node.parents)
    assert [n.head for n in graph.backward[: len(graph.computed)]] == [
        n.head for n in reversed(graph.computed)
    ]


@pytest.mark.parametrize("name", WITH_LOSS)
def test_adjoints_are_those_of_the_adjoint_system(name: str) -> None:
    model = Model.named(name)
    system = problem_of(model).system
    graph = graph_of(model)
    known = {(d.head, d.facts): d.body for d in system.definitions}
    found = {(n.adjoint, n.facts): n.accumulated for n in graph.computed}
    assert {k: v for k, v in found.items() if k in known} == known
    for node in graph.leaves:
        assert node.accumulated == system.gradients[node.head]


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("name", SOME)
def test_adjoint_is_the_sum_of_what_the_consumers_pass_back(name: str, level: Level) -> None:
    graph = graph_of(Model.named(name), level)
    checked = 0
    for node in graph.computed:
        head = node.head
        if not isinstance(head, Elem) or node.accumulated == Const(1):
            continue
        parts = [p for user in graph.computed for p in _passed(user, head)]
        total = Plus(*(parts or [Zero(*head.shape)]))
        assert agree(total, node.accumulated, graph.system.theory, node.facts, trials=3) is None
        checked += 1
    assert checked


def _passed(user: Node, head: Elem) -> list[Term]:
    """What the element of ``user`` that uses the head passes back to it."""
    out = []
    for rule in user.rules:
        if rule.parent.key != head.key:
            continue
        moving = user.head.index if isinstance(user.head, Elem) else None
        t, e = head.index, rule.parent.index
        if moving is not None and e.coeff(moving) == 1:
            at = {moving: t - (e - moving)}
            facts = [f.xreplace(at) for f in user.facts]
            out.append(When(substitute(rule.product, at), *facts))
        elif rule.facts:  # a sum over all elements
            at = {e: t}
            out.append(When(substitute(rule.product, at), *(f.xreplace(at) for f in rule.facts)))
        else:  # one element at a fixed time
            point = {} if moving is None else {moving: 0}
            out.append(When(substitute(rule.product, point), t - e, e - t))
    return out


@pytest.mark.parametrize("name", ("rnn-tanh", "rnn-softmax", "lstm", "gru", "time-delay"))
def test_gradients_through_operations_are_proved(name: str) -> None:
    """Theorems about the flattened theory, and each gradient against the reference evaluation."""
    graph = graph_of(Model.named(name), Level.operations)
    there = {index_symbol("t"): index_symbol("k")}
    wanted = [substitute(n.adjoint, there) for n in graph.leaves]
    results = derive_all(graph.problem, wanted)
    assert [r.main.left for r in results] == wanted
    for node, result in zip(graph.leaves, results, strict=True):
        check(result.development)
        theory, facts = graph.system.theory, node.facts
        positive = {n.head.name for n in graph.leaves if "hat" in n.head.name}
        found = agree(node.adjoint, node.accumulated, theory, facts, trials=2, positive=positive)
        assert found is None


def test_operations_are_the_nodes() -> None:
    graph = graph_of(Model.named("rnn-softmax"), Level.operations)
    found = {str(n.head): n.operation for n in graph.computed}
    assert found["a[t]"] == "sum"
    assert found["h[t]"] == "elementwise"
    assert found[r"\hat{y}[t]"] == "softmax"
    assert sorted(found.values()).count("product") == 4  # W h, U x, V h, y^T log
    for node in graph.computed:
        assert node.body is not None
        assert all(not isinstance(a, Term) or not a.children or len(a.children) == 1
                   for a in node.body.args)  # fmt: skip


def test_what_does_not_reach_the_loss_is_left_out() -> None:
    text = "h_t = \\tanh(W h_{t-1} + U x_t)\nr_t = Q h_t\nL = \\sum_{t=1}^{T} L_t(h_t)"
    names = {n.head.name for n in graph_of(Model.parse(text)).nodes}
    assert {"h", "W", "U", "x", "L"} <= names
    assert not names & {"r", "Q"}


def test_consumers_stand_at_their_own_time() -> None:
    graph = graph_of(Model.named("rnn-tanh"))
    nodes = {str(n.head): [str(c) for c in n.consumers] for n in graph.nodes}
    assert nodes["h[t]"] == ["a[t + 1]", "L[t]"]
    assert nodes["h[0]"] == ["a[1]"]


def test_a_model_without_loss_is_refused() -> None:
    with pytest.raises(NotSupported, match="no"):
        graph_of(Model.named("layer"))


# ---------------------------------------------------------------- telling it


def test_text_of_a_graph(golden: Callable[[str, str], None]) -> None:
    text = to_text(tables(graph_of(Model.named("rnn-tanh")), UNICODE_PEN))
    golden("graph-rnn-tanh.txt", text + "\n")


@pytest.mark.parametrize("name", ("lstm", "time-delay"))
def test_data_of_a_graph(name: str) -> None:
    graph = graph_of(Model.named(name))
    found = json.loads(json.dumps(data(graph)))
    assert found["forward"] == [n["id"] for n in found["nodes"]]
    assert sorted(found["backward"]) == sorted(found["forward"])
    assert {r["parent"] for n in found["nodes"] for r in n["rules"]}


def test_command(tmp_path: Path) -> None:
    place = tmp_path / "gru.svg"
    assert CliRunner().invoke(app, ["graph", "--model", "gru", "--svg", str(place)]).exit_code == 0
    ElementTree.fromstring(place.read_text(encoding="utf-8"))
    latex = CliRunner().invoke(app, ["graph", "--model", "gru", "--latex"])
    assert latex.stdout.startswith(r"\begin{tikzpicture}")
    assert r"\begin{tabularx}" in latex.stdout or r"\begin{xltabular}" in latex.stdout
    both = CliRunner().invoke(app, ["graph", "--model", "gru", "--latex", "--json"])
    assert both.exit_code == 2


@pytest.mark.parametrize("lang", ("en", "zh"))
def test_block_of_a_worksheet(lang: str) -> None:
    text = f"---\nlang: {lang}\n---\n```{{graph}} rnn-tanh\n:level: operations\n```\n"
    document = report(run_sheet(read_sheet(text, "g")))
    tex, page = to_tex(document), to_html(document)
    assert r"\usepackage{tikz}" in tex
    assert tex.count(r"\begin{tikzpicture}") == page.count("<figure") == 1
    assert "v^{(1)}_{t}" in tex


def test_graph_of_an_unknown_model() -> None:
    with pytest.raises(SymbpttError, match="nowhere"):
        run_sheet(read_sheet("```{graph} nowhere\n```\n", "g"))


# ---------------------------------------------------------------- the picture


@pytest.mark.parametrize("name", WITH_LOSS)
def test_picture(name: str) -> None:
    drawing = picture(graph_of(Model.named(name)))
    boxes = [s for s in drawing.shapes if isinstance(s, Box)]
    for a, b in combinations(boxes, 2):
        assert not _meet(_extent(a), _extent(b)), f"{a.label} and {b.label} overlap"
    for line in (s for s in drawing.shapes if isinstance(s, Line)):
        for box in boxes:
            assert not _meet(_span(line), _extent(box, 0.5)), f"a line meets {box.label}"
    root = ElementTree.fromstring(to_svg(drawing, name))
    labels = [x for x in root.iter("{http://www.w3.org/2000/svg}rect") if x.get("stroke")]
    assert len(labels) == len(boxes)
    tikz = to_tikz(drawing)
    assert tikz.count(r"\node") == len(boxes)
    assert all(LATEX_PEN.term(b.label) in tikz for b in boxes)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("name", WITH_LOSS)
def test_no_line_runs_on_the_line_of_another_value(name: str, level: Level) -> None:
    plan = plan_of(excerpt(graph_of(Model.named(name), level)))
    nets = nets_of(plan)
    rails = rails_of(plan, nets)
    drawn = [
        (number, shape)
        for number, net in enumerate(nets)
        for shape in wires(net, rails, ASIDE)
        if isinstance(shape, Line)
    ]
    for (i, a), (j, b) in combinations(drawn, 2):
        if i != j:
            assert not _on_top(_span(a), _span(b)), (nets[i].key, nets[j].key)


def _on_top(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    for along, across in ((0, 1), (1, 0)):
        straight = all(x[across + 2] - x[across] < 0.01 for x in (a, b))
        shared = min(a[along + 2], b[along + 2]) - max(a[along], b[along])
        if straight and abs(a[across] - b[across]) < 1.2 and shared > 1:
            return True
    return False


def _span(line: Line) -> tuple[float, float, float, float]:
    xs, ys = zip(*line.points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _extent(box: Box, inside: float = 0.0) -> tuple[float, float, float, float]:
    w, h = box.width / 2 - inside, box.height / 2 - inside
    return box.x - w, box.y - h, box.x + w, box.y + h


def _meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_every_edge_has_an_arrow_each_way() -> None:
    graph: Graph = graph_of(Model.named("rnn-tanh"))
    heads = [s for s in picture(graph).shapes if isinstance(s, Head)]
    up, down = ([h for h in heads if h.dy == d] for d in (1, -1))
    # a from x and h, h from a, L_t from h, in three steps, and L
    assert len(up) == 3 * 4 + 1
    # back to x, a, h and L_t; the adjoint of h joins two ways before its one arrow
    assert len(down) == 3 * 4
    assert any(isinstance(n.head, Param) for n in graph.nodes)
