import { expect, it } from 'vitest';
import { createNameResolver } from '../../src/outbound/resolve-names.ts';

it('looks up two names at a time, so that slow ones leave threads to the files, and goes on after failures', async () => {
  const begun = new Map<string, PromiseWithResolvers<string[]>>();
  const resolve = createNameResolver((name) => {
    const answer = Promise.withResolvers<string[]>();
    begun.set(name, answer);
    return answer.promise;
  });
  const names = ['a', 'b', 'c', 'd'];
  const answers = names.map((name) => resolve(name));
  expect([...begun.keys()]).toEqual(['a', 'b']);

  begun.get('b')!.reject(new Error('ENOTFOUND'));
  await expect(answers[1]).rejects.toThrow('ENOTFOUND');
  await expect.poll(() => [...begun.keys()]).toEqual(['a', 'b', 'c']);

  for (const name of ['a', 'c']) begun.get(name)!.resolve([name]);
  await expect.poll(() => [...begun.keys()]).toEqual(names);
  begun.get('d')!.resolve(['d']);
  expect(await Promise.all([answers[0], answers[2], answers[3]])).toEqual([['a'], ['c'], ['d']]);
  const again = resolve('e');
  begun.get('e')!.resolve(['e']);
  expect(await again).toEqual(['e']);
});
