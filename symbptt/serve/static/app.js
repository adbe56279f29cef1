// The page: a model on the left, a question and its answer on the right.

import {derivation} from "./derivation.js"
import {byId, el, models, reachable, say, typeset} from "./dom.js"
import {Editor} from "./editor.js"
import {clash, problem} from "./problems.js"
import {ask, Failure, live} from "./server.js"
import {verdict} from "./verdict.js"

const OTHER = "other", STATEMENT = "statement"
const GROUPS = ["parameters", "all", "inputs", "states", "step", "span"]
const ALL = {group: "all", kind: "gradient", latex: "\\partial L/\\partial\\theta", text: "∂L/∂θ"}

const builtin = byId("builtin"), quantity = byId("quantity"), written = byId("written")
const form = byId("form"), layout = byId("layout"), answer = byId("answer")
const panel = byId("panel"), output = byId("output"), status = byId("status"), cancel = byId("cancel")
const submit = panel.querySelector("button[type=submit]")
const tabs = {derive: byId("tab-derive"), check: byId("tab-check")}
const editor = new Editor(byId("text"), document.querySelector(".gutter"))
const results = {derive: null, check: null}
let tab = "derive", offered = [], running = null

// ---------------------------------------------------------------- the model

const preview = live("preview", () => ({model: editor.text}), (found) => {
  const error = found.ok ? null : found.error
  problem(byId("model-error"), error, editor.area)
  editor.mark(error?.line ?? 0)
  byId("preview").classList.toggle("old", Boolean(error))
  if (error) return
  byId("preview").replaceChildren(...found.equations.map(equation))
  byId("symbols").hidden = false
  byId("symbols").querySelector(".table").innerHTML = found.symbols
  offer(found)
  reachable(document)
  read(true)
})

function equation({html, range, introduced}) {
  return el(
    "div", {className: "reading"}, typeset(html, "div", {className: "scrolls"}),
    range ? typeset(range, "span", {className: "range"}) : "",
    introduced ? el("small", {}, say("introduced")) : "",
  )
}

function offer(found) {
  const several = found.quantities.filter((q) => q.group === "parameters").length > 1
  const list = [...found.quantities, ...(several && found.gradients ? [{...ALL}] : [])]
  if (JSON.stringify(list) === JSON.stringify(offered)) return
  offered = list
  const chosen = quantity.value
  const groups = GROUPS.map((group) => {
    const options = list.filter((q) => q.group === group).map((q) => new Option(q.text, q.latex))
    const node = el("optgroup", {label: say(`group_${group}`)}, ...options)
    return options.length ? node : null
  }).filter(Boolean)
  quantity.replaceChildren(
    ...groups, new Option(say("statement"), STATEMENT), new Option(say("other"), OTHER),
  )
  const kept = [...quantity.options].some((option) => option.value === chosen)
  quantity.value = kept ? chosen : (list[0]?.latex ?? OTHER)
  arrange()
}

builtin.addEventListener("change", () => {
  editor.text = models[builtin.value]
  preview(true)
  stale()
})
editor.area.addEventListener("input", () => {
  const same = Object.keys(models).find((name) => models[name] === editor.text)
  builtin.value = same ?? ""
  preview()
  stale()
})

// ---------------------------------------------------------------- the question

function asked() {
  const value = quantity.value
  return value === OTHER ? written.value.trim() : value === STATEMENT ? "" : value
}

// What is shown depends on what is chosen.
function arrange() {
  for (const node of document.querySelectorAll("[data-tab]")) node.hidden = node.dataset.tab !== tab
  const statement = [...quantity.options].find((option) => option.value === STATEMENT)
  if (statement) statement.hidden = statement.disabled = tab === "derive"
  if (tab === "derive" && quantity.value === STATEMENT) quantity.value = offered[0]?.latex ?? OTHER
  byId("written-field").hidden = quantity.value !== OTHER
  const kind = offered.find((q) => q.latex === quantity.value)?.kind
  for (const option of form.options) {
    option.hidden = option.disabled = Boolean(kind && option.dataset.kind && option.dataset.kind !== kind)
  }
  if (form.selectedOptions[0]?.disabled) form.value = ""
  byId("length-field").hidden = form.value !== "expanded"
  byId("window-field").hidden = form.value !== "truncated"
  submit.textContent = say(tab === "check" ? "check_now" : "derive")
  panel.setAttribute("aria-labelledby", `tab-${tab}`)
  for (const [name, button] of Object.entries(tabs)) {
    button.setAttribute("aria-selected", String(name === tab))
    button.tabIndex = name === tab ? 0 : -1
  }
}

function open(name) {
  if (running) stop()
  tab = name
  tell("")
  arrange()
  output.replaceChildren(results[tab] ?? el("p", {className: "empty"}, say(`empty_${tab}`)))
  reachable(output)
  if (tab === "check") read(true)
}

for (const [name, button] of Object.entries(tabs)) {
  button.addEventListener("click", () => open(name))
  button.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return
    event.preventDefault()
    const other = event.key === "Home" ? "derive" : event.key === "End" ? "check" : name === "derive" ? "check" : "derive"
    open(other)
    tabs[other].focus()
  })
}
for (const node of [quantity, written, form, layout, byId("length"), byId("window")]) {
  node.addEventListener("input", () => {
    arrange()
    stale()
    if (tab === "check") read()
  })
}
answer.addEventListener("input", () => {
  stale()
  read()
})

// What is understood of an answer while it is typed.
const read = live("read", () => {
  const wanted = tab === "check" && answer.value.trim()
  return wanted ? {model: editor.text, quantity: asked(), answer: answer.value} : null
}, (found) => {
  const box = byId("understood")
  problem(byId("answer-error"), found && !found.ok && found.error.file !== "model" ? own(found.error) : null, answer)
  box.hidden = !found?.ok || !(found.equations.length || found.message)
  if (!found?.ok) return
  const wrong = found.clash ? clash(found.clash) : found.message ? el("p", {lang: "en"}, `✗ ${found.message}`) : ""
  box.replaceChildren(
    el("p", {className: "label"}, say("understood")), ...found.equations.map(equation), wrong,
    ...found.notes.map((note) => el("p", {lang: "en"}, el("small", {}, note))),
  )
  reachable(box)
})

// A value is read as "quantity = answer": the column in the answer itself.
function own(error) {
  const before = `${asked()} = `
  const composed = error.text?.startsWith(before) && !answer.value.startsWith(before)
  return composed && error.line === 1 ? {...error, own: error.column - before.length} : error
}

// ---------------------------------------------------------------- the answer

function stale() {
  for (const name of Object.keys(results)) {
    const card = results[name]
    if (!card || card.classList.contains("old")) continue
    card.classList.add("old")
    card.prepend(el("p", {className: "note"}, say("changed")))
  }
}

function question() {
  const common = {model: editor.text, quantity: asked()}
  if (tab === "check") return answer.value.trim() ? {...common, answer: answer.value} : null
  return {
    ...common, form: form.value, layout: layout.value,
    T: form.value === "expanded" ? Number(byId("length").value) || 0 : 0,
    window: form.value === "truncated" ? byId("window").value.trim() : "",
  }
}

async function run() {
  if (running) stop()
  const wanted = question()
  if (!wanted) {
    tell(say("nothing"))
    answer.focus()
    return
  }
  const mine = new AbortController(), here = tab, start = performance.now()
  running = mine
  panel.setAttribute("aria-busy", "true")
  cancel.hidden = false
  tell(say("working"))
  try {
    const found = await ask(here, wanted, mine.signal)
    const milliseconds = performance.now() - start
    const card = found.ok ? shown(here, wanted, found, milliseconds) : failed(found.error)
    tell(found.ok ? summary(here, found) : "", true)
    results[here] = card
  } catch (error) {
    if (error.name === "AbortError") return
    if (!(error instanceof Failure)) throw error
    results[here] = failed({message: error.message})
    tell("")
  } finally {
    if (running === mine) idle()
  }
  if (tab === here) output.replaceChildren(results[here])
  reachable(output)
}

const shown = (here, wanted, found, milliseconds) =>
  here === "derive" ? derivation(wanted, found, milliseconds, tell) : verdict(wanted, found, answer)

const summary = (here, found) =>
  here === "derive" ? `${say("result")}: ${found.text}` : `${found.word}. ${found.meaning} ${found.mistake}`

function failed(error) {
  const box = el("section", {className: "card bad problem", role: "alert"})
  problem(box, error, error.file === "model" ? editor.area : null)
  return box
}

function idle() {
  running = null
  panel.removeAttribute("aria-busy")
  cancel.hidden = true
}

// What is said of the work; aside, for screen readers only, where the page shows it too.
function tell(text, aside = false) {
  status.classList.toggle("aside", aside)
  status.textContent = text
}

function stop() {
  running?.abort()
  idle()
  tell(say("cancelled"))
}

panel.addEventListener("submit", (event) => {
  event.preventDefault()
  run()
})
cancel.addEventListener("click", () => {
  stop()
  submit.focus()
})
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault()
    run()
  }
  if (event.key === "Escape" && running) stop()
})
addEventListener("resize", () => reachable(document))

editor.text = models[builtin.value] ?? models[builtin.options[1].value]
open("derive")
preview(true)
