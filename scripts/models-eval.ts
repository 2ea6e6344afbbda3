/** `npm run models:eval -- --data DIR [--faces DIR [--reference DIR]] [--models DIR] [--limit N] [--json]`; see `docs/models.md`. */
import { parseArgs } from 'node:util';
import { readEnvironment } from '../src/config/read-environment.ts';
import { loadConfig } from '../src/process/load-config.ts';
import { type Evaluation, scoreModels } from './models-eval/score-models.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    faces: { type: 'string' },
    reference: { type: 'string' },
    models: { type: 'string' },
    limit: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
if (!values.data && !values.faces) {
  process.stderr.write(
    'Name annotated photos to score the models on: --data DIR (people), --faces DIR (faces), or both.\n',
  );
  process.exit(2);
}
const { data, faces, reference, models } = values;
const evaluation = await scoreModels({
  data,
  faces,
  reference,
  models,
  folders: loadConfig(readEnvironment()).models,
  ...(values.limit && { limit: Number(values.limit) }),
});
process.stdout.write(values.json ? `${JSON.stringify(evaluation, null, 2)}\n` : toText(evaluation));

function toText({ detectors, mattings, landmarks, mouthCovers, closeUps }: Evaluation): string {
  const blocks = [
    ...Object.entries(detectors).map(([name, score]) => [
      `${name}: persons`,
      [
        'main person found at 0.5',
        percent(score.mainPersonFound),
        `of ${score.photos.withMainPerson} photos`,
      ],
      ['main person is the first choice', percent(score.mainPersonChosen), ''],
      ['AP50, persons over 10 % of the height', score.ap50.toFixed(3), `${score.photos.fullyBoxed} photos`],
      ['photos without people flagged at 0.5', percent(score.falseAlarms), `of ${score.photos.empty} photos`],
      ['model, one thread', `${score.modelMs.toFixed(0)} ms`, 'median'],
    ]),
    ...Object.entries(mattings).map(([name, score]) => [
      `${name}: head-and-shoulder crops`,
      ['IoU', score.iou.toFixed(3), `${score.crops} crops, median ${score.medianIou.toFixed(3)}`],
      ['MAE', score.mae.toFixed(3), ''],
      ['model and resizing, one thread', `${score.matteMs.toFixed(0)} ms`, 'median'],
    ]),
    ...Object.entries(landmarks).map(([name, score]) => [
      `${name}: face points`,
      [
        'error, of the distance of the eyes',
        percent(score.error),
        `${score.faces} faces, median ${percent(score.medianError)}`,
      ],
      ['one pass, one thread', `${score.passMs.toFixed(1)} ms`, 'median'],
    ]),
    ...Object.entries(mouthCovers).map(([name, score]) => [
      `${name}: covered mouths`,
      [
        'uncovered faces taken as covered',
        percent(score.falseCovers),
        `of ${score.faces} faces${score.falselyCovered.map((id) => ` ${id}`).join('')}`,
      ],
      ...Object.entries(score.found).map(([cover, share]) => [`${cover} seen`, percent(share), 'drawn']),
      ['named right, and wrong', percent(score.namedRight), percent(score.namedWrong)],
      ['one face, one thread', `${score.lookMs.toFixed(1)} ms`, 'median'],
    ]),
    ...(closeUps
      ? [
          [
            'faces that are animated, by their share of the height of the picture',
            ...Object.entries(closeUps.shares).map(([share, { crops, accepted, refused }]) => [
              share,
              percent(accepted / crops),
              [
                `of ${crops}`,
                ...Object.entries(refused).map(([why, paths]) => `${why} ${paths.length}`),
              ].join(', '),
            ]),
            ['detection of faces, one thread', `${closeUps.detectMs.toFixed(1)} ms`, 'median'],
          ],
        ]
      : []),
  ];
  return blocks
    .map(([title, ...rows]) => [title, ...(rows as string[][]).map(toLine)].join('\n'))
    .join('\n\n')
    .concat('\n');
}

function toLine([what = '', value = '', note = '']: string[]): string {
  return `  ${what.padEnd(42)} ${value.padStart(8)}  ${note}`.trimEnd();
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
