"""Makes a checkpoint to continue from, out of an exported file, because the repository keeps ONNX files but no checkpoints.

Export folds every norm into the convolution before it. Here they are taken apart again: filters of length one, and norms
whose statistics come from training pictures, so that the net gives the same results and can be trained as before.
"""
import re

import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper


# Marks weights that the file holds as 16-bit floats, and as 8-bit integers with a scale for each filter.
HALF, QUARTER, SCALE = '.half', '.quarter', '.scale'


def module_path(node_name):
    """'/net/s4/s4.0/body/body.1/body.1.0/Conv' -> 's4.0.body.1.0', and how often the module ran before in this graph."""
    parts, last = [], None
    for part in node_name.split('/')[2:-1]:
        if last and part.startswith(last + '.'):
            parts[-1] = part
        else:
            parts.append(part)
        last = part
    path = '.'.join(parts)
    again = re.search(r'_(\d+)$', path)
    return (path[:again.start()], int(again.group(1))) if again else (path, 0)


def norm_of(path, level):
    """The norm that was folded into this convolution; the towers of a dense head have one per level."""
    tower = re.fullmatch(r'(.*_tower)\.(wide|mix)\.(\d)', path)
    if tower:
        return f'{tower[1]}.norms.{level}.{2 * int(tower[3]) + (tower[2] == "mix")}'
    return path[:-2] + '.1' if path.endswith('.0') else None


def stored(path):
    """The tensors in the file by their names, as 32-bit floats where they are floats."""
    graph = onnx.load(str(path)).graph
    tensors = {i.name.removesuffix(HALF): torch.from_numpy(numpy_helper.to_array(i).copy()) for i in graph.initializer}
    for name in [n.removesuffix(QUARTER) for n in tensors if n.endswith(QUARTER)]:
        tensors[name] = tensors[name + QUARTER] * tensors[name + SCALE]
    for node in graph.node:  # a net with two passes names its weights twice
        if node.op_type == 'Identity' and node.input[0] in tensors:
            tensors[node.output[0]] = tensors[node.input[0]]
    return {name: t.float() if t.dtype == torch.float16 else t for name, t in tensors.items()}


@torch.no_grad()
def load(model, path, pictures):
    """Fills `model` from the file. Measures the norms on `pictures`, a few training batches."""
    graph = onnx.load(str(path)).graph
    tensors = stored(path)
    state, norms = model.state_dict(), {}
    for name, value in tensors.items():
        own = name.removeprefix('net.')
        if own in state:
            state[own] = value.reshape(state[own].shape)
    for node in graph.node:
        if node.op_type == 'Mul' and re.match(r'/net/head/Mul(_\d+)?$', node.name) and node.input[0] in tensors:
            state['head.scale'][len([n for n in norms if '.box_tower.' in n]) // 4 - 1] = tensors[node.input[0]]
        if node.op_type != 'Conv' or node.input[1].startswith('net.'):
            continue
        own, level = module_path(node.name)
        norm = norm_of(own, level)
        weight, bias = tensors[node.input[1]], tensors[node.input[2]]
        # Parts that the file's net lacked start with no influence.
        weight = F.pad(weight, (0, 0, 0, 0, 0, state[f'{own}.weight'].shape[1] - weight.shape[1]))
        if level == 0:
            length = weight.flatten(1).norm(dim=1).clamp(min=1e-6)
            state[f'{own}.weight'] = weight / length.view(-1, 1, 1, 1)
        gain = (weight * state[f'{own}.weight']).flatten(1).sum(1)
        norms[norm] = gain, bias
    model.load_state_dict(state)
    sums = {}
    hooks = [model.get_submodule(n).register_forward_hook(remember(sums, n)) for n in norms]
    for name, (gain, bias) in norms.items():
        norm = model.get_submodule(name)
        norm.running_mean.zero_(), norm.running_var.fill_(1 - norm.eps)
        norm.weight.copy_(gain), norm.bias.copy_(bias)
    model.eval()
    for picture in pictures:
        model(picture)
    for hook in hooks:
        hook.remove()
    for name, (gain, bias) in norms.items():
        norm, (count, mean, square) = model.get_submodule(name), sums[name]
        norm.running_mean.copy_(mean / count)
        norm.running_var.copy_(square / count - (mean / count) ** 2)
        norm.weight.copy_(gain * (norm.running_var + norm.eps).sqrt())
        norm.bias.copy_(bias + gain * norm.running_mean)
    missing = [n for n in state if n.endswith('running_var') and n.removesuffix('.running_var') not in norms
               and not n.startswith('backbone.')]
    assert not missing, f'no weights for {missing}'
    return model.train()


def remember(sums, name):
    def hook(module, inputs, output):
        x = inputs[0].double()
        count, mean, square = sums.get(name, (0, 0.0, 0.0))
        sums[name] = count + 1, mean + x.mean((0, 2, 3)), square + (x * x).mean((0, 2, 3))
    return hook
