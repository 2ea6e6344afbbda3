import { OUTAGE_CHOICES } from '../../../src/contracts/job.ts';
import { type Fields, fields, isPersonNumber, setField } from '../../state/draft.ts';
import { info, providerLabel } from '../../state/info.ts';
import { strings } from '../../strings/strings.ts';
import { Icon } from '../../ui/icon.tsx';

const DEADLINES_S = [600, 1800, 3600, 14_400];

/** Options of the API that few people need. */
export function OptionsPanel() {
  const t = strings.value.create.options;
  const { persons, conf_threshold, apply_smoothing } = fields.value;
  const { defaults } = info.value;
  const providers = info.value.providers.filter(({ available }) => available);
  // The lower the confidence that is enough, the more people are found.
  const sensitivity = 1 - Number(conf_threshold || defaults.conf_threshold);
  const hasRemote = providers.some(({ kind }) => kind === 'remote');
  const providerNames = ['auto', ...providers.map(({ name }) => name)];
  return (
    <details class="card panel options">
      <summary>
        {t.title}
        <span class="arrow">
          <Icon name="down" />
        </span>
      </summary>
      <div class="option-grid">
        <Choice
          label={t.persons}
          value={isPersonNumber(persons) ? '1' : persons}
          options={{ auto: t.personsAuto, ask: t.personsAsk, 1: t.personsNumber }}
          order={['auto', 'ask', '1']}
          onChoose={(value) => setField('persons', value)}
        />
        {isPersonNumber(persons) && (
          <label class="field">
            <span>{t.personNumber}</span>
            <input
              type="number"
              min={1}
              max={50}
              value={persons}
              onChange={({ currentTarget: { value } }) =>
                setField('persons', isPersonNumber(value) ? value : '1')
              }
            />
          </label>
        )}
        {hasRemote && (
          <>
            <Option
              name="provider"
              label={t.provider}
              options={Object.fromEntries(providerNames.map((name) => [name, providerLabel(name)]))}
              order={providerNames}
            />
            <Option name="on_outage" label={t.outage} options={t.outages} order={OUTAGE_CHOICES} />
          </>
        )}
        <Option name="priority" label={t.priority} options={t.priorities} order={['1', '2', '3', '4', '5']} />
        <Option
          name="deadline_s"
          label={t.deadline}
          options={Object.fromEntries(DEADLINES_S.map((s) => [s, t.minutes(s / 60)]))}
          order={DEADLINES_S.map(String)}
        />
        <label class="field">
          <span>
            {t.threshold}:{' '}
            <span class="number">{strings.value.task.percent(Math.round(sensitivity * 100))}</span>
          </span>
          <input
            type="range"
            min={5}
            max={95}
            step={5}
            value={Math.round(sensitivity * 100)}
            onInput={({ currentTarget }) =>
              setField('conf_threshold', String((100 - Number(currentTarget.value)) / 100))
            }
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={apply_smoothing === 'true'}
            onChange={({ currentTarget }) => setField('apply_smoothing', String(currentTarget.checked))}
          />
          {t.smoothing}
        </label>
      </div>
    </details>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: Record<string, string>;
  order: readonly string[];
  onChoose: (value: string) => void;
}

function Option({ name, ...props }: { name: keyof Fields } & Omit<ChoiceProps, 'value' | 'onChoose'>) {
  return <Choice {...props} value={fields.value[name]} onChoose={(value) => setField(name, value)} />;
}

function Choice({ label, value, options, order, onChoose }: ChoiceProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
        {order.map((one) => (
          <option key={one} value={one} selected={one === value}>
            {options[one]}
          </option>
        ))}
      </select>
    </label>
  );
}
