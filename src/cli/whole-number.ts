import { InvalidArgumentError } from 'commander';

/** Reads the value of an option. */
export function toWholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw new InvalidArgumentError('Expected a whole number.');
  }
  return Number(text);
}
