// Small helpers for the page: words, elements, formulas that scroll.

const data = JSON.parse(document.getElementById("data").textContent)
export const lang = data.lang
export const models = data.models

// A phrase of the word list; {slots} are filled.
export function say(key, slots = {}) {
  return data.words[key].replace(/\{(\w+)\}/g, (_, name) => slots[name])
}

export const byId = (id) => document.getElementById(id)

// An element with properties and children; text children are escaped by the browser.
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name in node && name !== "list") node[name] = value
    else node.setAttribute(name, value)
  }
  node.append(...children.filter((child) => child !== null && child !== ""))
  return node
}

// HTML that the server typeset; what users wrote has been escaped there.
export function typeset(html, tag = "div", properties = {}) {
  const node = el(tag, properties)
  node.innerHTML = html
  return node
}

// What scrolls sideways can be reached with the keyboard, and says what it is.
const SCROLLING = ".scrolls, .formula, .table, #output table, pre:not(.caret)"
export function reachable(root) {
  for (const node of root.querySelectorAll(SCROLLING)) {
    const wide = node.scrollWidth > node.clientWidth + 1
    node.toggleAttribute("tabindex", wide)
    if (wide) {
      node.tabIndex = 0
      node.setAttribute("role", "group")
      node.setAttribute("aria-label", say("scrolls"))
    } else if (node.getAttribute("aria-label") === say("scrolls")) {
      node.removeAttribute("role")
      node.removeAttribute("aria-label")
    }
  }
}
