/** `node scripts/dashboards.ts`: writes the dashboards of Grafana into deploy/grafana/dashboards. */
import { writeFileSync } from 'node:fs';
import { toGrafana } from './dashboards/dashboard.ts';
import { gpu } from './dashboards/gpu.ts';
import { overview } from './dashboards/overview.ts';
import { provider } from './dashboards/provider.ts';
import { storage } from './dashboards/storage.ts';

export const DASHBOARDS = { overview, gpu, provider, storage };

export const renderDashboard = (name: keyof typeof DASHBOARDS) =>
  `${JSON.stringify(toGrafana(DASHBOARDS[name]), null, 2)}\n`;

if (import.meta.main) {
  for (const name of Object.keys(DASHBOARDS) as Array<keyof typeof DASHBOARDS>) {
    writeFileSync(
      new URL(`../deploy/grafana/dashboards/${name}.json`, import.meta.url),
      renderDashboard(name),
    );
  }
}
