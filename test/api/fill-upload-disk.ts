/** Receives a form into a folder of a small file system: run with it by `multipart.test.ts`. Prints what it was told. */

import { Readable } from 'node:stream';
import { API_LIMITS, toUploadRules } from '../../src/api/submit/limits.ts';
import { receiveForm } from '../../src/api/submit/multipart.ts';
import { asScratchFolder } from '../../src/storage/scratch-folder.ts';
import { jobForm, toWav } from '../harness/api/job-form-data.ts';

const [folder = ''] = process.argv.slice(2);
const response = new Response(jobForm({ audio: toWav(2_000_000) }));
const body = Readable.from([Buffer.from(await response.arrayBuffer())], { objectMode: false });
const contentType = response.headers.get('content-type')!;
const told = await receiveForm(
  { body, contentType, contentLength: undefined },
  { folder: asScratchFolder(folder), rules: toUploadRules(API_LIMITS) },
).catch((error: { code?: string }) => error.code ?? String(error));
process.stdout.write(JSON.stringify(told));
