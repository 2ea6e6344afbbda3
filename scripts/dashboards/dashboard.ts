/** A query in the language of Prometheus, and what its lines are called. */
export interface Target {
  expr: string;
  legend?: string;
}

export interface Panel {
  title: string;
  /** What it tells and where it comes from. */
  description: string;
  /** Of Grafana's units, such as `s`, `bytes`, `percentunit`, `short`. */
  unit: string;
  kind?: 'timeseries' | 'stat';
  /** Of 24 columns; default: 8. */
  width?: number;
  targets: Target[];
}

export interface Dashboard {
  uid: string;
  title: string;
  description: string;
  panels: Panel[];
}

const COLUMNS = 24;
const HEIGHT = 8;
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana's
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** The form that Grafana imports: panels from left to right, a new row where one does not fit any more. */
export function toGrafana({ uid, title, description, panels }: Dashboard) {
  let x = 0;
  let y = 0;
  return {
    uid,
    title,
    description,
    tags: ['limelight'],
    schemaVersion: 41,
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' }],
    },
    links: [
      { type: 'dashboards', tags: ['limelight'], title: 'Limelight', asDropdown: true, keepTime: true },
    ],
    panels: panels.map((panel, index) => {
      const { kind = 'timeseries', width = 8 } = panel;
      if (x + width > COLUMNS) {
        x = 0;
        y += HEIGHT;
      }
      const gridPos = { x, y, w: width, h: HEIGHT };
      x += width;
      return {
        id: index + 1,
        type: kind,
        title: panel.title,
        description: panel.description,
        datasource: DATASOURCE,
        gridPos,
        fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
        options:
          kind === 'stat'
            ? { reduceOptions: { calcs: ['lastNotNull'] } }
            : { tooltip: { mode: 'multi' }, legend: { displayMode: 'list', placement: 'bottom' } },
        targets: panel.targets.map(({ expr, legend }, target) => ({
          refId: String.fromCharCode(65 + target),
          datasource: DATASOURCE,
          expr,
          ...(legend && { legendFormat: legend }),
        })),
      };
    }),
  };
}
