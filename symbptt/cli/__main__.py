"""python -m symbptt.cli"""

from . import main

main()
