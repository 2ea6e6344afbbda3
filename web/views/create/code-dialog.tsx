import { useId, useMemo, useState } from 'preact/hooks';
import { newTaskId } from '../../../src/client/task-id.ts';
import { apiKey } from '../../server/server.ts';
import { CODE_LANGUAGES, type CodeLanguage, toCode } from '../../state/as-code.ts';
import { isTrimmed, toSubmission, voice } from '../../state/draft.ts';
import { storedText } from '../../state/stored-text.ts';
import { strings } from '../../strings/strings.ts';
import { announce } from '../../ui/announcer.tsx';
import { copyText } from '../../ui/copy-text.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { useObjectUrl } from '../../ui/hooks.ts';
import { Icon } from '../../ui/icon.tsx';
import { Tabs } from '../../ui/tabs.tsx';

const chosenLanguage = storedText('limelight.code');

const EXTENSIONS: Record<string, string> = { 'audio/webm': 'webm', 'audio/mp4': 'm4a', 'audio/ogg': 'ogg' };

/** A recording has no file yet, and a selection is saved as WAV. */
function voiceNameOf(file: Blob): string {
  const { name, isRecorded } = voice.value!;
  const stem = isRecorded ? 'recording' : name.replace(/\.\w+$/, '');
  if (isTrimmed(voice.value!)) return `${stem}-selection.wav`;
  return isRecorded ? `${stem}.${EXTENSIONS[file.type] ?? 'webm'}` : name;
}

/** The draft as code that does the same, for several languages. */
export function CodeDialog({ onClose }: { onClose: () => void }) {
  const t = strings.value.create.code;
  const panelId = useId();
  const stored = chosenLanguage.read();
  const [language, setLanguage] = useState<CodeLanguage>(
    CODE_LANGUAGES.find((one) => one === stored) ?? 'curl',
  );
  const [isCopied, setCopied] = useState(false);
  const [taskId] = useState(newTaskId);
  const submission = useMemo(toSubmission, [])!;
  const names = {
    photo: submission.photoName,
    voice: voiceNameOf(submission.voice),
    backgroundImage:
      submission.backgroundImage && ((submission.backgroundImage as File).name ?? 'background.png'),
  };
  const code = toCode(language, {
    ...names,
    server: location.origin,
    fields: submission.fields,
    needsKey: apiKey.value !== undefined,
    taskId,
  });
  const choose = (next: CodeLanguage) => {
    setLanguage(next);
    setCopied(false);
    chosenLanguage.write(next);
  };
  const copy = async () => {
    const isDone = await copyText(code);
    setCopied(isDone);
    announce(isDone ? t.copied : t.copyFailed);
  };
  return (
    <Dialog title={t.title} onClose={onClose}>
      <div class="code">
        <Tabs
          label={t.title}
          tabs={CODE_LANGUAGES.map((name) => ({ name, words: t.languages[name] }))}
          selected={language}
          panelId={panelId}
          onSelect={choose}
        />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard must be able to scroll it */}
        <pre id={panelId} role="tabpanel" aria-label={t.languages[language]} tabIndex={0} dir="ltr">
          {code}
        </pre>
        <p class="muted small">
          {t.files} <FileLink file={submission.photo} name={names.photo} />{' '}
          <FileLink file={submission.voice} name={names.voice} />{' '}
          {submission.backgroundImage && (
            <FileLink file={submission.backgroundImage} name={names.backgroundImage!} />
          )}
        </p>
        {submission.fields.persons === 'ask' && <p class="muted small">{t.noQuestion}</p>}
        {apiKey.value && <p class="muted small">{t.key}</p>}
        <div class="actions">
          <button type="button" class="button main" onClick={copy}>
            {isCopied && <Icon name="check" />}
            {isCopied ? t.copied : t.copy}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {t.close}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function FileLink({ file, name }: { file: Blob; name: string }) {
  const url = useObjectUrl(file);
  return (
    <a href={url} download={name}>
      {name}
    </a>
  );
}
