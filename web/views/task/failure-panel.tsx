import { useState } from 'preact/hooks';
import { server } from '../../server/server.ts';
import type { Keepsake } from '../../state/keepsakes.ts';
import { beginAgain, stageOf, type Task } from '../../state/tasks.ts';
import { strings } from '../../strings/strings.ts';
import { Icon } from '../../ui/icon.tsx';
import { makeAnother } from './ready-panel.tsx';

/** What happened, what to do about it, and the ways to do it. */
export function FailurePanel({ task, kept }: { task: Task; kept: Keepsake | undefined }) {
  const t = strings.value;
  const [refused, setRefused] = useState<string>();
  const isCancelled = stageOf(task) === 'CANCELLED';
  const { error, refusal } = task;
  const code = error?.code ?? refusal?.code ?? '';
  const known = t.errors[code];
  const message = error?.message ?? refusal?.detail;
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
          {message && <p>{message}</p>}
          <p class="muted">
            {known?.advice ?? (error?.retryable ? t.genericAdvice.retryable : t.genericAdvice.other)}
          </p>
        </>
      )}
      <div class="actions">
        {error && !isCancelled && (
          <button type="button" class="button main" onClick={retry}>
            <Icon name="again" />
            {t.task.tryAgainFrom}
          </button>
        )}
        <button type="button" class="button" onClick={() => makeAnother(kept)}>
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
