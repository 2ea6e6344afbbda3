import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { freePort } from '../../src/cli/stack/free-port.ts';
import { limelight, limelightInTerminal, MAIN } from '../harness/cli/limelight.ts';

/** How a sequence of colours begins. */
const COLOUR = '\u001b[';

const SAMPLES = ['samples/portrait.jpg', 'samples/voice.wav'];

describe('the limelight command', () => {
  it.each([
    ['an unknown command', ['genrate'], "unknown command 'genrate' (Did you mean generate?)", 'limelight'],
    ['an unknown option', ['up', '--rôle', 'io'], "unknown option '--rôle'", 'limelight up'],
    ['a missing argument', ['models', 'use'], "missing required argument 'name'", 'limelight models use'],
    ['a choice that is none', ['up', '--role', 'db'], 'Allowed choices are api, io, gpu.', 'limelight up'],
    ['a number that is none', ['emulator', '--port', 'x'], 'Expected a whole number.', 'limelight emulator'],
  ])('prints one sentence and a next step for %s', async (_case, args, sentence, command) => {
    const { code, printed, said } = await limelight(args);

    expect({ code, printed }).toEqual({ code: 2, printed: '' });
    const [error, next, ...rest] = said.trimEnd().split('\n');
    expect(error).toMatch(/^error: /);
    expect(error).toContain(sentence);
    expect(next).toBe(`See \`${command} --help\`.`);
    expect(rest).toEqual([]);
  });

  it.each([
    ['an answer', 'createTalk=599', 'received "599"'],
    ['a call', 'sing=503', 'received "sing"'],
  ])('names %s that the emulator does not have', async (_what, answers, sentence) => {
    const { code, said } = await limelight(['emulator', '--answers', answers]);

    expect(code).toBe(2);
    expect(said).toContain(sentence);
  });

  it('exits with its own code if no server responds', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;

    const { code, said } = await limelight(['generate', ...SAMPLES, '-o', 'c.mp4', '--server', url]);

    expect(code).toBe(3);
    expect(said).toMatch(/^error: No Limelight server/);
    expect(said).toContain('limelight doctor');
    expect(said).not.toMatch(/^ {4}at /m);
  });

  it('names every unreadable file before it looks for a server', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;

    const { code, said } = await limelight(['generate', 'nope.jpg', 'voice.wav', '--server', url]);

    expect({ code, said }).toEqual({
      code: 2,
      said: 'error: nope.jpg, voice.wav cannot be read. Give the paths of existing files.\n',
    });
  });

  it('prints its version', async () => {
    expect(await limelight(['--version'])).toEqual({ code: 0, printed: `${manifest.version}\n`, said: '' });
  });

  it('prints an error as one line of JSON on standard output with --json', async () => {
    const { code, printed, said } = await limelight(['models', 'use', 'nope', '--json']);

    expect({ code, said }).toEqual({ code: 5, said: '' });
    expect(JSON.parse(printed)).toEqual({
      error: { code: 'MODEL_MISSING', message: expect.any(String), next: expect.any(String), exit_code: 5 },
    });
  });

  it('prints no colours without a terminal', async () => {
    expect((await limelight(['genrate'])).said).not.toContain(COLOUR);
    expect((await limelight(['--help'])).printed).not.toContain(COLOUR);
  });

  it('prints colours in a terminal, unless NO_COLOR is set', async () => {
    const coloured = await limelightInTerminal(['genrate']);
    expect(coloured).toMatchObject({ code: 2, printed: expect.stringContaining(COLOUR) });

    const plain = await limelightInTerminal(['genrate'], { env: { NO_COLOR: '1' } });
    expect(plain).toMatchObject({ code: 2, printed: expect.not.stringContaining(COLOUR) });
  });

  it('ends quietly when its reader closes the pipe', async () => {
    const child = spawn(process.execPath, [MAIN, 'models', 'list']);
    child.stdout.destroy();

    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);

    expect({ code, said }).toEqual({ code: 0, said: '' });
  });
});
