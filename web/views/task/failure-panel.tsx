import { useState } from 'preact/hooks';
import { type FaceText, faceText } from '../../../src/contracts/face-refusals.ts';
import { server } from '../../server/server.ts';
import type { SavedSubmission } from '../../state/saved-submissions.ts';
import { submitAgain } from '../../state/submit-again.ts';
import { beginAgain, stageOf, type Task } from '../../state/tasks.ts';
import { findingsOf } from '../../state/timeline.ts';
import type { Strings } from '../../strings/en.ts';
import { strings } from '../../strings/strings.ts';
import { Icon } from '../../ui/icon.tsx';
import { makeAnother } from './ready-panel.tsx';

/** The words for a failure. `undefined` if there is only the server's message. */
export function whatFailed({ error, refusal }: Task, t: Strings): FaceText | undefined {
  return error?.face ? faceText(t.faces, error.face) : t.errors[error?.code ?? refusal?.code ?? ''];
}

/** What happened, what to do about it, and buttons to do it. */
export function FailurePanel({ task, kept }: { task: Task; kept: SavedSubmission | undefined }) {
  const t = strings.value;
  const [refused, setRefused] = useState<string>();
  const isCancelled = stageOf(task) === 'CANCELLED';
  const { error, refusal } = task;
  const known = whatFailed(task, t);
  const message = error?.message ?? refusal?.detail;
  const people = findingsOf(task)?.persons.length ?? 0;
  const canRetry = error?.retry !== undefined;
  const mayHelp = isCancelled || error?.retryable === true;
  const retry = async () => {
    try {
      await server.retry(task.id);
      beginAgain(task.id);
    } catch (failure) {
      setRefused(`${t.task.retryRefused} (${(failure as Error).message})`);
    }
  };
  return (
    <section class={`card panel failure ${isCancelled ? '' : 'bad'}`} aria-labelledby="failure-title">
      <h2 id="failure-title">{isCancelled ? t.task.cancelled : (known?.title ?? t.task.failed)}</h2>
      {isCancelled ? (
        <p class="muted">{t.task.cancelledText}</p>
      ) : (
        <>
          {known ? <p>{known.advice}</p> : message && <p>{message}</p>}
          <p class="muted small">
            {error?.face
              ? people > 1 && t.task.otherPerson(people)
              : known
                ? message
                : error?.retryable
                  ? t.genericAdvice.retryable
                  : t.genericAdvice.other}
          </p>
        </>
      )}
      <div class="actions">
        {canRetry && (
          <button type="button" class="button main" data-test="retry" onClick={retry}>
            <Icon name="again" />
            {t.task.tryAgainFrom}
          </button>
        )}
        {kept && !canRetry && mayHelp && (
          <button type="button" class="button main" onClick={() => submitAgain(kept)}>
            <Icon name="again" />
            {t.task.tryAgain}
          </button>
        )}
        <button
          type="button"
          class={`button ${canRetry || (kept && mayHelp) ? '' : 'main'}`}
          onClick={() => makeAnother(kept)}
        >
          {kept ? t.task.change : t.task.again}
        </button>
      </div>
      {refused && (
        <p class="notice bad">
          <Icon name="warn" />
          {refused}
        </p>
      )}
    </section>
  );
}
