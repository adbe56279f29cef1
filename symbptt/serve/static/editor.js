// The text of a model with line numbers and a mark at the line of an error.

import {el} from "./dom.js"

const FEWEST = 6, MOST = 22

export class Editor {
  constructor(area, gutter) {
    this.area = area
    this.gutter = gutter
    area.addEventListener("input", () => this.number())
    area.addEventListener("scroll", () => { gutter.scrollTop = area.scrollTop })
  }

  get text() { return this.area.value }

  set text(value) {
    this.area.value = value
    this.area.scrollTop = 0
    this.number()
  }

  number() {
    const lines = this.text.split("\n").length
    this.area.rows = Math.min(MOST, Math.max(FEWEST, lines + 1))
    if (this.gutter.childElementCount !== lines) {
      const numbers = Array.from({length: lines}, (_, i) => el("div", {}, String(i + 1)))
      this.gutter.replaceChildren(...numbers)
    }
  }

  // Line 0 for none.
  mark(line) {
    this.area.setAttribute("aria-invalid", String(line > 0))
    for (const [i, node] of [...this.gutter.children].entries()) {
      node.classList.toggle("wrong", i === line - 1)
    }
  }
}

// The cursor at a place of a text, from 1.
export function goTo(area, line, column) {
  const before = area.value.split("\n").slice(0, line - 1)
  const at = before.reduce((sum, text) => sum + text.length + 1, 0) + column - 1
  area.focus()
  area.setSelectionRange(at, Math.min(at + 1, area.value.length))
}
