const SLOT_FOLDER = /\/\.scratch\/slot-[^/]+(\/(in|out|hidden))?$/;

/** Whether it is a folder that a running slot keeps in the scratch area. What lies in one while it does nothing is litter. */
export function isSlotFolder(path: string): boolean {
  return SLOT_FOLDER.test(path);
}
