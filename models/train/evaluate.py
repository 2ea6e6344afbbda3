"""Measures the figures of `models/README.md` on the exported files, used as a caller would use them:
python evaluate.py --models .. --data people --faces faces --teacher-face face-rfb.onnx --teacher-mesh mesh.onnx"""
import argparse
import time
from pathlib import Path

import numpy as np

import measure
import train_detector
import train_face
from data import load_backgrounds, load_people
from detection import keep_best
from faces import load_faces
from matting_file import alpha_of, matting_input
from teachers import FaceFinder, Mesh, eye_distance, session
from train_landmarks import LIPS


def one_thread_ms(net, feed, runs=20):
    net.run(None, feed)
    times = []
    for _ in range(runs):
        start = time.process_time()
        net.run(None, feed)
        times.append(time.process_time() - start)
    return f'{np.median(times) * 1000:.1f} ms CPU on one thread'


def matting(path, photos, size):
    net = session(path)
    rows = {}
    for kind, group, rgb, mask in measure.crops(photos):
        a = alpha_of(net, rgb, size)
        for key in (kind, f'{kind} {group}'):
            rows.setdefault(key, []).append((measure.overlap(a, mask), np.abs(a - mask / 255.0).mean()))
    for key, values in rows.items():
        v = np.array(values)
        print(f'  {key}: {len(v)} crops, IoU {v[:, 0].mean():.3f} (median {np.median(v[:, 0]):.3f}), MAE {v[:, 1].mean():.3f}')
    print(f'  {size} px: {one_thread_ms(net, {net.get_inputs()[0].name: matting_input(rgb, size)})}')


def detector(path, photos, backgrounds):
    net = session(path)

    def find(rgb):
        picture, k, shift = train_detector.letterbox(rgb, 640)
        out = net.run(None, {'images': (picture.astype(np.float32) / 255).transpose(2, 0, 1)[None]})[0][0]
        boxes = np.concatenate([out[:2] - out[2:4] / 2, out[:2] + out[2:4] / 2]).T
        boxes, scores = keep_best(boxes, out[4])
        return np.clip((boxes - shift) / k, 0, [rgb.shape[1], rgb.shape[0]] * 2), scores

    f = train_detector.figures(find, photos, backgrounds)
    print(' ', train_detector.summary(f))
    for threshold in np.arange(0.2, 0.85, 0.05):
        print(f'  @{threshold:.2f} main {(f["main"] >= threshold).mean():.3f} alarms {(f["alarms"] >= threshold).mean():.3f} '
              f'F1 {train_detector.f1_at(f["rows"], threshold):.3f}')
    print(' ', one_thread_ms(net, {'images': np.zeros((1, 3, 640, 640), np.float32)}))


def face(path, teacher, people, portraits, backgrounds):
    finder = FaceFinder(path)
    val = [train_face.teach(teacher, p.id, p.rgb) for p in people]
    for name, f in (('teacher', teacher), ('ours', finder)):
        print(f'  {name}:', train_face.summary(train_face.figures(lambda rgb: f(rgb, 0.1), val, portraits, backgrounds)))
        print('   ', one_thread_ms(f.net, {'input': np.zeros((1, 3, 240, 320), np.float32)}))


def landmarks(path, teacher, faces, backgrounds):
    rng = np.random.default_rng(11)
    for name, mesh in (('teacher', teacher), ('ours', Mesh(path))):
        rows = {}
        for f in faces:
            first = mesh(f.rgb, f.box, 1)[0]
            points, logit, drift = mesh(f.rgb, f.box)
            eye = eye_distance(f.points)
            error = [np.linalg.norm((p - f.points)[:, :2], axis=1) / eye for p in (first, points)]
            lips = error[1][list(LIPS)].mean()
            for key in ('all', f.source):
                rows.setdefault(key, []).append((error[0].mean(), error[1].mean(), lips, logit, drift))
        for key, values in rows.items():
            v = np.array(values)
            print(f'  {name} {key}: {len(v)} faces, one pass {v[:, 0].mean():.4f}, three {v[:, 1].mean():.4f} (95 % of faces under '
                  f'{np.percentile(v[:, 1], 95):.4f}), lips {v[:, 2].mean():.4f}, logit {v[:, 3].mean():.1f} (over 10: '
                  f'{(v[:, 3] > 10).mean():.3f}), drift {v[:, 4].mean():.4f}')
        logits = []
        for p in backgrounds:
            h, w = p.rgb.shape[:2]
            for _ in range(4):
                side = min(h, w) * rng.uniform(0.3, 1)
                logits.append(mesh.on(p.rgb, rng.uniform(0.2, 0.8) * w, rng.uniform(0.2, 0.8) * h, side)[1])
        print(f'  {name} on {len(logits)} crops without a face: over 0 {(np.array(logits) > 0).mean():.3f}, over 10 '
              f'{(np.array(logits) > 10).mean():.3f}')
        print('   ', one_thread_ms(mesh.net, {mesh.input: np.zeros((1, 3, 192, 192), np.float32)}))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--models', type=Path, default=Path('..'))
    parser.add_argument('--data', required=True)
    parser.add_argument('--faces', required=True)
    parser.add_argument('--teacher-face', required=True)
    parser.add_argument('--teacher-mesh', required=True)
    parser.add_argument('--only', nargs='*', default=['matting', 'detector', 'face', 'landmarks'])
    args = parser.parse_args()

    people = load_people(args.data, ('val',), strict=False)
    backgrounds = load_backgrounds(args.data, held_out=True, strict=False)
    finder, mesh = FaceFinder(args.teacher_face), Mesh(args.teacher_mesh)
    if 'matting' in args.only:
        print('matting')
        matting(args.models / 'matting.onnx', people, 512)
    if 'detector' in args.only:
        print('person detector')
        detector(args.models / 'person-detector.onnx', people, backgrounds)
    if 'face' in args.only:
        print('face detector')
        face(args.models / 'face-detector.onnx', finder, people, train_face.load_portraits(args.faces, 'val', False), backgrounds)
    if 'landmarks' in args.only:
        print('landmarks')
        landmarks(args.models / 'face-landmarks.onnx', mesh, load_faces(args.faces, 'val', mesh, strict=False), backgrounds)


if __name__ == '__main__':
    main()
