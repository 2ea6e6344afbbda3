import type { Dashboard } from './dashboard.ts';

export const storage: Dashboard = {
  uid: 'limelight-storage',
  title: 'Limelight: storage',
  description: 'What the object store holds and what is left under it.',
  panels: [
    {
      title: 'Free space',
      description: 'Of the disk under the store. Submissions are refused before it is full.',
      unit: 'bytes',
      kind: 'stat',
      targets: [{ expr: 'min(limelight_storage_free_bytes)' }],
    },
    {
      title: 'Disk in use',
      description: 'By everything on it.',
      unit: 'percentunit',
      kind: 'stat',
      targets: [{ expr: '1 - min(limelight_storage_free_bytes) / max(limelight_storage_disk_bytes)' }],
    },
    {
      title: 'Full in',
      description: 'At the pace of the last six hours.',
      unit: 's',
      kind: 'stat',
      targets: [
        {
          expr: 'min(limelight_storage_free_bytes) / -min(deriv(limelight_storage_free_bytes[6h]) < 0)',
        },
      ],
    },
    {
      title: 'Bytes by tier',
      description: 'Of stored objects.',
      unit: 'bytes',
      width: 12,
      targets: [{ expr: 'max by (tier) (storage_used_bytes)', legend: '{{tier}}' }],
    },
    {
      title: 'Objects by tier',
      description: 'A tier that only grows is one that retention does not reach.',
      unit: 'short',
      width: 12,
      targets: [{ expr: 'max by (tier) (limelight_storage_objects)', legend: '{{tier}}' }],
    },
    {
      title: 'Since the last retention',
      description: 'It runs every hour.',
      unit: 's',
      kind: 'stat',
      targets: [{ expr: 'time() - max(limelight_retention_last_success_timestamp_seconds)' }],
    },
    {
      title: 'Deleted by the retention',
      description: 'Bytes an hour, by what they were.',
      unit: 'bytes',
      targets: [
        {
          expr: 'sum by (group) (increase(limelight_retention_deleted_bytes_total[1h]))',
          legend: '{{group}}',
        },
      ],
    },
    {
      title: 'Files that could not be deleted',
      description: 'In two hours; the next run tries again.',
      unit: 'short',
      targets: [{ expr: 'sum(increase(limelight_retention_errors_total[2h]))', legend: 'errors' }],
    },
  ],
};
