"""The words of ``anyfetch --help``."""

from __future__ import annotations

from anymatix_fetcher.cli.exit_codes import MEANINGS

DOWNLOAD_TEXT = """\
Bring files from where they live to where they are used: in parallel, resumable, and proved to the last byte.

A REFERENCE is a URL, or one of the forms below. Run the same command again to go on with what was interrupted.
On success the file's path is written to stdout; everything else goes to stderr.
"""

REFERENCES = (
    ("https://...", "any web server; pages of Civitai, Hugging Face, GitHub, ModelScope and others as well"),
    ("civitai:VERSION", "also civitai:MODEL@VERSION, civitai:sha256:HEX, urn:air:..."),
    ("hf:ORG/REPO/PATH", "@REVISION after REPO; without PATH the whole repository; hf:datasets/..., hf:spaces/..."),
    ("github:OWNER/REPO@TAG/ASSET", "a release's asset; the tag may be latest; without ASSET all of them"),
    ("modelscope:ORG/REPO/PATH", "@REVISION after REPO; without PATH the whole repository"),
    ("zenodo:ID/NAME", "a record's file; without NAME all of them"),
    ("ollama:NAME:TAG", "a model of Ollama's registry, as for `ollama pull`"),
    ("s3://BUCKET/KEY", "an object; gs:// for Google's store"),
    ("@FILE", "what FILE says, or with @- standard input: other users see the arguments of programs"),
)

VERBS = (
    ("resolve", "tell what a reference is, where it lies and how large it is; no payload"),
    ("inspect", "what a model is by its own header, near or far; the weights stay where they are"),
    ("workflow", "what a ComfyUI workflow needs, and fetch what is missing"),
    ("ls", "list the models that are here, where they came from and what proved them"),
    ("verify", "compare models with what was recorded of them; --repair mends what is wrong"),
    ("rm", "remove a model with its sidecars, unless another reference needs it"),
    ("adopt", "find out by their digests where models came from that were brought by hand"),
    ("prune", "remove what interrupted downloads have left"),
    ("dedupe", "have models that are here more than once share their space"),
    ("lock", "write down what references and workflows lead to: exact files, their digests and sources"),
    ("sync", "bring exactly the files that were locked, from any of their sources"),
    ("auth", "which host would get which token, and where that was found"),
    ("login", "keep a token for a host in the system's keyring"),
    ("doctor", "what this machine can and has, and what would stop a download"),
    ("serve", "the queue with its page and its API: jobs that outlive the process"),
    ("queue", "the jobs of a running server: add, list, pause, resume, cancel, retry, move, limit, watch"),
    ("aria2c", "aria2c's command line, for programs that start it: its JSON-RPC, or a download"),
    ("bench", "measure how many connections to a file are worth having, and what binds"),
    ("demo", "see on this machine, without internet, what parallel connections gain"),
    ("testserver", "a server that misbehaves as told, to try downloads against"),
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
    ("AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_ENDPOINT_URL, ...", "for private objects of S3 (the extra s3)"),
    ("CIVITAI_ENDPOINT, HF_ENDPOINT, GITHUB_ENDPOINT, ...", "where a service is asked instead, such as a mirror"),
    ("http_proxy, https_proxy, all_proxy, no_proxy", "proxies, in lower or upper case; --proxy goes before"),
    ("ANYFETCH_MODELS", "the models root, where --models isn't given"),
    ("SSL_CERT_FILE", "certificates to trust; --cacert goes before"),
    ("NETRC", "instead of ~/.netrc, which gives a host's user and password"),
    ("NO_COLOR, TERM, LC_ALL, LC_CTYPE, LANG", "how the live display is drawn"),
)

_COMPLETION = (
    'bash: eval "$(_ANYFETCH_COMPLETE=bash_source anyfetch)"',
    'zsh:  eval "$(_ANYFETCH_COMPLETE=zsh_source anyfetch)"',
    "fish: _ANYFETCH_COMPLETE=fish_source anyfetch | source",
)

DOWNLOAD_SECTIONS = {
    "References": REFERENCES,
    "Verbs (anyfetch VERB --help tells more)": VERBS,
    "Exit codes": MEANINGS,
    "Environment": _ENVIRONMENT,
    "Examples": _EXAMPLES,
    "Completion, a line for the shell's start-up file": _COMPLETION,
}
