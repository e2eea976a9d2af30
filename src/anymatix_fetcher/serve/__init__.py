"""The server of the queue: its REST API, its events, its page. A face, like the command line; aiohttp is its own."""
