const HEAD_BYTES = 12;
/** WAV, MP3 with tags, FLAC, OGG, WebM and Matroska. */
const STARTS = ['RIFF', 'ID3', 'fLaC', 'OggS', '\x1a\x45\xdf\xa3'];
/** MP4 and its kin: the first box. */
const BOXES = ['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip'];

/** By its first bytes. The server has the last word: this is for what the browser could not decode either. */
export async function looksLikeRecording(file: Blob): Promise<boolean> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const text = String.fromCharCode(...head);
  const isMpegFrame = head[0] === 0xff && (head[1]! & 0xe0) === 0xe0;
  return (
    isMpegFrame ||
    STARTS.some((start) => text.startsWith(start)) ||
    BOXES.some((box) => text.startsWith(box, 4))
  );
}
