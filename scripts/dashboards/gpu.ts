import type { Dashboard } from './dashboard.ts';

export const gpu: Dashboard = {
  uid: 'limelight-gpu',
  title: 'Limelight: GPU and slots',
  description: 'The child processes that compute, and the devices under them.',
  panels: [
    {
      title: 'Utilization',
      description: 'Share of the last minute that the slots were at work, and what nvidia-smi measures.',
      unit: 'percent',
      targets: [{ expr: 'gpu_utilization_percent', legend: '{{instance}} {{device}} ({{source}})' }],
    },
    {
      title: 'Device memory',
      description: 'As nvidia-smi tells; absent without one.',
      unit: 'bytes',
      targets: [
        { expr: 'gpu_memory_used_bytes', legend: '{{instance}} {{device}} used' },
        { expr: 'gpu_memory_total_bytes', legend: '{{instance}} {{device}} total' },
      ],
    },
    {
      title: 'Slots by state',
      description: 'A pool without idle or busy slots serves nobody.',
      unit: 'short',
      targets: [{ expr: 'sum by (pool, state) (limelight_slots)', legend: '{{pool}} {{state}}' }],
    },
    {
      title: 'Busy time of each slot',
      description: 'Share of five minutes.',
      unit: 'percentunit',
      targets: [
        { expr: 'rate(limelight_slot_busy_seconds_total[5m])', legend: '{{instance}} {{pool}} {{slot}}' },
      ],
    },
    {
      title: 'Runs',
      description: 'A minute, by pool.',
      unit: 'short',
      targets: [{ expr: '60 * sum by (pool) (rate(limelight_slot_runs_total[5m]))', legend: '{{pool}}' }],
    },
    {
      title: 'Time of a run',
      description: 'Mean over five minutes.',
      unit: 's',
      targets: [
        {
          expr: 'sum by (pool) (rate(limelight_slot_busy_seconds_total[5m])) / sum by (pool) (rate(limelight_slot_runs_total[5m]))',
          legend: '{{pool}}',
        },
      ],
    },
    {
      title: 'Restarts',
      description: 'Processes that died, were killed or did not start, in ten minutes.',
      unit: 'short',
      targets: [
        {
          expr: 'sum by (instance, pool) (increase(limelight_slot_restarts_total[10m]))',
          legend: '{{instance}} {{pool}}',
        },
      ],
    },
    {
      title: 'Recycled',
      description: 'Processes replaced between two runs because of their age or memory, in ten minutes.',
      unit: 'short',
      targets: [
        {
          expr: 'sum by (instance, pool) (increase(limelight_slot_recycled_total[10m]))',
          legend: '{{instance}} {{pool}}',
        },
      ],
    },
    {
      title: 'Memory of the slots',
      description: 'Resident, as of the last answer.',
      unit: 'bytes',
      targets: [{ expr: 'limelight_slot_memory_bytes', legend: '{{instance}} {{pool}} {{slot}}' }],
    },
    {
      title: 'Steps down the ladder',
      description: 'After a device failed or its memory was short, in 30 minutes.',
      unit: 'short',
      targets: [
        { expr: 'sum by (stage) (increase(limelight_ladder_steps_total[30m]))', legend: '{{stage}}' },
      ],
    },
    {
      title: 'What computes',
      description: 'Slots by model and execution provider.',
      unit: 'short',
      targets: [
        {
          expr: 'count by (pool, model, execution_provider) (limelight_slot_info)',
          legend: '{{pool}}: {{model}} on {{execution_provider}}',
        },
      ],
    },
    {
      title: 'Answers from the cache',
      description: 'A minute, by stage.',
      unit: 'short',
      targets: [{ expr: '60 * sum by (stage) (rate(limelight_cache_hits_total[15m]))', legend: '{{stage}}' }],
    },
  ],
};
