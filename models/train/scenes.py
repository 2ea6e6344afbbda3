"""Training pictures for the detectors: whole photos, close-ups, collages and pictures without anyone."""
import cv2
import numpy as np

from augment import backdrop, degrade, is_full_figure, jitter_colour, paste, random_rectangle, soft_alpha, warp

GREY = 114


class Scene:
    """A square picture under construction with its boxes, regions without effect on the loss, and a mask of all people."""

    def __init__(self, size):
        self.size, self.rgb = size, np.full((size, size, 3), GREY, np.uint8)
        self.boxes, self.ignore, self.mask, self.has_mask = [], [], np.zeros((size, size), np.uint8), True

    def add_box(self, box, frame, least_visible=0.2):
        """Clips to the frame. Boxes that are tiny or hardly visible are ignored, not taught."""
        whole = (box[2] - box[0]) * (box[3] - box[1])
        (x0, y0), (x1, y1) = np.maximum(box[:2], frame[:2]), np.minimum(box[2:], frame[2:])
        if x1 - x0 < 2 or y1 - y0 < 2:
            return
        seen = (x1 - x0) * (y1 - y0) / whole
        small = y1 - y0 < 0.035 * self.size or x1 - x0 < 5
        (self.ignore if seen < least_visible or small else self.boxes).append([x0, y0, x1, y1])


def fit(window, frame, flip):
    """Maps the window into the frame at its middle, keeping its shape; returns the matrix and the part it covers."""
    (x0, y0, x1, y1), (fx0, fy0, fx1, fy1) = window, frame
    k = min((fx1 - fx0) / (x1 - x0), (fy1 - fy0) / (y1 - y0))
    w, h = k * (x1 - x0), k * (y1 - y0)
    left, top = (fx0 + fx1 - w) / 2, (fy0 + fy1 - h) / 2
    matrix = np.array([[-k if flip else k, 0, left + (k * x1 if flip else -k * x0)], [0, k, top - k * y0], [0, 0, 1]])
    return matrix, np.array([left, top, left + w, top + h])


def move_boxes(boxes, matrix):
    corners = boxes.reshape(-1, 2) @ matrix[:2, :2].T + matrix[:2, 2]
    corners = corners.reshape(-1, 2, 2)
    return np.concatenate([corners.min(1), corners.max(1)], 1)


def put(rng, scene, photo, window, frame, ignore_outside=False):
    """Copies a part of a photo into a frame of the scene."""
    matrix, covered = fit(window, frame, rng.random() < 0.5)
    x0, y0, x1, y1 = covered.round().astype(int)
    local = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1]]) @ matrix
    area = x1 - x0, y1 - y0
    scene.rgb[y0:y1, x0:x1] = jitter_colour(rng, warp(photo.rgb, local, area))
    moved = move_boxes(photo.boxes, matrix)
    for box in moved:
        scene.add_box(box, covered)
    for box in getattr(photo, 'ignore', ()):
        scene.ignore.append(np.clip(move_boxes(np.array(box), matrix)[0], 0, scene.size))
    if photo.mask is not None:
        scene.mask[y0:y1, x0:x1] = warp(photo.mask, local, area, cv2.BORDER_CONSTANT)
    elif len(photo.boxes):
        scene.has_mask = False
    if ignore_outside and len(moved):  # bystanders of CCP are not annotated
        b = moved[0]
        scene.ignore += [[x0, y0, b[0], y1], [b[2], y0, x1, y1], [x0, y0, x1, b[1]]]


def part_of(rng, photo):
    """The whole photo, a close-up of one person, or any part of it."""
    h, w = photo.rgb.shape[:2]
    kind = rng.random()
    if kind < 0.4:
        return np.array([0, 0, w, h], float)
    if kind < 0.72 and len(photo.boxes):
        x0, y0, x1, y1 = photo.boxes[rng.integers(len(photo.boxes))]
        if rng.random() < 0.35:  # half figures
            y1 = y0 + (y1 - y0) * rng.uniform(0.35, 0.8)
        m = rng.uniform(0.02, 1.2, 4) * np.array([x1 - x0, y1 - y0, x1 - x0, y1 - y0]) * rng.uniform(0.1, 1)
        window = np.array([x0 - m[0], y0 - m[1], x1 + m[2], y1 + m[3]])
    else:
        ww, hh = w * rng.uniform(0.45, 1), h * rng.uniform(0.45, 1)
        x0, y0 = rng.uniform(0, w - ww), rng.uniform(0, h - hh)
        window = np.array([x0, y0, x0 + ww, y0 + hh])
    return np.array([max(window[0], 0), max(window[1], 0), min(window[2], w), min(window[3], h)])


def grow_to(window, frame, photo):
    """Grows the window in its shorter direction, within the photo, so that little of the frame stays grey."""
    h, w = photo.rgb.shape[:2]
    x0, y0, x1, y1 = window
    aspect = (frame[2] - frame[0]) / (frame[3] - frame[1])
    more_w, more_h = max(0, (y1 - y0) * aspect - (x1 - x0)) / 2, max(0, (x1 - x0) / aspect - (y1 - y0)) / 2
    return np.array([max(x0 - more_w, 0), max(y0 - more_h, 0), min(x1 + more_w, w), min(y1 + more_h, h)])


class PhotoWithoutPeople:
    """A photo from which only parts without people are used."""

    def __init__(self, photo):
        self.rgb, self.mask, self.boxes = photo.rgb, None, np.zeros((0, 4))


def empty_part(rng, photo):
    """A part of a photo without any of its boxes, or None."""
    h, w = photo.rgb.shape[:2]
    for _ in range(6):
        ww, hh = w * rng.uniform(0.3, 0.9), h * rng.uniform(0.3, 0.9)
        x0, y0 = rng.uniform(0, w - ww), rng.uniform(0, h - hh)
        b = photo.boxes
        if not ((b[:, 0] < x0 + ww) & (b[:, 2] > x0) & (b[:, 1] < y0 + hh) & (b[:, 3] > y0)).any():
            return np.array([x0, y0, x0 + ww, y0 + hh])
    return None


def frame_in(rng, size, whole=0.7):
    """The photo's place in the square: usually all of it, else a smaller part."""
    if rng.random() < whole:
        return np.array([0, 0, size, size], float)
    s = size * rng.uniform(0.45, 0.95)
    x, y = rng.uniform(0, size - s, 2)
    return np.array([x, y, x + s, y + s])


def photo_scene(rng, sets, size, photo=None, ignore_outside=False):
    scene = Scene(size)
    photo = photo or sets.pick_complete(rng)
    put(rng, scene, photo, part_of(rng, photo), frame_in(rng, size), ignore_outside)
    return scene


def mosaic_scene(rng, sets, size):
    scene = Scene(size)
    x, y = size * rng.uniform(0.3, 0.7, 2)
    for frame in ([0, 0, x, y], [x, 0, size, y], [0, y, x, size], [x, y, size, size]):
        photo = sets.pick_background(rng) if rng.random() < 0.2 else sets.pick_complete(rng)
        frame = np.array(frame, float).round()
        put(rng, scene, photo, grow_to(part_of(rng, photo), frame, photo), frame)
    return scene


def empty_scene(rng, sets, size):
    scene = Scene(size)
    if rng.random() < 0.35:
        photo = sets.pick_complete(rng)
        window = empty_part(rng, photo)
        if window is not None:
            put(rng, scene, PhotoWithoutPeople(photo), window, frame_in(rng, size))
            return scene
    photo = sets.pick_background(rng)
    put(rng, scene, photo, part_of(rng, photo), frame_in(rng, size))
    return scene


def paste_scene(rng, sets, size):
    """Cut-outs in front of a background, nearer ones larger. Boxes are those of the visible parts."""
    scene = Scene(size)
    scene.rgb = jitter_colour(rng, backdrop(rng, sets.backgrounds, size))
    count = rng.choice([0, 1, 2, 3, 4, 6], p=[0.06, 0.32, 0.25, 0.18, 0.12, 0.07])
    layers = []
    for scale in np.sort(np.exp(rng.uniform(np.log(0.12), np.log(1.1), count)) * (1.15 if count == 1 else 1)):
        photo = sets.pick_cutout(rng)
        h, w = photo.mask.shape
        box = photo.person_box
        cut = box[3] > h - 3
        part = box.astype(float)
        if not cut and is_full_figure(box) and rng.random() < 0.35:
            part[3] = part[1] + (part[3] - part[1]) * rng.uniform(0.25, 0.7)
            cut = True
        if cut and rng.random() < 0.7:
            scale = max(scale, rng.uniform(0.35, 1.0))
        k = size * scale / (part[3] - part[1])
        k = min(k, 1.3 * size / (part[2] - part[0]))
        height, width = k * (part[3] - part[1]), k * (part[2] - part[0])
        left = rng.uniform(-0.25 * width, size - 0.75 * width)
        # A body that the photo's edge cuts off must end at an edge here too.
        top = size - height + 1 if cut else rng.uniform(-0.1 * height, max(size - 0.9 * height, 0))
        flip = rng.random() < 0.5
        matrix = np.array([[-k if flip else k, 0, left + (k * part[2] if flip else -k * part[0])],
                           [0, k, top - k * part[1]], [0, 0, 1]])
        alpha = soft_alpha(rng, warp(photo.mask, matrix, size, cv2.BORDER_CONSTANT))
        scene.rgb = paste(scene.rgb, jitter_colour(rng, warp(photo.rgb, matrix, size), 0.8), alpha)
        hard = alpha > 0.5
        for earlier in layers:
            earlier[0] &= ~hard
        layers.append([hard, hard.sum()])
    for hard, area in layers:
        seen = hard.sum()
        if seen < 12:
            continue
        xs, ys = np.flatnonzero(hard.any(0)), np.flatnonzero(hard.any(1))
        box = [xs[0], ys[0], xs[-1] + 1, ys[-1] + 1]
        small = box[3] - box[1] < 0.035 * size or box[2] - box[0] < 5
        (scene.ignore if seen < 0.2 * area or small else scene.boxes).append(box)
        scene.mask[hard] = 255
    return scene


def finish(rng, scene):
    if rng.random() < 0.05:
        random_rectangle(rng, scene.rgb)
    scene.rgb = degrade(rng, scene.rgb)
    return scene
