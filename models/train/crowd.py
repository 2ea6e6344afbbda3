"""People in photos that have boxes but no masks. An earlier matting file makes their masks."""
import numpy as np

from data import Photo
from matting_file import alpha_of
from teachers import session

LEAST_WIDTH, LEAST_HEIGHT = 36, 90
# Maximum share of a person's box that others may cover: the net cannot separate people there.
MAX_SHARED = 0.3
# Minimum overlap of the mask with the annotated box (intersection over union of the two boxes) ...
MIN_FIT = 0.7
# ... and maximum share of unsure pixels in the person, neither 0 nor 1.
MAX_UNSURE = 0.2
# Margin around a person, as a share of the box.
AIR = 0.35


def shared(box, others):
    """Share of the pixels of `box` that lie in the boxes of others."""
    x0, y0, x1, y1 = box.round().astype(int)
    taken = np.zeros((y1 - y0, x1 - x0), bool)
    for other in others:
        a0, b0, a1, b1 = other.round().astype(int)
        taken[max(b0 - y0, 0):max(b1 - y0, 0), max(a0 - x0, 0):max(a1 - x0, 0)] = True
    return taken.mean()


def inside(box, share, rgb):
    """`box` with a margin, clipped to the photo, in whole pixels."""
    air = share * np.array([box[2] - box[0], box[3] - box[1]])
    low, high = np.maximum(box[:2] - air, 0), np.minimum(box[2:] + air, rgb.shape[1::-1])
    return *low.round().astype(int), *high.round().astype(int)


def mask_of(net, rgb, box):
    """The person in `box` as a hard mask in the size of the photo, or None if the net is unsure."""
    x0, y0, x1, y1 = inside(box, 0.12, rgb)
    found = np.zeros(rgb.shape[:2], np.float32)
    found[y0:y1, x0:x1] = alpha_of(net, rgb[y0:y1, x0:x1])
    x0, y0, x1, y1 = inside(box, 0.04, rgb)
    alpha = np.zeros_like(found)
    alpha[y0:y1, x0:x1] = found[y0:y1, x0:x1]
    mask = alpha > 0.5
    if mask.sum() < 400 or ((alpha > 0) & (alpha < 1)).sum() > MAX_UNSURE * mask.sum():
        return None
    xs, ys = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    low, high = np.array([xs[0], ys[0]]), np.array([xs[-1] + 1, ys[-1] + 1])
    both = np.clip(np.minimum(high, box[2:]) - np.maximum(low, box[:2]), 0, None).prod()
    if both < MIN_FIT * ((high - low).prod() + (box[2:] - box[:2]).prod() - both):
        return None
    return mask.astype(np.uint8) * 255


def persons(photos, path):
    """One photo, with its surroundings, for each person that others do not cover too much."""
    net, out = session(path), []
    for photo in photos:
        for n, box in enumerate(photo.boxes):
            if box[2] - box[0] < LEAST_WIDTH or box[3] - box[1] < LEAST_HEIGHT:
                continue
            if shared(box, np.delete(photo.boxes, n, 0)) > MAX_SHARED:
                continue
            mask = mask_of(net, photo.rgb, box)
            if mask is not None:
                x0, y0, x1, y1 = inside(box, AIR, photo.rgb)
                out.append(Photo.cut(photo, photo.rgb[y0:y1, x0:x1], mask[y0:y1, x0:x1]))
    return out
