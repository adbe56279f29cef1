// The things that katex_render.py asks of KaTeX. All answer JSON: a value, or an error.

// HTML of a formula; strict, and with nothing trusted, so that it is also the LaTeX lint.
function renderFormula(latex, display) {
  return answer(() => katex.renderToString(latex, options(display)))
}

// The same as MathML alone: a tenth of the size, drawn by the browser itself.
function formulaMathml(latex, display) {
  const all = () => katex.renderToString(latex, {...options(display), output: "mathml"})
  const bare = (html) => html.replace(/<annotation.*?<\/annotation>/gs, "")
  return answer(() => bare(all()).replace(/^<span class="katex">|<\/span>$/g, ""))
}

// Width of a formula in em, by adding up the font metrics in KaTeX's box tree.
function formulaWidth(latex, display) {
  return answer(() => width(katex.__renderToHTMLTree(latex, options(display)), 1))
}

function options(display) {
  const refuse = (context) => { throw new Error(context.command + " is not allowed in a formula") }
  return {displayMode: display, throwOnError: true, strict: "error", trust: refuse}
}

function answer(call) {
  try {
    return JSON.stringify({value: call()})
  } catch (error) {
    return JSON.stringify({error: error.message, position: error.position ?? 0})
  }
}

// Widths per font size; scripts (1 and 3) are wider than their nominal 0.5 and 0.7 because TeX takes
// them from fonts designed for 6 and 8 points.
const FONT_SIZES = [0.63, 0.6, 0.775, 0.8, 0.9, 1.0, 1.2, 1.44, 1.728, 2.074, 2.488]
const NO_WIDTH = ["pstrut", "katex-strut", "vlist-s", "llap", "rlap", "clap", "accent-body"]
const NULL_DELIMITER = 0.12  // given in the style sheet, not in the tree
const WIDE = /[\u2E80-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF\uFF00-\uFFEF]/  // no metrics: one em each

const em = (length) => (typeof length === "string" && length.endsWith("em") ? parseFloat(length) : 0)

// KaTeX joins the letters of a word into one node and keeps only the width of the first.
const charWidths = {}
function charWidth(char) {
  if (!(char in charWidths)) {
    const plain = /[A-Za-z0-9.,;:()]/.test(char)
    charWidths[char] = plain ? width(katex.__renderToHTMLTree("\\text{" + char + "}"), 1) : 0
    charWidths[char] ||= WIDE.test(char) ? 1 : 0.35
  }
  return charWidths[char]
}
const textWidth = (text) => [...text].reduce((sum, char) => sum + charWidth(char), 0)

// Elements stacked in a vlist count with their largest width, everything else with the sum.
function width(node, scale) {
  const classes = node.classes ?? []
  const style = node.style ?? {}
  if (classes.some((name) => NO_WIDTH.includes(name))) return 0
  if (classes.includes("nulldelimiter")) return NULL_DELIMITER * scale
  if (classes.includes("katex-sizing") || classes.includes("fontsize-ensurer")) {
    const size = (prefix) => FONT_SIZES[classes.find((c) => c.startsWith(prefix)).slice(prefix.length) - 1]
    scale *= size("size") / size("reset-size")
  }
  let own
  if (typeof node.text === "string") {
    own = node.text.length > 1 ? textWidth(node.text) : node.width + node.italic || charWidth(node.text)
  } else {
    const inner = (node.children ?? []).map((child) => width(child, scale) / scale)
    const stacked = classes.includes("vlist") || classes.includes("vlist-t")
    own = stacked ? Math.max(0, ...inner) : inner.reduce((sum, w) => sum + w, 0)
  }
  own = Math.max(own, em(style.minWidth), em(style.width))
  const around = [style.marginLeft, style.marginRight, style.paddingLeft, style.paddingRight]
  return scale * around.reduce((sum, length) => sum + em(length), own)
}
