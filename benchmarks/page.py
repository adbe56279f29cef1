"""The local page over HTTP: a preview after a key, a derivation with its proof checked."""

from __future__ import annotations

import http.client
import json
import threading
from itertools import count
from typing import Any

from rich.table import Table

from symbptt.models.builtin import builtin_text
from symbptt.serve import Page

from .figures import build, median_ms

RUNS = 9
MODELS = ("rnn", "gru", "lstm")
FORMS = ("gradient", "adjoint", "sum")


def table() -> tuple[Table, bool]:
    """What a browser waits for, with a warm worker; every text is new to it."""
    rows: list[tuple[str, float, float]] = []
    with Page(0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        line = http.client.HTTPConnection("127.0.0.1", server.port)
        for name in MODELS:
            keys = count()

            def asked(name: str = name, keys: count[int] = keys, **more: Any) -> dict[str, Any]:
                # a comment more makes another text, of which nothing is remembered
                return {"model": f"{builtin_text(name)}% {next(keys)}", **more}

            found = _ask(line, "preview", asked())
            quantity = found["quantities"][0]["latex"]
            time = median_ms(lambda a=asked: _ask(line, "preview", a()), RUNS)  # type: ignore[misc]
            rows.append((f"{name}: preview", time, 50))
            for form in FORMS:
                time = median_ms(
                    lambda a=asked, q=quantity, f=form: _ask(  # type: ignore[misc]
                        line, "derive", a(quantity=q, form=f)
                    ),
                    RUNS,
                )
                rows.append((f"{name}: {found['quantities'][0]['text']}, {form}", time, 500))
        line.close()
        server.shutdown()
    return build("The page, as a browser waits for it", "ms", rows)


def _ask(line: http.client.HTTPConnection, task: str, question: dict[str, Any]) -> Any:
    body = json.dumps(question)
    line.request("POST", f"/api/{task}", body, {"Content-Type": "application/json"})
    answer = json.loads(line.getresponse().read())
    assert answer["ok"], answer
    return answer
