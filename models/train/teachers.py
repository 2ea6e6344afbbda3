"""The two public face models that make pseudo-labels: UltraFace RFB-320 (MIT) and the 468-point mesh (Apache-2.0)."""
import cv2
import numpy as np
import onnxruntime as ort

CROP = 192  # the side of the mesh's input


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])


def suppress(boxes, scores, overlap=0.4):
    """Greedy non-maximum suppression; the kept indices, best first."""
    kept, order = [], np.argsort(-scores)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    while len(order):
        i, order = order[0], order[1:]
        kept.append(i)
        wh = np.minimum(boxes[i, 2:], boxes[order, 2:]) - np.maximum(boxes[i, :2], boxes[order, :2])
        inter = np.clip(wh, 0, None).prod(1)
        order = order[inter / (area[i] + area[order] - inter) < overlap]
    return kept


class FaceFinder:
    def __init__(self, path):
        self.net = session(path)

    def __call__(self, rgb, threshold=0.7):
        """Boxes in pixels and scores."""
        h, w = rgb.shape[:2]
        x = cv2.resize(rgb, (320, 240), interpolation=cv2.INTER_AREA if w > 320 else cv2.INTER_LINEAR)
        x = ((x.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None]
        scores, boxes = self.net.run(None, {self.net.get_inputs()[0].name: x})
        keep = scores[0, :, 1] > threshold
        scores, boxes = scores[0, keep, 1], boxes[0, keep] * np.array([w, h, w, h])
        kept = suppress(boxes, scores)
        return boxes[kept].reshape(-1, 4), scores[kept]


def crop_matrix(cx, cy, side, degrees=0.0, flip=False, size=CROP):
    """Maps photo pixels to a square crop of `side` photo pixels around (cx, cy), turned upright by `degrees`."""
    a, k = np.radians(degrees), size / side
    c, s = np.cos(a), np.sin(a)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) * np.array([[k], [k], [1]])
    move = np.array([[1, 0, -cx], [0, 1, -cy], [0, 0, 1]])
    mirror = np.array([[-1.0 if flip else 1.0, 0, size / 2], [0, 1, size / 2], [0, 0, 1]])
    return mirror @ turn @ move


def transform(points, matrix):
    """Transforms x and y by the matrix, and z, if present, by its scale."""
    out = points.copy()
    out[:, :2] = points[:, :2] @ matrix[:2, :2].T + matrix[:2, 2]
    if points.shape[1] == 3:
        out[:, 2] *= np.sqrt(abs(np.linalg.det(matrix[:2, :2])))
    return out


class Mesh:
    """The teacher, or a student of the same contract."""

    def __init__(self, path):
        self.net = session(path)
        self.input = self.net.get_inputs()[0].name

    def raw(self, crop):
        """A 192 x 192 uint8 crop to 468 x 3 points in crop pixels, and the logit."""
        x = crop.astype(np.float32).transpose(2, 0, 1)[None] / 255
        points, logit = self.net.run(None, {self.input: x})[:2]
        return points.reshape(468, 3), float(logit.reshape(-1)[0])

    def on(self, rgb, cx, cy, side, degrees=0.0):
        m = crop_matrix(cx, cy, side, degrees)
        flags = cv2.INTER_AREA if side > 2 * CROP else cv2.INTER_LINEAR
        points, logit = self.raw(cv2.warpAffine(rgb, m[:2], (CROP, CROP), flags=flags))
        return transform(points, np.linalg.inv(m)), logit

    def __call__(self, rgb, box, passes=3):
        """Points in photo pixels, logit of the last pass, drift between the last two in outer-eye distances."""
        x0, y0, x1, y1 = box
        points, logit = self.on(rgb, (x0 + x1) / 2, (y0 + y1) / 2, 1.5 * max(x1 - x0, y1 - y0))
        drift = 1.0
        for _ in range(passes - 1):
            before = points
            points, logit = self.on(rgb, *placement(points))
            drift = np.linalg.norm((points - before)[:, :2], axis=1).mean() / eye_distance(points)
        return points, logit, drift


def eye_distance(points):
    return max(float(np.linalg.norm(points[33, :2] - points[263, :2])), 1e-3)


def placement(points):
    """Centre, side and roll of the next crop: 1.5 times the extent of the mesh, upright by the eye line."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    d = points[263, :2] - points[33, :2]
    return (*(low + high) / 2, 1.5 * max(high - low), np.degrees(np.arctan2(d[1], d[0])))
