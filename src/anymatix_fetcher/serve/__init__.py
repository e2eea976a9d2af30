"""The queue's HTTP server: REST API, events, web page and aria2's RPC, on aiohttp."""
