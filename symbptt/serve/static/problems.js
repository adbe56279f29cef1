// Errors: what, where with a caret, what to do.

import {el, say, typeset} from "./dom.js"
import {goTo} from "./editor.js"

// Fills a box, or empties it; ``area`` is the text that the place is in.
export function problem(box, error, area = null) {
  box.hidden = !error
  box.replaceChildren(...(error ? parts(error, area) : []))
}

export function parts(error, area = null) {
  const out = [el("p", {}, el("strong", {}, `✗ ${say("error")}: `), el("span", {lang: "en"}, error.message))]
  if (error.text) out.push(el("pre", {className: "caret", "aria-hidden": "true"}, caret(error)))
  if (error.hint) out.push(el("p", {}, `${say("hint")}: `, el("span", {lang: "en"}, error.hint)))
  const column = error.own ?? error.column
  if (error.line && area && column > 0) {
    const place = `${say("line")} ${error.line}, ${say("column")} ${column}`
    const go = el("button", {type: "button", className: "small"}, `${say("goto")}: ${place}`)
    go.addEventListener("click", () => goTo(area, error.line, column))
    out.push(el("p", {}, go))
  }
  return out
}

// The line of text, or as much of it around the place as the screen has room for, with a caret.
const SIGN = 8.2, AROUND = 110  // pixels
function caret({text, column}) {
  const room = Math.max(20, Math.min(60, Math.floor((innerWidth - AROUND) / SIGN)))
  const start = text.length <= room ? 0 : Math.max(0, column - 1 - Math.floor(room / 2))
  const before = [...text.slice(start, column - 1)].length + (start ? 1 : 0)
  return `${start ? "…" : ""}${text.slice(start, start + room)}\n${" ".repeat(before)}^`
}

// What does not fit, side by side, each piece above its shape.
export function clash({sign, pieces}) {
  const shown = pieces.map(({html, text, shape, wrong}) => el(
    "figure", {className: wrong ? "wrong" : ""},
    html ? typeset(html, "div", {className: "scrolls"}) : el("code", {}, text),
    el("figcaption", {}, `${wrong ? "✗ " : ""}${shape}`),
  ))
  const between = shown.flatMap((node, i) => i && sign ? [el("span", {}, sign), node] : [node])
  return el("div", {className: "clashing"}, ...between)
}
