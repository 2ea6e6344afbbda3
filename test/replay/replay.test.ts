import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { describe, expect, it } from 'vitest';
import { loadWorkflowBundle } from '../../src/temporal/workflow-bundle.ts';
import '../harness/temporal-server.ts';

/** Histories of jobs as they really ran, in Temporal's own encoding, recorded by `record-histories.ts`. Add to them; replace none that shipped. */
const FOLDER = join(import.meta.dirname, 'histories');

function readHistory(name: string) {
  return proto.temporal.api.history.v1.History.decode(readFileSync(join(FOLDER, name)));
}

describe('workflow code replays recorded histories', () => {
  it.each(readdirSync(FOLDER))('%s', async (name) => {
    const workflowBundle = await loadWorkflowBundle();

    await Worker.runReplayHistory({ workflowBundle }, readHistory(name));
  });

  it('detects a change that breaks running jobs', async () => {
    const workflowBundle = await loadWorkflowBundle();
    const history = readHistory('completed.pb');
    const scheduled = history.events?.find(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'detectPersons',
    );
    scheduled!.activityTaskScheduledEventAttributes!.activityType!.name = 'findFaces';

    await expect(Worker.runReplayHistory({ workflowBundle }, history)).rejects.toThrow(
      DeterminismViolationError,
    );
  });
});
