"""A report made by hand: the gradient of the plain recurrent network, in both languages."""

from __future__ import annotations

from symbptt.report.document import (
    Block, CodeListing, Content, Display, Document, Emph, Heading, Items, Math, MatrixView, Phrase,
    ProofLine, Prose, SymbolRow, SymbolsTable, Table, Text, TheoremBlock, phrase,
)  # fmt: skip

DIAG = r"\operatorname{diag}(\sigma'(a_{%s}))"
LAYER = r"\frac{\partial h_t}{\partial h_{t-1}}"

PROSE = {
    "en": {
        "title": "Backpropagation through time",
        "intro": (
            Text("The recurrent layer "),
            Math(r"h_t = \sigma(W h_{t-1} + U x_t + b)"),
            Text(" is applied at every step; the loss is the "),
            Emph((Text("sum"),)),
            Text(" of the losses at the steps, "),
            Math(r"L = \sum_{t=1}^{T} L_t(h_t)"),
            Text(". All vectors are columns & Jacobians have 100% numerator layout: "),
            Math(r"\partial y/\partial x"),
            Text(" has the shape "),
            Math(r"\dim y \times \dim x"),
            Text(". Here σ is any differentiable function."),
        ),
        "one": "One step",
        "product": "The Jacobian over several steps",
        "gradient": "The gradient of the loss",
        "expanded": "Written out for",
        "layer": "Jacobian of a step",
        "chain": "Product of Jacobians",
        "bptt": "Backpropagation through time",
        "point": ("The first point", "The second point, about "),
    },
    "zh": {
        "title": "随时间反向传播",
        "intro": (
            Text("循环层 "),
            Math(r"h_t = \sigma(W h_{t-1} + U x_t + b)"),
            Text(" 在每个时刻使用同一组参数；总损失为各时刻损失之"),
            Emph((Text("和"),)),
            Text("："),
            Math(r"L = \sum_{t=1}^{T} L_t(h_t)"),
            Text("。向量均为列向量，雅可比矩阵采用分子布局，即 "),
            Math(r"\partial y/\partial x"),
            Text(" 的形状为 "),
            Math(r"\dim y \times \dim x"),
            Text("。这里 σ 是任意可微函数。"),
        ),
        "one": "单步",
        "product": "多步的雅可比矩阵",
        "gradient": "损失的梯度",
        "expanded": "写出",
        "layer": "单步雅可比矩阵",
        "chain": "雅可比矩阵之积",
        "bptt": "随时间反向传播",
        "point": ("第一点", "第二点，关于 "),
    },
}

CODE = (
    "def backward(cache, grad_outputs):\n"
    '    """δ_t = W^T (δ_{t+1} * σ\'(a_{t+1})) + dL_t/dh_t, from T down to 1; '
    'the gradients are 100% sums over the steps."""\n'
    "    return grads  # \\end{Verbatim} is not special here\n"
)


def _words(text: str) -> Content:
    return (Text(text),)


def symbols() -> SymbolsTable:
    time = Math("t")
    return SymbolsTable(
        (
            SymbolRow("x_t", phrase("meaning.input", time=time), r"d \times 1"),
            SymbolRow("h_t", phrase("meaning.state", time=time), r"n \times 1"),
            SymbolRow("a_t", phrase("meaning.preactivation", time=time), r"n \times 1"),
            SymbolRow("W", Phrase("meaning.matrix"), r"n \times n"),
            SymbolRow("U", Phrase("meaning.matrix"), r"n \times d"),
            SymbolRow("b", Phrase("meaning.vector"), r"n \times 1"),
            SymbolRow(r"\sigma", Phrase("meaning.unspecified")),
            SymbolRow(r"\delta_t", phrase("meaning.adjoint", symbol=Math("h_t")), r"1 \times n"),
            SymbolRow("L_t", phrase("meaning.loss_at", time=time), r"1 \times 1"),
            SymbolRow(r"\frac{\partial^{+} h_k}{\partial W}", Phrase("meaning.immediate")),
        )
    )


def layer_theorem(name: Content) -> TheoremBlock:
    h, diag = Math("h_t"), DIAG % "t"
    return TheoremBlock(
        "theorem",
        "1",
        name,
        (Display(rf"{LAYER} = {diag}\, W", tag="1"),),
        (Math(r"1 \le t \le T"),),
        (
            ProofLine("", r"\mathrm{d} h_t"),
            ProofLine(
                "=",
                r"\mathrm{d}\sigma(W h_{t-1} + U x_t + b)",
                phrase("reason.unfold", symbol=h),
            ),
            ProofLine(
                "=",
                r"\sigma'(a_t) \odot \mathrm{d}(W h_{t-1} + U x_t + b)",
                rule="d-map",
            ),
            ProofLine("=", r"\sigma'(a_t) \odot W\,\mathrm{d} h_{t-1}", Phrase("reason.vanish")),
            ProofLine("=", rf"{diag}\,W\,\mathrm{{d}} h_{{t-1}}", rule="diag-vector"),
            Prose((phrase("proof.read_off", change=Math(r"\mathrm{d} h_{t-1}")),)),
        ),
    )


def product_theorem(name: Content) -> TheoremBlock:
    t, step = Math("t"), r"\prod_{i=k+1}^{%s} \operatorname{diag}(\sigma'(a_i))\,W"
    return TheoremBlock(
        "theorem",
        "2",
        name,
        (Display(rf"\frac{{\partial h_t}}{{\partial h_k}} = {step % 't'}"),),
        (Math(r"0 \le k \le t \le T"), Math(r"n \ge 1")),
        (
            Prose((phrase("proof.induction", variable=t), Text(" "))),
            Prose((phrase("proof.base", case=Math("t = k")),)),
            ProofLine("", r"\frac{\partial h_k}{\partial h_k}"),
            ProofLine("=", "I", rule="identity-left"),
            ProofLine("=", step % "k", rule="product-empty"),
            Prose((Phrase("proof.step"), Text(" "), phrase("proof.hypothesis", case=t))),
            ProofLine("", r"\frac{\partial h_{t+1}}{\partial h_k}"),
            ProofLine(
                "=",
                r"\frac{\partial h_{t+1}}{\partial h_t}\,\frac{\partial h_t}{\partial h_k}",
                rule="d-function",
            ),
            ProofLine(
                "=",
                rf"{DIAG % 't+1'}\,W\,\frac{{\partial h_t}}{{\partial h_k}}",
                phrase("reason.lemma", reference=Math("(1)")),
            ),
            ProofLine(
                "=", rf"{DIAG % 't+1'}\,W \left({step % 't'}\right)", Phrase("reason.hypothesis")
            ),
            ProofLine("=", step % "t+1", rule="product-last"),
        ),
    )


def gradient_theorem(name: Content) -> TheoremBlock:
    total, immediate = r"\frac{\partial L}{\partial W}", r"\frac{\partial^{+} h_k}{\partial W}"
    loss, between = r"\frac{\partial L_t}{\partial h_t}", r"\frac{\partial h_t}{\partial h_k}"
    product = rf"\left(\prod_{{i=k+1}}^{{t}} {DIAG % 'i'}\,W\right)"
    return TheoremBlock(
        "theorem",
        "3",
        name,
        (
            Display(
                rf"{total} = \sum_{{t=1}}^{{T}} \sum_{{k=1}}^{{t}} {loss}\,{between}\,{immediate}"
            ),
        ),
        (),
        (
            ProofLine("", total),
            ProofLine("=", rf"\sum_{{t=1}}^{{T}} {loss}\,\frac{{\partial h_t}}{{\partial W}}"),
            ProofLine(
                "=",
                rf"\sum_{{t=1}}^{{T}} {loss} \left(\frac{{\partial^{{+}} h_t}}{{\partial W}} "
                r"+ \frac{\partial h_t}{\partial h_{t-1}}\,\frac{\partial h_{t-1}}{\partial W}"
                r"\right)",
                rule="d-function",
            ),
            ProofLine(
                "=",
                rf"\sum_{{t=1}}^{{T}} {loss} \left(\frac{{\partial^{{+}} h_t}}{{\partial W}} "
                r"+ \frac{\partial h_t}{\partial h_{t-1}}\,\frac{\partial^{+} h_{t-1}}{\partial W}"
                r" + \frac{\partial h_t}{\partial h_{t-1}}\,"
                r"\frac{\partial h_{t-1}}{\partial h_{t-2}}\,"
                r"\frac{\partial^{+} h_{t-2}}{\partial W} + \dots + \frac{\partial h_t}"
                r"{\partial h_1}\,\frac{\partial^{+} h_1}{\partial W}\right)",
                Phrase("reason.hypothesis"),
            ),
            ProofLine(
                "=",
                rf"\sum_{{t=1}}^{{T}} \sum_{{k=1}}^{{t}} {loss}\,{product}\,{immediate}",
                phrase("reason.lemma", reference=Phrase("theorem.theorem")),
            ),
            ProofLine(
                "=",
                rf"\sum_{{t=1}}^{{T}} \sum_{{k=1}}^{{t}} {loss}\,{between}\,{immediate}",
                rule="series-exchange",
            ),
        ),
    )


def expanded(length: int) -> Display:
    """dL/dW written out; far too wide for a line."""
    summands = []
    for t in range(1, length + 1):
        for k in range(t, 0, -1):
            steps = "".join(rf"{DIAG % i}\,W\," for i in range(t, k, -1))
            sign = "+ " if summands else ""
            summands.append(
                rf"{sign}\frac{{\partial L_{t}}}{{\partial h_{t}}}\,{steps}"
                rf"\frac{{\partial^{{+}} h_{k}}}{{\partial W}}"
            )
    latex = r"\frac{\partial L}{\partial W} = " + " ".join(summands)
    return Display(latex, "2", tuple(summands))


def matrix_view() -> MatrixView:
    entries = (
        r"\begin{bmatrix} \frac{\partial h_{t,1}}{\partial h_{t-1,1}} & \cdots & "
        r"\frac{\partial h_{t,1}}{\partial h_{t-1,n}} \\ \vdots & \ddots & \vdots \\ "
        r"\frac{\partial h_{t,n}}{\partial h_{t-1,1}} & \cdots & "
        r"\frac{\partial h_{t,n}}{\partial h_{t-1,n}} \end{bmatrix}"
    )
    values = (
        r"\begin{bmatrix} \sigma'(a_{t,1}) w_{11} & \cdots & \sigma'(a_{t,1}) w_{1n} \\ "
        r"\vdots & \ddots & \vdots \\ "
        r"\sigma'(a_{t,n}) w_{n1} & \cdots & \sigma'(a_{t,n}) w_{nn} \end{bmatrix}"
    )
    return MatrixView(LAYER, (entries, values))


def document(lang: str) -> Document:
    """The sample in a language."""
    prose = PROSE[lang]
    points = tuple((Prose(_words(text)),) for text in prose["point"][:1])
    last = (Prose((Text(prose["point"][1]), Math("W"))), Display("y = W x"))
    rows = tuple(
        (Math(statement), Phrase("status.proved"), Text(steps))
        for statement, steps in (
            (rf"{LAYER} = {DIAG % 't'}\,W", "5"),
            (r"\frac{\partial h_t}{\partial h_k}", "7"),
            (r"\frac{\partial L}{\partial W}", "12"),
        )
    )
    blocks: tuple[Block, ...] = (
        Prose(prose["intro"]),
        Heading(1, (Phrase("heading.symbols"),)),
        symbols(),
        Heading(1, _words(prose["one"])),
        layer_theorem(_words(prose["layer"])),
        Heading(2, (Phrase("heading.matrix"),)),
        matrix_view(),
        Items((*points, last)),
        Heading(1, _words(prose["product"])),
        product_theorem(_words(prose["chain"])),
        Heading(1, _words(prose["gradient"])),
        gradient_theorem(_words(prose["bptt"])),
        Prose((Text(prose["expanded"]), Text(" "), Math("T = 4"), Text(":"))),
        expanded(4),
        Heading(1, (Phrase("heading.code"),)),
        CodeListing(CODE, "python"),
        Heading(1, (Phrase("heading.summary"),)),
        Table(tuple(Phrase(f"table.{k}") for k in ("statement", "status", "steps")), rows),
    )
    return Document(prose["title"], lang, blocks, "derivations/sample.md")
