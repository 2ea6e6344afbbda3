import type { ChaosOptions } from './chaos.ts';
import { FINDINGS, type Finding } from './check-evidence.ts';
import type { Evidence, TaskLog } from './evidence.ts';
import type { DoneFault } from './fault-runner.ts';

export interface ChaosReport {
  seed: number;
  store: string;
  /** The command that does all of this again. */
  again: string;
  seconds: number;
  jobs: {
    submitted: number;
    accepted: number;
    /** By stage, or by the code of the error. */
    ends: Record<string, number>;
    remote: number;
    cached: number;
    identical: number;
    sent_twice: number;
    retries: number;
    cancelled: number;
    erased: number;
    with_webhook: number;
  };
  faults: {
    kills: number;
    stops: number;
    outages: Record<string, Counted>;
    full_disks: Counted;
    by_kind: Record<string, number>;
  };
  readers: { count: number; connections: number; events: number };
  webhooks: { messages: number; requests: number };
  talks: { paid: number; lost_uploads: number };
  store_at_end: { objects: number; bytes: number };
  longest_history: { workflow: string; events: number };
  findings: Finding[];
  /** What hindered the run itself. */
  problems: string[];
  /** The folder of the logs, kept if there are findings. */
  logs?: string;
  done: DoneFault[];
}

interface Counted {
  count: number;
  seconds: number;
}

interface ReportParts {
  options: ChaosOptions;
  evidence: Evidence;
  findings: Finding[];
  faults: DoneFault[];
  problems: string[];
  seconds: number;
  logs?: string;
}

export function toReport({
  options,
  evidence,
  findings,
  faults,
  problems,
  seconds,
  logs,
}: ReportParts): ChaosReport {
  const { seed, store, jobs, kills, outages, longestOutageMs } = options;
  const { tasks, readers, webhooks, objects, paid, leftovers, executions } = evidence;
  const count = (test: (task: TaskLog) => boolean) => tasks.filter(test).length;
  const isOf = (prefix: string) => faults.filter(({ what }) => what.startsWith(prefix));
  const outcomeOf = ({ outcomes }: TaskLog) => outcomes.at(-1);
  const longest = executions.reduce((a, b) => (b.historyLength > a.historyLength ? b : a), {
    workflowId: 'none',
    historyLength: 0,
  });
  return {
    seed,
    store,
    again: `npm run chaos -- --seed ${seed} --jobs ${jobs} --kills ${kills} --outages ${outages} --longest-outage ${longestOutageMs / 1000} --store ${store}`,
    seconds,
    jobs: {
      submitted: tasks.length,
      accepted: count(({ isAccepted }) => isAccepted),
      ends: countBy(tasks.map(endOf)),
      remote: count(({ job }) => job.provider === 'd-id'),
      cached: count((task) => {
        const outcome = outcomeOf(task);
        return (outcome?.success && outcome.metadata.cached.includes('DID_PROCESSING')) ?? false;
      }),
      identical: count(({ job }) => job.isTwin),
      sent_twice: count(({ job }) => job.isSentTwice),
      retries: tasks.reduce((sum, { retriesAsked }) => sum + retriesAsked, 0),
      cancelled: count(({ job }) => job.action?.kind === 'cancel'),
      erased: count(({ isErased }) => isErased),
      with_webhook: count(({ job }) => job.webhook !== undefined),
    },
    faults: {
      kills: isOf('kill').length,
      stops: isOf('stop').length,
      outages: Object.fromEntries(
        [...Map.groupBy(isOf('outage of '), ({ what }) => what.slice('outage of '.length))].map(
          ([link, some]) => [link, counted(some)],
        ),
      ),
      full_disks: counted(isOf('full disk')),
      by_kind: countBy(
        faults.map(({ what, name }) => (what.startsWith('outage') ? `${what}: ${name}` : what)),
      ),
    },
    readers: {
      count: readers.length,
      connections: readers.reduce((sum, { connections }) => sum + connections, 0),
      events: readers.reduce((sum, { events }) => sum + events.length, 0),
    },
    webhooks: { messages: new Set(webhooks.map(({ id }) => id)).size, requests: webhooks.length },
    talks: {
      paid: paid.length,
      lost_uploads: leftovers.filter(({ what, isKnown }) => what !== 'talk' && !isKnown).length,
    },
    store_at_end: { objects: objects.length, bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0) },
    longest_history: { workflow: longest.workflowId, events: longest.historyLength },
    findings,
    problems,
    ...(logs !== undefined && { logs }),
    done: faults,
  };
}

function endOf(task: TaskLog): string {
  if (task.isErased) return 'erased';
  const outcome = task.outcomes.at(-1);
  if (!outcome) return 'no end';
  return outcome.success ? 'COMPLETED' : outcome.error.code;
}

function counted(faults: DoneFault[]): Counted {
  return { count: faults.length, seconds: Math.round(faults.reduce((sum, { ms }) => sum + ms, 0) / 1000) };
}

function countBy(names: string[]): Record<string, number> {
  const counts = [...Map.groupBy(names, (name) => name)].map(([name, some]) => [name, some.length] as const);
  return Object.fromEntries(counts.sort(([, a], [, b]) => b - a));
}

/** For people: what was done and what was found. */
export function toSummary(report: ChaosReport): string {
  const { seed, store, jobs, faults, readers, webhooks, talks, findings, problems } = report;
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([name, number]) => `${number} ${name}`)
      .join(', ');
  const outages = Object.entries(faults.outages)
    .map(([link, { count, seconds }]) => `${count} of ${link} (${seconds} s)`)
    .join(', ');
  const kinds = [...Map.groupBy(findings, ({ kind }) => kind)];
  return [
    `Seed ${seed}, store ${store}: ${jobs.submitted} jobs in ${report.seconds} s`,
    `  ends      ${list(jobs.ends)}`,
    `  among     ${jobs.remote} for D-ID, ${jobs.cached} from the cache, ${jobs.identical} identical at the same time, ${jobs.retries} retries, ${jobs.cancelled} cancelled, ${jobs.with_webhook} with webhook`,
    `  faults    ${faults.kills} kills, ${faults.stops} stops, outages: ${outages}; full disk ${faults.full_disks.count} times (${faults.full_disks.seconds} s)`,
    `  readers   ${readers.count} on ${readers.connections} connections, ${readers.events} events`,
    `  webhooks  ${webhooks.messages} messages in ${webhooks.requests} requests`,
    `  D-ID      ${talks.paid} talks paid, ${talks.lost_uploads} uploads whose answer was lost`,
    ...problems.map((problem) => `  PROBLEM   ${problem}`),
    ...kinds.flatMap(([kind, some]) => [
      `  FINDING   ${kind}: ${FINDINGS[kind]} (${some.length})`,
      ...some.slice(0, 5).map(({ subject, detail }) => `              ${subject}: ${detail}`),
    ]),
    findings.length === 0 ? '  No finding.' : `  ${findings.length} findings. Again: ${report.again}`,
    ...(report.logs ? [`  Logs: ${report.logs}`] : []),
  ].join('\n');
}
