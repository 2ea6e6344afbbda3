import { useObjectUrl } from '../../ui/hooks.ts';

export interface BackdropProps {
  background: string;
  photo: string | undefined;
  image: Blob | undefined;
}

/** The background behind the person. */
export function Backdrop({ background, photo, image }: BackdropProps) {
  const imageUrl = useObjectUrl(image);
  if (background.startsWith('#')) {
    return <div class="backdrop" style={{ background }} />;
  }
  if (background === 'transparent') {
    return <div class="backdrop" style={{ background: 'var(--checkers)' }} />;
  }
  const source = background === 'image' ? imageUrl : photo;
  return (
    <div class="backdrop">
      {source && <img class={background === 'blur' ? 'blurred' : ''} src={source} alt="" />}
    </div>
  );
}
