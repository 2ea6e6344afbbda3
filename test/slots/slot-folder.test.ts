import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createSlotFolder, type SlotFiles } from '../../src/slots/slot-folder.ts';

const FILES: SlotFiles = { reads: ['photoPath'], writes: ['maskPath'], growing: 'partsFolder' };

let root: string;
let secret: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'limelight-slot-folder-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  secret = join(root, 'secret');
  await writeFile(secret, 'a secret');
});

function create() {
  const folder = createSlotFolder(root, 'media', FILES);
  onTestFinished(() => folder.remove());
  return folder;
}

describe('the folder of a slot', () => {
  it('puts nothing where it was wanted once nobody waits for the run', async () => {
    const folder = create();
    const partsFolder = join(root, 'parts');
    await mkdir(partsFolder);
    let isWanted = true;
    const staged = await folder.stage([{ maskPath: join(root, 'mask.png'), partsFolder }], () => isWanted);
    const [{ maskPath }] = staged.inputs as [{ maskPath: string }];
    await writeFile(maskPath, 'a mask');
    await writeFile(join(folder.toWrite, '00001.mp4'), 'a part');
    isWanted = false;

    await staged.grow();
    await staged.deliver(0);

    const names = await readdir(root, { recursive: true });
    expect(names).not.toContain('mask.png');
    expect(names).not.toContain('parts/00001.mp4');
  });

  it('serves the others if the folder of one caller is gone', async () => {
    const folder = create();
    const wanted = [join(root, 'gone/mask.png'), join(root, 'mask.png')];
    const staged = await folder.stage(
      wanted.map((maskPath) => ({ maskPath })),
      () => true,
    );
    for (const { maskPath } of staged.inputs as Array<{ maskPath: string }>)
      await writeFile(maskPath, 'a mask');

    await Promise.all([staged.deliver(0), staged.deliver(1)]);

    expect(await readFile(join(root, 'mask.png'), 'utf8')).toBe('a mask');
  });

  it('has what a run reads, under links of the store too, and gives back what it wrote', async () => {
    const folder = create();
    await writeFile(join(root, '.photo.1'), 'a photo');
    await symlink('.photo.1', join(root, 'photo'));
    const input = {
      kind: 'cut',
      request: { photoPath: join(root, 'photo'), maskPath: join(root, 'mask.png'), box: [1, 2] },
    };

    const staged = await folder.stage([input], () => true);
    const [{ request }] = staged.inputs as [typeof input];
    expect(staged.inputs).toEqual([{ kind: 'cut', request: { ...request, box: [1, 2] } }]);
    expect(await readFile(request.photoPath, 'utf8')).toBe('a photo');
    expect(request.maskPath).toMatch(/\.png$/);
    await writeFile(request.maskPath, 'a mask');
    await staged.deliver(0);

    expect(await staged.clear()).toBe(true);
    expect(await readFile(join(root, 'mask.png'), 'utf8')).toBe('a mask');
    expect([...(await readdir(folder.toRead)), ...(await readdir(folder.toWrite))]).toEqual([]);
  });

  it('leaves a missing file for its run to report, and rejects if it is missing itself', async () => {
    const folder = create();
    const input = { photoPath: join(root, 'erased') };
    const staged = await folder.stage([input], () => true);
    const [{ photoPath }] = staged.inputs as [typeof input];
    await expect(readFile(photoPath)).rejects.toThrow('ENOENT');

    await rm(join(folder.toRead, '..'), { recursive: true });

    await expect(folder.stage([input], () => true)).rejects.toThrow('ENOENT');
  });

  it('is elsewhere if there can be none beside the files', async () => {
    // No folder can be made in a file, as in a store that is read-only.
    const folder = createSlotFolder(secret, 'media', FILES);
    onTestFinished(() => folder.remove());
    const staged = await folder.stage([{ maskPath: join(root, 'mask.png') }], () => true);
    const [{ maskPath }] = staged.inputs as [{ maskPath: string }];
    await writeFile(maskPath, 'a mask');

    await staged.deliver(0);

    expect(maskPath.startsWith(root)).toBe(false);
    expect(await readFile(join(root, 'mask.png'), 'utf8')).toBe('a mask');
  });

  it('may lack what a run left out', async () => {
    const staged = await create().stage([{ maskPath: join(root, 'mask.png') }], () => true);

    await staged.deliver(0);

    expect(await readdir(root)).not.toContain('mask.png');
  });

  it('never gives back what a planted link leads to', async () => {
    const folder = create();
    const staged = await folder.stage([{ maskPath: join(root, 'mask.png') }], () => true);
    const [{ maskPath }] = staged.inputs as [{ maskPath: string }];
    await symlink(secret, maskPath);

    await expect(staged.deliver(0)).rejects.toMatchObject({ code: 'SLOT_CRASHED' });

    expect(await readdir(root)).not.toContain('mask.png');
    expect(await readFile(secret, 'utf8')).toBe('a secret');
  });

  it('never deletes what a planted link leads to, and reports folders', async () => {
    const folder = create();
    const staged = await folder.stage([{}], () => true);
    await symlink(root, join(folder.toWrite, 'everything'));
    expect(await staged.clear()).toBe(true);
    await mkdir(join(folder.toWrite, 'deep'));
    await symlink(root, join(folder.toWrite, 'deep/everything'));

    expect(await staged.clear()).toBe(false);
    await folder.remove();

    expect(await readdir(root)).toEqual(['secret']);
  });

  it('shows new files of a growing folder once they are complete, and no links', async () => {
    const partsFolder = join(root, 'parts');
    await mkdir(partsFolder);
    await writeFile(join(partsFolder, '00000.mp4'), 'of an earlier attempt');
    const folder = create();
    const staged = await folder.stage([{ partsFolder }], () => true);
    const [own] = staged.inputs as [{ partsFolder: string }];
    expect(await readFile(join(own.partsFolder, '00000.mp4'), 'utf8')).toBe('of an earlier attempt');
    await writeFile(join(own.partsFolder, '00001.mp4'), 'new');
    await writeFile(join(own.partsFolder, '00002.mp4.new'), 'not yet');
    await symlink(secret, join(own.partsFolder, '00003.mp4'));

    await staged.grow();

    expect((await readdir(partsFolder)).sort()).toEqual(['00000.mp4', '00001.mp4']);
    expect(await readFile(join(partsFolder, '00001.mp4'), 'utf8')).toBe('new');
  });
});
