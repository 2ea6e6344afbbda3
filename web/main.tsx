import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/frame.css';
import './styles/create.css';
import './styles/task.css';
import './styles/lists.css';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { apiKey, wantsKey } from './server/server.ts';
import './state/appearance.ts';
import { readInfo } from './state/info.ts';
import { route } from './state/route.ts';
import { resume } from './state/tasks.ts';
import { strings } from './strings/strings.ts';
import { CreateView } from './views/create/create-view.tsx';
import { Frame } from './views/frame.tsx';
import { KeyView } from './views/key-view.tsx';
import { OperationsView } from './views/operations/operations-view.tsx';
import { TaskView } from './views/task/task-view.tsx';
import { VideosView } from './views/videos-view.tsx';

function App() {
  const to = route.value;
  const { nav } = strings.value;
  const title = { create: nav.create, videos: nav.videos, video: nav.videos, operations: nav.operations };
  useEffect(() => {
    document.title = `${title[to.view]} · Limelight`;
  });
  // Read again with a new key.
  useEffect(() => void readInfo(), [apiKey.value]);
  return <Frame>{wantsKey.value ? <KeyView /> : <View />}</Frame>;
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

void resume();
render(<App />, document.getElementById('app')!);
