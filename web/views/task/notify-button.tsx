import { askToNotify, canNotify, permission } from '../../state/notices.ts';
import { strings } from '../../strings/strings.ts';
import { Icon } from '../../ui/icon.tsx';

/** Offers a notification while somebody waits, which is when the question makes sense. */
export function NotifyButton() {
  const t = strings.value.task.notify;
  if (!canNotify) {
    return null;
  }
  return permission.value === 'default' ? (
    <button type="button" class="button quiet" onClick={askToNotify}>
      <Icon name="bell" />
      {t.ask}
    </button>
  ) : (
    <p class="muted small">{permission.value === 'granted' ? t.on : t.refused}</p>
  );
}
