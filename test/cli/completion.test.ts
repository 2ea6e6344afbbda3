import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { COMPLETION_SCRIPTS } from '../../src/cli/completion.ts';
import { createProgram } from '../../src/cli/program.ts';
import { needs } from '../harness/needs.ts';

const program = createProgram();

/** How a shell is asked what it would offer after a line, one offer a line, each perhaps with words on it. */
const SHELLS = {
  bash: {
    script: COMPLETION_SCRIPTS.bash(program),
    ask: (script: string, words: string[]) =>
      `source ${script}; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _limelight; printf '%s\\n' "\${COMPREPLY[@]}"`,
  },
  zsh: {
    script: COMPLETION_SCRIPTS.zsh(program),
    // Without a line editor its functions print what they would offer.
    ask: (script: string, words: string[]) =>
      `compdef() { }; _describe() { print -l -- "\${(@P)@[-1]}" }; compadd() { shift; print -l -- "$@" }; _files() { print FILES }
       source ${script}; words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}; _limelight`,
  },
  fish: {
    script: COMPLETION_SCRIPTS.fish(program),
    ask: (script: string, words: string[]) => `source ${script}; complete -C '${words.join(' ')}'`,
  },
};

describe.each(Object.entries(SHELLS))('completion', (shell, { script, ask }) => {
  let folder: string;
  let path: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'limelight-completion-'));
    path = join(folder, `limelight.${shell}`);
    await writeFile(path, script);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** The words that begin with the last one of the line. */
  const offers = async (...words: string[]) => {
    const { stdout } = await promisify(execFile)(shell, ['-c', ask(path, ['limelight', ...words])], {
      cwd: folder,
    });
    const all = stdout.split('\n').map((line) => line.split(/[\t:]/)[0]!);
    return all.filter((word) => word !== '' && word.startsWith(words.at(-1)!)).sort();
  };

  needs(shell as 'bash').it(`by ${shell} offers commands, theirs, options and choices`, async () => {
    expect(await offers('ge')).toEqual(['generate']);
    expect(await offers('models', '')).toEqual(['list', 'pull', 'use', 'verify']);
    expect(await offers('models', 'pull', '--ac')).toEqual(['--accept-license']);
    expect(await offers('up', '--role', '')).toEqual(['api', 'gpu', 'io']);
    expect(await offers('generate', 'me.jpg', '--back')).toEqual(['--background']);
    expect(await offers('tasks', '--status', 'fail')).toEqual(['failed']);
  });
});
