"""The telling tensors of real models: names and shapes as their publishers and trainers write them."""

from __future__ import annotations

from typing import TypeAlias

from anymatix_fetcher.formats.facts import ModelKind

Shapes: TypeAlias = "dict[str, tuple[int, ...]]"


def prefixed(prefix: str, shapes: Shapes) -> Shapes:
    """The same tensors under longer names."""
    return {prefix + name: shape for name, shape in shapes.items()}


def lora(modules: Shapes, down: str = ".lora_down.weight", up: str = ".lora_up.weight", rank: int = 16) -> Shapes:
    """Both halves for each module, whose shape is that of its weight."""
    halves: Shapes = {}
    for module, (outputs, inputs) in modules.items():
        halves |= {module + down: (rank, inputs), module + up: (outputs, rank), f"{module}.alpha": ()}
    return halves


SD1_UNET: Shapes = {
    "input_blocks.0.0.weight": (320, 4, 3, 3),
    "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
    "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 768),
    "time_embed.0.weight": (1280, 320),
}
SD2_UNET: Shapes = SD1_UNET | {"input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 1024)}
SDXL_UNET: Shapes = {
    "input_blocks.0.0.weight": (320, 4, 3, 3),
    "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
    "label_emb.0.0.weight": (1280, 2816),
}
VAE: Shapes = {
    "decoder.conv_in.weight": (512, 4, 3, 3),
    "encoder.conv_in.weight": (128, 3, 3, 3),
    "quant_conv.weight": (8, 8, 1, 1),
}
FLUX: Shapes = {
    "img_in.weight": (3072, 64),
    "double_blocks.0.img_attn.norm.key_norm.scale": (128,),
    "double_blocks.0.img_attn.qkv.weight": (9216, 3072),
    "single_blocks.0.linear1.weight": (21504, 3072),
}
WAN: Shapes = {
    "head.modulation": (1, 2, 5120),
    "blocks.0.self_attn.norm_q.weight": (5120,),
    "patch_embedding.weight": (5120, 16, 1, 2, 2),
}

MODELS: dict[str, tuple[Shapes, ModelKind, str, str]] = {
    "SD 1.5 checkpoint": (
        prefixed("model.diffusion_model.", SD1_UNET) | prefixed("first_stage_model.", VAE),
        *(ModelKind.CHECKPOINT, "sd1", ""),
    ),
    "SD 1.5 inpainting checkpoint": (
        prefixed("model.diffusion_model.", SD1_UNET | {"input_blocks.0.0.weight": (320, 9, 3, 3)})
        | prefixed("cond_stage_model.", {"transformer.text_model.embeddings.position_ids": (1, 77)}),
        *(ModelKind.CHECKPOINT, "sd1", "inpainting"),
    ),
    "SD 2.1 checkpoint": (
        prefixed("model.diffusion_model.", SD2_UNET) | prefixed("first_stage_model.", VAE),
        *(ModelKind.CHECKPOINT, "sd2", ""),
    ),
    "SDXL checkpoint": (
        prefixed("model.diffusion_model.", SDXL_UNET)
        | prefixed("first_stage_model.", VAE)
        | {"conditioner.embedders.1.model.text_projection": (1280, 1280)},
        *(ModelKind.CHECKPOINT, "sdxl", ""),
    ),
    "SDXL U-Net of diffusers": (
        {
            "conv_in.weight": (320, 9, 3, 3),
            "add_embedding.linear_1.weight": (1280, 2816),
            "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
        },
        *(ModelKind.DIFFUSION_MODEL, "sdxl", "inpainting"),
    ),
    "SD 1.5 U-Net of diffusers": (
        {"down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": (320, 768)},
        *(ModelKind.DIFFUSION_MODEL, "sd1", ""),
    ),
    "SD 3.5 Large": (
        prefixed(
            "model.diffusion_model.",
            {"joint_blocks.0.context_block.attn.qkv.weight": (7296, 2432), "x_embedder.proj.weight": (2432, 16, 2, 2)},
        ),
        *(ModelKind.DIFFUSION_MODEL, "sd3", "3.5-large"),
    ),
    "FLUX.1 dev": (FLUX | {"guidance_in.in_layer.weight": (3072, 256)}, ModelKind.DIFFUSION_MODEL, "flux1", "dev"),
    "FLUX.1 schnell": (FLUX, ModelKind.DIFFUSION_MODEL, "flux1", "schnell"),
    "FLUX.1 Fill": (FLUX | {"img_in.weight": (3072, 384)}, ModelKind.DIFFUSION_MODEL, "flux1", "fill"),
    "FLUX.1 with everything": (
        prefixed("model.diffusion_model.", FLUX)
        | prefixed("vae.", VAE)
        | {"text_encoders.t5xxl.transformer.shared.weight": (32128, 4096)},
        *(ModelKind.CHECKPOINT, "flux1", "schnell"),
    ),
    "FLUX.2 dev": (
        FLUX | {"double_stream_modulation_img.lin.weight": (36864, 6144), "txt_in.weight": (6144, 15360)},
        *(ModelKind.DIFFUSION_MODEL, "flux2", "dev"),
    ),
    "Chroma": (
        FLUX | {"distilled_guidance_layer.norms.0.scale": (5120,)},
        *(ModelKind.DIFFUSION_MODEL, "chroma", ""),
    ),
    "Wan 2.1 14B": (WAN, ModelKind.DIFFUSION_MODEL, "wan", "t2v"),
    "Wan 2.2 I2V": (WAN | {"patch_embedding.weight": (5120, 36, 1, 2, 2)}, ModelKind.DIFFUSION_MODEL, "wan", "i2v"),
    "Wan VACE": (WAN | {"vace_patch_embedding.weight": (5120, 96, 1, 2, 2)}, ModelKind.DIFFUSION_MODEL, "wan", "vace"),
    "Qwen-Image": (
        {
            "txt_norm.weight": (3584,),
            "img_in.weight": (3072, 64),
            "transformer_blocks.0.img_mod.1.weight": (18432, 3072),
        },
        *(ModelKind.DIFFUSION_MODEL, "qwen-image", ""),
    ),
    "HunyuanVideo": (
        {
            "txt_in.individual_token_refiner.blocks.0.norm1.weight": (3072,),
            "img_in.proj.weight": (3072, 16, 1, 2, 2),
            "double_blocks.0.img_attn_qkv.weight": (9216, 3072),
        },
        *(ModelKind.DIFFUSION_MODEL, "hunyuan-video", ""),
    ),
    "LTX-Video": (
        prefixed(
            "model.diffusion_model.",
            {"adaln_single.emb.timestep_embedder.linear_1.bias": (2048,), "patchify_proj.weight": (2048, 128)},
        )
        | prefixed("vae.", {"decoder.up_blocks.0.res_blocks.0.conv1.conv.weight": (1024, 1024, 3, 3, 3)}),
        *(ModelKind.CHECKPOINT, "ltx-video", ""),
    ),
    "Z-Image": (
        {"cap_embedder.1.weight": (3840, 2560), "layers.0.attention.qkv.weight": (11520, 3840)},
        *(ModelKind.DIFFUSION_MODEL, "z-image", ""),
    ),
    "Lumina 2": ({"cap_embedder.1.weight": (2304, 2304)}, ModelKind.DIFFUSION_MODEL, "lumina2", ""),
    "PixArt Sigma": ({"t_block.1.weight": (6912, 1152)}, ModelKind.DIFFUSION_MODEL, "pixart", "sigma"),
    "Stable Cascade C": (
        {"clf.1.weight": (64, 2048, 1, 1), "clip_txt_mapper.weight": (2048, 1280)},
        *(ModelKind.DIFFUSION_MODEL, "stable-cascade", "stage-c"),
    ),
    "AuraFlow": (
        prefixed("model.", {"double_layers.0.attn.w1q.weight": (3072, 3072)}),
        *(ModelKind.DIFFUSION_MODEL, "auraflow", ""),
    ),
    "SD VAE": (VAE, ModelKind.VAE, "unknown", "4-channel"),
    "FLUX VAE": (VAE | {"decoder.conv_in.weight": (512, 16, 3, 3)}, ModelKind.VAE, "unknown", "16-channel"),
    "Wan 2.1 VAE": (
        {"decoder.middle.0.residual.0.gamma": (384, 1, 1, 1)},
        ModelKind.VAE,
        "unknown",
        "wan2.1-or-qwen-image",
    ),
    "CLIP-L": (
        {f"text_model.encoder.layers.{layer}.mlp.fc1.weight": (3072, 768) for layer in range(12)},
        *(ModelKind.TEXT_ENCODER, "clip-l", ""),
    ),
    "CLIP-G": (
        {f"text_model.encoder.layers.{layer}.mlp.fc1.weight": (5120, 1280) for layer in range(32)},
        *(ModelKind.TEXT_ENCODER, "clip-g", ""),
    ),
    "T5 XXL": (
        {
            "shared.weight": (32128, 4096),
            "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight": (32, 64),
            "encoder.block.0.layer.0.SelfAttention.k.weight": (4096, 4096),
            "encoder.block.23.layer.1.DenseReluDense.wi_1.weight": (10240, 4096),
        },
        *(ModelKind.TEXT_ENCODER, "t5-xxl", ""),
    ),
    "UMT5 XXL": (
        {
            "encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight": (32, 64),
            "encoder.block.23.layer.1.DenseReluDense.wi_1.weight": (10240, 4096),
        },
        *(ModelKind.TEXT_ENCODER, "umt5-xxl", ""),
    ),
    "Qwen2.5-VL 7B": (
        {
            "model.layers.0.self_attn.k_proj.bias": (512,),
            "model.layers.0.self_attn.k_proj.weight": (512, 3584),
            "model.layers.0.post_attention_layernorm.weight": (3584,),
            "visual.blocks.0.attn.qkv.weight": (3840, 1280),
        },
        *(ModelKind.TEXT_ENCODER, "qwen2.5-vl", "7b"),
    ),
    "Qwen3 4B": (
        {
            "model.layers.0.self_attn.k_proj.weight": (1024, 2560),
            "model.layers.0.self_attn.q_norm.weight": (128,),
            "model.layers.0.post_attention_layernorm.weight": (2560,),
        },
        *(ModelKind.TEXT_ENCODER, "qwen3", "4b"),
    ),
    "Mistral": (
        {
            "model.embed_tokens.weight": (32000, 4096),
            "model.layers.0.self_attn.k_proj.weight": (1024, 4096),
            "model.layers.0.post_attention_layernorm.weight": (4096,),
        },
        *(ModelKind.LANGUAGE_MODEL, "unknown", ""),
    ),
    "CLIP vision H": (
        {f"vision_model.encoder.layers.{layer}.layer_norm1.weight": (1280,) for layer in range(32)},
        *(ModelKind.CLIP_VISION, "clip-h", ""),
    ),
    "SigLIP": (
        {f"vision_model.encoder.layers.{layer}.layer_norm1.weight": (1152,) for layer in range(27)},
        *(ModelKind.CLIP_VISION, "siglip", ""),
    ),
    "ControlNet SD 1.5": (
        prefixed("control_model.", SD1_UNET | {"zero_convs.0.0.weight": (320, 320, 1, 1)}),
        *(ModelKind.CONTROLNET, "sd1", ""),
    ),
    "ControlNet SDXL of diffusers": (
        {
            "controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3),
            "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
            "add_embedding.linear_1.weight": (1280, 2816),
        },
        *(ModelKind.CONTROLNET, "sdxl", ""),
    ),
    "ControlNet FLUX": (
        {"controlnet_blocks.0.weight": (3072, 3072), "controlnet_x_embedder.weight": (3072, 64)},
        *(ModelKind.CONTROLNET, "flux1", ""),
    ),
    "IP-Adapter SDXL": (
        {"image_proj.proj.weight": (8192, 1280), "ip_adapter.1.to_k_ip.weight": (640, 2048)},
        *(ModelKind.IP_ADAPTER, "sdxl", ""),
    ),
    "Redux": (
        {"redux_down.weight": (4096, 12288), "redux_up.weight": (12288, 1152)},
        ModelKind.STYLE_MODEL,
        "flux1",
        "",
    ),
    "embedding SDXL": ({"clip_g": (4, 1280), "clip_l": (4, 768)}, ModelKind.EMBEDDING, "sdxl", ""),
    "embedding SD 1.5": ({"emb_params": (8, 768)}, ModelKind.EMBEDDING, "sd1", ""),
    "RealESRGAN": (
        {"conv_first.weight": (64, 3, 3, 3), "body.0.rdb1.conv1.weight": (32, 64, 3, 3)},
        *(ModelKind.UPSCALER, "esrgan", ""),
    ),
    "ESRGAN": (
        {"model.0.weight": (64, 3, 3, 3), "model.1.sub.0.RDB1.conv1.0.weight": (32, 64, 3, 3)},
        *(ModelKind.UPSCALER, "esrgan", ""),
    ),
    "AnimateDiff": (
        {"down_blocks.3.motion_modules.0.temporal_transformer.norm.weight": (1280,)},
        *(ModelKind.MOTION_MODULE, "sd1", ""),
    ),
    "LoRA SD 1.5 of kohya": (
        lora(
            {
                "lora_te_text_model_encoder_layers_0_mlp_fc1": (3072, 768),
                "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k": (320, 768),
            }
        ),
        *(ModelKind.LORA, "sd1", ""),
    ),
    "LoRA SDXL of kohya": (
        lora({"lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k": (640, 2048)}),
        *(ModelKind.LORA, "sdxl", ""),
    ),
    "LoRA SDXL of diffusers": (
        lora(
            {"unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k": (640, 2048)},
            *(".lora_A.weight", ".lora_B.weight"),
        ),
        *(ModelKind.LORA, "sdxl", ""),
    ),
    "LoRA SDXL, text encoders alone": (
        lora({"lora_te1_text_model_encoder_layers_0_mlp_fc1": (3072, 768), "lora_te2_x": (5120, 1280)}),
        *(ModelKind.LORA, "sdxl", ""),
    ),
    "DoRA SD 1.5": (
        lora({"lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k": (1280, 768)})
        | {"lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k.dora_scale": (1, 768)},
        *(ModelKind.LORA, "sd1", "dora"),
    ),
    "LoHa SDXL": (
        {
            "lora_unet_output_blocks_0_1_transformer_blocks_0_attn2_to_k.hada_w1_a": (1280, 8),
            "lora_unet_output_blocks_0_1_transformer_blocks_0_attn2_to_k.hada_w1_b": (8, 2048),
        },
        *(ModelKind.LORA, "sdxl", "loha"),
    ),
    "LoRA FLUX.1 of kohya": (
        lora(
            {
                "lora_unet_double_blocks_0_img_attn_qkv": (9216, 3072),
                "lora_unet_double_blocks_0_img_mod_lin": (18432, 3072),
                "lora_te1_text_model_encoder_layers_0_mlp_fc1": (3072, 768),
            }
        ),
        *(ModelKind.LORA, "flux1", ""),
    ),
    "LoRA FLUX.1 of diffusers": (
        lora({"transformer.single_transformer_blocks.0.attn.to_q": (3072, 3072)}, ".lora_A.weight", ".lora_B.weight"),
        *(ModelKind.LORA, "flux1", ""),
    ),
    "LoRA FLUX.2": (
        lora({"diffusion_model.double_blocks.0.img_attn.qkv": (18432, 6144)}, ".lora_A.weight", ".lora_B.weight"),
        *(ModelKind.LORA, "flux2", ""),
    ),
    "LoRA Wan": (
        lora({"diffusion_model.blocks.0.cross_attn.k": (5120, 5120)}, ".lora_A.weight", ".lora_B.weight"),
        *(ModelKind.LORA, "wan", ""),
    ),
    "LoRA Qwen-Image": (
        lora(
            {"transformer_blocks.0.attn.add_q_proj": (3072, 3072), "transformer_blocks.59.attn.to_q": (3072, 3072)},
            *(".lora_A.default.weight", ".lora_B.default.weight"),
        ),
        *(ModelKind.LORA, "qwen-image", ""),
    ),
    "LoRA HunyuanVideo": (
        lora({"lora_unet_double_blocks_0_img_mlp_fc1": (12288, 3072)}),
        *(ModelKind.LORA, "hunyuan-video", ""),
    ),
    "LoRA Z-Image": (
        lora({"diffusion_model.layers.0.attention.to_q": (3840, 3840)}, ".lora_A.weight", ".lora_B.weight"),
        *(ModelKind.LORA, "z-image", ""),
    ),
    "LoRA LTX-Video": (
        lora({"transformer.transformer_blocks.0.attn1.to_k": (2048, 2048)}, ".lora_A.weight", ".lora_B.weight"),
        *(ModelKind.LORA, "ltx-video", ""),
    ),
    "LoRA of nobody": (lora({"a.b": (8, 8)}), ModelKind.LORA, "unknown", ""),
    "nothing known": ({"layer1.weight": (10, 10)}, ModelKind.UNKNOWN, "unknown", ""),
    "nothing": ({}, ModelKind.UNKNOWN, "unknown", ""),
}
"""By what people call them: their tensors, and what they have to be recognized as: kind, family, variant."""
