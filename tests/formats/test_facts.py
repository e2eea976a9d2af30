from __future__ import annotations

import json

from anymatix_fetcher.formats.content import Content
from anymatix_fetcher.formats.facts import MAX_METADATA_LENGTH, ModelFacts, ModelKind
from anymatix_fetcher.formats.tensors import Tensor
from anymatix_fetcher.formats.training import Training
from anymatix_fetcher.formats.zip_directory import ZipEntry

KEYS = (
    *("format", "size", "header_size", "complete", "kind", "architecture", "variant", "base_model", "title"),
    *("quantization", "parameters", "tensor_count", "dtypes", "training", "trigger_words", "tags", "hashes"),
    *("metadata", "entry_count", "runs_code", "remarks"),
)
FACTS = ModelFacts(
    Content.SAFETENSORS,
    100,
    header_length=72,
    kind=ModelKind.LORA,
    architecture="sdxl",
    tensors=(Tensor("a", "F16", (2, 5), 72, 92), Tensor("b", "F32", (2,), 92, 100)),
    training=Training(dim=8, steps=0),
    trigger_words=("ohwx",),
    tags=(("smile", 3),),
    hashes=(("sshs_model_hash", "ab"),),
    metadata={"long": "x" * 5000},
)


def test_the_keys_of_the_report_stay() -> None:
    assert tuple(FACTS.as_json()) == KEYS
    assert tuple(ModelFacts(Content.UNKNOWN, 0).as_json()) == KEYS
    assert tuple(FACTS.as_json(with_tensors=True)) == (*KEYS, "tensors", "entries")


def test_the_report_is_plain_values() -> None:
    report = json.loads(json.dumps(FACTS.as_json(with_tensors=True)))
    assert report["parameters"] == FACTS.parameters == 12
    assert report["dtypes"] == [
        {"dtype": "F16", "tensors": 1, "parameters": 10, "size": 20},
        {"dtype": "F32", "tensors": 1, "parameters": 2, "size": 8},
    ]
    assert report["kind"] == "lora"
    assert report["variant"] is None
    assert report["training"] == {
        **dict.fromkeys(("base_model", "base_version", "module", "alpha", "epochs", "images", "resolution")),
        "dim": 8,
        "steps": 0,
    }
    assert report["tags"] == [{"tag": "smile", "count": 3}]
    assert report["hashes"] == {"sshs_model_hash": "ab"}
    assert report["metadata"] == {"long": "x" * MAX_METADATA_LENGTH}
    assert report["tensors"][0] == {"name": "a", "dtype": "F16", "shape": [2, 5], "start": 72, "stop": 92}


def test_an_archives_entries_are_counted_and_listed_where_wanted() -> None:
    facts = ModelFacts(Content.ZIP, 100, entries=(ZipEntry("archive/data.pkl", 9),), runs_code=True)
    assert facts.as_json()["entry_count"] == 1
    assert facts.as_json(with_tensors=True)["entries"] == [{"name": "archive/data.pkl", "size": 9}]
    assert facts.as_json()["training"] is None
