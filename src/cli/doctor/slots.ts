import { findKernelConfinement } from '../../slots/kernel-confinement.ts';
import { type Check, fault, note, ok } from './finding.ts';

const ALWAYS = "Node's permission model and limits on memory, files and CPU time";
const NAMES = {
  bubblewrap: 'bubblewrap (no network, no other files or processes)',
  landlock: 'Landlock (no network, no other files)',
};

/** What confines the processes that decode files from strangers and draw frames. */
export const checkSlots: Check = async ({ config }) => {
  const { confinement: mode } = config.slots;
  if (mode === 'node') {
    return [
      note(
        `decoders are confined by ${ALWAYS} only, because SLOT_CONFINEMENT is node`,
        'SLOT_CONFINEMENT=auto npm start',
      ),
    ];
  }
  const found = findKernelConfinement();
  if (found.confinement) {
    return [ok(`decoders are confined by ${NAMES[found.confinement.name]}, ${ALWAYS}`)];
  }
  const fix = 'sudo apt-get install bubblewrap';
  return mode === 'required'
    ? [fault(`SLOT_CONFINEMENT is required, but the kernel cannot confine decoders: ${found.reason}`, fix)]
    : [note(`decoders are confined by ${ALWAYS} only; the kernel cannot: ${found.reason}`, fix)];
};
