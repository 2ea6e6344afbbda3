import type { Dashboard } from './dashboard.ts';

export const provider: Dashboard = {
  uid: 'limelight-provider',
  title: 'Limelight: provider',
  description: 'D-ID as seen from here: whether it answers, what waits for it, what it costs.',
  panels: [
    {
      title: 'Answers',
      description: '1 while the provider answers.',
      unit: 'short',
      kind: 'stat',
      targets: [{ expr: 'max by (provider) (limelight_provider_up)', legend: '{{provider}}' }],
    },
    {
      title: 'Credits left',
      description: 'In the account, asked every 15 seconds at most.',
      unit: 'short',
      kind: 'stat',
      targets: [{ expr: 'min by (provider) (limelight_provider_credits_remaining)', legend: '{{provider}}' }],
    },
    {
      title: 'Held',
      description: '1 while no talk is begun, by reason.',
      unit: 'short',
      kind: 'stat',
      targets: [{ expr: 'max by (reason) (limelight_provider_held)', legend: '{{reason}}' }],
    },
    {
      title: 'Talks and waiting jobs',
      description: 'What the provider works on, and who waits for a place.',
      unit: 'short',
      targets: [
        { expr: 'max by (provider) (limelight_provider_talks_in_flight)', legend: 'talks in flight' },
        { expr: 'max by (provider) (limelight_provider_jobs_waiting)', legend: 'jobs waiting' },
      ],
    },
    {
      title: 'Credits spent',
      description: 'In the last hour.',
      unit: 'short',
      targets: [
        {
          expr: 'sum by (provider) (increase(limelight_provider_credits_spent_total[1h]))',
          legend: '{{provider}}',
        },
      ],
    },
    {
      title: 'Seconds of voice paid for',
      description: 'In the last hour.',
      unit: 's',
      targets: [
        {
          expr: 'sum by (provider) (increase(limelight_provider_talk_seconds_total[1h]))',
          legend: '{{provider}}',
        },
      ],
    },
    {
      title: 'Time of a video by provider',
      description: 'p90 of completed jobs over 30 minutes.',
      unit: 's',
      targets: [
        {
          expr: 'histogram_quantile(0.9, sum by (le, provider) (max without (instance) (rate(pipeline_execution_time_seconds_bucket{outcome="completed"}[30m]))))',
          legend: '{{provider}}',
        },
      ],
    },
    {
      title: 'Degraded jobs',
      description: 'Made by the built-in renderer in the place of the provider, an hour.',
      unit: 'short',
      targets: [{ expr: 'sum(increase(limelight_jobs_degraded_total[1h]))', legend: 'degraded' }],
    },
    {
      title: 'Calls to the provider',
      description: "p95 of each activity on the queue d-id, from Temporal's SDK.",
      unit: 's',
      targets: [
        {
          expr: 'histogram_quantile(0.95, sum by (le, activity_type) (rate(temporal_activity_execution_latency_seconds_bucket{task_queue="d-id"}[15m])))',
          legend: '{{activity_type}}',
        },
      ],
    },
  ],
};
