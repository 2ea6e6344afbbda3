import type { Dashboard } from './dashboard.ts';

/** Every API process tells the same of the whole: `max` over them, never `sum`. */
const rate = (metric: string) => `max without (instance) (rate(${metric}[15m]))`;

export const overview: Dashboard = {
  uid: 'limelight-overview',
  title: 'Limelight: overview',
  description: 'Whether videos are made, how long they take, and where jobs wait.',
  panels: [
    {
      title: 'Success rate',
      description: 'Of the jobs that ended in the last 15 minutes; refused and cancelled ones do not count.',
      unit: 'percentunit',
      kind: 'stat',
      width: 6,
      targets: [{ expr: 'max(pipeline_success_rate)' }],
    },
    {
      title: 'Jobs now',
      description: 'Jobs that run or wait, as Temporal counts them.',
      unit: 'short',
      kind: 'stat',
      width: 6,
      targets: [{ expr: 'max(active_pipelines_count)' }],
    },
    {
      title: 'Mean time of a video',
      description: 'From submission to the end, over 15 minutes.',
      unit: 's',
      kind: 'stat',
      width: 6,
      targets: [
        {
          expr: `sum(${rate('pipeline_execution_time_seconds_sum{outcome="completed"}')}) / sum(${rate('pipeline_execution_time_seconds_count{outcome="completed"}')})`,
        },
      ],
    },
    {
      title: 'Temporal',
      description: '1 while Temporal answers.',
      unit: 'short',
      kind: 'stat',
      width: 6,
      targets: [{ expr: 'max(limelight_temporal_up)' }],
    },
    {
      title: 'Ended jobs',
      description: 'A minute, by outcome.',
      unit: 'short',
      targets: [
        {
          expr: `60 * sum by (outcome) (${rate('pipeline_execution_time_seconds_count')})`,
          legend: '{{outcome}}',
        },
      ],
    },
    {
      title: 'Time of a video',
      description: 'Quantiles of completed jobs over 15 minutes.',
      unit: 's',
      targets: [0.5, 0.9, 0.99].map((quantile) => ({
        expr: `histogram_quantile(${quantile}, sum by (le) (${rate('pipeline_execution_time_seconds_bucket{outcome="completed"}')}))`,
        legend: `p${quantile * 100}`,
      })),
    },
    {
      title: 'Jobs by stage',
      description: 'Where the jobs of now are.',
      unit: 'short',
      targets: [{ expr: 'max by (stage) (limelight_jobs_running)', legend: '{{stage}}' }],
    },
    {
      title: 'Time in each stage',
      description: 'Mean over 15 minutes, waits included.',
      unit: 's',
      targets: [
        {
          expr: 'sum by (stage) (rate(limelight_stage_duration_seconds_sum[15m])) / sum by (stage) (rate(limelight_stage_duration_seconds_count[15m]))',
          legend: '{{stage}}',
        },
      ],
    },
    {
      title: 'Queue depth',
      description: 'Tasks that no worker has taken yet.',
      unit: 'short',
      targets: [{ expr: 'max by (queue) (limelight_queue_depth)', legend: '{{queue}}' }],
    },
    {
      title: 'Age of the first in each queue',
      description: 'How long it has waited.',
      unit: 's',
      targets: [{ expr: 'max by (queue) (limelight_queue_oldest_task_age_seconds)', legend: '{{queue}}' }],
    },
    {
      title: 'Failures by code',
      description: 'A minute; codes as the API names them.',
      unit: 'short',
      targets: [{ expr: '60 * sum by (code) (rate(limelight_job_failures_total[15m]))', legend: '{{code}}' }],
    },
    {
      title: 'Wait of activities before a worker takes them',
      description: "p95 by queue, from Temporal's SDK in the workers.",
      unit: 's',
      targets: [
        {
          expr: 'histogram_quantile(0.95, sum by (le, task_queue) (rate(temporal_activity_schedule_to_start_latency_seconds_bucket[15m])))',
          legend: '{{task_queue}}',
        },
      ],
    },
    {
      title: 'Requests',
      description: 'A second, by status.',
      unit: 'reqps',
      targets: [{ expr: 'sum by (status) (rate(limelight_http_requests_total[5m]))', legend: '{{status}}' }],
    },
    {
      title: 'Time to an answer',
      description: 'p95 by route, uploads included.',
      unit: 's',
      targets: [
        {
          expr: 'histogram_quantile(0.95, sum by (le, route) (rate(limelight_http_request_duration_seconds_bucket[5m])))',
          legend: '{{route}}',
        },
      ],
    },
    {
      title: 'Readers of progress',
      description: 'Connections that follow a task.',
      unit: 'short',
      targets: [{ expr: 'sum(limelight_progress_readers)', legend: 'readers' }],
    },
  ],
};
