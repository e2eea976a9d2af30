"""``python -m anymatix_fetcher`` is ``anyfetch``."""

from __future__ import annotations

import sys

from anymatix_fetcher.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
