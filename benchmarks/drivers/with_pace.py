"""Downloads with our engine and one of the controller's rules off.

``python with_pace.py RULE URL FILE SHA256 AUTHORITY``
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from anymatix_fetcher import Job, Settings
from anymatix_fetcher.wiring.composition import current_folder, network_of, open_session
from benchmarks.pace_rules import settings_without

FOREVER_SECONDS = 3600.0

if __name__ == "__main__":
    rule, url, file, sha256, authority = sys.argv[1:]
    settings = Settings(output=Path(file), digests=(f"sha256:{sha256}",), ca_file=Path(authority))
    pace = settings_without(rule)
    session = open_session(network_of(settings), settings.engine, None, current_folder(), remember=False, pace=pace)
    ticket = session.submit(Job(url, settings))
    session.start()
    session.wait(FOREVER_SECONDS)
    session.close()
    sys.exit(ticket.result is None or ticket.result.error is not None)
