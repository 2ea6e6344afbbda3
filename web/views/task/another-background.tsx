import { useState } from 'preact/hooks';
import type { SavedSubmission } from '../../state/saved-submissions.ts';
import { submitAgain } from '../../state/submit-again.ts';
import { useTaskFile } from '../../state/task-file.ts';
import type { Task } from '../../state/tasks.ts';
import { strings } from '../../strings/strings.ts';
import { BackgroundChooser } from '../../ui/background-chooser.tsx';
import { useObjectUrl } from '../../ui/hooks.ts';
import { Backdrop } from './backdrop.tsx';

/** Other backgrounds behind the real cutout, drawn by the browser without any work on the server. */
export function AnotherBackground({ task, kept }: { task: Task; kept: SavedSubmission | undefined }) {
  const t = strings.value.task;
  const cutout = useTaskFile(task.id, 'cutout');
  const serverPhoto = useTaskFile(task.id, 'photo');
  const keptPhoto = useObjectUrl(kept?.shownPhoto ?? kept?.photo);
  const photo = keptPhoto ?? serverPhoto;
  const [background, setBackground] = useState('#c9dcef');
  const [image, setImage] = useState<Blob>();
  if (!kept) {
    return null;
  }
  return (
    <section class="card panel later" aria-labelledby="another-title">
      <h2 id="another-title">{t.backgroundTitle}</h2>
      <div class="another">
        <div class="preview">
          <Backdrop background={background} photo={photo} cutout={cutout} image={image} />
          <img class="cutout" src={cutout} alt={t.cutoutAlt} />
        </div>
        <div class="side">
          <BackgroundChooser
            name="another-background"
            value={background}
            photoUrl={photo}
            image={image}
            onChoose={setBackground}
            onImage={(chosen) => {
              setImage(chosen);
              setBackground('image');
            }}
          />
          <p class="muted small">{t.backgroundText}</p>
          <div class="actions">
            <button type="button" class="button" onClick={() => submitAgain(kept, { background, image })}>
              {t.withBackground}
            </button>
          </div>
        </div>
      </div>
    </section>
  );
}
