import type { Fields } from './draft.ts';
import type { SavedSubmission } from './saved-submissions.ts';

export const CODE_LANGUAGES = ['curl', 'cli', 'python', 'node'] as const;
export type CodeLanguage = (typeof CODE_LANGUAGES)[number];

/** A submission to be made without the page. */
export interface CodeOrder {
  /** Address of the server, without a slash at the end. */
  server: string;
  /** Names of the files, which are in the current folder. */
  photo: string;
  voice: string;
  backgroundImage?: string | undefined;
  /** Text fields of the API. */
  fields: SavedSubmission['fields'];
  /** The server requires a key, which the code reads from `API_KEY`. */
  needsKey: boolean;
  /** A UUID. Running the code twice makes one video. */
  taskId: string;
}

/** Code that makes the video and downloads it, to be pasted into a terminal or a file. */
export function toCode(language: CodeLanguage, order: CodeOrder): string {
  return WRITERS[language](order);
}

const WRITERS: Record<CodeLanguage, (order: CodeOrder) => string> = {
  curl: toCurl,
  cli: toCli,
  python: toPython,
  node: toNode,
};

function toCurl({ server, taskId, needsKey, ...order }: CodeOrder): string {
  const key = needsKey ? ' -H "Authorization: Bearer $API_KEY"' : '';
  const task = `${server}/api/pipeline/tasks/${taskId}`;
  const parts = [
    ...filesOf(order).map(([field, name]) => `-F ${sh(`${field}=@"${name.replaceAll(/["\\]/g, '\\$&')}"`)}`),
    ...fieldsOf(order).map(([field, value]) => `--form-string ${sh(`${field}=${value}`)}`),
  ];
  return [
    `curl -fsS${key} -X PUT \\\n  ${parts.join(' \\\n  ')} \\\n  ${sh(task)} &&`,
    `curl -fsSN${key} ${sh(`${server}/api/pipeline/progress/${taskId}/events`)} &&`,
    `curl -fsS${key} -o ${sh(videoOf(order))} ${sh(`${task}/video`)}`,
  ].join('\n');
}

/** Flags of `limelight generate` without a value, by field. `apply_smoothing` is sent only to turn it off. */
const SWITCHES: Record<string, string> = { apply_smoothing: '--no-smoothing', consent: '--consent' };

/** Its other flags. */
const FLAGS: Record<Exclude<keyof Fields, 'apply_smoothing'>, string> = {
  persons: 'person',
  background: 'background',
  provider: 'provider',
  long_side_px: 'long-side',
  on_outage: 'on-outage',
  conf_threshold: 'confidence',
  deadline_s: 'deadline',
  priority: 'priority',
};

function toCli(order: CodeOrder): string {
  const toArgument = (field: string, value: string) =>
    field === 'background' && value === 'image' ? toPath(order.backgroundImage!) : value;
  const flags = fieldsOf(order).map(
    ([field, value]) =>
      SWITCHES[field] ?? `--${FLAGS[field as keyof typeof FLAGS]} ${sh(toArgument(field, value))}`,
  );
  const words = [
    `npx limelight generate ${sh(toPath(order.photo))} ${sh(toPath(order.voice))}`,
    ...flags,
    `--out ${sh(toPath(videoOf(order)))}`,
    `--server ${sh(order.server)}`,
  ];
  return words.join(' \\\n  ');
}

/** A name that begins with a hyphen is no flag. */
function toPath(name: string): string {
  return name.startsWith('-') ? `./${name}` : name;
}

function toPython({ server, taskId, needsKey, ...order }: CodeOrder): string {
  const headers = needsKey ? ', headers=headers' : '';
  return `# pip install requests
import time
${needsKey ? 'import os\n' : ''}import requests

server = ${JSON.stringify(server)}
task = ${JSON.stringify(taskId)}
${needsKey ? `headers = {"Authorization": f"Bearer {os.environ['API_KEY']}"}\n` : ''}files = {
${filesOf(order)
  .map(([field, name]) => `    ${JSON.stringify(field)}: open(${JSON.stringify(name)}, "rb"),`)
  .join('\n')}
}
fields = {
${fieldsOf(order)
  .map(([field, value]) => `    ${JSON.stringify(field)}: ${JSON.stringify(value)},`)
  .join('\n')}
}
answer = requests.put(f"{server}/api/pipeline/tasks/{task}", files=files, data=fields${headers})
if not answer.ok:
    raise SystemExit(answer.json()["detail"])

while True:
    status = requests.get(f"{server}/api/pipeline/status/{task}"${headers}).json()
    print(status["progress_percent"], status["message"])
    if status["stage"] in ("COMPLETED", "FAILED", "CANCELLED"):
        break
    time.sleep(1)
if status["stage"] != "COMPLETED":
    raise SystemExit(status["error"]["message"])

video = requests.get(f"{server}/api/pipeline/tasks/{task}/video"${headers})
video.raise_for_status()
with open(${JSON.stringify(videoOf(order))}, "wb") as file:
    file.write(video.content)
`;
}

const NODE_IMPORTS = [
  "import { openAsBlob } from 'node:fs';",
  "import { writeFile } from 'node:fs/promises';",
  "import { setTimeout as sleep } from 'node:timers/promises';",
].join('\n');

function toNode({ server, taskId, needsKey, ...order }: CodeOrder): string {
  const headers = needsKey ? ', { headers }' : '';
  return `// Save it as make-video.mjs and run it with: node make-video.mjs
${NODE_IMPORTS}

const server = ${JSON.stringify(server)};
const task = ${JSON.stringify(taskId)};
${needsKey ? "const headers = { Authorization: 'Bearer ' + process.env.API_KEY };\n" : ''}const form = new FormData();
${filesOf(order)
  .map(([field, name]) => `form.set(${JSON.stringify(field)}, await openAsBlob(${JSON.stringify(name)}));`)
  .join('\n')}
${fieldsOf(order)
  .map(([field, value]) => `form.set(${JSON.stringify(field)}, ${JSON.stringify(value)});`)
  .join('\n')}
const answer = await fetch(\`\${server}/api/pipeline/tasks/\${task}\`, { method: 'PUT', body: form${needsKey ? ', headers' : ''} });
if (!answer.ok) throw new Error((await answer.json()).detail);

let status;
do {
  await sleep(1000);
  status = await (await fetch(\`\${server}/api/pipeline/status/\${task}\`${headers})).json();
  console.log(status.progress_percent, status.message);
} while (!['COMPLETED', 'FAILED', 'CANCELLED'].includes(status.stage));
if (status.stage !== 'COMPLETED') throw new Error(status.error.message);

const video = await fetch(\`\${server}/api/pipeline/tasks/\${task}/video\`${headers});
await writeFile(${JSON.stringify(videoOf(order))}, await video.bytes());
`;
}

type Files = Pick<CodeOrder, 'photo' | 'voice' | 'backgroundImage'>;
type Rest = Omit<CodeOrder, 'server' | 'taskId' | 'needsKey'>;

function filesOf({ photo, voice, backgroundImage }: Files): Array<[field: string, name: string]> {
  return [
    ['image', photo],
    ['audio', voice],
    ...(backgroundImage === undefined ? [] : [['background_image', backgroundImage] as [string, string]]),
  ];
}

/** Leaves out `persons=ask`, because code cannot answer. The most prominent person speaks then. */
function fieldsOf({ fields }: Rest): Array<[field: string, value: string]> {
  return Object.entries(fields).filter(([name, value]) => name !== 'persons' || value !== 'ask');
}

/** Named after the photo. */
function videoOf({ photo, fields }: Rest): string {
  return `${photo.replace(/\.\w+$/, '')}.${fields.background === 'transparent' ? 'webm' : 'mp4'}`;
}

/** Quoted for POSIX shells. */
function sh(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
