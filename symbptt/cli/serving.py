"""symbptt serve."""

from __future__ import annotations

import webbrowser

from symbptt.serve import Page


def serve_page(port: int, browser: bool) -> None:
    """Serves the page until it is interrupted."""
    with Page(port) as page:
        print(f"symbptt is at {page.url} (on this machine only; Ctrl-C ends it)", flush=True)
        if browser:
            webbrowser.open(page.url)
        try:
            page.serve_forever()
        except KeyboardInterrupt:
            print()
