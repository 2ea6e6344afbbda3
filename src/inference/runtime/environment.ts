/** Lets glibc (from 2.35) allocate the memory of models in 2 MB pages. Ignored elsewhere. */
export const HUGE_PAGES = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };

/** By default ONNX Runtime sends facts about its use, such as those of models, to Microsoft. */
export const NO_TELEMETRY = { ORT_DISABLE_TELEMETRY: '1' };
