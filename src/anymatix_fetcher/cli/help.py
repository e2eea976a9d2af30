"""The texts of ``anyfetch --help``."""

from __future__ import annotations

from anymatix_fetcher.cli.exit_codes import MEANINGS

DOWNLOAD_TEXT = """\
Download model files in parallel, resumably, and verified to the last byte.

A REFERENCE is a URL, or one of the forms below. After an interruption, run the same command again to continue.
On success the file's path is written to stdout. Everything else goes to stderr.
"""

REFERENCES = (
    ("https://...", "any web server; also pages of Civitai, Hugging Face, GitHub, ModelScope and others"),
    ("civitai:VERSION", "also civitai:MODEL@VERSION, civitai:sha256:HEX, urn:air:..."),
    ("hf:ORG/REPO/PATH", "@REVISION after REPO; the whole repository without PATH; hf:datasets/..., hf:spaces/..."),
    ("github:OWNER/REPO@TAG/ASSET", "a release asset; TAG may be latest; all assets without ASSET"),
    ("modelscope:ORG/REPO/PATH", "@REVISION after REPO; the whole repository without PATH"),
    ("zenodo:ID/NAME", "a file of a record; all files without NAME"),
    ("ollama:NAME:TAG", "a model of Ollama's registry, as for `ollama pull`"),
    ("s3://BUCKET/KEY", "an object; gs:// for Google Cloud Storage"),
    ("@FILE", "read from FILE, or with @- from standard input: other users can see a program's arguments"),
)

VERBS = (
    ("resolve", "show a reference's URL, size and digests, without downloading"),
    ("inspect", "show what a model's header says, local or remote"),
    ("workflow", "list the models that a ComfyUI workflow needs, and fetch missing ones"),
    ("ls", "list the models here, their origins and their verification"),
    ("verify", "check models against their recorded digests; --repair fetches damaged parts again"),
    ("rm", "remove a model and its sidecars, unless another reference needs it"),
    ("adopt", "identify models without a recorded origin by their digests"),
    ("prune", "remove the partial files of interrupted downloads"),
    ("dedupe", "make identical models share their disk space"),
    ("lock", "record exactly which files references and workflows resolve to"),
    ("sync", "fetch exactly the files in the lock file, from any of their sources"),
    ("auth", "show which token each host would get, and where it was found"),
    ("login", "store a host's token in the system's keyring"),
    ("doctor", "check this machine for everything that a download needs"),
    ("serve", "run the queue with its web page and API; its jobs outlive the process"),
    ("queue", "manage the jobs of a server: add, list, pause, resume, cancel, retry, move, limit, watch"),
    ("aria2c", "aria2c's command line, for programs that run aria2c"),
    ("bench", "measure how many connections pay off, and find the bottleneck"),
    ("demo", "show on this machine, without internet, what parallel connections gain"),
    ("testserver", "run a server with configurable faults, for testing downloads"),
)

_EXAMPLES = (
    "anyfetch civitai:143906",
    "anyfetch -d flux hf:black-forest-labs/FLUX.1-schnell --include '*.safetensors'",
    "anyfetch https://example.org/model.safetensors",
    "anyfetch -d ComfyUI/models/loras https://example.org/a.safetensors https://example.org/b.safetensors",
    "anyfetch -t lora --models ComfyUI https://example.org/a.safetensors",
    "anyfetch -o vae.safetensors --sha256 63aeecb9...e5 https://example.org/download/42",
    "anyfetch -i references.txt --json > results.jsonl",
    "anyfetch --limit-rate 20M -c 4 https://example.org/model.gguf",
    'echo "Authorization: Bearer $TOKEN" | anyfetch -H @- https://example.org/private.safetensors',
    "anyfetch --json --progress none https://example.org/model.gguf | jq -r .sha256",
    'path=$(anyfetch -q https://example.org/model.gguf) && ls -l "$path"',
)

_ENVIRONMENT = (
    ("CIVITAI_API_TOKEN, HF_TOKEN, GITHUB_TOKEN, MODELSCOPE_API_TOKEN", "tokens, sent to these services only"),
    ("AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_ENDPOINT_URL, ...", "credentials for private S3 objects (extra: s3)"),
    ("CIVITAI_ENDPOINT, HF_ENDPOINT, GITHUB_ENDPOINT, ...", "a service's base URL, for mirrors"),
    ("http_proxy, https_proxy, all_proxy, no_proxy", "proxies, in lower or upper case; --proxy takes precedence"),
    ("ANYFETCH_MODELS", "the models root; --models takes precedence"),
    ("SSL_CERT_FILE", "certificates to trust; --cacert takes precedence"),
    ("NETRC", "used instead of ~/.netrc, which holds users and passwords"),
    ("NO_COLOR, TERM, LC_ALL, LC_CTYPE, LANG", "influence the live display"),
)

_COMPLETION = (
    'bash: eval "$(_ANYFETCH_COMPLETE=bash_source anyfetch)"',
    'zsh:  eval "$(_ANYFETCH_COMPLETE=zsh_source anyfetch)"',
    "fish: _ANYFETCH_COMPLETE=fish_source anyfetch | source",
)

DOWNLOAD_SECTIONS = {
    "References": REFERENCES,
    "Verbs (details: anyfetch VERB --help)": VERBS,
    "Exit codes": MEANINGS,
    "Environment": _ENVIRONMENT,
    "Examples": _EXAMPLES,
    "Completion (add to the shell's start-up file)": _COMPLETION,
}
