"""The meaning of error responses by service, each as one sentence with a hint.

A status alone says little: Civitai's 401 may mean a missing key or an owner who disabled downloads; Hugging Face's
403 a licence that wasn't accepted or a closed repository. The fields and the body tell them apart. The meanings are
listed as tables with one row each:

* ``row`` defines the conditions of a row,
* ``civitai``, ``huggingface``, ``github``, ``hubs`` hold the rows of the services that publish models,
* ``stores`` those of the object stores behind them, ``anywhere`` those of any server,
* ``hosts`` determines the service from a URL,
* ``words`` computes the values of placeholders: the page to open, the date to wait for,
* ``lookup`` combines them: :func:`~anymatix_fetcher.sources.explanations.lookup.explain`.
"""
