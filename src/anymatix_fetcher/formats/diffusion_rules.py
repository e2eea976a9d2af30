"""The table of diffusion models, by the names of their tensors after common prefixes."""

from __future__ import annotations

from anymatix_fetcher.formats.rules import Rule

PREFIXES = ("model.diffusion_model.", "diffusion_model.", "model.", "net.", "transformer.", "unet.", "")
"""Prefixes of a diffusion model's tensor names; a complete checkpoint uses the first."""

COMPANIONS = (
    "first_stage_model.*",
    "vae.*",
    "cond_stage_model.*",
    "conditioner.*",
    "text_encoders.*",
    "text_encoder.*",
)
"""The other components of a checkpoint: its VAE and its text encoders."""

_FLUX_NORMS = ("double_blocks.0.img_attn.norm.key_norm.scale", "double_blocks.0.img_attn.norm.key_norm.weight")
_SD_ATTENTION = "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
_SDXL_ATTENTION = "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
_DIFFUSERS_SD_ATTENTION = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"
_DIFFUSERS_SDXL_ATTENTION = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight"
_SD3_BLOCK = "joint_blocks.0.context_block.attn.qkv.weight"
_WAN = ("head.modulation", "blocks.0.self_attn.norm_q.weight")
_UNET = "input_blocks.0.0.weight"

TRANSFORMER_RULES = (
    Rule("sd3", has=(_SD3_BLOCK,), sizes=(("x_embedder.proj.weight", 0, 2432),), variant="3.5-large"),
    Rule("sd3", has=(_SD3_BLOCK, "joint_blocks.0.x_block.attn2.qkv.weight"), variant="3.5-medium"),
    Rule("sd3", has=(_SD3_BLOCK,)),
    Rule("stable-cascade", has=("clf.1.weight", "clip_txt_mapper.weight"), variant="stage-c"),
    Rule("stable-cascade", has=("clf.1.weight", "clip_mapper.weight"), variant="stage-b"),
    Rule("stable-audio", has=("transformer.rotary_pos_emb.inv_freq",)),
    Rule("auraflow", has=("double_layers.0.attn.w1q.weight",)),
    Rule("auraflow", has=("joint_transformer_blocks.0.attn.add_q_proj.weight",)),
    Rule("hunyuan-dit", has=("mlp_t5.0.weight",)),
    Rule(
        "hunyuan-image",
        has=("txt_in.individual_token_refiner.blocks.0.norm1.weight", "byt5_in.fc1.weight"),
        lacks=("vision_in.*",),
        sizes=(("img_in.proj.weight", 1, 64),),
    ),
    Rule("hunyuan-video", has=("txt_in.individual_token_refiner.blocks.0.norm1.weight",)),
    Rule("hunyuan-video", has=("context_embedder.token_refiner.refiner_blocks.0.norm1.weight",)),
    Rule(
        "flux2", has=("double_stream_modulation_img.lin.weight",), sizes=(("txt_in.weight", 1, 15360),), variant="dev"
    ),
    Rule(
        "flux2",
        has=("double_stream_modulation_img.lin.weight",),
        sizes=(("txt_in.weight", 1, 12288),),
        variant="klein-9b",
    ),
    Rule(
        "flux2",
        has=("double_stream_modulation_img.lin.weight",),
        sizes=(("txt_in.weight", 1, 7680),),
        variant="klein-4b",
    ),
    Rule("flux2", any_of=("double_stream_modulation_img.lin.weight", "double_stream_modulation_img.linear.weight")),
    Rule(
        "chroma",
        any_of=(
            *("distilled_guidance_layer.norms.0.scale", "distilled_guidance_layer.0.norms.0.scale"),
            *("distilled_guidance_layer.norms.0.weight", "distilled_guidance_layer.0.norms.0.weight"),
        ),
    ),
    Rule("flux1", has=("img_in.weight",), any_of=_FLUX_NORMS, sizes=(("img_in.weight", 1, 384),), variant="fill"),
    Rule("flux1", has=("img_in.weight", "guidance_in.in_layer.weight"), any_of=_FLUX_NORMS, variant="dev"),
    Rule("flux1", has=("img_in.weight",), any_of=_FLUX_NORMS, variant="schnell"),
    Rule(
        "flux1",
        has=(
            *("single_transformer_blocks.0.attn.to_q.weight", "transformer_blocks.0.attn.add_q_proj.weight"),
            *("x_embedder.weight", "context_embedder.weight"),
        ),
    ),
    Rule(
        "sd3",
        has=("transformer_blocks.0.attn.add_q_proj.weight", "pos_embed.proj.weight", "context_embedder.weight"),
        lacks=("single_transformer_blocks.*",),
    ),
    Rule("mochi", has=("t5_yproj.weight",)),
    Rule("pixart", has=("adaln_single.emb.timestep_embedder.linear_1.bias", "pos_embed.proj.bias")),
    Rule("ltx-video", has=("patchify_proj.weight", "audio_patchify_proj.weight"), variant="2"),
    Rule("ltx-video", has=("adaln_single.emb.timestep_embedder.linear_1.bias", "patchify_proj.weight")),
    Rule("ace-step", has=("genre_embedder.weight",)),
    Rule("pixart", has=("t_block.1.weight", "ar_embedder.mlp.0.weight"), variant="alpha"),
    Rule("pixart", has=("t_block.1.weight",), variant="sigma"),
    Rule("cosmos", has=("blocks.block0.blocks.0.block.attn.to_q.0.weight",)),
    Rule("cosmos", has=("blocks.0.mlp.layer1.weight", "x_embedder.proj.1.weight"), variant="predict2"),
    Rule("z-image", sizes=(("cap_embedder.1.weight", 0, 3840),)),
    Rule("lumina2", sizes=(("cap_embedder.1.weight", 0, 2304),)),
    Rule("wan", has=(*_WAN, "vace_patch_embedding.weight"), variant="vace"),
    Rule("wan", has=(*_WAN, "control_adapter.conv.weight"), variant="camera"),
    Rule("wan", has=(*_WAN, "casual_audio_encoder.encoder.final_linear.weight"), variant="s2v"),
    Rule("wan", has=(*_WAN, "face_adapter.fuser_blocks.0.k_norm.weight"), variant="animate"),
    Rule("wan", has=_WAN, sizes=(("patch_embedding.weight", 1, 36),), variant="i2v"),
    Rule("wan", has=_WAN, sizes=(("patch_embedding.weight", 1, 48),), variant="ti2v"),
    Rule("wan", has=_WAN, sizes=(("patch_embedding.weight", 1, 16),), variant="t2v"),
    Rule("wan", has=_WAN),
    Rule("wan", has=("condition_embedder.text_embedder.linear_1.weight", "blocks.0.attn1.norm_q.weight")),
    Rule("hunyuan-3d", has=("latent_in.weight", "cond_in.weight")),
    Rule("hidream", has=("caption_projection.0.linear.weight",)),
    Rule("omnigen2", has=("time_caption_embed.timestep_embedder.linear_1.bias",)),
    Rule("qwen-image", has=("txt_norm.weight", "img_in.weight")),
)
UNET_RULES = (
    Rule("svd", has=(_UNET,), any_of=("input_blocks.1.1.time_stack.0.attn1.to_q.weight",)),
    Rule("sdxl-refiner", has=(_UNET, "label_emb.0.0.weight"), sizes=((_SDXL_ATTENTION, 1, 1280),)),
    Rule("sdxl", has=(_UNET, "label_emb.0.0.weight"), sizes=((_SDXL_ATTENTION, 1, 2048),)),
    Rule("sd1", has=(_UNET,), lacks=("label_emb.0.0.weight",), sizes=((_SD_ATTENTION, 1, 768),)),
    Rule("sd2", has=(_UNET,), lacks=("label_emb.0.0.weight",), sizes=((_SD_ATTENTION, 1, 1024),)),
    Rule("sdxl", has=("add_embedding.linear_1.weight",), sizes=((_DIFFUSERS_SDXL_ATTENTION, 1, 2048),)),
    Rule("sdxl-refiner", has=("add_embedding.linear_1.weight",), sizes=((_DIFFUSERS_SDXL_ATTENTION, 1, 1280),)),
    Rule("sd1", sizes=((_DIFFUSERS_SD_ATTENTION, 1, 768),)),
    Rule("sd2", sizes=((_DIFFUSERS_SD_ATTENTION, 1, 1024),)),
)
DIFFUSION_RULES = (*TRANSFORMER_RULES, *UNET_RULES)

INPUT_VARIANTS = {5: "depth", 8: "edit", 9: "inpainting"}
"""The purpose of a U-Net by the number of its input channels, where that isn't four."""

UNET_INPUTS = (_UNET, "conv_in.weight")
