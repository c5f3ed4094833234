"""A pre-norm transformer over short sequences of feature tokens (Xiong et al. 2020)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tjepa.model import kernels


class Block(nn.Module):
    """Self-attention and a feed-forward layer, each normalised before and added after."""

    def __init__(self, width: int, heads: int, ffn: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_ffn = nn.LayerNorm(width)
        self.up = nn.Linear(width, ffn)
        self.down = nn.Linear(ffn, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, visible: Tensor | None = None) -> Tensor:
        x = x + self.dropout(self._attend(self.norm_attention(x), visible))
        return x + self.dropout(self.down(F.gelu(self.up(self.norm_ffn(x)))))

    def _attend(self, x: Tensor, visible: Tensor | None) -> Tensor:
        b, n, h = x.shape
        qkv = self.qkv(x).view(b, n, 3, self.heads, h // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (B, heads, N, H / heads)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=visible)
        return self.out(mixed.transpose(1, 2).reshape(b, n, h))


class Transformer(nn.Module):
    """`layers` blocks and a last normalisation without scale or shift.

    Without a learned scale the tokens cannot drift towards zero, which would make the latent
    prediction easy without learning anything.
    """

    def __init__(self, width: int, layers: int, heads: int, ffn: int, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(width, heads, ffn, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width, elementwise_affine=False)

    def forward(self, x: Tensor, groups: int = 0, group_size: int = 0) -> Tensor:
        """Tokens f32 [B, N, H] to tokens of the same shape.

        The last `groups` · `group_size` tokens are groups that do not see each other: a token
        attends to those before all groups and, in a group, to its own.
        """
        if kernels.fit(self, x):
            return kernels.run(self, x, groups, group_size)
        visible = _visible(x.shape[1], groups, group_size, x.device) if groups else None
        for block in self.blocks:
            x = block(x, visible)
        return self.norm(x)

    @torch.no_grad()
    def layers(self, x: Tensor) -> Tensor:
        """The tokens that leave each block, normalised: f32 [layers, B, N, H]."""
        if kernels.fit(self, x):
            return self.norm(kernels.states(self, x))
        left = []
        for block in self.blocks:
            x = block(x)
            left.append(self.norm(x))
        return torch.stack(left)


def _visible(n: int, groups: int, group_size: int, device: torch.device) -> Tensor:
    """Whether token i attends to token j, bool [N, N]."""
    shared = n - groups * group_size
    group = torch.arange(n, device=device).sub(shared).div(group_size, rounding_mode="floor") + 1
    group = group.clamp(min=0)  # 0: before all groups
    return (group == 0) | (group == group.unsqueeze(1))
