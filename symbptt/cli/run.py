"""Running the command line: its errors become messages, and its exit status.

0 all fine; 1 something is wrong with the input, or out of date; 2 wrong usage; 130 interrupted.
"""

from __future__ import annotations

import os
import sys

import click

from symbptt.core.errors import SymbpttError

from .app import app
from .failing import told, told_usage


def main() -> None:
    """Runs the command line and exits."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        status = app(prog_name="symbptt", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        sys.exit(2)
    except click.UsageError as error:
        print(told_usage(error, sys.argv[1:]), file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # the reader of our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except RecursionError:
        print("error: the input is nested too deeply", file=sys.stderr)
        sys.exit(1)
    except SymbpttError as error:
        print(told(error, "--plain" in sys.argv), file=sys.stderr)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)
