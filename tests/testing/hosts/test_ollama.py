"""The stand-in for Ollama's registry says and does what the real one does."""

from __future__ import annotations

from anymatix_fetcher.testing.hosts import Hosts, OllamaModel, hosted, ollama
from tests.testing.hosts.asking import Clock, ask, query_of

WEIGHTS, TEMPLATE = hosted("tiny.gguf", 200_000), hosted("template", 100)
MODEL = OllamaModel("tiny", "latest", WEIGHTS, (("template", TEMPLATE),))


def test_a_manifest_names_layers_by_digest() -> None:
    with Hosts(ollama([MODEL])) as hosts:
        url = f"{hosts.urls['ollama']}/v2/library/tiny/manifests/latest"
        layers = ask(url).json()["layers"]
        assert layers[0] == {
            "mediaType": "application/vnd.ollama.image.model",
            "digest": f"sha256:{WEIGHTS.sha256}",
            "size": WEIGHTS.size,
        }
        assert layers[1]["mediaType"] == "application/vnd.ollama.image.template"
        fields = ask(url).headers
        assert (fields["content-type"], fields["transfer-encoding"]) == ("text/plain; charset=utf-8", "chunked")
        assert "content-length" not in fields
        assert ask(url, "HEAD").status == 405
        assert ask(url.replace("latest", "none")).json()["errors"][0]["code"] == "MANIFEST_UNKNOWN"


def test_a_blob_is_redirected_to_r2_for_a_day() -> None:
    clock = Clock()
    with Hosts(ollama([MODEL]), clock=clock) as hosts:
        blobs = f"{hosts.urls['ollama']}/v2/library/tiny/blobs"
        reply = ask(f"{blobs}/sha256:{WEIGHTS.sha256}")
        assert reply.status == 307
        assert query_of(reply.location)["X-Amz-Expires"] == "86400"
        assert ask(reply.location, Range="bytes=0-3").body == b"GGUF"
        clock.now += 86_401
        assert "ExpiredRequest" in ask(reply.location).text
        assert ask(f"{blobs}/sha256:{'0' * 64}").status == 404
