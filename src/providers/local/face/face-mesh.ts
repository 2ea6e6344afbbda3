/** Indices into MediaPipe's 468 landmarks. Left and right are those of the picture. */
export const MESH = {
  forehead: 10,
  chin: 152,
  leftCheek: 234,
  rightCheek: 454,
  noseBase: 2,
  leftMouthCorner: 61,
  rightMouthCorner: 291,
  upperLipMiddle: 13,
  lowerLipMiddle: 14,
  leftEyeCorner: 33,
  rightEyeCorner: 263,
  upperLipTop: 0,
  lowerLipBottom: 17,
  upperInnerLip: [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308],
  lowerInnerLip: [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308],
  skin: [50, 280, 101, 330, 205, 425],
} as const;

/** Lines of an eye from left to right. The lids start and end at the corners. */
export interface EyeMesh {
  upperLid: readonly number[];
  lowerLid: readonly number[];
  crease: readonly number[];
  lowerBrow: readonly number[];
  upperBrow: readonly number[];
}

export const EYES: readonly EyeMesh[] = [
  {
    upperLid: [33, 246, 161, 160, 159, 158, 157, 173, 133],
    lowerLid: [33, 7, 163, 144, 145, 153, 154, 155, 133],
    crease: [130, 247, 30, 29, 27, 28, 56, 190, 243],
    lowerBrow: [46, 53, 52, 65, 55],
    upperBrow: [70, 63, 105, 66, 107],
  },
  {
    upperLid: [362, 398, 384, 385, 386, 387, 388, 466, 263],
    lowerLid: [362, 382, 381, 380, 374, 373, 390, 249, 263],
    crease: [463, 414, 286, 258, 257, 259, 260, 467, 359],
    lowerBrow: [285, 295, 282, 283, 276],
    upperBrow: [336, 296, 334, 293, 300],
  },
];
