import { useEffect, useState } from 'preact/hooks';
import { apiKey, postJson } from '../server/server.ts';

export type TaskFileName = 'video' | 'preview' | 'photo' | 'cutout' | 'mask' | 'thumbnail';

interface Link {
  url: string;
  /** Only of a link to the video. */
  page_url?: string;
  expires_at: string;
}

const LINK_S = 24 * 3600;
const links = new Map<string, Promise<string | undefined>>();

/** A signed link, which works without a key. */
export async function signedLink(taskId: string, name: TaskFileName): Promise<string | undefined> {
  // A link to the video is also valid for its preview.
  const signed = name === 'preview' ? 'video' : name;
  const link = await postJson<Link>(`/api/pipeline/tasks/${taskId}/links`, {
    name: signed,
    expires_in_s: LINK_S,
  });
  return link && new URL(link.url.replace(`/${signed}?`, `/${name}?`), location.href).href;
}

const SHARED_S = 7 * 24 * 3600;

/** A link for people to a page with a player. It works without a key for a week. */
export async function pageLink(taskId: string): Promise<string | undefined> {
  const link = await postJson<Link>(`/api/pipeline/tasks/${taskId}/links`, {
    name: 'video',
    expires_in_s: SHARED_S,
  });
  return link?.page_url && new URL(link.page_url, location.href).href;
}

/** URL of a task's file for an element. A signed link if the server requires a key, because elements can't send one. */
export function useTaskFile(taskId: string, name: TaskFileName, isThere = true): string | undefined {
  const plain = `/api/pipeline/tasks/${taskId}/${name}`;
  const needsLink = apiKey.value !== undefined;
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!needsLink || !isThere) {
      return;
    }
    const link = links.get(plain) ?? signedLink(taskId, name);
    links.set(plain, link);
    let isOn = true;
    void link.then((signed) => isOn && setUrl(signed));
    return () => {
      isOn = false;
    };
  }, [plain, needsLink, isThere]);
  return isThere ? (needsLink ? url : plain) : undefined;
}
