"""The first tier: libcurl's multi interface, by pycurl."""
