"""Faces with 468 points, and crops without a face, for the landmark and the face networks."""
import json
from pathlib import Path

import cv2
import numpy as np

from augment import warp
from data import is_strict, read_rgb
from teachers import CROP, crop_matrix, placement

# Sources whose licence allows shipping the weights.
STRICT_SOURCES = ('US Congress', 'Fake Profile', 'COCO')


class Face:
    def __init__(self, rgb, points, logit, source, box=None):
        self.rgb, self.points, self.logit, self.source, self.box = rgb, points, logit, source, box


def load_faces(root, split, mesh, strict=True):
    """The faces set. x and y are its labels (the mean of four crops); z comes from the teacher."""
    root, faces = Path(root), []
    for item in json.loads((root / 'annotations.json').read_text()):
        if item['split'] != split:
            continue
        if strict and not (item['source'].startswith(STRICT_SOURCES) and is_strict(item['licence'])):
            continue
        rgb = read_rgb(root / 'images' / f"{item['id']}.jpg")
        points = np.array(item['landmarks468'], np.float32)
        taught, _ = mesh.on(rgb, *placement(points))
        source = item['source'].split()[0]
        faces.append(Face(rgb, np.column_stack([points, taught[:, 2]]).astype(np.float32), item['face_logit'], source,
                          np.array(item['face_box'])))
    return faces


def cut_around(rgb, points):
    cx, cy, side, _ = placement(points)
    h, w = rgb.shape[:2]
    x0, y0 = int(max(cx - side, 0)), int(max(cy - side, 0))
    x1, y1 = int(min(cx + side, w)), int(min(cy + side, h))
    return np.ascontiguousarray(rgb[y0:y1, x0:x1]), np.array([x0, y0, 0], np.float32)


def label_people(photos, finder, mesh, least=36):
    """Good faces with points, and doubtful ones (profiles, half hidden), from photos of people."""
    good, doubtful = [], []
    for p in photos:
        for box in finder(p.rgb, 0.6)[0]:
            if max(box[2:] - box[:2]) < least:
                continue
            points, logit, drift = mesh(p.rgb, box)
            rgb, corner = cut_around(p.rgb, points)
            if min(rgb.shape[:2]) < 16:
                continue
            face = Face(rgb, (points - corner).astype(np.float32), logit, p.kind, box - np.tile(corner[:2], 2))
            if logit > 14 and drift < 0.03:
                good.append(face)
            elif logit < 10:
                doubtful.append(face)
    return good, doubtful


def taught_crops(rng, mesh, count, photos=(), faces=()):
    """Crops with the teacher's logit: anywhere in photos, or badly placed on faces."""
    crops, logits = [], []
    while len(crops) < count:
        if len(faces):
            face = faces[rng.integers(len(faces))]
            cx, cy, side, roll = placement(face.points)
            side *= np.exp(rng.uniform(-0.9, 0.9))
            cx, cy = np.array([cx, cy]) + rng.uniform(-0.45, 0.45, 2) * side
            rgb, roll = face.rgb, rng.choice([roll, rng.uniform(-180, 180)])
        else:
            rgb = photos[rng.integers(len(photos))].rgb
            h, w = rgb.shape[:2]
            side, roll = min(h, w) * np.exp(rng.uniform(-2, 0.1)), rng.normal(0, 15)
            cx, cy = rng.uniform(0, w), rng.uniform(0, h)
        crop = warp_crop(rgb, crop_matrix(cx, cy, side, roll), rng)
        crops.append(crop)
        logits.append(mesh.raw(crop)[1])
    return np.stack(crops), np.array(logits, np.float32)


def warp_crop(rgb, matrix, rng):
    """Callers paint black outside the photo or repeat the edge, so the training has both."""
    border = (cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101)[rng.integers(3)]
    return warp(rgb, matrix, CROP, border)


def mirror_order(faces):
    """Pairs each point of a face with a point of its mirror image: the closest pairs of the mean shape first."""
    mean = np.stack([upright(f.points) for f in faces]).mean(0)
    flipped = mean * np.array([-1, 1, 1])
    distance = np.linalg.norm(mean[:, None] - flipped[None], axis=2)
    distance = np.maximum(distance, distance.T)
    order = np.full(len(mean), -1)
    for pair in distance.argsort(axis=None, kind='stable'):
        i, j = divmod(int(pair), len(mean))
        if order[i] < 0 and order[j] < 0:
            order[i], order[j] = j, i
    return order


def upright(points):
    """Removes position, roll and size; shape and expression remain."""
    cx, cy, side, roll = placement(points)
    a = np.radians(roll)
    turn = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    xy = (points[:, :2] - points[:, :2].mean(0)) @ turn.T
    size = np.sqrt((xy ** 2).sum(1).mean())
    return np.column_stack([xy, points[:, 2]]) / size
