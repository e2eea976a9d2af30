"""The only place that picks concrete parts: composition, environment, credentials, signing, the library's shelf."""
