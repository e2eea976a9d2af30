"""What a refusal means at the place that it came from, in one sentence, and what mends it.

A status says little: Civitai's 401 may be a missing key or an owner who has switched downloads off, Hugging Face's
403 a licence that nobody has accepted or a repository that is closed. What tells them apart is in the fields and the
body, and is written down here as a table, a row for each meaning:

* ``row`` is what a row may ask for,
* ``civitai``, ``huggingface``, ``github``, ``hubs`` hold the rows of the places that models are published at,
* ``stores`` those of the object stores behind them, ``anywhere`` what may stand before any server,
* ``hosts`` tells from an address who answers there,
* ``words`` finds what goes into a sentence: the page to open, the date to wait for,
* ``lookup`` puts it together: :func:`~anymatix_fetcher.sources.explanations.lookup.explain`.
"""
