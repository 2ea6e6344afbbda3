import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';
import { describe, expect, it } from 'vitest';
import { de } from '../../web/strings/de.ts';
import { en } from '../../web/strings/en.ts';

const WEB = join(import.meta.dirname, '../../web');

type Texts = Record<string, unknown>;

/** The path of each text, and for texts with parameters the number of these. */
function shapeOf(words: Texts, path = ''): string[] {
  return Object.entries(words).flatMap(([name, value]) => {
    const at = `${path}${name}`;
    return typeof value === 'object'
      ? shapeOf(value as Texts, `${at}.`)
      : [typeof value === 'function' ? `${at}(${value.length})` : at];
  });
}

describe('the texts of the page', () => {
  it('exist in every language, including those of errors, colours and states', () => {
    expect(shapeOf(de).sort()).toEqual(shapeOf(en).sort());
  });

  it('are not empty, and no sentence is left in English', () => {
    const plain = shapeOf(en).filter((path) => typeof valueAt(en, path) === 'string');
    expect(plain.filter((path) => valueAt(de, path) === '')).toEqual([]);
    const sentences = plain.filter((path) => String(valueAt(en, path)).includes(' '));
    expect(sentences.length).toBeGreaterThan(100);
    expect(sentences.filter((path) => valueAt(de, path) === valueAt(en, path))).toEqual([]);
  });

  it('are all used', () => {
    const used = new Set(
      globSync('**/*.{ts,tsx}', { cwd: WEB })
        .filter((path) => !path.startsWith('strings/de') && !path.startsWith('strings/en'))
        .flatMap((path) => propertiesIn(path, readFileSync(join(WEB, path), 'utf8'))),
    );
    const names = shapeOf(en)
      // These are looked up by a value, such as the name of a stage.
      .filter(
        (path) =>
          !/\.(errors|names|states|parts|tiers|providers|outages|priorities|queueNames|waitingFor|filters|tabs|pictureFaults|languages)\.|^(errors|faces|notices|steps|stepState)\./.test(
            path,
          ),
      )
      .map(
        (path) =>
          path
            .replace(/\(\d+\)$/, '')
            .split('.')
            .at(-1)!,
      );
    expect([...new Set(names)].filter((name) => !used.has(name))).toEqual([]);
  });

  it('are nowhere else: no component has text of its own', () => {
    const sample = "<a title='One' class='b'>Two {c ? `3 %` : d}<i>{e && 'Four'}</i> · </a>";
    expect(textsIn('sample.tsx', sample)).toEqual(['3 %', 'One', 'Two', 'Four']);
    const found = globSync('**/*.tsx', { cwd: WEB }).flatMap((path) =>
      textsIn(path, readFileSync(join(WEB, path), 'utf8')).map((text) => `${path}: ${text}`),
    );
    expect(found.filter((text) => !text.endsWith(': Limelight'))).toEqual([]);
  });

  it('are nowhere else: no code has a sentence of its own', () => {
    const sample =
      "say('The server is busy.'); const a = 'button main big'; throw new TypeError('Not for people');";
    expect(sentencesIn('sample.ts', sample)).toEqual(['The server is busy.']);
    const found = globSync('**/*.{ts,tsx}', { cwd: WEB })
      .filter((path) => !path.startsWith('strings/'))
      .flatMap((path) =>
        sentencesIn(path, readFileSync(join(WEB, path), 'utf8')).map((text) => `${path}: ${text}`),
      );
    expect(found).toEqual([]);
  });
});

/** Attributes that are read out or shown. */
const READABLE = new Set(['alt', 'aria-label', 'aria-valuetext', 'label', 'placeholder', 'title']);

interface Node {
  type: string;
  [field: string]: unknown;
}

/** Names of the properties that the code of a file reads: `words.title`, `words['title']` and `const { title } = words`. */
function propertiesIn(path: string, source: string): string[] {
  const names: string[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, computed, property, properties } = node as Node;
    const { name, value } = (property ?? {}) as { name?: string; value?: unknown };
    if (type === 'MemberExpression') names.push(computed ? String(value) : name!);
    if (type === 'ObjectPattern') {
      for (const { key } of properties as Array<{ key?: { name?: string } }>) names.push(key?.name ?? '');
    }
    Object.values(node).forEach(walk);
  };
  walk(parseSync(path, source).program);
  return names;
}

/** Text with letters or a percent sign that the components of a file show. */
function textsIn(path: string, source: string): string[] {
  const { program, errors } = parseSync(path, source);
  expect(errors).toEqual([]);
  const texts: string[] = [];
  const take = (text: unknown) => {
    if (typeof text === 'string' && /[\p{L}%]/u.test(text)) texts.push(text.trim());
  };
  /** What an expression may evaluate to. */
  const takeValue = (node: Node | null | undefined): void => {
    if (node?.type === 'Literal') take(node.value);
    if (node?.type === 'JSXExpressionContainer') takeValue(node.expression as Node);
    if (node?.type === 'LogicalExpression') {
      takeValue(node.left as Node);
      takeValue(node.right as Node);
    }
    if (node?.type === 'ConditionalExpression') {
      takeValue(node.consequent as Node);
      takeValue(node.alternate as Node);
    }
    if (node?.type === 'TemplateLiteral') {
      for (const { value } of node.quasis as Array<{ value: { cooked: string } }>) take(value.cooked);
    }
  };
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, name, value, children } = node as Node;
    if (type === 'JSXText') take(value);
    if (type === 'JSXAttribute' && READABLE.has((name as { name: string }).name)) takeValue(value as Node);
    if (type === 'JSXElement' || type === 'JSXFragment') {
      for (const child of children as Node[]) {
        if (child.type === 'JSXExpressionContainer') takeValue(child);
      }
    }
    Object.values(node).forEach(walk);
  };
  walk(program);
  return texts;
}

/** Texts that begin like a sentence. Errors are for developers. */
function sentencesIn(path: string, source: string): string[] {
  const sentences: string[] = [];
  const take = (text: unknown) => {
    if (typeof text === 'string' && /^\p{Lu}\p{Ll}* \p{L}/u.test(text)) sentences.push(text);
  };
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, value, callee } = node as Node;
    if (type === 'NewExpression' && /Error$/.test((callee as { name?: string }).name ?? '')) return;
    if (type === 'Literal') take(value);
    if (type === 'TemplateElement') take((value as { cooked: string }).cooked);
    Object.values(node).forEach(walk);
  };
  walk(parseSync(path, source).program);
  return sentences;
}

function valueAt(words: Texts, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (at as Texts)[name], words);
}
