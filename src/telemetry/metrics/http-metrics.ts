import { Counter, Gauge, Histogram } from 'prom-client';
import type { Metrics } from './metrics.ts';

export interface HttpMetrics {
  /** @param route the pattern, such as `/api/pipeline/status/:taskId`: a path would make a series for each task. */
  answered(request: { method: string; route: string; status: number; seconds: number }): void;
}

/** @param readers number of readers that now follow the progress of a task. */
export function addHttpMetrics({ registry, beforeScrape }: Metrics, readers: () => number): HttpMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'limelight_http_requests_total',
    help: 'Requests answered',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const duration = new Histogram({
    name: 'limelight_http_request_duration_seconds',
    help: 'Time until the answer begins, uploads included',
    labelNames: ['method', 'route'],
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 30, 300],
    registers,
  });
  const readerGauge = new Gauge({
    name: 'limelight_progress_readers',
    help: 'Readers that follow the progress of a task',
    registers,
  });
  beforeScrape(() => readerGauge.set(readers()));
  return {
    answered({ method, route, status, seconds }) {
      requests.inc({ method, route, status });
      duration.observe({ method, route }, seconds);
    },
  };
}
