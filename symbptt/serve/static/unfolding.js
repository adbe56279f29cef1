// Definitions, lemmas and theorems, whose proofs are asked for when they are unfolded.

import {el, reachable, say, typeset} from "./dom.js"
import {ask, Failure} from "./server.js"

// The parts of a proof below a heading; ``task`` gives one of them, for the question ``asked``.
export function unfolding(parts, task, asked, heading) {
  const list = el("div", {className: "parts"}, ...parts.map((part) => one(part, task, asked)))
  const head = el("h4", {}, heading)
  return [el("div", {className: "unfold"}, head, unfolder(list)), list]
}

// A lemma or theorem. Its proof is asked for when it is unfolded.
function one(part, task, asked) {
  const node = el("div", {className: "part"})
  if (part.html) node.append(...typeset(part.html).childNodes)
  if (!part.proved) return node
  const title = part.title ? ` (${part.title})` : ""
  const named = part.folded ? `${part.name}${title}` : `${say("proof")} · ${part.name}`
  const steps = part.steps ? ` · ${part.steps} ${say("steps")}` : ""
  const body = el("div", {className: "body"})
  const details = el("details", {className: "unfolds"}, el("summary", {}, `${named}${steps}`), body)
  let loaded = false
  details.addEventListener("toggle", async () => {
    if (!details.open || loaded) return
    loaded = true
    body.replaceChildren(el("p", {className: "waiting", role: "status"}, say("working")))
    try {
      const found = await ask(task, {...asked, number: part.number})
      if (!found.ok) throw new Failure(found.error.message)
      const html = typeset(found.html)
      if (!part.folded) html.querySelector(".theorem")?.remove()
      body.replaceChildren(...html.childNodes)
      reachable(body)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      loaded = false
      body.replaceChildren(el("p", {role: "alert"}, error.message))
    }
  })
  node.append(details)
  return node
}

function unfolder(list) {
  const button = el("button", {type: "button", className: "small"}, say("unfold_all"))
  let open = false
  button.addEventListener("click", () => {
    open = !open
    for (const details of list.querySelectorAll("details.unfolds")) details.open = open
    button.textContent = say(open ? "fold_all" : "unfold_all")
  })
  return button
}
