"""Measures ``anyfetch`` against the tools that people download with today, on one machine, in one run.

``python -m benchmarks`` runs all scenarios, ``python -m benchmarks --list`` says what they are. What is measured is
the time from starting a command until its files are proved: a tool that doesn't check digests itself has the time of
the fastest checker on this machine added, or of the one that ``--checker`` names.

========================  =========================================================================================
``scenarios``             what is measured, as data (``scenario``): line, server, files, who takes part, what to reach
``contenders``            the commands that take part, as data
``places``, ``wan``       where it happens: network namespaces, joined by loopback or by a long line
``servers``               nginx, and the misbehaving server of ``anymatix_fetcher.testing``
``measuring``             one run: a fresh place, a fresh server, one command, its digests
``memory``                what runs write into is at hand, and not first asked for from a virtual machine's host
``figures``, ``goals``    medians and spread; whether a goal is reached, or missed by at most 5 %
``floors``                what no tool could be faster than: the line, the hash, plain receiving
``report``, ``plots``     tables and pictures of them
========================  =========================================================================================
"""
