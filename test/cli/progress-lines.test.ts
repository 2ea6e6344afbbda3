import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createProgressLines } from '../../src/cli/terminal/progress-lines.ts';
import type { ReceivedEvent } from '../../src/client/limelight-client.ts';
import type { Stage } from '../../src/contracts/stages.ts';

const at = (second: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, second)).toISOString();

const stage = (seq: number, name: Stage, progress_percent: number, message: string): ReceivedEvent => ({
  seq,
  task_id: 't',
  event_type: 'stage_update',
  progress_percent,
  message,
  data: { stage: name, progress_percent, message },
  timestamp: at(seq),
});

describe('progress lines', () => {
  it('writes one line per stage with its duration', () => {
    const output = new PassThrough();
    const lines = createProgressLines(output);

    lines.show(stage(1, 'INITIALIZED', 0, 'Accepted'));
    lines.show(stage(3, 'DID_PROCESSING', 75, 'Drawing frames'));
    lines.show({
      task_id: 't',
      event_type: 'activity_progress',
      progress_percent: 77.5,
      message: 'Frame 20 of 40',
      data: { stage: 'DID_PROCESSING', progress_percent: 77.5, message: 'Frame 20 of 40' },
      timestamp: at(5),
    });
    lines.show(stage(10, 'COMPLETED', 100, 'The video is ready'));
    lines.end();

    expect(String(output.read()).split('\n')).toEqual([
      '  0 %    2.0 s  Accepted',
      ' 75 %    7.0 s  Drawing frames',
      '100 %    0.0 s  The video is ready',
      '',
    ]);
  });

  it('leaves the message of a failure to the error that follows', () => {
    const output = new PassThrough();
    const lines = createProgressLines(output);

    lines.show(stage(1, 'DETECTION_RUNNING', 25, 'Looking for persons'));
    lines.show(stage(2, 'FAILED', 25, 'No person was found'));
    lines.end();

    expect(String(output.read())).toBe(' 25 %    1.0 s  Looking for persons\n');
  });

  it('redraws one line in place on a terminal, without wrapping', () => {
    const output = Object.assign(new PassThrough(), { isTTY: true, columns: 30 });
    const lines = createProgressLines(output);

    lines.show(stage(1, 'INITIALIZED', 0, 'Accepted: photo and voice are being checked'));
    const live = String(output.read());
    lines.end();

    expect(live).not.toContain('\n');
    expect(live).toContain('Accepted: pho');
    expect(live).not.toContain('Accepted: phot');
    expect(String(output.read())).toMatch(/Accepted: photo and voice are being checked\n$/);
  });
});
