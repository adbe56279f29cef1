// The verdict on an answer: the word, why, the counterexample, the mistake.

import {el, say, typeset} from "./dom.js"
import {clash, parts} from "./problems.js"
import {unfolding} from "./unfolding.js"

export function verdict(asked, found, area) {
  const about = [el("p", {}, found.meaning)]
  if (found.mistake) about.push(el("h4", {}, say("mistake")), el("p", {className: "mistake"}, found.mistake))
  if (found.clash) about.push(clash(found.clash))
  if (found.place) about.push(...parts({...found.place, message: found.message}, area))
  else if (found.message && found.verdict !== "wrong") {
    about.push(el("p", {}, `${say("why")}: `, el("span", {lang: "en"}, found.message)))
  }
  about.push(...listed("assuming", found.assuming))
  if (found.links.length > 1) about.push(...chain(found.links))
  if (found.counterexample) about.push(example(found.counterexample, Boolean(asked.quantity) && found.links.length < 2))
  about.push(...listed("reading", found.reading))
  if (found.parts.length) about.push(...unfolding(found.parts, "proof", asked, say("proof")))
  return el(
    "section", {className: `card ${found.kind}`, "aria-labelledby": "verdict-head"},
    el("h3", {id: "verdict-head"}, `${found.sign} `, el("span", {}, found.word)),
    ...about,
  )
}

function listed(key, items) {
  if (!items.length) return []
  return [el("h4", {}, say(key)), el("ul", {lang: "en"}, ...items.map((item) => el("li", {}, item)))]
}

function chain(links) {
  const items = links.map((link) => el(
    "li", {className: link.kind},
    el("strong", {}, `${link.sign} ${link.word}`),
    link.html ? typeset(link.html, "div", {className: "scrolls"}) : el("code", {}, link.text),
    link.carried ? el("small", {}, say("carried")) : "",
  ))
  return [el("h4", {}, say("chain")), el("ol", {className: "chain-links"}, ...items)]
}

function example(found, valued) {
  const [left, right] = valued ? ["left", "right"] : ["left_side", "right_side"]
  const chosen = [...found.sizes, ...found.functions, ...found.values].filter(Boolean)
  return el(
    "div", {className: "example"},
    el("h4", {}, say("counterexample")),
    el("p", {}, say("choose")),
    el("div", {className: "chosen"}, ...chosen.map((html) => typeset(html, "div", {className: "scrolls"}))),
    el("p", {}, say("then")),
    el("dl", {className: "sides"},
      el("div", {}, el("dt", {}, say(left)), typeset(found.left, "dd", {className: "scrolls"})),
      el("div", {}, el("dt", {}, say(right)), typeset(found.right, "dd", {className: "scrolls"})),
    ),
    found.entry ? el("p", {}, say("entry", {row: found.entry[0], column: found.entry[1]})) : "",
  )
}
