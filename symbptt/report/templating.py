"""The two Jinja2 environments: a name that a template misspells is an error, never an empty string.

LaTeX is full of braces, so its templates use other delimiters: ``((* block *))``, ``((( value )))``
and ``((= comment =))``. Values that reach a LaTeX template are LaTeX already; in HTML they are
escaped unless they are ``Markup``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jinja2

_LOADER = jinja2.PackageLoader("symbptt.report", "templates")


@lru_cache(maxsize=1)
def tex_templates() -> jinja2.Environment:
    """Templates that give LaTeX."""
    return jinja2.Environment(
        loader=_LOADER,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        block_start_string="((*",
        block_end_string="*))",
        variable_start_string="(((",
        variable_end_string=")))",
        comment_start_string="((=",
        comment_end_string="=))",
    )


@lru_cache(maxsize=1)
def html_templates() -> jinja2.Environment:
    """Templates that give HTML."""
    return jinja2.Environment(
        loader=_LOADER,
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def call_macro(template: jinja2.Template, macro: str, /, **values: Any) -> str:
    """What a macro of a template gives."""
    return str(getattr(template.module, macro)(**values))
