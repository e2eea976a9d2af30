"""A deterministic, misbehaving HTTP/1.1 origin, for tests, demonstrations and bug reports.

```python
with Origin(seed=7) as origin:
    file = origin.add("/model.safetensors", size="50MB")
    origin.script(Fault.reset(after=300_000), when=Match(path="/model.safetensors", request=2))
    ...  # fetch file.url
    assert origin.ledger().requests > 1
```

Files are generated while they are sent and need neither disk nor memory. Rules say what goes wrong and when
(``rules_help()`` lists them). It needs only the standard library.
"""

from __future__ import annotations

from anymatix_fetcher.testing.content import Content, FileContent, Form, GeneratedContent, GivenContent, generate
from anymatix_fetcher.testing.description import load
from anymatix_fetcher.testing.faults import AnyFault, Fault
from anymatix_fetcher.testing.ledger import Ledger, PathLedger, SeenRequest
from anymatix_fetcher.testing.origin import File, Origin
from anymatix_fetcher.testing.rules import parse_rule, parse_size, rules_help
from anymatix_fetcher.testing.script import Match, Rule
from anymatix_fetcher.testing.signing import Signer

__all__ = [
    "AnyFault",
    "Content",
    "Fault",
    "File",
    "FileContent",
    "Form",
    "GeneratedContent",
    "GivenContent",
    "Ledger",
    "Match",
    "Origin",
    "PathLedger",
    "Rule",
    "SeenRequest",
    "Signer",
    "generate",
    "load",
    "parse_rule",
    "parse_size",
    "rules_help",
]
