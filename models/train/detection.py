"""Shared by the person and the face detector: a dense head, the assignment of boxes to it, the loss and the metrics."""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from teachers import suppress


class Tower(nn.Module):
    """Two residual layers. The convolutions are shared by all levels; the norms are not, or the statistics of the levels would mix."""

    def __init__(self, c, levels, layers=2):
        super().__init__()
        self.wide = nn.ModuleList(nn.Conv2d(c, c, 5, 1, 2, groups=c, bias=False) for _ in range(layers))
        self.mix = nn.ModuleList(nn.Conv2d(c, c, 1, bias=False) for _ in range(layers))
        self.norms = nn.ModuleList(
            nn.ModuleList(nn.BatchNorm2d(c, eps=1e-3, momentum=0.03) for _ in range(2 * layers)) for _ in range(levels))

    def forward(self, x, level):
        norms = self.norms[level]
        for i, (wide, mix) in enumerate(zip(self.wide, self.mix)):
            x = F.relu(x + norms[2 * i + 1](mix(F.relu(norms[2 * i](wide(x))))))
        return x


class DenseHead(nn.Module):
    """Logits [b, a] and boxes [b, a, 4] (x0, y0, x1, y1 in input pixels) over all levels."""

    STRIDES = (8, 16, 32)
    OFFSETS = (0.7, 1.0, 1.0)

    def __init__(self, channels, width=64):
        super().__init__()
        self.enter = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, width, 1, bias=False), nn.BatchNorm2d(width, eps=1e-3, momentum=0.03), nn.ReLU())
            for c in channels)
        self.cls_tower, self.box_tower = Tower(width, len(channels)), Tower(width, len(channels))
        self.cls, self.box = nn.Conv2d(width, 1, 1), nn.Conv2d(width, 4, 1)
        self.scale = nn.Parameter(torch.ones(len(channels)))
        nn.init.constant_(self.cls.bias, -4.6)
        nn.init.normal_(self.cls.weight, std=0.01)
        nn.init.normal_(self.box.weight, std=0.01)
        nn.init.zeros_(self.box.bias)

    def forward(self, features):
        logits, boxes = [], []
        for level, (x, stride, offset) in enumerate(zip(features, self.STRIDES, self.OFFSETS)):
            x = self.enter[level](x)
            h, w = x.shape[2:]
            logits.append(self.cls(self.cls_tower(x, level)).flatten(1))
            reach = (self.scale[level] * self.box(self.box_tower(x, level)) + offset).clamp(-4, 4).exp() * stride
            reach = reach.flatten(2).transpose(1, 2)
            cx = (torch.arange(w, dtype=torch.float32) + 0.5) * stride
            cy = (torch.arange(h, dtype=torch.float32) + 0.5) * stride
            centre = torch.stack([cx.repeat(h), cy.repeat_interleave(w)], 1)[None]
            boxes.append(torch.cat([centre - reach[..., :2], centre + reach[..., 2:]], 2))
        return torch.cat(logits, 1), torch.cat(boxes, 1)


def centres(size_h, size_w, strides=DenseHead.STRIDES):
    out = []
    for s in strides:
        h, w = -(-size_h // s), -(-size_w // s)
        y, x = torch.meshgrid(torch.arange(h) + 0.5, torch.arange(w) + 0.5, indexing='ij')
        out.append(torch.stack([x.flatten(), y.flatten()], 1) * s)
    return torch.cat(out)


def pair_iou(a, b):
    """a [n, 4], b [m, 4] -> [n, m]"""
    wh = (torch.min(a[:, None, 2:], b[None, :, 2:]) - torch.max(a[:, None, :2], b[None, :, :2])).clamp(min=0)
    inter = wh.prod(2)
    area = lambda t: (t[:, 2] - t[:, 0]) * (t[:, 3] - t[:, 1])
    return inter / (area(a)[:, None] + area(b)[None] - inter + 1e-6)


def complete_iou(a, b):
    """Row by row, with the terms for distance and aspect (CIoU)."""
    wh = (torch.min(a[:, 2:], b[:, 2:]) - torch.max(a[:, :2], b[:, :2])).clamp(min=0)
    inter = wh[:, 0] * wh[:, 1]
    (aw, ah), (bw, bh) = (a[:, 2:] - a[:, :2]).unbind(1), (b[:, 2:] - b[:, :2]).unbind(1)
    iou = inter / (aw * ah + bw * bh - inter + 1e-6)
    span = torch.max(a[:, 2:], b[:, 2:]) - torch.min(a[:, :2], b[:, :2])
    far = ((a[:, :2] + a[:, 2:] - b[:, :2] - b[:, 2:]) ** 2).sum(1) / 4 / ((span ** 2).sum(1) + 1e-6)
    v = 4 / np.pi ** 2 * (torch.atan(bw / (bh + 1e-6)) - torch.atan(aw / (ah + 1e-6))) ** 2
    return iou - far - v * (v / (1 - iou + v + 1e-6)).detach()


@torch.no_grad()
def assign(scores, boxes, truth, ignore, points, top=10):
    """Task-aligned: soft targets [a], the index of the box of each positive [a] (-1: none), weight of each negative [a]."""
    n = len(points)
    target, owner, counts = torch.zeros(n), torch.full((n,), -1), torch.ones(n)
    for box in ignore:
        counts[((points >= box[:2]) & (points <= box[2:])).all(1)] = 0
    if not len(truth):
        return target, owner, counts
    iou = pair_iou(boxes, truth)
    inside = ((points[:, None] > truth[None, :, :2]) & (points[:, None] < truth[None, :, 2:])).all(2)
    middle, size = (truth[:, :2] + truth[:, 2:]) / 2, truth[:, 2:] - truth[:, :2]
    d2 = (((points[:, None] - middle[None]) / size[None]) ** 2).sum(2)
    # The centre prior and the floor give every box positives from the first step on.
    metric = (scores[:, None].sqrt() * iou ** 4 + 1e-9) * torch.exp(-2 * d2) * inside
    best, index = metric.topk(min(top, n), 0)
    chosen = torch.zeros_like(metric, dtype=torch.bool).scatter_(0, index, best > 0)
    several = chosen.sum(1) > 1
    if several.any():
        keep = F.one_hot(torch.where(chosen, iou, -torch.ones(())).argmax(1), len(truth)).bool()
        chosen[several] &= keep[several]
    metric = torch.where(chosen, metric, torch.zeros(()))
    scale = torch.where(chosen, iou, torch.zeros(())).amax(0) / (metric.amax(0) + 1e-12)
    target, owner = (metric * scale).max(1)
    owner = torch.where(chosen.any(1), owner, torch.full((n,), -1))
    counts[owner >= 0] = 1
    return target, owner, counts


def detection_loss(logits, boxes, truths, ignores, points, box_weight):
    scores = logits.detach().sigmoid()
    assigned = [assign(scores[i], boxes[i].detach(), truths[i], ignores[i], points) for i in range(len(logits))]
    target = torch.stack([t for t, _, _ in assigned])
    counts = torch.stack([c for _, _, c in assigned])
    total = target.sum().clamp(min=1)
    cls = (F.binary_cross_entropy_with_logits(logits, target, reduction='none') * counts).sum() / total
    at = torch.stack([o for _, o, _ in assigned])
    i, a = (at >= 0).nonzero(as_tuple=True)
    if not len(i):
        return cls
    wanted = torch.stack([truths[n][at[n, k]] for n, k in zip(i.tolist(), a.tolist())])
    box = ((1 - complete_iou(boxes[i, a], wanted)) * target[i, a]).sum() / total
    return cls + box_weight * box


def box_overlap(box, boxes):
    wh = np.clip(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0, None)
    inter = wh.prod(1)
    return inter / ((box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(1) - inter + 1e-6)


def average_precision(photos, needed):
    """photos: (boxes, scores, truth, counted); truth that is not counted has no effect. All-point AP."""
    rows, wanted = [], 0
    for boxes, scores, truth, counted in photos:
        wanted += counted.sum()
        free = np.ones(len(truth), bool)
        for k in np.argsort(-scores):
            iou = box_overlap(boxes[k], truth) if len(truth) else np.zeros(0)
            ok = np.flatnonzero((iou >= needed) & free)
            if len(ok):
                best = ok[iou[ok].argmax()]
                free[best] = False
                if counted[best]:
                    rows.append((scores[k], 1))
            else:
                rows.append((scores[k], 0))
    rows.sort(key=lambda r: -r[0])
    hit = np.cumsum([r[1] for r in rows])
    precision = hit / np.arange(1, len(rows) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    recall = hit / max(wanted, 1)
    return float((np.diff(recall, prepend=0) * precision).sum())


def keep_best(boxes, scores, least=0.01, overlap=0.55, most=50):
    keep = np.flatnonzero(scores > least)
    kept = keep[suppress(boxes[keep], scores[keep], overlap)][:most] if len(keep) else keep
    return boxes[kept].reshape(-1, 4), scores[kept]
