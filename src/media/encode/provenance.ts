/** UUID of the MP4 box for XMP (ISO/IEC 14496-12; Adobe, "XMP Specification Part 3", MPEG-4). */
const XMP_UUID = 'be7acfcb97a942e89c71999491e3afac';
/** IPTC's term for media changed by a trained algorithm, also used in C2PA's actions. */
const SOURCE_TYPE = 'http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia';

const DESCRIPTION = 'AI-generated: a photo made to speak by a machine.';

const XMP = `<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmp:CreatorTool="Limelight"
    Iptc4xmpExt:DigitalSourceType="${SOURCE_TYPE}">
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">${DESCRIPTION}</rdf:li></rdf:Alt></dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>`;

/**
 * A box to append to an MP4, which declares in XMP that the video is AI-generated. It is not signed, so it proves
 * nothing.
 */
export function provenanceBox(): Buffer {
  const xmp = Buffer.from(XMP, 'utf8');
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + XMP_UUID.length / 2 + xmp.length);
  head.write('uuid', 4, 'latin1');
  return Buffer.concat([head, Buffer.from(XMP_UUID, 'hex'), xmp]);
}

/** The same as tags of a WebM, which cannot contain XMP. */
export function describeProvenance(): { comment: string; raw: Record<string, string> } {
  return { comment: DESCRIPTION, raw: { DIGITAL_SOURCE_TYPE: SOURCE_TYPE, ENCODED_BY: 'Limelight' } };
}
