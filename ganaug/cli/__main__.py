"""``python -m ganaug.cli``."""

import sys

from ganaug.cli.app import main

sys.exit(main())
