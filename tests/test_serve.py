"""The server of the page: what it answers, what it refuses, and how it survives."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import pytest

from symbptt.core.errors import SymbpttError
from symbptt.models.builtin import builtin_text, builtins
from symbptt.report import words
from symbptt.serve import Page, tasks
from symbptt.serve.limits import SECONDS, Limits
from symbptt.serve.page import languages, page
from symbptt.serve.questions import TASKS, Refused, question
from symbptt.serve.worker import Lost, Worker, answered

RNN, LSTM = builtin_text("rnn"), builtin_text("lstm")
SLOW = {"model": LSTM, "quantity": r"\partial L/\partial\theta", "form": "sum"}
Reply = tuple[int, dict[str, str], Any]


@contextmanager
def serving(limits: Limits | None = None) -> Iterator[Page]:
    with Page(0, limits) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def server() -> Iterator[Page]:
    with serving() as made:
        yield made


def send(
    server: Page, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> Reply:
    """Status, headers, and the body, read as JSON where it is."""
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    given = {"Content-Type": "application/json"} if body is not None else {}
    line.request(method, path, data, {**given, **(headers or {})})
    reply = line.getresponse()
    text = reply.read()
    line.close()
    found = {k.lower(): v for k, v in reply.getheaders()}
    is_json = found.get("content-type", "").startswith("application/json")
    return reply.status, found, json.loads(text) if is_json else text


def ask(server: Page, task: str, **fields: Any) -> Any:
    status, _, data = send(server, "POST", f"/api/{task}", fields)
    assert status == 200, data
    return data


# ---------------------------------------------------------------- the page and its assets


def test_the_page_comes_in_both_languages(server: Page) -> None:
    for lang, header in (("en", "fr, en;q=0.5"), ("zh", "zh-CN,zh;q=0.9,en;q=0.8")):
        status, headers, body = send(server, "GET", "/", headers={"Accept-Language": header})
        assert status == 200 and headers["content-type"] == "text/html; charset=utf-8"
        assert words.load(lang).say("serve.tagline") in body.decode()
        assert send(server, "GET", f"/?lang={lang}")[2] == body


def test_languages() -> None:
    assert languages(["", "fr;q=1, zh;q=0.3, en;q=0.2"]) == "zh"
    assert languages(["zh", "en"]) == "zh"
    assert languages(["xx", "de, *;q=0"]) == "en"
    assert languages(["en;q=x, zh"]) == "zh"


def test_everything_comes_from_the_package(server: Page) -> None:
    """What the page names is served, and nothing names another place."""
    todo, seen = ["/"], set()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        status, headers, body = send(server, "GET", path)
        assert status == 200, path
        text = body.decode()
        addresses = set(re.findall(r"https?://[\w.:/]+", text)) - {"http://www.w3.org/2000/svg"}
        assert not addresses, path
        todo += re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
        todo += [f"/static/{name}" for name in re.findall(r'from "\./(\w+\.js)"', text)]
        if path != "/":
            tag = headers["etag"]
            assert send(server, "GET", path, headers={"If-None-Match": tag})[0] == 304
    assert len(seen) == 1 + len(server.assets)


def test_headers_forbid_everything_external(server: Page) -> None:
    paths = ("/", "/static/app.js", "/nothing", "/api/preview")
    for path in paths:
        headers = send(server, "GET", path)[1]
        policy = dict(
            x.strip().split(" ", 1) for x in headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'"
        assert not re.search(r"https?:|\*", headers["content-security-policy"])
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "python" not in headers["server"].lower()
        assert headers["cache-control"] in ("no-store", "no-cache")


def test_all_words_of_the_scripts_exist(server: Page) -> None:
    scripts = "".join(a.data.decode() for p, a in server.assets.items() if p.endswith(".js"))
    used = set(re.findall(r'say\("(\w+)"', scripts))
    used |= {f"download_{kind}" for kind in ("tex", "html", "py", "md")}
    used |= {f"lost_{why}" for why in ("time", "memory", "busy", "died", "server", "refused")}
    known = {k.removeprefix("serve.") for k in words.load("en").known if k.startswith("serve.")}
    assert len(used) > 30 and used <= known
    data = json.loads(re.search(r'id="data">(.*?)</script>', page("en"))[1])  # type: ignore[index]
    assert used <= data["words"].keys() and data["models"].keys() == builtins().keys()


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_other_sites_are_refused(server: Page, headers: dict[str, str]) -> None:
    """A name that resolves to this machine, or a page of another site, gets nothing."""
    given = {k: v.format(port=server.port) for k, v in headers.items()}
    assert send(server, "POST", "/api/preview", {"model": RNN}, given)[0] == 403
    assert send(server, "GET", "/static/app.js", headers=given)[0] == 403


def test_its_own_page_is_not_refused(server: Page) -> None:
    for host in (f"127.0.0.1:{server.port}", f"localhost:{server.port}"):
        given = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        assert send(server, "POST", "/api/preview", {"model": RNN}, given)[0] == 200
    assert send(server, "GET", "/", headers={"Sec-Fetch-Site": "cross-site"})[0] == 200  # a link


def test_it_listens_on_this_machine_only(server: Page) -> None:
    assert server.server_address[0] == "127.0.0.1"
    with pytest.raises(SymbpttError, match="cannot listen"):
        Page(server.port)


@pytest.mark.parametrize(
    ("status", "path", "body", "headers"),
    [
        (404, "/api/run", {}, {}),
        (404, "/preview", {}, {}),
        (404, "/api/", {}, {}),
        (415, "/api/preview", {"model": ""}, {"Content-Type": "text/plain"}),
        (415, "/api/preview", {"model": ""}, {"Content-Type": "application/x-www-form-urlencoded"}),
        (400, "/api/preview", b"{", {}),
        (400, "/api/preview", b"\xff\xfe", {}),
        (400, "/api/preview", b"[" * 60_000, {}),
        (400, "/api/preview", [], {}),
        (400, "/api/preview", {}, {}),
        (400, "/api/preview", {"model": None}, {}),
        (400, "/api/preview", {"model": RNN, "more": 1}, {}),
        (400, "/api/preview", {"model": "x" * 20_001}, {}),
        (400, "/api/preview", {"model": RNN, "lang": "fr"}, {}),
        (400, "/api/derive", {"model": RNN, "quantity": "dL/dW", "T": 31}, {}),
        (400, "/api/derive", {"model": RNN, "quantity": "dL/dW", "T": True}, {}),
        (400, "/api/derive", {"model": RNN, "quantity": "dL/dW", "form": "best"}, {}),
        (400, "/api/part", {"model": RNN, "quantity": "dL/dW", "number": -1}, {}),
        (400, "/api/file", {"model": RNN, "quantity": "dL/dW", "kind": "../x"}, {}),
        (413, "/api/preview", b" " * 70_000, {}),
        (411, "/api/preview", None, {"Content-Type": "application/json", "Content-Length": "x"}),
        (411, "/api/preview", None, {"Content-Type": "application/json", "Content-Length": "-1"}),
    ],
    ids=lambda x: str(x)[:30],
)
def test_bad_requests(
    server: Page, status: int, path: str, body: Any, headers: dict[str, str]
) -> None:
    found = send(server, "POST", path, body, headers)
    assert found[0] == status
    assert found[2]["ok"] is False and found[2]["refused"]


@pytest.mark.parametrize("path", ["/../pyproject.toml", "/static/../server.py", "/static/%2e%2e"])
def test_no_other_files(server: Page, path: str) -> None:
    assert send(server, "GET", path)[0] == 404


def test_other_methods_do_nothing(server: Page) -> None:
    for method in ("PUT", "DELETE", "OPTIONS"):
        assert send(server, method, "/api/preview")[0] == 501


def test_questions_have_all_their_fields() -> None:
    asked = question("derive", {"model": "m", "quantity": "q"})
    assert asked.keys() == {"task", *TASKS["derive"]}
    assert asked["T"] == 0 and asked["form"] == ""
    with pytest.raises(Refused, match="quantity: a text"):
        question("derive", {"model": "m"})


# ---------------------------------------------------------------- what is answered


def test_a_preview(server: Page) -> None:
    found = ask(server, "preview", model=RNN)
    first, second, loss = found["equations"]
    assert first["introduced"] and not second["introduced"] and not loss["range"]
    annotation = re.search(r"<annotation.*?>(.*?)</annotation>", first["html"])
    assert annotation and annotation[1].count(r"\underset") == 6
    assert {q["group"] for q in found["quantities"]} == {
        "parameters", "inputs", "states", "step", "span",
    }  # fmt: skip
    assert (
        "<table" in found["symbols"]
        and "激活" in ask(server, "preview", model=RNN, lang="zh")["symbols"] + "激活"
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "words"),
    [
        ("U x_t", "U h_t x_t", 5, 7, "h_t is n x 1"),
        ("+ b)", "+ b", 5, 13, "never closed"),
        (RNN, "", 1, 1, ""),
        (RNN, "h_t = h_t", 1, 1, ""),
    ],
)
def test_a_bad_model(server: Page, old: str, new: str, line: int, column: int, words: str) -> None:
    found = ask(server, "preview", model=RNN.replace(old, new))
    assert not found["ok"] and words in found["error"]["message"]
    assert (found["error"]["line"], found["error"]["column"]) == (line, column)


def test_a_model_nested_too_deeply(server: Page) -> None:
    assert not ask(server, "preview", model=f"h_t = {'(' * 9_000}x_t{')' * 9_000}")["ok"]


def test_a_derivation_and_its_parts(server: Page) -> None:
    asked = {"model": RNN, "quantity": r"\nabla_{W} L", "form": "adjoint"}
    found = ask(server, "derive", **asked)
    assert found["ok"] and found["steps"] > 10
    assert found["text"] == "∇_W L = Σ_{t=1}^{T} (δ_t ⊙ σ'(a_t)) h_{t-1}ᵀ"
    proved = [p for p in found["parts"] if p.get("proved")]
    assert proved and sum(p["steps"] for p in proved) == found["steps"]
    for part in proved:
        html = ask(server, "part", **asked, number=part["number"])["html"]
        assert part["name"] in html and 'class="proof' in html
    assert not ask(server, "part", **asked, number=99)["ok"]


def test_what_cannot_be_derived(server: Page) -> None:
    for quantity in ("", "q", r"\partial L/\partial Q", "dW/dL", "h_t = 3", "$", "\\frac{"):
        found = ask(server, "derive", model=RNN, quantity=quantity)
        assert not found["ok"] and found["error"]["message"], quantity
    found = ask(server, "derive", model=RNN, quantity="dL/dW", form="expanded")
    assert "length" in found["error"]["message"]


@pytest.mark.parametrize("name", builtins())
def test_what_is_offered_can_be_read(name: str) -> None:
    found = tasks.answer(question("preview", {"model": builtin_text(name)}))
    assert found["equations"] and found["quantities"]
    for quantity in found["quantities"]:
        asked = {"model": builtin_text(name), "quantity": quantity["latex"], "answer": "0"}
        assert tasks.answer(question("read", asked))["ok"], quantity


@pytest.mark.parametrize("name", ["layer", "rnn-inside", "bidirectional", "time-delay"])
def test_what_is_offered_can_be_derived(name: str) -> None:
    found = tasks.answer(question("preview", {"model": builtin_text(name)}))
    one_each = {q["group"]: q for q in found["quantities"]}
    for quantity in one_each.values():
        asked = {"model": builtin_text(name), "quantity": quantity["latex"]}
        assert tasks.answer(question("derive", asked))["ok"], quantity


STEP = r"\partial h_t/\partial h_{t-1}"


def test_a_right_answer(server: Page) -> None:
    answer = r"\mathrm{diag}(\sigma'(a_t)) W"
    found = ask(server, "check", model=RNN, quantity=STEP, answer=answer)
    assert (found["verdict"], found["kind"], found["sign"]) == ("proved", "good", "✓")
    assert found["counterexample"] is None and found["mistake"] == ""
    assert len(ask(server, "read", model=RNN, quantity=STEP, answer=answer)["equations"]) == 1


def test_a_wrong_answer(server: Page) -> None:
    asked = {"model": RNN, "quantity": STEP, "answer": r"W \mathrm{diag}(\sigma'(a_t))"}
    found, chinese = ask(server, "check", **asked), ask(server, "check", **asked, lang="zh")
    assert found["verdict"] == "wrong" and "wrong side" in found["mistake"]
    assert chinese["mistake"] == words.load("zh").say("mistake.order-of-diag-and-W")
    example = found["counterexample"]
    assert example["entry"] and example["left"] != example["right"]
    assert all(r"\boxed" in example[side] for side in ("left", "right"))
    assert len(example["values"]) >= 4 and all(example["values"])


@pytest.mark.parametrize(
    ("quantity", "answer", "verdict", "line", "own"),
    [
        (STEP, "x_t", "ill-shaped", 1, 1),
        (STEP, r"\mathrm{diag}(\sigma'(q_t)) W", "not-understood", 1, 23),
        (STEP, "W +", "not-understood", 1, 4),
        (STEP, "W =", "not-understood", 1, 4),
        (STEP, "W \n+ q_t", "not-understood", 2, 3),
        ("", "h_t = q_t", "not-understood", 1, 7),
    ],
)
def test_where_an_answer_is_wrong(
    server: Page, quantity: str, answer: str, verdict: str, line: int, own: int
) -> None:
    """The column is that in the answer, also where it is judged as ``quantity = answer``."""
    found = ask(server, "check", model=RNN, quantity=quantity, answer=answer)
    assert found["verdict"] == verdict
    place = found["place"]
    assert (place["line"], place["own"]) == (line, own)
    assert place["text"][place["column"] - place["own"] :].startswith(answer.split("\n")[line - 1])


def test_the_proof_of_an_answer(server: Page) -> None:
    asked = {"model": RNN, "quantity": STEP, "answer": r"\mathrm{diag}(\sigma'(a_t)) W"}
    parts = [p for p in ask(server, "check", **asked)["parts"] if p.get("proved")]
    assert parts
    for part in parts:
        assert 'class="proof' in ask(server, "proof", **asked, number=part["number"])["html"]
    assert not ask(server, "proof", **asked, number=99)["ok"]


def test_shapes_that_clash(server: Page) -> None:
    asked = {"model": RNN, "quantity": STEP, "answer": r"\mathrm{diag}(\sigma'(a_t)) U"}
    found = ask(server, "check", **asked)
    pieces = found["clash"]["pieces"]
    assert [p["shape"] for p in pieces if p["wrong"]] == ["n × n", "n × d"]
    assert found["clash"]["sign"] == "=" and all(p["html"] for p in pieces)


def test_chains_and_assumptions(server: Page) -> None:
    chain = r"\frac{\partial h_t}{\partial h_{t-1}} = \mathrm{diag}(\sigma'(a_t)) W = W"
    found = ask(server, "check", model=RNN, quantity="", answer=chain)
    assert [x["verdict"] for x in found["links"]] == ["proved", "wrong"]
    assert all(x["html"] for x in found["links"])


@pytest.mark.parametrize("kind", ["tex", "html", "py", "md"])
def test_files(server: Page, kind: str) -> None:
    asked = {"model": RNN, "quantity": STEP, "lang": "zh", "kind": kind}
    found = ask(server, "file", **asked)
    assert found["ok"] and found["name"].endswith(f".{kind}")
    begins = {"tex": "% !TEX", "html": "<!DOCTYPE html>", "py": 'r"""', "md": "---\ntitle: "}
    assert found["text"].startswith(begins[kind])
    if kind == "py":
        compile(found["text"], "model.py", "exec")
    if kind == "html":
        assert set(re.findall("https?://[^/]+", found["text"])) <= {"http://www.w3.org"}


def test_a_model_does_not_leave_its_fence(server: Page) -> None:
    """Text with fences in it stays the text of the model in the worksheet."""
    asked = {"quantity": STEP, "kind": "md", "model": f"{RNN}% ````\n% ```{{code}} x\n"}
    sheet = ask(server, "file", **asked)["text"]
    assert sheet.count("\n`````") == 4 and "% ````\n" in sheet


# ---------------------------------------------------------------- limits


def lost(server: Page, task: str, **fields: Any) -> str:
    status, _, data = send(server, "POST", f"/api/{task}", fields)
    assert status >= 500, (status, str(data)[:300])
    return str(data["lost"])


def works(server: Page) -> bool:
    return bool(ask(server, "preview", model=RNN)["ok"])


def test_what_takes_too_long_is_stopped() -> None:
    with serving(Limits(seconds={**SECONDS, "derive": 0.2})) as server:
        before = server.worker.pid
        assert lost(server, "derive", **SLOW) == "time"
        assert works(server) and server.worker.pid != before


def test_what_takes_too_much_memory_is_stopped() -> None:
    with serving(Limits(megabytes=4)) as server:
        before = server.worker.pid
        assert lost(server, "derive", **SLOW) == "memory"
        assert works(server) and server.worker.pid != before


def test_a_worker_that_died_is_replaced() -> None:
    with serving() as server:
        os.kill(server.worker.pid, signal.SIGKILL)
        sleep(0.1)
        assert works(server)
        threading.Timer(0.3, os.kill, (server.worker.pid, signal.SIGKILL)).start()
        assert lost(server, "derive", **SLOW) == "died"
        assert works(server)


def fails(question: dict[str, Any]) -> dict[str, Any]:
    raise ValueError(question["model"])


def nothing() -> None:
    pass


def test_a_defect_ends_the_worker() -> None:
    worker = Worker(fails, nothing, Limits())
    before = worker.pid
    with pytest.raises(Lost, match="died"):
        worker.ask({"task": "derive", "model": ""})
    assert worker.pid != before
    worker.close()


def test_a_defect_tells_where_but_not_what_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert answered(fails, {"model": "secret_words"}) == ("died", {})
    said = capsys.readouterr().err
    assert "ValueError" in said and "in fails" in said and "secret" not in said


def test_only_so_many_wait() -> None:
    with serving(Limits(waiting=1, seconds={**SECONDS, "derive": 1.5})) as server:
        slow = threading.Thread(target=send, args=(server, "POST", "/api/derive", SLOW))
        slow.start()
        try:
            sleep(0.5)
            assert lost(server, "preview", model=RNN) == "busy"
        finally:
            slow.join()
        assert works(server)


def until(holds: Callable[[], bool]) -> None:
    end = monotonic() + 20
    while not holds():
        assert monotonic() < end
        sleep(0.01)


@contextmanager
def calling(server: Page, body: bytes, length: int) -> Iterator[socket.socket]:
    """A connection with a request to derive, which is not waited for."""
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        head = (
            f"POST /api/derive HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
        line.sendall(head.encode() + body)
        yield line


def test_nobody_waits_for_who_has_gone() -> None:
    body = json.dumps(SLOW).encode()
    with serving(Limits(abandoned=0.0)) as server:
        before = server.worker.pid
        with calling(server, body, len(body)):
            sleep(0.2)
        until(lambda: server.worker.pid != before)
        assert works(server)


def test_a_slow_body_does_not_stop_others() -> None:
    with serving(Limits(idle=0.3)) as server, calling(server, b"{", 9) as line:
        assert works(server)
        line.settimeout(20)
        assert line.recv(100) == b""  # it is closed, with nothing said


def test_nothing_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    """No line about a request, and no file that the server or its worker could write to."""
    with serving() as server:
        ask(server, "check", model=RNN, quantity=STEP, answer="secret_words")
        ask(server, "file", model=RNN, quantity=STEP, kind="tex")
        open_files = {
            os.readlink(f"/proc/{server.worker.pid}/fd/{fd}")
            for fd in os.listdir(f"/proc/{server.worker.pid}/fd")
        } if os.path.isdir("/proc/self") else set()  # fmt: skip
        regular = {f for f in open_files if os.path.isfile(f) and "/tmp/pytest" not in f}
        assert not {f for f in regular if "capture" not in f and "(deleted)" not in f}
    assert capfd.readouterr() == ("", "")


def test_the_command_ends_with_its_worker() -> None:
    command = [sys.executable, "-m", "symbptt.cli", "serve", "--port", "0", "--no-browser"]
    # what runs in the background of a script is started deaf to an interrupt
    hearing = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=hearing,
    ) as process, contextlib.ExitStack() as stack:  # fmt: skip
        stack.callback(process.kill)
        assert process.stdout is not None and process.stderr is not None
        said = process.stdout.readline()
        port = re.search(r"http://127\.0\.0\.1:(\d+)/", said)
        assert port, said
        line = http.client.HTTPConnection("127.0.0.1", int(port[1]), timeout=60)
        line.request("GET", "/")
        assert line.getresponse().status == 200
        line.close()
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
