"""What people do in Python: `worker.py detect|cutout MODEL THREADS`. A line of JSON in, a line of JSON out, for each photo.
Times are from the bytes of a JPEG to boxes, or to the bytes of a PNG."""
import io
import json
import os
import resource
import sys
import time

kind, model, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.environ['OMP_NUM_THREADS'] = str(threads)


def open_session(create=None):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return (create or onnxruntime.InferenceSession)(model, options, providers=['CPUExecutionProvider'])


def detector():
    """Ultralytics' own predictor over the ONNX file."""
    import cv2
    import numpy as np
    import onnxruntime
    from ultralytics import YOLO

    # Ultralytics has no setting for the threads.
    create = onnxruntime.InferenceSession
    onnxruntime.InferenceSession = lambda *_, **__: open_session(create)
    yolo = YOLO(model, task='detect')

    def detect(jpeg, _):
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        found = yolo.predict(picture, imgsz=640, conf=0.5, iou=0.7, classes=[0], device='cpu', verbose=False)[0].boxes
        return {'boxes': found.xyxy.tolist(), 'scores': found.conf.tolist()}

    return detect


def cutout():
    """As rembg does it: Lanczos down and up, a composite on nothing, PNG as Pillow writes it."""
    import numpy as np
    from PIL import Image

    session = open_session()
    name = session.get_inputs()[0].name
    height, width = session.get_inputs()[0].shape[2:]

    def cut(jpeg, out):
        photo = Image.open(io.BytesIO(jpeg)).convert('RGB')
        small = np.asarray(photo.resize((width, height), Image.Resampling.LANCZOS)).astype(np.float32) / 255
        alpha = session.run(None, {name: small.transpose(2, 0, 1)[None]})[0][0, 0]
        mask = Image.fromarray((alpha.clip(0, 1) * 255).astype('uint8'))
        mask = mask.resize(photo.size, Image.Resampling.LANCZOS)
        cut_out = Image.composite(photo, Image.new('RGBA', photo.size, 0), mask)
        png = io.BytesIO()
        cut_out.save(png, 'PNG')
        return png.getvalue()

    return cut


work = {'detect': detector, 'cutout': cutout}[kind]()
print(json.dumps({'ready': True}), flush=True)
for line in sys.stdin:
    order = json.loads(line)
    with open(order['photo'], 'rb') as file:
        jpeg = file.read()
    start = time.perf_counter()
    result = work(jpeg, order.get('out'))
    answer = {'ms': (time.perf_counter() - start) * 1000}
    if isinstance(result, bytes):
        with open(order['out'], 'wb') as file:
            file.write(result)
    else:
        answer.update(result)
    answer['peakMb'] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(answer), flush=True)
