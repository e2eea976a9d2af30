"""What to do if the system gives a process no more of something, by the number of the error."""

from __future__ import annotations

import errno

NO_THREADS = "End other programs, or raise the limit on processes (ulimit -u)."

SHORTAGES = {
    errno.EMFILE: "Raise the limit on open files (ulimit -n), or fetch fewer files at a time.",
    errno.ENFILE: "End other programs: the system has no more open files to give.",
    errno.EAGAIN: NO_THREADS,
}
