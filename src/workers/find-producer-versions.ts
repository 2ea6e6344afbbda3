import type { ProducerVersions } from '../activities/producer-versions.ts';
import type { Config } from '../config/config.ts';
import { VERSION } from '../config/version.ts';
import { ignoreFailure } from '../errors.ts';
import { YOLO_KINDS } from '../inference/detect/yolo-output.ts';
import { FACE_KINDS } from '../inference/face/face-detector.ts';
import { LANDMARK_KINDS } from '../inference/face/face-landmarks.ts';
import { MATTING_KINDS } from '../inference/matte/matting-output.ts';
import { findModel, type ModelTask } from '../models/find-model.ts';
import type { ProviderDescriptor } from '../ports/provider.ts';
import { PROVIDERS } from '../providers/registry.ts';

/**
 * The versions of everything that produces results, from the settings of this process. Each contains Limelight's version,
 * because the next release may compute better results. Workers with different models have different versions, and share no
 * cache entries.
 */
export async function findProducerVersions(
  config: Config,
  providers: readonly ProviderDescriptor[] = PROVIDERS,
): Promise<ProducerVersions> {
  const { models, gpu } = config;
  const nameOf = async (task: ModelTask, kinds: readonly string[]) => {
    const found = findModel(task, kinds, models);
    const model = await ignoreFailure(found, 'a machine without this task need not have its model');
    return model && `${model.contract.name}/${model.revision ?? ''}/${model.digest}`;
  };
  const [detector, faces, points, matting] = await Promise.all([
    nameOf('person-detection', YOLO_KINDS),
    nameOf('face-detection', FACE_KINDS),
    nameOf('face-landmarks', LANDMARK_KINDS),
    nameOf('background-removal', MATTING_KINDS),
  ]);
  return {
    ...(detector && { detector: [VERSION, detector, faces, points].join('/') }),
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
