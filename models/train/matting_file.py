"""Runs an exported matting file as a caller would run it."""
import cv2
import numpy as np

from nets import IMAGENET_MEAN, IMAGENET_STD


def matting_input(rgb, size):
    """The input for a picture: [1,3,size,size], stretched to a square."""
    inter = cv2.INTER_AREA if max(rgb.shape[:2]) > size else cv2.INTER_LINEAR
    x = cv2.resize(rgb, (size, size), interpolation=inter).astype(np.float32) / 255
    return ((x - np.array(IMAGENET_MEAN)) / np.array(IMAGENET_STD)).astype(np.float32).transpose(2, 0, 1)[None]


def alpha_of(net, rgb, size=512):
    """The alpha, 0..1, in the size of the picture."""
    a = net.run(None, {net.get_inputs()[0].name: matting_input(rgb, size)})[0][0, 0]
    return cv2.resize(a, rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)
