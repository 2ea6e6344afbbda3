import type { Makers } from '../activities/producer-versions.ts';
import type { Config } from '../config/config.ts';
import { VERSION } from '../config/version.ts';
import { YOLO_KINDS } from '../inference/detect/yolo-output.ts';
import { MATTING_KINDS } from '../inference/matte/matting-output.ts';
import { findModel, type ModelTask } from '../models/find-model.ts';
import type { ProviderDescriptor } from '../ports/provider.ts';
import { PROVIDERS } from '../providers/registry.ts';

/**
 * Who makes what, by the settings of this process. Each name holds the version of Limelight: what a release computes, the
 * next one may compute better. Where workers differ in their models they differ in the names, and share nothing.
 */
export async function findMakers(
  config: Config,
  providers: readonly ProviderDescriptor[] = PROVIDERS,
): Promise<Makers> {
  const { models, gpu } = config;
  const nameOf = async (task: ModelTask, kinds: readonly string[]) => {
    // A machine that does none of this need not have its model.
    const model = await findModel(task, kinds, models).catch(() => undefined);
    return model && `${model.contract.name}/${model.revision ?? ''}/${model.digest}`;
  };
  const [detector, matting] = await Promise.all([
    nameOf('person-detection', YOLO_KINDS),
    nameOf('background-removal', MATTING_KINDS),
  ]);
  return {
    ...(detector && { detector: `${VERSION}/${detector}` }),
    ...(matting && { matting: `${VERSION}/${matting}/${gpu.birefnet.useFp16 ? 'fp16' : 'fp32'}` }),
    videos: Object.fromEntries(await versionsOf(providers, config)),
  };
}

async function versionsOf(
  providers: readonly ProviderDescriptor[],
  config: Config,
): Promise<Array<[provider: string, version: string]>> {
  const versions = await Promise.all(
    providers.map(async (provider): Promise<[string, string | undefined]> => {
      if (provider.kind === 'local') {
        return [provider.name, await provider.producerVersion(config)];
      }
      const settings = config.providers[provider.name];
      return [provider.name, settings && provider.producerVersion(settings)];
    }),
  );
  return versions.flatMap(([name, version]) => (version ? [[name, `${VERSION}/${version}`]] : []));
}
