"""The page in a real browser: what people see, press and hear of."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from symbptt import serve
from symbptt.report import words

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
expect.set_options(timeout=60_000)  # a busy machine is no failure

STEP = "∂h_t/∂h_{t-1}"
RIGHT, WRONG = r"\mathrm{diag}(\sigma'(a_t)) W", r"W \mathrm{diag}(\sigma'(a_t))"
SAY = words.load("en").say


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serve.Page(0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.url
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield found
        found.close()


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    """One for most tests: what it has loaded once it has."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@contextmanager
def opened(browser: Browser, address: str, lang: str = "en", **options: Any) -> Iterator[Page]:
    """The page in a window of its own."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    with watched(context.new_page(), address, lang) as page:
        yield page
    context.close()


@contextmanager
def watched(page: Page, address: str, lang: str = "en") -> Iterator[Page]:
    """The page when it has shown the model; nothing may fail in it, or leave the machine."""
    failed: list[str] = []
    asked: list[str] = []
    listening: dict[Any, Any] = {
        "pageerror": lambda error: failed.append(str(error)),
        "console": lambda said: failed.append(said.text) if said.type == "error" else None,
        "request": lambda request: asked.append(request.url),
    }
    for event, heard in listening.items():
        page.on(event, heard)
    page.set_default_timeout(60_000)
    page.goto(f"{address}?lang={lang}")
    expect(page.locator("#preview .reading")).not_to_have_count(0)
    yield page
    assert failed == []
    assert asked and all(url.startswith((address, "blob:", "data:")) for url in asked), asked
    for event, heard in listening.items():
        page.remove_listener(event, heard)


@pytest.fixture
def page(window: Page, address: str) -> Iterator[Page]:
    with watched(window, address) as found:
        yield found


def derive(page: Page) -> Locator:
    """Presses the button; the card of the result."""
    page.click("button[type=submit]")
    card = page.locator("#output .card:not(.old)")
    expect(card).to_be_visible()
    return card


def check(page: Page, answer: str, quantity: str = STEP) -> Locator:
    """Types an answer and has it judged; the card of the verdict."""
    page.click("#tab-check")
    page.select_option("#quantity", label=quantity)
    page.fill("#answer", answer)
    return derive(page)


# ---------------------------------------------------------------- deriving


def test_the_model_is_shown_with_shapes(page: Page) -> None:
    first = page.locator("#preview .reading").first
    tex = first.locator("annotation").first.text_content() or ""
    assert tex.count(r"\underset") == 6 and r"n \times d" in tex
    page.select_option("#builtin", "lstm")
    expect(page.locator("#preview .reading")).to_have_count(11)
    expect(page.locator("#quantity option", has_text="∇_{W_f} L")).to_have_count(1)
    page.fill("#text", "y = W x")
    expect(page.locator("#preview .reading")).to_have_count(1)
    expect(page.locator("#builtin")).to_have_value("")
    assert page.input_value("#quantity") == r"\frac{\partial y}{\partial x}"


def test_a_derivation_unfolds(page: Page) -> None:
    page.select_option("#quantity", label="∇_W L")
    page.select_option("#form", "adjoint")
    card = derive(page)
    expect(card.locator(".checked")).to_contain_text(SAY("serve.checked"))
    expect(page.get_by_role("status").first).to_contain_text("∇_W L = Σ")
    folded = card.locator("details.unfolds")
    assert folded.count() >= 2
    assert card.locator(".chain").count() == 0
    folded.last.locator("summary").click()
    expect(folded.last.locator(".chain").first).to_be_visible()
    assert folded.last.locator(".katex").count() > 10
    assert folded.last.locator(".theorem").count() == 0  # it stands above
    card.get_by_role("button", name=SAY("serve.unfold_all")).click()
    for part in folded.all():
        expect(part.locator(".body .katex").first).to_be_visible()
    card.get_by_role("button", name=SAY("serve.fold_all")).click()
    expect(card.locator("details[open].unfolds")).to_have_count(0)


def test_forms_follow_the_quantity(page: Page) -> None:
    page.select_option("#form", "expanded")
    expect(page.locator("#length")).to_be_visible()
    page.fill("#length", "2")
    shown = derive(page).locator(".answer annotation").all_text_contents()
    assert "h_{1}" in " ".join(shown)  # the steps are written out
    page.select_option("#quantity", label=STEP)
    expect(page.locator("#length")).to_be_hidden()
    assert page.input_value("#form") == ""
    expect(page.locator("#form option[value=sum]")).to_be_disabled()
    expect(page.locator("#output .card")).to_contain_text(SAY("serve.changed"))
    page.select_option("#quantity", "other")
    page.fill("#written", "dh_t/dh_{t-1}")
    page.select_option("#form", "paths")
    expect(derive(page).locator(".answer .katex").first).to_be_visible()


@pytest.mark.parametrize("kind", ["tex", "html", "py", "md"])
def test_downloads(page: Page, kind: str) -> None:
    page.select_option("#quantity", label=STEP)
    card = derive(page)
    with page.expect_download() as waiting:
        card.get_by_role("button", name=f"(.{kind})").click()
    text = waiting.value.path().read_text(encoding="utf-8")
    assert waiting.value.suggested_filename.endswith(f".{kind}")
    inside = {
        "tex": r"\begin{document}",
        "html": "</html>",
        "py": "def backward(",
        "md": "{derive}",
    }
    assert inside[kind] in text
    expect(page.locator("#status")).to_contain_text(waiting.value.suggested_filename)


def test_copying(browser: Browser, address: str) -> None:
    with opened(browser, address, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.select_option("#quantity", label=STEP)
        derive(page).get_by_role("button", name=SAY("serve.copy")).click()
        expect(page.locator("#status")).to_have_text(SAY("serve.copied"))
        copied = page.evaluate("navigator.clipboard.readText()")
        assert r"\operatorname{diag}" in copied


# ---------------------------------------------------------------- checking


def test_a_right_answer(page: Page) -> None:
    card = check(page, RIGHT)
    expect(card.get_by_role("heading").first).to_have_text("✓ proved")
    assert card.locator(".example").count() == 0
    expect(page.locator("#understood .reading")).to_have_count(1)
    card.locator("summary").last.click()
    expect(card.locator(".chain").last).to_be_visible()


def test_shapes_that_clash(page: Page) -> None:
    card = check(page, r"\mathrm{diag}(\sigma'(a_t)) U")
    expect(card.locator(".clashing .wrong figcaption")).to_have_text(["✗ n × n", "✗ n × d"])


def test_a_wrong_answer(page: Page) -> None:
    card = check(page, WRONG)
    expect(card.get_by_role("heading").first).to_have_text("✗ wrong")
    expect(card.locator(".mistake")).to_have_text(SAY("mistake.order-of-diag-and-W"))
    example = card.locator(".example")
    assert example.locator(".chosen .katex").count() >= 6
    assert example.locator(".sides dd .katex").count() == 2
    expect(example).to_contain_text("row 1, column 2")


def test_a_whole_equation(page: Page) -> None:
    page.click("#tab-check")
    page.select_option("#quantity", "statement")
    page.fill("#answer", "h_t = \\sigma(a_t) = a_t")
    card = derive(page)
    links = card.locator(".chain-links li")
    expect(links).to_have_count(2)
    assert [x.locator("strong").text_content() for x in links.all()] == ["✓ proved", "✗ wrong"]
    page.click("#tab-derive")  # where there is nothing to state
    assert page.input_value("#quantity") != "statement"


def test_an_answer_while_it_is_typed(page: Page) -> None:
    page.click("#tab-check")
    page.select_option("#quantity", label=STEP)
    page.locator("#answer").press_sequentially("W U", delay=20)
    expect(page.locator("#understood .clashing .wrong figcaption").last).to_have_text("✗ n × d")
    page.fill("#answer", "W +")
    expect(page.locator("#answer-error")).to_contain_text("the text ends")
    page.fill("#answer", "")
    expect(page.locator("#answer-error")).to_be_hidden()
    expect(page.locator("#understood")).to_be_hidden()
    page.click("button[type=submit]")
    expect(page.locator("#status")).to_have_text(SAY("serve.nothing"))


# ---------------------------------------------------------------- what goes wrong


def test_a_bad_model(page: Page) -> None:
    page.fill("#text", page.input_value("#text").replace("U x_t", "U h_t x_t"))
    error = page.locator("#model-error")
    expect(error).to_contain_text("h_t is n x 1")
    expect(error).to_have_attribute("role", "alert")
    expect(error.locator(".caret")).to_contain_text("^")
    expect(page.locator(".gutter .wrong")).to_have_text("5")
    expect(page.locator("#text")).to_have_attribute("aria-invalid", "true")
    error.get_by_role("button").click()
    expect(page.locator("#text")).to_be_focused()
    place = page.locator("#text").evaluate("area => area.value.slice(area.selectionStart)")
    assert place.startswith(r"\sigma(")
    card = derive(page)
    expect(card).to_contain_text("h_t is n x 1")
    page.select_option("#builtin", "gru")
    expect(error).to_be_hidden()
    expect(page.locator("#text")).to_have_attribute("aria-invalid", "false")


def test_what_is_written_is_text_only(page: Page) -> None:
    """Nothing that a user writes becomes an element of the page."""
    bad = "h_t = <img src=x onerror=alert(1)> <script>alert(2)</script> \\htmlClass{x}{y}"
    page.fill("#text", bad)
    expect(page.locator("#model-error")).to_be_visible()
    page.select_option("#builtin", "rnn")
    expect(page.locator("#model-error")).to_be_hidden()
    page.select_option("#quantity", "other")
    page.fill("#written", "<b>q</b>")
    derive(page)
    page.click("#tab-check")
    page.fill("#answer", "<img src=x onerror=alert(1)> = W")
    derive(page)
    assert page.locator("main img, main b, main script").count() == 0


def test_a_server_that_has_gone(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}?lang=en")
    expect(page.locator("#preview .reading")).not_to_have_count(0)
    page.route("**/api/**", lambda route: route.abort())
    expect(derive(page)).to_contain_text(SAY("serve.lost_server"))
    page.fill("#text", "y = W x")
    expect(page.locator("#model-error")).to_contain_text(SAY("serve.lost_server"))
    context.close()


def test_cancelling(page: Page) -> None:
    page.select_option("#builtin", "lstm")
    expect(page.locator("#quantity option", has_text="∂L/∂θ")).to_have_count(1)
    page.select_option("#quantity", label="∂L/∂θ")
    page.select_option("#form", "sum")
    page.click("button[type=submit]")
    page.click("#cancel")
    expect(page.locator("#status")).to_have_text(SAY("serve.cancelled"))
    expect(page.locator("#cancel")).to_be_hidden()
    assert page.locator("#output .card").count() == 0
    page.select_option("#quantity", label=STEP)
    page.select_option("#form", "")
    derive(page)


# ---------------------------------------------------------------- for everybody

NAMES = """() => ['input', 'select', 'textarea', 'button', 'summary', 'a', '[role]']
  .flatMap(kind => [...document.querySelectorAll(kind)])
  .filter(node => node.checkVisibility())
  .filter(node => !node.closest('.katex') && !['group', 'alert', 'status'].includes(node.role))
  .filter(node => {
    const by = (node.getAttribute('aria-labelledby') ?? '').split(' ').filter(Boolean)
    const text = by.map(id => document.getElementById(id)?.textContent ?? '').join(' ')
    const labels = [...(node.labels ?? [])].map(label => label.textContent).join(' ')
    const own = ['BUTTON', 'SUMMARY', 'A'].includes(node.tagName) ? node.textContent : ''
    return !(text || node.getAttribute('aria-label') || labels || own).trim()
  }).map(node => node.outerHTML.slice(0, 80))"""

REFERENCES = """() => [...document.querySelectorAll('*')].flatMap(node =>
    ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for'].flatMap(name =>
      (node.getAttribute(name) ?? '').split(' ').filter(Boolean)))
  .filter(id => !document.getElementById(id))"""

DOUBLE = """() => [...document.querySelectorAll('[id]')].map(node => node.id)
  .filter((id, i, all) => all.indexOf(id) !== i)"""

SILENT = """() => [...document.querySelectorAll('.katex')]
  .filter(node => !node.querySelector('math') ||
                  node.querySelector('.katex-html:not([aria-hidden=true])')).length"""

STUCK = """() => [...document.querySelectorAll('main *')]
  .filter(node => node.checkVisibility() && node.scrollWidth > node.clientWidth + 1)
  .filter(node => ['auto', 'scroll'].includes(getComputedStyle(node).overflowX))
  .filter(node => node.tabIndex < 0).map(node => node.className)"""

HEADINGS = """() => [...document.querySelectorAll('h1, h2, h3, h4')]
  .filter(node => node.checkVisibility()).map(node => Number(node.tagName[1]))"""

CONTRAST = """() => {
  const paint = document.createElement('canvas').getContext('2d', {willReadFrequently: true})
  const known = {}
  const rgba = (colour) => known[colour] ??= pixel(colour)
  const pixel = (colour) => {
    paint.clearRect(0, 0, 1, 1)
    paint.fillStyle = colour
    paint.fillRect(0, 0, 1, 1)
    return paint.getImageData(0, 0, 1, 1).data
  }
  const light = ([r, g, b]) => [r, g, b].map(x => x / 255)
    .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
    .reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0)
  const below = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor)
      if (colour[3] === 255) return colour
    }
    return [255, 255, 255]
  }
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const bad = []
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement
    if (!walk.currentNode.data.trim() || !node.checkVisibility({visibilityProperty: true})) continue
    if (node.closest('.katex-mathml, script, .skip, option')) continue
    if (node.closest('.katex') && !node.closest('[style*=color]')) continue  // as what is around
    const style = getComputedStyle(node)
    const [one, two] = [light(rgba(style.color)), light(below(node))].sort((a, b) => b - a)
    const ratio = (one + 0.05) / (two + 0.05)
    if (ratio < 4.5) bad.push([node.className, walk.currentNode.data.slice(0, 20), ratio])
  }
  return bad
}"""

SMALL = """() => [...document.querySelectorAll('button, select, input, summary')]
  .filter(node => node.checkVisibility() && node.getBoundingClientRect().height < 24)
  .map(node => node.outerHTML.slice(0, 80))"""

WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def states(page: Page) -> Iterator[str]:
    """The page in one state after the other."""
    yield "start"
    page.click("summary >> nth=0")
    page.click("#symbols summary")
    yield "help and symbols"
    page.select_option("#builtin", "lstm")
    expect(page.locator("#preview .reading")).to_have_count(11)
    page.select_option("#form", "adjoint")
    card = derive(page)
    card.locator("details.unfolds summary").last.click()
    expect(card.locator(".chain").last).to_be_visible()
    yield "derived"
    page.select_option("#builtin", "rnn")
    expect(page.locator("#preview .reading")).to_have_count(3)
    check(page, WRONG)
    yield "wrong"
    check(page, RIGHT)
    yield "right"
    check(page, r"\mathrm{diag}(\sigma'(q_t)) W")
    page.fill("#text", page.input_value("#text").replace("U x_t", "U h_t x_t"))
    expect(page.locator("#model-error")).to_be_visible()
    yield "errors"


@pytest.mark.parametrize(
    ("lang", "scheme", "width"), [("en", "light", 1280), ("en", "dark", 360), ("zh", "light", 360)]
)
def test_everybody(browser: Browser, address: str, lang: str, scheme: Any, width: int) -> None:
    """Names, contrast, headings, formulas that speak, nothing wider than the screen."""
    size = {"width": width, "height": 800}
    with opened(browser, address, lang, color_scheme=scheme, viewport=size) as page:
        for state in states(page):
            if state != "errors":  # where what is out of date is dimmed on purpose
                assert page.evaluate(CONTRAST) == [], state
            for script in (NAMES, REFERENCES, DOUBLE, STUCK, SMALL):
                assert page.evaluate(script) == [], state
            assert page.evaluate(SILENT) == 0, state
            assert page.evaluate(WIDE) <= 0, state
            levels = page.evaluate(HEADINGS)
            assert levels[0] == 1 and levels.count(1) == 1
            assert all(b <= a + 1 for a, b in pairwise(levels)), state
        assert page.locator("header, main, footer, nav").count() == 4
        assert page.evaluate("document.documentElement.lang") == {"en": "en", "zh": "zh-Hans"}[lang]
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        red = int(background.removeprefix("rgb(").split(",")[0])
        assert (red < 60) is (scheme == "dark")


def test_chinese(browser: Browser, address: str) -> None:
    say = words.load("zh").say
    with opened(browser, address, "zh") as page:
        expect(page.get_by_role("heading", name=say("serve.model"))).to_be_visible()
        card = check(page, WRONG)
        expect(card.locator(".mistake")).to_have_text(say("mistake.order-of-diag-and-W"))
        expect(card).to_contain_text(say("serve.verdict.wrong"))
        page.get_by_role("link", name="English").click()
        expect(page.get_by_role("heading", name=SAY("serve.model"))).to_be_visible()


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.textContent"))


def test_the_keyboard_alone(page: Page) -> None:
    press = page.keyboard.press
    press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    press("Enter")
    press("Tab")
    assert focused(page) == "tab-derive"
    press("ArrowRight")
    assert focused(page) == "tab-check"
    expect(page.locator("#tab-check")).to_have_attribute("aria-selected", "true")
    press("Tab")
    assert focused(page) == "quantity"
    while page.input_value("#quantity") != r"\frac{\partial h_{t}}{\partial h_{t-1}}":
        press("ArrowDown")
    press("Tab")
    assert focused(page) == "answer"
    page.keyboard.type(RIGHT)
    press("Control+Enter")
    expect(page.locator("#output .card h3").first).to_have_text("✓ proved")
    page.locator("#tab-check").focus()
    press("Home")
    assert focused(page) == "tab-derive"
    for _ in range(3):
        press("Tab")
    press("Tab")
    expect(page.locator("button[type=submit]")).to_be_focused()
    width = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert width == "3px"
    press("Enter")
    expect(page.locator("#output .card:not(.old) .checked")).to_be_visible()
    while page.evaluate("document.activeElement.tagName") != "SUMMARY":
        press("Tab")
    press("Enter")
    expect(page.locator("details[open].unfolds .katex").first).to_be_visible()


def test_tab_reaches_everything(page: Page) -> None:
    """In the order in which it stands, and out again."""
    derive(page)
    page.locator(".skip").focus()
    seen: list[int] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        place = page.evaluate(
            "document.activeElement === document.body ? -1 :"
            " [...document.querySelectorAll('*')].indexOf(document.activeElement)"
        )
        if place < 0 or place in seen:
            break
        seen.append(place)
    assert len(seen) > 12 and seen == sorted(seen)
