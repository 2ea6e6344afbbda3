"""The networks. All are small enough to train on two CPU cores in an afternoon."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from detection import DenseHead

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def norm(c):
    return nn.BatchNorm2d(c, eps=1e-3, momentum=0.03)


def cba(i, o, k=3, s=1, g=1, act=True):
    layers = [nn.Conv2d(i, o, k, s, k // 2, groups=g, bias=False), norm(o)]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if act else nn.Sequential(*layers)


class FusedResidual(nn.Module):
    """Dense 3x3, then 1x1. Used at high resolution, where dense is faster on a CPU than depthwise."""

    def __init__(self, i, o, s=1, e=2):
        super().__init__()
        self.body = nn.Sequential(cba(i, e * i, 3, s), cba(e * i, o, 1, act=False))
        self.skip = i == o and s == 1

    def forward(self, x):
        return x + self.body(x) if self.skip else self.body(x)


class InvertedResidual(nn.Module):
    def __init__(self, i, o, s=1, e=3, k=3):
        super().__init__()
        self.body = nn.Sequential(cba(i, e * i, 1), cba(e * i, e * i, k, s, e * i), cba(e * i, o, 1, act=False))
        self.skip = i == o and s == 1

    def forward(self, x):
        return x + self.body(x) if self.skip else self.body(x)


class DepthwiseResidual(nn.Module):
    def __init__(self, c, k=5):
        super().__init__()
        self.body = nn.Sequential(cba(c, c, k, 1, c), cba(c, c, 1, act=False))

    def forward(self, x):
        return F.relu(x + self.body(x))


class EarlyConv(nn.Conv2d):
    """Pads as TensorFlow does at stride 2: one pixel less before than after."""

    def forward(self, x):
        k = self.kernel_size[0]
        return F.conv2d(F.pad(x, (k // 2 - 1, k // 2) * 2), self.weight, None, self.stride, 0, 1, self.groups)


def relu6_cba(i, o, k=1, s=1, g=1):
    conv = nn.Conv2d if s == 1 else EarlyConv
    return nn.Sequential(conv(i, o, k, s, k // 2, groups=g, bias=False), nn.BatchNorm2d(o, eps=1e-3), nn.ReLU6(inplace=True))


class MobileBlock(nn.Module):
    """1x1 to `e` times the channels, depthwise, 1x1 back, without an activation at the end."""

    def __init__(self, i, o, k, s, e):
        super().__init__()
        self.expand = relu6_cba(i, e * i) if e > 1 else nn.Identity()
        self.depthwise = relu6_cba(e * i, e * i, k, s, e * i)
        self.project = nn.Sequential(nn.Conv2d(e * i, o, 1, bias=False), nn.BatchNorm2d(o, eps=1e-3))
        self.skip = i == o and s == 1

    def forward(self, x):
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.skip else y


class Backbone(nn.Module):
    """EfficientNet-Lite0 or its first `stages`: features at strides 2, 4, 8, 16, 32, and the last of all (CHANNELS).

    The norms keep the statistics of ImageNet's million pictures: a batch of ours knows less.
    """

    CHANNELS = 16, 24, 40, 112, 192, 320
    # The first layers cost most of a step, and those from ImageNet need no more training.
    FROZEN = 'stem', 'stages.0', 'stages.1'
    # kernel, stride, expansion, channels, blocks; Google's four blocks of 192 channels are two stages here
    STAGES = ((3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 2),
              (5, 1, 6, 192, 2), (3, 1, 6, 320, 1))

    def __init__(self, stages):
        super().__init__()
        mean, std = (torch.tensor(t).view(1, 3, 1, 1) for t in (IMAGENET_MEAN, IMAGENET_STD))
        self.register_buffer('gain', std * 255 / 128, persistent=False)
        self.register_buffer('shift', (mean * 255 - 127) / 128, persistent=False)
        self.stem, self.stages, i = relu6_cba(3, 32, 3, 2), nn.ModuleList(), 32
        for k, s, e, o, blocks in self.STAGES[:stages]:
            self.stages.append(nn.Sequential(*[MobileBlock(o if n else i, o, k, 1 if n else s, e) for n in range(blocks)]))
            i = o

    def train(self, mode=True):
        return super().train(False)

    def forward(self, x):
        """Pictures normalised by ImageNet's mean and deviation; the weights were made for (RGB - 127) / 128."""
        x, features = self.stem(x * self.gain + self.shift), []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return tuple(f for n, f in enumerate(features) if n not in (3, 6))  # strides 16 and 32 have more than one stage


class Context(nn.Module):
    """Widens the receptive field at stride 32: growing max-pools, and a gate over the whole picture."""

    def __init__(self, i, o):
        super().__init__()
        self.reduce = cba(i, o, 1)
        self.pool = nn.MaxPool2d(3, 1, 1)
        self.merge = cba(3 * o, o, 1)
        self.gate = nn.Conv2d(o, o, 1)

    def forward(self, x):
        x = self.reduce(x)
        near = self.pool(x)
        far = self.pool(self.pool(near))
        x = self.merge(torch.cat([x, near, far], 1))
        return x * F.hardsigmoid(self.gate(x.mean((2, 3), keepdim=True)))


class Up(nn.Module):
    def __init__(self, i, skip, o, dense=False):
        super().__init__()
        self.mix = cba(i + skip, o, 1)
        self.refine = cba(o, o, 3) if dense else DepthwiseResidual(o)
        self.dense = dense

    def forward(self, x, skip):
        x = self.mix(torch.cat([F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=False), skip], 1))
        return x + self.refine(x) if self.dense else self.refine(x)


class Matting(nn.Module):
    """Alpha logits at the size of the input (a multiple of 32), and auxiliary logits at stride 8."""

    def __init__(self):
        super().__init__()
        c2, c4, c8, c16, c32, top = Backbone.CHANNELS
        self.backbone = Backbone(stages=8)
        self.context = Context(c32 + top, 96)
        self.d16 = Up(96, c16, 80)
        self.d8 = Up(80, c8, 64)
        self.d4 = Up(64, c4, 32)
        self.d2 = Up(32, c2, 20, dense=True)
        self.head = nn.Sequential(cba(20 + 12, 20, 3), nn.Conv2d(20, 4, 3, padding=1))
        self.aux = nn.Conv2d(64, 1, 1)

    def forward(self, x):
        f2, f4, f8, f16, f32, top = self.backbone(x)
        d8 = self.d8(self.d16(self.context(torch.cat([f32, top], 1)), f16), f8)
        d2 = self.d2(self.d4(d8, f4), f2)
        # The head sees the pixels themselves, so that hair edges do not depend on features at half the size.
        logits = F.pixel_shuffle(self.head(torch.cat([d2, F.pixel_unshuffle(x, 2)], 1)), 2)
        return logits, self.aux(d8)


class Landmarks(nn.Module):
    """468 points through a fixed basis of face shapes, turned, scaled and moved, and a logit for "this is a face".

    The basis is what keeps shapes plausible with so few training faces: the net only learns where on it a face lies.
    `mean` is 468 x 3 and `basis` k x 468 x 3, in units of the shape's own size.
    """

    SIDE = 128  # the input is 192: this takes a third of the time, and most photos have no more detail

    def __init__(self, mean, basis, size):
        super().__init__()
        self.register_buffer('mean', mean)
        self.register_buffer('basis', basis)
        self.register_buffer('size', torch.tensor(float(size)))  # typical size of the shape in crop pixels
        mean, std = (torch.tensor(t).view(1, 3, 1, 1) for t in (IMAGENET_MEAN, IMAGENET_STD))
        self.register_buffer('colour_mean', mean, persistent=False)
        self.register_buffer('colour_std', std, persistent=False)
        self.backbone = Backbone(stages=5)
        self.top = nn.Sequential(InvertedResidual(112, 128, k=5), InvertedResidual(128, 128, k=5))
        self.squeeze = cba(128, 40, 1)
        self.fc = nn.Sequential(nn.Linear(40 * (self.SIDE // 16) ** 2, 192), nn.ReLU(inplace=True), nn.Dropout(0.1))
        self.shape = nn.Linear(192, len(basis))
        self.pose = nn.Linear(192, 4)
        self.logit = nn.Linear(192, 1)

    def forward(self, x):
        x = F.interpolate(x, size=(self.SIDE, self.SIDE), mode='bilinear', align_corners=False)
        f16 = self.backbone((x - self.colour_mean) / self.colour_std)[-1]
        x = self.fc(self.squeeze(self.top(f16)).flatten(1))
        shape = (self.shape(x) @ self.basis.flatten(1)).view(-1, 468, 3) + self.mean
        pose = self.pose(x)
        a, b = (1 + pose[:, 0:1]) * self.size, pose[:, 1:2] * self.size
        u, v, w = shape.unbind(2)
        px = a * u - b * v + 96 + 32 * pose[:, 2:3]
        py = b * u + a * v + 96 + 32 * pose[:, 3:4]
        pz = torch.sqrt(a * a + b * b + 1e-6) * w
        return torch.stack([px, py, pz], 2), 10 * self.logit(x) + 10


class PersonDetector(nn.Module):
    """The backbone, a path up, a path back down, and a dense head."""

    def __init__(self):
        super().__init__()
        self.register_buffer('mean', torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer('std', torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))
        _, _, c8, c16, c32, _ = Backbone.CHANNELS
        self.backbone = Backbone(stages=6)
        self.context = Context(c32, 128)
        self.d16 = Up(128, c16, 96)
        self.d8 = Up(96, c8, 64)
        self.aux = nn.Conv2d(64, 1, 1)
        self.down16 = nn.Sequential(cba(64, 64, 5, 2, 64), cba(64, 96, 1))
        self.down32 = nn.Sequential(cba(96, 96, 5, 2, 96), cba(96, 128, 1))
        self.head = DenseHead((64, 96, 128))

    def forward(self, x):
        """RGB 0..1 to logits, boxes and the logits of a mask of all people at stride 8."""
        _, _, f8, f16, f32 = self.backbone((x - self.mean) / self.std)
        c32 = self.context(f32)
        d16 = self.d16(c32, f16)
        d8 = self.d8(d16, f8)
        n16 = d16 + self.down16(d8)
        n32 = c32 + self.down32(n16)
        return *self.head((d8, n16, n32)), self.aux(d8)


class FaceDetector(nn.Module):
    """A small trunk, a path up, and a dense head."""

    def __init__(self):
        super().__init__()
        self.s2 = cba(3, 16, 3, 2)
        self.s4 = nn.Sequential(FusedResidual(16, 24, 2), FusedResidual(24, 24))
        self.s8 = nn.Sequential(InvertedResidual(24, 48, 2, 4), *[InvertedResidual(48, 48) for _ in range(2)])
        self.s16 = nn.Sequential(InvertedResidual(48, 80, 2, 3, 5), *[InvertedResidual(80, 80, k=5) for _ in range(2)])
        self.s32 = nn.Sequential(InvertedResidual(80, 128, 2, 3, 5), InvertedResidual(128, 128, k=5))
        self.side8, self.side16, self.side32 = cba(48, 48, 1), cba(80, 48, 1), cba(128, 48, 1)
        self.mix8, self.mix16 = DepthwiseResidual(48), DepthwiseResidual(48)
        self.head = DenseHead((48, 48, 48), 48)

    def forward(self, x):
        """(RGB - 127) / 128 to logits and boxes in input pixels."""
        f8 = self.s8(self.s4(self.s2(x * 2)))
        f16 = self.s16(f8)
        n32 = self.side32(self.s32(f16))
        # Sizes, not factors: 240 rows are 7.5 cells of 32.
        n16 = self.mix16(self.side16(f16) + F.interpolate(n32, f16.shape[2:], mode='nearest'))
        n8 = self.mix8(self.side8(f8) + F.interpolate(n16, f8.shape[2:], mode='nearest'))
        return self.head((n8, n16, n32))


class MouthCover(nn.Module):
    """96 x 96 pixels around a mouth to the logits of what covers it. The place matters, so features are not pooled."""

    def __init__(self, kinds):
        super().__init__()
        self.backbone = Backbone(4)
        self.reduce = nn.Sequential(cba(80, 32, 1), nn.Flatten(), nn.Dropout(0.3))
        self.head = nn.Linear(32 * 6 * 6, kinds)

    def forward(self, x):
        """Pictures in 0..1."""
        x = self.backbone.stem((x * 255 - 127) / 128)
        for stage in self.backbone.stages:
            x = stage(x)
        return self.head(self.reduce(x))
