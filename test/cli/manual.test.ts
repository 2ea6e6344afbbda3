import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandsOf, fullName, toHelp, toManual } from '../../src/cli/manual.ts';
import { createProgram } from '../../src/cli/program.ts';

const DOCUMENT = new URL('../../docs/cli.md', import.meta.url);
const runnable = commandsOf(createProgram()).filter(({ commands }) => commands.length === 0);

/** The lines below "Examples:" in a command's help. */
function examplesOf(help: string): string[] {
  const [, examples = ''] = help.split('\nExamples:\n');
  return examples.split('\n').map((line) => line.trim());
}

/** Words as a shell would make them of a plain line, without what it pipes or writes to. */
function toWords(line: string): string[] {
  const [own] = line.split(/ \| | >>? /);
  return [...own!.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => (a ?? b ?? c)!);
}

describe('the manual', () => {
  it('matches the help of the commands (else run: node scripts/cli-manual.ts)', () => {
    expect(readFileSync(DOCUMENT, 'utf8')).toBe(toManual(createProgram()));
  });

  it.each(runnable.map((command) => [fullName(command), command] as const))(
    'has examples of %s that its own parser takes',
    async (name, command) => {
      const examples = examplesOf(toHelp(command)).filter((line) => line !== '');
      expect(examples, 'Add examples with addExamples() of src/cli/command-parts.ts').not.toEqual([]);

      for (const example of examples) {
        expect(`${example} `).toContain(`${name} `);
        const program = createProgram();
        const called: string[] = [];
        for (const known of commandsOf(program).filter(({ commands }) => commands.length === 0)) {
          known.action(() => void called.push(fullName(known)));
        }
        await program.parseAsync(toWords(example.replace(/^npx /, '')).slice(1), { from: 'user' });
        expect(called).toEqual([name]);
      }
    },
  );

  it.each(commandsOf(createProgram()).map((command) => [fullName(command), command] as const))(
    'describes %s and each of its arguments and options',
    (_name, command) => {
      const described = [command, ...command.registeredArguments, ...command.options];
      expect(
        described.map(({ description }) => (typeof description === 'string' ? description : 'said')),
      ).not.toContain('');
    },
  );
});
