"""Trains the person detector, from a backbone pretrained on ImageNet: python train_detector.py --data people --out runs/detector.pt"""
import argparse

import cv2
import numpy as np
import torch
import torch.nn.functional as F

import from_onnx
import lite0
from data import load_backgrounds, load_people
from detection import average_precision, box_overlap, centres, detection_loss, keep_best
from loop import clock, run
from nets import Backbone, PersonDetector
from scenes import GREY, empty_scene, finish, mosaic_scene, paste_scene, photo_scene

# The last pictures have the size of the exported graph: nets are worse at sizes that they were not trained at.
PHASES = [(0.35, 192, 16), (0.7, 256, 16), (1.0, 320, 12)]
BOX_WEIGHT = 10.0
BACKBONE_RATE = 0.15


class Sets:
    def __init__(self, root, strict):
        photos = load_people(root, ('train',), strict)
        self.few = [p for p in photos if p.kind in ('one', 'mini')]
        self.many = [p for p in photos if p.kind == 'many']
        self.ccp = [p for p in photos if p.kind == 'ccp']
        self.coco_cutouts = [p for p in photos if p.kind == 'one' and p.whole]
        self.backgrounds = load_backgrounds(root, held_out=False, strict=strict)

    def pick_complete(self, rng):
        pool = self.few if rng.random() < 0.5 else self.many
        return pool[rng.integers(len(pool))]

    def pick_background(self, rng):
        return self.backgrounds[rng.integers(len(self.backgrounds))]

    def pick_cutout(self, rng):
        pool = self.ccp if rng.random() < 0.75 else self.coco_cutouts
        return pool[rng.integers(len(pool))]


def make_scene(rng, sets, size):
    kind = rng.random()
    if kind < 0.15:
        scene = empty_scene(rng, sets, size)
    elif kind < 0.37:
        scene = paste_scene(rng, sets, size)
    elif kind < 0.44:
        scene = photo_scene(rng, sets, size, sets.ccp[rng.integers(len(sets.ccp))], ignore_outside=True)
    elif kind < 0.80:
        scene = photo_scene(rng, sets, size)
    else:
        scene = mosaic_scene(rng, sets, size)
    return finish(rng, scene)


def to_batch(scenes, size):
    x = torch.from_numpy(np.stack([s.rgb for s in scenes])).permute(0, 3, 1, 2).float() / 255
    boxes = [torch.tensor(np.array(s.boxes, np.float32).reshape(-1, 4)) for s in scenes]
    ignore = [torch.tensor(np.array(s.ignore, np.float32).reshape(-1, 4)) for s in scenes]
    mask = F.avg_pool2d(torch.from_numpy(np.stack([s.mask for s in scenes]))[:, None].float() / 255, 8)
    has_mask = torch.tensor([float(s.has_mask) for s in scenes]).view(-1, 1, 1, 1)
    return x.contiguous(memory_format=torch.channels_last), boxes, ignore, mask, has_mask, centres(size, size)


def loss_of(model, batch, share):
    x, boxes, ignore, mask, has_mask, points = batch
    logits, found, aux = model(x)
    side = (F.binary_cross_entropy_with_logits(aux, mask, reduction='none') * has_mask).mean()
    return detection_loss(logits, found, boxes, ignore, points, BOX_WEIGHT) + 0.4 * side


def letterbox(rgb, size):
    h, w = rgb.shape[:2]
    k = size / max(h, w)
    small = cv2.resize(rgb, (round(w * k), round(h * k)), interpolation=cv2.INTER_AREA if k < 1 else cv2.INTER_LINEAR)
    left, top = (size - small.shape[1]) // 2, (size - small.shape[0]) // 2
    out = np.full((size, size, 3), GREY, np.uint8)
    out[top:top + small.shape[0], left:left + small.shape[1]] = small
    return out, k, np.array([left, top, left, top])


@torch.no_grad()
def detect(model, rgb, size=320):
    picture, k, shift = letterbox(rgb, size)
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    logits, boxes, _ = model(x.contiguous(memory_format=torch.channels_last))
    boxes, scores = keep_best(boxes[0].numpy(), logits[0].sigmoid().numpy())
    h, w = rgb.shape[:2]
    return np.clip((boxes - shift) / k, 0, [w, h, w, h]), scores


def figures(find, val, backgrounds):
    """AP over people of at least 10 % of the height, the main person, and false alarms at each threshold."""
    rows, main = [], []
    for p in val:
        boxes, scores = find(p.rgb)
        if p.kind != 'ccp':
            counted = (p.boxes[:, 3] - p.boxes[:, 1]) > 0.1 * p.rgb.shape[0]
            rows.append((boxes, scores, p.boxes, counted))
        if p.kind in ('ccp', 'one'):
            good = box_overlap(p.boxes[0], boxes) >= 0.5
            main.append((scores[good].max() if good.any() else 0.0, scores.max() if len(scores) else 0.0))
    alarms = np.array([max(find(p.rgb)[1], default=0.0) for p in backgrounds])
    main = np.array(main)
    return {'ap50': average_precision(rows, 0.5), 'ap75': average_precision(rows, 0.75), 'rows': rows,
            'main': main[:, 0], 'main_best': (main[:, 0] >= main[:, 1] - 1e-6).mean(), 'alarms': alarms}


def f1_at(rows, threshold):
    hits = found = wanted = 0
    for boxes, scores, truth, counted in rows:
        free, wanted = np.ones(len(truth), bool), wanted + counted.sum()
        for k in np.argsort(-scores):
            if scores[k] < threshold:
                break
            iou = box_overlap(boxes[k], truth)
            ok = np.flatnonzero((iou >= 0.5) & free)
            if len(ok):
                free[ok[iou[ok].argmax()]] = False
                hits += counted[ok[iou[ok].argmax()]]
                found += counted[ok[iou[ok].argmax()]]
            else:
                found += 1
    return 2 * hits / max(found + wanted, 1)


def summary(f):
    text = f"AP50 {f['ap50']:.3f} AP75 {f['ap75']:.3f} main first {f['main_best']:.3f};"
    for t in (0.2, 0.3, 0.4, 0.5):
        text += f" @{t} main {(f['main'] >= t).mean():.3f} alarms {(f['alarms'] >= t).mean():.3f} F1 {f1_at(f['rows'], t):.3f}"
    return text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--data', required=True, help='folder of the people set')
    parser.add_argument('--go-on', help='an exported file to begin from')
    parser.add_argument('--out', default='runs/detector.pt')
    parser.add_argument('--images', type=int, default=22000)
    parser.add_argument('--until', type=clock, help='the time of day (14:30) at which the run ends')
    parser.add_argument('--lr', type=float, default=2e-3)
    parser.add_argument('--strict', action='store_true', help='without photos under a NonCommercial licence')
    args = parser.parse_args()
    strict = args.strict

    sets = Sets(args.data, strict)
    val = load_people(args.data, ('val',), strict=False)
    held_out = load_backgrounds(args.data, held_out=True, strict=False)
    print(f'{len(sets.few)} + {len(sets.many)} COCO, {len(sets.ccp)} CCP, {len(sets.backgrounds)} backgrounds, '
          f'{len(val)} val, {len(held_out)} held out', flush=True)
    torch.manual_seed(1)
    model = PersonDetector()
    lite0.load(model.backbone)

    def make_batch(rng, n, size):
        return to_batch([make_scene(rng, sets, size) for _ in range(n)], size)

    if args.go_on:
        rng = np.random.default_rng(3)
        from_onnx.load(model, args.go_on, [make_batch(rng, 16, 256)[0] for _ in range(16)])
    run(model, make_batch, loss_of, phases=PHASES, images=args.images, lr=args.lr, out=args.out, clip=8.0, warmup=200,
        frozen=[f'backbone.{part}' for part in Backbone.FROZEN], slow={'backbone': BACKBONE_RATE}, until=args.until,
        evaluate=lambda m: summary(figures(lambda rgb: detect(m, rgb), val, held_out)), evaluate_every=5000)


if __name__ == '__main__':
    main()
