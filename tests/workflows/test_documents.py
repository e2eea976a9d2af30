from __future__ import annotations

import io
import json
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.workflows import documents
from anymatix_fetcher.workflows.documents import document_in
from tests.workflows.files import as_json, chunk, exif, flac, jpeg, png, tiff, webp
from tests.workflows.graphs import node, workflow

WORKFLOW = workflow(node(title="caf\u00e9"), extra={"info": "a, b; c"})
PROMPT = {"3": {"class_type": "VAELoader", "inputs": {"vae_name": "v.pt"}, "is_changed": [float("inf")]}}
TEXTS = {"prompt": json.dumps(PROMPT), "workflow": json.dumps(WORKFLOW)}
FILES = {
    "json": as_json(WORKFLOW),
    "json in UTF-16": json.dumps(WORKFLOW, ensure_ascii=False).encode("utf-16"),
    "json with a mark": b"\xef\xbb\xbf" + json.dumps(WORKFLOW, ensure_ascii=False).encode(),
    "png": png(TEXTS),
    "png, compressed": png(TEXTS, kind="zTXt"),
    "png, international": png(TEXTS, kind="iTXt"),
    "png, international, compressed": png(TEXTS, kind="iTXt+"),
    "png, animated": png(TEXTS, kind="comf"),
    "webp": webp(exif(TEXTS)),
    "webp with a mark": webp(b"Exif\0\0" + exif(TEXTS)),
    "webp, big-endian": webp(exif(TEXTS, order=">")),
    "jpeg": jpeg(exif(TEXTS)),
    "flac": flac(TEXTS),
}


def refusal_of(content: bytes) -> ReferenceSyntaxError:
    with pytest.raises(ReferenceSyntaxError) as refusal:
        document_in(content)
    assert refusal.value.__cause__ is None
    return refusal.value


@pytest.mark.parametrize("kind", FILES)
def test_the_workflow_is_found_in(kind: str) -> None:
    assert document_in(FILES[kind]) == WORKFLOW


@pytest.mark.parametrize("make", [png, lambda texts: webp(exif(texts)), lambda texts: jpeg(exif(texts)), flac])
def test_the_prompt_serves_where_the_workflow_is_missing_or_broken(make: object) -> None:
    assert callable(make)
    assert document_in(make({"prompt": TEXTS["prompt"]})) == PROMPT
    assert document_in(make({"workflow": "{broken", "prompt": TEXTS["prompt"]})) == PROMPT
    assert document_in(make({"workflow": "{}", "prompt": TEXTS["prompt"]})) == PROMPT


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_pictures_that_a_real_library_writes_are_read(kind: str) -> None:
    picture, file = Image.new("RGB", (2, 2)), io.BytesIO()
    metadata = picture.getexif()
    metadata[0x0110] = f"prompt:{TEXTS['prompt']}"
    metadata[0x010F] = f"workflow:{TEXTS['workflow']}"
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415 - of this case alone

        texts = PngInfo()
        texts.add_text("prompt", TEXTS["prompt"])
        texts.add_itxt("workflow", json.dumps(WORKFLOW, ensure_ascii=False), zip=True)
        picture.save(file, kind, pnginfo=texts)
    else:
        picture.save(file, kind, exif=metadata)
    assert document_in(file.getvalue()) == WORKFLOW


@pytest.mark.parametrize(
    "document",
    [
        {"prompt": PROMPT, "extra_data": {"extra_pnginfo": {"workflow": WORKFLOW}}},
        {"workflow": WORKFLOW, "output": PROMPT},
        {"extra_pnginfo": {"workflow": WORKFLOW}},
    ],
)
def test_what_goes_to_the_server_and_comes_from_it_is_unwrapped(document: object) -> None:
    assert document_in(as_json(document)) == WORKFLOW


def test_the_prompt_is_taken_where_no_workflow_comes_with_it() -> None:
    assert document_in(as_json({"prompt": PROMPT, "client_id": "x"})) == PROMPT
    assert document_in(as_json(PROMPT)) == PROMPT


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "isn't JSON, nor a picture"),
        (b"\0\1\2", "isn't JSON, nor a picture"),
        (b"[" * 100_000, "isn't JSON, nor a picture"),
        (b'{"a": ' + b"9" * 5000 + b"}", "isn't JSON, nor a picture"),
        (b"[]", "isn't a ComfyUI workflow"),
        (b"{}", "isn't a ComfyUI workflow"),
        (b'{"nodes": {}}', "isn't a ComfyUI workflow"),
        (b'{"3": {"class_type": 1}}', "isn't a ComfyUI workflow"),
        (png({}), "the PNG picture holds no workflow"),
        (png({"parameters": "steps: 20"}), "the PNG picture holds no workflow"),
        (png({"workflow": "{broken"}), "isn't JSON"),
        (webp(b""), "the WebP picture holds no workflow"),
        (jpeg(b""), "the JPEG picture holds no workflow"),
        (b"fLaC", "the FLAC recording holds no workflow"),
        (b"\0\0\0\x20ftypisom", "an MP4 video or AVIF picture isn't supported"),
        (b"\x1aE\xdf\xa3", "a WebM or Matroska video isn't supported"),
        (b"PK\x03\x04", "a ZIP archive isn't supported"),
    ],
)
def test_anything_else_is_said_to_be_none_with_a_way_out(content: bytes, message: str) -> None:
    refusal = refusal_of(content)
    assert message in refusal.message
    assert "Workflow > Export" in refusal.hint


def test_a_text_that_inflates_without_end_is_left_out() -> None:
    bomb = zlib.compress(bytes(documents.MAX_JSON_BYTES + 1))
    assert "holds no workflow" in refusal_of(png({}, after=chunk(b"zTXt", b"workflow\0\0" + bomb))).message


def test_what_is_too_large_is_refused_before_it_is_looked_at() -> None:
    assert "32 MiB" in refusal_of(b" " * (documents.MAX_JSON_BYTES + 1)).message
    assert "256 MiB" in refusal_of(bytes(documents.MAX_FILE_BYTES + 1)).message


def test_only_texts_of_the_first_directory_count_and_only_whole_ones() -> None:
    whole = {0x010F: b"Workflow:" + TEXTS["workflow"].encode()}
    assert document_in(webp(tiff(whole))) == WORKFLOW
    refusal_of(webp(tiff(whole, kind=7)))
    refusal_of(webp(tiff(whole)[:60]))
    refusal_of(webp(b"II*\0" + struct.pack("<I", 2**32 - 1)))


@pytest.mark.parametrize("kind", [kind for kind in FILES if not kind.startswith("json")])
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    content = bytearray(FILES[kind][: data.draw(st.integers(0, len(FILES[kind])))])
    for position in data.draw(st.lists(st.integers(0, max(0, len(content) - 1)), max_size=5)):
        if content:
            content[position] = data.draw(st.integers(0, 255))
    try:
        assert document_in(bytes(content))
    except ReferenceSyntaxError as refusal:
        assert refusal.message  # noqa: PT017 - either is right
