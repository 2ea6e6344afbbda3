import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';

const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;

/** Search attributes of jobs that the namespace lacks, or has with another type. */
export async function findMissingSearchAttributes(
  { connection }: Client,
  namespace: string,
): Promise<string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.values(SEARCH_ATTRIBUTES).filter(
    (name) => customAttributes[name] !== INDEXED_VALUE_TYPE_KEYWORD,
  );
}
