"""Draws covers over the mouths of photos, and beards, lipstick and shadows, which are none.

There are too few licensed photos of covered mouths, so masks, scarves, hands, microphones, cups, phones and food are
drawn along the 468 points of a face, with fabric, skin and surfaces from other photos. A cover is drawn in front of the
mouth or only near it: what it hides decides the label.
"""
import cv2
import numpy as np

LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
CHIN = (61, 91, 17, 321, 291, 379, 378, 400, 377, 152, 148, 176, 149, 150)
JAW = (454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234)
NOSE, NOSE_BASE, CHIN_TIP, EYES = 6, 2, 152, (33, 263)
LIP_RING = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)

MASK, HAND, OBJECT = 1, 2, 3


class Frame:
    """Coordinates of a face: the origin is between the lips, one unit is the distance of the outer corners of the eyes."""

    def __init__(self, points):
        self.points = points[:, :2]
        across = self.points[EYES[1]] - self.points[EYES[0]]
        self.unit = max(float(np.linalg.norm(across)), 1.0)
        self.right = across / self.unit
        self.down = np.array([-self.right[1], self.right[0]])
        self.origin = self.points[[13, 14]].mean(0)

    def at(self, uv):
        uv = np.asarray(uv, np.float64) * self.unit
        return self.origin + uv[..., :1] * self.right + uv[..., 1:] * self.down

    def of(self, index):
        d = (self.points[list(index)] - self.origin) / self.unit
        return np.stack([d @ self.right, d @ self.down], -1)


def polygon(shape, corners, smooth=0.0):
    """Alpha of a polygon in pixels, 0..1. With `smooth`, its corners are cut twice (Chaikin)."""
    corners = np.asarray(corners, np.float64)
    for _ in range(2 if smooth else 0):
        ahead = np.roll(corners, -1, 0)
        corners = np.stack([corners * (1 - smooth) + ahead * smooth, corners * smooth + ahead * (1 - smooth)], 1).reshape(-1, 2)
    alpha = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(alpha, [np.round(corners * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return alpha.astype(np.float32) / 255


def ellipse(corners=24, rx=1.0, ry=1.0, centre=(0, 0), degrees=0.0, wobble=None):
    t = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    r = 1 if wobble is None else 1 + sum(a * np.cos((k + 2) * t + p) for k, (a, p) in enumerate(wobble))
    x, y = r * rx * np.cos(t), r * ry * np.sin(t)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.stack([x * c - y * s, x * s + y * c], -1) + centre


def capsule(a, b, radius, end=None):
    """A finger or a stick from a to b."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    d = (b - a) / max(np.linalg.norm(b - a), 1e-6)
    n = np.array([-d[1], d[0]])
    end = radius if end is None else end
    turn = np.linspace(-np.pi / 2, np.pi / 2, 9)
    tip = [b + end * (np.sin(t) * n + np.cos(t) * d) for t in turn]
    foot = [a + radius * (np.sin(-t) * n - np.cos(t) * d) for t in turn]
    return np.array(tip + foot)


def rectangle(centre, w, h, degrees=0.0, taper=1.0):
    x = np.array([[-w, -h], [w, -h], [w * taper, h], [-w * taper, h]]) / 2
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return x @ np.array([[c, s], [-s, c]]) + centre


class Painter:
    """Surfaces for covers, from photos other than the one that is covered."""

    def __init__(self, faces, photos, backgrounds):
        self.faces, self.photos, self.backgrounds = faces, [p for p in photos if p.mask is not None], backgrounds

    def plain(self, rng, shape, colour=None):
        """One colour with a soft light from one side and grain."""
        h, w = shape[:2]
        if colour is None:
            colour = cv2.cvtColor(np.uint8([[[rng.integers(180), rng.integers(20, 230) * rng.integers(2), rng.integers(15, 256)]]]),
                                  cv2.COLOR_HSV2RGB)[0, 0]
        a, k = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.5)
        y, x = np.mgrid[-1:1:h * 1j, -1:1:w * 1j]
        light = 1 + k * (x * np.cos(a) + y * np.sin(a))
        grain = rng.standard_normal((h, w), np.float32) * rng.uniform(0, 0.06)
        return np.clip(np.asarray(colour, np.float32) * (light + grain)[..., None], 0, 255).astype(np.float32)

    def photo(self, rng, shape, source=None):
        """Any part of a photo, stretched over the whole picture."""
        rgb = source if source is not None else self.backgrounds[rng.integers(len(self.backgrounds))].rgb
        h, w = rgb.shape[:2]
        k = rng.uniform(0.1, 0.5)
        ch, cw = max(8, int(k * h)), max(8, int(k * w))
        y, x = rng.integers(0, max(1, h - ch)), rng.integers(0, max(1, w - cw))
        part = cv2.resize(rgb[y:y + ch, x:x + cw], (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
        return np.clip(part.astype(np.float32) * np.exp(rng.normal(0, 0.25)), 0, 255)

    def cloth(self, rng, shape):
        """Fabric: clothes of somebody, repeated in a pattern at times."""
        p = self.photos[rng.integers(len(self.photos))]
        x0, y0, x1, y1 = p.person_box.astype(int)
        ys, xs = np.nonzero(p.mask[y0 + int(0.3 * (y1 - y0)):y0 + int(0.85 * (y1 - y0)), x0:x1] > 200)
        if len(ys) < 100:
            return self.plain(rng, shape)
        i = rng.integers(len(ys))
        cy, cx, r = ys[i] + y0 + int(0.3 * (y1 - y0)), xs[i] + x0, max(6, int((x1 - x0) * rng.uniform(0.06, 0.2)))
        part = p.rgb[max(0, cy - r):cy + r, max(0, cx - r):cx + r]
        if rng.random() < 0.5:
            n = int(rng.integers(2, 5))
            part = np.concatenate([np.concatenate([part, part[:, ::-1]], 1), np.concatenate([part, part[:, ::-1]], 1)[::-1]], 0)
            part = np.tile(part, (n, n, 1))
        return cv2.resize(part, (shape[1], shape[0]), interpolation=cv2.INTER_AREA).astype(np.float32)

    def skin(self, rng, shape):
        """The cheek or the forehead of another person."""
        face = self.faces[rng.integers(len(self.faces))]
        frame = Frame(face.points)
        at = frame.points[rng.choice([50, 280, 151, 205, 425])]
        r = max(3, int(0.14 * frame.unit))
        y, x = int(at[1]), int(at[0])
        part = face.rgb[max(0, y - r):y + r, max(0, x - r):x + r]
        if min(part.shape[:2]) < 3:
            return self.plain(rng, shape, (200, 150, 120))
        return cv2.resize(part, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC).astype(np.float32) * rng.uniform(0.75, 1.2)


def lay(rng, rgb, alpha, surface, round_px=0.0, shadow=True):
    """Puts a surface over the photo: darker towards its edges if it is round, with a shadow under it."""
    alpha = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.4, 1.0))
    if round_px > 0:
        depth = cv2.distanceTransform((alpha > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
        surface = surface * (rng.uniform(0.45, 0.8) + 0.55 * np.clip(depth / round_px, 0, 1) ** 0.6)[..., None]
    out = rgb.astype(np.float32)
    if shadow and rng.random() < 0.6:
        px = max(1.0, 0.04 * np.sqrt(alpha.sum()))
        shift = np.float32([[1, 0, rng.normal(0, px)], [0, 1, rng.normal(0, px)]])
        dark = cv2.GaussianBlur(cv2.warpAffine(alpha, shift, (rgb.shape[1], rgb.shape[0])), (0, 0), px)
        out = out * (1 - rng.uniform(0.1, 0.5) * dark[..., None])
    return np.clip(out * (1 - alpha[..., None]) + surface * alpha[..., None], 0, 255).astype(np.uint8), alpha


def shaded_by_face(rng, surface, rgb):
    """A tight mask keeps the light of the face under it."""
    grey = cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), max(rgb.shape) / 14)
    light = grey / max(np.median(grey), 1)
    return surface * (1 + rng.uniform(0, 0.8) * (np.clip(light, 0.4, 1.5) - 1))[..., None]


SURGICAL = ((150, 195, 225), (120, 175, 210), (235, 240, 245), (30, 30, 34), (165, 205, 190), (235, 190, 205), (70, 90, 120))


def mask(rng, rgb, frame, paint, kind=None):
    """A surgical or a cloth mask: from the nose along the cheeks to below the chin."""
    jaw = frame.of(JAW)
    top = rng.uniform(-0.75, -0.28) if rng.random() < 0.8 else rng.uniform(-0.2, max(-0.1, jaw[:, 1].max() - 0.25))
    margin, below = rng.uniform(0.9, 1.12), rng.uniform(0.0, 0.25)
    lower = jaw[jaw[:, 1] > top + 0.15] * [margin, 1] + [0, below]
    side = rng.uniform(0, 0.25)
    bridge = [[lower[-1][0], top + side], [-0.22, top + rng.uniform(0, 0.12)], [0, top - rng.uniform(0, 0.12)],
              [0.22, top + rng.uniform(0, 0.12)], [lower[0][0], top + side]]
    corners = np.concatenate([lower, bridge]) + rng.normal(0, 0.015, (len(lower) + 5, 2))
    if kind == 'box' or (kind is None and rng.random() < 0.3):  # flat, as worn loosely
        w, bottom = rng.uniform(0.95, 1.3), frame.of((CHIN_TIP,))[0, 1] + rng.uniform(0, 0.25)
        corners = [[-w / 2, top + side], [0, top], [w / 2, top + side], [0.42 * w, bottom], [0, bottom + rng.uniform(0, 0.15)],
                   [-0.42 * w, bottom]]
    alpha = polygon(rgb.shape, frame.at(corners), 0.25 if rng.random() < 0.6 else 0)
    what = rng.random()
    surface = paint.plain(rng, rgb.shape, np.array(SURGICAL[rng.integers(len(SURGICAL))]) * rng.uniform(0.7, 1.05)) if what < 0.45 \
        else paint.plain(rng, rgb.shape) if what < 0.6 else paint.cloth(rng, rgb.shape) if what < 0.9 else paint.photo(rng, rgb.shape)
    if rng.random() < 0.5:  # pleats
        for v in np.linspace(top + 0.2, 0.5, int(rng.integers(2, 5))) + rng.normal(0, 0.02):
            a, b = frame.at([[-0.8, v + rng.normal(0, 0.03)], [0.8, v + rng.normal(0, 0.03)]]).astype(int)
            line = np.zeros(rgb.shape[:2], np.float32)
            cv2.line(line, tuple(map(int, a)), tuple(map(int, b)), 1.0, max(1, int(0.02 * frame.unit)), cv2.LINE_AA)
            surface = surface * (1 - rng.uniform(0.1, 0.35) * cv2.GaussianBlur(line, (0, 0), 0.8)[..., None])
    if rng.random() < 0.7:
        surface = shaded_by_face(rng, surface, rgb)
    if rng.random() < 0.6:  # loops to the ears
        for s in (-1, 1):
            ends = frame.at([[s * 0.5, top + side], [s * rng.uniform(0.75, 0.95), top + rng.uniform(-0.25, 0.2)]]).astype(int)
            cv2.line(rgb, tuple(map(int, ends[0])), tuple(map(int, ends[1])), tuple(map(int, surface.mean((0, 1)))),
                     max(1, int(0.025 * frame.unit)), cv2.LINE_AA)
    return (*lay(rng, rgb, alpha, surface, rng.choice([0, 0.25]) * frame.unit), MASK)


def scarf(rng, rgb, frame, paint):
    """Fabric wound around neck and mouth, as wide as the picture."""
    top = rng.uniform(-0.45, -0.1) if rng.random() < 0.75 else rng.uniform(0.1, 0.9)
    u = np.linspace(-2.2, 2.2, 13)
    edge = np.stack([u, top + rng.uniform(-0.1, 0.35) * (u / 1.2) ** 2 + rng.normal(0, 0.03, 13) + rng.normal(0, 0.12) * u], -1)
    alpha = polygon(rgb.shape, frame.at(np.concatenate([edge, [[2.2, 4], [-2.2, 4]]])), 0.25)
    surface = paint.cloth(rng, rgb.shape) if rng.random() < 0.7 else paint.plain(rng, rgb.shape)
    for _ in range(int(rng.integers(0, 6))):  # folds
        v = top + rng.uniform(0.05, 1.2)
        fold = frame.at(np.stack([u, v + rng.normal(0, 0.25) * (u / 2) + 0.2 * (u / 1.5) ** 2], -1)).astype(np.int32)
        line = np.zeros(rgb.shape[:2], np.float32)
        cv2.polylines(line, [fold], False, 1.0, max(1, int(rng.uniform(0.02, 0.08) * frame.unit)), cv2.LINE_AA)
        surface = surface * (1 - rng.uniform(0.15, 0.5) * cv2.GaussianBlur(line, (0, 0), 0.03 * frame.unit + 0.5)[..., None])
    return (*lay(rng, rgb, alpha, np.clip(surface, 0, 255), 0.15 * frame.unit), MASK)


def hand(rng, rgb, frame, paint, kind=None):
    """Fingers side by side from below or from a side, at times with a palm."""
    skin = paint.skin(rng, rgb.shape)
    near = rng.random() < 0.25
    target = np.array([rng.normal(0, 0.14), rng.normal(0, 0.1)]) if not near else \
        np.array([rng.choice([-1, 1]) * rng.uniform(0.35, 0.8), rng.uniform(-0.2, 0.7)])
    angle = rng.choice([rng.normal(90, 25), rng.normal(20, 25), rng.normal(160, 25)])
    d = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])  # from the finger tips to the wrist
    n = np.array([-d[1], d[0]])
    radius = rng.uniform(0.075, 0.12)
    count = int(rng.integers(1, 6)) if kind is None else kind
    covered = np.zeros(rgb.shape[:2], np.float32)
    if count > 2 and rng.random() < 0.75 or rng.random() < 0.25:
        palm = target + d * rng.uniform(0.35, 0.7)
        a = polygon(rgb.shape, frame.at(ellipse(20, rng.uniform(0.3, 0.45), rng.uniform(0.3, 0.5), palm, angle,
                                                [(rng.normal(0, 0.05), rng.uniform(0, 6)) for _ in range(3)])), 0.25)
        rgb, a = lay(rng, rgb, a, skin, 0.2 * frame.unit)
        wrist = polygon(rgb.shape, frame.at(capsule(palm + d * 2.5, palm, rng.uniform(0.22, 0.32))))
        sleeve = paint.cloth(rng, rgb.shape) if rng.random() < 0.3 else skin
        rgb, b = lay(rng, rgb, wrist, sleeve, 0.2 * frame.unit)
        covered = np.maximum(covered, np.maximum(a, b))
    bend = rng.normal(0, 0.12)
    for k in rng.permutation(count):
        side = (k - (count - 1) / 2) * 2 * radius * rng.uniform(0.9, 1.05)
        tip = target + n * side - d * (rng.uniform(0.05, 0.3) + 0.06 * (count > 2) * (1 - abs(k - 1.5)))
        foot = target + n * (side * rng.uniform(0.8, 1.1) + bend) + d * rng.uniform(0.55, 1.0)
        a = polygon(rgb.shape, frame.at(capsule(foot, tip, radius, radius * rng.uniform(0.7, 0.95))))
        rgb, a = lay(rng, rgb, a, skin * rng.uniform(0.93, 1.07), radius * frame.unit)
        covered = np.maximum(covered, a)
        if rng.random() < 0.45:  # a nail
            nail = polygon(rgb.shape, frame.at(ellipse(12, 0.6 * radius, 0.75 * radius, tip - d * 0.1 * radius, angle - 90)))
            colour = np.clip(skin.mean((0, 1)) * 1.1 + [10, 0, 5], 0, 255) if rng.random() < 0.6 else rng.uniform(20, 240, 3)
            rgb, _ = lay(rng, rgb, nail * a, paint.plain(rng, rgb.shape, colour), 0, False)
        for share in (0.35, 0.65):  # creases of the joints
            if rng.random() < 0.5:
                c = tip + (foot - tip) * share
                ends = frame.at([c - n * 0.7 * radius, c + n * 0.7 * radius]).astype(int)
                line = np.zeros(rgb.shape[:2], np.float32)
                cv2.line(line, tuple(map(int, ends[0])), tuple(map(int, ends[1])), 1.0, 1, cv2.LINE_AA)
                rgb = np.clip(rgb * (1 - 0.3 * (cv2.GaussianBlur(line, (0, 0), 0.7) * a)[..., None]), 0, 255).astype(np.uint8)
    return rgb, covered, HAND


def beside(rng):
    """A place in front of the mouth, or near it."""
    if rng.random() < 0.7:
        return np.array([rng.normal(0, 0.12), rng.normal(0.03, 0.1)])
    a = rng.uniform(0, np.pi)
    return np.array([np.cos(a) * rng.uniform(0.6, 1.0), 0.05 + np.sin(a) * rng.uniform(0.6, 1.1)])


def microphone(rng, rgb, frame, paint):
    head, r = beside(rng), rng.uniform(0.17, 0.36)
    to = head + np.array([rng.normal(0, 0.5), rng.uniform(0.8, 2)])
    stick = polygon(rgb.shape, frame.at(capsule(to, head, r * rng.uniform(0.3, 0.65))))
    rgb, a = lay(rng, rgb, stick, paint.plain(rng, rgb.shape, np.full(3, rng.uniform(10, 90))), 0.1 * frame.unit)
    shape = polygon(rgb.shape, frame.at(ellipse(24, r, r * rng.uniform(0.9, 1.3), head, rng.uniform(-30, 30))))
    colour = np.full(3, rng.uniform(12, 150)) if rng.random() < 0.8 else rng.uniform(20, 230, 3)
    ball = paint.plain(rng, rgb.shape, colour)
    if rng.random() < 0.7:  # a grille
        y, x = np.mgrid[0:rgb.shape[0], 0:rgb.shape[1]]
        step = max(2.0, frame.unit * rng.uniform(0.02, 0.05))
        ball = ball * (1 + rng.uniform(0.15, 0.5) * np.sin(2 * np.pi * (x + y) / step) * np.sin(2 * np.pi * (x - y) / step))[..., None]
    if rng.random() < 0.5:
        spot = frame.at(head + [-0.4 * r, -0.4 * r])
        glow = np.exp(-((np.mgrid[0:rgb.shape[0], 0:rgb.shape[1]][::-1].transpose(1, 2, 0) - spot) ** 2).sum(2) / (0.3 * r * frame.unit) ** 2)
        ball = ball + rng.uniform(30, 120) * glow[..., None]
    rgb, b = lay(rng, rgb, shape, np.clip(ball, 0, 255), r * frame.unit * rng.uniform(0.3, 1))
    return rgb, np.maximum(a, b), OBJECT


def cup(rng, rgb, frame, paint):
    centre, w, h = beside(rng), rng.uniform(0.45, 0.95), rng.uniform(0.5, 1.1)
    centre = centre + [0, h * rng.uniform(0.2, 0.5)]
    turn, taper = rng.normal(0, 12), rng.uniform(0.65, 1.05)
    what = rng.random()
    surface = paint.plain(rng, rgb.shape) if what < 0.5 else paint.plain(rng, rgb.shape, np.full(3, rng.uniform(180, 250))) \
        if what < 0.75 else paint.photo(rng, rgb.shape)
    alpha = polygon(rgb.shape, frame.at(rectangle(centre, w, h, turn, taper)), 0.08)
    rgb, a = lay(rng, rgb, alpha, surface, 0.3 * w * frame.unit)
    top = centre - np.array([-np.sin(np.radians(turn)), np.cos(np.radians(turn))]) * h / 2
    rim = polygon(rgb.shape, frame.at(ellipse(20, w / 2, w * rng.uniform(0.06, 0.2), top, turn)))
    rgb, b = lay(rng, rgb, rim, surface * rng.uniform(0.4, 1.2), 0, False)
    return with_fingers(rng, rgb, np.maximum(a, b), frame, paint, centre, w)


def with_fingers(rng, rgb, covered, frame, paint, centre, w):
    """The hand that holds an object, at times."""
    if rng.random() < 0.5:
        skin, s = paint.skin(rng, rgb.shape), rng.choice([-1, 1])
        for k in range(int(rng.integers(1, 5))):
            tip = centre + np.array([s * w * rng.uniform(-0.1, 0.3), -0.1 + 0.17 * k])
            a = polygon(rgb.shape, frame.at(capsule(tip + [s * (w / 2 + 0.4), rng.normal(0.1, 0.1)], tip, 0.085)))
            rgb, a = lay(rng, rgb, a, skin, 0.09 * frame.unit)
            covered = np.maximum(covered, a)
    return rgb, covered, OBJECT


def phone(rng, rgb, frame, paint):
    centre, w = beside(rng), rng.uniform(0.5, 0.75)
    h = w * rng.uniform(1.7, 2.2)
    turn = rng.choice([rng.normal(0, 15), rng.normal(90, 15)])
    surface = paint.plain(rng, rgb.shape, np.full(3, rng.uniform(5, 70))) if rng.random() < 0.5 else paint.plain(rng, rgb.shape)
    alpha = polygon(rgb.shape, frame.at(rectangle(centre + [0, rng.uniform(-0.1, 0.5)], w, h, turn)), 0.1)
    rgb, a = lay(rng, rgb, alpha, surface, rng.choice([0, 0.05]) * frame.unit)
    return with_fingers(rng, rgb, a, frame, paint, centre, w)


def food(rng, rgb, frame, paint):
    centre = beside(rng) + [rng.normal(0, 0.15), rng.uniform(0, 0.15)]
    rx, ry = rng.uniform(0.22, 0.6), rng.uniform(0.18, 0.45)
    wobble = [(rng.normal(0, 0.06), rng.uniform(0, 6)) for _ in range(5)]
    alpha = polygon(rgb.shape, frame.at(ellipse(30, rx, ry, centre, rng.uniform(-60, 60), wobble)), 0.2)
    surface = paint.photo(rng, rgb.shape)
    if rng.random() < 0.7:
        surface = 0.5 * surface + 0.5 * np.array([rng.uniform(120, 240), rng.uniform(60, 180), rng.uniform(10, 110)])
    rgb, a = lay(rng, rgb, alpha, np.clip(surface, 0, 255), min(rx, ry) * frame.unit * rng.uniform(0, 1))
    return with_fingers(rng, rgb, a, frame, paint, centre, rx)


def thing(rng, rgb, frame, paint):
    """Something of no known shape, with any surface."""
    centre = beside(rng)
    wobble = [(rng.normal(0, 0.13), rng.uniform(0, 6)) for _ in range(4)]
    corners = ellipse(30, rng.uniform(0.25, 0.8), rng.uniform(0.22, 0.7), centre, rng.uniform(0, 180), wobble)
    alpha = polygon(rgb.shape, frame.at(corners), 0.2)
    surface = (paint.photo, paint.cloth, paint.plain)[rng.integers(3)](rng, rgb.shape)
    return (*lay(rng, rgb, alpha, surface, rng.choice([0, 0.3]) * frame.unit), OBJECT)


# Kinds that are never trained on: they measure what the network makes of covers that it does not know.

def bandana(rng, rgb, frame, paint):
    """A patterned triangle over nose and mouth."""
    top = rng.uniform(-0.5, -0.25)
    alpha = polygon(rgb.shape, frame.at([[-0.85, top], [0, top - 0.08], [0.85, top], [0.3, 1.1], [0, rng.uniform(1.3, 1.8)], [-0.3, 1.1]]), 0.08)
    surface = paint.plain(rng, rgb.shape)
    y, x = np.mgrid[0:rgb.shape[0], 0:rgb.shape[1]] / frame.unit
    dots = (np.sin(x * 28) * np.sin(y * 28) > 0.55)[..., None]
    return (*lay(rng, rgb, alpha, np.where(dots, 255 - surface, surface).astype(np.float32), 0.2 * frame.unit), MASK)


def respirator(rng, rgb, frame, paint):
    """A white cup over nose and mouth, with a seam and at times a valve."""
    centre = [rng.normal(0, 0.03), rng.uniform(-0.05, 0.1)]
    alpha = polygon(rgb.shape, frame.at(ellipse(24, rng.uniform(0.42, 0.55), rng.uniform(0.5, 0.62), centre)))
    surface = paint.plain(rng, rgb.shape, np.full(3, rng.uniform(190, 250)))
    rgb, a = lay(rng, rgb, alpha, surface, 0.5 * frame.unit)
    ends = frame.at([[0, -0.55], [0, 0.6]]).astype(int)
    cv2.line(rgb, tuple(map(int, ends[0])), tuple(map(int, ends[1])), (150, 150, 150), 1, cv2.LINE_AA)
    if rng.random() < 0.5:
        valve = polygon(rgb.shape, frame.at(ellipse(16, 0.13, 0.13, [0.15, 0.1])))
        rgb, _ = lay(rng, rgb, valve, paint.plain(rng, rgb.shape, np.full(3, 130)), 0.1 * frame.unit)
    return rgb, a, MASK


def book(rng, rgb, frame, paint):
    alpha = polygon(rgb.shape, frame.at(rectangle([rng.normal(0, 0.1), rng.uniform(0.6, 0.9)], rng.uniform(1.2, 2), rng.uniform(1.4, 2), rng.normal(0, 6))))
    return (*lay(rng, rgb, alpha, paint.photo(rng, rgb.shape), 0), OBJECT)


def flower(rng, rgb, frame, paint):
    centre, colour, covered = np.array([rng.normal(0, 0.1), rng.normal(0.05, 0.08)]), rng.uniform(40, 255, 3), np.zeros(rgb.shape[:2], np.float32)
    for t in np.linspace(0, 2 * np.pi, int(rng.integers(6, 13)), endpoint=False):
        d = np.array([np.cos(t), np.sin(t)])
        a = polygon(rgb.shape, frame.at(ellipse(14, 0.2, 0.09, centre + 0.24 * d, np.degrees(t))))
        rgb, a = lay(rng, rgb, a, paint.plain(rng, rgb.shape, colour), 0.07 * frame.unit, False)
        covered = np.maximum(covered, a)
    a = polygon(rgb.shape, frame.at(ellipse(16, 0.15, 0.15, centre)))
    rgb, a = lay(rng, rgb, a, paint.plain(rng, rgb.shape, (90, 60, 30)), 0.1 * frame.unit)
    return rgb, np.maximum(covered, a), OBJECT


def two_hands(rng, rgb, frame, paint):
    """Both hands before the mouth, as in surprise."""
    state, covered = rng.bit_generator.state, np.zeros(rgb.shape[:2], np.float32)
    for s in (-1, 1):
        rng.bit_generator.state = state  # the same skin
        skin = paint.skin(rng, rgb.shape)
        for k in range(4):
            tip = np.array([s * 0.06, -0.25 + 0.17 * k])
            a = polygon(rgb.shape, frame.at(capsule(tip + [s * 0.9, 0.55], tip, 0.09, 0.07)))
            rgb, a = lay(rng, rgb, a, skin, 0.09 * frame.unit)
            covered = np.maximum(covered, a)
    return rgb, covered, HAND


TRAINED = (mask, mask, mask, scarf, hand, hand, hand, microphone, microphone, cup, phone, food, thing)
HELD_OUT = (bandana, respirator, book, flower, two_hands)


# What is no cover.

def beard(rng, rgb, frame, paint=None):
    """Short or long hair around the mouth, or only above it; the lips stay visible."""
    jaw, lips = frame.of(JAW), frame.of(LIPS)
    part = np.zeros(rgb.shape[:2], np.float32)
    full = rng.random()
    if full < 0.6:
        lower = jaw[jaw[:, 1] > rng.uniform(-0.5, 0.1)] * [1.0, 1] + [0, 1]
        lower = lower - [0, 1] + [0, rng.uniform(0, 0.05)] + np.outer(np.clip(jaw[jaw[:, 1] > -9][:len(lower), 1], 0, 1), [0, rng.uniform(0, 0.4)])[:len(lower)]
        part = polygon(rgb.shape, frame.at(np.concatenate([lower, [[-0.45, 0.0], [-0.2, -0.12], [0.2, -0.12], [0.45, 0.0]]])), 0.2)
    if full > 0.3:
        part = np.maximum(part, polygon(rgb.shape, frame.at([[-0.36, 0.08], [-0.28, -0.12], [0, -0.2], [0.28, -0.12], [0.36, 0.08], [0, -0.05]]), 0.2))
        if rng.random() < 0.6:
            part = np.maximum(part, polygon(rgb.shape, frame.at(ellipse(16, rng.uniform(0.12, 0.3), 0.3, (0, 0.42)))))
    part = part * (1 - polygon(rgb.shape, frame.at(lips * [1.0, rng.uniform(0.75, 1.05)]), 0.2))
    part = cv2.GaussianBlur(part, (0, 0), rng.uniform(0.02, 0.06) * frame.unit)
    colours = ((25, 20, 18), (50, 35, 25), (95, 65, 40), (140, 90, 50), (150, 145, 140), (210, 205, 200))
    strands = rng.standard_normal(rgb.shape[:2], np.float32)
    length = max(2, int(0.06 * frame.unit))
    strands = cv2.warpAffine(cv2.blur(strands, (1, length)) * np.sqrt(length), np.float32([[1, rng.normal(0, 0.3), 0], [0, 1, 0]]), (rgb.shape[1], rgb.shape[0]),
                             borderMode=cv2.BORDER_REFLECT)
    density = rng.uniform(0.35, 1.0)
    alpha = np.clip(part * density * (1 + 0.5 * strands), 0, 0.97)[..., None]
    hair = np.array(colours[rng.integers(len(colours))], np.float32) * np.clip(1 + 0.3 * strands, 0.3, 2)[..., None]
    light = np.clip(rgb.mean(2, keepdims=True) / max(rgb.mean(), 1), 0.5, 1.4)
    return np.clip(rgb * (1 - alpha) + hair * light * alpha, 0, 255).astype(np.uint8)


def lipstick(rng, rgb, frame, paint=None):
    lips = polygon(rgb.shape, frame.at(frame.of(LIPS)), 0.1) * (1 - polygon(rgb.shape, frame.at(frame.of(LIP_RING))))
    colour = np.array([(200, 20, 40), (120, 10, 40), (230, 90, 120), (40, 10, 30), (90, 20, 110), (190, 110, 90)][rng.integers(6)], np.float32)
    alpha = (cv2.GaussianBlur(lips, (0, 0), 0.8) * rng.uniform(0.4, 0.9))[..., None]
    return np.clip(rgb * (1 - alpha) + colour * (0.5 + rgb.mean(2, keepdims=True) / 255) * alpha, 0, 255).astype(np.uint8)


def shadow(rng, rgb, frame, paint=None):
    """A hard or soft shadow over a part of the face."""
    a, at = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.35, 2)
    d, n = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
    alpha = polygon(rgb.shape, frame.at([at + 4 * n, at - 4 * n, at - 4 * n + 5 * d, at + 4 * n + 5 * d]))
    alpha = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.01, 0.3) * frame.unit + 0.3)
    return np.clip(rgb * (1 - rng.uniform(0.3, 0.8) * alpha[..., None]), 0, 255).astype(np.uint8)


def dark_skin(rng, rgb, frame, paint=None):
    """The licensed photos show too few people with dark skin."""
    tone = np.array([rng.uniform(0.4, 0.8), rng.uniform(0.32, 0.7), rng.uniform(0.28, 0.65)], np.float32)
    return np.clip(rgb * tone, 0, 255).astype(np.uint8)


NO_COVERS = (beard, beard, beard, lipstick, shadow, dark_skin)


def hidden(alpha, frame):
    """Shares of the lips and of the chin that are hidden."""
    shares = []
    for index in (LIPS, CHIN):
        part = polygon(alpha.shape, frame.at(frame.of(index)))
        shares.append(float((part * alpha).sum() / max(part.sum(), 1)))
    return shares


def is_covered(alpha, frame):
    """True or False, or None where people would not agree."""
    lips, chin = hidden(alpha, frame)
    if lips >= 0.2 or chin >= 0.6:
        return True
    return False if lips <= 0.03 and chin <= 0.2 else None
