"""A worksheet with every kind of question about a recurrent network, run once for all tests."""

from __future__ import annotations

from functools import lru_cache

from symbptt.report.document import Document
from symbptt.worksheet import read_sheet
from symbptt.worksheet.kinds import Style
from symbptt.worksheet.report import report
from symbptt.worksheet.run import Run, run_sheet

SHEET = r"""---
title: The recurrent network
---

# Gradients

The same layer at every step; see [](#bound) and [its factors](#jacobian).

```{model} rnn
:graph:
x_t \in \mathbb{R}^d
h_t \in \mathbb{R}^n
h_t = \sigma(W h_{t-1} + U x_t + b)
L_t \in \mathbb{R}
L = \sum_{t=1}^{T} L_t(h_t)
```

```{derive} \frac{\partial L}{\partial W}
:id: gradient
:form: gradient
:points: 3
```

```{derive} \frac{\partial h_t}{\partial h_k}
:id: jacobian
```

```{only} report slides
Only the answers say this.
```

```{prove} \left\|\frac{\partial h_t}{\partial h_k}\right\| \le (\sup|\sigma'| \, \|W\|)^{t-k}
:id: bound
:by: induction on t from k
```

# Values

```{evaluate} A^{3}
:with: A = [[1, 2], [0, 1]]
```

```{refute} h_t \ge 0
:id: negative
:given: t \ge 1
```

```{ranges} rnn-tanh
:id: ranges
:proof: file
```

```{graph} rnn
```

```{code} network
:model: rnn
```
"""


@lru_cache
def run() -> Run:
    """The worksheet, run."""
    return run_sheet(read_sheet(SHEET, "small", "small.md"))


@lru_cache
def document(kind: str = "report", detail: str | None = None, lang: str = "en") -> Document:
    """Its report in some style."""
    return report(run(), Style(lang, detail, kind))
