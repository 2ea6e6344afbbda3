"""Trains the face detector:
python train_face.py --data people --faces faces --teacher face-rfb.onnx --out runs/face.pt"""
import argparse
import json
import pickle
from pathlib import Path

import cv2
import numpy as np
import torch

from augment import backdrop, jitter_colour, warp
from data import is_strict, load_backgrounds, load_people, read_rgb
from detection import average_precision, box_overlap, centres, detection_loss, keep_best
from faces import STRICT_SOURCES
from loop import run
from nets import FaceDetector
from scenes import Scene, finish, frame_in, mosaic_scene, part_of, put
from teachers import FaceFinder, suppress

PHASES = [(0.75, 224, 16), (1.0, 320, 16)]  # the width; the height is three quarters of it
SURE, DOUBTFUL = 0.7, 0.25  # scores of the teacher: a face above the first, ignored between the two
BOX_WEIGHT = 8.0


class FacePhoto:
    """A photo with the teacher's boxes. `ignore` holds the teacher's doubtful boxes."""

    def __init__(self, photo_id, rgb, boxes, ignore):
        self.id, self.rgb, self.mask, self.boxes, self.ignore = photo_id, rgb, None, boxes, ignore


def teach(finder, photo_id, rgb):
    """Runs the teacher on the photo and on its quarters, because its input of 320 pixels misses small faces."""
    h, w = rgb.shape[:2]
    boxes, scores = finder(rgb, DOUBTFUL)
    found = [(b, s) for b, s in zip(boxes, scores)]
    for y in (0, 0.35):
        for x in (0, 0.35):
            x0, y0, x1, y1 = int(x * w), int(y * h), int((x + 0.65) * w), int((y + 0.65) * h)
            part, score = finder(np.ascontiguousarray(rgb[y0:y1, x0:x1]), DOUBTFUL)
            for b, s in zip(part, score):
                cut = (b[0] < 2 and x0) or (b[1] < 2 and y0) or (b[2] > x1 - x0 - 2 and x) or (b[3] > y1 - y0 - 2 and y)
                # In a close-up the teacher finds more false faces: require more, and accept only small ones.
                if not cut and (b[3] - b[1]) < 0.3 * h:
                    found.append((b + [x0, y0, x0, y0], s * 0.9))
    if not found:
        return FacePhoto(photo_id, rgb, np.zeros((0, 4), np.float32), [])
    boxes, scores = np.array([f[0] for f in found]), np.array([f[1] for f in found])
    kept = suppress(boxes, scores, 0.35)
    boxes, scores = np.clip(boxes[kept], 0, [w, h, w, h]).astype(np.float32), scores[kept]
    return FacePhoto(photo_id, rgb, boxes[scores >= SURE], [b[None] for b in boxes[scores < SURE]])


def load_portraits(root, split, strict):
    out = []
    for item in json.loads((Path(root) / 'annotations.json').read_text()):
        if item['split'] != split:
            continue
        if strict and not (item['source'].startswith(STRICT_SOURCES) and is_strict(item['licence'])):
            continue
        rgb = read_rgb(Path(root) / 'images' / f"{item['id']}.jpg")
        box = np.clip(np.array([item['face_box']], np.float32), 0, [rgb.shape[1], rgb.shape[0]] * 2)
        out.append(FacePhoto(item['id'], rgb, box, []))
    return out


class Sets:
    def __init__(self, args, finder):
        strict = not args.all_licences
        cache = Path(args.out).with_suffix('.data')
        if cache.exists():
            self.complete, self.portraits, self.val = pickle.loads(cache.read_bytes())
        else:
            people = load_people(args.data, ('train',), strict)
            self.complete = [teach(finder, p.id, p.rgb) for p in people]
            self.portraits = load_portraits(args.faces, 'train', strict)
            self.val = [teach(finder, p.id, p.rgb) for p in load_people(args.data, ('val',), strict=False)]
            cache.parent.mkdir(parents=True, exist_ok=True)
            cache.write_bytes(pickle.dumps((self.complete, self.portraits, self.val)))
        self.backgrounds = load_backgrounds(args.data, held_out=False, strict=strict)

    def pick_complete(self, rng):
        pool = self.complete if rng.random() < 0.75 else self.portraits
        return pool[rng.integers(len(pool))]

    def pick_background(self, rng):
        return self.backgrounds[rng.integers(len(self.backgrounds))]


def make_scene(rng, sets, size):
    """A square scene; the caller stretches photos of any shape to 4:3, so the stretch is part of the training."""
    kind = rng.random()
    if kind < 0.12:
        scene = Scene(size)
        photo = sets.pick_background(rng)
        put(rng, scene, photo, part_of(rng, photo), frame_in(rng, size))
    elif kind < 0.62:
        scene = Scene(size)
        photo = sets.pick_complete(rng)
        put(rng, scene, photo, part_of(rng, photo), frame_in(rng, size, 0.6))
    elif kind < 0.80:
        scene = mosaic_scene(rng, sets, size)
    else:
        scene = portraits_on_backdrop(rng, sets, size)
    return finish(rng, scene)


def portraits_on_backdrop(rng, sets, size):
    """One to four portraits on a background, slightly turned."""
    scene = Scene(size)
    scene.rgb = jitter_colour(rng, backdrop(rng, sets.backgrounds, size))
    for _ in range(rng.integers(1, 5)):
        photo = sets.portraits[rng.integers(len(sets.portraits))]
        h, w = photo.rgb.shape[:2]
        side = size * np.exp(rng.uniform(np.log(0.12), np.log(0.9)))
        k, a = side / max(h, w), np.radians(rng.normal(0, 10))
        cx, cy = rng.uniform(0.1, 0.9, 2) * size
        turn = np.array([[k * np.cos(a), -k * np.sin(a), 0], [k * np.sin(a), k * np.cos(a), 0], [0, 0, 1]])
        matrix = np.array([[1, 0, cx], [0, 1, cy], [0, 0, 1]]) @ turn @ np.array([[1, 0, -w / 2], [0, 1, -h / 2], [0, 0, 1]])
        alpha = warp(np.full((h, w), 255, np.uint8), matrix, size, cv2.BORDER_CONSTANT) > 127
        scene.rgb[alpha] = jitter_colour(rng, warp(photo.rgb, matrix, size))[alpha]
        x0, y0, x1, y1 = photo.boxes[0]
        mid = matrix @ np.array([(x0 + x1) / 2, (y0 + y1) / 2, 1])
        half = k * np.array([x1 - x0, y1 - y0]) / 2
        box = np.array([mid[0] - half[0], mid[1] - half[1], mid[0] + half[0], mid[1] + half[1]])
        # A face hidden by this portrait does not count.
        for earlier in list(scene.boxes):
            ex, ey = int(np.clip((earlier[0] + earlier[2]) / 2, 0, size - 1)), int(np.clip((earlier[1] + earlier[3]) / 2, 0, size - 1))
            if alpha[ey, ex]:
                scene.boxes.remove(earlier)
                scene.ignore.append(earlier)
        scene.add_box(box, np.array([0, 0, size, size]), 0.4)
    return scene


def to_batch(rng, scenes, width):
    """Squares to 4:3: cut to a shape between 9:16 and 16:9, then stretched as the caller does."""
    height = width * 3 // 4
    pictures, truths, ignores = [], [], []
    for scene in scenes:
        size, aspect = scene.size, np.exp(rng.uniform(np.log(0.56), np.log(1.78)))
        w, h = (size, size / aspect) if aspect > 1 else (size * aspect, size)
        x, y = rng.uniform(0, size - w), rng.uniform(0, size - h)
        matrix = np.array([[width / w, 0, -x * width / w], [0, height / h, -y * height / h], [0, 0, 1]])
        pictures.append(warp(scene.rgb, matrix, (width, height)))
        boxes, ignore = [], []
        for source, kept in ((scene.boxes, boxes), (scene.ignore, ignore)):
            for x0, y0, x1, y1 in source:
                b = np.array([(x0 - x) * width / w, (y0 - y) * height / h, (x1 - x) * width / w, (y1 - y) * height / h])
                c = np.clip(b, 0, [width, height, width, height])
                if (c[2:] - c[:2]).min() < 1:
                    continue
                seen = (c[2:] - c[:2]).prod() / (b[2:] - b[:2]).prod()
                (kept if seen > 0.5 and (c[2:] - c[:2]).min() > 7 else ignore).append(c)
        truths.append(torch.tensor(np.array(boxes, np.float32).reshape(-1, 4)))
        ignores.append(torch.tensor(np.array(ignore, np.float32).reshape(-1, 4)))
    return to_input(np.stack(pictures)), truths, ignores, centres(height, width)


def to_input(rgb):
    x = (torch.from_numpy(rgb).permute(0, 3, 1, 2).float() - 127) / 128
    return x.contiguous(memory_format=torch.channels_last)


def loss_of(model, batch, share):
    x, truths, ignores, points = batch
    logits, boxes = model(x)
    return detection_loss(logits, boxes, truths, ignores, points, BOX_WEIGHT)


@torch.no_grad()
def detect(model, rgb):
    h, w = rgb.shape[:2]
    x = cv2.resize(rgb, (320, 240), interpolation=cv2.INTER_AREA if w > 320 else cv2.INTER_LINEAR)
    logits, boxes = model(to_input(x[None]))
    boxes, scores = keep_best(boxes[0].numpy(), logits[0].sigmoid().numpy(), 0.02, 0.4)
    return boxes * np.array([w, h, w, h]) / np.array([320, 240, 320, 240]), scores


def figures(find, val, portraits, backgrounds):
    """Against the teacher's sure boxes (faces over 16 px of 320); the one face of each portrait; false alarms."""
    rows = []
    for p in val:
        boxes, scores = find(p.rgb)
        truth = np.concatenate([p.boxes.reshape(-1, 4)] + [b.reshape(-1, 4) for b in p.ignore])
        sure = np.arange(len(truth)) < len(p.boxes)
        large = (truth[:, 2] - truth[:, 0]) / p.rgb.shape[1] * 320 > 16
        rows.append((boxes, scores, truth, sure & large))
    found = []
    for p in portraits:
        boxes, scores = find(p.rgb)
        good = box_overlap(p.boxes[0], boxes) > 0.5 if len(boxes) else np.zeros(0, bool)
        found.append(scores[good].max() if good.any() else 0.0)
    alarms = np.array([max(find(p.rgb)[1], default=0.0) for p in backgrounds])
    return average_precision(rows, 0.5) if rows else 0.0, np.array(found), alarms


def summary(f):
    ap, found, alarms = f
    return f'AP50 against the teacher {ap:.3f};' + ''.join(
        f' @{t} portraits {(found >= t).mean():.3f} alarms {(alarms >= t).mean():.3f}' for t in (0.3, 0.5, 0.7))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--data', required=True, help='folder of the people set')
    parser.add_argument('--faces', required=True, help='folder of the faces set')
    parser.add_argument('--teacher', required=True, help='UltraFace RFB-320')
    parser.add_argument('--out', default='runs/face.pt')
    parser.add_argument('--images', type=int, default=4800)
    parser.add_argument('--all-licences', action='store_true', help='for comparison only, never for shipped weights')
    args = parser.parse_args()

    finder = FaceFinder(args.teacher)
    sets = Sets(args, finder)
    portraits = load_portraits(args.faces, 'val', strict=False)
    held_out = load_backgrounds(args.data, held_out=True, strict=False)
    faces = sum(len(p.boxes) for p in sets.complete)
    print(f'{len(sets.complete)} photos with {faces} faces, {len(sets.portraits)} portraits, {len(sets.backgrounds)} '
          f'backgrounds; val {len(sets.val)}, {len(portraits)}, {len(held_out)}', flush=True)
    torch.manual_seed(1)
    model = FaceDetector()

    def make_batch(rng, n, size):
        return to_batch(rng, [make_scene(rng, sets, size) for _ in range(n)], size)

    run(model, make_batch, loss_of, phases=PHASES, images=args.images, lr=2e-3, out=args.out, clip=8.0,
        evaluate=lambda m: summary(figures(lambda rgb: detect(m, rgb), sets.val, portraits, held_out)), evaluate_every=4800)


if __name__ == '__main__':
    main()
