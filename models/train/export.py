"""Writes the ONNX files and the manifest: python export.py --runs runs --out .. [--only matting detector face landmarks cover]"""
import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

from detection import DenseHead
from from_onnx import HALF, QUARTER, SCALE
from nets import FaceDetector, Landmarks, Matting, MouthCover, PersonDetector

OPSET = 18  # Resize knows antialias since 18
# A net runs near the size that it was last trained at (256 and 320), for inputs of any size: at twice that it is much worse.
PERSON_SIZE = 320
# Two sizes complement each other. On val these two are the best of 224, 256, 288 and 320.
MATTING_SIZE, MATTING_SECOND_SIZE = 288, 224
# Alpha below the first becomes 0, above the second 1. Chosen on val.
MATTING_CURVE = 0.35, 0.55
# Raw scores that the export maps to .5 (person) and .7 (face). Chosen on val.
PERSON_THRESHOLD = 0.28
# Boxes are loose: two that overlap by more are one person. With YOLO's .7 some people get two boxes.
PERSON_MAX_IOU = 0.5
FACE_THRESHOLD = 0.33
# The raw score that the export maps to .5. Chosen on faces outside the training, see README.
COVER_THRESHOLD = 0.45
SOURCE = 'trained for Limelight, models/train'
# For the networks that started from Google's EfficientNet-Lite0.
FROM_LITE0 = {'license': 'MIT AND Apache-2.0', 'source': f'{SOURCE}, from EfficientNet-Lite0'}


def logit(p):
    return float(np.log(p / (1 - p)))


class MattingCore(nn.Module):
    """The mean of four passes: two sizes, each also mirrored. A net with little training is unsure in other places in each.

    With a contrast curve: what is unsure at edges and inside dark clothes would show as haze.
    """

    def __init__(self, net):
        super().__init__()
        self.net = net

    def logits(self, x):
        both = self.net(torch.cat([x, x.flip(3)]))[0]
        return (both[:1] + both[1:].flip(3)) / 2

    def forward(self, x):
        small = F.interpolate(x, size=(MATTING_SECOND_SIZE, MATTING_SECOND_SIZE), mode='bilinear', align_corners=False)
        again = F.interpolate(self.logits(small), size=x.shape[2:], mode='bilinear', align_corners=False)
        low, high = MATTING_CURVE
        return (((self.logits(x) + again) / 2).sigmoid() - low).div(high - low).clamp(0, 1)


class PersonCore(nn.Module):
    """Boxes in pixels of the 640-pixel input: the mean of two passes, one of them mirrored."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def mirrored(self, values):
        """Reorders results of the mirror image, [N, anchors, ...], to the order of the picture's anchors."""
        levels, start = [], 0
        for stride in DenseHead.STRIDES:
            side = PERSON_SIZE // stride
            level = values[:, start:start + side * side]
            levels.append(level.reshape(-1, side, side, values.shape[2]).flip(2).reshape(-1, side * side, values.shape[2]))
            start += side * side
        return torch.cat(levels, 1)

    def forward(self, images):
        logits, boxes, _ = self.net(torch.cat([images, images.flip(3)]))
        anchors = boxes.shape[1]
        found = torch.cat([logits[..., None], boxes], 2).reshape(2, -1, anchors, 5)
        other = self.mirrored(found[1])
        other = torch.cat([other[..., :1], PERSON_SIZE - other[..., 3:4], other[..., 2:3],
                           PERSON_SIZE - other[..., 1:2], other[..., 4:5]], 2)
        mean = (found[0] + other) / 2
        low, high = mean[..., 1:3] * (640 / PERSON_SIZE), mean[..., 3:5] * (640 / PERSON_SIZE)
        score = (mean[..., :1] - logit(PERSON_THRESHOLD)).sigmoid()
        return torch.cat([(low + high) / 2, high - low, score], 2).transpose(1, 2)


class FaceCore(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        logits, boxes = self.net(x)
        p = (logits - logit(FACE_THRESHOLD) + logit(0.7)).sigmoid()
        return torch.stack([1 - p, p], 2), boxes / torch.tensor([320.0, 240.0, 320.0, 240.0])


class LandmarksCore(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        points, score = self.net(x)
        return points.flatten(1), score


class MouthCoverCore(nn.Module):
    """The mean of a crop and its mirror image, shifted so that .5 is the threshold."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        both = self.net(torch.cat([x, x.flip(3)])).softmax(1)
        kinds = (both[:1] + both[1:]) / 2
        covered = (1 - kinds[:, :1]).clamp(1e-6, 1 - 1e-6)
        shifted = (covered.log() - (1 - covered).log() - logit(COVER_THRESHOLD)).sigmoid()
        return torch.cat([1 - shifted, kinds[:, 1:] * shifted / covered], 1)


def averaged(net, path):
    net.load_state_dict(torch.load(path, weights_only=True)['average'])
    return net.eval()


def to_onnx(module, example, inputs, outputs, path, dynamic_axes=None):
    torch.onnx.export(module.eval(), example, str(path), input_names=inputs, output_names=outputs, opset_version=OPSET,
                      dynamo=False, do_constant_folding=True, dynamic_axes=dynamic_axes)
    return fold_pads(onnx.load(str(path)))


def shrink_before(model, name, shape, size):
    """A new input of that shape, shrunk to `size` with averaging, because plain bilinear would alias."""
    graph = model.graph
    inner = graph.input[0].name
    if shape[0] == 1:
        graph.initializer.append(numpy_helper.from_array(np.array([1, 3, size, size], np.int64), 'inner_size'))
        target = ['', 'inner_size']
    else:  # any number of pictures, of one size
        scales = np.array([1, 1, size / shape[2], size / shape[3]], np.float32)
        graph.initializer.append(numpy_helper.from_array(scales, 'inner_scale'))
        target = ['inner_scale', '']
    graph.node.insert(0, helper.make_node('Resize', [name, '', *target], [inner], name='shrink', mode='linear',
                                          coordinate_transformation_mode='half_pixel', antialias=1))
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    return model


def enlarge_after(model, name, source):
    """The alpha, back at the size of the input."""
    graph = model.graph
    inner = graph.output[0].name
    graph.initializer.append(numpy_helper.from_array(np.array([1, 1], np.int64), 'one_alpha'))
    graph.node.extend([
        helper.make_node('Shape', [source], ['outer_size'], name='outer', start=2, end=4),
        helper.make_node('Concat', ['one_alpha', 'outer_size'], ['full_size'], name='full', axis=0),
        helper.make_node('Resize', [inner, '', '', 'full_size'], [name], name='enlarge', mode='linear',
                         coordinate_transformation_mode='half_pixel')])
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 'H', 'W']))
    return model


def fold_pads(model):
    """Makes the padding of an EarlyConv an attribute of its convolution. As a separate step it costs a quarter of the time."""
    graph = model.graph
    pads = {n.output[0]: n.input[0] for n in graph.node if n.op_type == 'Pad'}
    for conv in graph.node:
        if conv.op_type == 'Conv' and conv.input[0] in pads:
            attributes = {a.name: a for a in conv.attribute}
            k = attributes['kernel_shape'].ints[0]
            attributes['pads'].ints[:] = [k // 2 - 1] * 2 + [k // 2] * 2
            conv.input[0] = pads[conv.input[0]]
    drop_unused(graph)
    return model


def drop_unused(graph):
    while True:
        wanted = {name for n in graph.node for name in n.input} | {o.name for o in graph.output}
        unused = [n for n in graph.node if not wanted & set(n.output)]
        if not unused:
            return
        for node in unused:
            graph.node.remove(node)


def halve(model, least=512):
    """Stores weights as 16-bit floats, each with a cast that the runtime does once, at load. Halves the file."""
    graph, casts = model.graph, []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size >= least and not tensor.name.endswith(SCALE):
            name = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name + HALF))
            casts.append(helper.make_node('Cast', [name + HALF], [name], name=f'{name}_cast', to=TensorProto.FLOAT))
    for node in reversed(casts):
        graph.node.insert(0, node)
    return model


def quarter(model, least=4096):
    """The weights of 1x1 convolutions, most of a file, as 8-bit integers with one scale for each filter. The runtime
    converts them to floats once, at load, and computes with 32 bits."""
    graph, nodes, scales = model.graph, [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim == 4 and values.shape[2:] == (1, 1) and values.size >= least:
            name = tensor.name
            scale = np.maximum(np.abs(values).max((1, 2, 3), keepdims=True), 1e-9) / 127
            tensor.CopyFrom(numpy_helper.from_array(np.round(values / scale).astype(np.int8), name + QUARTER))
            scales.append(numpy_helper.from_array(scale, name + SCALE))
            nodes.append(helper.make_node('Cast', [name + QUARTER], [f'{name}.steps'], name=f'{name}_cast', to=TensorProto.FLOAT))
            nodes.append(helper.make_node('Mul', [f'{name}.steps', name + SCALE], [name], name=f'{name}_scale'))
    graph.initializer.extend(scales)
    for node in reversed(nodes):
        graph.node.insert(0, node)
    return model


def finish(model, path, **metadata):
    model.producer_name = 'limelight'
    for key, value in {'author': 'Limelight', 'license': 'MIT', **metadata}.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, str(value)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def export_matting(runs, out):
    path = out / 'matting.onnx'
    core = MattingCore(averaged(Matting(), runs / 'matting.pt'))
    model = to_onnx(core, torch.zeros(1, 3, MATTING_SIZE, MATTING_SIZE), ['inner'], ['inner_alpha'], path)
    model = shrink_before(model, 'input', [1, 3, 'H', 'W'], MATTING_SIZE)
    finish(halve(quarter(enlarge_after(model, 'alpha', 'input'))), path, task='background-removal',
           license=FROM_LITE0['license'])
    return {**FROM_LITE0, 'name': 'limelight-matting', 'task': 'background-removal', 'file': path.name, 'memory_mb': 160,
            'input': {'name': 'input', 'shape': [1, 3, None, None], 'layout': 'NCHW', 'colour': 'RGB', 'scale': 1 / 255,
                      'mean': [0.485, 0.456, 0.406], 'std': [0.229, 0.224, 0.225], 'fit': 'stretch', 'pad': 114},
            'output': {'kind': 'alpha', 'names': ['alpha'], 'shape': [1, 1, None, None]}}


def export_detector(runs, out):
    path = out / 'person-detector.onnx'
    core = PersonCore(averaged(PersonDetector(), runs / 'detector.pt'))
    model = to_onnx(core, torch.zeros(2, 3, PERSON_SIZE, PERSON_SIZE), ['inner'], ['output0'], path,
                    dynamic_axes={'inner': {0: 'N'}, 'output0': {0: 'N'}})
    finish(halve(shrink_before(model, 'images', ['N', 3, 640, 640], PERSON_SIZE)), path, task='detect',
           names="{0: 'person'}", stride='32', imgsz='[640, 640]', license=FROM_LITE0['license'])
    return {**FROM_LITE0, 'name': 'limelight-person', 'task': 'person-detection', 'file': path.name, 'memory_mb': 160,
            'input': {'name': 'images', 'shape': [None, 3, 640, 640], 'layout': 'NCHW', 'colour': 'RGB', 'scale': 1 / 255,
                      'mean': [0, 0, 0], 'std': [1, 1, 1], 'fit': 'letterbox', 'pad': 114},
            'output': {'kind': 'yolo-dense', 'names': ['output0'], 'shape': [None, 5, 21 * PERSON_SIZE ** 2 // 1024],
                       'max_iou': PERSON_MAX_IOU}}


def export_face(runs, out):
    path = out / 'face-detector.onnx'
    core = FaceCore(averaged(FaceDetector(), runs / 'face.pt'))
    model = to_onnx(core, torch.zeros(1, 3, 240, 320), ['input'], ['scores', 'boxes'], path)
    finish(model, path, task='face-detection')
    return {'name': 'limelight-face', 'task': 'face-detection', 'file': path.name, 'memory_mb': 100,
            'input': {'name': 'input', 'shape': [1, 3, 240, 320], 'layout': 'NCHW', 'colour': 'RGB', 'scale': 1,
                      'mean': [127, 127, 127], 'std': [128, 128, 128], 'fit': 'stretch', 'pad': 114},
            'output': {'kind': 'ultraface', 'names': ['scores', 'boxes'], 'shape': [[1, 1580, 2], [1, 1580, 4]]}}


def export_landmarks(runs, out):
    path = out / 'face-landmarks.onnx'
    state = torch.load(runs / 'landmarks.pt', weights_only=True)['average']
    net = averaged(Landmarks(state['mean'], state['basis'], state['size']), runs / 'landmarks.pt')
    model = to_onnx(LandmarksCore(net), torch.zeros(1, 3, 192, 192), ['input_1'], ['landmarks', 'face_logit'], path)
    finish(halve(model), path, task='face-landmarks', license=FROM_LITE0['license'])
    return {**FROM_LITE0, 'name': 'limelight-landmarks', 'task': 'face-landmarks', 'file': path.name, 'memory_mb': 80,
            'input': {'name': 'input_1', 'shape': [1, 3, 192, 192], 'layout': 'NCHW', 'colour': 'RGB', 'scale': 1 / 255,
                      'mean': [0, 0, 0], 'std': [1, 1, 1], 'fit': 'stretch', 'pad': 114},
            'output': {'kind': 'landmarks-468', 'names': ['landmarks', 'face_logit'], 'shape': [[1, 1404], [1, 1]]}}


def export_cover(runs, out):
    path = out / 'mouth-cover.onnx'
    core = MouthCoverCore(averaged(MouthCover(4), runs / 'cover.pt'))
    model = to_onnx(core, torch.zeros(1, 3, 96, 96), ['input'], ['kinds'], path)
    finish(halve(quarter(model)), path, task='mouth-cover', license=FROM_LITE0['license'])
    return {**FROM_LITE0, 'name': 'limelight-mouth-cover', 'task': 'mouth-cover', 'file': path.name, 'memory_mb': 40,
            'input': {'name': 'input', 'shape': [1, 3, 96, 96], 'layout': 'NCHW', 'colour': 'RGB', 'scale': 1 / 255,
                      'mean': [0, 0, 0], 'std': [1, 1, 1], 'fit': 'stretch', 'pad': 114},
            'output': {'kind': 'mouth-cover', 'names': ['kinds'], 'shape': [1, 4]}}


EXPORTS = {'matting': export_matting, 'detector': export_detector, 'face': export_face, 'landmarks': export_landmarks,
           'cover': export_cover}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--runs', type=Path, default=Path('runs'), help='folder of the checkpoints')
    parser.add_argument('--out', type=Path, default=Path('..'))
    parser.add_argument('--only', nargs='*', choices=EXPORTS, default=list(EXPORTS))
    parser.add_argument('--revision', default='1')
    args = parser.parse_args()

    manifest_path = args.out / 'manifest.json'
    manifest = {m['name']: m for m in json.loads(manifest_path.read_text())} if manifest_path.exists() else {}
    for name in args.only:
        entry = EXPORTS[name](args.runs, args.out)
        data = (args.out / entry['file']).read_bytes()
        head = {k: entry.pop(k) for k in ('name', 'task', 'file')}
        manifest[head['name']] = {**head, 'source': entry.pop('source', SOURCE), 'license': entry.pop('license', 'MIT'),
                                  'sha256': hashlib.sha256(data).hexdigest(),
                                  'bytes': len(data), 'memory_mb': entry.pop('memory_mb'), 'revision': args.revision, **entry}
    order = ['limelight-matting', 'limelight-person', 'limelight-face', 'limelight-landmarks', 'limelight-mouth-cover']
    models = [manifest[name] for name in order if name in manifest]
    manifest_path.write_text(json.dumps(models, indent=2) + '\n')
    for m in models:
        print(m['name'], m['bytes'], m['sha256'])


if __name__ == '__main__':
    main()
