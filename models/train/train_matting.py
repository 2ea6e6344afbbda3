"""Trains the matting network, from a backbone pretrained on ImageNet: python train_matting.py --data people --out runs/matting.pt"""
import argparse

import numpy as np
import torch
import torch.nn.functional as F

import crowd
import from_onnx
import lite0
import measure
from augment import matting_picture
from data import load_backgrounds, load_people
from loop import clock, run
from nets import IMAGENET_MEAN, IMAGENET_STD, Backbone, Matting

# share of the training that ends the phase, size, batch: small pictures first: they train five times as fast
PHASES = [(0.3, 160, 16), (0.6, 192, 16), (1.0, 256, 12)]
BACKBONE_RATE = 0.15
# For weights that are trained already.
PHASES_GOING_ON = [(0.4, 192, 16), (0.8, 256, 12), (1.0, 288, 12)]


def normalise(rgb):
    x = torch.from_numpy(rgb).permute(0, 3, 1, 2).float() / 255
    mean, std = torch.tensor(IMAGENET_MEAN).view(3, 1, 1), torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return ((x - mean) / std).contiguous(memory_format=torch.channels_last)


def loss_of(model, batch, share):
    x, alpha, edge = batch
    logits, aux = model(x)
    hard = (alpha > 0.5).float()
    band = F.max_pool2d(hard, 5, 1, 2) + F.max_pool2d(-hard, 5, 1, 2)  # 1 where both sides lie within two pixels
    bce = (F.binary_cross_entropy_with_logits(logits, alpha, reduction='none') * (1 + 4 * edge ** 2 * band)).mean()
    p = logits.sigmoid()
    dice = 1 - ((2 * (p * alpha).sum((1, 2, 3)) + 50) / ((p + alpha).sum((1, 2, 3)) + 50)).mean()
    slope = sum(((p.diff(dim=d) - alpha.diff(dim=d)).abs() * edge).mean() for d in (2, 3))
    coarse = F.avg_pool2d(alpha, 8)
    return bce + dice + 1.5 * slope + 0.4 * F.binary_cross_entropy_with_logits(aux, coarse)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--data', required=True, help='folder of the people set')
    parser.add_argument('--go-on', help='an exported file to begin from')
    parser.add_argument('--crowd', help='an exported file whose masks for photos with boxes only teach as well')
    parser.add_argument('--out', default='runs/matting.pt')
    parser.add_argument('--images', type=int, default=27000)
    parser.add_argument('--until', type=clock, help='the time of day (14:30) at which the run ends')
    parser.add_argument('--lr', type=float, default=2.5e-3)
    parser.add_argument('--strict', action='store_true', help='without photos under a NonCommercial licence')
    args = parser.parse_args()
    strict = args.strict

    photos = [p for p in load_people(args.data, ('train',), strict, ('ccp', 'one', 'mini')) if p.mask is not None]
    ccp = [p for p in photos if p.kind == 'ccp']
    coco = [p for p in photos if p.kind != 'ccp' and p.whole and p.mask.mean() > 0.02 * 255]
    parts = [p for p in photos if p.kind != 'ccp' and not p.whole and p.mask.mean() > 0.02 * 255]
    free = crowd.persons(load_people(args.data, ('train',), strict, ('many',)), args.crowd) if args.crowd else []
    backgrounds = load_backgrounds(args.data, held_out=False, strict=strict)
    val = measure.crops(load_people(args.data, ('val',), False, ('ccp', 'one')))
    print(f'{len(ccp)} CCP, {len(coco)} + {len(parts)} COCO, {len(free)} out of groups, {len(backgrounds)} backgrounds, {len(val)} val crops', flush=True)

    def make_batch(rng, n, size):
        pictures = []
        for _ in range(n):
            kind = rng.random()
            photos = ccp if kind < 0.42 else coco if kind < 0.92 else parts
            if free and rng.random() < 0.3 and photos is coco:
                photos = free
            cutouts = ccp if rng.random() < 0.8 else coco
            pictures.append(matting_picture(rng, photos, cutouts, backgrounds, size))
        rgb, alpha, edge = zip(*pictures)
        return normalise(np.stack(rgb)), torch.from_numpy(np.stack(alpha))[:, None], \
            torch.tensor(edge, dtype=torch.float32).view(-1, 1, 1, 1)

    torch.manual_seed(1)
    model = Matting()
    lite0.load(model.backbone)
    if args.go_on:
        rng = np.random.default_rng(3)
        from_onnx.load(model, args.go_on, [make_batch(rng, 16, 192)[0] for _ in range(16)])
    run(model, make_batch, loss_of, phases=PHASES_GOING_ON if args.go_on else PHASES, images=args.images, lr=args.lr,
        out=args.out, frozen=[f'backbone.{part}' for part in Backbone.FROZEN], slow={'backbone': BACKBONE_RATE},
        until=args.until, evaluate=lambda model: measure.matting(model, val, normalise, (256,)),
        evaluate_every=6000)


if __name__ == '__main__':
    main()
