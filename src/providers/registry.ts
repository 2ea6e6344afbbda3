import type { ProviderDescriptor } from '../ports/provider.ts';
import { dId } from './d-id/descriptor.ts';
import { lipSync, local } from './local/descriptor.ts';

/** Every provider. Jobs with `provider=auto` go to the first one that is set up and can make their video. */
export const PROVIDERS: readonly ProviderDescriptor[] = [dId, local, lipSync];
