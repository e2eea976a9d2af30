"""The tables for everything other than diffusion models: components, and additions to diffusion models."""

from __future__ import annotations

from anymatix_fetcher.formats.facts import ModelKind
from anymatix_fetcher.formats.rules import Rule

_SD_ATTENTION = "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
_SDXL_ATTENTION = "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
_DIFFUSERS_SD_ATTENTION = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"
_DIFFUSERS_SDXL_ATTENTION = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight"
_T5_GATE = "encoder.block.23.layer.1.DenseReluDense.wi_1.weight"
_T5_KEY = "encoder.block.0.layer.0.SelfAttention.k.weight"
_LAYER_NORM = "model.layers.0.post_attention_layernorm.weight"
_KEY_BIAS = "model.layers.0.self_attn.k_proj.bias"
_KEY = "model.layers.0.self_attn.k_proj.weight"


def _control(architecture: str, *has: str, size: tuple[str, int] | None = None, variant: str = "") -> Rule:
    sizes = ((size[0], 1, size[1]),) if size else ()
    return Rule(architecture, has=has, sizes=sizes, kind=ModelKind.CONTROLNET, variant=variant)


def _of_kind(
    kind: ModelKind, architecture: str, *has: str, size: tuple[str, int, int] | None = None, variant: str = ""
) -> Rule:
    return Rule(architecture, has=has, sizes=(size,) if size else (), kind=kind, variant=variant)


ADDITION_RULES = (
    _control("unknown", "lora_controlnet", variant="control-lora"),
    *(
        _control(architecture, f"{prefix}zero_convs.0.0.weight", size=(prefix + name, size))
        for prefix in ("control_model.", "")
        for architecture, name, size in (
            ("sd1", _SD_ATTENTION, 768),
            ("sd2", _SD_ATTENTION, 1024),
            ("sdxl", _SDXL_ATTENTION, 2048),
        )
    ),
    _control("sd1", "controlnet_cond_embedding.conv_in.weight", size=(_DIFFUSERS_SD_ATTENTION, 768)),
    _control("sd2", "controlnet_cond_embedding.conv_in.weight", size=(_DIFFUSERS_SD_ATTENTION, 1024)),
    _control("sdxl", "controlnet_cond_embedding.conv_in.weight", size=(_DIFFUSERS_SDXL_ATTENTION, 2048)),
    _control("hunyuan-dit", "after_proj_list.18.bias"),
    _control("flux1", "controlnet_blocks.0.weight", "double_blocks.0.img_attn.norm.key_norm.scale"),
    _control("sd3", "controlnet_blocks.0.weight", "pos_embed_input.proj.weight"),
    _control("qwen-image", "controlnet_blocks.0.weight", "transformer_blocks.0.img_mlp.net.0.proj.weight"),
    _control("flux1", "controlnet_blocks.0.weight", "controlnet_x_embedder.weight"),
    _control("flux1", "controlnet_blocks.0.linear.weight"),
    _control("sdxl", "lllite_unet_*", variant="lllite"),
    _control("unknown", "adapter.body.0.resnets.0.block1.weight", variant="t2i-adapter"),
    _control("unknown", "body.0.block1.weight", "body.0.block2.weight", "conv_in.weight", variant="t2i-adapter"),
    _control("unknown", "body.0.in_conv.weight", "body.0.body.0.block1.weight", variant="t2i-adapter"),
    _control("unknown", "zero_convs.0.0.weight"),
    _control("unknown", "control_model.zero_convs.0.0.weight"),
    _control("unknown", "controlnet_cond_embedding.conv_in.weight"),
    _control("unknown", "controlnet_blocks.0.weight"),
    _of_kind(ModelKind.IP_ADAPTER, "sd1", "ip_adapter.*", "image_proj.*", size=("ip_adapter.1.to_k_ip.weight", 1, 768)),
    _of_kind(
        ModelKind.IP_ADAPTER, "sdxl", "ip_adapter.*", "image_proj.*", size=("ip_adapter.1.to_k_ip.weight", 1, 2048)
    ),
    _of_kind(ModelKind.IP_ADAPTER, "unknown", "ip_adapter.*", "image_proj.*"),
    _of_kind(ModelKind.STYLE_MODEL, "sd1", "style_embedding", "transformer_layes.0.attn.in_proj_weight"),
    _of_kind(ModelKind.STYLE_MODEL, "flux1", "redux_down.weight", "redux_up.weight"),
    _of_kind(ModelKind.MOTION_MODULE, "sd1", "*down_blocks.3.motion_modules.0.temporal_transformer.norm.weight"),
    _of_kind(ModelKind.MOTION_MODULE, "unknown", "*motion_modules.0.temporal_transformer.norm.weight"),
)
"""Additions to a diffusion model. They may contain parts of one, so they are checked first."""

COMPONENT_RULES = (
    # Variational autoencoders. Those of SD 1 and SDXL have the same shapes, as do those of SD 3 and FLUX.1.
    _of_kind(ModelKind.VAE, "svd", "decoder.mid.block_1.mix_factor"),
    _of_kind(ModelKind.VAE_APPROX, "unknown", "taesd_decoder.1.weight"),
    _of_kind(ModelKind.VAE, "stable-cascade", "vquantizer.codebook.weight", variant="stage-a"),
    _of_kind(ModelKind.VAE, "stable-cascade", "backbone.1.0.block.0.1.num_batches_tracked", variant="effnet"),
    _of_kind(ModelKind.VAE, "flux2", "decoder.conv_in.weight", "bn.running_mean"),
    _of_kind(ModelKind.VAE, "hunyuan-image", size=("decoder.conv_in.weight", 1, 64)),
    _of_kind(ModelKind.VAE, "unknown", size=("decoder.conv_in.weight", 1, 16), variant="16-channel"),
    _of_kind(ModelKind.VAE, "unknown", size=("decoder.conv_in.weight", 1, 4), variant="4-channel"),
    _of_kind(ModelKind.VAE, "unknown", size=("first_stage_model.decoder.conv_in.weight", 1, 4), variant="4-channel"),
    _of_kind(ModelKind.VAE, "stable-audio", "decoder.layers.1.layers.0.beta"),
    _of_kind(ModelKind.VAE, "mochi", "decoder.blocks.2.blocks.3.stack.5.weight"),
    _of_kind(ModelKind.VAE, "ltx-video", "decoder.up_blocks.0.res_blocks.0.conv1.conv.weight"),
    _of_kind(ModelKind.VAE, "hunyuan-video", "decoder.conv_in.conv.weight"),
    _of_kind(ModelKind.VAE, "cosmos", "decoder.unpatcher3d.wavelets"),
    _of_kind(
        ModelKind.VAE,
        *("wan", "decoder.middle.0.residual.0.gamma", "decoder.upsamples.0.upsamples.0.residual.2.weight"),
        variant="2.2",
    ),
    # Qwen-Image's VAE has the same shapes as Wan 2.1's.
    _of_kind(ModelKind.VAE, "unknown", "decoder.middle.0.residual.0.gamma", variant="wan2.1-or-qwen-image"),
    _of_kind(ModelKind.VAE, "hunyuan-3d", "geo_decoder.cross_attn_decoder.ln_1.bias"),
    _of_kind(ModelKind.VAE, "ace-step", "vocoder.backbone.channel_layers.0.0.bias"),
    # Text encoders.
    *(
        _of_kind(ModelKind.TEXT_ENCODER, architecture, f"{prefix}text_model.encoder.layers.{layer}.mlp.fc1.weight")
        for prefix in ("", "transformer.")
        for architecture, layer in (("clip-g", 30), ("clip-h", 22))
    ),
    *(
        _of_kind(
            ModelKind.TEXT_ENCODER, "clip-l", size=(f"{prefix}text_model.encoder.layers.0.mlp.fc1.weight", 0, 3072)
        )
        for prefix in ("", "transformer.")
    ),
    _of_kind(ModelKind.TEXT_ENCODER, "unknown", "text_model.encoder.layers.0.mlp.fc1.weight"),
    _of_kind(
        ModelKind.TEXT_ENCODER,
        "umt5-xxl",
        _T5_GATE,
        "encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight",
    ),
    _of_kind(ModelKind.TEXT_ENCODER, "t5-xxl", size=(_T5_GATE, 1, 4096)),
    _of_kind(ModelKind.TEXT_ENCODER, "t5-xl", size=(_T5_GATE, 1, 2048)),
    _of_kind(ModelKind.TEXT_ENCODER, "byt5-small", size=(_T5_KEY, 0, 384)),
    _of_kind(ModelKind.TEXT_ENCODER, "t5-base", size=(_T5_KEY, 1, 768)),
    _of_kind(ModelKind.TEXT_ENCODER, "t5", _T5_KEY),
    _of_kind(
        ModelKind.TEXT_ENCODER,
        "gemma3",
        _KEY,
        "model.layers.0.post_feedforward_layernorm.weight",
        _KEY[:-13] + "q_norm.weight",
    ),
    _of_kind(ModelKind.TEXT_ENCODER, "gemma2", _KEY, "model.layers.0.post_feedforward_layernorm.weight"),
    _of_kind(
        ModelKind.TEXT_ENCODER,
        "qwen2.5-vl",
        _KEY_BIAS,
        "visual.blocks.0.attn.qkv.weight",
        size=(_KEY_BIAS, 0, 512),
        variant="7b",
    ),
    _of_kind(
        ModelKind.TEXT_ENCODER,
        "qwen2.5-vl",
        _KEY_BIAS,
        "visual.blocks.0.attn.qkv.weight",
        size=(_KEY_BIAS, 0, 256),
        variant="3b",
    ),
    _of_kind(
        ModelKind.TEXT_ENCODER,
        "qwen3",
        _LAYER_NORM,
        "model.layers.0.self_attn.q_norm.weight",
        size=(_KEY, 1, 2560),
        variant="4b",
    ),
    _of_kind(
        ModelKind.TEXT_ENCODER,
        "qwen3",
        _LAYER_NORM,
        "model.layers.0.self_attn.q_norm.weight",
        size=(_KEY, 1, 4096),
        variant="8b",
    ),
    *(
        Rule(
            "llama3",
            has=(_LAYER_NORM,),
            sizes=((_KEY, 0, 1024), (_KEY, 1, 4096), ("model.embed_tokens.weight", 0, words)),
            kind=ModelKind.TEXT_ENCODER,
            variant="8b",
        )
        for words in (128256, 128320)
    ),
    _of_kind(ModelKind.LANGUAGE_MODEL, "unknown", "model.layers.*", "*.self_attn.k_proj.weight"),
    # Image encoders.
    _of_kind(ModelKind.CLIP_VISION, "clip-g", "vision_model.encoder.layers.47.layer_norm1.weight"),
    _of_kind(ModelKind.CLIP_VISION, "clip-h", "vision_model.encoder.layers.30.layer_norm1.weight"),
    _of_kind(ModelKind.CLIP_VISION, "siglip", size=("vision_model.encoder.layers.22.layer_norm1.weight", 0, 1152)),
    _of_kind(ModelKind.CLIP_VISION, "clip-l", size=("vision_model.encoder.layers.22.layer_norm1.weight", 0, 1024)),
    _of_kind(ModelKind.CLIP_VISION, "unknown", "vision_model.encoder.layers.0.layer_norm1.weight"),
    _of_kind(ModelKind.CLIP_VISION, "unknown", "visual.transformer.resblocks.0.attn.in_proj_weight"),
    _of_kind(ModelKind.CLIP_VISION, "dinov2", "encoder.layer.0.layer_scale2.lambda1"),
    # Embeddings (textual inversions).
    _of_kind(ModelKind.EMBEDDING, "sdxl", size=("clip_g", 1, 1280)),
    _of_kind(ModelKind.EMBEDDING, "sd1", size=("emb_params", 1, 768)),
    _of_kind(ModelKind.EMBEDDING, "sd2", size=("emb_params", 1, 1024)),
    # Upscalers.
    _of_kind(ModelKind.UPSCALER, "esrgan", "model.0.weight", "model.1.sub.0.RDB1.conv1.0.weight"),
    _of_kind(ModelKind.UPSCALER, "esrgan", "conv_first.weight", "body.0.rdb1.conv1.weight"),
    _of_kind(ModelKind.UPSCALER, "esrgan", "conv_first.weight", "RRDB_trunk.0.RDB1.conv1.weight"),
    _of_kind(ModelKind.UPSCALER, "hat", "conv_first.weight", "layers.0.residual_group.overlap_attn.qkv.weight"),
    _of_kind(ModelKind.UPSCALER, "swinir", "conv_first.weight", "layers.0.residual_group.blocks.0.norm1.weight"),
    _of_kind(ModelKind.UPSCALER, "dat", "conv_first.weight", "layers.0.blocks.0.attn.attns.0.rpe_biases"),
    _of_kind(ModelKind.UPSCALER, "span", "block_1.c1_r.sk.weight"),
    _of_kind(ModelKind.UPSCALER, "plksr", "feats.0.weight", "feats.1.lk.conv.weight"),
    Rule(
        "real-esrgan-compact",
        has=("body.0.weight", "body.1.weight", "body.2.weight"),
        lacks=("conv_first.*", "*.body.*"),
        sizes=(("body.0.weight", 1, 3),),
        kind=ModelKind.UPSCALER,
    ),
)
