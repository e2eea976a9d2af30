"""The pure middle: it decides everything and does nothing.

No module in here opens a file or a socket, reads a clock, starts a thread, draws a random number or
logs. Time comes in as ``now`` (seconds of a monotonic clock); bytes never come in at all, only lengths.

Glossary (one word, one meaning):

reference
    What the user typed: a URL, later also ``civitai:143906`` or ``hf:org/repo/file``.
resource
    What a source resolved the reference to: URL, length, digests, name.
representation
    The exact bytes at one moment; it has a validator and a complete length (RFC 9110, section 3.2).
validator
    What proves two answers to be the same representation; only strong ones go into ``If-Range``.
span
    Half-open ``[start, stop)``. The wire's inclusive byte range exists in two functions of ``http`` only.
segment
    A span given to one connection: the unit of scheduling.
block
    A fixed-size piece of the file with its checksum in the journal: the unit of proof.
exchange
    One request and its response on one connection.
origin, target
    The host that the user named; the host that a redirect leads to.
"""
