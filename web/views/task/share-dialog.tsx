import { useEffect, useState } from 'preact/hooks';
import { readVideo } from '../../state/save-file.ts';
import { pageLink } from '../../state/task-file.ts';
import type { Task } from '../../state/tasks.ts';
import { strings } from '../../strings/strings.ts';
import { announce } from '../../ui/announcer.tsx';
import { copyText } from '../../ui/copy-text.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { Icon } from '../../ui/icon.tsx';

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether this browser has a share sheet that takes videos. */
function canShareFiles(): boolean {
  const file = new File([], 'video.mp4', { type: 'video/mp4' });
  return navigator.canShare?.({ files: [file] }) ?? false;
}

/** A link to a page with a player, and the system's share sheet with the file itself. */
export function ShareDialog({ task, onClose }: { task: Task; onClose: () => void }) {
  const t = strings.value.task.share;
  const [link, setLink] = useState<string | null>();
  const [copied, setCopied] = useState<string>();
  useEffect(() => {
    void pageLink(task.id).then((made) => setLink(made ?? null));
  }, [task.id]);
  const copy = async () => {
    const words = (await copyText(link!)) ? t.copied : t.copyFailed;
    setCopied(words);
    announce(words);
  };
  return (
    <Dialog title={t.title} onClose={onClose}>
      <div class="share">
        {link === null && (
          <p class="notice bad" role="alert">
            {t.failed}
          </p>
        )}
        {link && (
          <>
            <p class="muted small">{t.text}</p>
            {LOOPBACK.test(new URL(link).hostname) && (
              <p class="notice">
                <Icon name="warn" />
                {t.onlyHere}
              </p>
            )}
            <input
              type="text"
              readOnly
              dir="ltr"
              aria-label={t.link}
              value={link}
              onFocus={({ currentTarget }) => currentTarget.select()}
            />
            {copied && <p class="small">{copied}</p>}
          </>
        )}
        <div class="actions end">
          <button type="button" class="button quiet" onClick={onClose}>
            {t.close}
          </button>
          {canShareFiles() && <ShareFile task={task} />}
          <button type="button" class="button main" disabled={!link} onClick={copy}>
            {t.copy}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function ShareFile({ task }: { task: Task }) {
  const t = strings.value.task.share;
  const [file, setFile] = useState<File>();
  // In advance: browsers open the sheet only within seconds of a click.
  useEffect(() => {
    void readVideo(task).then(setFile, () => {});
  }, [task.id]);
  const share = async () => {
    try {
      await navigator.share({ files: [file!], title: task.name ?? '' });
    } catch (error) {
      // The sheet was closed.
      if ((error as Error).name !== 'AbortError') announce(t.fileFailed);
    }
  };
  return (
    <button type="button" class="button" disabled={!file} onClick={share}>
      {t.file}
    </button>
  );
}
