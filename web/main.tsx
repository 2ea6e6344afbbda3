import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/frame.css';
import './styles/create.css';
import './styles/task.css';
import './styles/lists.css';
import { render } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { apiKey, wantsKey } from './server/server.ts';
import './state/appearance.ts';
import { deleteOtherDatabases } from './state/database.ts';
import { readInfo } from './state/info.ts';
import { titleNews } from './state/notices.ts';
import { keepPreview } from './state/photo-preview.ts';
import { route, toHash } from './state/route.ts';
import { keepDraft } from './state/saved-draft.ts';
import { resume } from './state/submissions.ts';
import { strings } from './strings/strings.ts';
import { Questions } from './ui/question.tsx';
import { CreateView } from './views/create/create-view.tsx';
import { useOfferedFiles } from './views/create/offered-files.ts';
import { Frame } from './views/frame.tsx';
import { KeyView } from './views/key-view.tsx';
import { OperationsView } from './views/operations/operations-view.tsx';
import { TaskView } from './views/task/task-view.tsx';
import { VideosView } from './views/videos/videos-view.tsx';

function App() {
  const to = route.value;
  const { nav, notices } = strings.value;
  const title = { create: nav.create, videos: nav.videos, video: nav.videos, operations: nav.operations };
  const news = titleNews.value;
  useEffect(() => {
    document.title = `${news ? notices[news] : title[to.view]} · Limelight`;
  });
  useFocusOfView(toHash(to));
  // Read again with a new key.
  useEffect(() => void readInfo(), [apiKey.value]);
  useOfferedFiles();
  return (
    <Frame>
      {wantsKey.value ? <KeyView /> : <View />}
      <Questions />
    </Frame>
  );
}

/** Moves the focus to the new view, or a keyboard and a screen reader would start again at the top of the page. */
function useFocusOfView(view: string): void {
  const before = useRef(view);
  useEffect(() => {
    if (before.current === view) {
      return;
    }
    before.current = view;
    const content = document.getElementById('content');
    (content?.querySelector<HTMLElement>('[data-focus]') ?? content)?.focus();
  }, [view]);
}

function View() {
  const to = route.value;
  switch (to.view) {
    case 'create':
      return <CreateView />;
    case 'videos':
      return <VideosView />;
    case 'video':
      return <TaskView key={to.taskId} id={to.taskId} />;
    case 'operations':
      return <OperationsView />;
  }
}

void deleteOtherDatabases();
void resume();
void keepDraft();
keepPreview();
render(<App />, document.getElementById('app')!);
