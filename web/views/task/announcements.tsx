import { useEffect } from 'preact/hooks';
import type { Task } from '../../state/tasks.ts';
import { toSteps } from '../../state/timeline.ts';
import { strings } from '../../strings/strings.ts';
import { announce } from '../../ui/announcer.tsx';

/** Announces new steps and the end to screen readers, but not every percent. */
export function Announcements({ task }: { task: Task }) {
  const t = strings.value;
  const current = toSteps(task, t).find(({ state }) => state !== 'done' && state !== 'waiting');
  const { result, error, refusal } = task;
  const said = result
    ? t.live.ready
    : error || refusal
      ? t.live.failed(t.errors[(error ?? refusal)!.code]?.title ?? '')
      : current
        ? t.live.step(t.steps[current.name], t.stepState[current.state])
        : '';
  useEffect(() => {
    if (said) announce(said);
  }, [said]);
  return null;
}
