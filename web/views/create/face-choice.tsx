import { faceText } from '../../../src/contracts/face-refusals.ts';
import type { PhotoPreview } from '../../../src/contracts/schemas/photo-preview.ts';
import { fields, setField } from '../../state/draft.ts';
import { findProvider } from '../../state/info.ts';
import { photoPreview } from '../../state/photo-preview.ts';
import { strings } from '../../strings/strings.ts';
import { useObjectUrl } from '../../ui/hooks.ts';
import { Icon } from '../../ui/icon.tsx';

type Person = PhotoPreview['persons'][number];

/** Why the chosen provider will refuse the face. Remote providers decide themselves, but none is given a covered mouth. */
function refusalOf({ face }: Person) {
  const isOurs = findProvider(fields.value.provider)?.kind !== 'remote';
  return face?.refusal && (isOurs || face.refusal.reason === 'covered') ? face.refusal : undefined;
}

/** What the server found: several people to choose from, or why the only face will not work. */
export function FaceChoice() {
  const t = strings.value.create.faces;
  const preview = photoPreview.value;
  if (!preview) {
    return null;
  }
  const [only, ...others] = preview.persons;
  if (!only) {
    return <Warning title={t.nobody} advice={t.nobodyAdvice} />;
  }
  if (others.length === 0) {
    const refusal = refusalOf(only);
    return refusal ? <Warning {...faceText(strings.value.faces, refusal)} /> : null;
  }
  return (
    <section class="faces" aria-labelledby="faces-title">
      <h2 id="faces-title">{strings.value.task.choose(preview.persons.length)}</h2>
      <ul>
        {preview.persons.map((person) => (
          <FaceButton key={person.id} person={person} picture={preview.faces.get(person.id)} />
        ))}
      </ul>
    </section>
  );
}

function Warning({ title, advice }: { title: string; advice: string }) {
  return (
    <p class="notice bad faces" role="status">
      <Icon name="warn" />
      <span>
        <strong>{title}.</strong> {advice}
      </span>
    </p>
  );
}

function FaceButton({ person, picture }: { person: Person; picture: Blob | undefined }) {
  const t = strings.value.create.faces;
  const url = useObjectUrl(picture);
  const refusal = refusalOf(person);
  const reason = refusal && faceText(strings.value.faces, refusal).title;
  const id = String(person.id);
  return (
    <li>
      <button
        type="button"
        class={`face ${refusal ? 'refused' : ''}`}
        aria-pressed={fields.value.persons === id}
        data-test={`face-${id}`}
        onClick={() => setField('persons', id)}
      >
        {url && <img src={url} alt="" />}
        <span>
          <strong>{strings.value.task.person(person.id)}</strong>
          {reason && (
            <span class="small">
              {t.wontWork} {reason}.
            </span>
          )}
        </span>
      </button>
    </li>
  );
}
