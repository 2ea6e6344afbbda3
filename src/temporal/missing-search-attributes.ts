import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import {
  SEARCH_ATTRIBUTES,
  type SearchAttributeType,
  searchAttributeType,
} from '../contracts/search-attributes.ts';

const { INDEXED_VALUE_TYPE_KEYWORD, INDEXED_VALUE_TYPE_DATETIME } =
  proto.temporal.api.enums.v1.IndexedValueType;
const TYPES = { Keyword: INDEXED_VALUE_TYPE_KEYWORD, Datetime: INDEXED_VALUE_TYPE_DATETIME };

/** Search attributes of jobs that the namespace lacks, or has with another type. */
export async function findMissingSearchAttributes(
  { connection }: Client,
  namespace: string,
): Promise<Array<{ name: string; type: SearchAttributeType }>> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.values(SEARCH_ATTRIBUTES)
    .map((name) => ({ name, type: searchAttributeType(name) }))
    .filter(({ name, type }) => customAttributes[name] !== TYPES[type]);
}
