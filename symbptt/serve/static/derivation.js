// The result of a derivation: the formula, its proof in parts that unfold, files.

import {el, say, typeset} from "./dom.js"
import {ask, Failure} from "./server.js"
import {unfolding} from "./unfolding.js"

const FILES = ["tex", "html", "py", "md"]

// ``tell`` says what goes on.
export function derivation(asked, found, milliseconds, tell) {
  const shown = typeset(found.result, "div", {className: "answer"})
  const count = `${found.steps} ${say("steps")}, ${found.theorems} ${say("lemmas")}`
  const time = `${Math.round(milliseconds)} ${say("milliseconds")}`
  return el(
    "section", {className: "card good", "aria-labelledby": "result-head"},
    el("h3", {id: "result-head"}, say("result")),
    shown,
    el("p", {className: "checked"}, el("strong", {}, `✓ ${say("checked")}`), ` ${count}, ${time}`),
    el("p", {className: "tools"}, copier(found.latex, tell), ...FILES.map((kind) => saver(asked, kind, tell))),
    ...unfolding(found.parts, "part", asked, say("derivation")),
  )
}

function copier(latex, tell) {
  const button = el("button", {type: "button", className: "small"}, say("copy"))
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(latex)
    tell(say("copied"))
  })
  return button
}

function saver(asked, kind, tell) {
  const what = say(`download_${kind}`)
  const button = el(
    "button", {type: "button", className: "small", "aria-label": `${say("download")}: ${what} (.${kind})`},
    el("span", {"aria-hidden": "true"}, `↓ .${kind}`),
  )
  button.title = what
  button.addEventListener("click", async () => {
    button.disabled = true
    tell(say("working"))
    try {
      const found = await ask("file", {...asked, kind})
      if (!found.ok) throw new Failure(found.error.message)
      save(found.name, found.text)
      tell(`${say("saved")} ${found.name}`)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      tell(error.message)
    } finally {
      button.disabled = false
      button.focus()
    }
  })
  return button
}

function save(name, text) {
  const url = URL.createObjectURL(new Blob([text], {type: "text/plain;charset=utf-8"}))
  el("a", {href: url, download: name}).click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
