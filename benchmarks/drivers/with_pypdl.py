"""Downloads with pypdl, in as many segments as the other tools are given connections."""

import os
import ssl
import sys

from pypdl import Pypdl  # type: ignore[import-not-found, import-untyped, unused-ignore] # comes with the extra "bench"

SEGMENTS = 16

if __name__ == "__main__":
    url, file = sys.argv[1:]
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    results = Pypdl().start(url=url, file_path=file, segments=SEGMENTS, display=False, ssl=context)
    sys.exit(0 if results else 1)
