"""Measures the figures of `models/README.md` on the val split."""
import cv2
import numpy as np
import torch

from augment import clip_window, head_window, is_full_figure


def crops(photos):
    """Crops as the pipeline passes them to the matting net: (kind, group, rgb, mask), head and shoulders and the whole person."""
    out = []
    for p in photos:
        if p.mask is None or not p.whole:
            continue
        box, (h, w) = p.person_box, p.mask.shape
        group = 'ccp' if p.kind == 'ccp' else 'coco'
        share = 0.4 if is_full_figure(box) else 0.85
        m = 0.12 * np.array([-(box[2] - box[0]), -(box[3] - box[1]), box[2] - box[0], box[3] - box[1]])
        for kind, window in (('portrait', head_window(p.mask, box, share)), ('person', box + m)):
            x0, y0, x1, y1 = clip_window(window, w, h).round().astype(int)
            if min(x1 - x0, y1 - y0) >= 32:
                out.append((kind, group, p.rgb[y0:y1, x0:x1], p.mask[y0:y1, x0:x1]))
    return out


def sharpen(alpha):
    """The contrast curve that the exported graph contains."""
    return np.clip((alpha - 0.25) / 0.3, 0, 1)


def overlap(alpha, mask):
    a, m = alpha > 0.5, mask > 127
    union = (a | m).sum()
    return (a & m).sum() / union if union else 1.0


@torch.no_grad()
def matting(model, val, normalise, sizes):
    text = []
    for size in sizes:
        rows = {}
        for kind, group, rgb, mask in val:
            inter = cv2.INTER_AREA if max(rgb.shape[:2]) > size else cv2.INTER_LINEAR
            x = normalise(cv2.resize(rgb, (size, size), interpolation=inter)[None])
            a = sharpen(model(x)[0].sigmoid()[0, 0].numpy())
            a = cv2.resize(a, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
            mae = np.abs(a - mask / 255.0).mean()
            for key in (kind, f'{kind} {group}'):
                rows.setdefault(key, []).append((overlap(a, mask), mae))
        text.append(f'@{size} ' + ', '.join(f'{k} {np.mean(v, 0)[0]:.3f}/{np.mean(v, 0)[1]:.3f}' for k, v in rows.items()))
    return ' | '.join(text)
