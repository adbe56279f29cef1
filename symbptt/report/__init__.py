"""From a theorem to a page: document structure, LaTeX and HTML printing, TeX and KaTeX runs."""
