import { type Command, InvalidArgumentError } from 'commander';
import { readEnvironment } from '../../config/read-environment.ts';
import { MAX_KEY_WEIGHT, MIN_KEY_WEIGHT, SCOPES, type Scope } from '../../contracts/api-key.ts';
import type { ApiKey } from '../../contracts/schemas/api-key.ts';
import { loadConfig } from '../../process/load-config.ts';
import type { ApiKeys } from '../../storage/api-keys.ts';
import { addExamples, toNumber } from '../command-parts.ts';
import { show, write } from '../terminal/output.ts';
import { toTable } from '../terminal/table.ts';

interface CreateFlags {
  scopes: Scope[];
  maxJobs?: number;
  maxMb?: number;
  weight?: number;
}

export function addKeysCommand(program: Command): void {
  const keys = program
    .command('keys')
    .summary('manage API keys')
    .description(
      'Manages the API keys of the server that uses this storage. A running server applies changes within seconds. Without keys it serves this machine only.',
    );
  const creating = keys
    .command('create')
    .description('create a key and show its secret once')
    .argument('<name>', 'name of the key; only this key sees its tasks and their files')
    .option('--scopes <scopes>', `comma-separated list of ${SCOPES.join(', ')}`, toScopes, [
      'submit',
      'read',
    ] as Scope[])
    .option('--max-jobs <count>', 'limit of running tasks; default: API_JOBS_IN_FLIGHT', toNumber)
    .option('--max-mb <megabytes>', 'limit of uploads in progress; default: API_MB_IN_FLIGHT', toNumber)
    .option(
      '--weight <turns>',
      'turns at the slots for each turn of other keys while tasks of both wait',
      toWeight,
    )
    .action(create);
  addExamples(creating, [
    'limelight keys create studio',
    'limelight keys create dashboard --scopes read --max-jobs 2',
  ]);
  const listing = keys.command('list').description('list all keys, revoked ones included').action(list);
  addExamples(listing, ['limelight keys list', 'limelight keys list --json']);
  const rotating = keys
    .command('rotate')
    .description('create a new secret for a key; the old one stays valid for a while')
    .argument('<name>', 'name as shown by `list`')
    .option('--overlap-hours <hours>', 'how long the old secret stays valid', toNumber, 24)
    .action(async (name: string, { overlapHours }: { overlapHours: number }) => {
      showSecret(name, await withKeys((keys) => keys.rotate(name, overlapHours * 3_600_000)));
      write(`The old secret of ${name} stays valid for ${overlapHours} hours.`);
    });
  addExamples(rotating, ['limelight keys rotate studio', 'limelight keys rotate studio --overlap-hours 1']);
  const revoking = keys
    .command('revoke')
    .description('permanently disable a key and its links')
    .argument('<name>', 'name as shown by `list`')
    .action(async (name: string) => {
      await withKeys((keys) => keys.revoke(name));
      show({ name, state: 'revoked' }, () => []);
      write(`${name} is revoked.`);
    });
  addExamples(revoking, ['limelight keys revoke studio']);
}

async function create(name: string, { scopes, maxJobs, maxMb, weight }: CreateFlags): Promise<void> {
  const quota = {
    ...(maxJobs !== undefined && { jobs_in_flight: maxJobs }),
    ...(maxMb !== undefined && { bytes_in_flight: maxMb * 1_000_000 }),
    ...(weight !== undefined && { weight }),
  };
  const own = Object.keys(quota).length > 0 ? quota : undefined;
  showSecret(name, await withKeys((keys) => keys.create(name, scopes, own)));
}

/** Prints only the secret to standard output, for scripts. */
function showSecret(name: string, secret: string): void {
  show({ name, secret }, () => [secret]);
  write('The secret is shown only once. Clients send it as "Authorization: Bearer …".');
}

const COLUMNS = [{ title: 'name' }, { title: 'scopes' }, { title: 'since' }, { title: 'state' }];

async function list(): Promise<void> {
  const all = await withKeys((keys) => keys.list());
  const keys = all
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ name, scopes, created_at, ...key }) => ({ name, scopes, created_at, state: toState(key) }));
  show(keys, () =>
    toTable(
      COLUMNS,
      keys.map((key) => [key.name, key.scopes.join(','), key.created_at.slice(0, 10), key.state]),
    ),
  );
  if (all.length === 0) {
    write('There are no keys: the API serves this machine only.');
  }
}

function toState({ revoked_at, secrets }: Pick<ApiKey, 'secrets'> & { revoked_at?: string }): string {
  if (secrets.length === 0) {
    return 'damaged';
  }
  if (revoked_at) {
    return `revoked ${revoked_at.slice(0, 10)}`;
  }
  const now = new Date().toISOString();
  const active = secrets.filter(({ expires_at }) => expires_at === undefined || expires_at > now).length;
  return active === 1 ? 'active' : `active, ${active} secrets`;
}

async function withKeys<T>(use: (keys: ApiKeys) => Promise<T>): Promise<T> {
  const [{ openStore }, { createApiKeys }] = await Promise.all([
    import('../../storage/open-store.ts'),
    import('../../storage/api-keys.ts'),
  ]);
  using store = openStore(loadConfig(readEnvironment()).storage);
  return await use(createApiKeys({ store }));
}

function toWeight(text: string): number {
  const weight = toNumber(text);
  if (weight < MIN_KEY_WEIGHT || weight > MAX_KEY_WEIGHT) {
    throw new InvalidArgumentError(`Expected a number from ${MIN_KEY_WEIGHT} to ${MAX_KEY_WEIGHT}.`);
  }
  return weight;
}

function toScopes(text: string): Scope[] {
  const scopes = text.split(',').map((part) => part.trim());
  if (!scopes.every(isScope)) {
    throw new InvalidArgumentError(`Expected one or more of ${SCOPES.join(', ')}.`);
  }
  return scopes;
}

function isScope(text: string): text is Scope {
  return SCOPES.some((scope) => scope === text);
}
