import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { MAX_TASK_NAME_LENGTH } from '../../src/contracts/task-name.ts';
import { server } from '../server/server.ts';
import { type Task, takeStatus } from '../state/tasks.ts';
import { strings } from '../strings/strings.ts';
import { announce } from './announcer.tsx';
import { Icon } from './icon.tsx';

/** The name of a task, and a button that turns it into a field. */
export function EditableName({ task, shown }: { task: Task; shown: preact.ComponentChildren }) {
  const t = strings.value.task.name;
  const [isEditing, setEditing] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const wasEditing = useRef(false);
  useLayoutEffect(() => {
    if (isEditing) field.current?.select();
    else if (wasEditing.current) button.current?.focus();
    wasEditing.current = isEditing;
  }, [isEditing]);
  const save = async (event: Event) => {
    event.preventDefault();
    const name = field.current!.value.trim();
    if (name !== '' && name !== task.name) {
      try {
        takeStatus(await server.rename(task.id, name));
      } catch {
        announce(t.failed);
        return;
      }
    }
    setEditing(false);
  };
  if (!isEditing) {
    return (
      <span class="task-name">
        {shown}
        <button
          ref={button}
          type="button"
          class="round small-round"
          aria-label={`${t.edit}: ${task.name ?? strings.value.videos.untitled}`}
          title={t.edit}
          onClick={() => setEditing(true)}
        >
          <Icon name="pencil" size={18} />
        </button>
      </span>
    );
  }
  return (
    <form class="task-name" onSubmit={save}>
      <input
        ref={field}
        type="text"
        aria-label={t.label}
        maxLength={MAX_TASK_NAME_LENGTH}
        required
        // Not `value`: news of the task would replace what is typed.
        defaultValue={task.name ?? ''}
        onKeyDown={({ key }) => key === 'Escape' && setEditing(false)}
      />
      <button type="submit" class="round small-round" aria-label={t.save} title={t.save}>
        <Icon name="check" size={18} />
      </button>
      <button
        type="button"
        class="round small-round"
        aria-label={t.cancel}
        title={t.cancel}
        onClick={() => setEditing(false)}
      >
        <Icon name="cross" size={18} />
      </button>
    </form>
  );
}
