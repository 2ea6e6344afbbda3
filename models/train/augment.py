"""Windows, pasting and colour: how a photo becomes a training picture. Everything takes its own random generator."""
import cv2
import numpy as np


def warp(picture, matrix, size, border=cv2.BORDER_REFLECT_101):
    """warpAffine, after an area downscale where it would otherwise alias. `matrix` maps picture pixels to output."""
    width, height = (size, size) if np.isscalar(size) else size
    scale = np.sqrt(abs(np.linalg.det(matrix[:2, :2])))
    if scale < 0.6:
        h, w = picture.shape[:2]
        small = (max(1, round(w * scale * 1.2)), max(1, round(h * scale * 1.2)))
        picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
        matrix = matrix @ np.array([[w / small[0], 0, 0], [0, h / small[1], 0], [0, 0, 1]])
    flags = cv2.INTER_LINEAR if scale < 1.6 else cv2.INTER_CUBIC
    return cv2.warpAffine(picture, matrix[:2], (width, height), flags=flags, borderMode=border)


def window_matrix(window, size, degrees=0.0, flip=False):
    """Maps the window (x0, y0, x1, y1), turned about its centre, onto a square of `size` pixels."""
    x0, y0, x1, y1 = window
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    move = np.array([[1, 0, -(x0 + x1) / 2], [0, 1, -(y0 + y1) / 2], [0, 0, 1]])
    sx, sy = size / (x1 - x0), size / (y1 - y0)
    fit = np.array([[-sx if flip else sx, 0, size / 2], [0, sy, size / 2], [0, 0, 1]])
    return fit @ turn @ move


def is_full_figure(box):
    return (box[3] - box[1]) > 1.9 * (box[2] - box[0])


def head_x(mask, box):
    """Mean x of the top 18 % of the mask: the position of the head."""
    y0, y1 = int(box[1]), int(box[1] + max(2, 0.18 * (box[3] - box[1])))
    columns = mask[y0:y1].astype(np.float32).sum(0)
    return float((columns * np.arange(len(columns))).sum() / max(columns.sum(), 1))


def head_window(mask, box, share, aspect=1.0, above=0.12, shift=0.0):
    """Head and shoulders: the upper `share` of the figure, with a margin above."""
    height = share * (box[3] - box[1]) * (1 + above)
    y0 = box[1] - above * height
    width, cx = height * aspect, head_x(mask, box) + shift * height
    return np.array([cx - width / 2, y0, cx + width / 2, y0 + height])


def clip_window(window, width, height, sides=(True, True, True, True)):
    x0, y0, x1, y1 = window
    left, top, right, bottom = sides
    return np.array([max(x0, 0) if left else x0, max(y0, 0) if top else y0,
                     min(x1, width) if right else x1, min(y1, height) if bottom else y1])


def random_window(rng, mask, box):
    """A window as the pipeline cuts it out, or closer: 40 % box with margin, 42 % head and shoulders, 18 % any part."""
    w, h = box[2] - box[0], box[3] - box[1]
    kind = rng.random()
    if kind < 0.40:
        m = rng.uniform(0, 0.5, 4) * rng.uniform(0.1, 1) * np.array([w, min(h, 2 * w), w, min(h, 2 * w)])
        window = box + m * np.array([-1, -1, 1, 1])
        if rng.random() < 0.3:  # cut through the body, so that clothes at the lower edge stay in the mask
            window[3] = box[1] + h * rng.uniform(0.45, 0.95)
    elif kind < 0.82:
        share = rng.uniform(0.2, 0.6) if is_full_figure(box) else rng.uniform(0.5, 1.05)
        window = head_window(mask, box, share, np.exp(rng.normal(0, 0.16)), rng.uniform(0.02, 0.35), rng.normal(0, 0.12))
    else:
        ch, cw = h * rng.uniform(0.3, 1.5), w * rng.uniform(0.4, 2.0)
        cx, cy = rng.uniform(box[0], box[2]), rng.uniform(box[1], box[3])
        window = np.array([cx - cw / 2, cy - ch / 2, cx + cw / 2, cy + ch / 2])
    return window


def jitter_colour(rng, rgb, strength=1.0):
    """Light, contrast and saturation in one colour matrix, then gamma from a table. uint8 in and out."""
    gain = np.exp(rng.normal(0, 0.14 * strength, 3)) * np.exp(rng.normal(0, 0.18 * strength))
    mean = float(rgb[::4, ::4].mean()) * gain.mean()
    contrast = np.exp(rng.normal(0, 0.22 * strength))
    saturation = 0.0 if rng.random() < 0.06 * strength else np.exp(rng.normal(0, 0.4 * strength))
    mix = saturation * np.eye(3) + (1 - saturation) / 3
    matrix = np.column_stack([contrast * mix * gain, np.full(3, (1 - contrast) * mean)])
    out = cv2.transform(rgb, matrix)
    if rng.random() < 0.3:
        table = 255 * (np.arange(256) / 255) ** np.exp(rng.normal(0, 0.3 * strength))
        out = cv2.LUT(out, table.astype(np.uint8))
    return out


def paste(rgb, figure, alpha):
    """`figure` over `rgb` in place of it, uint8."""
    a = alpha[..., None]
    return (rgb * (1 - a) + figure * a).astype(np.uint8)


def degrade(rng, rgb, coarse=False):
    """Blur, low resolution, noise, JPEG. uint8 in and out. With `coarse`, more pictures were tiny: a face of 40 pixels."""
    size = rgb.shape[1], rgb.shape[0]
    if rng.random() < 0.12:
        rgb = cv2.GaussianBlur(rgb, (0, 0), rng.uniform(0.4, 1.8))
    if rng.random() < (0.25 if coarse else 0.12):
        f = np.exp(rng.uniform(np.log(0.15), np.log(0.8))) if coarse else rng.uniform(0.3, 0.8)
        small = cv2.resize(rgb, None, fx=f, fy=f, interpolation=cv2.INTER_AREA)
        rgb = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.2:
        noise = rng.standard_normal(rgb.shape, np.float32) * np.float32(rng.uniform(2, 12))
        rgb = np.clip(rgb + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.2:
        _, code = cv2.imencode('.jpg', rgb, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 86))])
        rgb = cv2.imdecode(code, cv2.IMREAD_COLOR)
    return rgb


def random_rectangle(rng, rgb, labels=()):
    """A coloured board in front of the person: objects hide people, and a flat patch is not a person."""
    h, w = rgb.shape[:2]
    rw, rh = int(w * rng.uniform(0.06, 0.35)), int(h * rng.uniform(0.06, 0.35))
    x, y = int(rng.uniform(-rw / 2, w - rw / 2)), int(rng.uniform(-rh / 2, h - rh / 2))
    area = np.s_[max(y, 0):y + rh, max(x, 0):x + rw]
    rgb[area] = rng.uniform(0, 255, 3)
    for label in labels:
        label[area] = 0


def studio(rng, size):
    """A plain wall: two colours, a gradient between them, sometimes a vignette."""
    base = rng.uniform(0, 255, 3)
    ends = np.stack([base, np.clip(base + rng.normal(0, 30, 3) + rng.normal(0, 30), 0, 255)]).astype(np.float32)
    a = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size - 0.5
    t = np.clip(x * np.cos(a) + y * np.sin(a) + 0.5, 0, 1)[..., None]
    wall = ends[0] * (1 - t) + ends[1] * t
    if rng.random() < 0.3:
        wall *= (1 - rng.uniform(0.2, 0.8) * (x * x + y * y)[..., None])
    return np.clip(wall + rng.standard_normal((size, size, 1), np.float32) * rng.uniform(0, 4), 0, 255).astype(np.uint8)


def backdrop(rng, backgrounds, size):
    if rng.random() < 0.12:
        return studio(rng, size)
    rgb = backgrounds[rng.integers(len(backgrounds))].rgb
    h, w = rgb.shape[:2]
    ch, cw = h * rng.uniform(0.35, 1), w * rng.uniform(0.35, 1)
    x, y = rng.uniform(0, w - cw), rng.uniform(0, h - ch)
    out = warp(rgb, window_matrix((x, y, x + cw, y + ch), size, 0, rng.random() < 0.5), size)
    if rng.random() < 0.3:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.8, 5) * size / 256)
    return out


def soft_alpha(rng, mask):
    """Softens a hard mask to an edge of about a pixel, slightly inwards, so that no halo of the old background shows."""
    soft = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.4, 1.0)).astype(np.float32)
    return np.clip((soft - 40) / 200, 0, 1)


def open_sides(photo, box):
    """The sides of a window that must stay inside the photo when its cut-out is pasted: those that cut the body."""
    h, w = photo.mask.shape
    return box[0] < 3, box[1] < 3, box[2] > w - 3, box[3] > h - 3


def matting_picture(rng, photos, cutouts, backgrounds, size):
    """One training picture: rgb uint8, alpha float32 0..1, weight of its edges."""
    degrees = rng.normal(0, 5 if rng.random() < 0.9 else 45)
    flip = rng.random() < 0.5
    pasted = rng.random() < 0.5
    pool = cutouts if pasted else photos
    photo = pool[rng.integers(len(pool))]
    h, w = photo.mask.shape
    box = photo.person_box
    window = random_window(rng, photo.mask, box)

    if not pasted:
        window = clip_window(window, w, h)
        matrix = window_matrix(window, size, degrees if rng.random() < 0.6 else 0, flip)
        rgb = jitter_colour(rng, warp(photo.rgb, matrix, size))
        alpha = warp(photo.mask, matrix, size).astype(np.float32) / 255
    else:
        rgb = jitter_colour(rng, backdrop(rng, backgrounds, size))
        alpha = np.zeros((size, size), np.float32)
        if rng.random() < 0.2:  # a bystander behind, cut by the frame: background, as in the CCP masks
            other = cutouts[rng.integers(len(cutouts))]
            obox = other.person_box
            ow = random_window(rng, other.mask, obox)
            ow = ow + (ow[2] - ow[0]) * rng.choice([-1, 1]) * rng.uniform(0.45, 0.8) * np.array([1, 0, 1, 0])
            grow = rng.uniform(1, 1.8) * (ow[2:] - ow[:2])
            ow = np.concatenate([ow[2:] - grow, ow[2:]])
            m = window_matrix(clip_window(ow, other.mask.shape[1], other.mask.shape[0], (False, False, False, True)), size)
            behind = soft_alpha(rng, warp(other.mask, m, size, cv2.BORDER_CONSTANT))
            rgb = paste(rgb, jitter_colour(rng, warp(other.rgb, m, size)), behind)
        if rng.random() > 0.1:
            window = clip_window(window, w, h, open_sides(photo, box))
            # A turned window would show the end of the photo, so only a figure with a margin on all sides may turn.
            matrix = window_matrix(window, size, 0 if any(open_sides(photo, box)) else degrees, flip)
            alpha = soft_alpha(rng, warp(photo.mask, matrix, size, cv2.BORDER_CONSTANT))
            rgb = paste(rgb, jitter_colour(rng, warp(photo.rgb, matrix, size), 0.8), alpha)
    if rng.random() < 0.06:
        random_rectangle(rng, rgb, (alpha,))
    return degrade(rng, rgb, coarse=True), alpha, photo.edge
