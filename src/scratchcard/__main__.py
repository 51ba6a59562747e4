"""python -m scratchcard: the command line."""

from scratchcard.cli import main

raise SystemExit(main())
