"""Trains the network that sees whether something covers a mouth:
python train_cover.py --data people --faces faces --mesh ../face-landmarks.onnx --teacher mesh.onnx --finder face.onnx --out runs/cover.pt"""
import argparse
import json
import pickle
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from augment import degrade, jitter_colour, warp
from covers import HELD_OUT, NO_COVERS, TRAINED, Frame, Painter, is_covered
from data import is_strict, load_backgrounds, load_people, read_rgb
from faces import STRICT_SOURCES, Face, label_people
import lite0
from loop import clock, run
from nets import Backbone, MouthCover
from teachers import FaceFinder, Mesh, crop_matrix, eye_distance

SIDE = 96
# Crops are kept this many times larger, so that training can move and turn them.
MARGIN, KEPT = 1.3, 128
PHASES = [(1.0, SIDE, 48)]
KINDS = ('nothing', 'mask', 'hand', 'object')


def mouth_place(points):
    """Centre, side and roll of the crop: between the base of the nose and the chin, wide enough for both cheeks."""
    nose, chin = points[2, :2], points[152, :2]
    across = points[263, :2] - points[33, :2]
    side = 0.75 * (np.linalg.norm(across) + 1.35 * np.linalg.norm(chin - nose))
    return (*(nose + chin) / 2, side, np.degrees(np.arctan2(across[1], across[0])))


def mouth_crop(rgb, points, margin=1.0, size=SIDE):
    cx, cy, side, roll = mouth_place(points)
    return warp(rgb, crop_matrix(cx, cy, side * margin, roll, size=size), size, cv2.BORDER_CONSTANT)


def located(rng, rgb, points, mesh):
    """The points as the pipeline finds them on the covered face: the cover moves them. At times they are as labelled."""
    if rng.random() < 0.4:
        return points
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    size = (high - low) * np.exp(rng.normal(0, 0.06, 2))
    centre = (low + high) / 2 + rng.normal(0, 0.03, 2) * size
    return mesh(rgb, np.concatenate([centre - size / 2, centre + size / 2]), passes=2)[0]


def random_crop(rng, faces, paint, mesh, covers=TRAINED):
    """A crop and its class, or None if people would not agree on it or the face is lost."""
    face = faces[rng.integers(len(faces))]
    rgb, frame, kind = face.rgb.copy(), Frame(face.points), 0
    for change in NO_COVERS:
        if rng.random() < 0.09:
            rgb = change(rng, rgb, frame, paint)
    if rng.random() < 0.68:
        rgb, alpha, kind = covers[rng.integers(len(covers))](rng, rgb, frame, paint)
        covered = is_covered(alpha, frame)
        if covered is None:
            return None
        kind = kind if covered else 0
    if rng.random() < 0.1:
        rgb = jitter_colour(rng, rgb)
    points = located(rng, rgb, face.points, mesh)
    lost = np.linalg.norm((points[:, :2] - face.points[:, :2])[[33, 263]], axis=1).mean() > 0.5 * eye_distance(face.points)
    return None if lost else (mouth_crop(rgb, points, MARGIN, KEPT), kind)


def many_crops(rng, count, **parts):
    crops, kinds = [], []
    while len(crops) < count:
        made = random_crop(rng, **parts)
        if made:
            crops.append(made[0])
            kinds.append(made[1])
    return np.stack(crops), np.array(kinds)


def load_portraits(root, split, strict=True):
    root, faces = Path(root), []
    for item in json.loads((root / 'annotations.json').read_text()):
        licensed = item['source'].startswith(STRICT_SOURCES) and is_strict(item['licence'])
        if item['split'] == split and (licensed or not strict):
            faces.append(Face(read_rgb(root / 'images' / f"{item['id']}.jpg"), np.array(item['landmarks468'], np.float32),
                              item['face_logit'], item['source'].split()[0], item['face_box']))
            faces[-1].id = item['id']
    return faces


def gather(args):
    """Draws all crops once, which takes some minutes."""
    cache = Path(args.out).with_suffix('.data')
    if cache.exists():
        return pickle.loads(cache.read_bytes())
    mesh, rng = Mesh(args.mesh), np.random.default_rng(5)
    photos = load_people(args.data, ('train',), strict=True)
    portraits = load_portraits(args.faces, 'train')
    others = [f for f in label_people(photos, FaceFinder(args.finder), Mesh(args.teacher))[0] if f.logit > 20]
    paint = Painter(portraits, photos, load_backgrounds(args.data, held_out=False, strict=True))
    print(f'{len(portraits)} portraits and {len(others)} other faces', flush=True)
    train = [many_crops(rng, n, faces=f, paint=paint, mesh=mesh) for n, f in ((int(0.62 * args.crops), portraits), (int(0.38 * args.crops), others))]
    held = load_portraits(args.faces, 'val')
    val_paint = Painter(held, load_people(args.data, ('val',), strict=True), load_backgrounds(args.data, held_out=True, strict=True))
    val = {'known': many_crops(rng, 300, faces=held, paint=val_paint, mesh=mesh),
           'unknown': many_crops(rng, 300, faces=held, paint=val_paint, mesh=mesh, covers=HELD_OUT)}
    data = *(np.concatenate(x) for x in zip(*train)), val
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_bytes(pickle.dumps(data))
    return data


def vary(rng, crop):
    """Another place, size, turn and mirror image; light, blur, noise and few pixels."""
    centre = np.clip(rng.normal(0, 0.03, 2), -0.08, 0.08) * KEPT / MARGIN + KEPT / 2
    matrix = crop_matrix(*centre, KEPT / MARGIN * np.exp(np.clip(rng.normal(0, 0.07), -0.2, 0.2)), rng.normal(0, 5), rng.random() < 0.5, SIDE)
    rgb = jitter_colour(rng, warp(crop, matrix, SIDE, cv2.BORDER_REPLICATE), 1.3)
    if rng.random() < 0.12:  # in the dark
        rgb = (rgb * rng.uniform(0.08, 0.5)).astype(np.uint8)
    return degrade(rng, degrade(rng, rgb, coarse=True))


def to_input(crops):
    return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float().div(255).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def probabilities(model, crops):
    """Of the four kinds, the mean of a crop and its mirror image."""
    model.eval()
    out = [(model(x).softmax(1) + model(x.flip(3)).softmax(1)) / 2 for x in (to_input(crops[i:i + 64]) for i in range(0, len(crops), 64))]
    return torch.cat(out).numpy()


def centre_of(crops):
    """Without the margin."""
    matrix = crop_matrix(KEPT / 2, KEPT / 2, KEPT / MARGIN, size=SIDE)
    return np.stack([warp(crop, matrix, SIDE) for crop in crops])


def measure(model, val, portraits):
    text = []
    for name, (crops, kinds) in val.items():
        p = probabilities(model, centre_of(crops))
        said = 1 - p[:, 0] > 0.5
        covered = kinds > 0
        right = (p[:, 1:].argmax(1) + 1 == kinds)[covered & said]
        text.append(f'{name}: found {said[covered].mean():.3f}, false {said[~covered].mean():.3f}, kind {right.mean():.3f}')
    p = 1 - probabilities(model, portraits)[:, 0]
    text.append(f'{len(p)} portraits: false at .5 {(p > 0.5).mean():.4f}, at .8 {(p > 0.8).mean():.4f}')
    return ' | '.join(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--data', required=True, help='folder of the people set')
    parser.add_argument('--faces', required=True, help='folder of the faces set')
    parser.add_argument('--mesh', default='../face-landmarks.onnx', help='the landmarks that the pipeline uses')
    parser.add_argument('--teacher', required=True, help='the 468-point mesh')
    parser.add_argument('--finder', required=True, help='UltraFace RFB-320')
    parser.add_argument('--out', default='runs/cover.pt')
    parser.add_argument('--crops', type=int, default=14000)
    parser.add_argument('--images', type=int, default=60000)
    parser.add_argument('--until', type=clock, help='the time of day (14:30) at which the run ends')
    parser.add_argument('--lr', type=float, default=2e-3)
    args = parser.parse_args()

    crops, kinds, val = gather(args)
    print(f'{len(crops)} crops: ' + ', '.join(f'{(kinds == k).sum()} {name}' for k, name in enumerate(KINDS)), flush=True)
    mesh, rng = Mesh(args.mesh), np.random.default_rng(1)
    portraits = np.stack([mouth_crop(f.rgb, located(rng, f.rgb, f.points, mesh)) for f in load_portraits(args.faces, 'val', strict=False)])
    torch.manual_seed(1)
    model = MouthCover(len(KINDS))
    lite0.load(model.backbone)
    by_kind = [np.flatnonzero(kinds == k) for k in range(len(KINDS))]

    def make_batch(rng, n, size):
        chosen = [int(rng.choice(by_kind[k])) for k in rng.choice(len(KINDS), n, p=(0.55, 0.15, 0.15, 0.15))]
        return to_input([vary(rng, crops[i]) for i in chosen]), torch.from_numpy(kinds[chosen])

    def loss_of(model, batch, share):
        x, kind = batch
        return F.cross_entropy(model(x), kind, label_smoothing=0.02)

    run(model, make_batch, loss_of, phases=PHASES, images=args.images, lr=args.lr, out=args.out, decay=0.05,
        frozen=[f'backbone.{part}' for part in Backbone.FROZEN], slow={'backbone': 0.3}, until=args.until,
        evaluate=lambda m: measure(m, val, portraits), evaluate_every=6000)


if __name__ == '__main__':
    main()
