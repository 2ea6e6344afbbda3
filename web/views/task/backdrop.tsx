import { useEffect, useRef } from 'preact/hooks';
import { blurBehind } from '../../media/blur-behind.ts';
import { useObjectUrl } from '../../ui/hooks.ts';

export interface BackdropProps {
  background: string;
  photo: string | undefined;
  cutout: string | undefined;
  image: Blob | undefined;
}

/** The background behind the person, as the server draws it. */
export function Backdrop({ background, photo, cutout, image }: BackdropProps) {
  const imageUrl = useObjectUrl(image);
  if (background.startsWith('#')) {
    return <div class="backdrop" style={{ background }} />;
  }
  if (background === 'transparent') {
    return <div class="backdrop" style={{ background: 'var(--checkers)' }} />;
  }
  if (background === 'blur') {
    return <div class="backdrop">{photo && cutout && <Blurred photo={photo} cutout={cutout} />}</div>;
  }
  const source = background === 'image' ? imageUrl : photo;
  return <div class="backdrop">{source && <img src={source} alt="" />}</div>;
}

function Blurred({ photo, cutout }: { photo: string; cutout: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let isOn = true;
    const draw = async () => {
      const [behind, person] = await Promise.all([load(photo), load(cutout)]);
      if (!isOn || !canvas.current) return;
      const blurred = blurBehind(behind, person);
      canvas.current.width = blurred.width;
      canvas.current.height = blurred.height;
      canvas.current.getContext('2d')!.drawImage(blurred, 0, 0);
    };
    // Without the files there is nothing to show, and the pictures on top of it show that.
    draw().catch(() => undefined);
    return () => {
      isOn = false;
    };
  }, [photo, cutout]);
  return <canvas ref={canvas} />;
}

async function load(url: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}
