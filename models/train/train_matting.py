"""Trains the matting network: python train_matting.py --data people --out runs/matting.pt"""
import argparse

import numpy as np
import torch
import torch.nn.functional as F

import measure
from augment import matting_picture
from data import load_backgrounds, load_people
from loop import run
from nets import IMAGENET_MEAN, IMAGENET_STD, Matting

# share of the training that ends the phase, size, batch: small pictures first, they teach five times as fast
PHASES = [(0.64, 160, 16), (0.84, 192, 16), (1.0, 256, 12)]


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
    parser.add_argument('--out', default='runs/matting.pt')
    parser.add_argument('--images', type=int, default=27000)
    parser.add_argument('--all-licences', action='store_true', help='for comparison only, never for shipped weights')
    args = parser.parse_args()
    strict = not args.all_licences

    photos = [p for p in load_people(args.data, ('train',), strict, ('ccp', 'one', 'mini')) if p.mask is not None]
    ccp = [p for p in photos if p.kind == 'ccp']
    coco = [p for p in photos if p.kind != 'ccp' and p.whole and p.mask.mean() > 0.02 * 255]
    backgrounds = load_backgrounds(args.data, held_out=False, strict=strict)
    val = measure.crops(load_people(args.data, ('val',), False, ('ccp', 'one')))
    print(f'{len(ccp)} CCP, {len(coco)} COCO, {len(backgrounds)} backgrounds, {len(val)} val crops', flush=True)

    def make_batch(rng, n, size):
        pictures = []
        for _ in range(n):
            photos = ccp if rng.random() < 0.65 else coco
            cutouts = ccp if rng.random() < 0.8 else coco
            pictures.append(matting_picture(rng, photos, cutouts, backgrounds, size))
        rgb, alpha, edge = zip(*pictures)
        return normalise(np.stack(rgb)), torch.from_numpy(np.stack(alpha))[:, None], \
            torch.tensor(edge, dtype=torch.float32).view(-1, 1, 1, 1)

    torch.manual_seed(1)
    run(Matting(), make_batch, loss_of, phases=PHASES, images=args.images, lr=2.5e-3, out=args.out,
        evaluate=lambda model: measure.matting(model, val, normalise, (256,)), evaluate_every=27000)


if __name__ == '__main__':
    main()
