/** Pose of one frame. Values are 0 at rest and 1 at full effect, unless stated otherwise. */
export interface Pose {
  jaw: number;
  /** -1 round to 1 spread. */
  wide: number;
  thick: number;
  upperRaise: number;
  lowerDrop: number;
  /** How far parted lips of the photo are brought together. */
  close: number;
  press: number;
  /** Raised cheeks, with the folds beside the nose. */
  cheeks: number;
  brows: number;
  /** In radians: to the side, down, and around the line of sight. */
  yaw: number;
  pitch: number;
  roll: number;
  /** Share of a full breath. */
  breath: number;
  /** 1 is closed eyes. */
  blink: number;
}

export type MouthParameter =
  | 'jaw'
  | 'wide'
  | 'thick'
  | 'upperRaise'
  | 'lowerDrop'
  | 'close'
  | 'press'
  | 'cheeks';

export const REST: Readonly<Pose> = {
  jaw: 0,
  wide: 0,
  thick: 0,
  upperRaise: 0,
  lowerDrop: 0,
  close: 0,
  press: 0,
  cheeks: 0,
  brows: 0,
  yaw: 0,
  pitch: 0,
  roll: 0,
  breath: 0,
  blink: 0,
};

export const MOUTH_AT_REST: Readonly<Record<MouthParameter, number>> = {
  jaw: 0,
  wide: 0,
  thick: 0,
  upperRaise: 0,
  lowerDrop: 0,
  close: 0,
  press: 0,
  cheeks: 0,
};
