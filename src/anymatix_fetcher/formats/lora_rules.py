"""The tables of LoRAs and related formats: their algorithm, and the model that they apply to.

Trainers write module names with dots or underscores after their own prefixes, so rules search for parts of names.
"""

from __future__ import annotations

from anymatix_fetcher.formats.rules import Rule

ALGORITHMS = (
    ("dora", ("*.dora_scale",)),
    ("loha", ("*.hada_w1_a",)),
    ("lokr", ("*.lokr_w1", "*.lokr_w1_a")),
    ("oft", ("*.oft_blocks", "*.oft_diag")),
    ("boft", ("*.boft_blocks",)),
    (
        "",
        (
            "*.lora_up.weight",
            "*.lora_B.weight",
            "*_lora.up.weight",
            "*.lora.up.weight",
            "*.lora_B",
            "*.lora_B.default.weight",
            "*.lora_linear_layer.up.weight",
        ),
    ),
    ("full", ("lora_unet_*.diff", "diffusion_model.*.diff")),
)
"""Suffixes that identify an algorithm; the empty name is plain LoRA."""

_DOWN = (
    ".lora_down.weight",
    ".lora_A.weight",
    ".lora.down.weight",
    "_lora.down.weight",
    ".lora_A.default.weight",
    ".hada_w1_b",
)
_UNET_BLOCKS = ("*down_blocks*", "*up_blocks*", "*mid_block*", "*input_blocks*", "*output_blocks*", "*middle_block*")


def _by_input(
    architecture: str, modules: tuple[str, ...], size: int, *, lacks: tuple[str, ...] = (), any_of: tuple[str, ...] = ()
) -> tuple[Rule, ...]:
    """Rules for any of ``modules`` with input vectors of ``size``, in every trainer's naming scheme."""
    return tuple(
        Rule(architecture, sizes=((f"*{module}{down}", 1, size),), lacks=lacks, any_of=any_of)
        for module in modules
        for down in _DOWN
    )


_CROSS_ATTENTION = ("attn2_to_k", "attn2.to_k", "attn2.processor.to_k")
_FLUX_ATTENTION = ("img_attn_qkv", "img_attn.qkv", "img_attn_proj", "img_attn.proj")
_LUMINA_ATTENTION = (
    "attention_qkv",
    "attention.qkv",
    "attention_to_q",
    "attention.to_q",
    "attention_out",
    "attention.out",
    "attention.to_out.0",
)

LORA_RULES = (
    Rule("hunyuan-video", any_of=("*img_mlp.fc1*", "*img_mlp_fc1*", "*.img_attn_qkv.*", "*individual_token_refiner*")),
    Rule("chroma", any_of=("*distilled_guidance_layer*",)),
    Rule("hidream", any_of=("*double_stream_blocks*",)),
    Rule("auraflow", any_of=("*joint_transformer_blocks*", "*double_layers.0.attn.w1q*")),
    Rule("flux2", any_of=("*single_transformer_blocks.0.attn.to_qkv_mlp_proj*",)),
    *_by_input("flux2", _FLUX_ATTENTION, 6144),
    *_by_input("flux1", _FLUX_ATTENTION, 3072, any_of=("*img_mod*", "*double_blocks_18_*", "*double_blocks.18.*")),
    Rule("flux1", any_of=("*single_transformer_blocks.0.attn.to_q.*", "*single_transformer_blocks_0_attn_to_q.*")),
    Rule("sd3", any_of=("*joint_blocks*",)),
    Rule(
        "qwen-image",
        any_of=("*transformer_blocks.59.attn.*", "*transformer_blocks_59_attn_*", "*.img_mlp.net.*", "*_img_mlp_net_*"),
        lacks=("*single_transformer_blocks*",),
    ),
    *_by_input("sd3", ("attn.add_q_proj", "attn_add_q_proj"), 1536),
    *_by_input("sd3", ("attn.add_q_proj", "attn_add_q_proj"), 2432),
    Rule("wan", any_of=("*.cross_attn.k.*", "*_cross_attn_k.*", "*.cross_attn.k_img.*"), lacks=("*k_proj*",)),
    Rule("wan", any_of=("*blocks.0.self_attn.q.lora*", "*blocks_0_self_attn_q.lora*")),
    *_by_input("z-image", _LUMINA_ATTENTION, 3840),
    *_by_input("lumina2", _LUMINA_ATTENTION, 2304),
    Rule("sdxl", has=("lora_te2_*",), lacks=("lora_te3_*", "*joint_blocks*", "*double_blocks*", "*single_blocks*")),
    *_by_input("sd1", _CROSS_ATTENTION, 768, any_of=_UNET_BLOCKS),
    *_by_input("sd2", _CROSS_ATTENTION, 1024, any_of=_UNET_BLOCKS),
    *_by_input("sdxl", _CROSS_ATTENTION, 2048, any_of=_UNET_BLOCKS),
    *_by_input("ltx-video", ("attn1.to_k", "attn1_to_k"), 2048, lacks=_UNET_BLOCKS),
    *_by_input("ltx-video", ("attn1.to_k", "attn1_to_k"), 4096, lacks=_UNET_BLOCKS),
    *_by_input("pixart", ("attn1.to_k", "attn1_to_k"), 1152, lacks=_UNET_BLOCKS),
)
