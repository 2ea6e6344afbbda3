/** Models, devices and the slots that run them. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { count, flag, gigabytes, seconds } from './kinds.ts';

export const inferenceVariables = {
  MODELS_DIR: z
    .string()
    .optional()
    .describe('Folder with a manifest.json and models, which take precedence over all others'),
  MODELS_CACHE_DIR: z.string().optional().describe('Folder for pulled models; default: the user cache'),
  XDG_CACHE_HOME: z.string().optional().describe('Folder of the user cache; default: ~/.cache'),
  YOLO_SLOTS: count(2).describe('Detector processes of a GPU worker'),
  YOLO_MEMORY_GB: gigabytes(2).describe('Device memory of one detector slot'),
  YOLO_CONFIDENCE_THRESHOLD: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Default conf_threshold of tasks'),
  YOLO_TIMEOUT_S: seconds(30).describe('Seconds that one detection may take; then its process is replaced'),
  BIREFNET_SLOTS: count(1).describe('Background removal processes of a GPU worker'),
  BIREFNET_MEMORY_GB: gigabytes(6).describe('Device memory of one background removal slot'),
  BIREFNET_TIMEOUT_S: seconds(120).describe(
    'Seconds that one background removal may take; then its process is replaced',
  ),
  BIREFNET_USE_TENSORRT: flag(false).describe(
    'Whether to try TensorRT first for background removal; its first start compiles the model for minutes',
  ),
  BIREFNET_USE_FP16: flag(true).describe(
    'Whether background removal uses 16-bit floats on a GPU, if the manifest has such a variant',
  ),
  GPU_MEMORY_GB: gigabytes(16).describe('Memory of the device'),
  CUDA_VISIBLE_DEVICES: z
    .string()
    .default('0')
    .describe('Devices; `npm start` runs a GPU worker for each; -1 for the CPU'),
  LD_LIBRARY_PATH: z.string().optional().describe("Where the system's loader finds the CUDA libraries"),
  SLOT_CONFINEMENT: z
    .enum(['auto', 'required', 'node'])
    .default('auto')
    .describe(
      "What confines the processes that decode and draw, beside limits and Node's permission model: `auto` (the kernel, by bubblewrap or Landlock, if it can), `required` (nothing starts if it cannot) or `node` (nothing else)",
    ),
  SLOT_MAX_RUNS: z.coerce
    .number()
    .int()
    .min(1)
    .default(1000)
    .describe('Runs after which the process of a model is replaced, between two tasks'),
  SLOT_MAX_MEMORY_GB: gigabytes(12).describe(
    'Resident memory above which the process of a model is replaced, between two tasks',
  ),
  ONNX_THREADS: z.coerce
    .number()
    .int()
    .min(1)
    .max(256)
    .default(Math.max(1, Math.floor(availableParallelism() / 2)))
    .describe('Threads of one inference on the CPU; default: half the cores'),
};
