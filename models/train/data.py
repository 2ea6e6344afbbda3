"""Loads the people set into memory."""
import copy
import functools
import hashlib
import json
from pathlib import Path

import cv2
import numpy as np

cv2.setNumThreads(0)


def is_strict(licence):
    return 'NC' not in licence


def is_held_out(photo_id):
    """About a quarter of the photos without people is held out of all training, to measure false alarms."""
    return hashlib.sha256(photo_id.encode()).digest()[0] < 50


def read_rgb(path):
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def kind_of(source):
    if 'CCP' in source:
        return 'ccp'
    if 'mini' in source:
        return 'mini'
    return 'one' if 'one person' in source else 'many' if 'boxes only' in source else 'background'


class Photo:
    """A photo, its mask (uint8 or None) and its boxes (n x 4, pixels)."""

    def __init__(self, root, item):
        self.id, self.item, self.kind = item['id'], item, kind_of(item['source'])
        folder = root / ('backgrounds' if item['split'] == 'background' else f"{item['split']}/images")
        self.rgb = read_rgb(folder / f'{self.id}.jpg')
        self.mask = None
        if item['has_mask']:
            self.mask = cv2.imread(str(root / item['split'] / 'masks' / f'{self.id}.png'), cv2.IMREAD_GRAYSCALE)
        boxes = item['boxes'] if item['boxes'] is not None else [item['main_box']]
        self.boxes = np.array(boxes, np.float32).reshape(-1, 4)
        # For COCO even a hand that holds a plate is a person. A person worth cutting out has at least five key points.
        self.whole = self.kind == 'ccp' or item.get('num_keypoints', 0) is None or item.get('num_keypoints', 0) >= 5
        # COCO outlines are coarse polygons, so their edges get less weight.
        self.edge = 1.0 if self.kind == 'ccp' else 0.4

    @classmethod
    def cut(cls, photo, rgb, mask):
        """A part of `photo` with a mask of its own."""
        self = copy.copy(photo)
        self.rgb, self.mask = np.ascontiguousarray(rgb), np.ascontiguousarray(mask)
        self.boxes = self.person_box[None]
        return self

    @functools.cached_property
    def person_box(self):
        """The box of the mask."""
        xs, ys = np.flatnonzero(self.mask.max(0) > 127), np.flatnonzero(self.mask.max(1) > 127)
        return np.array([xs[0], ys[0], xs[-1] + 1, ys[-1] + 1], np.float32)


def load_people(root, splits, strict=True, kinds=None):
    root = Path(root)
    photos = []
    for item in json.loads((root / 'annotations.json').read_text()):
        if item['split'] not in splits or (strict and not is_strict(item['licence'])):
            continue
        if kinds and kind_of(item['source']) not in kinds:
            continue
        photos.append(Photo(root, item))
    return photos


def load_backgrounds(root, held_out, strict=True):
    return [p for p in load_people(root, ('background',), strict) if is_held_out(p.id) == held_out]
