"""Downloads with hf_transfer, with the settings that huggingface_hub calls it with."""

import sys

import hf_transfer  # type: ignore[import-not-found, import-untyped, unused-ignore] # comes with the extra "bench" only

CHUNK_BYTES = 10 * 1024 * 1024
CONCURRENCY = 100

if __name__ == "__main__":
    url, file = sys.argv[1:]
    hf_transfer.download(url, file, max_files=CONCURRENCY, chunk_size=CHUNK_BYTES, parallel_failures=3, max_retries=5)
