"""Trains the landmark network:
python train_landmarks.py --data people --faces faces --teacher mesh.onnx --finder face.onnx --out runs/landmarks.pt"""
import argparse
import pickle
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from augment import degrade, jitter_colour, random_rectangle
import from_onnx
import lite0
from data import load_backgrounds, load_people
from faces import label_people, load_faces, mirror_order, taught_crops, upright, warp_crop
from loop import clock, run
from nets import Backbone, Landmarks
from teachers import FaceFinder, Mesh, crop_matrix, eye_distance, placement, transform

COMPONENTS = 48  # 64 would describe the val faces to .06 % of the eye distance, 48 to .08 %
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185, 78, 95, 88, 178, 87,
        14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
EYES = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 263, 249, 390, 373, 374, 380, 381,
        382, 362, 398, 384, 385, 386, 387, 388, 466)
PHASES = [(1.0, 192, 32)]


def gather(args):
    """Loads and labels all training data once; labelling takes a minute or two."""
    cache = Path(args.out).with_suffix('.data')
    if cache.exists():
        return pickle.loads(cache.read_bytes())
    finder, mesh, rng = FaceFinder(args.finder), Mesh(args.teacher), np.random.default_rng(7)
    photos = load_people(args.data, ('train',), strict=args.strict)
    faces = load_faces(args.faces, 'train', mesh, strict=True)
    good, doubtful = label_people(photos, finder, mesh)
    backgrounds = load_backgrounds(args.data, held_out=False, strict=args.strict)
    nothing = taught_crops(rng, mesh, 2500, photos=backgrounds)
    bodies = taught_crops(rng, mesh, 2500, photos=photos)
    misplaced = taught_crops(rng, mesh, 3000, faces=faces + good)
    profiles = taught_crops(rng, mesh, 800, faces=doubtful)
    crops, logits = (np.concatenate(x) for x in zip(nothing, bodies, misplaced, profiles))
    # Nothing here is a face, even if the teacher finds one.
    logits[:len(nothing[0])] = np.minimum(logits[:len(nothing[0])], -4)
    order = mirror_order(faces + good)
    data = faces, good, doubtful, crops, logits, order
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_bytes(pickle.dumps(data))
    return data


def shape_basis(faces, order):
    """Mean and principal components of the upright shapes and their mirror images; depth counts half."""
    shapes = np.stack([upright(f.points) for f in faces])
    shapes = np.concatenate([shapes, (shapes * [-1, 1, 1])[:, order]])
    mean, weight = shapes.mean(0), np.ones((468, 3))
    weight[:, 2] = 0.5
    weight[list(LIPS + EYES), :2] = 2
    flat = ((shapes - mean) * weight).reshape(len(shapes), -1)
    _, s, v = np.linalg.svd(flat, full_matrices=False)
    # Scaled so that every coefficient has unit spread: the net then needs no scale of its own.
    spread = s[:COMPONENTS] / np.sqrt(len(flat))
    basis = (v[:COMPONENTS] * spread[:, None]).reshape(-1, 468, 3) / weight
    return torch.from_numpy(mean).float(), torch.from_numpy(basis).float()


def random_face(rng, face, order):
    """A crop as the caller makes it, first pass (any roll, the box of the detector) to last (upright, well placed)."""
    cx, cy, side, roll = placement(face.points)
    flip = rng.random() < 0.5
    first = rng.random() < 0.35
    if first and face.box is not None:
        x0, y0, x1, y1 = face.box
        cx, cy, side = (x0 + x1) / 2, (y0 + y1) / 2, 1.5 * max(x1 - x0, y1 - y0)
    degrees = roll + (rng.uniform(-45, 45) if first else rng.normal(0, 5))
    wide = 1.0 if first else 0.5
    cx, cy = np.array([cx, cy]) + np.clip(rng.normal(0, 0.05 * wide, 2), -0.13, 0.13) * side
    matrix = crop_matrix(cx, cy, side * np.exp(rng.normal(0, 0.14 * wide)), degrees, flip)
    if rng.random() < 0.5:  # narrower and wider faces: the data has few
        centre = np.array([[1, 0, 96], [0, 1, 96], [0, 0, 1]])
        back = np.array([[1, 0, -96], [0, 1, -96], [0, 0, 1]])
        matrix = centre @ np.diag([np.exp(rng.normal(0, 0.05)), np.exp(rng.normal(0, 0.05)), 1]) @ back @ matrix
    rgb = jitter_colour(rng, warp_crop(face.rgb, matrix, rng), 1.2)
    if rng.random() < 0.12:
        random_rectangle(rng, rgb)
    points = transform(face.points, matrix)
    if rng.random() < 0.25:  # a light from one side
        a, k = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.7)
        y, x = np.mgrid[-1:1:192j, -1:1:192j]
        rgb = np.clip(rgb * (1 + k * (x * np.cos(a) + y * np.sin(a)))[..., None], 0, 255).astype(np.uint8)
    return degrade(rng, degrade(rng, rgb)), points[order] if flip else points


def random_crop(rng, rgb):
    h, w = rgb.shape[:2]
    side = min(h, w) * np.exp(rng.uniform(-1.6, 0.3))
    return warp_crop(rgb, crop_matrix(rng.uniform(0, w), rng.uniform(0, h), side, rng.normal(0, 20), rng.random() < 0.5), rng)


def to_input(crops):
    x = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255
    return x.contiguous(memory_format=torch.channels_last)


def loss_of(model, batch, share):
    x, points, is_face, logit = batch
    out, said = model(x)
    eye = (points[:, 33, :2] - points[:, 263, :2]).norm(dim=1).clamp(min=20).view(-1, 1, 1)
    weight = torch.ones(468, 3)
    weight[:, 2] = 0.3
    weight[list(LIPS + EYES), :2] = 2
    error = F.smooth_l1_loss(out / eye, points / eye, reduction='none', beta=0.01) * weight
    place = (error.mean((1, 2)) * is_face).sum() / is_face.sum()
    return 20 * place + 0.5 * F.smooth_l1_loss(said[:, 0] / 10, logit / 10, beta=0.3)


@torch.no_grad()
def measure(model, faces):
    """Mean error in outer-eye distances after one, and after three passes; the caller makes two more."""
    rows = {}
    for face in faces:
        x0, y0, x1, y1 = face.box
        place = ((x0 + x1) / 2, (y0 + y1) / 2, 1.5 * max(x1 - x0, y1 - y0), 0)
        for step in range(3):
            matrix = crop_matrix(*place)
            crop = warp_crop(face.rgb, matrix, ZERO)
            out, logit = model(to_input([crop]))
            points = transform(out[0].double().numpy(), np.linalg.inv(matrix))
            error = np.linalg.norm((points - face.points)[:, :2], axis=1)
            place = placement(points)
            for key in ('all', face.source):
                rows.setdefault(key, []).append((step, error.mean(), error[list(LIPS)].mean(), eye_distance(face.points), logit))
    text = []
    for key, values in rows.items():
        v = np.array([[float(x) for x in row] for row in values])
        one, last = v[v[:, 0] == 0], v[v[:, 0] == 2]
        text.append(f'{key} {(one[:, 1] / one[:, 3]).mean():.4f} -> {(last[:, 1] / last[:, 3]).mean():.4f} '
                    f'lips {(last[:, 2] / last[:, 3]).mean():.4f} logit>10 {(last[:, 4] > 10).mean():.2f}')
    return ', '.join(text)


class ZERO:
    """Paints black outside the photo, always."""
    integers = staticmethod(lambda n: 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--data', required=True, help='folder of the people set')
    parser.add_argument('--faces', required=True, help='folder of the faces set')
    parser.add_argument('--teacher', required=True, help='the 468-point mesh')
    parser.add_argument('--finder', required=True, help='UltraFace RFB-320')
    parser.add_argument('--out', default='runs/landmarks.pt')
    parser.add_argument('--go-on', help='the exported file to begin from instead')
    parser.add_argument('--images', type=int, default=34000)
    parser.add_argument('--until', type=clock, help='the time of day (14:30) at which the run ends')
    parser.add_argument('--lr', type=float, default=2e-3)
    parser.add_argument('--strict', action='store_true', help='without people photos under a NonCommercial licence')
    args = parser.parse_args()

    faces, good, doubtful, crops, logits, order = gather(args)
    val = load_faces(args.faces, 'val', Mesh(args.teacher), strict=False)
    backgrounds = load_backgrounds(args.data, held_out=False, strict=args.strict)
    print(f'{len(faces)} + {len(good)} faces, {len(doubtful)} doubtful, {len(crops)} other crops, {len(val)} val', flush=True)
    torch.manual_seed(1)
    typical = np.mean([np.sqrt(((f.points[:, :2] - f.points[:, :2].mean(0)) ** 2).sum(1).mean()) * 192 / placement(f.points)[2]
                       for f in faces])
    model = Landmarks(*shape_basis(faces + good, order), typical)
    lite0.load(model.backbone)
    if args.go_on:  # with the shapes of that file
        stored = from_onnx.stored(args.go_on)
        model = Landmarks(*(stored[f'net.{k}'] for k in ('mean', 'basis', 'size')))

    def make_batch(rng, n, size):
        pictures, points, is_face, logit = [], [], [], []
        for _ in range(n):
            if rng.random() < 0.74:
                pool = faces if rng.random() < 0.6 else good
                face = pool[rng.integers(len(pool))]
                rgb, p = random_face(rng, face, order)
                known, value = 1.0, face.logit
            elif rng.random() < 0.45:  # objects look like faces in many ways, so these crops never repeat
                rgb = jitter_colour(rng, random_crop(rng, backgrounds[rng.integers(len(backgrounds))].rgb))
                rgb, p, known, value = degrade(rng, rgb), np.zeros((468, 3)), 0.0, -8.0
            else:
                i = rng.integers(len(crops))
                rgb = jitter_colour(rng, crops[i][:, ::-1] if rng.random() < 0.5 else crops[i])
                rgb, p, known, value = degrade(rng, np.ascontiguousarray(rgb)), np.zeros((468, 3)), 0.0, logits[i]
            pictures.append(rgb)
            points.append(p)
            is_face.append(known)
            logit.append(np.clip(value, -12, 30))
        return to_input(pictures), torch.from_numpy(np.stack(points)).float(), torch.tensor(is_face), \
            torch.tensor(np.array(logit, np.float32))

    if args.go_on:
        rng = np.random.default_rng(3)
        from_onnx.load(model, args.go_on, [make_batch(rng, 32, 192)[0] for _ in range(8)])
    run(model, make_batch, loss_of, phases=PHASES, images=args.images, lr=args.lr, out=args.out, decay=0.05,
        frozen=[f'backbone.{part}' for part in Backbone.FROZEN], slow={'backbone': 0.2}, until=args.until,
        evaluate=lambda m: measure(m, val), evaluate_every=6400)


if __name__ == '__main__':
    main()
