import type { Command } from 'commander';
import { createLimelightClient } from '../../client/limelight-client.ts';
import { loadConfig, readEnvironment } from '../../config.ts';
import { stopSignal } from '../../run-main.ts';
import { addExamples } from '../add-examples.ts';
import { show } from '../output.ts';
import { summaryLines, timelineLines } from '../timeline-lines.ts';

export function addTimelineCommand(program: Command): void {
  const command = program
    .command('timeline')
    .summary('where the time of a task went')
    .description(
      'Shows for each stage and step of a task how long it waited, computed, was tried again, or waited for the provider. Without a task: percentiles over the tasks that ended in the last day.',
    )
    .argument('[task]', 'id of the task')
    .option('--server <url>', 'address of the server; default: the API of this machine')
    .action(async (task: string | undefined, { server }: { server?: string }) => {
      const { api, client: settings } = loadConfig(readEnvironment());
      const client = createLimelightClient({
        baseUrl: server ?? `http://${api.host}:${api.port}`,
        ...(settings.apiKey && { apiKey: settings.apiKey }),
      });
      const signal = stopSignal();
      if (task === undefined) {
        show(await client.timelineSummary({ signal }), summaryLines);
      } else {
        show(await client.timeline(task, { signal }), timelineLines);
      }
    });
  addExamples(command, ['limelight timeline 6f9619ff-8b86-4011-b42d-00c04fc964ff', 'limelight timeline']);
}
