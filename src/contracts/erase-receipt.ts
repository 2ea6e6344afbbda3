export type { ErasedThing, EraseReceipt } from './schemas/erase-receipt.ts';
