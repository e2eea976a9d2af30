"""The first tier: libcurl's multi interface, through pycurl."""
