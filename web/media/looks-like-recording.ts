const HEAD_BYTES = 12;
/** WAV, MP3 with tags, FLAC, OGG, WebM and Matroska. */
const STARTS = ['RIFF', 'ID3', 'fLaC', 'OggS', '\x1a\x45\xdf\xa3'];
/** The first box of MP4 and related formats. */
const BOXES = ['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip'];

/** Checks the first bytes of files that the browser can't decode. The server makes the final decision. */
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
